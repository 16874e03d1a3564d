import type { SQL } from "drizzle-orm";
import { sql } from "drizzle-orm";
import type { ItemRow } from "../sync/item.ts";
import { NO_STATS, type Stats } from "../sync/stats.ts";
import { runBatch } from "./batch.ts";
import { removalChanges, upsertChanges } from "./changes.ts";
import type { Database } from "./client.ts";
import type { Written } from "./versions.ts";
import { changeVersions, countedTotals, keepAsVersions, NOTHING_WRITTEN, rowsWritten, takeBack } from "./versions.ts";

// What the engine reads and writes of a sync's items. One statement for any number of rows, through `json_each`: D1
// binds at most 100 parameters. `written` counts rows as D1 bills them: index entries are rows too.

/** D1 takes no value of more than 2 MB; a character is up to three bytes. */
const LIST_CHARACTERS_MAX = 500_000;
const CHILDREN_CHUNK = 5_000;

/** Whose items: no statement reaches a sync of another user. */
export interface ItemScope {
  userId: string;
  syncId: string;
}

/** The columns of an `ItemRow`. */
export const ROW = sql.raw(`
  remote_id AS remoteId, parent_id AS parentId, kind, name, size, mime_type AS mimeType, web_url AS webUrl,
  created_at AS createdAt, modified_at AS modifiedAt, seen_at AS seenAt, hash, content_tag AS contentTag, state, reason,
  pending_job AS pendingJob, next_attempt_at AS nextAttemptAt, attempts, run_id AS runId, stored_id AS storedId,
  stored_size AS storedSize, stored_hash AS storedHash, stored_tag AS storedTag,
  stored_source_size AS storedSourceSize, stored_modified_at AS storedModifiedAt, kept`);

/** Rows of these ids, as far as there are any. */
export async function knownItems(db: Database, scope: ItemScope, remoteIds: readonly string[]): Promise<Map<string, ItemRow>> {
  if (remoteIds.length === 0) return new Map();
  const rows = await db.all<ItemRow>(sql`
    SELECT ${ROW} FROM items
    WHERE sync_id = ${scope.syncId} AND remote_id IN (SELECT value FROM json_each(${JSON.stringify(remoteIds)})) AND ${owned(scope)}`);
  return new Map(rows.map((row) => [row.remoteId, row]));
}

/**
 * Inserts or replaces what planning decides of these rows. What is stored of an item is left as it is; of one that is left
 * out it becomes a version that ended `at`, and of one that is in the mirror again it is no version any more.
 */
export async function upsertItems(db: Database, scope: ItemScope, rows: readonly ItemRow[], at: number): Promise<Written> {
  if (rows.length === 0) return NOTHING_WRITTEN;
  const upsert = sql`
    INSERT INTO items (sync_id, remote_id, parent_id, kind, name, size, mime_type, web_url, created_at, modified_at,
      seen_at, hash, content_tag, state, reason, pending_job, next_attempt_at, attempts, run_id, kept)
    SELECT ${scope.syncId}, value->>'remoteId', value->>'parentId', value->>'kind', value->>'name', value->>'size',
      value->>'mimeType', value->>'webUrl', value->>'createdAt', value->>'modifiedAt', value->>'seenAt', value->>'hash',
      value->>'contentTag', value->>'state', value->>'reason', value->>'pendingJob', value->>'nextAttemptAt',
      value->>'attempts', value->>'runId', value->>'kept'
    FROM json_each(${JSON.stringify(rows)}) WHERE ${owned(scope)}
    ON CONFLICT (sync_id, remote_id) DO UPDATE SET
      parent_id = excluded.parent_id, kind = excluded.kind, name = excluded.name, size = excluded.size,
      mime_type = excluded.mime_type, web_url = excluded.web_url, created_at = excluded.created_at,
      modified_at = excluded.modified_at, seen_at = excluded.seen_at, hash = excluded.hash,
      content_tag = excluded.content_tag, state = excluded.state, reason = excluded.reason,
      pending_job = excluded.pending_job, next_attempt_at = excluded.next_attempt_at, attempts = excluded.attempts,
      run_id = excluded.run_id, kept = excluded.kept`;
  const changes = upsertChanges(scope, rows, at);
  const stored = rows.filter((row) => row.storedId !== null);
  if (stored.length === 0) return { ...NOTHING_WRITTEN, rows: rowsWritten(await runBatch(db, [changes, upsert])) };
  const idsOf = (some: readonly ItemRow[]) => some.map((row) => row.remoteId);
  const { written } = await changeVersions(db, scope, idsOf(stored), [
    changes,
    upsert,
    takeBack(scope, idsOf(stored.filter((row) => row.state !== "excluded"))),
    keepAsVersions(scope, idsOf(stored), { at, by: "excluded" }, sql`state = 'excluded'`),
  ]);
  return written;
}

/** Rows in order of their ids, after `afterId`: how the whole catalogue is gone through, a chunk at a time. */
export async function scanItems(db: Database, scope: ItemScope, afterId: string, limit: number): Promise<ItemRow[]> {
  return db.all<ItemRow>(sql`
    SELECT ${ROW} FROM items
    WHERE sync_id = ${scope.syncId} AND remote_id > ${afterId} AND state <> 'removed' AND ${owned(scope)}
    ORDER BY remote_id LIMIT ${limit}`);
}

/** Ids of what is directly in these folders, besides these: not what is gone already, nor what is kept though the source lost it. */
export async function childrenBesides(
  db: Database,
  scope: ItemScope,
  folderIds: readonly string[],
  ids: readonly string[],
): Promise<string[]> {
  if (folderIds.length === 0) return [];
  const list = JSON.stringify(ids);
  const folders = sql`SELECT value FROM json_each(${JSON.stringify(folderIds)})`;
  if (list.length <= LIST_CHARACTERS_MAX)
    return childIds(db, scope, folders, sql`items.remote_id NOT IN (SELECT value FROM json_each(${list}))`);
  // A list that no statement takes: what the folders hold is read instead, a chunk at a time.
  const there = new Set(ids);
  const besides: string[] = [];
  for (let after = ""; ;) {
    const chunk = await childIds(db, scope, folders, sql`items.remote_id > ${after} ORDER BY items.remote_id LIMIT ${CHILDREN_CHUNK}`);
    besides.push(...chunk.filter((id) => !there.has(id)));
    if (chunk.length < CHILDREN_CHUNK) return besides;
    after = chunk.at(-1) ?? after;
  }
}

async function childIds(db: Database, scope: ItemScope, folders: SQL, which: SQL): Promise<string[]> {
  // The index is named: without statistics the planner takes a sync for ten rows, and goes through all of it.
  const rows = await db.all<{ id: string }>(sql`
    SELECT items.remote_id AS id FROM (${folders}) AS folder
      CROSS JOIN items INDEXED BY items_by_parent ON items.sync_id = ${scope.syncId} AND items.parent_id = folder.value
    WHERE items.state <> 'removed' AND items.kept IS NULL AND ${owned(scope)} AND ${which}`);
  return rows.map((row) => row.id);
}

/**
 * The tree tags of these folders, as far as they are known. One that was gone, held, kept or out of reach has none: where it is there
 * again, all that is below it has to be told again too.
 */
export async function treeTags(db: Database, scope: ItemScope, folderIds: readonly string[]): Promise<Map<string, string>> {
  if (folderIds.length === 0) return new Map();
  const rows = await db.all<{ id: string; tag: string }>(sql`
    SELECT remote_id AS id, content_tag AS tag FROM items
    WHERE sync_id = ${scope.syncId} AND remote_id IN (SELECT value FROM json_each(${JSON.stringify(folderIds)}))
      AND kind = 0 AND content_tag IS NOT NULL AND state IN ('stored', 'excluded') AND kept IS NULL AND ${owned(scope)}`);
  return new Map(rows.map((row) => [row.id, row.tag]));
}

/** Failed rows whose next attempt is due by `dueBy`, soonest first. */
export async function failedItems(db: Database, scope: ItemScope, dueBy: number, limit: number): Promise<ItemRow[]> {
  return db.all<ItemRow>(sql`
    SELECT ${ROW} FROM items
    WHERE sync_id = ${scope.syncId} AND state = 'failed' AND reason IS NOT 'malformed' AND next_attempt_at <= ${dueBy} AND ${owned(scope)}
    ORDER BY next_attempt_at LIMIT ${limit}`);
}

/** Failed rows in order of their ids, after `afterId`, whenever they are due. The index is named: few of a sync's rows have failed. */
export async function scanFailed(db: Database, scope: ItemScope, afterId: string, limit: number): Promise<ItemRow[]> {
  return db.all<ItemRow>(sql`
    SELECT ${ROW} FROM items INDEXED BY items_failed
    WHERE sync_id = ${scope.syncId} AND state = 'failed' AND reason IS NOT 'malformed' AND remote_id > ${afterId} AND ${owned(scope)}
    ORDER BY remote_id LIMIT ${limit}`);
}

/** Ids of rows whose entry could not be read, and that are due to be asked for, soonest first. */
export async function unreadableItems(db: Database, scope: ItemScope, dueBy: number, limit: number): Promise<string[]> {
  const rows = await db.all<{ id: string }>(sql`
    SELECT remote_id AS id FROM items
    WHERE sync_id = ${scope.syncId} AND state = 'failed' AND reason = 'malformed' AND next_attempt_at <= ${dueBy} AND ${owned(scope)}
    ORDER BY next_attempt_at LIMIT ${limit}`);
  return rows.map(({ id }) => id);
}

/** Sets when rows whose entry could not be read are asked for: those due by `dueBy`; with `Infinity`, all of them. Answers whether there are any. */
export async function postponeUnreadable(db: Database, scope: ItemScope, dueBy: number, at: number): Promise<boolean> {
  const due = dueBy === Infinity ? sql`TRUE` : sql`next_attempt_at <= ${dueBy}`;
  const { meta } = await db.run(sql`
    UPDATE items SET next_attempt_at = ${at}
    WHERE sync_id = ${scope.syncId} AND state = 'failed' AND reason = 'malformed' AND ${due} AND ${owned(scope)}`);
  return meta.changes > 0;
}

/** Has these rows tried again at this time, those that have failed: their ids. */
export async function makeDue(db: Database, scope: ItemScope, remoteIds: readonly string[], at: number): Promise<string[]> {
  const rows = await db.all<{ id: string }>(sql`
    UPDATE items SET next_attempt_at = ${at}
    WHERE sync_id = ${scope.syncId} AND state = 'failed' AND remote_id IN (SELECT value FROM json_each(${JSON.stringify(remoteIds)})) AND ${owned(scope)}
    RETURNING remote_id AS id`);
  return rows.map(({ id }) => id);
}

/** Has all rows tried again at this time that failed for this reason: how many. */
export async function makeReasonDue(db: Database, scope: ItemScope, reason: string | null, at: number): Promise<number> {
  const { meta } = await db.run(sql`
    UPDATE items INDEXED BY items_failed SET next_attempt_at = ${at}
    WHERE sync_id = ${scope.syncId} AND state = 'failed' AND reason IS ${reason} AND ${owned(scope)}`);
  return meta.changes;
}

/** When the next failed row is due; null where none waits. */
export async function nextAttemptAt(db: Database, scope: ItemScope): Promise<number | null> {
  const row = await db.get<{ at: number | null }>(sql`
    SELECT min(next_attempt_at) AS at FROM items
    WHERE sync_id = ${scope.syncId} AND state = 'failed' AND next_attempt_at IS NOT NULL AND ${owned(scope)}`);
  return row?.at ?? null;
}

/** Removes these rows from view. What is stored of them is kept as a version. */
export async function removeItems(
  db: Database,
  scope: ItemScope,
  remoteIds: readonly string[],
  removal: { at: number; runId: string | null },
): Promise<Written> {
  if (remoteIds.length === 0) return NOTHING_WRITTEN;
  const live = sql`sync_id = ${scope.syncId} AND state <> 'removed' AND ${owned(scope)}
    AND remote_id IN (SELECT value FROM json_each(${JSON.stringify(remoteIds)}))`;
  const { written } = await changeVersions(db, scope, remoteIds, [
    removalChanges(scope, remoteIds, removal.at),
    keepAsVersions(scope, remoteIds, { at: removal.at, by: "removed" }, sql`state <> 'removed'`),
    sql`
      UPDATE items SET state = 'removed', reason = NULL, pending_job = NULL, next_attempt_at = NULL,
        seen_at = ${removal.at}, run_id = ${removal.runId}
      WHERE ${live}`,
  ]);
  return written;
}

/** Throws where changes of items are not taken now. Changes nothing. */
export async function takesItems(db: Database, scope: ItemScope, remoteId: string): Promise<void> {
  await db.run(sql`UPDATE items SET seen_at = seen_at WHERE sync_id = ${scope.syncId} AND remote_id = ${remoteId} AND ${owned(scope)}`);
}

/** Marks rows that the source refuses to show: kept, and no longer followed. What the rules leave out stays left out. */
export async function markUnreachable(db: Database, scope: ItemScope, remoteIds: readonly string[], runId: string | null): Promise<number> {
  if (remoteIds.length === 0) return 0;
  const result = await db.run(sql`
    UPDATE items SET state = 'unreachable', reason = 'forbidden', pending_job = NULL, next_attempt_at = NULL, run_id = ${runId}
    WHERE sync_id = ${scope.syncId} AND remote_id IN (SELECT value FROM json_each(${JSON.stringify(remoteIds)}))
      AND state <> 'unreachable' AND (state <> 'excluded' OR reason IS 'metadata_only') AND ${owned(scope)}`);
  return result.meta.rows_written;
}

/** The sync's totals, counted: where running totals are in doubt. */
export async function countItems(db: Database, scope: ItemScope): Promise<Stats> {
  const row = await db.get<Stats>(sql`
    SELECT count(*) AS items, ifnull(sum(kind = 1), 0) AS files, ifnull(sum(kind = 1 AND state = 'stored'), 0) AS stored,
      ifnull(sum(state = 'failed'), 0) AS failed, ifnull(sum(state = 'skipped'), 0) AS skipped,
      ifnull(sum(CASE WHEN kind = 1 AND state IN ('stored', 'held') THEN stored_size END), 0) AS bytes,
      ifnull(sum(CASE WHEN kind = 1 THEN size END), 0) AS sourceBytes,
      ifnull(sum(kind = 1 AND state = 'excluded'), 0) AS excluded, ifnull(sum(kind = 1 AND state = 'held'), 0) AS held,
      ${countedTotals(scope)}
    FROM items WHERE sync_id = ${scope.syncId} AND state <> 'removed' AND ${owned(scope)}`);
  return row ?? NO_STATS;
}

/** Erases a chunk of a sync's rows; false when none are left. */
export async function eraseItems(db: Database, scope: ItemScope, limit: number): Promise<boolean> {
  const results = await runBatch(db, [
    sql`
      DELETE FROM items WHERE sync_id = ${scope.syncId} AND ${owned(scope)}
        AND remote_id IN (SELECT remote_id FROM items WHERE sync_id = ${scope.syncId} LIMIT ${limit})`,
    sql`
      DELETE FROM versions WHERE sync_id = ${scope.syncId} AND ${owned(scope)}
        AND remote_id IN (SELECT remote_id FROM versions WHERE sync_id = ${scope.syncId} LIMIT ${limit})`,
  ]);
  return results.some((result) => result.meta.changes > 0);
}

/** That the sync is the user's. */
export function owned(scope: ItemScope): SQL {
  return sql`EXISTS (SELECT 1 FROM syncs WHERE id = ${scope.syncId} AND user_id = ${scope.userId})`;
}
