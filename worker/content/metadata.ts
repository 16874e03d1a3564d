import type { LeasedFile } from "../sync/job.ts";

/** R2 takes 8,192 bytes of metadata in all; the path is the part that could be long. */
const PATH_BYTES_MAX = 3_000;
const REMOTE_ID_BYTES_MAX = 1_600;
const MARK_BYTES_MAX = 200;
const CONTENT_TYPE = /^[\w!#$&^.+-]{1,100}\/[\w!#$&^.+-]{1,100}$/;
const UNKNOWN_TYPE = "application/octet-stream";

/** What lies beside a content, so that the catalogue could be built again from the bucket. Values are URI-encoded: ASCII. */
export function contentMetadata(file: LeasedFile, size: number, sha256: string | null): R2PutOptions {
  return {
    httpMetadata: { contentType: file.mimeType !== null && CONTENT_TYPE.test(file.mimeType) ? file.mimeType : UNKNOWN_TYPE },
    customMetadata: {
      remoteId: encodeTail(file.remoteId, REMOTE_ID_BYTES_MAX),
      path: encodeTail(file.path, PATH_BYTES_MAX),
      size: String(size),
      ...(file.modifiedAt !== null && { modifiedAt: new Date(file.modifiedAt).toISOString() }),
      ...(file.parentId != null && { parentId: encodeTail(file.parentId, REMOTE_ID_BYTES_MAX) }),
      ...(file.hash !== null && { sourceHash: encodeTail(file.hash, MARK_BYTES_MAX) }),
      ...(file.contentTag !== null && { contentTag: encodeTail(file.contentTag, MARK_BYTES_MAX) }),
      ...(sha256 !== null && { sha256 }),
    },
  };
}

/** A content as its object in the bucket tells it. */
export interface ToldContent {
  remoteId: string;
  /** Null where it was not noted, or is not known. */
  parentId: string | null;
  name: string;
  /** Of the folder that it was in; null at the top, or where the path is not known. */
  folderName: string | null;
  mimeType: string | null;
  size: number;
  modifiedAt: number | null;
  hash: string | null;
  contentTag: string | null;
  sha256: string | null;
  storedAt: number;
}

/** What `contentMetadata` noted, also of objects that an earlier release stored. Null: this is no content of ours. */
export function toldContent(
  object: Pick<R2Object, "customMetadata" | "httpMetadata" | "size" | "uploaded" | "checksums">,
): ToldContent | null {
  const noted = object.customMetadata ?? {};
  const read = (name: string) => decode(noted[name]);
  const remoteId = read("remoteId");
  if (remoteId === null) return null;
  const names = (read("path") ?? remoteId).split("/");
  const modifiedAt = Date.parse(noted["modifiedAt"] ?? "");
  const contentType = object.httpMetadata?.contentType;
  return {
    remoteId,
    parentId: read("parentId"),
    name: names.at(-1) ?? remoteId,
    folderName: names.length > 2 ? (names.at(-2) ?? null) : null,
    mimeType: contentType === undefined || contentType === UNKNOWN_TYPE ? null : contentType,
    size: object.size,
    modifiedAt: Number.isNaN(modifiedAt) ? null : modifiedAt,
    hash: read("sourceHash"),
    contentTag: read("contentTag"),
    sha256: noted["sha256"] ?? object.checksums.toJSON().sha256 ?? null,
    storedAt: object.uploaded.getTime(),
  };
}

/** Null for what nobody here encoded. */
function decode(value: string | undefined): string | null {
  if (value === undefined) return null;
  try {
    return decodeURIComponent(value);
  } catch {
    return null;
  }
}

/** URI-encoded; of what is too long, the end, which names the file. Characters stay whole. */
function encodeTail(text: string, bytesMax: number): string {
  const encoded = encodeURI(text.toWellFormed());
  if (encoded.length <= bytesMax) return encoded;
  let kept = "";
  for (const character of [...text.toWellFormed()].reverse()) {
    const longer = encodeURI(character) + kept;
    if (longer.length > bytesMax) break;
    kept = longer;
  }
  return kept;
}
