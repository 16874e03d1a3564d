import type { SQL } from "drizzle-orm";
import { sql } from "drizzle-orm";
import type { ItemRow } from "../sync/item.ts";
import type { Kept } from "../sync/rules.ts";
import { removalChanges } from "./changes.ts";
import type { Database } from "./client.ts";
import type { ItemScope } from "./items.ts";
import { owned, ROW } from "./items.ts";
import { changeVersions, keepAsVersions } from "./versions.ts";

// Removals that wait for a decision, and those that a person or the sync's options decided against. Held rows are found by
// their partial index alone: no list of them is kept elsewhere. `written` counts rows as D1 bills them.

/** The deepest chain of folders that is followed. */
const DEPTH_MAX = 500;

/** What a row is held for. `excluded`: the filters no longer want it; the others: the source no longer has it. */
export type HeldReason = "many_removals" | "sentinel_missing" | "emptied" | "excluded";

/** Whether anything of this sync is held. */
export async function hasHeld(db: Database, scope: ItemScope): Promise<boolean> {
  const row = await db.get<{ one: number }>(sql`SELECT 1 AS one FROM ${held(scope)} LIMIT 1`);
  return row !== undefined;
}

/** Held files; of one run, or all of the sync's. */
export async function countHeld(db: Database, scope: ItemScope, runId?: string): Promise<number> {
  const byRun = runId === undefined ? sql`` : sql`AND run_id = ${runId}`;
  const row = await db.get<{ files: number }>(sql`SELECT count(*) AS files FROM ${held(scope)} AND kind = 1 ${byRun}`);
  return row?.files ?? 0;
}

/** Where a walk through the held rows goes on: after this one. */
export interface HeldPlace {
  parentId: string;
  remoteId: string;
}

/** Held rows in order of their parents' ids, then their own. */
export async function heldItems(db: Database, scope: ItemScope, after: HeldPlace, limit: number): Promise<ItemRow[]> {
  return db.all<ItemRow>(sql`
    SELECT ${ROW} FROM ${held(scope)} AND (parent_id, remote_id) > (${after.parentId}, ${after.remoteId})
    ORDER BY parent_id, remote_id LIMIT ${limit}`);
}

/** What is held in or below one folder at the top of a source; or, of the source's root, directly in it. */
export interface HeldFolder {
  remoteId: string;
  files: number;
  folders: number;
  /** Of what is stored of the files; of those that are not, what the source announced. */
  bytes: number;
  /** Comma-separated. */
  reasons: string;
}

/** The folder that counts as the parent of what has no known place: the first feed's root. */
export async function placeOfUnplaced(db: Database, scope: ItemScope): Promise<string> {
  return (await db.get<{ id: string }>(sql`SELECT ${rootId(scope)} AS id`))?.id ?? "";
}

function rootId({ syncId }: ItemScope): SQL {
  return sql`ifnull((SELECT min(root.remote_id) FROM items AS root INDEXED BY items_by_parent
    WHERE root.sync_id = ${syncId} AND root.parent_id IS NULL), '')`;
}

/**
 * All that is held, by top folder, in order of their ids. What has no known place counts as directly in the root. Chains of parents are followed once for each folder that has held
 * files in it, not for each file.
 */
export async function heldFolders(db: Database, scope: ItemScope, afterId: string, limit: number): Promise<HeldFolder[]> {
  return db.all<HeldFolder>(sql`
    WITH RECURSIVE starts(folder_id, reason, files, folders, bytes) AS MATERIALIZED (
      SELECT iif(parent_id = '', ${rootId(scope)}, parent_id), reason, count(*), 0, sum(ifnull(stored_size, ifnull(size, 0)))
      FROM ${held(scope)} AND kind = 1 GROUP BY parent_id, reason
      UNION ALL SELECT remote_id, reason, 0, 1, 0 FROM ${held(scope)} AND kind = 0
    ), chain(start, remote_id, depth) AS (
      SELECT DISTINCT folder_id, folder_id, 0 FROM starts
      UNION
      SELECT chain.start, parent.remote_id, chain.depth + 1 FROM chain
        CROSS JOIN items AS item ON item.sync_id = ${scope.syncId} AND item.remote_id = chain.remote_id
        CROSS JOIN items AS parent ON parent.sync_id = ${scope.syncId} AND parent.remote_id = item.parent_id
      WHERE parent.parent_id IS NOT NULL AND chain.depth < ${DEPTH_MAX}
    ), top AS (SELECT start, remote_id, max(depth) FROM chain GROUP BY start)
    SELECT top.remote_id AS remoteId, sum(files) AS files, sum(folders) AS folders, sum(bytes) AS bytes,
      group_concat(DISTINCT reason) AS reasons
    FROM starts JOIN top ON top.start = starts.folder_id
    WHERE top.remote_id > ${afterId} GROUP BY top.remote_id ORDER BY top.remote_id LIMIT ${limit}`);
}

/** Holds these rows: what is stored of them stays current, and no job fetches more. A repeated call changes nothing. */
export async function holdItems(
  db: Database,
  scope: ItemScope,
  remoteIds: readonly string[],
  hold: { reason: HeldReason; runId: string },
): Promise<number> {
  if (remoteIds.length === 0) return 0;
  const result = await db.run(sql`
    UPDATE items SET state = 'held', reason = ${hold.reason}, pending_job = NULL, next_attempt_at = NULL, run_id = ${hold.runId}
    WHERE ${named(scope, remoteIds)} AND state <> 'removed' AND (state <> 'held' OR reason IS NOT ${hold.reason})`);
  return result.meta.rows_written;
}

/** Keeps these rows though the source no longer has them: what is stored is their content from now on. */
export async function keepItems(
  db: Database,
  scope: ItemScope,
  remoteIds: readonly string[],
  keep: { kept: Kept; runId: string },
): Promise<number> {
  if (remoteIds.length === 0) return 0;
  const result = await db.run(sql`
    UPDATE items SET reason = CASE WHEN kind = 1 AND stored_id IS NULL THEN 'metadata_only' END,
      state = CASE WHEN kind = 1 AND stored_id IS NULL THEN 'excluded' ELSE 'stored' END,
      kept = ${keep.kept}, pending_job = NULL, next_attempt_at = NULL, run_id = ${keep.runId}
    WHERE ${named(scope, remoteIds)} AND state <> 'removed' AND kept IS NULL`);
  return result.meta.rows_written;
}

/** Takes held rows that the filters leave out into the trash: their content becomes a version, and stays theirs. */
export async function excludeHeld(
  db: Database,
  scope: ItemScope,
  remoteIds: readonly string[],
  exclusion: { at: number; runId: string },
): Promise<void> {
  if (remoteIds.length === 0) return;
  await changeVersions(db, scope, remoteIds, [
    removalChanges(scope, remoteIds, exclusion.at, sql`state = 'held'`),
    keepAsVersions(scope, remoteIds, { at: exclusion.at, by: "excluded" }, sql`state = 'held'`),
    sql`
      UPDATE items SET state = 'excluded', pending_job = NULL, next_attempt_at = NULL, run_id = ${exclusion.runId}
      WHERE ${named(scope, remoteIds)} AND state = 'held'`,
  ]);
}

/** Held rows of a sync; more conditions follow. The index is named: the planner has no statistics. */
export function held(scope: ItemScope): SQL {
  return sql`items INDEXED BY items_held WHERE state = 'held' AND sync_id = ${scope.syncId} AND ${owned(scope)}`;
}

function named(scope: ItemScope, remoteIds: readonly string[]): SQL {
  return sql`sync_id = ${scope.syncId} AND remote_id IN (SELECT value FROM json_each(${JSON.stringify(remoteIds)})) AND ${owned(scope)}`;
}
