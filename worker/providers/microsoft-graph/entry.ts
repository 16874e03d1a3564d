import type { Change, ContentHash, Entry, SkipReason } from "../provider.ts";
import { DOWNLOAD_URL_ANNOTATIONS, type DriveItem, type Hashes } from "./api.ts";
import { canonicalItemId, isPersonalDrive } from "./ids.ts";

const ID_CHARACTERS_MAX = 512;
/** The year 1 and its like stand for "unknown". */
const TIME_MIN = Date.UTC(1900, 0, 1);
const QUICK_XOR_HASH = /^[A-Za-z0-9+/]{27}=$/;
/** The hash of nothing; on anything else it is a placeholder. */
const QUICK_XOR_OF_NOTHING = "AAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const SHA1 = /^[0-9a-f]{40}$/i;
const SHA256 = /^[0-9a-f]{64}$/i;
/** Parts of a notebook, outside its package: their sizes have nothing to do with their downloads. */
const NOTEBOOK_MIME_TYPE = "application/msonenote";
const NOTEBOOK_FILE = /\.(one|onetoc2|onepkg)$/i;
const NOTEBOOK_BIN = "OneNote_RecycleBin";

/** One row of a listing of this drive. Never throws: a row that makes no sense is reported as such. */
export function toChange(row: unknown, driveId: string, now: number): Change {
  if (typeof row !== "object" || row === null) return { type: "malformed", reason: "The entry is not an object." };
  const item = row as DriveItem;
  if (typeof item.id !== "string" || item.id === "" || item.id.length > ID_CHARACTERS_MAX) {
    return { type: "malformed", reason: "The entry has no usable id." };
  }
  const id = canonicalItemId(item.id);
  if (isFacet(item.deleted)) return { type: "removal", id };
  const fault = faultOf(item);
  if (fault !== undefined) return { type: "malformed", id, reason: `The entry's ${fault} makes no sense.` };
  return { type: "upsert", entry: toEntry(id, item, driveId, now) };
}

/** The name of a field of the wrong type. */
function faultOf(item: DriveItem): string | undefined {
  for (const field of ["name", "cTag", "webUrl"] as const) if (!isMaybe(item[field], "string")) return field;
  if (!isMaybe(item.size, "number") || (item.size ?? 0) < 0 || !Number.isSafeInteger(item.size ?? 0)) return "size";
  if (!isMaybe(item.parentReference, "object") || !isMaybe(item.parentReference?.id, "string")) return "parentReference";
  if (!isMaybe(item.file, "object") || !isMaybe(item.file?.mimeType, "string")) return "file";
  return undefined;
}

function toEntry(id: string, item: DriveItem, driveId: string, now: number): Entry {
  const entry: Entry = { id };
  const isFile = isFacet(item.file) && !isFacet(item.folder) && !isFacet(item.package) && !isFacet(item.remoteItem);
  const kind = kindOf(item, isFile);
  const skip = skipOf(item, isFile, driveId);
  if (isFacet(item.root)) entry.root = true;
  else if (item.parentReference?.id) entry.parentId = canonicalItemId(item.parentReference.id);
  if (kind !== undefined) entry.kind = kind;
  if (typeof item.name === "string") entry.name = item.name;
  if (item.webUrl) entry.webUrl = item.webUrl;
  const createdAt = time(item.fileSystemInfo?.createdDateTime) ?? time(item.createdDateTime);
  const modifiedAt = time(item.fileSystemInfo?.lastModifiedDateTime) ?? time(item.lastModifiedDateTime);
  if (createdAt !== undefined) entry.createdAt = createdAt;
  if (modifiedAt !== undefined) entry.modifiedAt = modifiedAt;
  if (skip !== undefined) entry.skip = skip;
  if (isFile) addContent(entry, item, now);
  return entry;
}

function addContent(entry: Entry, item: DriveItem, now: number): void {
  if (typeof item.size === "number") entry.size = item.size;
  if (item.file?.mimeType) entry.mimeType = item.file.mimeType;
  if (item.cTag) entry.contentTag = item.cTag;
  const hash = hashOf(item.file?.hashes, item.size);
  if (hash !== undefined) entry.hash = hash;
  const url = DOWNLOAD_URL_ANNOTATIONS.map((name) => (item as Record<string, unknown>)[name]).find((value) => typeof value === "string");
  if (typeof url === "string" && url !== "" && entry.skip === undefined) entry.download = { url, at: now };
}

function kindOf(item: DriveItem, isFile: boolean): "file" | "folder" | undefined {
  if (isFile) return "file";
  if (isFacet(item.folder) || isFacet(item.root) || isFacet(item.remoteItem?.folder)) return "folder";
  return isFacet(item.remoteItem) || isFacet(item.package) ? "file" : undefined;
}

/** A package may also be a folder, an infected file is still a file: the order matters. */
function skipOf(item: DriveItem, isFile: boolean, driveId: string): SkipReason | undefined {
  if (isFacet(item.malware)) return "malware";
  if (isFacet(item.package)) return "notebook";
  if (isFacet(item.remoteItem)) return "shortcut";
  if (isFile) return item.file?.mimeType === NOTEBOOK_MIME_TYPE || NOTEBOOK_FILE.test(item.name ?? "") ? "notebook" : undefined;
  if (item.name === NOTEBOOK_BIN) return "notebook";
  if (isFacet(item.folder) || isFacet(item.root)) return undefined;
  // The vault has no mark of its own: it is empty, nowhere on the web, and neither file nor folder.
  return isPersonalDrive(driveId) && (item.size ?? 0) === 0 && !item.webUrl ? "vault" : "unknown_kind";
}

/** The hash that every kind of drive has, before those that only some have. */
function hashOf(hashes: Hashes | null | undefined, size: number | null | undefined): ContentHash | undefined {
  const { quickXorHash, sha256Hash, sha1Hash } = hashes ?? {};
  if (isHash(quickXorHash, QUICK_XOR_HASH) && (quickXorHash !== QUICK_XOR_OF_NOTHING || size === 0)) {
    return { algorithm: "quickXorHash", value: quickXorHash };
  }
  if (isHash(sha256Hash, SHA256)) return { algorithm: "sha256", value: sha256Hash.toLowerCase() };
  if (isHash(sha1Hash, SHA1)) return { algorithm: "sha1", value: sha1Hash.toLowerCase() };
  return undefined;
}

function isHash(value: unknown, form: RegExp): value is string {
  return typeof value === "string" && form.test(value);
}

/** Milliseconds, at the second: services store fractions, or not. */
function time(value: unknown): number | undefined {
  const parsed = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return parsed >= TIME_MIN ? Math.floor(parsed / 1000) * 1000 : undefined;
}

/** A facet's presence is its meaning, even when it is empty. */
function isFacet(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isMaybe(value: unknown, type: "string" | "number" | "object"): boolean {
  return value === undefined || value === null || typeof value === type;
}
