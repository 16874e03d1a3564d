import { decodeBase64urlIgnorePadding, encodeBase64urlNoPadding } from "@oslojs/encoding";
import { z } from "zod";
import type { AppContext, UserEnv } from "../context.ts";
import type { BrowsedItem, ChildrenCursor } from "../db/browse.ts";
import { countChildren, getItem, listChildren, listRemoved, listRunFiles, pathsOf } from "../db/browse.ts";
import { catalogue } from "../db/client.ts";
import { toInstant, toInstantOrNull } from "../db/instant.ts";
import type { Sort } from "../db/sorted.ts";
import { cursorAfter, listSorted, SORTED_ENTRIES_MAX } from "../db/sorted.ts";
import { AppError } from "../errors.ts";
import { decodeItemId, encodeItemId } from "../item-id.ts";
import { previewOf } from "../sync/preview-kind.ts";
import type { Item, ItemsCount, itemsCountQuery, itemsQuery, pageQuery, runFilesQuery } from "../wire.ts";
import { COUNTED_ITEMS_MAX } from "../wire.ts";

interface ItemPage {
  items: Item[];
  cursor: string | null;
}

const removedCursor = z.object({ seenAt: z.int(), remoteId: z.string() });
const sortedCursor = z.object({ kind: z.int(), key: z.number(), name: z.string(), remoteId: z.string() });
const childrenCursor = z.object({ kind: z.int(), name: z.string(), remoteId: z.string() });

/** The children of a folder, or of the root, in the order a person expects. */
export async function listItems(c: AppContext<UserEnv>, syncId: string, asked: z.output<typeof itemsQuery>): Promise<ItemPage> {
  const { id: userId, homeShard } = c.var.user;
  const db = catalogue(c.env, homeShard);
  const parentId = asked.parent === undefined ? null : remoteIdIn(syncId, asked.parent);
  if (parentId !== null && !(await getItem(db, userId, syncId, parentId))) throw notFound();
  const { sort = "name", state } = asked;
  if (sort !== "name") return listSortedItems(c, syncId, parentId, { ...asked, sort });
  const after = asked.cursor === undefined ? null : decodeCursor(asked.cursor, childrenCursor);
  const from = { descending: asked.order === "desc", after, skip: after === null ? asked.skip : undefined };
  const rows = await listChildren(db, userId, { syncId, parentId, state, ...from, limit: asked.limit + 1 });
  const shown = rows.slice(0, asked.limit);
  const last = shown.at(-1);
  const next: ChildrenCursor | null =
    last && rows.length > asked.limit ? { kind: last.kind, name: last.name, remoteId: last.remoteId } : null;
  return { items: await withPaths(c, syncId, shown), cursor: next && encodeCursor(next) };
}

/** How many there are of them. */
export async function countItems(c: AppContext<UserEnv>, syncId: string, asked: z.output<typeof itemsCountQuery>): Promise<ItemsCount> {
  const { id: userId, homeShard } = c.var.user;
  const db = catalogue(c.env, homeShard);
  const parentId = asked.parent === undefined ? null : remoteIdIn(syncId, asked.parent);
  if (parentId !== null && !(await getItem(db, userId, syncId, parentId))) throw notFound();
  const count = await countChildren(db, userId, { syncId, parentId, state: asked.state, max: COUNTED_ITEMS_MAX + 1 });
  return { count: count > COUNTED_ITEMS_MAX ? null : count };
}

/** The same by size or time, where the folder is not too large for that. */
async function listSortedItems(
  c: AppContext<UserEnv>,
  syncId: string,
  parentId: string | null,
  { state, sort, order, limit, cursor, skip }: z.output<typeof itemsQuery> & { sort: Sort },
): Promise<ItemPage> {
  const { id: userId, homeShard } = c.var.user;
  const after = cursor === undefined ? null : decodeCursor(cursor, sortedCursor);
  const db = catalogue(c.env, homeShard);
  // A list that was begun goes on, should the folder grow meanwhile.
  if (after === null && (await countChildren(db, userId, { syncId, parentId, state, max: SORTED_ENTRIES_MAX + 1 })) > SORTED_ENTRIES_MAX)
    throw new AppError("item.too_many_to_sort", "There are more than 20,000 entries. So many can be sorted by name only.");
  const query = {
    syncId,
    parentId,
    state,
    sort,
    descending: order === "desc",
    after,
    skip: after === null ? skip : undefined,
    limit: limit + 1,
  };
  const rows = await listSorted(db, userId, query);
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const next = last && rows.length > limit ? encodeCursor(cursorAfter(last, sort)) : null;
  return { items: await withPaths(c, syncId, shown), cursor: next };
}

/** All that was removed, newest first, wherever it was. */
export async function listTrash(c: AppContext<UserEnv>, syncId: string, asked: z.output<typeof pageQuery>): Promise<ItemPage> {
  const { id: userId, homeShard } = c.var.user;
  const after = asked.cursor === undefined ? null : decodeCursor(asked.cursor, removedCursor);
  const rows = await listRemoved(catalogue(c.env, homeShard), userId, { syncId, after, limit: asked.limit + 1 });
  const shown = rows.slice(0, asked.limit);
  const last = shown.at(-1);
  const next = last && rows.length > asked.limit ? encodeCursor({ seenAt: last.seenAt, remoteId: last.remoteId }) : null;
  return { items: await withPaths(c, syncId, shown), cursor: next };
}

/** The files that a run was the last to change. */
export async function listFilesOfRun(
  c: AppContext<UserEnv>,
  run: { id: string; syncId: string },
  asked: z.output<typeof runFilesQuery>,
): Promise<ItemPage> {
  const { id: userId, homeShard } = c.var.user;
  const after = asked.cursor === undefined ? "" : decodeCursor(asked.cursor, z.string());
  const query = { syncId: run.syncId, runId: run.id, state: asked.state, after, limit: asked.limit };
  const { items, next } = await listRunFiles(catalogue(c.env, homeShard), userId, query);
  return { items: await withPaths(c, run.syncId, items), cursor: next === null ? null : encodeCursor(next) };
}

/** One item by its id in the API. */
export async function loadItem(c: AppContext<UserEnv>, itemId: string): Promise<{ syncId: string; row: BrowsedItem }> {
  const { id: userId, homeShard } = c.var.user;
  const decoded = decodeItemId(itemId);
  const row = decoded && (await getItem(catalogue(c.env, homeShard), userId, decoded.syncId, decoded.remoteId));
  if (!row) throw notFound();
  return { syncId: decoded.syncId, row };
}

/** Items as the API shows them. */
export async function withPaths(c: AppContext<UserEnv>, syncId: string, rows: readonly BrowsedItem[]): Promise<Item[]> {
  const { id: userId, homeShard } = c.var.user;
  const ids = rows.map((row) => row.remoteId);
  const paths = await pathsOf(catalogue(c.env, homeShard), userId, syncId, ids);
  return rows.map((row) => toItem(syncId, row, paths.get(row.remoteId) ?? "/"));
}

function toItem(syncId: string, row: BrowsedItem, path: string): Item {
  const [algorithm, ...value] = row.hash?.split(":") ?? [];
  return {
    id: encodeItemId(syncId, row.remoteId),
    syncId,
    remoteId: row.remoteId,
    parentId: row.parentIsRoot || row.parentId === null ? null : encodeItemId(syncId, row.parentId),
    name: row.name,
    path,
    kind: row.kind === 0 ? "folder" : "file",
    size: row.size,
    mimeType: row.mimeType,
    webUrl: row.webUrl,
    createdAt: toInstantOrNull(row.createdAt),
    modifiedAt: toInstantOrNull(row.modifiedAt),
    lastSeenAt: toInstant(row.seenAt),
    hash: algorithm === undefined ? null : { algorithm, value: value.join(":") },
    sha256: row.storedSha256,
    storedSize: row.storedSize,
    state: row.state,
    reason: row.reason,
    nextAttemptAt: toInstantOrNull(row.nextAttemptAt),
    storedAt: toInstantOrNull(row.storedAt),
    servedDiffers: row.storedDiffers === 1,
    restoredFrom: row.restoredFrom,
    kept: row.kept,
    preview: row.kind === 1 ? (previewOf(row.name)?.kind ?? null) : null,
  };
}

/** The remote id of an item of this sync. Throws for any other. */
export function remoteIdIn(syncId: string, itemId: string): string {
  const decoded = decodeItemId(itemId);
  if (decoded?.syncId !== syncId) throw notFound();
  return decoded.remoteId;
}

export function encodeCursor(value: unknown): string {
  return encodeBase64urlNoPadding(new TextEncoder().encode(JSON.stringify(value)));
}

export function decodeCursor<T>(cursor: string, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(new TextDecoder().decode(decodeBase64urlIgnorePadding(cursor))));
  } catch (cause) {
    throw new AppError("request.invalid", "cursor: not one of this list", { cause });
  }
}

export function notFound(): AppError {
  return new AppError("item.not_found", "There is no such item.");
}
