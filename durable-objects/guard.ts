import { goingItems, itemsOnPath } from "../worker/db/going.ts";
import { dueBelow } from "../worker/db/going.ts";
import { hasHeld } from "../worker/db/held.ts";
import { countItems, knownItems } from "../worker/db/items.ts";
import type { HeldBecause } from "../worker/sync/guard.ts";
import { heldFrom, isHeld } from "../worker/sync/guard.ts";
import { FILE } from "../worker/sync/item.ts";
import type { Note } from "../worker/sync/plan.ts";
import type { Engine } from "./engine.ts";
import { scopeOf } from "./engine.ts";
import { feedsOf } from "./feed-of.ts";
import type { FeedState, SyncState } from "./user-sync-schema.ts";

// The guard: what a round marked as removed is believed, or waits for a person. Only reads, but for the marks and the verdict.

/** Folders looked through for one verdict, beside the files that are counted: more of them count as too many files. */
const FOLDERS_MAX = 10_000;
/** Marks looked at in one statement. */
const MARKS_MAX = 5_000;
/** Items at the top of a feed that are looked at to see whether any is left. */
const TOP_ITEMS_MAX = 1_000;

/** Decides what is done with the removals of every feed whose round waits for that: what goes in several counts together. */
export async function stepJudging(engine: Engine, sync: SyncState): Promise<void> {
  const feeds = engine.store.feeds(sync.id).filter(isToBeJudged);
  if (engine.store.feeds(sync.id).length > 1) for (const feed of feeds) await unmarkMoved(engine, sync, feed);
  const reasons = sync.options.deleteRemoved ? await whyHeld(engine, sync, feeds) : new Map<string, HeldBecause>();
  for (const feed of feeds) {
    const because = reasons.get(feed.feedId) ?? null;
    const action = !sync.options.deleteRemoved ? "keep" : because === null ? "remove" : "hold";
    engine.store.updateFeed(feed, { phase: "removing", action, heldBecause: because });
    if (because !== null) engine.log.warn("removals.held", { syncId: sync.id, feedId: feed.feedId, because });
  }
}

/** What lies below the root of another feed by now has moved there: for this feed it is gone, for the sync it is not. */
async function unmarkMoved(engine: Engine, sync: SyncState, feed: FeedState): Promise<void> {
  let after = "";
  for (;;) {
    const marks = engine.store.removals(feed, MARKS_MAX, after);
    const rows = await knownItems(engine.db(), scopeOf(engine, sync.id), marks);
    const feeds = await feedsOf(engine, sync, [...rows.values()]);
    engine.store.dropRemovals(feed, [...feeds].flatMap(([id, feedId]) => (feedId === feed.feedId ? [] : id))); // prettier-ignore
    if (marks.length < MARKS_MAX) return;
    after = marks.at(-1) ?? "";
  }
}

/** A round that an earlier release began to remove in was not judged. */
export function isToBeJudged({ phase, action }: Pick<FeedState, "phase" | "action">): boolean {
  return phase === "judging" || (phase === "removing" && action === null);
}

/** The feeds whose removals are held, by id. */
async function whyHeld(engine: Engine, sync: SyncState, feeds: readonly FeedState[]): Promise<Map<string, HeldBecause>> {
  const scope = scopeOf(engine, sync.id);
  const marked = feeds.filter((feed) => engine.store.removals(feed, 1).length > 0);
  const all = (because: HeldBecause) => new Map(marked.map(({ feedId }) => [feedId, because]));
  if (marked.length === 0) return new Map();
  if (!(await hasSentinel(engine, sync))) return all("sentinel_missing");
  const files = await liveFiles(engine, sync);
  const going = await goingFiles(engine, sync, marked, heldFrom(sync.options.removalLimit, files));
  const tooMany = isHeld(sync.options.removalLimit, files, going);
  const reasons = tooMany ? all("many_removals") : new Map<string, HeldBecause>();
  for (const feed of marked) {
    // What a listing leaves out altogether is believed less than what a source says is gone.
    if ((tooMany || feed.enumeration === "over") && going > 0 && (await isEmptied(engine, sync, feed))) reasons.set(feed.feedId, "emptied");
  }
  const others = reasons.size > 0 || (await hasHeld(engine.db(), scope)) ? all("others_held") : [];
  return new Map([...others, ...reasons]);
}

/** Files that the filters let through: the share is of these. */
async function liveFiles(engine: Engine, sync: SyncState): Promise<number> {
  const stats = sync.statsDoubtful === 1 ? await countItems(engine.db(), scopeOf(engine, sync.id)) : sync.stats;
  return sync.mode === "metadata" ? stats.files : stats.files - stats.excluded;
}

/** Files that go with the marks, each counted once; `enough` or more where there are too many to go through. */
async function goingFiles(engine: Engine, sync: SyncState, feeds: readonly FeedState[], enough: number): Promise<number> {
  const files = new Set<string>();
  let folders = 0;
  for (const feed of feeds) {
    let after = "";
    while (files.size < enough) {
      const marks = engine.store.removals(feed, MARKS_MAX, after);
      const rows = await goingItems(engine.db(), scopeOf(engine, sync.id), marks, enough + FOLDERS_MAX);
      for (const row of rows) {
        if (row.kind === FILE) files.add(row.remoteId);
        else folders += 1;
      }
      if (folders > FOLDERS_MAX || rows.length >= enough + FOLDERS_MAX) return Math.max(enough, files.size);
      if (marks.length < MARKS_MAX) break;
      after = marks.at(-1) ?? "";
    }
  }
  return files.size;
}

/** Whether nothing would be left at the top of the feed. */
async function isEmptied(engine: Engine, sync: SyncState, feed: FeedState): Promise<boolean> {
  if (feed.rootId === null) return false;
  const top = await dueBelow(engine.db(), scopeOf(engine, sync.id), [feed.rootId], "hold", TOP_ITEMS_MAX);
  const ids = top.map((row) => row.remoteId);
  return ids.length > 0 && engine.store.markedAmong(sync.id, ids).size === ids.length;
}

/** Whether the path that must exist for removals to be believed is there, and not among what is gone. */
async function hasSentinel(engine: Engine, sync: SyncState): Promise<boolean> {
  if (sync.options.sentinel === null) return true;
  const chain = await itemsOnPath(engine.db(), scopeOf(engine, sync.id), sync.options.sentinel);
  return chain !== null && engine.store.markedAmong(sync.id, chain).size === 0;
}

const HELD_WHY: Record<HeldBecause, (sync: SyncState) => string> = {
  many_removals: ({ options: { removalLimit } }) =>
    `That is more than may go at once (${removalLimit.count} files, or ${Math.round(removalLimit.share * 100)} % of them)`,
  sentinel_missing: ({ options }) => `“${options.sentinel}”, which must be there for removals to be believed, is not there either`,
  emptied: () => "Nothing would be left, as if the whole source had been emptied",
  others_held: () => "Others wait for a decision already",
};

/** What a run's log says of the files that it held. */
export function heldNote(sync: SyncState, feed: FeedState, files: number): Note {
  const gone = files === 1 ? "1 file is" : `${files} files are`;
  const why = HELD_WHY[feed.heldBecause ?? "many_removals"](sync);
  return {
    remoteId: null,
    level: "warn",
    message: `${gone} gone at the source. ${why}, so nothing was removed here: everything stays, and can be downloaded, until you approve or discard the removal.`,
  };
}
