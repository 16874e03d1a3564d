import type { Sql } from "./sql.ts";
import type { DecisionState } from "./user-sync-schema.ts";

const DECISION = `id, sync_id AS syncId, run_id AS runId, action, folders, after_parent AS afterParent, after_id AS afterId,
  held_before AS heldBefore, event`;

/** Decisions about held removals, until they are carried out. */
export class DecisionStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  insert(row: Omit<DecisionState, "afterParent" | "afterId">): void {
    this.#sql.run(
      "INSERT INTO decisions (id, sync_id, run_id, action, folders, held_before, event) VALUES (?, ?, ?, ?, ?, ?, ?)",
      row.id,
      row.syncId,
      row.runId,
      row.action,
      JSON.stringify(row.folders),
      row.heldBefore,
      row.event, // prettier-ignore
    );
  }

  /** The one to carry out: the earliest. */
  next(syncId: string): DecisionState | null {
    const row = this.#sql.one<Omit<DecisionState, "folders"> & { folders: string }>(
      `SELECT ${DECISION} FROM decisions WHERE sync_id = ? ORDER BY id LIMIT 1`,
      syncId,
    );
    return row && { ...row, folders: JSON.parse(row.folders) as string[] };
  }

  count(syncId: string): number {
    return this.#sql.one<{ n: number }>("SELECT count(*) AS n FROM decisions WHERE sync_id = ?", syncId)?.n ?? 0;
  }

  moveOn(id: string, place: { parentId: string; remoteId: string }): void {
    this.#sql.run("UPDATE decisions SET after_parent = ?, after_id = ? WHERE id = ?", place.parentId, place.remoteId, id);
  }

  delete(id: string): void {
    this.#sql.run("DELETE FROM decisions WHERE id = ?", id);
  }
}
