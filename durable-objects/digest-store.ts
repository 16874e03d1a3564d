import type { Sql } from "./sql.ts";

// The digest of a sync's mirror, range by range: ids in byte order, from `start` to the next range's.

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
}
