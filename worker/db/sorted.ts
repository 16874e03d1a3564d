import { sql } from "drizzle-orm";
import type { ItemState } from "../sync/item.ts";
import type { BrowsedItem } from "./browse.ts";
import { COLUMNS, inState, owned, rootsOf } from "./browse.ts";
import type { Database } from "./client.ts";

// A folder by size or by time. No index has that order, and one would cost a row written for each new file: all of the folder is
// read for each page, so that only folders up to a size are sorted.

export const SORTED_ENTRIES_MAX = 20_000;

export type Sort = "size" | "modified";

/** Where a page begins: after this item. `key`: its size or time; -1 where it has none. */
export interface SortedCursor {
  kind: number;
  key: number;
  name: string;
  remoteId: string;
}

interface SortedQuery {
  syncId: string;
  /** Null: the children of the root, or of the roots where a sync has several. */
  parentId: string | null;
  state: ItemState | undefined;
  sort: Sort;
  descending: boolean;
  after: SortedCursor | null;
  /** So many are passed over. */
  skip?: number | undefined;
  limit: number;
}

/** A folder's children: folders first, then by what is asked for, then by name. What has no size or time is the least. */
export async function listSorted(db: Database, userId: string, query: SortedQuery): Promise<BrowsedItem[]> {
  const { syncId, after, limit } = query;
  const parents = query.parentId === null ? await rootsOf(db, syncId) : [query.parentId];
  const key = query.sort === "size" ? sql`ifnull(items.size, -1)` : sql`ifnull(items.modified_at, -1)`;
  const [order, beyond] = query.descending ? [sql`DESC`, sql`<`] : [sql`ASC`, sql`>`];
  const position = after
    ? sql`AND (items.kind > ${after.kind} OR (items.kind = ${after.kind} AND (${key} ${beyond} ${after.key} OR (${key} = ${after.key}
        AND (items.name COLLATE NOCASE, items.remote_id) > (${after.name}, ${after.remoteId})))))`
    : sql``;
  return db.all<BrowsedItem>(sql`
    SELECT ${COLUMNS} FROM json_each(${JSON.stringify(parents)}) AS folder
      CROSS JOIN items INDEXED BY items_by_parent ON items.sync_id = ${syncId} AND items.parent_id = folder.value
    WHERE TRUE ${position} ${inState(query.state)} ${owned(userId, syncId)}
    ORDER BY items.kind, ${key} ${order}, items.name COLLATE NOCASE, items.remote_id
    LIMIT ${limit} OFFSET ${query.skip ?? 0}`);
}

/** Where to go on after this item. */
export function cursorAfter(item: BrowsedItem, sort: Sort): SortedCursor {
  const key = (sort === "size" ? item.size : item.modifiedAt) ?? -1;
  return { kind: item.kind, key, name: item.name, remoteId: item.remoteId };
}
