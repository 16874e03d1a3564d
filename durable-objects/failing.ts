import { updateConnection } from "../worker/db/connections.ts";
import { errorFields } from "../worker/log.ts";
import type { ProviderError as Failure } from "../worker/providers/errors.ts";
import { asProviderError, ProviderError } from "../worker/providers/errors.ts";
import { type FailureKind, retryDecision } from "../worker/sync/retry.ts";
import { accountChanged } from "./account.ts";
import type { Engine } from "./engine.ts";
import { beginRound } from "./feed.ts";
import { wasNotSent } from "./gates.ts";
import { QuotaReached } from "./quota.ts";
import { finishRun } from "./run.ts";
import { tellNeedsReconnect, tellQuotaReached } from "./telling.ts";
import type { FeedState, SyncState } from "./user-sync-schema.ts";

// What a failure does to a sync and its connection. What to do about it is decided by `sync/retry.ts`.

/** Before a run that could not even be ended is ended again. */
const UNFINISHED_SECONDS = 30;

export function stepSucceeded(engine: Engine, sync: SyncState): void {
  const { store } = engine;
  if (sync.attempts > 0) store.updateSync(sync.id, { attempts: 0 });
  const connection = store.connection(sync.connectionId);
  if (connection && connection.gateCount > 0) store.setGate(connection.id, connection.gateUntil, 0);
  engine.credentials.answered(sync.connectionId);
}

/** A step that failed is tried again, waits, or ends its run. */
export async function stepFailed(engine: Engine, sync: SyncState, error: unknown): Promise<void> {
  if (error instanceof QuotaReached) return failOverQuota(engine, sync, error);
  const failure = asProviderError(error);
  const { store } = engine;
  // Whether the catalogue took what it was sent is not known.
  if (!(error instanceof ProviderError)) store.updateSync(sync.id, { statsDoubtful: 1 });
  engine.log.warn("step.failed", { syncId: sync.id, kind: failure.kind, attempts: sync.attempts, ...errorFields(error) });
  const failures = failure.kind === "throttled" ? engine.gates.refusals(sync.connectionId) : sync.attempts;
  const kind = kindOf(engine, sync.connectionId, failure);
  const decision = retryDecision(kind, failures, failure.retryAfterSeconds, engine.random());
  switch (decision.action) {
    case "gate":
      if (!wasNotSent(failure)) engine.gates.close(sync.connectionId, decision.seconds);
      return;
    case "again":
      store.updateSync(sync.id, {
        dueAt: engine.now() + decision.delaySeconds * 1000,
        attempts: sync.attempts + (decision.countsAttempt ? 1 : 0),
      });
      return;
    case "enumerate":
      store.updateSync(sync.id, { enumerateNext: 1, wakes: sync.wakes + 1 });
      return;
    case "reconnect":
      await needsReconnect(engine, sync.connectionId, failure.advice);
      return;
    case "skip":
    case "fail":
      await failRun(engine, sync, failure, error instanceof ProviderError);
  }
}

/** `told`: the source has said so; else the failure is our own. */
async function failRun(engine: Engine, sync: SyncState, failure: Failure, told: boolean): Promise<void> {
  const { store } = engine;
  // A drive that is not there may have been replaced by another.
  store.updateSync(sync.id, { wakesTaken: sync.wakes, ...(told && failure.kind === "not_found" ? { feedsDue: 1 } : {}) });
  // A cursor that the source takes too long over, that it makes no sense of, or that leads round in circles: its feed can only
  // begin anew.
  const useless = failure.status === 504 || (told && (failure.kind === "fatal" || failure.kind === "loop"));
  const stuck = useless ? store.feeds(sync.id).filter((feed) => isListing(feed) && feed.cursor !== null) : [];
  for (const feed of stuck) {
    beginRound(engine, sync, feed, true);
    store.updateFeed(feed, { restarts: 0 });
  }
  await endFailed(engine, sync, `provider.${failure.kind}`, messageOf(failure, told));
}

/** Where the listing stopped, a later run goes on. */
async function failOverQuota(engine: Engine, sync: SyncState, error: QuotaReached): Promise<void> {
  engine.log.warn("quota.items_reached", { syncId: sync.id });
  engine.store.transaction(() => {
    tellQuotaReached(engine, sync.id, "items");
    engine.store.updateSync(sync.id, { wakesTaken: sync.wakes, quotaReachedAt: sync.quotaReachedAt ?? engine.now() });
  });
  await endFailed(engine, sync, "quota.items", error.message);
}

async function endFailed(engine: Engine, sync: SyncState, code: string, message: string): Promise<void> {
  const { store } = engine;
  const run = store.run(sync.id);
  if (!run) return;
  try {
    await finishRun(engine, sync, run, { status: "failed", code, message });
  } catch (error) {
    // The catalogue is out of reach too: the run ends when it answers again.
    store.updateSync(sync.id, { dueAt: engine.now() + UNFINISHED_SECONDS * 1000, wakesTaken: sync.wakesTaken });
    engine.log.error("run.unfinished", { syncId: sync.id, ...errorFields(error) });
  }
}

/** What a failure outside of a run's steps means for its connection. */
export async function connectionFailed(
  engine: Engine,
  connectionId: string,
  failure: { kind: FailureKind; status?: number | undefined; retryAfterSeconds?: number | undefined; advice?: string | undefined },
): Promise<void> {
  const kind = kindOf(engine, connectionId, failure);
  const decision = retryDecision(kind, engine.gates.refusals(connectionId), failure.retryAfterSeconds, engine.random());
  const sent = !(failure instanceof ProviderError && wasNotSent(failure));
  if (decision.action === "gate" && sent) engine.gates.close(connectionId, decision.seconds);
  if (decision.action === "reconnect") await needsReconnect(engine, connectionId, failure.advice);
}

/**
 * What the failure is taken for. A source has been seen to refuse a token that it has just given out, and the next one too: that
 * passes. Whoever was told by the sign-in itself that the grant is dead does not come here.
 */
function kindOf(engine: Engine, connectionId: string, { kind, status }: { kind: FailureKind; status?: number | undefined }): FailureKind {
  const isDoubtful = kind === "auth" && (status === undefined || status === 401);
  return isDoubtful && !engine.credentials.believesRefusal(connectionId) ? "transient" : kind;
}

function isListing(feed: FeedState): boolean {
  return feed.phase === "listing" || feed.phase === "catching_up";
}

const MEANING: Partial<Record<FailureKind, string>> = {
  not_found: "The source says that what this sync follows is not there.",
  forbidden: "The source no longer lets us list these files.",
  transient: "The source could not be reached, or did not answer as it should, several times in a row.",
  fatal: "The source answered what makes no sense, several times in a row.",
  unsupported: "The source cannot list these files.",
};

/** In words of what it means for the copy; in brackets, what was said. */
function messageOf(failure: Failure, told: boolean): string {
  if (failure.kind === "auth") return signInAgain(failure.advice);
  const meaning = told ? MEANING[failure.kind] : "Something of our own did not work, several times in a row.";
  if (meaning === undefined) return failure.message;
  return `${meaning} Nothing was removed: all that was copied stays. (${failure.message})`;
}

/** What a person is told whose grant is dead. `advice`: why it is, where that is known. */
export function signInAgain(advice: string | undefined): string {
  return `The source asks the person to sign in again.${advice === undefined ? "" : ` ${advice}`}`;
}

/** The grant is dead: the person must sign in again. */
export async function needsReconnect(engine: Engine, connectionId: string, advice?: string): Promise<void> {
  const { store } = engine;
  if (store.connection(connectionId)?.status !== "active") return;
  await updateConnection(engine.db(), engine.userId, connectionId, { status: "needs_reconnect" });
  store.transaction(() => {
    const connection = store.connection(connectionId);
    if (connection?.status === "active") tellNeedsReconnect(engine, connection);
    store.setConnectionStatus(connectionId, "needs_reconnect");
  });
  await accountChanged(engine);
  engine.log.warn("connection.needs_reconnect", { connectionId, advice });
  // Whoever found out: what runs on this connection can only go on with the next sign-in.
  const failure = new ProviderError("auth", "The grant is dead.", advice === undefined ? {} : { advice });
  for (const sync of store.syncs()) if (sync.connectionId === connectionId) await failRun(engine, sync, failure, true);
  await engine.wakeBy(engine.now());
}
