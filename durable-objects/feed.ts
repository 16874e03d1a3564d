import { itemsUnder } from "../worker/db/going.ts";
import { markUnreachable, scanItems } from "../worker/db/items.ts";
import { asProviderError, ProviderError } from "../worker/providers/errors.ts";
import type { Change, Provider } from "../worker/providers/provider.ts";
import type { ItemRow } from "../worker/sync/item.ts";
import { afterPage } from "../worker/sync/loop.ts";
import { noteIds, partOfId, SeenIds } from "../worker/sync/seen.ts";
import { applyChanges } from "./apply.ts";
import { noteGone } from "./drift.ts";
import type { Engine } from "./engine.ts";
import { scopeOf } from "./engine.ts";
import { roundEnded } from "./replanning.ts";
import { isToBeJudged, stepJudging } from "./guard.ts";
import { knownItemsOf } from "./known.ts";
import { applyPage } from "./poison.ts";
import { stepRemoving } from "./removing.ts";
import { announce } from "./run.ts";
import { sourceOf } from "./source.ts";
import { logEvents } from "./run-log.ts";
import type { FeedPhase, FeedState, RunState, SyncState } from "./user-sync-schema.ts";

// The steps of a feed's round. Each makes itself durable: what it did to the catalogue, then, in one transaction of the
// object, its jobs, its marks and how far it came. A step that is repeated after a crash ends the same.

/** Rows compared with what an enumeration reported, a step. */
const SWEEP_ROWS_MAX = 500;
/** Lookups a step of a sweep. */
const SWEEP_LOOKUPS_MAX = 5;
/** Noted ids looked up at a time: eight bytes each. */
const SEEN_IDS_MAX = 1_000_000;
const SEEN_ID_BYTES = 8;

/** Begins a round: an enumeration where there is no cursor yet, or where one is asked for. */
export function beginRound(engine: Engine, sync: SyncState, feed: FeedState, enumerate: boolean): void {
  const enumerating = enumerate || feed.cursor === null;
  engine.store.seen.forget(feed);
  engine.store.updateFeed(feed, {
    phase: "listing",
    cursor: enumerating ? null : feed.cursor,
    enumeration: !enumerating ? "none" : sync.stats.items > 0 || sync.statsDoubtful ? "over" : "first",
    sweptPart: 0,
    sweptAfter: "",
    page: 0,
    roundStartedAt: engine.now(),
    action: null,
    heldBecause: null,
    loop: null,
  });
}

/** One step of a round that is under way. Throws a `ProviderError`, or whatever the catalogue throws. */
export async function stepFeed(engine: Engine, sync: SyncState, feed: FeedState, run: RunState): Promise<void> {
  switch (feed.phase) {
    case "idle":
      return;
    case "listing":
    case "catching_up":
      return readPage(engine, sync, feed, run);
    case "sweeping":
      return sweep(engine, sync, feed, run);
    case "judging":
      return stepJudging(engine, sync);
    case "removing":
      if (isToBeJudged(feed)) return stepJudging(engine, sync);
      return stepRemoving(engine, sync, feed, run, () => finishRound(engine, sync, feed));
  }
}

async function readPage(engine: Engine, sync: SyncState, feed: FeedState, run: RunState): Promise<void> {
  const page = await nextPage(engine, sync, feed, run);
  if (!page) return;
  const first = feed.enumeration === "first" && feed.page === 0;
  // Should this be cut short, what it wrote may be gone at the source when it is done again, and no page would say so.
  if (first) engine.store.updateFeed(feed, { enumeration: "over" });
  const loop = page.more ? afterPage(feed.loop, page) : null;
  if (loop === "loop") return beginAnew(engine, sync, feed, run);
  const tagged = page.changes.some((change) => change.type === "upsert" && change.entry.treeTag !== undefined);
  if (tagged && feed.tagsDoubtful === 0) engine.store.updateFeed(feed, { tagsDoubtful: 1 });
  const { present, commit } = await applyPage(engine, sync, feed, run, page.changes);
  const root = page.changes.find((change) => change.type === "upsert" && change.entry.root);
  const rootId = root?.type === "upsert" ? root.entry.id : feed.rootId;
  engine.store.transaction(() => {
    commit();
    if (feed.enumeration === "over") engine.store.seen.note(feed, feed.page, noteIds(present));
    const marked = engine.store.removals(feed, 1).length > 0;
    const phase = page.more ? feed.phase : phaseAfter(feed, marked);
    const restored = { ...(first && { enumeration: "first" as const }), ...((tagged || feed.tagsDoubtful === 1) && { tagsDoubtful: 0 }) };
    const place = { cursor: page.cursor, page: feed.page + 1, rootId, loop, ...restored };
    if (phase === "idle") finishRound(engine, sync, feed, place);
    else engine.store.updateFeed(feed, { ...place, phase });
    engine.store.saveRun(run);
  });
}

/** A round that goes in a circle begins once more, from the beginning of the source. One that still does is given up. */
async function beginAnew(engine: Engine, sync: SyncState, feed: FeedState, run: RunState): Promise<void> {
  if (feed.restarts > 0) throw new ProviderError("loop", "The source's list of files leads round in circles.");
  await announce(engine, run);
  await logEvents(engine, run, [CIRCLE]);
  if (run.type === "incremental") run.type = "full";
  engine.store.transaction(() => {
    beginRound(engine, sync, feed, true);
    engine.store.updateFeed(feed, { restarts: feed.restarts + 1 });
    engine.store.saveRun(run);
  });
}

const CIRCLE = {
  remoteId: null,
  level: "warn" as const,
  message: "The source's list of files leads round in circles. It is read once more, from its beginning.",
};

async function nextPage(engine: Engine, sync: SyncState, feed: FeedState, run: RunState) {
  const provider = sourceOf(engine, sync, run);
  try {
    return await provider.changes(feed.feedId, feed.cursor, knownItemsOf(engine, sync, feed));
  } catch (error) {
    const failure = asProviderError(error);
    if (failure.kind !== "cursor_expired") throw failure;
    // A fresh enumeration that has expired already: begin again, but after a while.
    if (feed.cursor === null) throw new ProviderError("transient", failure.message, { cause: error });
    engine.log.info("feed.cursor_expired", { syncId: sync.id, feedId: feed.feedId });
    if (run.type === "incremental") run.type = "full";
    engine.store.transaction(() => {
      beginRound(engine, sync, feed, true);
      if (failure.restartCursor !== undefined) engine.store.updateFeed(feed, { cursor: failure.restartCursor });
      engine.store.saveRun(run);
    });
    return null;
  }
}

/** After a round's last page. */
function phaseAfter(feed: FeedState, marked: boolean): FeedPhase {
  if (feed.phase === "listing" && feed.enumeration !== "none") return "catching_up";
  if (feed.phase === "catching_up" && feed.enumeration === "over") return "sweeping";
  return marked ? "judging" : "idle";
}

/** `place`: how far the feed was read with the round's last page. */
function finishRound(
  engine: Engine,
  sync: SyncState,
  feed: FeedState,
  place: Partial<Pick<FeedState, "cursor" | "page" | "rootId" | "loop" | "tagsDoubtful">> = {},
): void {
  if (feed.enumeration !== "none") engine.store.seen.forget(feed);
  engine.sweep = null;
  const enumeratedAt = feed.enumeration === "none" ? feed.enumeratedAt : feed.roundStartedAt;
  engine.store.updateFeed(feed, { ...place, phase: "idle", enumeration: "none", enumeratedAt, loop: null, restarts: 0 });
  engine.store.updateSync(sync.id, { checkedAt: engine.now(), ...wholeSince(engine, sync) });
  roundEnded(engine, sync.id);
}

/** Since when every feed has been listed whole; nothing where one has not been. */
function wholeSince(engine: Engine, sync: SyncState): Partial<SyncState> {
  const times = engine.store.feeds(sync.id).flatMap((feed) => (feed.missingSince === null ? [feed.enumeratedAt] : []));
  const known = times.filter((at) => at !== null);
  return known.length > 0 && known.length === times.length ? { enumeratedAt: Math.min(...known) } : {};
}

/** Items that the enumeration did not report are looked up: gone, refused, or there after all. */
async function sweep(engine: Engine, sync: SyncState, feed: FeedState, run: RunState): Promise<void> {
  const parts = Math.max(1, Math.ceil(engine.store.seen.bytes(feed) / SEEN_ID_BYTES / SEEN_IDS_MAX));
  const seen = seenShare(engine, feed, parts);
  const scope = scopeOf(engine, sync.id);
  const provider = sourceOf(engine, sync, run);
  const rows = await scanItems(engine.db(), scope, feed.sweptAfter, SWEEP_ROWS_MAX);
  // What is kept is here though the source no longer has it: nothing is to be found out about it.
  const unseen = rows.filter((row) => partOfId(row.remoteId, parts) === feed.sweptPart && row.kept === null && !seen.has(row.remoteId));
  const missing = await ofFeed(engine, sync, feed, unseen);
  const asked = missing.slice(0, provider.facts.lookupMax * SWEEP_LOOKUPS_MAX);
  const { gone, refused, changes } = await lookUp(provider, feed.feedId, asked);

  const goneIds = new Set(gone);
  await noteGone(engine, run, asked.filter((row) => goneIds.has(row.remoteId))); // prettier-ignore
  const { commit } = await applyChanges(engine, sync, feed.feedId, run, changes);
  if (gone.length + refused.length > 0) await announce(engine, run);
  engine.store.touchDigest(sync.id, refused);
  const written = await markUnreachable(engine.db(), scope, refused, run.id);
  run.usage.rowsWritten += written;

  const through = asked.length < missing.length ? asked.at(-1)?.remoteId : rows.at(-1)?.remoteId;
  const partDone = asked.length === missing.length && rows.length < SWEEP_ROWS_MAX;
  const done = partDone && feed.sweptPart + 1 >= parts;
  engine.store.transaction(() => {
    commit();
    engine.store.addRemovals(feed, gone);
    const place = partDone ? { sweptPart: feed.sweptPart + 1, sweptAfter: "" } : { sweptAfter: through ?? "" };
    engine.store.updateFeed(feed, { ...place, ...(done ? { phase: "judging" as const } : {}) });
    if (refused.length > 0) engine.store.updateSync(sync.id, { statsDoubtful: 1 });
    engine.store.saveRun(run);
  });
}

/** Where a sync has several feeds: the rows that lie below the root of this one. What is not placed is nobody's to remove. */
async function ofFeed(engine: Engine, sync: SyncState, feed: FeedState, rows: readonly ItemRow[]): Promise<readonly ItemRow[]> {
  if (engine.store.feeds(sync.id).length === 1) return rows;
  if (feed.rootId === null) return [];
  const own = await itemsUnder(engine.db(), scopeOf(engine, sync.id), feed.rootId, rows.map((row) => row.remoteId)); // prettier-ignore
  return rows.filter((row) => own.has(row.remoteId));
}

function seenShare(engine: Engine, feed: FeedState, parts: number): SeenIds {
  const key = JSON.stringify([feed.syncId, feed.feedId, feed.roundStartedAt, feed.sweptPart]);
  if (engine.sweep?.key !== key) engine.sweep = { key, seen: new SeenIds(engine.store.seen.blocks(feed), feed.sweptPart, parts) };
  return engine.sweep.seen;
}

async function lookUp(provider: Provider, feedId: string, rows: readonly ItemRow[]) {
  const gone: string[] = [];
  const refused: string[] = [];
  const changes: Change[] = [];
  const { lookupMax } = provider.facts;
  for (let start = 0; start < rows.length; start += lookupMax) {
    const ids = rows.slice(start, start + lookupMax).map((row) => row.remoteId);
    for (const found of await provider.lookup(feedId, ids)) {
      if (found.status === "gone") gone.push(found.id);
      else if (found.status === "refused") refused.push(found.id);
      else changes.push({ type: "upsert", entry: found.entry });
    }
  }
  return { gone, refused, changes };
}
