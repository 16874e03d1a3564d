import type { ContentHash, Entry, HashAlgorithm } from "../provider.ts";
import { NAMES } from "./api.ts";
import type { Resource } from "./multistatus.ts";
import { addressOf, etagsRise, installationOf, pathId, type Share } from "./share.ts";

const ID_CHARACTERS_MAX = 512;
/** The year 1 and its like stand for "unknown". */
const TIME_MIN = Date.UTC(1900, 0, 1);
/** The strongest first, as servers write them, with their length in hexadecimal digits. */
const CHECKSUMS: readonly (readonly [written: string, algorithm: HashAlgorithm, digits: number])[] = [
  ["SHA256", "sha256", 64],
  ["SHA1", "sha1", 40],
  ["MD5", "md5", 32],
];

/** Where an entry is: its path below the share's top folder, and the id of the folder that it is in, where that is known. */
export interface Place {
  path: readonly string[];
  parentId?: string | undefined;
}

/** The id of a resource at this path; undefined where the server, that has ids, gives none. */
export function idOf(share: Share, resource: Resource, path: readonly string[]): string | undefined {
  if (!etagsRise(share)) return pathId(path, resource.collection);
  const id = resource.properties.get(NAMES.fileId);
  return id !== undefined && id.length <= ID_CHARACTERS_MAX ? id : undefined;
}

/** A file or folder as the server describes it; undefined where it has no id. The tree tag is not here: it goes with a folder's children. */
export function toEntry(share: Share, resource: Resource, { path, parentId }: Place, now: number): Entry | undefined {
  const id = idOf(share, resource, path);
  if (id === undefined) return undefined;
  const { collection } = resource;
  const text = (name: string) => resource.properties.get(name);
  const modifiedAt = timeOf(text(NAMES.modified));
  const createdAt = timeOf(text(NAMES.creationTime)) ?? timeOf(text(NAMES.created));
  const webUrl = webUrlOf(share, id);
  const entry: Entry = {
    id,
    kind: collection ? "folder" : "file",
    name: path.at(-1) ?? nameOf(share),
    ...(path.length === 0 && { root: true }),
    ...(parentId !== undefined && { parentId }),
    ...(modifiedAt !== undefined && { modifiedAt }),
    ...(createdAt !== undefined && { createdAt }),
    ...(webUrl !== undefined && { webUrl }),
  };
  if (collection) return entry;
  const size = numberOf(text(NAMES.length));
  const mimeType = text(NAMES.type);
  const hash = hashOf(text(NAMES.checksums));
  const etag = etagOf(resource);
  return {
    ...entry,
    ...(size !== undefined && { size }),
    ...(mimeType !== undefined && { mimeType }),
    ...(hash && { hash }),
    ...(etag !== undefined && { contentTag: etag }),
    download: { url: downloadAddress(share, path, etag), at: now },
  };
}

/** Whether an etag is marked as weak goes by when it was asked for, on some servers. */
export function etagOf(resource: Resource): string | undefined {
  const etag = resource.properties.get(NAMES.etag)?.replace(/^W\//i, "");
  return etag === "" ? undefined : etag;
}

/** The strongest of the checksums that we can compute. */
export function hashOf(checksums: string | undefined): ContentHash | undefined {
  for (const [written, algorithm, digits] of CHECKSUMS) {
    const [, value] = new RegExp(`(?:^|\\s)${written}:([0-9a-f]{${digits}})(?=\\s|$)`, "i").exec(checksums ?? "") ?? [];
    if (value !== undefined) return { algorithm, value: value.toLowerCase() };
  }
  return undefined;
}

/** Milliseconds, in whole seconds, of the many ways in which servers write a time. */
export function timeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const at = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text);
  // Nextcloud's 0 is "unknown".
  return Number.isNaN(at) || at === 0 || at < TIME_MIN ? undefined : Math.floor(at / 1000) * 1000;
}

export function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** Behind the `#`, which is never sent: the etag that the content must still have. Only where etags of listings and downloads are known to agree. */
function downloadAddress(share: Share, path: readonly string[], etag: string | undefined): string {
  return addressOf(share, path, false) + (etag !== undefined && etagsRise(share) ? `#${encodeURIComponent(etag)}` : "");
}

function webUrlOf(share: Share, id: string): string | undefined {
  return etagsRise(share) && /^\d+$/.test(id) ? `${installationOf(share)}/index.php/f/${id}` : undefined;
}

function nameOf({ root }: Share): string {
  return new URL(root).host;
}
