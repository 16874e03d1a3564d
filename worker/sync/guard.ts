import type { SyncOptions } from "./rules.ts";

// When removals are so many that a person decides. No I/O.

/** A share of the files counts from this many removals on: in a small drive a quarter is soon deleted by hand. */
export const SHARE_FILES_MIN = 20;

/** Whether `removals` files going at once, of the `files` that are live, wait for a decision. */
export function isHeld(limit: SyncOptions["removalLimit"], files: number, removals: number): boolean {
  return removals > limit.count || (removals >= SHARE_FILES_MIN && removals > limit.share * files);
}

/** The number of removals from which on they are held: nobody need count further. Infinite where the files are too few. */
export function heldFrom(limit: SyncOptions["removalLimit"], files: number): number {
  return Math.min(limit.count + 1, Math.max(SHARE_FILES_MIN, Math.floor(limit.share * files) + 1));
}
