import type { Change, ContentHash, Entry } from "../provider.ts";
import { FOLDER_TYPE, SHORTCUT_TYPE, type DriveFile } from "./api.ts";
import type { Drive } from "./drive.ts";
import { exportedName, formatOf, isNative, type Exports } from "./formats.ts";

const ID_CHARACTERS_MAX = 512;
const MD5 = /^[0-9a-f]{32}$/i;
const SHA256 = /^[0-9a-f]{64}$/i;
const DIGITS = /^\d+$/;

/** The person's own drive, by the name that the API has for its root. Every other feed is a shared drive, by its id. */
export const MY_DRIVE = "root";
/** Of a folder: all below it has been listed, and the change log tells the rest. Null, as that of one that was removed: it has not. */
export const TRACKED = "tracked";

/** What a file is looked at with. */
export interface Viewpoint {
  drive: Drive;
  feedId: string;
  /** The id of the feed's root folder. */
  rootId: string;
  exports: Exports;
}

/** A file of a listing, a change or an answer. Never throws: what makes no sense is reported as such. */
export function toChange(row: unknown, view: Viewpoint): Change {
  if (typeof row !== "object" || row === null) return { type: "malformed", reason: "The file is not an object." };
  const file = row as DriveFile;
  const { id } = file;
  if (typeof id !== "string" || id === "" || id.length > ID_CHARACTERS_MAX)
    return { type: "malformed", reason: "The file has no usable id." };
  if (isElsewhere(file, view)) return { type: "removal", id };
  const fault = faultOf(file);
  if (fault !== undefined) return { type: "malformed", id, reason: `The file's ${fault} makes no sense.` };
  return { type: "upsert", entry: toEntry(id, file, view) };
}

/** In the trash, in another drive, or merely shared with the person: then it has no folder. */
function isElsewhere(file: DriveFile, { feedId, rootId }: Viewpoint): boolean {
  if (file.trashed === true) return true;
  if (file.id === rootId) return false;
  if (feedId !== MY_DRIVE) return file.driveId !== feedId;
  return typeof file.driveId === "string" || parentOf(file) === undefined;
}

/** The name of a field of the wrong type. */
function faultOf(file: DriveFile): string | undefined {
  for (const field of ["name", "mimeType"] as const) if (typeof file[field] !== "string") return field;
  for (const field of ["headRevisionId", "modifiedTime", "webViewLink"] as const) if (!isMaybeText(file[field])) return field;
  const { size } = file;
  if (!isMaybeText(size) || (typeof size === "string" && !(DIGITS.test(size) && Number.isSafeInteger(Number(size))))) return "size";
  return undefined;
}

function toEntry(id: string, file: DriveFile, view: Viewpoint): Entry {
  const isRoot = id === view.rootId;
  const isFolder = file.mimeType === FOLDER_TYPE;
  const entry: Entry = { id, kind: isFolder ? "folder" : "file", name: file.name ?? id };
  if (isRoot) entry.root = true;
  // In a shared drive the person may see a file and not its folder: it is shown at the top.
  else entry.parentId = parentOf(file) ?? view.rootId;
  if (file.webViewLink) entry.webUrl = file.webViewLink;
  const [createdAt, modifiedAt] = [time(file.createdTime), time(file.modifiedTime)];
  if (createdAt !== undefined) entry.createdAt = createdAt;
  if (modifiedAt !== undefined) entry.modifiedAt = modifiedAt;
  if (!isFolder) addContent(entry, file, view);
  return entry;
}

function addContent(entry: Entry, file: DriveFile, view: Viewpoint): void {
  const mimeType = file.mimeType ?? "";
  if (mimeType === SHORTCUT_TYPE) entry.skip = "shortcut";
  else if (isNative(mimeType)) addExport(entry, file, view);
  else {
    entry.mimeType = mimeType;
    if (typeof file.size === "string") entry.size = Number(file.size);
    if (file.headRevisionId) entry.contentTag = file.headRevisionId;
    const hash = hashOf(file);
    if (hash !== undefined) entry.hash = hash;
    entry.download = addressOf(view, `/files/${encodeURIComponent(entry.id)}`, { alt: "media", supportsAllDrives: true });
  }
  if (file.capabilities?.canDownload === false) entry.skip ??= "not_exportable";
  if (entry.skip !== undefined) delete entry.download;
}

/** Another format is another content. The file's version would not do as a tag: it also counts what no content shows, as a new name. */
function addExport(entry: Entry, file: DriveFile, view: Viewpoint): void {
  const format = formatOf(file.mimeType ?? "", view.exports);
  if (format === null) {
    entry.skip = "not_exportable";
    return;
  }
  entry.name = exportedName(entry.name ?? "", format);
  entry.mimeType = format.mimeType;
  entry.contentTag = `${file.modifiedTime ?? ""} ${format.extension}`;
  entry.download = addressOf(view, `/files/${encodeURIComponent(entry.id)}/export`, { mimeType: format.mimeType });
}

/** No secret, and it does not run out: the token comes with the request. */
function addressOf({ drive }: Viewpoint, path: string, query: Record<string, string | boolean>): { url: string; at: number } {
  return { url: drive.url(path, query), at: drive.context.now() };
}

export function parentOf(file: DriveFile): string | undefined {
  const [parent] = Array.isArray(file.parents) ? file.parents : [];
  return typeof parent === "string" && parent !== "" ? parent : undefined;
}

function hashOf({ sha256Checksum, md5Checksum }: DriveFile): ContentHash | undefined {
  if (isHash(sha256Checksum, SHA256)) return { algorithm: "sha256", value: sha256Checksum.toLowerCase() };
  if (isHash(md5Checksum, MD5)) return { algorithm: "md5", value: md5Checksum.toLowerCase() };
  return undefined;
}

function isHash(value: unknown, form: RegExp): value is string {
  return typeof value === "string" && form.test(value);
}

/** Milliseconds, at the second. */
function time(value: string | null | undefined): number | undefined {
  const parsed = Date.parse(value ?? "");
  return Number.isNaN(parsed) ? undefined : Math.floor(parsed / 1000) * 1000;
}

function isMaybeText(value: unknown): boolean {
  return value === undefined || value === null || typeof value === "string";
}
