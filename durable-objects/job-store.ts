import type { FileResult, JobFile } from "../worker/sync/job.ts";
import type { Sql } from "./sql.ts";
import type { JobState, LargeState, PartState } from "./user-sync-schema.ts";

// The ledger's rows.

const HEAD = `id, sync_id AS syncId, feed_id AS feedId, due_at AS dueAt, lease, leased, done, file_count AS fileCount, bytes`;

/** A job without its files. */
export type JobHead = Omit<JobState, "files" | "results" | "large">;

/** Ids of a large file's parts follow the id of its head: all of them lie between it and this. */
const FAMILY_END = "/";

export class JobStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  insert(job: Pick<JobState, "id" | "syncId" | "feedId" | "dueAt" | "bytes" | "files"> & { large?: LargeState }): void {
    this.#sql.run(
      "INSERT INTO jobs (id, sync_id, feed_id, due_at, file_count, bytes, files, large) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      job.id,
      job.syncId,
      job.feedId,
      job.dueAt,
      job.files.length,
      job.bytes,
      JSON.stringify(job.files),
      job.large ? JSON.stringify(job.large) : null,
    );
  }

  get(id: string): JobState | null {
    const row = this.#sql.one<JobHead & { results: string; files: string; large: string | null }>(
      `SELECT ${HEAD}, results, files, large FROM jobs WHERE id = ?`,
      id,
    );
    return (
      row && {
        ...row,
        results: JSON.parse(row.results) as FileResult[],
        files: JSON.parse(row.files) as JobFile[],
        large: row.large === null ? null : (JSON.parse(row.large) as LargeState),
      }
    );
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

  /** Ids of jobs whose newest lease has not come to its end. */
  leasedIds(syncId: string): string[] {
    return this.#sql.all<{ id: string }>("SELECT id FROM jobs WHERE sync_id = ? AND leased = 1", syncId).map((row) => row.id);
  }

  doneIds(limit: number): string[] {
    return this.#sql.all<{ id: string }>("SELECT id FROM jobs WHERE done = 1 ORDER BY id LIMIT ?", limit).map((row) => row.id);
  }

  /** Of these jobs, those that the ledger has. */
  live(ids: readonly string[]): Set<string> {
    const rows = this.#sql.all<{ id: string }>("SELECT id FROM jobs WHERE id IN (SELECT value FROM json_each(?))", JSON.stringify(ids));
    return new Set(rows.map((row) => row.id));
  }

  /** What the ledger holds of a sync, and when the first of it is due. `partBytes` are with R2, but of no whole file yet. */
  backlog(syncId: string): { jobs: number; files: number; bytes: number; partBytes: number; dueAt: number | null } {
    const row = this.#sql.one<{ jobs: number; files: number; bytes: number; partBytes: number; dueAt: number | null }>(
      `SELECT count(*) AS jobs, ifnull(sum(file_count), 0) AS files, ifnull(sum(bytes) FILTER (WHERE done < 2), 0) AS bytes,
         ifnull(sum(bytes) FILTER (WHERE done = 2), 0) AS partBytes, min(due_at) FILTER (WHERE done < 2) AS dueAt
       FROM jobs WHERE sync_id = ?`,
      syncId,
    );
    return row ?? { jobs: 0, files: 0, bytes: 0, partBytes: 0, dueAt: null };
  }

  /** The parts of a large file, in order. */
  parts(headId: string): PartState[] {
    return this.#sql
      .all<{ large: string }>("SELECT large FROM jobs WHERE id > ? AND id < ? ORDER BY id", headId, headId + FAMILY_END)
      .map((row) => JSON.parse(row.large) as PartState);
  }

  hasOpenParts(headId: string): boolean {
    return this.#sql.one("SELECT 1 FROM jobs WHERE id > ? AND id < ? AND done = 0 LIMIT 1", headId, headId + FAMILY_END) !== null;
  }

  deleteParts(headId: string): void {
    this.#sql.run("DELETE FROM jobs WHERE id > ? AND id < ?", headId, headId + FAMILY_END);
  }

  update(id: string, patch: Partial<Omit<JobState, "id" | "syncId" | "feedId">>): void {
    this.#sql.update("jobs", patch, "id = ?", id);
  }

  lease(id: string, lease: number, files: JobFile[], large: LargeState | null): void {
    this.#sql.run(
      "UPDATE jobs SET lease = ?, leased = 1, file_count = ?, files = ?, results = '[]', large = ? WHERE id = ?",
      lease,
      files.length,
      JSON.stringify(files),
      large ? JSON.stringify(large) : null,
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
      "UPDATE jobs SET files = ?, file_count = ?, bytes = iif(large IS NULL, ?, bytes), results = '[]', done = 0, leased = 0, due_at = ? WHERE id = ?",
      JSON.stringify(files),
      files.length,
      bytes,
      dueAt,
      id, // prettier-ignore
    );
  }

  /** With the parts of its large file, if it has one. */
  delete(id: string): void {
    this.#sql.run("DELETE FROM jobs WHERE id >= ? AND id < ?", id, id + FAMILY_END);
  }
}
