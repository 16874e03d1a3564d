import { Hono } from "hono";
import type { AppContext, UserEnv } from "../context.ts";
import { userObject } from "../context.ts";
import { getItems } from "../db/browse.ts";
import type { ChangeRow } from "../db/changes.ts";
import { changesKept, listChanges, typeOf } from "../db/changes.ts";
import { catalogue } from "../db/client.ts";
import { toInstant } from "../db/instant.ts";
import { AppError } from "../errors.ts";
import { encodeItemId } from "../item-id.ts";
import type { StreamPlace } from "../sync/changes.ts";
import { afterNumber, encodePlace, isExpired } from "../sync/changes.ts";
import type { Change, Item } from "../wire.ts";
import { changesQuery, PAGE_MAX } from "../wire.ts";
import { withPaths } from "./list-items.ts";
import { listen } from "./live.ts";
import type { EventSink } from "./sse.ts";
import { eventStream } from "./sse.ts";
import { query } from "./validate.ts";

/** A reader that has nothing yet begins this long ago: changes are dated before they can be read. */
const SLACK_MILLISECONDS = 3_600_000;
/** An open stream looks for changes this often, whether or not it heard of any. */
const POLL_MILLISECONDS = 30_000;
/** Least time between two looks: a sync that is at work reports twice a second. */
const LOOK_MILLISECONDS_MIN = 2_000;
/** A stream ends after this long, and its reader comes back: an invocation has a bounded number of queries. */
const STREAM_MILLISECONDS_MAX = 10 * 60_000;

/** GET /changes: what changed in all of the user's copies, in order; as a page, or as server-sent events. */
export const changeRoutes = new Hono<UserEnv>()
  .get("/", query(changesQuery), async (c) => {
    const asked = c.req.valid("query");
    if (c.req.header("accept")?.includes("text/event-stream") === true) return stream(c, asked);
    return c.json(await changesAfter(c, await startOf(c, asked), asked.limit));
  })
  .get("/stream", query(changesQuery), (c) => stream(c, c.req.valid("query")));

interface Asked {
  cursor?: string | undefined;
  from?: "now" | undefined;
}

/** Throws where the reader may have missed changes that are no longer kept. */
async function startOf(c: AppContext<UserEnv>, asked: Asked): Promise<StreamPlace> {
  const { id, homeShard } = c.var.user;
  const { oldest, newest } = await changesKept(catalogue(c.env, homeShard), id);
  if (asked.cursor === undefined) {
    if (newest === null || oldest === null) return afterNumber(Date.now() - SLACK_MILLISECONDS);
    return afterNumber(asked.from === "now" ? newest : oldest - 1);
  }
  const place = decodePlace(asked.cursor);
  if (isExpired(place, oldest, Date.now()))
    throw new AppError("changes.cursor_expired", "What came after this cursor is no longer kept. List the items, and follow from now.");
  return place;
}

async function changesAfter(c: AppContext<UserEnv>, after: StreamPlace, limit: number): Promise<{ items: Change[]; cursor: string }> {
  const { id, homeShard } = c.var.user;
  const rows = await listChanges(catalogue(c.env, homeShard), id, after, limit);
  return { items: await toChanges(c, rows), cursor: encodePlace(rows.at(-1) ?? after) };
}

/** Changes as the API shows them. */
export async function toChanges(c: AppContext<UserEnv>, rows: readonly ChangeRow[]): Promise<Change[]> {
  const items = await itemsOf(c, rows);
  return rows.map((row) => {
    const itemId = encodeItemId(row.syncId, row.remoteId);
    const item = items.get(itemId) ?? null;
    return { cursor: encodePlace(row), at: toInstant(row.at), type: typeOf(row), syncId: row.syncId, itemId, item };
  });
}

/** The items as they are now. */
async function itemsOf(c: AppContext<UserEnv>, rows: readonly ChangeRow[]): Promise<Map<string, Item>> {
  const { id, homeShard } = c.var.user;
  const found = new Map<string, Item>();
  for (const syncId of new Set(rows.map((row) => row.syncId))) {
    const remoteIds = new Set(rows.filter((row) => row.syncId === syncId).map((row) => row.remoteId));
    const known = await getItems(catalogue(c.env, homeShard), id, syncId, [...remoteIds]);
    for (const item of await withPaths(c, syncId, known)) found.set(item.id, item);
  }
  return found;
}

/** Every change as an event, its cursor as the id. Goes on after `Last-Event-ID`. */
async function stream(c: AppContext<UserEnv>, asked: Asked): Promise<Response> {
  // An answer that has begun can no longer be refused: the start is found first.
  let place = await startOf(c, { ...asked, cursor: c.req.header("last-event-id") ?? asked.cursor });
  return eventStream(c, async (sink) => {
    const until = Date.now() + STREAM_MILLISECONDS_MAX;
    const bell = await doorbell(c, sink);
    while (!sink.signal.aborted && Date.now() < until) {
      const page = await changesAfter(c, place, PAGE_MAX);
      for (const change of page.items) sink.send({ id: change.cursor, event: "change", data: change });
      place = decodePlace(page.cursor);
      if (page.items.length < PAGE_MAX) await bell();
    }
    sink.close();
  });
}

/** Waits until the user's object is heard of, or it is time to look anyway. */
async function doorbell(c: AppContext<UserEnv>, sink: EventSink): Promise<() => Promise<void>> {
  let ring = () => undefined as void;
  let rung = false;
  const onEnd = () => sink.close();
  const onMessage = () => {
    rung = true;
    ring();
  };
  await listen(userObject(c.env, c.var.user.id), { since: undefined, signal: sink.signal, onMessage, onEnd });
  return async () => {
    await pause(LOOK_MILLISECONDS_MIN, sink.signal);
    if (!rung) await Promise.race([pause(POLL_MILLISECONDS, sink.signal), new Promise<void>((resolve) => (ring = resolve))]);
    rung = false;
  };
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}

export function decodePlace(cursor: string): StreamPlace {
  const [, number, type, index] = /^(\d{1,15})\.(\d{1,2})\.(\d{1,9})$/.exec(cursor) ?? [];
  if (index === undefined) throw new AppError("request.invalid", "cursor: not one of ours.");
  return { number: Number(number), type: Number(type), index: Number(index) };
}
