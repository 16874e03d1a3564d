import type { ItemRow, SyncMode } from "./item.ts";
import { FOLDER } from "./item.ts";
import type { SyncOptions } from "./rules.ts";

// When removals are so many that a person decides, and what becomes of an item that the source no longer has. No I/O.

/** A share of the files counts from this many removals on: in a small drive a quarter is soon deleted by hand. */
export const SHARE_FILES_MIN = 20;

/** Whether `removals` files going at once, of the `files` that are live, wait for a decision. */
export function isHeld(limit: SyncOptions["removalLimit"], files: number, removals: number): boolean {
  return removals > limit.count || (removals >= SHARE_FILES_MIN && removals > limit.share * files);
}

/** The number of removals from which on they are held: nobody need count further. */
export function heldFrom(limit: SyncOptions["removalLimit"], files: number): number {
  return Math.min(limit.count + 1, Math.max(SHARE_FILES_MIN, Math.floor(limit.share * files) + 1));
}

/** What is done with the removals of a round: all of them the same. */
export type RemovalAction = "remove" | "hold" | "keep";

/** Why removals are held: they are too many; the sentinel is not there; nothing would be left; others wait already. */
export type HeldBecause = "many_removals" | "sentinel_missing" | "emptied" | "others_held";

/** What the action means for one row that the source no longer has. */
export function treatmentOf(row: ItemRow, action: RemovalAction, mode: SyncMode): RemovalAction | "pass" {
  if (row.state === "removed" || row.kept !== null) return "pass";
  if (action === "remove") return "remove";
  // A feed's root is no more than the place of what is below it.
  if (row.parentId === null) return "pass";
  if (action === "hold" && row.state === "held" && row.reason !== "excluded") return "pass";
  if (row.state === "excluded" && row.reason !== "metadata_only") return "remove";
  if (action === "hold") return "hold";
  return isKeepable(row, mode) ? "keep" : "remove";
}

/** Whether there is anything of the row to keep: a folder, a stored content, or, where no content is wanted, what is known of it. */
export function isKeepable(row: Pick<ItemRow, "kind" | "storedId">, mode: SyncMode): boolean {
  return row.kind === FOLDER || row.storedId !== null || mode === "metadata";
}
