import type { ProviderErrorKind } from "../worker/providers/errors.ts";
import { ProviderError } from "../worker/providers/errors.ts";
import type { FeedRef } from "../worker/providers/provider.ts";
import { reconcileAt } from "../worker/sync/reconcile.ts";
import { retryDecision } from "../worker/sync/retry.ts";
import type { Note } from "../worker/sync/plan.ts";
import { chosenFeeds } from "../worker/sync/selection.ts";
import type { Engine } from "./engine.ts";
import { beginRound } from "./feed.ts";
import { announce } from "./run.ts";
import { logEvents } from "./run-log.ts";
import { sourceOf } from "./source.ts";
import { reviewSubscriptions } from "./subscribing.ts";
import type { FeedState, RunState, SyncState } from "./user-sync-schema.ts";

// What a run reads, and from where: the feeds that the source offers, each from its cursor or from the beginning.

/** For so long every run asks for a feed that was there before; later, whenever the source is listed from its beginning. */
const MISSING_ASKED_MILLISECONDS = 7 * 86_400_000;
/** What a feed may answer for itself alone: the others of its sync go on. */
const OF_ONE_FEED: ReadonlySet<ProviderErrorKind> = new Set(["not_found", "forbidden"]);

/** Whether this run lists the source from its beginning: since someone asked for it, or since it has not been done for long. */
function enumerates(engine: Engine, sync: SyncState, run: RunState): boolean {
  if (sync.enumerateNext === 1) return true;
  if (run.trigger !== "schedule" || sync.enumeratedAt === null) return false;
  const { reconcileDays } = engine.provider(sync.connectionId, { options: sync.options.providerOptions }).facts;
  return reconcileAt(sync.enumeratedAt, engine.userId, reconcileDays) <= engine.now();
}

/** Whether the source is asked first what there is to follow: a drive may have been replaced, a library unplugged, or be back. */
export function feedsAreDue(engine: Engine, sync: SyncState, run: RunState): boolean {
  return run.feedsAsked !== true && (enumerates(engine, sync, run) || misses(engine, sync));
}

/** Whether something that the sync is to follow has lately gone from sight. */
function misses(engine: Engine, sync: SyncState): boolean {
  const chosen = chosenFeeds(sync.selection);
  const from = engine.now() - MISSING_ASKED_MILLISECONDS;
  return engine.store
    .feeds(sync.id)
    .some(({ feedId, missingSince }) => missingSince !== null && missingSince > from && (chosen?.includes(feedId) ?? true));
}

/** Asks what there is to follow. What is no longer offered is not read, and nothing of it is removed. */
export async function reviewFeeds(engine: Engine, sync: SyncState, run: RunState): Promise<void> {
  const { store } = engine;
  const chosen = chosenFeeds(sync.selection);
  const followed = store.feeds(sync.id);
  const ids = followed.map(({ feedId }) => feedId);
  const offered = new Map((await sourceOf(engine, sync, run).feeds(chosen ?? undefined, ids)).map((feed) => [feed.id, feed]));
  const notes = followed.flatMap((feed) => noteOn(feed, offered.get(feed.feedId), chosen?.includes(feed.feedId) ?? true));
  if (notes.length > 0) {
    await announce(engine, run);
    await logEvents(engine, run, notes);
  }
  run.feedsAsked = offered.size > 0;
  store.transaction(() => {
    for (const feed of offered.values()) store.insertFeed(sync.id, feed.id, feed.name);
    for (const feed of followed) {
      const named = offered.get(feed.feedId);
      if (named) store.updateFeed(feed, { name: named.name, missingSince: null });
      else setAside(engine, feed);
    }
    store.updateSync(sync.id, { feedsDue: 0 });
    store.saveRun(run);
  });
  reviewSubscriptions(engine);
  if (offered.size === 0) throw new ProviderError("not_found", "The source offers nothing to follow.");
}

/**
 * A feed that is gone or refused for good, while others of its sync are there: they go on without it, and nothing of it is
 * removed. False: the failure is the whole sync's. `feed`: the one that was being read.
 */
export async function leaveOut(engine: Engine, sync: SyncState, feed: FeedState | null, error: unknown): Promise<boolean> {
  if (!feed || !(error instanceof ProviderError) || !OF_ONE_FEED.has(error.kind)) return false;
  if (retryDecision(error.kind, sync.attempts, error.retryAfterSeconds).action !== "fail") return false;
  const { store } = engine;
  const run = store.run(sync.id);
  const others = store.feeds(sync.id).filter(({ feedId, missingSince }) => feedId !== feed.feedId && missingSince === null);
  if (!run || others.length === 0) return false;
  await announce(engine, run);
  await logEvents(engine, run, noteOn(feed, undefined, true, error.message));
  store.transaction(() => {
    setAside(engine, feed);
    store.updateSync(sync.id, { attempts: 0, dueAt: 0 });
  });
  engine.log.warn("feed.left_out", { syncId: sync.id, feedId: feed.feedId, kind: error.kind });
  reviewSubscriptions(engine);
  return true;
}

/** A round that it was in ends there: what was marked waits for the next one, and an enumeration begins anew. */
function setAside(engine: Engine, feed: FeedState): void {
  const missingSince = feed.missingSince ?? engine.now();
  const cursor = feed.enumeration === "none" ? feed.cursor : null;
  engine.store.updateFeed(feed, { missingSince, phase: "idle", enumeration: "none", cursor });
}

function noteOn(feed: FeedState, offered: FeedRef | undefined, chosen: boolean, because?: string): Note[] {
  const name = `“${offered?.name ?? (feed.name || feed.feedId)}”`;
  if (offered && feed.missingSince !== null) return [{ remoteId: null, level: "info", message: `${name} is there again.` }];
  if (offered || feed.missingSince !== null) return [];
  if (!chosen) return [{ remoteId: null, level: "info", message: `${name} is no longer followed: the selection leaves it out.` }];
  const reason = because === undefined ? "" : ` (${because})`;
  const message = `${name} is no longer there, or no longer shown to us. Nothing of it was removed: all that was copied stays.${reason}`;
  return [{ remoteId: null, level: "warn", message }];
}

/** Begins the round of each feed that is offered. */
export function beginRounds(engine: Engine, sync: SyncState, run: RunState): void {
  const { store } = engine;
  const enumerate = enumerates(engine, sync, run);
  const feeds = store.feeds(sync.id).filter((feed) => feed.missingSince === null);
  const enumerating = enumerate || feeds.some((feed) => feed.cursor === null);
  store.transaction(() => {
    for (const feed of feeds) beginRound(engine, sync, feed, enumerate);
    // A sync that was listed before this was noted counts from now on.
    const enumeratedAt = sync.enumeratedAt ?? engine.now();
    store.updateSync(sync.id, { wakesTaken: sync.wakes, enumerateNext: 0, enumeratedAt });
    if (enumerating && run.type === "incremental") store.saveRun({ ...run, type: "full" });
  });
}
