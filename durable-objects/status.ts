import { secondsLeft } from "../worker/sync/estimate.ts";
import type { SyncStatus } from "../worker/wire.ts";
import type { Engine } from "./engine.ts";
import type { Pace } from "./pace.ts";
import { toWireRun } from "./run.ts";
import type { RunState, SyncState } from "./user-sync-schema.ts";

// What is going on in a sync right now.

export function statusOf(engine: Engine, sync: SyncState, pace: Pace): SyncStatus {
  const now = engine.now();
  const backlog = engine.store.jobs.backlog(sync.id);
  const run = engine.store.run(sync.id);
  const waitingFor = waitOf(engine, sync, backlog.dueAt);
  const { filesPerSecond, bytesPerSecond } = pace.rate(now);
  return {
    syncId: sync.id,
    status: sync.status,
    upToDateAt: instant(sync.upToDateAt),
    checkedAt: instant(sync.checkedAt),
    backlog: { files: backlog.files, bytes: backlog.bytes },
    waitingFor,
    secondsLeft: estimate(engine, sync, run, backlog, waitingFor, pace),
    filesPerSecond,
    bytesPerSecond,
    // Of files under way, the parts that are here count as progress.
    activeRun: run && toWireRun({ ...run, bytes: run.bytes + backlog.partBytes }, backlog.files, pace.recent),
  };
}

/** While the source is still being listed nobody knows how much there is; nor how long a person takes. */
function estimate(
  engine: Engine,
  sync: SyncState,
  run: RunState | null,
  backlog: { files: number; bytes: number },
  waitingFor: SyncStatus["waitingFor"],
  pace: Pace,
): number | null {
  const now = engine.now();
  if (!run || run.phase === "listing" || waitingFor?.until === null) return null;
  const budget = engine.gates.budget(sync.connectionId);
  return secondsLeft({
    ...backlog,
    rate: pace.expected(now),
    waitSeconds: waitSeconds(waitingFor, now),
    budget: budget && { ...budget, resetSeconds: (budget.resetsAt - now) / 1000 },
  });
}

function waitOf(engine: Engine, sync: SyncState, jobsDueAt: number | null): SyncStatus["waitingFor"] {
  const now = engine.now();
  const connection = engine.store.connection(sync.connectionId);
  if (sync.status === "paused") return { reason: "paused", until: null };
  if (connection && connection.status !== "active") return { reason: "reconnect", until: null };
  if (connection && connection.gateUntil > now) return { reason: "throttled", until: instant(connection.gateUntil) };
  if (sync.dueAt > now) return { reason: "retry", until: instant(sync.dueAt) };
  if (jobsDueAt !== null && jobsDueAt > now) return { reason: "retry", until: instant(jobsDueAt) };
  if (sync.quotaReachedAt !== null && engine.store.run(sync.id) === null) return { reason: "quota", until: instant(sync.retryAt) };
  return null;
}

function waitSeconds(waiting: SyncStatus["waitingFor"], now: number): number {
  return waiting?.until ? Math.max(0, (Date.parse(waiting.until) - now) / 1000) : 0;
}

function instant(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
