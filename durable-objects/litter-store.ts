import type { Sql } from "./sql.ts";

/** A lease that was not heard of to its end. */
export interface LostLease {
  jobId: string;
  lease: number;
  syncId: string;
  /** When nothing can come of it any more. */
  dueAt: number;
}

export class LitterStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  add({ jobId, lease, syncId, dueAt }: LostLease): void {
    this.#sql.run("INSERT OR REPLACE INTO litter (job_id, lease, sync_id, due_at) VALUES (?, ?, ?, ?)", jobId, lease, syncId, dueAt);
  }

  due(now: number, limit: number): LostLease[] {
    return this.#sql.all<LostLease>(
      "SELECT job_id AS jobId, lease, sync_id AS syncId, due_at AS dueAt FROM litter WHERE due_at <= ? LIMIT ?",
      now,
      limit,
    );
  }

  /** When the first of them is due; null where there is none. */
  dueAt(): number | null {
    return this.#sql.one<{ dueAt: number | null }>("SELECT min(due_at) AS dueAt FROM litter")?.dueAt ?? null;
  }

  drop({ jobId, lease }: LostLease): void {
    this.#sql.run("DELETE FROM litter WHERE job_id = ? AND lease = ?", jobId, lease);
  }
}
