import { ProviderError } from "../worker/providers/errors.ts";
import type { FeedRef } from "../worker/providers/provider.ts";
import { reconcileAt } from "../worker/sync/reconcile.ts";
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

/** Whether this run lists the source from its beginning: since someone asked for it, or since it has not been done for long. */
function enumerates(engine: Engine, sync: SyncState, run: RunState): boolean {
  if (sync.enumerateNext === 1) return true;
  if (run.trigger !== "schedule" || sync.enumeratedAt === null) return false;
  const { reconcileDays } = engine.provider(sync.connectionId, { options: sync.options.providerOptions }).facts;
  return reconcileAt(sync.enumeratedAt, engine.userId, reconcileDays) <= engine.now();
}

/** Whether the source is asked first what there is to follow: a drive may have been replaced, a library unplugged. */
export function feedsAreDue(engine: Engine, sync: SyncState, run: RunState): boolean {
  return run.feedsAsked !== true && enumerates(engine, sync, run);
}

/** Asks what there is to follow. What is no longer offered is not read, and nothing of it is removed. */
export async function reviewFeeds(engine: Engine, sync: SyncState, run: RunState): Promise<void> {
  const { store } = engine;
  const chosen = chosenFeeds(sync.selection);
  const offered = new Map((await sourceOf(engine, sync, run).feeds(chosen ?? undefined)).map((feed) => [feed.id, feed]));
  const followed = store.feeds(sync.id);
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
      // A round that it was in ends there: what was marked waits for the next one.
      else store.updateFeed(feed, { missingSince: feed.missingSince ?? engine.now(), phase: "idle", enumeration: "none" });
    }
    store.updateSync(sync.id, { feedsDue: 0 });
    store.saveRun(run);
  });
  reviewSubscriptions(engine);
  if (offered.size === 0) throw new ProviderError("not_found", "The source offers nothing to follow.");
}

function noteOn(feed: FeedState, offered: FeedRef | undefined, chosen: boolean): Note[] {
  const name = `“${offered?.name ?? (feed.name || feed.feedId)}”`;
  if (offered && feed.missingSince !== null) return [{ remoteId: null, level: "info", message: `${name} is there again.` }];
  if (offered || feed.missingSince !== null) return [];
  if (!chosen) return [{ remoteId: null, level: "info", message: `${name} is no longer followed: the selection leaves it out.` }];
  const message = `${name} is no longer there, or no longer shown to us. Nothing of it was removed: all that was copied stays.`;
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
