// What has become of a sync's items, counted: what a receipt says beside the digest. No I/O.

const COUNTED = ["folders", "files", "stored", "pending", "failed", "skipped", "excluded", "held", "unreachable", "kept", "restored", "bytes"] as const; // prettier-ignore

/** Files by state, and, whatever their state, items that the source no longer has and files restored from a version; `bytes` of what is in the mirror. */
export type MirrorCounts = Record<(typeof COUNTED)[number], number>;

export const NO_COUNTS = Object.fromEntries(COUNTED.map((name) => [name, 0])) as MirrorCounts;

/** What is counted of an item. */
export interface CountedItem {
  folder: boolean;
  state: string;
  kept: string | null;
  restoredFrom: number | null;
  /** Of its content in the mirror; null where it has none there. */
  size: number | null;
}

/** Adds an item to the counts. */
export function countItem(counts: MirrorCounts, item: CountedItem): void {
  counts[item.folder ? "folders" : "files"] += 1;
  if (item.kept !== null) counts.kept += 1;
  if (item.folder) return;
  if (item.state in counts) counts[item.state as "stored"] += 1;
  if (item.restoredFrom !== null) counts.restored += 1;
  counts.bytes += item.size ?? 0;
}

export function addCounts(one: MirrorCounts, other: MirrorCounts): MirrorCounts {
  return Object.fromEntries(COUNTED.map((name) => [name, one[name] + other[name]])) as MirrorCounts;
}
