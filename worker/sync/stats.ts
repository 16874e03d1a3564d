import type { ItemRow } from "./item.ts";
import { FILE } from "./item.ts";

// A sync's running totals, as differences. No I/O.

export interface Stats {
  items: number;
  files: number;
  stored: number;
  failed: number;
  skipped: number;
  /** Bytes of stored content that is current, held ones too. */
  bytes: number;
  /** Bytes of all files, stored or not, as the source announces them. */
  sourceBytes: number;
  /** Files that the filters or the mode leave out. */
  excluded: number;
  /** Files whose removal waits for a decision. */
  held: number;
  /** Contents kept as versions, and their bytes. */
  versions: number;
  versionBytes: number;
}

export const NO_STATS: Stats = {
  items: 0,
  files: 0,
  stored: 0,
  failed: 0,
  skipped: 0,
  bytes: 0,
  sourceBytes: 0,
  excluded: 0,
  held: 0,
  versions: 0,
  versionBytes: 0,
};

type Counted = Pick<ItemRow, "kind" | "state" | "size" | "storedSize">;

/** How the totals change when an item goes from one row to another; undefined where it was not known. */
export function difference(before: Counted | undefined, after: Counted): Stats {
  return subtract(statsOf(after), before ? statsOf(before) : NO_STATS);
}

export function add(one: Stats, other: Stats): Stats {
  return combine(one, other, 1);
}

function subtract(one: Stats, other: Stats): Stats {
  return combine(one, other, -1);
}

/** Totals that an earlier release wrote lack the newer fields. */
function combine(one: Stats, other: Stats, sign: 1 | -1): Stats {
  const names = Object.keys(NO_STATS) as (keyof Stats)[];
  return Object.fromEntries(names.map((name) => [name, (one[name] ?? 0) + sign * (other[name] ?? 0)])) as unknown as Stats;
}

function statsOf(row: Counted): Stats {
  if (row.state === "removed") return NO_STATS;
  const file = row.kind === FILE ? 1 : 0;
  const stored = file === 1 && row.state === "stored";
  const held = file === 1 && row.state === "held";
  return {
    ...NO_STATS,
    items: 1,
    files: file,
    stored: stored ? 1 : 0,
    failed: row.state === "failed" ? 1 : 0,
    skipped: row.state === "skipped" ? 1 : 0,
    bytes: stored || held ? (row.storedSize ?? 0) : 0,
    sourceBytes: file === 1 ? (row.size ?? 0) : 0,
    excluded: file === 1 && row.state === "excluded" ? 1 : 0,
    held: held ? 1 : 0,
  };
}
