import type { Change, Entry } from "../provider.ts";
import type { Metadata } from "./api.ts";

const ID_CHARACTERS_MAX = 512;
const CONTENT_HASH = /^[0-9a-f]{64}$/;

/** What documents come as that exist only on the web, by the name of the format. */
const EXPORTED_TYPES: Record<string, string> = {
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  pptx: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
  pdf: "application/pdf",
  html: "text/html",
  markdown: "text/markdown",
  md: "text/markdown",
  plain_text: "text/plain",
  txt: "text/plain",
};

/** One row of a list: what is at a path now. Paths are in small letters, each name with a slash before it. */
export type Row =
  | { type: "entry"; path: string; entry: Entry }
  | { type: "deleted"; path: string }
  | Extract<Change, { type: "malformed" }>;

/** Never throws: a row that makes no sense is reported as such. The entry has no parent: it is told by the path alone. */
export function toRow(value: unknown, now: number): Row {
  if (typeof value !== "object" || value === null) return { type: "malformed", reason: "The entry is not an object." };
  const item = value as Metadata;
  const path = item.path_lower;
  if (item[".tag"] === "deleted") {
    return isPath(path) ? { type: "deleted", path } : { type: "malformed", reason: "A deletion has no usable path." };
  }
  const { id } = item;
  if (typeof id !== "string" || id === "" || id.length > ID_CHARACTERS_MAX) {
    return { type: "malformed", reason: "The entry has no usable id." };
  }
  const fault = isPath(path) ? faultOf(item) : "path";
  if (fault !== undefined || !isPath(path)) return { type: "malformed", id, reason: `The entry's ${fault} makes no sense.` };
  return { type: "entry", path, entry: toEntry(id, item, now) };
}

/** The name of a field of the wrong type. */
function faultOf(item: Metadata): string | undefined {
  if (item[".tag"] !== "file" && item[".tag"] !== "folder") return "kind";
  for (const field of ["name", "rev"] as const) if (item[field] !== undefined && item[field] !== null && typeof item[field] !== "string") return field; // prettier-ignore
  if (typeof (item.size ?? 0) !== "number" || !Number.isSafeInteger(item.size ?? 0) || (item.size ?? 0) < 0) return "size";
  return undefined;
}

function toEntry(id: string, item: Metadata, now: number): Entry {
  const entry: Entry = { id, kind: item[".tag"] === "folder" ? "folder" : "file" };
  if (typeof item.name === "string") entry.name = item.name;
  if (entry.kind === "folder") return entry;
  const modifiedAt = time(item.client_modified) ?? time(item.server_modified);
  if (modifiedAt !== undefined) entry.modifiedAt = modifiedAt;
  if (typeof item.symlink_info === "object" && item.symlink_info !== null) return { ...entry, skip: "shortcut" };
  if (item.is_downloadable === false) return { ...entry, ...exported(id, item, now) };
  if (typeof item.size === "number") entry.size = item.size;
  if (typeof item.content_hash === "string" && CONTENT_HASH.test(item.content_hash)) {
    entry.hash = { algorithm: "dropboxHash", value: item.content_hash };
  } else if (typeof item.rev === "string") entry.contentTag = item.rev;
  // By its revision, a content is what was listed, whatever has become of the file since.
  entry.download = { url: typeof item.rev === "string" ? `rev:${item.rev}` : id, at: now };
  return entry;
}

/** A document that exists only on the web is kept in the form that it is exported in. How long that is nobody knows before. */
function exported(id: string, item: Metadata, now: number): Partial<Entry> {
  const format = item.export_info?.export_as;
  if (typeof format !== "string" || format === "") return { skip: "not_exportable" };
  const mimeType = EXPORTED_TYPES[format.toLowerCase()];
  return {
    ...(mimeType !== undefined && { mimeType }),
    ...(typeof item.rev === "string" && { contentTag: item.rev }),
    download: { url: `${EXPORT}${id}`, at: now },
  };
}

/** What the address of an export begins with; the id follows. */
export const EXPORT = "export:";

export function isPath(value: unknown): value is string {
  return typeof value === "string" && value.startsWith("/") && value.length > 1;
}

/** The path of the folder that this is in; empty: it is at the top. */
export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

function time(value: unknown): number | undefined {
  const parsed = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(parsed) ? undefined : Math.floor(parsed / 1000) * 1000;
}
