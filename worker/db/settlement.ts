import { sql } from "drizzle-orm";
import { record } from "./changes.ts";
import type { Database } from "./client.ts";
import type { ItemScope } from "./items.ts";
import type { VersionTotals } from "./versions.ts";
import { changeVersions } from "./versions.ts";

// The results of jobs in the catalogue, and what a job needs to know of it.

export interface SettledItem {
  remoteId: string;
  jobId: string;
  state: "stored" | "failed" | "skipped";
  reason: string | null;
  attempts: number;
  nextAttemptAt: number | null;
  /** For `stored` only, as all that follow. The marks are those that the source announced for this content. */
  storedId: string | null;
  storedSize: number | null;
  storedSha256: string | null;
  storedHash: string | null;
  storedTag: string | null;
  storedSourceSize: number | null;
  storedModifiedAt: number | null;
  storedDiffers: number | null;
}

export interface Settlement {
  /** Rows as D1 bills them. */
  written: number;
  /** Contents that became current by this call: a repeated one names none. */
  stored: Set<string>;
  /** Items that failed or were skipped by this call. */
  givenUp: Set<string>;
  /** How the totals of versions have changed. */
  versions: VersionTotals;
}

/**
 * Applies results of jobs. A result counts only while its job is the item's pending one; the content that it replaces
 * becomes a version. Repeating the call changes nothing.
 */
export async function settleItems(db: Database, scope: ItemScope, settled: readonly SettledItem[], at: number): Promise<Settlement> {
  // Materialized: with a bare json_each the planner goes through all of the sync's items, and parses the list for each.
  const results = sql`WITH s AS MATERIALIZED (
    SELECT value->>'remoteId' AS remote_id, value->>'jobId' AS job_id, value->>'state' AS state, value->>'reason' AS reason,
      value->>'attempts' AS attempts, value->>'nextAttemptAt' AS next_attempt_at, value->>'storedId' AS stored_id,
      value->>'storedSize' AS stored_size, value->>'storedSha256' AS stored_sha256, value->>'storedHash' AS stored_hash,
      value->>'storedTag' AS stored_tag, value->>'storedSourceSize' AS stored_source_size,
      value->>'storedModifiedAt' AS stored_modified_at, value->>'storedDiffers' AS stored_differs
    FROM json_each(${JSON.stringify(settled)}))`;
  const awaited = sql`items.sync_id = ${scope.syncId} AND items.remote_id = s.remote_id AND items.state = 'pending'
    AND items.pending_job = s.job_id AND EXISTS (SELECT 1 FROM syncs WHERE id = ${scope.syncId} AND user_id = ${scope.userId})`;
  const remoteIds = [...new Set(settled.map((item) => item.remoteId))];
  const { answers, written } = await changeVersions(db, scope, remoteIds, [
    record(
      scope,
      at,
      sql`${results} SELECT 'content' AS type, items.remote_id FROM s CROSS JOIN items ON ${awaited} WHERE s.state = 'stored'`,
    ),
    sql`${results}
      INSERT OR REPLACE INTO versions (sync_id, remote_id, number, stored_id, size, sha256, stored_at, ended_at, ended_by, restored_from)
      SELECT items.sync_id, items.remote_id, items.stored_number, items.stored_id, items.stored_size, items.stored_sha256,
        items.stored_at, ${at}, iif(coalesce(items.stored_hash, items.stored_tag, items.stored_source_size, items.stored_modified_at) IS NULL,
          'damaged', 'superseded'), items.restored_from
      FROM s CROSS JOIN items ON ${awaited} WHERE s.state = 'stored' AND items.stored_id IS NOT NULL`,
    sql`${results}
      UPDATE items SET state = 'stored', reason = NULL, pending_job = NULL, attempts = 0, next_attempt_at = NULL,
        stored_id = s.stored_id, stored_number = stored_number + 1, stored_size = s.stored_size,
        stored_sha256 = s.stored_sha256, stored_at = ${at}, stored_hash = s.stored_hash, stored_tag = s.stored_tag,
        stored_source_size = s.stored_source_size, stored_modified_at = s.stored_modified_at,
        stored_differs = s.stored_differs, restored_from = NULL
      FROM s WHERE s.state = 'stored' AND ${awaited}
      RETURNING stored_id AS id`,
    sql`${results}
      UPDATE items SET state = s.state, reason = s.reason, pending_job = NULL, attempts = s.attempts,
        next_attempt_at = s.next_attempt_at
      FROM s WHERE s.state <> 'stored' AND ${awaited}
      RETURNING remote_id AS id`,
  ]);
  const idsOf = (answer: (typeof answers)[number] | undefined) => new Set(answer?.results.map((row) => String(row["id"])));
  return {
    written: written.rows,
    versions: written.versions,
    stored: idsOf(answers[2]),
    givenUp: idsOf(answers[3]),
  };
}

/** Of these contents, those that the catalogue knows, as current or as a version of one of these items. */
export async function knownContents(
  db: Database,
  scope: ItemScope,
  contents: readonly { remoteId: string; storedId: string }[],
): Promise<Set<string>> {
  if (contents.length === 0) return new Set();
  const list = JSON.stringify(contents);
  const mine = sql`t.sync_id = ${scope.syncId} AND t.remote_id = s.value->>'remoteId' AND t.stored_id = s.value->>'storedId'
    AND EXISTS (SELECT 1 FROM syncs WHERE id = ${scope.syncId} AND user_id = ${scope.userId})`;
  const rows = await db.all<{ storedId: string }>(sql`
    SELECT t.stored_id AS storedId FROM json_each(${list}) AS s CROSS JOIN items AS t ON ${mine}
    UNION SELECT t.stored_id FROM json_each(${list}) AS s CROSS JOIN versions AS t ON ${mine}`);
  return new Set(rows.map((row) => row.storedId));
}

/** Of a job's files, those that are still to be fetched by it, and the ids of their parents. */
export async function awaitedItems(
  db: Database,
  scope: ItemScope,
  jobId: string,
  remoteIds: readonly string[],
): Promise<Map<string, string | null>> {
  const rows = await db.all<{ remoteId: string; parentId: string | null }>(sql`
    SELECT remote_id AS remoteId, parent_id AS parentId FROM items
    WHERE sync_id = ${scope.syncId} AND remote_id IN (SELECT value FROM json_each(${JSON.stringify(remoteIds)}))
      AND state = 'pending' AND pending_job = ${jobId}
      AND EXISTS (SELECT 1 FROM syncs WHERE id = ${scope.syncId} AND user_id = ${scope.userId})`);
  return new Map(rows.map((row) => [row.remoteId, row.parentId]));
}
