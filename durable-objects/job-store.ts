import type { FileResult, JobFile } from "../worker/sync/job.ts";
import type { Sql } from "./sql.ts";
import type { JobState } from "./user-sync-schema.ts";

// The ledger's rows.

const HEAD = `id, sync_id AS syncId, feed_id AS feedId, due_at AS dueAt, lease, leased, done, file_count AS fileCount, bytes`;

/** A job without its files. */
export type JobHead = Omit<JobState, "files" | "results">;

export class JobStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  insert(job: { id: string; syncId: string; feedId: string; dueAt: number; bytes: number; files: JobFile[] }): void {
    this.#sql.run(
      "INSERT INTO jobs (id, sync_id, feed_id, due_at, file_count, bytes, files) VALUES (?, ?, ?, ?, ?, ?, ?)",
      job.id,
      job.syncId,
      job.feedId,
      job.dueAt,
      job.files.length,
      job.bytes,
      JSON.stringify(job.files), // prettier-ignore
    );
  }

  get(id: string): JobState | null {
    const row = this.#sql.one<JobHead & { results: string; files: string }>(`SELECT ${HEAD}, results, files FROM jobs WHERE id = ?`, id);
    return row && { ...row, results: JSON.parse(row.results) as FileResult[], files: JSON.parse(row.files) as JobFile[] };
  }

  /** Jobs that are not done and due by `dueBy`, oldest first. */
  open(syncId: string, dueBy: number, limit: number): JobHead[] {
    return this.#sql.all<JobHead>(
      `SELECT ${HEAD} FROM jobs WHERE sync_id = ? AND done = 0 AND due_at <= ? ORDER BY id LIMIT ?`,
      syncId,
      dueBy,
      limit, // prettier-ignore
    );
  }

  doneIds(limit: number): string[] {
    return this.#sql.all<{ id: string }>("SELECT id FROM jobs WHERE done = 1 ORDER BY id LIMIT ?", limit).map((row) => row.id);
  }

  /** Of these jobs, those that the ledger has. */
  live(ids: readonly string[]): Set<string> {
    const rows = this.#sql.all<{ id: string }>("SELECT id FROM jobs WHERE id IN (SELECT value FROM json_each(?))", JSON.stringify(ids));
    return new Set(rows.map((row) => row.id));
  }

  /** What the ledger holds of a sync, and when the first of it is due. */
  backlog(syncId: string): { jobs: number; files: number; bytes: number; dueAt: number | null } {
    const row = this.#sql.one<{ jobs: number; files: number; bytes: number; dueAt: number | null }>(
      `SELECT count(*) AS jobs, ifnull(sum(file_count), 0) AS files, ifnull(sum(bytes), 0) AS bytes, min(due_at) AS dueAt
       FROM jobs WHERE sync_id = ?`,
      syncId,
    );
    return row ?? { jobs: 0, files: 0, bytes: 0, dueAt: null };
  }

  lease(id: string, lease: number, files: JobFile[]): void {
    this.#sql.run(
      "UPDATE jobs SET lease = ?, leased = 1, file_count = ?, files = ?, results = '[]' WHERE id = ?",
      lease,
      files.length,
      JSON.stringify(files),
      id, // prettier-ignore
    );
  }

  saveResults(id: string, results: FileResult[], done: boolean): void {
    this.#sql.run("UPDATE jobs SET results = ?, done = ? WHERE id = ?", JSON.stringify(results), done ? 1 : 0, id);
  }

  /** Puts what is left of a job back into the ledger. */
  giveBack(id: string, files: JobFile[], dueAt: number): void {
    const bytes = files.reduce((sum, file) => sum + (file.size ?? 0), 0);
    this.#sql.run(
      "UPDATE jobs SET files = ?, file_count = ?, bytes = ?, results = '[]', done = 0, leased = 0, due_at = ? WHERE id = ?",
      JSON.stringify(files),
      files.length,
      bytes,
      dueAt,
      id, // prettier-ignore
    );
  }

  delete(id: string): void {
    this.#sql.run("DELETE FROM jobs WHERE id = ?", id);
  }
}
