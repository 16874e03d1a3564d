import type { SQL } from "drizzle-orm";
import { sql } from "drizzle-orm";
import type { Database } from "./client.ts";
import type { ItemScope } from "./items.ts";
import { owned } from "./items.ts";
import type { Written } from "./versions.ts";
import { record } from "./changes.ts";
import { changeVersions, keepAsVersions, takeBack } from "./versions.ts";

// Making an earlier content of an item its current one, and taking removed items back.

/** The deepest chain of folders that is followed. */
const DEPTH_MAX = 500;

/**
 * The content of version `number` is the item's current one from here on, under a new number, until the source's content
 * changes. What it replaces becomes a version; the version itself stays. A removed item is in the mirror again. Repeating
 * the call changes nothing.
 */
export async function restoreContent(
  db: Database,
  scope: ItemScope,
  restored: { remoteId: string; number: number; at: number },
): Promise<Written> {
  const { remoteId, number, at } = restored;
  const ids = [remoteId];
  const version = sql`versions.sync_id = ${scope.syncId} AND versions.remote_id = ${remoteId} AND versions.number = ${number}`;
  const due = sql`(state = 'removed' OR restored_from IS NOT ${number}) AND EXISTS (SELECT 1 FROM versions WHERE ${version})`;
  const { written } = await changeVersions(db, scope, ids, [
    record(
      scope,
      at,
      sql`
      SELECT 'created' AS type, remote_id FROM items WHERE ${removedAbove(scope, ids)}
      UNION ALL SELECT 'created', remote_id FROM items
        WHERE sync_id = ${scope.syncId} AND remote_id = ${remoteId} AND state = 'removed' AND ${due}
      UNION ALL SELECT 'content', remote_id FROM items WHERE sync_id = ${scope.syncId} AND remote_id = ${remoteId} AND ${due}`,
    ),
    placeAgain(scope, ids),
    keepAsVersions(scope, ids, { at, by: "superseded" }, due),
    // The marks become those that the source has now: planning leaves the item as it is until they change.
    sql`
      UPDATE items SET state = CASE WHEN state IN ('held', 'unreachable') THEN state ELSE 'stored' END,
        reason = CASE WHEN state IN ('held', 'unreachable') THEN reason END,
        kept = CASE WHEN state = 'removed' THEN 'restored' ELSE kept END,
        pending_job = NULL, next_attempt_at = NULL, attempts = 0,
        stored_id = versions.stored_id, stored_number = stored_number + 1, stored_size = versions.size,
        stored_sha256 = versions.sha256, stored_at = ${at}, restored_from = ${number}, stored_hash = items.hash,
        stored_tag = items.content_tag, stored_source_size = ifnull(items.size, versions.size), stored_modified_at = items.modified_at, stored_differs = NULL
      FROM versions WHERE ${version} AND items.sync_id = ${scope.syncId} AND items.remote_id = ${remoteId}
        AND (items.state = 'removed' OR items.restored_from IS NOT ${number}) AND ${owned(scope)}`,
  ]);
  return written;
}

/**
 * Removed folders, and removed files with what was last stored of them, are in the mirror again, and the folders above them.
 * Files whose content is purged stay removed. Repeating the call changes nothing.
 */
export async function takeBackRemoved(db: Database, scope: ItemScope, remoteIds: readonly string[], at: number): Promise<Written> {
  const named = sql`remote_id IN (SELECT value FROM json_each(${JSON.stringify(remoteIds)}))`;
  const removed = sql`sync_id = ${scope.syncId} AND ${named} AND state = 'removed' AND ${owned(scope)}`;
  const { written } = await changeVersions(db, scope, remoteIds, [
    record(
      scope,
      at,
      sql`
      SELECT 'created' AS type, remote_id FROM (
        SELECT remote_id FROM items WHERE ${removed} AND (kind = 0 OR stored_id IS NOT NULL)
        UNION SELECT remote_id FROM items WHERE ${removedAbove(scope, remoteIds)})
      UNION ALL SELECT 'content', remote_id FROM items WHERE ${removed} AND kind = 1 AND stored_id IS NOT NULL`,
    ),
    placeAgain(scope, remoteIds),
    sql`UPDATE items SET state = 'stored', reason = NULL, kept = 'restored' WHERE ${removed} AND kind = 0`,
    // The source has it no longer: what is known of the item is what was stored of it. Should it come back with other
    // content, that is fetched.
    sql`
      UPDATE items SET state = 'stored', reason = NULL, kept = 'restored', attempts = 0, hash = stored_hash, content_tag = stored_tag,
        size = ifnull(stored_source_size, stored_size), modified_at = ifnull(stored_modified_at, modified_at)
      WHERE ${removed} AND kind = 1 AND stored_id IS NOT NULL`,
    takeBack(scope, remoteIds),
  ]);
  return written;
}

/** Removed folders above these items are in the mirror again: without them the items could not be found. */
function placeAgain(scope: ItemScope, remoteIds: readonly string[]): SQL {
  return sql`
    UPDATE items SET state = 'stored', reason = NULL, kept = 'restored'
    WHERE ${removedAbove(scope, remoteIds)}`;
}

function removedAbove(scope: ItemScope, remoteIds: readonly string[]): SQL {
  return sql`sync_id = ${scope.syncId} AND state = 'removed' AND kind = 0 AND ${owned(scope)}
    AND remote_id IN (${ancestorsOf(scope, remoteIds)})`;
}

function ancestorsOf(scope: ItemScope, remoteIds: readonly string[]): SQL {
  return sql`
    WITH RECURSIVE chain(remote_id, depth) AS (
      SELECT items.parent_id, 1 FROM json_each(${JSON.stringify(remoteIds)}) AS named
        CROSS JOIN items ON items.sync_id = ${scope.syncId} AND items.remote_id = named.value
      UNION
      SELECT items.parent_id, chain.depth + 1
      FROM chain CROSS JOIN items ON items.sync_id = ${scope.syncId} AND items.remote_id = chain.remote_id
      WHERE chain.depth < ${DEPTH_MAX}
    )
    SELECT remote_id FROM chain WHERE remote_id IS NOT NULL`;
}

/** Ids of removed folders above these items, which would be in the mirror again with them. */
export async function removedAncestors(db: Database, scope: ItemScope, remoteIds: readonly string[]): Promise<string[]> {
  const rows = await db.all<{ id: string }>(sql`
    SELECT remote_id AS id FROM items WHERE ${removedAbove(scope, remoteIds)}`);
  return rows.map((row) => row.id);
}

/** What was removed with these folders, and is directly below them: by the same run, or later. */
export async function removedWith(
  db: Database,
  scope: ItemScope,
  folders: readonly { remoteId: string; runId: string | null; removedAt: number }[],
  limit: number,
): Promise<{ remoteId: string; kind: number; folderId: string }[]> {
  return db.all(sql`
    SELECT items.remote_id AS remoteId, items.kind, folder.value->>'remoteId' AS folderId
    FROM json_each(${JSON.stringify(folders)}) AS folder
      CROSS JOIN items INDEXED BY items_by_parent ON items.sync_id = ${scope.syncId} AND items.parent_id = folder.value->>'remoteId'
    WHERE items.state = 'removed' AND (items.kind = 0 OR items.stored_id IS NOT NULL)
      AND (items.run_id = folder.value->>'runId' OR items.seen_at >= folder.value->>'removedAt') AND ${owned(scope)}
    LIMIT ${limit}`);
}
