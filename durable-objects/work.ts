import { failedItems, scanItems, upsertItems } from "../worker/db/items.ts";
import { updateConnection } from "../worker/db/connections.ts";
import { updateSync } from "../worker/db/syncs.ts";
import { timeId } from "../worker/ids.ts";
import { errorFields } from "../worker/log.ts";
import { asProviderError, ProviderError } from "../worker/providers/errors.ts";
import { replan } from "../worker/sync/plan.ts";
import { retryDecision } from "../worker/sync/retry.ts";
import { isDue, wakeColumns } from "../worker/sync/schedule.ts";
import { add } from "../worker/sync/stats.ts";
import { drain } from "./drain.ts";
import type { Engine } from "./engine.ts";
import { scopeOf } from "./engine.ts";
import { eraseChunk } from "./erase.ts";
import { beginRound, stepFeed } from "./feed.ts";
import type { Ledger } from "./ledger.ts";
import { Pace } from "./pace.ts";
import { announce, finishRun, newRun } from "./run.ts";
import { statusOf } from "./status.ts";
import { reviewSubscriptions, stepSubscriptions } from "./subscribing.ts";
import type { FeedState, RunState, SyncState } from "./user-sync-schema.ts";

// What the alarm does: one small durable step after another, of each sync in turn.

/** One alarm's share of time and steps: D1 answers at most 1,000 statements an invocation. */
const ALARM_MILLISECONDS = 20_000;
const ALARM_STEPS_MAX = 100;
/** Rows planned again, a step. */
const REPLAN_ROWS_MAX = 500;
/** Listing stays at most this far ahead of the downloads: their addresses expire. */
const AHEAD_SECONDS = 20 * 60;
const AHEAD_FILES_MIN = 5_000;
/** A source's change feed lags behind its notifications: look once more after this long. */
const RECHECK_SECONDS = 60;
const STATUS_MILLISECONDS = 500;
/** How often a running sync's totals are written to D1. */
const TOTALS_MILLISECONDS = 15_000;

export class Work {
  readonly #engine: Engine;
  readonly #ledger: Ledger;
  readonly #paces = new Map<string, Pace>();
  readonly #shownAt = new Map<string, number>();
  readonly #totalsAt = new Map<string, number>();
  /** The sync that was served last: the next one comes first. */
  #served = "";

  constructor(engine: Engine, ledger: Ledger) {
    this.#engine = engine;
    this.#ledger = ledger;
  }

  paceOf(syncId: string): Pace {
    let pace = this.#paces.get(syncId);
    if (!pace) this.#paces.set(syncId, (pace = new Pace()));
    return pace;
  }

  /** Works until nothing is due, or this alarm's share is used up. */
  async go(): Promise<void> {
    const { now, store } = this.#engine;
    const until = now() + ALARM_MILLISECONDS;
    for (let steps = 0; steps < ALARM_STEPS_MAX && now() < until; steps += 1) {
      const drained = await drain(this.#engine, this.#ledger, (syncId) => this.paceOf(syncId));
      for (const syncId of drained) this.#show(syncId, true);
      const sent = await this.#ledger.dispatch(store.syncs().filter((sync) => this.mayWork(sync)));
      const stepped = await this.#stepOne();
      if (drained.length === 0 && !sent && !stepped && !(await stepSubscriptions(this.#engine))) break;
    }
    for (const sync of store.syncs()) if (this.#shownAt.has(sync.id)) this.#show(sync.id, false, true);
  }

  /** Whether a sync's downloads may go on now. */
  mayWork(sync: SyncState): boolean {
    return this.#mayAsk(sync) && this.#engine.store.run(sync.id) !== null;
  }

  #mayAsk(sync: SyncState): boolean {
    const connection = this.#engine.store.connection(sync.connectionId);
    return sync.status === "active" && connection?.status === "active" && connection.gateUntil <= this.#engine.now();
  }

  async #stepOne(): Promise<boolean> {
    const syncs = this.#engine.store.syncs();
    const order = [...syncs.filter((sync) => sync.id > this.#served), ...syncs.filter((sync) => sync.id <= this.#served)];
    for (const sync of order) {
      const step = this.#nextStep(sync);
      if (!step) continue;
      this.#served = sync.id;
      try {
        await step();
        this.#stepSucceeded(sync);
      } catch (error) {
        await this.#stepFailed(sync, error);
      }
      this.#show(sync.id, true);
      await this.#writeTotals(sync.id);
      return true;
    }
    return false;
  }

  /** The one thing that this sync needs next; null where there is nothing to do now. */
  #nextStep(sync: SyncState): (() => Promise<unknown>) | null {
    const engine = this.#engine;
    if (sync.status === "deleting") return () => eraseChunk(engine, sync);
    if (!this.#mayAsk(sync) || sync.dueAt > engine.now()) return null;
    if (sync.recheckAt !== null && sync.recheckAt <= engine.now()) return async () => this.#recheck(sync);
    const run = engine.store.run(sync.id);
    if (!run) {
      const trigger = this.#reasonToRun(sync);
      return trigger && (async () => newRun(engine, sync, trigger, sync.enumerateNext === 1));
    }
    if (run.startedAt === null) return () => this.#start(sync, run);
    const feeds = engine.store.feeds(sync.id);
    if (feeds.length === 0) return () => this.#findFeeds(sync, run);
    if (sync.retryAt !== null && sync.retryAt <= engine.now() && sync.replanAfter === null) return () => this.#retryDue(sync, run);
    if (feeds.every((feed) => feed.phase === "idle") && sync.wakes > sync.wakesTaken)
      return async () => this.#beginRounds(sync, run, feeds);
    if (this.#isAhead(sync)) return null;
    if (sync.replanAfter !== null) return () => this.#replan(sync, run);
    const feed = feeds.find((each) => each.phase !== "idle");
    if (feed) return () => stepFeed(engine, sync, feed, this.#inPhase(run, feed.phase === "removing" ? "planning" : "listing"));
    if (engine.store.backlog(sync.id).jobs > 0) {
      if (run.phase !== "downloading") engine.store.saveRun(this.#inPhase(run, "downloading"));
      return null;
    }
    return () => finishRun(engine, sync, this.#inPhase(run, "finishing"), { status: "ended" });
  }

  #inPhase(run: RunState, phase: RunState["phase"]): RunState {
    run.phase = phase;
    return run;
  }

  #reasonToRun(sync: SyncState): RunState["trigger"] | null {
    if (sync.wakes > sync.wakesTaken || sync.replanAfter !== null) return sync.wakeTrigger;
    return sync.retryAt !== null && sync.retryAt <= this.#engine.now() ? "retry" : null;
  }

  #recheck(sync: SyncState): void {
    this.#engine.store.updateSync(sync.id, { recheckAt: null, wakes: sync.wakes + 1, wakeTrigger: "webhook" });
  }

  async #start(sync: SyncState, run: RunState): Promise<void> {
    run.startedAt = this.#engine.now();
    this.#engine.store.saveRun(run);
    // Left over by a run that was cancelled: this one's work from now on.
    if (this.#engine.store.backlog(sync.id).jobs > 0) await announce(this.#engine, run);
  }

  async #findFeeds(sync: SyncState, run: RunState): Promise<void> {
    const provider = this.#engine.provider(sync.connectionId, () => {
      run.usage.providerRequests += 1;
    });
    const feeds = await provider.feeds();
    this.#engine.store.transaction(() => {
      for (const feed of feeds) this.#engine.store.insertFeed(sync.id, feed.id);
      this.#engine.store.saveRun(run);
    });
    reviewSubscriptions(this.#engine);
  }

  #beginRounds(sync: SyncState, run: RunState, feeds: readonly FeedState[]): void {
    const enumerate = sync.enumerateNext === 1;
    const enumerating = enumerate || feeds.some((feed) => feed.cursor === null);
    this.#engine.store.transaction(() => {
      for (const feed of feeds) beginRound(this.#engine, sync, feed, enumerate);
      this.#engine.store.updateSync(sync.id, { wakesTaken: sync.wakes, enumerateNext: 0 });
      this.#engine.store.saveRun({ ...run, type: enumerating ? "full" : run.type });
    });
  }

  #isAhead(sync: SyncState): boolean {
    const { filesPerSecond } = this.paceOf(sync.id).rate(this.#engine.now());
    return this.#engine.store.backlog(sync.id).files > Math.max(AHEAD_FILES_MIN, filesPerSecond * AHEAD_SECONDS);
  }

  /** A chunk of the catalogue by what is wanted now; or, forced, of what failed. */
  async #replan(sync: SyncState, run: RunState): Promise<void> {
    const engine = this.#engine;
    const scope = scopeOf(engine, sync.id);
    const forced = sync.replanForced === 1;
    const rows = forced
      ? await failedItems(engine.db(), scope, Infinity, REPLAN_ROWS_MAX)
      : await scanItems(engine.db(), scope, sync.replanAfter ?? "", REPLAN_ROWS_MAX);
    await this.#queueAgain(sync, run, rows, forced ? Infinity : engine.now());
    const done = rows.length < REPLAN_ROWS_MAX;
    engine.store.updateSync(
      sync.id,
      done ? { replanAfter: null, replanForced: 0 } : { replanAfter: forced ? "" : (rows.at(-1)?.remoteId ?? "") },
    );
  }

  /** What failed and has waited long enough. */
  async #retryDue(sync: SyncState, run: RunState): Promise<void> {
    const rows = await failedItems(this.#engine.db(), scopeOf(this.#engine, sync.id), this.#engine.now(), REPLAN_ROWS_MAX);
    await this.#queueAgain(sync, run, rows, this.#engine.now());
    if (rows.length < REPLAN_ROWS_MAX) this.#engine.store.updateSync(sync.id, { retryAt: null });
  }

  async #queueAgain(sync: SyncState, run: RunState, known: Awaited<ReturnType<typeof scanItems>>, retryBefore: number): Promise<void> {
    const engine = this.#engine;
    const now = engine.now();
    const planned = replan(known, {
      liveJobs: engine.store.liveJobs(known.flatMap((row) => row.pendingJob ?? [])),
      mode: sync.mode,
      runId: run.id,
      now,
      mintJobId: () => timeId(now),
      retryBefore,
    });
    if (planned.rows.length > 0) await announce(engine, run);
    const written = await upsertItems(engine.db(), scopeOf(engine, sync.id), planned.rows);
    const feedId = engine.store.feeds(sync.id)[0]?.feedId ?? "";
    engine.store.transaction(() => {
      for (const job of planned.jobs) engine.store.insertJob({ ...job, syncId: sync.id, feedId, dueAt: now });
      run.usage.rowsWritten += written;
      engine.store.updateSync(sync.id, { stats: add(sync.stats, planned.stats) });
      engine.store.saveRun(run);
    });
  }

  #stepSucceeded(sync: SyncState): void {
    const { store } = this.#engine;
    if (sync.attempts > 0) store.updateSync(sync.id, { attempts: 0 });
    const connection = store.connection(sync.connectionId);
    if (connection && connection.gateCount > 0) store.setGate(connection.id, connection.gateUntil, 0);
  }

  async #stepFailed(sync: SyncState, error: unknown): Promise<void> {
    const engine = this.#engine;
    const failure = asProviderError(error);
    const run = engine.store.run(sync.id);
    // Whether the catalogue took what it was sent is not known.
    if (!(error instanceof ProviderError)) engine.store.updateSync(sync.id, { statsDoubtful: 1 });
    engine.log.warn("step.failed", { syncId: sync.id, kind: failure.kind, attempts: sync.attempts, ...errorFields(error) });
    const decision = retryDecision(failure.kind, sync.attempts, failure.retryAfterSeconds, engine.random());
    switch (decision.action) {
      case "gate":
        return this.gate(sync.connectionId, decision.seconds);
      case "again":
        return engine.store.updateSync(sync.id, {
          dueAt: engine.now() + decision.delaySeconds * 1000,
          attempts: sync.attempts + (decision.countsAttempt ? 1 : 0),
        });
      case "reconnect":
        await this.needsReconnect(sync.connectionId);
        break;
      case "enumerate":
        return engine.store.updateSync(sync.id, { enumerateNext: 1, wakes: sync.wakes + 1 });
      case "skip":
      case "fail":
        break;
    }
    await this.#fail(sync, run, failure);
  }

  async #fail(sync: SyncState, run: RunState | null, failure: ProviderError): Promise<void> {
    const engine = this.#engine;
    engine.store.updateSync(sync.id, { wakesTaken: sync.wakes });
    // A cursor that the source takes too long over, again and again: its feed can only begin anew.
    const stuck =
      failure.status === 504 ? engine.store.feeds(sync.id).filter((feed) => feed.phase === "listing" && feed.cursor !== null) : [];
    for (const feed of stuck) beginRound(engine, sync, feed, true);
    if (!run) return;
    try {
      const message = failure.kind === "auth" ? "The source asks the person to sign in again." : failure.message;
      await finishRun(engine, sync, run, { status: "failed", code: `provider.${failure.kind}`, message });
    } catch (error) {
      // The catalogue is out of reach too: the run ends when it answers again.
      engine.store.updateSync(sync.id, { dueAt: engine.now() + 30_000, wakesTaken: sync.wakesTaken });
      engine.log.error("run.unfinished", { syncId: sync.id, ...errorFields(error) });
    }
  }

  /** Nothing is asked of this connection's provider for a while. */
  async gate(connectionId: string, seconds: number): Promise<void> {
    const connection = this.#engine.store.connection(connectionId);
    if (!connection) return;
    const until = Math.max(connection.gateUntil, this.#engine.now() + seconds * 1000);
    this.#engine.store.setGate(connectionId, until, connection.gateCount + 1);
    this.#engine.log.info("connection.throttled", { connectionId, seconds });
  }

  /** The grant is dead: the person must sign in again. */
  async needsReconnect(connectionId: string): Promise<void> {
    const engine = this.#engine;
    if (engine.store.connection(connectionId)?.status !== "active") return;
    await updateConnection(engine.db(), engine.userId, connectionId, { status: "needs_reconnect" });
    engine.store.setConnectionStatus(connectionId, "needs_reconnect");
    engine.live.emit({ type: "account" });
    engine.log.warn("connection.needs_reconnect", { connectionId });
  }

  /** A source says that something changed: its change feed may say so only later. */
  notified(connectionId: string): void {
    const { store, now } = this.#engine;
    for (const sync of store.syncs()) {
      if (sync.connectionId !== connectionId || sync.status !== "active" || sync.schedule.kind === "manual") continue;
      store.updateSync(sync.id, { wakes: sync.wakes + 1, wakeTrigger: "webhook", recheckAt: now() + RECHECK_SECONDS * 1000 });
    }
  }

  /** Counts a wake for the syncs that the clock makes due. */
  async wakeDue(): Promise<void> {
    const { store, now, userId } = this.#engine;
    for (const sync of store.syncs()) {
      if (sync.status !== "active" || !isDue(sync.schedule, sync.checkedAt, sync.nextDueAt, now())) continue;
      const { nextDueAt } = wakeColumns(sync.schedule, userId, now());
      if (sync.schedule.kind === "cron") await updateSync(this.#engine.db(), userId, sync.id, { nextDueAt });
      store.updateSync(sync.id, { wakes: sync.wakes + 1, wakeTrigger: "schedule", nextDueAt });
    }
  }

  /** When the alarm is next needed; null where nothing waits. */
  nextAt(): number | null {
    const { store, now } = this.#engine;
    const times: number[] = store.subscriptions().map((row) => Math.max(row.dueAt, store.connection(row.connectionId)?.gateUntil ?? 0));
    if (store.doneJobIds(1).length > 0) times.push(now());
    for (const sync of store.syncs()) times.push(...this.#timesOf(sync));
    return times.length > 0 ? Math.max(now(), Math.min(...times)) : null;
  }

  #timesOf(sync: SyncState): number[] {
    const { store, now } = this.#engine;
    if (sync.status === "deleting") return [Math.max(now(), sync.dueAt)];
    const connection = store.connection(sync.connectionId);
    if (sync.status !== "active" || connection?.status !== "active") return [];
    const from = Math.max(connection.gateUntil, sync.dueAt);
    const times: number[] = [];
    if (sync.recheckAt !== null) times.push(Math.max(from, sync.recheckAt));
    if (sync.retryAt !== null) times.push(Math.max(from, sync.retryAt));
    if (sync.wakes > sync.wakesTaken || sync.replanAfter !== null)
      times.push(Math.max(from, this.#isAhead(sync) ? now() + RECHECK_SECONDS * 1000 : 0));
    if (store.run(sync.id) === null) return times;
    const jobsAt = this.#ledger.nextAt(sync);
    if (jobsAt !== null) times.push(Math.max(connection.gateUntil, jobsAt));
    const listing = store.feeds(sync.id).some((feed) => feed.phase !== "idle") && !this.#isAhead(sync);
    if (listing || store.backlog(sync.id).jobs === 0) times.push(from);
    return times;
  }

  /** Sends the live status to open pages, at most about twice a second unless `now`. */
  #show(syncId: string, items: boolean, now = false): void {
    const { live, store } = this.#engine;
    const at = this.#engine.now();
    if (!now && at - (this.#shownAt.get(syncId) ?? 0) < STATUS_MILLISECONDS) return;
    const sync = store.sync(syncId);
    if (now) this.#shownAt.delete(syncId);
    else this.#shownAt.set(syncId, at);
    if (!sync || !live.watched) return;
    live.emit({ type: "status", status: statusOf(this.#engine, sync, this.paceOf(syncId)) });
    if (items || now) live.emit({ type: "items", syncId });
  }

  async #writeTotals(syncId: string): Promise<void> {
    const { store, now, userId } = this.#engine;
    const sync = store.sync(syncId);
    const run = store.run(syncId);
    if (!sync || !run?.announced) return;
    const last = this.#totalsAt.get(syncId) ?? run.startedAt ?? now();
    if (now() - last < TOTALS_MILLISECONDS) return;
    this.#totalsAt.set(syncId, now());
    const { items, files, stored, failed, skipped, bytes, sourceBytes } = sync.stats;
    await updateSync(this.#engine.db(), userId, syncId, {
      itemCount: items,
      fileCount: files,
      storedCount: stored,
      failedCount: failed,
      skippedCount: skipped,
      storedBytes: bytes,
      sourceBytes, // prettier-ignore
    });
  }
}
