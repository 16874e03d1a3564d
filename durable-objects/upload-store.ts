import type { Sql } from "./sql.ts";
import type { UploadState } from "./user-sync-schema.ts";

const UPLOAD = `u.upload_id AS uploadId, u.sync_id AS syncId, u.job_id AS jobId, u.remote_id AS remoteId, u.stored_id AS storedId,
  u.due_at AS dueAt, u.attempts`;
/** Uploads that no job goes on with. */
const LEFT = `uploads AS u LEFT JOIN jobs AS j ON j.id = u.job_id
  WHERE (j.id IS NULL OR json_extract(j.large, '$.uploadId') IS NOT u.upload_id)`;

/** An upload that is to be ended. */
export interface LeftUpload extends UploadState {
  /** 1: another upload of its job goes on under the same key. */
  keyInUse: number;
}

/** The multipart uploads that were opened, until they are known to have ended. */
export class UploadStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  add(upload: Omit<UploadState, "dueAt" | "attempts">): void {
    this.#sql.run(
      "INSERT OR IGNORE INTO uploads (upload_id, sync_id, job_id, remote_id, stored_id) VALUES (?, ?, ?, ?, ?)",
      upload.uploadId,
      upload.syncId,
      upload.jobId,
      upload.remoteId,
      upload.storedId,
    );
  }

  /** Those that no job goes on with, and that are due. */
  left(now: number, limit: number): LeftUpload[] {
    return this.#sql.all<LeftUpload>(
      `SELECT ${UPLOAD}, ifnull(json_extract(j.large, '$.storedId') = u.stored_id, 0) AS keyInUse FROM ${LEFT} AND u.due_at <= ? LIMIT ?`,
      now,
      limit,
    );
  }

  /** When the first of them is due; null where there is none. */
  leftAt(): number | null {
    return this.#sql.one<{ dueAt: number | null }>(`SELECT min(u.due_at) AS dueAt FROM ${LEFT}`)?.dueAt ?? null;
  }

  postpone(uploadId: string, dueAt: number): void {
    this.#sql.run("UPDATE uploads SET due_at = ?, attempts = attempts + 1 WHERE upload_id = ?", dueAt, uploadId);
  }

  forget(uploadId: string): void {
    this.#sql.run("DELETE FROM uploads WHERE upload_id = ?", uploadId);
  }
}
