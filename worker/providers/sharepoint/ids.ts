import { sha256 } from "@oslojs/crypto/sha2";
import { encodeBase64urlNoPadding } from "@oslojs/encoding";
import type { Change, Entry, Lookup } from "../provider.ts";

// Ids of items that are unique among all libraries of a sync. SharePoint's own have 32 bits for the drive, and the roots of all
// drives are alike in the rest: nothing but chance keeps two libraries' apart. So each is marked with its drive.

/** 48 bits of the drive's id. */
const MARK_BYTES = 6;
const SEPARATOR = ".";

/** The id that the catalogue knows an item by. */
export function remoteId(driveId: string, itemId: string): string {
  return `${markOf(driveId)}${SEPARATOR}${itemId}`;
}

/** The drive's own id of an item; undefined where the item is another drive's. */
export function itemIdIn(driveId: string, remote: string): string | undefined {
  const mark = `${markOf(driveId)}${SEPARATOR}`;
  return remote.startsWith(mark) && remote.length > mark.length ? remote.slice(mark.length) : undefined;
}

export function markedChange(driveId: string, change: Change): Change {
  switch (change.type) {
    case "upsert":
      return { type: "upsert", entry: markedEntry(driveId, change.entry) };
    case "removal":
      return { type: "removal", id: remoteId(driveId, change.id) };
    case "children":
      return { ...change, folderId: remoteId(driveId, change.folderId), ids: change.ids.map((id) => remoteId(driveId, id)) };
    case "malformed":
      return change.id === undefined ? change : { ...change, id: remoteId(driveId, change.id) };
  }
}

export function markedLookup(driveId: string, lookup: Lookup): Lookup {
  const id = remoteId(driveId, lookup.id);
  return lookup.status === "found" ? { id, status: "found", entry: markedEntry(driveId, lookup.entry) } : { id, status: lookup.status };
}

function markedEntry(driveId: string, entry: Entry): Entry {
  return {
    ...entry,
    id: remoteId(driveId, entry.id),
    ...(entry.parentId !== undefined && { parentId: remoteId(driveId, entry.parentId) }),
  };
}

function markOf(driveId: string): string {
  return encodeBase64urlNoPadding(sha256(new TextEncoder().encode(driveId)).subarray(0, MARK_BYTES));
}
