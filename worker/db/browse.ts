import { sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import type { Database } from "./client.ts";
import type { ItemState } from "../sync/item.ts";
import type { Kept } from "../sync/rules.ts";

// What routes read of items. Rows are written by the user's object only; a sync is known to be the user's before its
// items are read, and every statement checks it again.

/** The deepest chain of folders that is followed; a longer one, or one that bites its tail, ends there. */
const DEPTH_MAX = 500;
/** Feeds of one sync, each with a root of its own. */
const ROOTS_MAX = 1000;
/** Rows of a sync looked at for one page of a run's files: nothing indexes them by run, and none of them is hot. */
const SCAN_ROWS_MAX = 20_000;

const FOLDER = 0;
const FILE = 1;

/** An item as the API shows it, but for its path. */
export interface BrowsedItem {
  remoteId: string;
  parentId: string | null;
  /** Whether the parent is the feed's root, or not known: the item is shown at the top. */
  parentIsRoot: number;
  kind: number;
  name: string;
  size: number | null;
  mimeType: string | null;
  webUrl: string | null;
  createdAt: number | null;
  modifiedAt: number | null;
  seenAt: number;
  hash: string | null;
  state: ItemState;
  reason: string | null;
  nextAttemptAt: number | null;
  storedId: string | null;
  storedSize: number | null;
  storedSha256: string | null;
  storedAt: number | null;
  storedDiffers: number | null;
  restoredFrom: number | null;
  kept: Kept | null;
}

/** Where a page of children begins: after this item. */
export interface ChildrenCursor {
  kind: number;
  name: string;
  remoteId: string;
}

interface ChildrenQuery {
  syncId: string;
  /** Null: the children of the root, or of the roots where a sync has several. */
  parentId: string | null;
  /** Undefined: every state but `removed`. */
  state?: ItemState | undefined;
  /** From Z to A; folders come first all the same. */
  descending?: boolean | undefined;
  after: ChildrenCursor | null;
  /** So many are passed over; they are read all the same. */
  skip?: number | undefined;
  limit: number;
}

/** The columns of a `BrowsedItem`. */
export const COLUMNS = sql`
  items.remote_id AS remoteId, items.parent_id AS parentId, items.kind, items.name, items.size, items.mime_type AS mimeType,
  items.web_url AS webUrl, items.created_at AS createdAt, items.modified_at AS modifiedAt, items.seen_at AS seenAt, items.hash,
  items.state, items.reason, items.next_attempt_at AS nextAttemptAt, items.stored_id AS storedId, items.stored_size AS storedSize,
  items.stored_sha256 AS storedSha256, items.stored_at AS storedAt, items.stored_differs AS storedDiffers,
  items.restored_from AS restoredFrom, items.kept,
  NOT EXISTS (
    SELECT 1 FROM items AS parent
    WHERE parent.sync_id = items.sync_id AND parent.remote_id = items.parent_id AND parent.parent_id IS NOT NULL
  ) AS parentIsRoot`;

/** A folder's children: folders first, then by name regardless of case; up or down. */
export async function listChildren(db: Database, userId: string, query: ChildrenQuery): Promise<BrowsedItem[]> {
  const parents = query.parentId === null ? await rootsOf(db, query.syncId) : [query.parentId];
  const found: BrowsedItem[] = [];
  let skip = query.skip ?? 0;
  for (const kind of [FOLDER, FILE]) {
    if (found.length >= query.limit || (query.after && query.after.kind > kind)) continue;
    const after = query.after?.kind === kind ? query.after : null;
    const rows = await childrenOfKind(db, userId, { ...query, kind, after, skip, parents, limit: query.limit - found.length });
    found.push(...rows);
    // None may mean that all of them are passed over.
    if (skip > 0) skip = rows.length > 0 ? 0 : skip - (await countOf(db, userId, { ...query, parents, kind, max: skip }));
  }
  return found;
}

/** How many children a folder has, up to `max`; reads so many entries of the index, and their rows. */
export async function countChildren(
  db: Database,
  userId: string,
  query: Pick<ChildrenQuery, "syncId" | "parentId" | "state"> & { max: number },
): Promise<number> {
  const parents = query.parentId === null ? await rootsOf(db, query.syncId) : [query.parentId];
  return countOf(db, userId, { ...query, parents });
}

async function countOf(
  db: Database,
  userId: string,
  query: Pick<ChildrenQuery, "syncId" | "state"> & { parents: string[]; kind?: number; max: number },
): Promise<number> {
  const { syncId, parents, kind, max } = query;
  const row = await db.get<{ count: number }>(sql`
    SELECT count(*) AS count FROM (
      SELECT 1 FROM items INDEXED BY items_by_parent
      WHERE items.sync_id = ${syncId} AND items.parent_id ${isAmong(parents)} ${kind === undefined ? sql`` : sql`AND items.kind = ${kind}`}
        ${inState(query.state)} ${owned(userId, syncId)}
      LIMIT ${max})`);
  return row?.count ?? 0;
}

function isAmong(parents: readonly string[]): SQL {
  return parents.length === 1 ? sql`= ${parents[0]}` : sql`IN (SELECT value FROM json_each(${JSON.stringify(parents)}))`;
}

/**
 * One range of the index, which has this order already: a page costs its own rows, however large the folder. The index is
 * named: without statistics the planner takes a sync for ten rows, and goes through all of it.
 */
function childrenOfKind(
  db: Database,
  userId: string,
  query: ChildrenQuery & { kind: number; parents: readonly string[] },
): Promise<BrowsedItem[]> {
  const { syncId, parents, after } = query;
  const [order, beyond, from] = query.descending ? [sql`DESC`, sql`<`, sql`<=`] : [sql`ASC`, sql`>`, sql`>=`];
  // The first condition is what the index can seek; the second leaves out those of the same name that came before.
  const position = after
    ? sql`AND items.name COLLATE NOCASE ${from} ${after.name} AND (items.name COLLATE NOCASE ${beyond} ${after.name} OR items.remote_id ${beyond} ${after.remoteId})`
    : sql``;
  return db.all<BrowsedItem>(sql`
    SELECT ${COLUMNS} FROM items INDEXED BY items_by_parent
    WHERE items.sync_id = ${syncId} AND items.parent_id ${isAmong(parents)} AND items.kind = ${query.kind} ${position}
      ${inState(query.state)} ${owned(userId, syncId)}
    ORDER BY items.name COLLATE NOCASE ${order}, items.remote_id ${order}
    LIMIT ${query.limit} OFFSET ${query.skip ?? 0}`);
}

/** All that was removed from a sync and is not purged yet, newest first, after this item: one range of an index of its own. */
export function listRemoved(
  db: Database,
  userId: string,
  query: { syncId: string; after: { seenAt: number; remoteId: string } | null; limit: number },
): Promise<BrowsedItem[]> {
  const { syncId, after, limit } = query;
  const position = after
    ? sql`AND items.seen_at <= ${after.seenAt} AND (items.seen_at < ${after.seenAt} OR items.remote_id < ${after.remoteId})`
    : sql``;
  return db.all<BrowsedItem>(sql`
    SELECT ${COLUMNS} FROM items INDEXED BY items_removed
    WHERE items.sync_id = ${syncId} AND items.state = 'removed' ${position} ${owned(userId, syncId)}
    ORDER BY items.seen_at DESC, items.remote_id DESC
    LIMIT ${limit}`);
}

/** The folders whose children are at the top: the roots of the feeds, and "" for what has no known place. */
export async function rootsOf(db: Database, syncId: string): Promise<string[]> {
  // What has no known place is at the top as well, where there is any: one range of the index is cheaper than two.
  const rows = await db.all<{ id: string }>(sql`
    SELECT id FROM (SELECT remote_id AS id FROM items WHERE sync_id = ${syncId} AND parent_id IS NULL LIMIT ${ROOTS_MAX})
    UNION ALL SELECT '' WHERE EXISTS (
      SELECT 1 FROM items INDEXED BY items_by_parent WHERE sync_id = ${syncId} AND parent_id = '' AND state <> 'removed')`);
  return rows.map((row) => row.id);
}

export async function getItem(db: Database, userId: string, syncId: string, remoteId: string): Promise<BrowsedItem | undefined> {
  const rows = await db.all<BrowsedItem>(sql`
    SELECT ${COLUMNS} FROM items
    WHERE items.sync_id = ${syncId} AND items.remote_id = ${remoteId} ${owned(userId, syncId)}`);
  return rows[0];
}

/** Those of these items that there are, removed ones too, in no order. */
export async function getItems(db: Database, userId: string, syncId: string, remoteIds: readonly string[]): Promise<BrowsedItem[]> {
  return db.all<BrowsedItem>(sql`
    SELECT ${COLUMNS} FROM items
    WHERE items.sync_id = ${syncId} AND items.remote_id IN (SELECT value FROM json_each(${JSON.stringify(remoteIds)})) ${owned(userId, syncId)}`);
}

/** Paths from the root, with a leading slash, by remote id. What is not placed under the root begins with its topmost known folder. */
export async function pathsOf(db: Database, userId: string, syncId: string, remoteIds: readonly string[]): Promise<Map<string, string>> {
  // Up from each folder once, however many of its children are asked about. CROSS JOIN: left to itself the planner goes
  // through all of the sync's items, once for each call.
  const rows = await db.all<{ id: string; path: string }>(sql`
    WITH RECURSIVE given(id, parent_id, name) AS MATERIALIZED (
      SELECT items.remote_id, items.parent_id, items.name
      FROM json_each(${JSON.stringify(remoteIds)}) AS asked CROSS JOIN items ON items.sync_id = ${syncId} AND items.remote_id = asked.value
      WHERE items.parent_id IS NOT NULL ${owned(userId, syncId)}
    ),
    chain(folder_id, remote_id, depth) AS (
      SELECT parent_id, parent_id, 1 FROM given WHERE parent_id <> ''
      UNION
      SELECT chain.folder_id, items.parent_id, chain.depth + 1
      FROM chain CROSS JOIN items ON items.sync_id = ${syncId} AND items.remote_id = chain.remote_id
      WHERE items.parent_id IS NOT NULL AND items.parent_id <> '' AND chain.depth < ${DEPTH_MAX}
    ),
    folders(id, path) AS MATERIALIZED (
      SELECT chain.folder_id, '/' || group_concat(items.name, '/' ORDER BY chain.depth DESC)
      FROM chain CROSS JOIN items ON items.sync_id = ${syncId} AND items.remote_id = chain.remote_id
      WHERE items.parent_id IS NOT NULL
      GROUP BY chain.folder_id
    )
    SELECT given.id, ifnull((SELECT path FROM folders WHERE folders.id = given.parent_id), '') || '/' || given.name AS path FROM given`);
  return new Map(rows.map((row) => [row.id, row.path]));
}

/** The ids from an item up to the top of its tree, itself included, by remote id; whatever their states are. */
export async function chainsOf(db: Database, userId: string, syncId: string, remoteIds: readonly string[]): Promise<Map<string, string[]>> {
  const rows = await db.all<{ id: string; at: string }>(sql`
    WITH RECURSIVE chain(id, remote_id, depth) AS (
      SELECT value, value, 0 FROM json_each(${JSON.stringify(remoteIds)})
      UNION
      SELECT chain.id, items.parent_id, chain.depth + 1
      FROM chain CROSS JOIN items ON items.sync_id = ${syncId} AND items.remote_id = chain.remote_id
      WHERE items.parent_id IS NOT NULL AND items.parent_id <> '' AND chain.depth < ${DEPTH_MAX}
    )
    SELECT chain.id, chain.remote_id AS at FROM chain WHERE TRUE ${owned(userId, syncId)} ORDER BY chain.id, chain.depth`);
  const chains = new Map<string, string[]>();
  for (const { id, at } of rows) chains.set(id, [...(chains.get(id) ?? []), at]);
  return chains;
}

interface RunFilesQuery {
  syncId: string;
  runId: string;
  /** Undefined: every state. */
  state?: ItemState | undefined;
  /** The remote id after which to go on; "" at the beginning. */
  after: string;
  limit: number;
}

/**
 * The files that this run was the last to change, by remote id. A page may be short of `limit`, even empty, and still not
 * be the last: `next` is null on the last one only.
 */
export async function listRunFiles(
  db: Database,
  userId: string,
  query: RunFilesQuery,
): Promise<{ items: BrowsedItem[]; next: string | null }> {
  const { syncId, after } = query;
  const windows = await db.all<{ end: string | null; scanned: number }>(sql`
    SELECT max(remote_id) AS "end", count(*) AS scanned FROM (
      SELECT remote_id FROM items WHERE sync_id = ${syncId} AND remote_id > ${after} ORDER BY remote_id LIMIT ${SCAN_ROWS_MAX}
    )`);
  const end = windows[0]?.end ?? null;
  if (end === null) return { items: [], next: null };
  const items = await db.all<BrowsedItem>(sql`
    SELECT ${COLUMNS} FROM items
    WHERE items.sync_id = ${syncId} AND items.remote_id > ${after} AND items.remote_id <= ${end}
      AND items.run_id = ${query.runId} AND items.kind = 1
      ${query.state === undefined ? sql`` : sql`AND items.state = ${query.state}`} ${owned(userId, syncId)}
    ORDER BY items.remote_id
    LIMIT ${query.limit}`);
  const last = items.at(-1);
  if (last && items.length === query.limit) return { items, next: last.remoteId };
  return { items, next: windows[0]?.scanned === SCAN_ROWS_MAX ? end : null };
}

/** Where a content lies, and what it is. */
export interface StoredContent {
  storedId: string;
  size: number;
  sha256: string;
}

/** The newest content that an item once had: of one that the source removed, or whose row has none. */
export async function lastVersion(db: Database, userId: string, syncId: string, remoteId: string): Promise<StoredContent | undefined> {
  const rows = await db.all<StoredContent>(sql`
    SELECT stored_id AS storedId, size, sha256 FROM versions
    WHERE sync_id = ${syncId} AND remote_id = ${remoteId} ${owned(userId, syncId)}
    ORDER BY number DESC
    LIMIT 1`);
  return rows[0];
}

/** When the newest content that is kept as a version ceased to be current, and why. */
export async function newestVersionEnd(
  db: Database,
  userId: string,
  syncId: string,
  remoteId: string,
): Promise<{ endedAt: number; endedBy: string } | undefined> {
  const rows = await db.all<{ endedAt: number; endedBy: string }>(sql`
    SELECT ended_at AS endedAt, ended_by AS endedBy FROM versions
    WHERE sync_id = ${syncId} AND remote_id = ${remoteId} ${owned(userId, syncId)}
    ORDER BY number DESC
    LIMIT 1`);
  return rows[0];
}

export function inState(state: ItemState | undefined): SQL {
  return state === undefined ? sql`AND items.state <> 'removed'` : sql`AND items.state = ${state}`;
}

export function owned(userId: string, syncId: string): SQL {
  return sql`AND EXISTS (SELECT 1 FROM syncs WHERE syncs.id = ${syncId} AND syncs.user_id = ${userId})`;
}
