import { markPaused, updateSync } from "../worker/db/syncs.ts";
import { errorFields } from "../worker/log.ts";
import { isDue, wakeColumns } from "../worker/sync/schedule.ts";
import type { Display } from "./display.ts";
import { computeDigest, digestDue } from "./digest.ts";
import { drain } from "./drain.ts";
import type { Engine } from "./engine.ts";
import { eraseChunk } from "./erase.ts";
import { erasureAt, isErasing, stepErasure } from "./erasure.ts";
import { stepFailed, stepSucceeded } from "./failing.ts";
import { stepFeed } from "./feed.ts";
import { isToBeJudged } from "./guard.ts";
import type { Ledger } from "./ledger.ts";
import { beginRounds, feedsAreDue, leaveOut, reviewFeeds } from "./rounds.ts";
import { stepDecision } from "./holding.ts";
import { clearLitter } from "./litter.ts";
import { isRebuilding } from "./rebuilding.ts";
import { renewalsAt, resumeRenewals } from "./renewals.ts";
import { replanChunk, retryDue, trying } from "./replanning.ts";
import { announce, finishRun, newRun } from "./run.ts";
import { stepSubscriptions, subscriptionsAt } from "./subscribing.ts";
import { endUploads } from "./uploads.ts";
import { Upkeep } from "./upkeep.ts";
import { lookAtUnreadable } from "./unreadable.ts";
import type { FeedState, RunState, SyncState } from "./user-sync-schema.ts";
import { isComparing, stepVerify } from "./verify.ts";

// What the alarm does: one small durable step after another, of each sync in turn.

/** One alarm's share of time and steps: D1 answers at most 1,000 statements an invocation, and a step may take 15. */
const ALARM_MILLISECONDS = 20_000;
const ALARM_STEPS_MAX = 60;
/** Listing stays at most this far ahead of the downloads: their addresses expire. */
const AHEAD_SECONDS = 20 * 60;
const AHEAD_FILES_MIN = 5_000;
/** After settlements or messages that the catalogue or the queue did not take; doubled each time. */
const JOBS_RETRY_SECONDS = 5;
const JOBS_RETRY_SECONDS_MAX = 300;
/** A source's change feed lags behind its notifications: look once more after this long. */
const RECHECK_SECONDS = 60;

export class Work {
  readonly #engine: Engine;
  readonly #ledger: Ledger;
  readonly #display: Display;
  readonly #upkeep: Upkeep;
  /** The sync that was served last: the next one comes first. */
  #served = "";
  /** The feed that the present step reads, if it does. */
  #reading: FeedState | null = null;
  #jobsFailures = 0;
  #jobsNotBefore = 0;

  constructor(engine: Engine, ledger: Ledger, display: Display) {
    this.#engine = engine;
    this.#ledger = ledger;
    this.#display = display;
    this.#upkeep = new Upkeep(engine);
  }

  /** Works until nothing is due, or this alarm's share is used up. */
  async go(): Promise<void> {
    const { now, catalogueLock } = this.#engine;
    const until = now() + ALARM_MILLISECONDS;
    for (let steps = 0; steps < ALARM_STEPS_MAX && now() < until; steps += 1) {
      if (isErasing(this.#engine)) {
        if ((await endUploads(this.#engine)) || (await catalogueLock.hold(() => stepErasure(this.#engine)))) continue;
        break;
      }
      if (isRebuilding(this.#engine)) break;
      const moved = await catalogueLock.hold(() => this.#moveJobs());
      const stepped = await catalogueLock.hold(() => this.#stepOne());
      const ended = (await endUploads(this.#engine)) || (await clearLitter(this.#engine));
      const kept = await this.#upkeep.step();
      const resumed = await resumeRenewals(this.#engine);
      const told = await this.#engine.notices.step();
      if (
        !moved &&
        !stepped &&
        !ended &&
        !kept &&
        !resumed &&
        !told &&
        !(await this.#upkeep.purge()) &&
        !(await stepSubscriptions(this.#engine))
      )
        break;
    }
    this.#display.rest();
  }

  /** Drains settlements and dispatches jobs. Where the catalogue or the queue does not answer, both wait; the rest goes on. */
  async #moveJobs(): Promise<boolean> {
    const { now, store, log } = this.#engine;
    if (now() < this.#jobsNotBefore) return false;
    try {
      const drained = await drain(this.#engine, this.#ledger, (syncId) => this.#display.paceOf(syncId));
      for (const syncId of drained) this.#display.show(syncId);
      const sent = await this.#ledger.dispatch(store.syncs().filter((sync) => this.mayWork(sync)));
      for (const syncId of sent) this.#display.paceOf(syncId).begin(now());
      this.#jobsFailures = 0;
      return drained.length > 0 || sent.size > 0;
    } catch (error) {
      this.#jobsNotBefore = now() + Math.min(JOBS_RETRY_SECONDS * 2 ** this.#jobsFailures, JOBS_RETRY_SECONDS_MAX) * 1000;
      this.#jobsFailures += 1;
      store.doubtStats();
      log.error("jobs.failed", errorFields(error));
      return false;
    }
  }

  /** Whether a sync's downloads may go on now. */
  mayWork(sync: SyncState): boolean {
    return this.#mayGoOn(sync) && this.#engine.store.run(sync.id) !== null;
  }

  /** Whether anything may be asked of a connection's source now. */
  mayAsk(connectionId: string): boolean {
    const connection = this.#engine.store.connection(connectionId);
    return connection?.status === "active" && connection.gateUntil <= this.#engine.now() && !isRebuilding(this.#engine);
  }

  #mayGoOn(sync: SyncState): boolean {
    return sync.status === "active" && this.mayAsk(sync.connectionId);
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
        stepSucceeded(this.#engine, sync);
      } catch (error) {
        if (!(await leaveOut(this.#engine, sync, this.#reading, error))) await stepFailed(this.#engine, sync, error);
      } finally {
        this.#reading = null;
      }
      this.#display.show(sync.id);
      await this.#display.writeTotals(sync.id);
      return true;
    }
    return false;
  }

  /** The one thing that this sync needs next; null where there is nothing to do now. */
  #nextStep(sync: SyncState): (() => Promise<unknown>) | null {
    const engine = this.#engine;
    if (sync.status === "deleting") return () => eraseChunk(engine, sync.id);
    if (sync.dueAt > engine.now()) return null;
    // Needs nothing of the source; and what comes after it is judged by what it leaves.
    const decision = engine.store.decisions.next(sync.id);
    if (decision) return () => stepDecision(engine, sync, decision);
    if (!this.#mayGoOn(sync)) return null;
    if (sync.recheckAt !== null && sync.recheckAt <= engine.now()) return async () => this.#recheck(sync);
    const run = engine.store.run(sync.id);
    if (!run) {
      const trigger = this.#reasonToRun(sync);
      return trigger && (async () => this.#takeUp(newRun(engine, sync, trigger, sync.enumerateNext === 1, engine.now())));
    }
    if (run.startedAt === null) return () => this.#start(run);
    const feeds = engine.store.feeds(sync.id);
    if (feeds.length === 0 || sync.feedsDue === 1) return () => reviewFeeds(engine, sync, run);
    if (sync.retryAt !== null && sync.retryAt <= engine.now() && sync.replanAfter === null) return () => this.#retry(sync, run);
    if (feeds.every((feed) => feed.phase === "idle") && sync.wakes > sync.wakesTaken) {
      if (feedsAreDue(engine, sync, run)) return () => reviewFeeds(engine, sync, run);
      return async () => beginRounds(engine, sync, run);
    }
    if (this.#isAhead(sync)) return null;
    if (sync.replanAfter !== null) return () => replanChunk(engine, sync, run);
    // What goes in several feeds is judged together: each is read first.
    const feed = feeds.find((each) => each.phase !== "idle" && !isToBeJudged(each)) ?? feeds.find((each) => each.phase !== "idle");
    if (feed) return () => this.#readFeed(sync, feed, run);
    if (isComparing(engine, run)) return () => stepVerify(engine, sync, this.#inPhase(run, "planning"));
    if (engine.store.jobs.backlog(sync.id).jobs > 0) {
      if (run.phase !== "downloading") engine.store.saveRun(this.#inPhase(run, "downloading"));
      return null;
    }
    if (run.announced && digestDue(engine, sync.id)) return () => computeDigest(engine, sync.id);
    return () => finishRun(engine, sync, this.#inPhase(run, "finishing"), { status: "ended" });
  }

  #readFeed(sync: SyncState, feed: FeedState, run: RunState): Promise<void> {
    this.#reading = feed;
    const phase = feed.phase === "removing" || feed.phase === "judging" ? "planning" : "listing";
    return stepFeed(this.#engine, sync, feed, this.#inPhase(run, phase));
  }

  async #retry(sync: SyncState, run: RunState): Promise<void> {
    await trying(this.#engine, sync.id, async () => {
      await lookAtUnreadable(this.#engine, sync, run);
      await retryDue(this.#engine, sync, run);
    });
  }

  #inPhase(run: RunState, phase: RunState["phase"]): RunState {
    run.phase = phase;
    return run;
  }

  #reasonToRun(sync: SyncState): RunState["trigger"] | null {
    if (this.#rests(sync)) return null;
    if (sync.wakes > sync.wakesTaken || sync.replanAfter !== null) return sync.wakeTrigger;
    return sync.retryAt !== null && sync.retryAt <= this.#engine.now() ? "retry" : null;
  }

  /** A run was cancelled: what it left over waits for the next wake. */
  #rests(sync: SyncState): boolean {
    return sync.wakes === sync.restsAtWakes;
  }

  #recheck(sync: SyncState): void {
    this.#engine.store.updateSync(sync.id, { recheckAt: null, wakes: sync.wakes + 1, wakeTrigger: "webhook" });
  }

  async #start(run: RunState): Promise<void> {
    run.startedAt = this.#engine.now();
    this.#engine.store.saveRun(run);
    await this.#takeUp(run);
  }

  /** What a run that was cancelled left over is this one's work from now on. */
  async #takeUp(run: RunState): Promise<void> {
    if (this.#engine.store.jobs.backlog(run.syncId).jobs > 0) await announce(this.#engine, run);
  }

  #isAhead(sync: SyncState): boolean {
    const { filesPerSecond } = this.#display.paceOf(sync.id).rate(this.#engine.now());
    return this.#engine.store.jobs.backlog(sync.id).files > Math.max(AHEAD_FILES_MIN, filesPerSecond * AHEAD_SECONDS);
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
    // A paused sync is not woken by the clock, unless the catalogue has not heard that it is paused.
    await markPaused(this.#engine.db(), userId, store.syncs().flatMap((sync) => (sync.status === "paused" ? sync.id : []))); // prettier-ignore
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
    if (isErasing(this.#engine)) return erasureAt(this.#engine);
    if (isRebuilding(this.#engine)) return null;
    const drainAt = this.#ledger.drainAt();
    const times = [
      subscriptionsAt(this.#engine),
      renewalsAt(this.#engine),
      store.uploads.leftAt(),
      this.#upkeep.nextAt(),
      store.litter.dueAt(),
      this.#engine.notices.nextAt(),
      drainAt === null ? null : Math.max(drainAt, this.#jobsNotBefore),
    ].filter((at) => at !== null);
    for (const sync of store.syncs()) times.push(...this.#timesOf(sync));
    return times.length > 0 ? Math.max(now(), Math.min(...times)) : null;
  }

  #timesOf(sync: SyncState): number[] {
    const { store, now } = this.#engine;
    if (sync.status === "deleting" || store.decisions.count(sync.id) > 0) return [Math.max(now(), sync.dueAt)];
    const connection = store.connection(sync.connectionId);
    if (sync.status !== "active" || connection?.status !== "active") return [];
    const from = Math.max(connection.gateUntil, sync.dueAt);
    const times: number[] = [];
    const active = store.run(sync.id);
    if (!active && this.#rests(sync)) return sync.recheckAt === null ? [] : [Math.max(from, sync.recheckAt)];
    if (sync.recheckAt !== null) times.push(Math.max(from, sync.recheckAt));
    if (sync.retryAt !== null) times.push(Math.max(from, sync.retryAt));
    if (sync.wakes > sync.wakesTaken || sync.replanAfter !== null)
      times.push(Math.max(from, this.#isAhead(sync) ? now() + RECHECK_SECONDS * 1000 : 0));
    if (!active) return times;
    const jobsAt = this.#ledger.nextAt(sync);
    if (jobsAt !== null) times.push(Math.max(connection.gateUntil, jobsAt, this.#jobsNotBefore));
    const comparing = store.feeds(sync.id).some((feed) => feed.phase !== "idle") || isComparing(this.#engine, active);
    const listing = comparing && !this.#isAhead(sync);
    if (listing || store.jobs.backlog(sync.id).jobs === 0) times.push(from);
    return times;
  }
}
