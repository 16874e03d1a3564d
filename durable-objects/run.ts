import { trimChanges } from "../worker/db/changes.ts";
import { hasHeld } from "../worker/db/held.ts";
import { countItems, nextAttemptAt } from "../worker/db/items.ts";
import { closeHeldRuns, insertRun, updateRun } from "../worker/db/runs.ts";
import { timeId } from "../worker/ids.ts";
import { CHANGES_KEPT_MILLISECONDS } from "../worker/sync/changes.ts";
import type { Run } from "../worker/wire.ts";
import { logEvents } from "./run-log.ts";
import { noteOf, owesTotals, writeTotals } from "./totals.ts";
import type { Engine } from "./engine.ts";
import { writeReceipt } from "./receipts.ts";
import { tellRunEnded } from "./telling.ts";
import { scopeOf } from "./engine.ts";
import { firstPurgeAt } from "./purge.ts";
import { stillWaits } from "./quota.ts";
import type { RunState, SyncState } from "./user-sync-schema.ts";
import { BUCKET } from "./verify-bucket.ts";

// A run from its beginning to its end. Quiet automatic runs leave no trace in D1: a run is announced there when someone
// asked for it, or when it finds something to do.

/** Rows of the change stream looked at for their age at a run's end. */
const TRIMMED_CHANGES_MAX = 2000;
/** After a run that failed as a whole, before single items are tried again: it may be for one of them that it failed. */
const RETRY_AFTER_FAILED_SECONDS = 3_600;

export type RunOutcome = { status: "ended" } | { status: "cancelled" } | { status: "failed"; code: string; message: string };

/** A run in the object. `startedAt`: null where it waits to be taken up. */
export function newRun(engine: Engine, sync: SyncState, trigger: Run["trigger"], full: boolean, startedAt: number | null = null): RunState {
  const type = full ? "full" : "incremental";
  const run: RunState = { ...emptyRun(sync.id, trigger, engine.now()), type, startedAt, storedBefore: sync.stats.stored };
  engine.store.insertRun(run);
  return run;
}

export function emptyRun(syncId: string, trigger: Run["trigger"], now: number): RunState {
  return {
    id: timeId(now),
    syncId,
    type: "incremental",
    trigger,
    phase: "listing",
    createdAt: now,
    startedAt: null,
    announced: false,
    discovered: 0,
    stored: 0,
    skipped: 0,
    failed: 0,
    removed: 0,
    bytes: 0,
    unreadable: 0,
    events: 0,
    usage: { providerRequests: 0, rowsWritten: 0, queueOperations: 0, storagePuts: 0 },
  };
}

/** Makes the run visible in D1, once. */
export async function announce(engine: Engine, run: RunState): Promise<void> {
  if (run.announced) return;
  await insertRun(engine.db(), engine.userId, {
    id: run.id,
    syncId: run.syncId,
    type: run.type,
    status: run.startedAt === null ? "pending" : "running",
    trigger: run.trigger,
    phase: run.phase,
    createdAt: run.createdAt,
    startedAt: run.startedAt,
  });
  run.announced = true;
  engine.store.saveRun(run);
  engine.log.info("run.announced", { runId: run.id, syncId: run.syncId, trigger: run.trigger, type: run.type });
}

/** Ends the run: its row, the sync's totals, what comes next. One that was cancelled meanwhile has ended already. */
export async function finishRun(engine: Engine, sync: SyncState, run: RunState, outcome: RunOutcome): Promise<void> {
  if (outcome.status !== "cancelled" && engine.store.run(sync.id)?.id !== run.id) return;
  engine.ending.add(run.id);
  try {
    await endRun(engine, sync, run, outcome);
  } finally {
    engine.ending.delete(run.id);
  }
}

async function endRun(engine: Engine, sync: SyncState, run: RunState, outcome: RunOutcome): Promise<void> {
  const db = engine.db();
  const scope = scopeOf(engine, sync.id);
  const counted = sync.statsDoubtful === 1 && outcome.status === "ended";
  const counts = counted ? await countItems(db, scope) : null;
  const stats = counts ?? engine.store.sync(sync.id)?.stats ?? sync.stats;
  const dueAt = stats.failed > 0 ? await nextAttemptAt(db, scope) : null;
  const retryAt = dueAt === null || outcome.status !== "failed" ? dueAt : Math.max(dueAt, engine.now() + RETRY_AFTER_FAILED_SECONDS * 1000);
  const incomplete = stats.failed > 0 || run.unreadable > 0;
  const ended = outcome.status === "ended";
  const holding = (run.holds === true || sync.heldOpen === 1) && (await hasHeld(db, scope));
  const status = !ended ? outcome.status : run.holds && holding ? "held" : incomplete ? "incomplete" : "completed";
  if (ended && sync.heldOpen === 1 && !holding) await closeHeldRuns(db, engine.userId, sync.id);
  if (outcome.status === "failed") await announce(engine, run);
  const feeds = engine.store.feeds(sync.id).filter((feed) => feed.missingSince === null);
  const current = status === "completed" && sync.mode === "content" && feeds.length > 0;
  const upToDateAt = current ? Math.min(...feeds.map((feed) => feed.roundStartedAt)) : sync.upToDateAt;
  const waitsForRoom = await stillWaits(engine, sync, run);
  const purgeDueAt = stats.versions > 0 || run.removed > 0 ? firstPurgeAt(engine, sync) : undefined;
  if (run.announced) {
    const finishedAt = engine.now();
    if (status !== "failed" && status !== "cancelled") await writeReceipt(engine, run, status, finishedAt);
    await logEvents(engine, run, [endNote(run, status, outcome)]);
    await updateRun(db, engine.userId, run.id, { ...rowOf(engine, run), status, finishedAt, ...errorOf(outcome) });
    await writeTotals(engine, sync.id, stats, {
      upToDateAt,
      ...(run.alarmed === true && sync.alarmedAt !== null && { alarmedCount: run.changed ?? 0 }),
      ...(purgeDueAt === undefined ? {} : { purgeDueAt }),
    });
    await trimChanges(db, engine.userId, engine.now() - CHANGES_KEPT_MILLISECONDS, TRIMMED_CHANGES_MAX);
  }
  if (!run.announced && owesTotals(sync, stats)) await writeTotals(engine, sync.id, stats);
  engine.store.transaction(() => {
    engine.store.deleteRun(run);
    if (run.announced && status !== "cancelled") tellRunEnded(engine, sync, run, status, outcome);
    if (run.verify) engine.store.seen.forget(BUCKET(sync.id));
    // Totals that were not counted here are those of whoever changed them last: a step may be under way while a run is cancelled.
    engine.store.updateSync(sync.id, {
      ...(ended ? { heldOpen: holding ? 1 : 0 } : {}),
      ...(ended && !waitsForRoom ? { quotaReachedAt: null } : {}),
      ...(counts ? { stats: counts, statsDoubtful: 0 } : {}),
      statsShown: noteOf(stats),
      retryAt,
      upToDateAt,
      attempts: 0,
      dueAt: 0,
      ...(run.announced && purgeDueAt !== undefined ? { purgeDueAt } : {}),
    });
  });
  const event = { runId: run.id, syncId: sync.id, status, stored: run.stored, failed: run.failed, removed: run.removed, bytes: run.bytes };
  if (run.announced) engine.log.info("run.finished", { ...event, ...run.usage });
  else engine.log.debug("run.quiet", event);
  engine.live.emit({
    type: "run",
    run: { ...toWireRun(run, 0, []), status, finishedAt: new Date(engine.now()).toISOString(), error: wireError(outcome) },
  });
}

function endNote(run: RunState, status: string, outcome: RunOutcome) {
  const message =
    outcome.status === "failed"
      ? `Failed: ${outcome.message}`
      : `Ended ${status}: ${run.stored} stored, ${run.removed} removed, ${run.skipped} skipped, ${run.failed} failed.`;
  return { remoteId: null, level: outcome.status === "failed" ? ("error" as const) : ("info" as const), message };
}

function errorOf(outcome: RunOutcome) {
  return outcome.status === "failed" ? { errorCode: outcome.code, errorMessage: outcome.message } : {};
}

function wireError(outcome: RunOutcome): Run["error"] {
  return outcome.status === "failed" ? { code: outcome.code, message: outcome.message } : null;
}

/** The run's columns that change while it goes on. */
function rowOf(engine: Engine, run: RunState) {
  return {
    type: run.type,
    phase: "finishing" as const,
    startedAt: run.startedAt ?? engine.now(),
    discovered: run.discovered,
    pending: engine.store.jobs.backlog(run.syncId).files,
    stored: run.stored,
    skipped: run.skipped,
    failed: run.failed,
    removed: run.removed,
    held: run.held ?? 0,
    changed: run.changed ?? 0,
    drift: run.drift ?? null,
    bytes: run.bytes,
    ...run.usage,
  };
}

/** An active run as the API shows it. */
export function toWireRun(run: RunState, pending: number, recent: string[]): Run {
  return {
    id: run.id,
    syncId: run.syncId,
    type: run.type,
    status: run.startedAt === null ? "pending" : "running",
    trigger: run.trigger,
    phase: run.phase,
    createdAt: new Date(run.createdAt).toISOString(),
    startedAt: run.startedAt === null ? null : new Date(run.startedAt).toISOString(),
    finishedAt: null,
    progress: {
      discovered: run.discovered,
      pending,
      stored: run.stored,
      skipped: run.skipped,
      failed: run.failed,
      removed: run.removed,
      held: run.held ?? 0,
      changed: run.changed ?? 0,
      bytes: run.bytes,
      recent,
    },
    usage: run.usage,
    drift: run.drift ?? null,
    error: null,
  };
}
