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

/** Decides what is done with the round's removals. */
export async function stepJudging(engine: Engine, sync: SyncState, feed: FeedState): Promise<void> {
  if (engine.store.feeds(sync.id).length > 1) await unmarkMoved(engine, sync, feed);
  const because = sync.options.deleteRemoved ? await whyHeld(engine, sync, feed) : null;
  const action = !sync.options.deleteRemoved ? "keep" : because === null ? "remove" : "hold";
  engine.store.updateFeed(feed, { phase: "removing", action, heldBecause: because });
  if (because !== null) engine.log.warn("removals.held", { syncId: sync.id, feedId: feed.feedId, because });
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

async function whyHeld(engine: Engine, sync: SyncState, feed: FeedState): Promise<HeldBecause | null> {
  const db = engine.db();
  const scope = scopeOf(engine, sync.id);
  if (engine.store.removals(feed, 1).length === 0) return null;
  if (!(await hasSentinel(engine, sync))) return "sentinel_missing";
  const files = await liveFiles(engine, sync);
  const going = await goingFiles(engine, sync, feed, heldFrom(sync.options.removalLimit, files));
  const emptied = going > 0 && (await isEmptied(engine, sync, feed));
  // What a listing leaves out altogether is believed less than what a source says is gone.
  if (emptied && feed.enumeration === "over") return "emptied";
  if (isHeld(sync.options.removalLimit, files, going)) return emptied ? "emptied" : "many_removals";
  return (await hasHeld(db, scope)) ? "others_held" : null;
}

/** Files that the filters let through: the share is of these. */
async function liveFiles(engine: Engine, sync: SyncState): Promise<number> {
  const stats = sync.statsDoubtful === 1 ? await countItems(engine.db(), scopeOf(engine, sync.id)) : sync.stats;
  return sync.mode === "metadata" ? stats.files : stats.files - stats.excluded;
}

/** Files that go with the marks, each counted once; `enough` or more where there are too many to go through. */
async function goingFiles(engine: Engine, sync: SyncState, feed: FeedState, enough: number): Promise<number> {
  const files = new Set<string>();
  let folders = 0;
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
