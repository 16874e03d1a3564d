import { sql } from "drizzle-orm";
import type { ItemState } from "../sync/item.ts";
import type { Database } from "./client.ts";
import type { ItemScope } from "./items.ts";
import { owned } from "./items.ts";

// What goes into a zip: rows of items with what is stored of them.

export interface ArchiveRow {
  remoteId: string;
  parentId: string | null;
  kind: number;
  name: string;
  state: ItemState;
  modifiedAt: number | null;
  storedId: string | null;
  storedSize: number | null;
}

const COLUMNS = sql.raw(`items.remote_id AS remoteId, items.parent_id AS parentId, items.kind, items.name, items.state,
  items.modified_at AS modifiedAt, items.stored_id AS storedId, items.stored_size AS storedSize`);

/** These items, as far as there are any, removed ones too. */
export function archiveItems(db: Database, scope: ItemScope, remoteIds: readonly string[]): Promise<ArchiveRow[]> {
  return db.all<ArchiveRow>(sql`
    SELECT ${COLUMNS} FROM items
    WHERE items.sync_id = ${scope.syncId} AND items.remote_id IN (SELECT value FROM json_each(${JSON.stringify(remoteIds)})) AND ${owned(scope)}`);
}

/** What is directly in this folder, removed items too, in the order of names, after this item. */
export function archiveChildren(
  db: Database,
  scope: ItemScope,
  folderId: string,
  after: Pick<ArchiveRow, "kind" | "name" | "remoteId"> | null,
  limit: number,
): Promise<ArchiveRow[]> {
  const position = after
    ? sql`items.kind >= ${after.kind} AND (items.kind, items.name COLLATE NOCASE, items.remote_id) > (${after.kind}, ${after.name}, ${after.remoteId})`
    : sql`TRUE`;
  return db.all<ArchiveRow>(sql`
    SELECT ${COLUMNS} FROM items INDEXED BY items_by_parent
    WHERE items.sync_id = ${scope.syncId} AND items.parent_id = ${folderId} AND ${position} AND ${owned(scope)}
    ORDER BY items.kind, items.name COLLATE NOCASE, items.remote_id LIMIT ${limit}`);
}

/** What is directly in these folders, removed items too: null where it is more than `limit`. */
export async function archiveBelow(
  db: Database,
  scope: ItemScope,
  folderIds: readonly string[],
  limit: number,
): Promise<ArchiveRow[] | null> {
  const rows = await db.all<ArchiveRow>(sql`
    SELECT ${COLUMNS} FROM json_each(${JSON.stringify(folderIds)}) AS folder
      CROSS JOIN items INDEXED BY items_by_parent ON items.sync_id = ${scope.syncId} AND items.parent_id = folder.value
    WHERE ${owned(scope)} LIMIT ${limit + 1}`);
  return rows.length > limit ? null : rows;
}
