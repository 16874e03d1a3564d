import type { Sql } from "./sql.ts";
import type { DoomedContent, PurgeState } from "./user-sync-schema.ts";

// Purges that are under way: one row a sync.

const PURGE = `sync_id AS syncId, phase, after_id AS afterId, after_number AS afterNumber, oldest_at AS oldestAt,
  freed_bytes AS freedBytes, doomed`;

export class PurgeStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  begin(syncId: string): void {
    this.#sql.run("INSERT OR IGNORE INTO purges (sync_id) VALUES (?)", syncId);
  }

  get(syncId: string): PurgeState | null {
    const row = this.#sql.one<Omit<PurgeState, "doomed"> & { doomed: string }>(`SELECT ${PURGE} FROM purges WHERE sync_id = ?`, syncId);
    return row && { ...row, doomed: JSON.parse(row.doomed) as DoomedContent[] };
  }

  update(syncId: string, patch: Partial<Omit<PurgeState, "syncId">>): void {
    this.#sql.update("purges", patch, "sync_id = ?", syncId);
  }

  end(syncId: string): void {
    this.#sql.run("DELETE FROM purges WHERE sync_id = ?", syncId);
  }
}
