import type { Sql } from "./sql.ts";
import type { RestorationState } from "./user-sync-schema.ts";

// Folders that are being restored: a queue that ends when nothing removed with them is left below them.

const RESTORATION = "sync_id AS syncId, remote_id AS remoteId, run_id AS runId, removed_at AS removedAt";

export class RestorationStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  add(rows: readonly RestorationState[]): void {
    if (rows.length === 0) return;
    this.#sql.run(
      `INSERT OR IGNORE INTO restorations (sync_id, remote_id, run_id, removed_at)
       SELECT value->>'syncId', value->>'remoteId', value->>'runId', value->>'removedAt' FROM json_each(?)`,
      JSON.stringify(rows),
    );
  }

  /** The first folders of one sync. */
  first(limit: number): RestorationState[] {
    return this.#sql.all<RestorationState>(
      `SELECT ${RESTORATION} FROM restorations WHERE sync_id = (SELECT min(sync_id) FROM restorations) ORDER BY remote_id LIMIT ?`,
      limit,
    );
  }

  /** Whether any folder of this sync, or of any, is being restored. */
  isUnderWay(syncId?: string): boolean {
    const row = this.#sql.one<{ any: number }>(
      "SELECT EXISTS (SELECT 1 FROM restorations WHERE sync_id = ifnull(?, sync_id)) AS any",
      syncId ?? null,
    );
    return row?.any === 1;
  }

  drop(syncId: string, remoteIds: readonly string[]): void {
    this.#sql.run(
      "DELETE FROM restorations WHERE sync_id = ? AND remote_id IN (SELECT value FROM json_each(?))",
      syncId,
      JSON.stringify(remoteIds),
    );
  }
}
