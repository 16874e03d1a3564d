import { Hono } from "hono";
import { z } from "zod";
import type { AppContext, UserEnv } from "../context.ts";
import { getItems } from "../db/browse.ts";
import { catalogue } from "../db/client.ts";
import type { NamePlace } from "../db/search.ts";
import { candidates, placeAfter } from "../db/search.ts";
import { listSyncs } from "../db/syncs.ts";
import { AppError } from "../errors.ts";
import type { NameSearch } from "../sync/name-search.ts";
import { fitsName, fitsPath, parseSearch, plainText } from "../sync/name-search.ts";
import type { Item } from "../wire.ts";
import { searchQuery } from "../wire/search.ts";
import { decodeCursor, encodeCursor, withPaths } from "./list-items.ts";
import { loadSync } from "./load.ts";
import { query } from "./validate.ts";

/** Rows of the index looked at by one statement. */
const STRETCH_ROWS = 50_000;
/** Stretches, one answer: what is found by then is told, and the caller goes on. */
const STRETCHES_MAX = 4;
/** Names compared here at a time. */
const CANDIDATES_MAX = 5_000;
/** Items whose paths are read at a time. */
const READ_MAX = 500;

type Asked = z.output<typeof searchQuery>;

interface Place {
  syncId: string;
  /** Null: its beginning. */
  after: NamePlace | null;
}

const searchCursor = z.object({
  syncId: z.string(),
  after: z.object({ parentId: z.string(), kind: z.int(), name: z.string(), remoteId: z.string() }).nullable(),
});

export const searchRoutes = new Hono<UserEnv>().get("/", query(searchQuery), async (c) =>
  c.json(await searchItems(c, c.req.valid("query"))),
);

/**
 * Items by name, over all of the user's syncs or in one. In no order that means something. A page may be short, even empty, and
 * still not be the last: only one without a cursor is.
 */
async function searchItems(c: AppContext<UserEnv>, asked: Asked): Promise<{ items: Item[]; cursor: string | null }> {
  const search = parseSearch(asked.q);
  if (!search) throw new AppError("request.invalid", "q: nothing to search for");
  const syncIds = await searchedSyncs(c, asked.sync);
  let place: Place | null = asked.cursor === undefined ? firstOf(syncIds) : placeIn(syncIds, decodeCursor(asked.cursor, searchCursor));
  const items: Item[] = [];
  for (let stretches = 0; place !== null && items.length < asked.limit && stretches < STRETCHES_MAX; stretches += 1) {
    const found: Found = await searchStretch(c, search, place, { ...asked, limit: asked.limit - items.length });
    items.push(...found.items);
    place = found.after === null ? nextSync(syncIds, place.syncId) : { syncId: place.syncId, after: found.after };
  }
  return { items, cursor: place && encodeCursor(place) };
}

async function searchedSyncs(c: AppContext<UserEnv>, only: string | undefined): Promise<string[]> {
  if (only !== undefined) return [(await loadSync(c, only)).id];
  const { id, homeShard } = c.var.user;
  const rows = await listSyncs(catalogue(c.env, homeShard), id);
  return rows.filter((row) => row.status !== "deleting").map((row) => row.id);
}

interface Found {
  items: Item[];
  /** Where to go on in this sync; null at its end. */
  after: NamePlace | null;
}

async function searchStretch(c: AppContext<UserEnv>, search: NameSearch, place: Place, { state, limit }: Asked): Promise<Found> {
  const { id: userId, homeShard } = c.var.user;
  const db = catalogue(c.env, homeShard);
  const scope = { userId, syncId: place.syncId };
  const to = await placeAfter(db, scope, place.after, STRETCH_ROWS);
  const names = { text: plainText(search), foldersOnly: search.foldersOnly, state };
  const items: Item[] = [];
  for (let { after } = place; ;) {
    const named = await candidates(db, scope, { after, to }, names, CANDIDATES_MAX);
    const fitting = named.filter(({ name }) => fitsName(search, name));
    for (let start = 0; start < fitting.length; start += READ_MAX) {
      const read = fitting.slice(start, start + READ_MAX);
      const rows = new Map((await getItems(db, userId, place.syncId, read.map(({ remoteId }) => remoteId))).map((row) => [row.remoteId, row])); // prettier-ignore
      // In the order of the index: the place of the last one that is shown is where to go on.
      const shown = await withPaths(c, place.syncId, read.flatMap(({ remoteId }) => rows.get(remoteId) ?? [])); // prettier-ignore
      for (const item of shown) {
        if (!fitsPath(search, item.path)) continue;
        items.push(item);
        if (items.length === limit) return { items, after: read.find(({ remoteId }) => remoteId === item.remoteId) ?? to };
      }
    }
    after = named.at(-1) ?? null;
    if (named.length < CANDIDATES_MAX) return { items, after: to };
  }
}

function firstOf(syncIds: readonly string[]): Place | null {
  const [syncId] = syncIds;
  return syncId === undefined ? null : { syncId, after: null };
}

/** The place that a cursor names, as far as its sync is still one of these. */
function placeIn(syncIds: readonly string[], place: Place): Place {
  if (!syncIds.includes(place.syncId)) throw new AppError("request.invalid", "cursor: not one of this list");
  return place;
}

function nextSync(syncIds: readonly string[], syncId: string): Place | null {
  return firstOf(syncIds.slice(syncIds.indexOf(syncId) + 1));
}
