import type { Sql } from "./sql.ts";
import type { FeedState } from "./user-sync-schema.ts";

/** Which ids an enumeration reported, page by page, until its round ends. */
export class SeenStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  note(feed: Pick<FeedState, "syncId" | "feedId">, page: number, ids: Uint8Array<ArrayBuffer>): void {
    this.#sql.run(
      "INSERT OR REPLACE INTO seen (sync_id, feed_id, page, ids) VALUES (?, ?, ?, ?)",
      feed.syncId,
      feed.feedId,
      page,
      ids.buffer, // prettier-ignore
    );
  }

  /** The noted ids of a round, a page at a time. */
  *blocks(feed: Pick<FeedState, "syncId" | "feedId">): Generator<Uint8Array> {
    const rows = this.#sql.exec<{ ids: ArrayBuffer }>(
      "SELECT ids FROM seen WHERE sync_id = ? AND feed_id = ?",
      feed.syncId,
      feed.feedId, // prettier-ignore
    );
    for (const row of rows) yield new Uint8Array(row.ids);
  }

  bytes(feed: Pick<FeedState, "syncId" | "feedId">): number {
    const row = this.#sql.one<{ bytes: number }>(
      "SELECT ifnull(sum(length(ids)), 0) AS bytes FROM seen WHERE sync_id = ? AND feed_id = ?",
      feed.syncId,
      feed.feedId, // prettier-ignore
    );
    return row?.bytes ?? 0;
  }

  forget(feed: Pick<FeedState, "syncId" | "feedId">): void {
    this.#sql.run("DELETE FROM seen WHERE sync_id = ? AND feed_id = ?", feed.syncId, feed.feedId);
  }
}
