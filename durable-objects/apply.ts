import { childrenBesides, knownItems, upsertItems } from "../worker/db/items.ts";
import { timeId } from "../worker/ids.ts";
import type { Change } from "../worker/providers/provider.ts";
import { heldFrom } from "../worker/sync/guard.ts";
import { largeLimits } from "../worker/sync/large.ts";
import type { Note, Plan } from "../worker/sync/plan.ts";
import { planPage } from "../worker/sync/plan.ts";
import { rowOf } from "../worker/sync/item.ts";
import { noteDifferences } from "./drift.ts";
import { countChanged } from "../worker/sync/mass-change.ts";
import type { Engine } from "./engine.ts";
import { scopeOf } from "./engine.ts";
import { noteChanged } from "./mass-change.ts";
import { noteDrops, noteUpset } from "./replanning.ts";
import { checkItems, noteOverQuota, roomLeft } from "./quota.ts";
import { rulingOn } from "./ruling.ts";
import { announce } from "./run.ts";
import { logEvents } from "./run-log.ts";
import type { RunState, SyncState } from "./user-sync-schema.ts";

// Changes of the source into the catalogue, then into the ledger: in this order, so that a crash between the two is
// mended by planning the same changes again.

/**
 * Plans the changes and writes them to the catalogue. What is left is to be called in the transaction that also moves
 * the cursor: it adds the jobs, notes the removals and counts; it changes `run`, which the caller saves. `endingJobs` are
 * those that fetch nothing more, though the ledger still has them: what they found of the source is older than what its pages
 * say, so that what these marked as removed stays marked.
 */
export async function applyChanges(
  engine: Engine,
  sync: SyncState,
  feedId: string,
  run: RunState,
  changes: readonly Change[],
  endingJobs: ReadonlySet<string> = new Set(),
): Promise<{ plan: Plan; commit: () => void }> {
  const db = engine.db();
  const scope = scopeOf(engine, sync.id);
  const ids = changes.flatMap((change) => idOf(change) ?? []);
  const known = await knownItems(db, scope, [...new Set(ids)]);
  const now = engine.now();
  const reported = changes.flatMap((change) => (change.type === "upsert" ? rowOf(change.entry, known.get(change.entry.id), now) : []));
  const ruling = await rulingOn(engine, sync, reported);
  const ledgerJobs = engine.store.jobs.live([...known.values()].flatMap((row) => row.pendingJob ?? []));
  const plan = planPage({
    changes,
    known,
    liveJobs: new Set([...ledgerJobs].filter((id) => !endingJobs.has(id))),
    mode: sync.mode,
    ruling,
    dropsLeft: dropsLeft(sync),
    runId: run.id,
    now,
    mintJobId: () => timeId(now),
    largeBytes: largeLimits(engine.env).largeBytes,
    room: await roomLeft(engine),
  });
  await checkItems(engine, plan.stats.items);
  const overQuota = noteOverQuota(engine, sync, run, plan.rows);
  if (plan.rows.length > 0 || plan.removals.length > 0 || plan.malformed > 0) await announce(engine, run);
  if (endingJobs.size === 0) await noteDifferences(engine, run, known, plan.rows);
  // Noted before the rows are written: planned again after a crash, they differ no longer.
  noteUpset(engine, sync.id, plan);
  const isFirstHeld = plan.held > 0 && run.holds !== true;
  if (isFirstHeld) {
    run.holds = true;
    engine.store.saveRun(run);
  }
  // Likewise: once its row is written, nothing tells any more that a folder has moved and all in it was told again.
  engine.store.addRemovals({ syncId: sync.id, feedId }, await missingChildren(engine, sync, changes, plan.present));
  engine.store.touchDigest(sync.id, plan.rows.map((row) => row.remoteId)); // prettier-ignore
  const written = await upsertItems(db, scope, plan.rows, now);
  await logEvents(engine, run, [...plan.notes, ...overQuota.notes, ...(isFirstHeld ? [HELD_NOTE] : [])]);
  const commitChanged = await noteChanged(engine, sync, run, countChanged(plan.rows, known, ledgerJobs));
  return {
    plan,
    commit: () => {
      for (const job of plan.jobs) engine.store.jobs.insert({ ...job, syncId: sync.id, feedId, dueAt: now });
      engine.store.addRemovals({ syncId: sync.id, feedId }, plan.removals);
      if (endingJobs.size === 0) engine.store.dropRemovals({ syncId: sync.id, feedId }, plan.present);
      commitChanged();
      overQuota.commit();
      run.discovered += plan.discovered;
      run.skipped += plan.rows.filter((row) => row.state === "skipped").length;
      run.held = (run.held ?? 0) + plan.held;
      noteDrops(engine, sync.id, plan.dropped);
      run.failed += plan.rows.filter((row) => row.state === "failed").length;
      run.unreadable += plan.malformed;
      run.usage.rowsWritten += written.rows;
      if (plan.rows.length > 0) engine.store.addStats(sync.id, plan.stats, written.versions);
    },
  };
}

/** What was in folders whose whole content has been told, and is not any more: a later page that reports it takes the mark away. */
async function missingChildren(engine: Engine, sync: SyncState, changes: readonly Change[], present: readonly string[]): Promise<string[]> {
  const told = changes.filter((change) => change.type === "children");
  const folderIds = told.map((change) => change.folderId);
  const ids = [...present, ...told.flatMap((change) => change.ids)];
  return childrenBesides(engine.db(), scopeOf(engine, sync.id), folderIds, ids);
}

/** How many contents may still leave the mirror in this round by what its pages report: so many that none would be held. */
function dropsLeft({ stats, replan, options }: SyncState): number {
  return Math.max(0, heldFrom(options.removalLimit, stats.stored + stats.held + replan.roundDrops) - 1 - replan.roundDrops);
}

const HELD_NOTE: Note = {
  remoteId: null,
  level: "warn",
  message:
    "By what has changed at the source the sync's rules no longer want more files than may go at once. The others stay, and can be downloaded, until you approve or discard the removal.",
};

/** The item that a change is about; undefined where it names none that can be read. */
export function idOf(change: Change): string | undefined {
  if (change.type === "children") return undefined;
  return change.type === "upsert" ? change.entry.id : change.id;
}
