import type { ItemRow } from "./item.ts";
import { FILE } from "./item.ts";

// A sync's running totals, as differences. No I/O.

export interface Stats {
  items: number;
  files: number;
  stored: number;
  failed: number;
  skipped: number;
  /** Bytes of stored content that is current. */
  bytes: number;
  /** Bytes of all files, stored or not, as the source announces them. */
  sourceBytes: number;
}

export const NO_STATS: Stats = { items: 0, files: 0, stored: 0, failed: 0, skipped: 0, bytes: 0, sourceBytes: 0 };

type Counted = Pick<ItemRow, "kind" | "state" | "size" | "storedSize">;

/** How the totals change when an item goes from one row to another; undefined where it was not known. */
export function difference(before: Counted | undefined, after: Counted): Stats {
  return subtract(statsOf(after), before ? statsOf(before) : NO_STATS);
}

export function add(one: Stats, other: Stats): Stats {
  return {
    items: one.items + other.items,
    files: one.files + other.files,
    stored: one.stored + other.stored,
    failed: one.failed + other.failed,
    skipped: one.skipped + other.skipped,
    bytes: one.bytes + other.bytes,
    sourceBytes: one.sourceBytes + other.sourceBytes,
  };
}

function subtract(one: Stats, other: Stats): Stats {
  return add(one, {
    items: -other.items,
    files: -other.files,
    stored: -other.stored,
    failed: -other.failed,
    skipped: -other.skipped,
    bytes: -other.bytes,
    sourceBytes: -other.sourceBytes,
  });
}

function statsOf(row: Counted): Stats {
  if (row.state === "removed") return NO_STATS;
  const file = row.kind === FILE ? 1 : 0;
  const stored = file === 1 && row.state === "stored";
  return {
    items: 1,
    files: file,
    stored: stored ? 1 : 0,
    failed: row.state === "failed" ? 1 : 0,
    skipped: row.state === "skipped" ? 1 : 0,
    bytes: stored ? (row.storedSize ?? 0) : 0,
    sourceBytes: file === 1 ? (row.size ?? 0) : 0,
  };
}
