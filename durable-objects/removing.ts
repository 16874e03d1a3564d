import { dueBelow, showKept, toBeShown } from "../worker/db/going.ts";
import type { HeldReason } from "../worker/db/held.ts";
import { countHeld, holdItems, keepItems } from "../worker/db/held.ts";
import { knownItems, removeItems } from "../worker/db/items.ts";
import type { RemovalAction } from "../worker/sync/guard.ts";
import { treatmentOf } from "../worker/sync/guard.ts";
import type { ItemRow } from "../worker/sync/item.ts";
import { FOLDER } from "../worker/sync/item.ts";
import type { Stats } from "../worker/sync/stats.ts";
import { add, difference, NO_STATS } from "../worker/sync/stats.ts";
import type { Engine } from "./engine.ts";
import { scopeOf } from "./engine.ts";
import { heldNote } from "./guard.ts";
import { announce } from "./run.ts";
import { logEvents } from "./run-log.ts";
import type { FeedState, RunState, SyncState } from "./user-sync-schema.ts";

// What was marked as removed, and what is below it, from folders to children: removed, held for a decision, or kept.

/** Marked removals taken up, a step. */
const MARKS_MAX = 100;
/** Rows taken with them, a step. */
const ROWS_MAX = 1000;

/** One step. Folders among the children are marked in turn. `finish` ends the round, in the step's transaction. */
export async function stepRemoving(engine: Engine, sync: SyncState, feed: FeedState, run: RunState, finish: () => void): Promise<void> {
  const action = feed.action ?? "remove";
  const marked = engine.store.removals(feed, MARKS_MAX);
  if (marked.length === 0) return end(engine, sync, feed, run, finish);
  await announce(engine, run);
  const scope = scopeOf(engine, sync.id);
  const known = await knownItems(engine.db(), scope, marked);
  const children = await dueBelow(engine.db(), scope, marked, action, ROWS_MAX);
  const rows = [...known.values(), ...children.filter((row) => !known.has(row.remoteId))];
  const folders = children.filter((row) => row.kind === FOLDER).map((row) => row.remoteId);
  // Marked before they are out of view: a crash in between must not hide what is below them.
  engine.store.addRemovals(feed, folders);
  const treated = await treat(engine, sync, feed, run, { action, marked, rows });
  engine.store.transaction(() => {
    if (children.length < ROWS_MAX) engine.store.dropRemovals(feed, marked);
    engine.store.addStats(sync.id, treated.stats, treated.versions);
    if (treated.doubtful) engine.store.updateSync(sync.id, { statsDoubtful: 1 });
    run.removed += treated.removed;
    run.usage.rowsWritten += treated.written;
    if (action !== "hold" && engine.store.removals(feed, 1).length === 0) finish();
    engine.store.saveRun(run);
  });
}

interface Taken {
  action: RemovalAction;
  marked: readonly string[];
  rows: readonly ItemRow[];
}

async function treat(engine: Engine, sync: SyncState, feed: FeedState, run: RunState, { action, marked, rows }: Taken) {
  const db = engine.db();
  const scope = scopeOf(engine, sync.id);
  const idsOf = (treatment: RemovalAction | "pass") =>
    rows.filter((row) => treatmentOf(row, action, sync.mode) === treatment).map((row) => row.remoteId);
  const [removed, held, kept] = [idsOf("remove"), idsOf("hold"), idsOf("keep")];
  engine.store.touchDigest(sync.id, [...removed, ...held, ...kept]);
  const removal = await removeItems(db, scope, removed, { at: engine.now(), runId: run.id });
  let written = removal.rows;
  written += await holdItems(db, scope, held, { reason: heldReason(feed), runId: run.id });
  written += await keepItems(db, scope, kept, { kept: "option", runId: run.id });
  engine.store.touchDigest(sync.id, await toBeShown(db, scope, marked));
  const shown = await showKept(db, scope, marked, { at: engine.now(), runId: run.id });
  const stats = rows.reduce<Stats>((sum, row) => {
    const treatment = treatmentOf(row, action, sync.mode);
    return treatment === "pass" ? sum : add(sum, difference(row, { ...row, state: STATES[treatment] }));
  }, NO_STATS);
  return { removed: removed.length, written, stats, versions: removal.versions, doubtful: kept.length > 0 || shown.length > 0 };
}

const STATES = { remove: "removed", hold: "held", keep: "stored" } as const;

function heldReason(feed: FeedState): HeldReason {
  return feed.heldBecause === null || feed.heldBecause === "others_held" ? "many_removals" : feed.heldBecause;
}

/** Every mark is dealt with. How many files are held is counted in the catalogue: exact, however often a step was repeated. */
async function end(engine: Engine, sync: SyncState, feed: FeedState, run: RunState, finish: () => void): Promise<void> {
  const holding = feed.action === "hold";
  const held = holding ? await countHeld(engine.db(), scopeOf(engine, sync.id), run.id) : 0;
  if (holding) await announce(engine, run);
  if (holding) await logEvents(engine, run, [heldNote(sync, feed, held)]);
  engine.store.transaction(() => {
    if (holding) Object.assign(run, { held, holds: true });
    finish();
    engine.store.saveRun(run);
  });
}
