import { sql } from "drizzle-orm";
import type { FolderLink } from "../sync/chains.ts";
import type { Database } from "./client.ts";
import type { ItemScope } from "./items.ts";
import { owned } from "./items.ts";

// The folders above items, and what is at a path: for the rules, which go by both.

/** These folders, as far as they are there, and all above them, by id. A circle of parents ends where it began. */
export async function foldersAbove(db: Database, scope: ItemScope, folderIds: readonly string[]): Promise<Map<string, FolderLink>> {
  if (folderIds.length === 0) return new Map();
  // CROSS JOIN: left to itself the planner goes through all of the sync's items.
  const rows = await db.all<{ remoteId: string; parentId: string | null; name: string }>(sql`
    WITH RECURSIVE above(remote_id) AS (
      SELECT value FROM json_each(${JSON.stringify(folderIds)})
      UNION
      SELECT items.parent_id
      FROM above CROSS JOIN items ON items.sync_id = ${scope.syncId} AND items.remote_id = above.remote_id
      WHERE items.parent_id IS NOT NULL
    )
    SELECT items.remote_id AS remoteId, items.parent_id AS parentId, items.name
    FROM above CROSS JOIN items ON items.sync_id = ${scope.syncId} AND items.remote_id = above.remote_id
    WHERE items.state <> 'removed' AND ${owned(scope)}`);
  return new Map(rows.map(({ remoteId, parentId, name }) => [remoteId, { parentId, name }]));
}

/** Folders in order of their ids, after `afterId`. */
export async function scanFolders(
  db: Database,
  scope: ItemScope,
  afterId: string,
  limit: number,
): Promise<{ remoteId: string; parentId: string | null; name: string }[]> {
  return db.all(sql`
    SELECT remote_id AS remoteId, parent_id AS parentId, name FROM items
    WHERE sync_id = ${scope.syncId} AND remote_id > ${afterId} AND kind = 0 AND state <> 'removed' AND ${owned(scope)}
    ORDER BY remote_id LIMIT ${limit}`);
}

/** The ids of what is at these paths, by path, as far as anything is: names regardless of case, those of the very case first. */
export async function idsAtPaths(db: Database, scope: ItemScope, paths: readonly string[]): Promise<Map<string, string>> {
  if (paths.length === 0) return new Map();
  const asked = paths.map((path) => ({ path, names: path.split("/").filter((name) => name !== "") }));
  // The index is named, and the order of the joins with it: one seek for each name on the way.
  const rows = await db.all<{ path: string; id: string }>(sql`
    WITH RECURSIVE asked AS MATERIALIZED (
      SELECT value->>'path' AS path, value->'names' AS names, json_array_length(value->'names') AS depth
      FROM json_each(${JSON.stringify(asked)})
    ),
    roots AS MATERIALIZED (
      SELECT remote_id FROM items INDEXED BY items_by_parent
      WHERE sync_id = ${scope.syncId} AND parent_id IS NULL AND ${owned(scope)}
    ),
    walk(path, names, left, place, id, exact) AS (
      SELECT asked.path, asked.names, asked.depth, 0, roots.remote_id, 0 FROM asked CROSS JOIN roots
      UNION ALL
      SELECT walk.path, walk.names, walk.left - 1, walk.place + 1, child.remote_id, walk.exact + (child.name = walk.names->>walk.place)
      FROM walk CROSS JOIN items AS child INDEXED BY items_by_parent
        ON child.sync_id = ${scope.syncId} AND child.parent_id = walk.id AND child.kind IN (0, 1)
        AND child.name COLLATE NOCASE = walk.names->>walk.place
      WHERE walk.left > 0 AND child.state <> 'removed'
    )
    SELECT path, id FROM walk WHERE left = 0 ORDER BY exact`);
  return new Map(rows.map((row) => [row.path, row.id]));
}
