import type { SQL } from "drizzle-orm";
import { sql } from "drizzle-orm";
import type { ItemRow } from "../sync/item.ts";
import type { RemovalAction } from "../sync/guard.ts";
import { runBatch } from "./batch.ts";
import { record } from "./changes.ts";
import type { Database } from "./client.ts";
import type { ItemScope } from "./items.ts";
import { owned, ROW } from "./items.ts";

// What marked removals would take with them, and what they do take, a level of folders at a time.

/** The deepest chain of folders that is followed. */
const DEPTH_MAX = 500;
/** Most folders on the way to the sentinel. */
const PATH_NAMES_MAX = 100;

/**
 * Rows that go with these marks: each once, with everything that is below it now, at most `limit` of them. What is held or
 * kept already, and what the filters leave out, is passed by: nothing current is lost with it.
 */
export async function goingItems(
  db: Database,
  scope: ItemScope,
  marks: readonly string[],
  limit: number,
): Promise<{ remoteId: string; kind: number }[]> {
  const passed = sql`state IN ('removed', 'held') OR kept IS NOT NULL OR (state = 'excluded' AND reason IS NOT 'metadata_only')`;
  return db.all(sql`
    WITH RECURSIVE going(remote_id, kind) AS (
      SELECT items.remote_id, items.kind FROM json_each(${JSON.stringify(marks)}) AS mark
        CROSS JOIN items ON items.sync_id = ${scope.syncId} AND items.remote_id = mark.value
      WHERE NOT (${passed})
      UNION
      SELECT items.remote_id, items.kind FROM going
        CROSS JOIN items INDEXED BY items_by_parent ON items.sync_id = ${scope.syncId} AND items.parent_id = going.remote_id
      WHERE going.kind = 0 AND NOT (${passed})
      LIMIT ${limit}
    )
    SELECT remote_id AS remoteId, kind FROM going WHERE ${owned(scope)}`);
}

/** Rows directly below these folders that the action is still due for, at most `limit`. */
export async function dueBelow(
  db: Database,
  scope: ItemScope,
  folderIds: readonly string[],
  action: RemovalAction,
  limit: number,
): Promise<ItemRow[]> {
  // The index is named: without statistics the planner takes a sync for ten rows, and goes through all of it.
  return db.all<ItemRow>(sql`
    SELECT ${ROW} FROM items INDEXED BY items_by_parent
    WHERE sync_id = ${scope.syncId} AND parent_id IN (SELECT value FROM json_each(${JSON.stringify(folderIds)}))
      AND ${due(action)} AND ${owned(scope)}
    LIMIT ${limit}`);
}

/** In agreement with `treatmentOf`: a row that it passes by is not due. */
function due(action: RemovalAction): SQL {
  const live = sql`state <> 'removed' AND kept IS NULL`;
  return action === "hold" ? sql`${live} AND (state <> 'held' OR reason IS 'excluded')` : live;
}

/** The ids from the top folder down to the live item at this path, names regardless of case; null where there is none. */
export async function itemsOnPath(db: Database, scope: ItemScope, path: string): Promise<string[] | null> {
  const names = path.split("/").filter((name) => name !== "").slice(0, PATH_NAMES_MAX); // prettier-ignore
  let parents = await rootIds(db, scope);
  const chain: string[] = [];
  for (const name of names) {
    const rows = await db.all<{ id: string }>(sql`
      SELECT remote_id AS id FROM items INDEXED BY items_by_parent
      WHERE sync_id = ${scope.syncId} AND parent_id IN (SELECT value FROM json_each(${JSON.stringify(parents)}))
        AND kind IN (0, 1) AND name COLLATE NOCASE = ${name} AND state NOT IN ('removed', 'held') AND kept IS NULL AND ${owned(scope)}
      LIMIT 1`);
    const [found] = rows;
    if (!found) return null;
    chain.push(found.id);
    parents = [found.id];
  }
  return chain;
}

async function rootIds(db: Database, scope: ItemScope): Promise<string[]> {
  const rows = await db.all<{ id: string }>(sql`
    SELECT remote_id AS id FROM items INDEXED BY items_by_parent WHERE sync_id = ${scope.syncId} AND parent_id IS NULL AND ${owned(scope)}`);
  return rows.map((row) => row.id);
}

/** Of these rows, those whose chain of parents ends at this root. */
export async function itemsUnder(db: Database, scope: ItemScope, rootId: string, remoteIds: readonly string[]): Promise<Set<string>> {
  if (remoteIds.length === 0) return new Set();
  // CROSS JOIN: left to itself the planner goes through all of the sync's items.
  const rows = await db.all<{ id: string }>(sql`
    WITH RECURSIVE chain(id, remote_id, depth) AS (
      SELECT value, value, 0 FROM json_each(${JSON.stringify(remoteIds)})
      UNION
      SELECT chain.id, items.parent_id, chain.depth + 1
      FROM chain CROSS JOIN items ON items.sync_id = ${scope.syncId} AND items.remote_id = chain.remote_id
      WHERE items.parent_id IS NOT NULL AND chain.remote_id <> ${rootId} AND chain.depth < ${DEPTH_MAX}
    )
    SELECT DISTINCT id FROM chain WHERE remote_id = ${rootId} AND ${owned(scope)}`);
  return new Set(rows.map((row) => row.id));
}

/**
 * Where something is kept directly below one of these folders, the folder comes back into view, with those above it: what is
 * kept must be found. Answers the folders that did.
 */
export async function showKept(
  db: Database,
  scope: ItemScope,
  folderIds: readonly string[],
  show: { at: number; runId: string },
): Promise<string[]> {
  if (folderIds.length === 0) return [];
  const { chain, hidden } = hiddenAbove(scope, folderIds);
  const [, shown] = await runBatch(db, [
    record(scope, show.at, sql`${chain} SELECT 'created' AS type, remote_id FROM items WHERE ${hidden}`),
    sql`${chain}
      UPDATE items SET state = 'stored', reason = NULL, kept = 'restored', run_id = ${show.runId} WHERE ${hidden}
      RETURNING remote_id AS id`,
  ]);
  return shown?.results.map((row) => String(row["id"])) ?? [];
}

/** The folders that `showKept` would bring back. */
export async function toBeShown(db: Database, scope: ItemScope, folderIds: readonly string[]): Promise<string[]> {
  if (folderIds.length === 0) return [];
  const { chain, hidden } = hiddenAbove(scope, folderIds);
  const rows = await db.all<{ id: string }>(sql`${chain} SELECT remote_id AS id FROM items WHERE ${hidden}`);
  return rows.map((row) => row.id);
}

function hiddenAbove(scope: ItemScope, folderIds: readonly string[]): { chain: SQL; hidden: SQL } {
  const chain = sql`
    WITH RECURSIVE chain(remote_id, depth) AS (
      SELECT parent_id, 0 FROM items INDEXED BY items_by_parent
      WHERE sync_id = ${scope.syncId} AND parent_id IN (SELECT value FROM json_each(${JSON.stringify(folderIds)}))
        AND kept IS NOT NULL AND state <> 'removed'
      UNION
      SELECT items.parent_id, chain.depth + 1
      FROM chain CROSS JOIN items ON items.sync_id = ${scope.syncId} AND items.remote_id = chain.remote_id
      WHERE items.parent_id IS NOT NULL AND chain.depth < ${DEPTH_MAX}
    )`;
  const hidden = sql`sync_id = ${scope.syncId} AND state = 'removed' AND kind = 0 AND ${owned(scope)}
    AND remote_id IN (SELECT remote_id FROM chain)`;
  return { chain, hidden };
}
