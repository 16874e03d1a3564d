import type { Sql } from "./sql.ts";
import type { RunState } from "./user-sync-schema.ts";

// A sync's active run. Most runs find nothing, and end without a trace: one that was not announced lives in memory, and
// costs no row. Should the object end before it does, the wake that brought it brings another.

export class RunStore {
  readonly #sql: Sql;
  /** Runs that were not announced, as JSON, by their sync. */
  readonly #quiet = new Map<string, { id: string; run: string }>();

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  get(syncId: string): RunState | null {
    const found = this.#quiet.get(syncId) ?? this.#sql.one<{ run: string }>("SELECT run FROM runs WHERE sync_id = ?", syncId);
    return found && (JSON.parse(found.run) as RunState);
  }

  isQuiet(syncId: string): boolean {
    return this.#quiet.has(syncId);
  }

  insert(run: RunState): void {
    if (run.announced) this.#keep(run);
    else this.#quiet.set(run.syncId, { id: run.id, run: JSON.stringify(run) });
  }

  /** A run that has ended meanwhile stays ended. */
  save(run: RunState): void {
    const quiet = this.#quiet.get(run.syncId);
    if (quiet) {
      if (quiet.id === run.id) this.insert(run);
      return;
    }
    this.#sql.run("UPDATE runs SET run = ? WHERE sync_id = ? AND id = ?", JSON.stringify(run), run.syncId, run.id);
  }

  /** Another run that has begun meanwhile stays. */
  delete(run: Pick<RunState, "syncId" | "id">): void {
    if (this.#quiet.get(run.syncId)?.id === run.id) this.#quiet.delete(run.syncId);
    else this.#sql.run("DELETE FROM runs WHERE sync_id = ? AND id = ?", run.syncId, run.id);
  }

  deleteOf(syncId: string): void {
    this.#quiet.delete(syncId);
    this.#sql.run("DELETE FROM runs WHERE sync_id = ?", syncId);
  }

  #keep(run: RunState): void {
    this.#quiet.delete(run.syncId);
    this.#sql.run("INSERT OR REPLACE INTO runs (sync_id, id, run) VALUES (?, ?, ?)", run.syncId, run.id, JSON.stringify(run));
  }
}
