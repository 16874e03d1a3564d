import type { SQL } from "drizzle-orm";
import { sql } from "drizzle-orm";
import type { VersionEnd } from "../sync/rules.ts";
import type { Version } from "../wire.ts";
import type { StoredContent } from "./browse.ts";
import type { Database } from "./client.ts";
import { toInstant, toInstantOrNull } from "./instant.ts";
import type { ItemScope } from "./items.ts";

// All contents of one item: the current one, which is in the item's own row, and its versions.

const DAY_MILLISECONDS = 86_400_000;

export interface HistoryRow extends StoredContent {
  number: number;
  storedAt: number;
  /** Null: the current content. */
  endedAt: number | null;
  endedBy: VersionEnd | null;
  restoredFrom: number | null;
}

/** Newest first, below number `before`. */
export function listVersions(
  db: Database,
  scope: ItemScope,
  remoteId: string,
  page: { before: number | null; limit: number },
): Promise<HistoryRow[]> {
  return historyOf(db, scope, remoteId, page.before === null ? sql`TRUE` : sql`number < ${page.before}`, page.limit);
}

export async function getVersion(db: Database, scope: ItemScope, remoteId: string, number: number): Promise<HistoryRow | undefined> {
  return (await historyOf(db, scope, remoteId, sql`number = ${number}`, 1))[0];
}

function historyOf(db: Database, { userId, syncId }: ItemScope, remoteId: string, among: SQL, limit: number): Promise<HistoryRow[]> {
  return db.all<HistoryRow>(sql`
    SELECT number, storedId, size, sha256, storedAt, endedAt, endedBy, restoredFrom FROM (
      SELECT stored_number AS number, stored_id AS storedId, stored_size AS size, stored_sha256 AS sha256, stored_at AS storedAt,
        NULL AS endedAt, NULL AS endedBy, restored_from AS restoredFrom
      FROM items WHERE sync_id = ${syncId} AND remote_id = ${remoteId} AND stored_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM versions WHERE sync_id = ${syncId} AND remote_id = ${remoteId} AND number = items.stored_number)
      UNION ALL
      SELECT number, stored_id, size, sha256, stored_at, ended_at, ended_by, restored_from
      FROM versions WHERE sync_id = ${syncId} AND remote_id = ${remoteId}
    )
    WHERE ${among} AND EXISTS (SELECT 1 FROM syncs WHERE id = ${syncId} AND user_id = ${userId})
    ORDER BY number DESC LIMIT ${limit}`);
}

function expiresAt({ endedAt, endedBy }: HistoryRow, retentionDays: number | null): number | null {
  if (endedAt === null || retentionDays === null) return null;
  return endedBy === "damaged" ? endedAt : endedAt + retentionDays * DAY_MILLISECONDS;
}

/** A version as the API shows it. `restoredBy`: the user. `retentionDays`: null while nothing is purged. */
export function toVersion(row: HistoryRow, userId: string, retentionDays: number | null): Version {
  return {
    number: row.number,
    size: row.size,
    sha256: row.sha256,
    createdAt: toInstant(row.storedAt),
    endedAt: toInstantOrNull(row.endedAt),
    createdBy: row.restoredFrom === null ? null : userId,
    reason: row.restoredFrom === null ? "sync" : "restore",
    restoredFrom: row.restoredFrom,
    endedBy: row.endedBy,
    current: row.endedAt === null,
    expiresAt: toInstantOrNull(expiresAt(row, retentionDays)),
  };
}
