import type { NoticeEvent, RunEnded } from "../worker/wire/webhooks.ts";
import type { Engine } from "./engine.ts";
import { FAILED_RUNS_TOLD } from "./notices.ts";
import type { RunOutcome } from "./run.ts";
import type { ConnectionState, RunState, SyncState } from "./user-sync-schema.ts";

// What is told of what happened. All of it is called in the transaction that makes it so: told once, or not at all where a
// crash came before it, and then it has not happened either.

type Ended = "completed" | "incomplete" | "held" | "failed";

/** A run that the API shows has ended by itself. Quiet ones are not shown, and are not told. */
export function tellRunEnded(engine: Engine, sync: SyncState, run: RunState, status: Ended, outcome: RunOutcome): void {
  engine.notices.tell(eventOf(engine, sync, run, status, outcome));
  if (status === "held") engine.notices.mail({ kind: "held", subjectId: sync.id, runId: run.id });
  countFailures(engine, sync, run, status, outcome);
}

function eventOf(engine: Engine, sync: SyncState, run: RunState, status: Ended, outcome: RunOutcome): NoticeEvent {
  const data = endedData(engine, sync, run);
  if (outcome.status === "failed")
    return { type: "run.failed", data: { ...data, error: { code: outcome.code, message: outcome.message } } };
  return { type: status === "held" ? "run.held" : status === "incomplete" ? "run.incomplete" : "run.completed", data };
}

function endedData(engine: Engine, sync: SyncState, run: RunState): RunEnded {
  return {
    runId: run.id,
    syncId: sync.id,
    connectionId: sync.connectionId,
    runType: run.type,
    trigger: run.trigger,
    startedAt: run.startedAt === null ? null : new Date(run.startedAt).toISOString(),
    finishedAt: new Date(engine.now()).toISOString(),
    stored: run.stored,
    removed: run.removed,
    skipped: run.skipped,
    failed: run.failed,
    held: run.held ?? 0,
    bytes: run.bytes,
  };
}

/** Failures that have a matter of their own, a dead grant or a full quota, do not count as the sync's. */
function countFailures(engine: Engine, sync: SyncState, run: RunState, status: Ended, outcome: RunOutcome): void {
  const { notices } = engine.store;
  if (outcome.status !== "failed") {
    if (status !== "failed" && notices.failedRuns(sync.id) > 0) notices.forgetFailedRuns(sync.id);
    return;
  }
  if (outcome.code === "provider.auth" || outcome.code === "quota.items") return;
  notices.countFailedRun(sync.id);
  if (notices.failedRuns(sync.id) >= FAILED_RUNS_TOLD) engine.notices.mail({ kind: "failing", subjectId: sync.id, runId: run.id });
}

export function tellNeedsReconnect(engine: Engine, { id, provider }: ConnectionState): void {
  engine.notices.tell({ type: "connection.needs_reconnect", data: { connectionId: id, provider } });
  engine.notices.mail({ kind: "reconnect", subjectId: id, runId: null });
}

/** To be called before the sync is noted as one that waits for room: told when it begins to. */
export function tellQuotaReached(engine: Engine, syncId: string, limit: "bytes" | "items"): void {
  if (engine.store.sync(syncId)?.quotaReachedAt !== null) return;
  engine.notices.tell({ type: "quota.reached", data: { syncId, limit } });
  engine.notices.mail({ kind: "quota" });
}
