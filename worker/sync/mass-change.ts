import type { ItemRow } from "./item.ts";

// When so many stored files change content in one run that something may be wrong with them, such as encryption by malware.
// No I/O.

/** More than this share of the stored files, and at least so many. */
const CHANGED_SHARE = 0.5;
const CHANGED_FILES_MIN = 50;

/** Whether `changed` of the `stored` files in one run are to be confirmed by a person. */
export function isMassChange(stored: number, changed: number): boolean {
  return changed >= CHANGED_FILES_MIN && changed > CHANGED_SHARE * stored;
}

/**
 * How many of these planned rows are stored files whose content has changed. A row that awaits a job which the ledger does not
 * know was planned by a step that a crash cut short: it has not been counted yet.
 */
export function countChanged(rows: readonly ItemRow[], known: ReadonlyMap<string, ItemRow>, ledgerJobs: ReadonlySet<string>): number {
  return rows.filter((row) => {
    const before = known.get(row.remoteId);
    if (row.state !== "pending" || row.storedId === null || !before) return false;
    if (before.state === "pending") return before.pendingJob !== null && !ledgerJobs.has(before.pendingJob);
    return before.state === "stored" || before.state === "held";
  }).length;
}
