import type { SQL } from "drizzle-orm";
import { sql } from "drizzle-orm";
import type { VersionEnd } from "../sync/rules.ts";
import type { Database } from "./client.ts";
import type { ItemScope } from "./items.ts";
import { owned } from "./items.ts";
import type { Written } from "./versions.ts";
import { changeVersions } from "./versions.ts";

// Deleting versions that have outlived their retention, and the rows of removed items of which nothing is left.

export interface PurgeableVersion {
  remoteId: string;
  number: number;
  storedId: string;
  endedAt: number;
  endedBy: VersionEnd;
}

/** A sync's versions in the order of their key, after this one. */
export async function scanVersions(
  db: Database,
  scope: ItemScope,
  after: { id: string; number: number },
  limit: number,
): Promise<PurgeableVersion[]> {
  return db.all<PurgeableVersion>(sql`
    SELECT remote_id AS remoteId, number, stored_id AS storedId, ended_at AS endedAt, ended_by AS endedBy FROM versions
    WHERE sync_id = ${scope.syncId} AND (remote_id, number) > (${after.id}, ${after.number}) AND ${owned(scope)}
    ORDER BY remote_id, number LIMIT ${limit}`);
}

/**
 * Deletes those of these versions that ended by `endedBy` or are damaged; of removed and excluded items whose last content
 * that was, nothing is stored any more. An item that came back meanwhile keeps its content. Repeating the call changes nothing.
 */
export async function deleteVersions(
  db: Database,
  scope: ItemScope,
  doomed: readonly { remoteId: string; number: number; storedId: string }[],
  endedBy: number,
): Promise<Written> {
  const named = sql`WITH named AS MATERIALIZED (
    SELECT value->>'remoteId' AS remote_id, value->>'number' AS number, value->>'storedId' AS stored_id FROM json_each(${JSON.stringify(doomed)}))`;
  const remoteIds = [...new Set(doomed.map((version) => version.remoteId))];
  const { written } = await changeVersions(db, scope, remoteIds, [
    sql`${named}
      DELETE FROM versions WHERE sync_id = ${scope.syncId} AND (ended_by = 'damaged' OR ended_at <= ${endedBy}) AND ${owned(scope)}
        AND (remote_id, number, stored_id) IN (SELECT remote_id, number, stored_id FROM named)`,
    sql`${named}
      UPDATE items SET stored_id = NULL, stored_size = NULL, stored_sha256 = NULL, stored_at = NULL, stored_hash = NULL, stored_tag = NULL,
        stored_source_size = NULL, stored_modified_at = NULL, stored_differs = NULL, restored_from = NULL
      WHERE sync_id = ${scope.syncId} AND state IN ('removed', 'excluded') AND ${owned(scope)}
        AND (remote_id, stored_number, stored_id) IN (SELECT remote_id, number, stored_id FROM named)
        AND NOT EXISTS (SELECT 1 FROM versions AS kept
          WHERE kept.sync_id = items.sync_id AND kept.remote_id = items.remote_id AND kept.number = items.stored_number)`,
  ]);
  return written;
}

/** Deletes rows of items that were removed by then and of which nothing is stored; how many that were. */
export async function deleteRemoved(db: Database, scope: ItemScope, removedBy: number, limit: number): Promise<number> {
  const gone: SQL = sql`
    SELECT remote_id FROM items INDEXED BY items_removed
    WHERE sync_id = ${scope.syncId} AND state = 'removed' AND seen_at <= ${removedBy} AND stored_id IS NULL
      AND NOT EXISTS (SELECT 1 FROM versions WHERE versions.sync_id = items.sync_id AND versions.remote_id = items.remote_id)
    LIMIT ${limit}`;
  const result = await db.run(sql`DELETE FROM items WHERE sync_id = ${scope.syncId} AND ${owned(scope)} AND remote_id IN (${gone})`);
  return result.meta.changes;
}

/** When the item that has been in the trash for longest was removed; null where it is empty. */
export async function oldestRemoval(db: Database, scope: ItemScope): Promise<number | null> {
  const row = await db.get<{ at: number | null }>(sql`
    SELECT min(seen_at) AS at FROM items INDEXED BY items_removed
    WHERE sync_id = ${scope.syncId} AND state = 'removed' AND ${owned(scope)}`);
  return row?.at ?? null;
}
