import { sha256 } from "@oslojs/crypto/sha2";
import { encodeBase32LowerCaseNoPadding } from "@oslojs/encoding";

// What items are called in WebDAV, where a name is a part of a path and belongs to one thing in its folder. No I/O.

/** 40 bits: as many as tell apart what has one name in one folder. */
const MARK_BYTES = 5;
const MARK = / \[([a-z2-7]{8})\](\.[^. /]{1,10})?$/;
const EXTENSION = /(?<=.)\.[^. /]{1,10}$/;
const PICTURES_OF_CONTROLS = 0x2400;
const PICTURE_OF_DELETE = "\u2421";

/** What SQLite's GLOB finds names by that `isPlain` denies, but for those of dots alone; and those. */
export const UNPLAIN_GLOB = "*[/\u0001-\u001f\u007f\ufffe\uffff]*";
export const UNPLAIN_NAMES: readonly string[] = ["", ".", ".."];

/** Whether a name can be a part of a path, and of an XML document, as it is. */
export function isPlain(name: string): boolean {
  return lookalike(name) === name;
}

/**
 * The name of an item in its folder. One that no path can have is written with characters that look alike; it then has a mark that
 * follows from the item's id, and so does one whose name another item has too (`isFirst` is false).
 */
export function entryName(entry: { name: string; remoteId: string; kind: number; isFirst: number }): string {
  const shown = lookalike(entry.name);
  if (shown === entry.name && entry.isFirst === 1) return shown;
  const extension = entry.kind === 1 ? (EXTENSION.exec(shown)?.[0] ?? "") : "";
  return `${shown.slice(0, shown.length - extension.length)} [${markOf(entry.remoteId)}]${extension}`;
}

/** The name that a marked one was made of; null for one without a mark. */
export function withoutMark(name: string): string | null {
  const found = MARK.exec(name);
  return found ? name.slice(0, found.index) + (found[2] ?? "") : null;
}

/** Names of a list, each made unique. */
export function uniqueNames<T extends { id: string; name: string }>(rows: readonly T[]): Map<string, T> {
  const taken = new Set<string>();
  return new Map(
    rows.map((row) => {
      const isFirst = taken.has(row.name) ? 0 : 1;
      taken.add(row.name);
      return [entryName({ name: row.name, remoteId: row.id, kind: 0, isFirst }), row];
    }),
  );
}

/** The decoded names of a path; null where one of them is no text, or no name. */
export function segmentsOf(pathname: string): string[] | null {
  const segments: string[] = [];
  for (const part of pathname.split("/")) {
    if (part === "") continue;
    const name = decode(part);
    if (name === null || !isPlain(name)) return null;
    segments.push(name);
  }
  return segments;
}

/** The path of these names, encoded. */
export function hrefOf(segments: readonly string[], isFolder: boolean): string {
  const path = segments.map((name) => `/${encodeURIComponent(name)}`).join("");
  return isFolder ? `${path}/` : path;
}

function lookalike(name: string): string {
  if (UNPLAIN_NAMES.includes(name)) return name === "" ? "_" : name.replaceAll(".", "\uff0e");
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  return name.toWellFormed().replace(/[/\u0000-\u001f\u007f\ufffe\uffff]/g, (character) => {
    if (character === "/") return "\uff0f";
    if (character === "\u007f") return PICTURE_OF_DELETE;
    const code = character.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(PICTURES_OF_CONTROLS + code) : "\ufffd";
  });
}

function markOf(remoteId: string): string {
  return encodeBase32LowerCaseNoPadding(sha256(new TextEncoder().encode(remoteId)).slice(0, MARK_BYTES));
}

function decode(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}
