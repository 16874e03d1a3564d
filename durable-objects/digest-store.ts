import type { MirrorCounts } from "../worker/sync/counts.ts";
import type { RangeDigest } from "../worker/sync/digest.ts";
import type { Sql } from "./sql.ts";

// The digest of a sync's mirror, range by range: ids in byte order, from `start` to the next range's. The first one begins
// at the empty id and is always there, once there are any.

export interface ComputedRange extends RangeDigest {
  counts: MirrorCounts;
}

export interface RangeBounds {
  start: string;
  /** Null: it goes on to the end. */
  before: string | null;
}

export class DigestStore {
  readonly #sql: Sql;
  #touches = 0;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Counts the calls of `touch`: whoever read the catalogue in between knows whether it may have changed meanwhile. */
  get touches(): number {
    return this.#touches;
  }

  /** The ranges of these ids are to be computed again. */
  touch(syncId: string, remoteIds: readonly string[]): void {
    if (remoteIds.length === 0) return;
    this.#touches += 1;
    this.#sql.run(
      `UPDATE digest_ranges SET dirty = 1 WHERE sync_id = ?1 AND dirty = 0 AND start IN (
         SELECT (SELECT max(start) FROM digest_ranges AS range WHERE range.sync_id = ?1 AND range.start <= named.value)
         FROM json_each(?2) AS named)`,
      syncId,
      JSON.stringify(remoteIds),
    );
  }

  /** Everything is to be computed again. */
  forget(syncId: string): void {
    this.#touches += 1;
    this.#sql.run("DELETE FROM digest_ranges WHERE sync_id = ?", syncId);
  }

  /** Whether all ranges are computed. */
  isComplete(syncId: string): boolean {
    const row = this.#sql.one<{ ranges: number; dirty: number }>(
      "SELECT count(*) AS ranges, ifnull(sum(dirty), 0) AS dirty FROM digest_ranges WHERE sync_id = ?",
      syncId,
    );
    return row !== null && row.ranges > 0 && row.dirty === 0;
  }

  /** Ranges that are to be computed, and where the next one begins after each: the last ones first. */
  dirty(syncId: string, limit: number): RangeBounds[] {
    this.#sql.run(
      "INSERT INTO digest_ranges (sync_id, start) SELECT ?1, '' WHERE NOT EXISTS (SELECT 1 FROM digest_ranges WHERE sync_id = ?1)",
      syncId,
    );
    return this.#sql.all<RangeBounds>(
      `SELECT start, (SELECT min(start) FROM digest_ranges AS next WHERE next.sync_id = digest_ranges.sync_id AND next.start > digest_ranges.start) AS before
       FROM digest_ranges WHERE sync_id = ? AND dirty = 1 ORDER BY start DESC LIMIT ?`,
      syncId,
      limit,
    );
  }

  save(syncId: string, range: ComputedRange): void {
    this.#sql.run(
      "INSERT OR REPLACE INTO digest_ranges (sync_id, start, dirty, entries, digest, counts) VALUES (?, ?, 0, ?, ?, ?)",
      syncId,
      range.start,
      range.entries,
      range.digest,
      JSON.stringify(range.counts),
    );
  }

  /** From `start` on, up to the next range, is still to be computed. */
  leave(syncId: string, start: string): void {
    this.#sql.run("INSERT INTO digest_ranges (sync_id, start) VALUES (?, ?) ON CONFLICT (sync_id, start) DO UPDATE SET dirty = 1", syncId, start); // prettier-ignore
  }

  /** Ends a range whose first item is no longer in the mirror: the one before takes over what is left of it. */
  merge(syncId: string, start: string): void {
    this.#sql.run("DELETE FROM digest_ranges WHERE sync_id = ? AND start = ?", syncId, start);
    this.#sql.run(
      `UPDATE digest_ranges SET dirty = 1 WHERE sync_id = ?1 AND start = (
         SELECT max(start) FROM digest_ranges WHERE sync_id = ?1 AND start < ?2)`,
      syncId,
      start,
    );
  }

  /** All ranges in order. */
  *ranges(syncId: string): Generator<ComputedRange> {
    const rows = this.#sql.exec<{ start: string; entries: number; digest: string; counts: string }>(
      "SELECT start, entries, digest, counts FROM digest_ranges WHERE sync_id = ? ORDER BY start",
      syncId,
    );
    for (const row of rows) yield { ...row, counts: JSON.parse(row.counts) as MirrorCounts };
  }
}
