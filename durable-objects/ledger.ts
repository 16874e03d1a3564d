import type { JobFile, JobLease, LeaseAnswer, LeaseRequest, SettleAnswer, SettleRequest } from "../worker/sync/job.ts";
import { contentKey, isOfFile, JOB_FILES_MAX } from "../worker/sync/job.ts";
import { pathsOf } from "../worker/db/browse.ts";
import { awaitedItems, knownContents } from "../worker/db/settlement.ts";
import { takeTurns } from "../worker/sync/turns.ts";
import type { Engine } from "./engine.ts";
import { scopeOf } from "./engine.ts";
import { Flights, RESEND_SECONDS } from "./flights.ts";
import type { Leased } from "./flights.ts";
import { fileOfPart, headOf, largeOf, settleLarge, taskOf } from "./large-files.ts";
import { noteLitter } from "./litter.ts";
import { UsageCounts } from "./usage.ts";
import type { Usage } from "./usage.ts";
import type { JobState, SyncState } from "./user-sync-schema.ts";
import { isReading } from "./verify-reads.ts";

// The ledger is the object's set of jobs that are not settled; the queue only carries their names, and may lose, repeat,
// reorder or delay them. Which jobs are out is known in memory alone: after a restart they are sent again.

/** Jobs drained at once: up to 1,000 files in one statement. */
export const DRAINED_JOBS_MAX = 16;
/** Finished jobs wait this long for others to be drained with, less where a page looks on. */
const GATHER_MILLISECONDS = 5_000;
const GATHER_WATCHED_MILLISECONDS = 1_000;
/** Messages of one `sendBatch`. */
const SEND_BATCH_MAX = 100;
/** Write, read and delete of a message. */
const OPERATIONS_PER_MESSAGE = 3;

interface Wanted {
  head: JobState | null;
  files: JobFile[];
  paths: Map<string, string>;
  parents: Map<string, string | null>;
}

export class Ledger {
  readonly #engine: Engine;
  readonly #onPart: (syncId: string, bytes: number) => void;
  readonly #flights: Flights;
  readonly #paths = new Map<string, string[]>();
  readonly #usage = new UsageCounts();
  /** Leases that are being made out. */
  readonly #asked = new Map<string, { requestId: string; answer: Promise<JobLease> }>();
  /** The sync whose job was sent last. */
  #servedLast = "";
  /** When the first job finished that waits to be drained; null where that is not known. */
  #gatheringSince: number | null = null;

  /** `onPart`: called with the bytes of each part of a large file that is with R2. */
  constructor(engine: Engine, onPart: (syncId: string, bytes: number) => void) {
    this.#engine = engine;
    this.#onPart = onPart;
    this.#flights = new Flights(engine.store, engine.now);
  }

  /** Sends due jobs of these syncs, by turns, as far as the user may have jobs in the queue. Answers the syncs whose jobs went out. */
  async dispatch(syncs: readonly SyncState[]): Promise<Set<string>> {
    const chosen = this.#choose(syncs);
    if (chosen.length === 0) return new Set();
    const { env, userId } = this.#engine;
    for (const { id, syncId } of chosen) this.#flights.sent(id, syncId);
    const messages = chosen.map(({ id }) => ({ body: { userId, jobId: id } }));
    try {
      for (let start = 0; start < messages.length; start += SEND_BATCH_MAX) {
        await env.DOWNLOADS.sendBatch(messages.slice(start, start + SEND_BATCH_MAX));
      }
    } catch (error) {
      for (const { id } of chosen) this.#flights.forget(id);
      throw error;
    }
    for (const { syncId } of chosen) this.#usage.count(syncId, { queueOperations: OPERATIONS_PER_MESSAGE });
    return new Set(chosen.map(({ syncId }) => syncId));
  }

  #choose(syncs: readonly SyncState[]): { id: string; syncId: string }[] {
    const { store, env, now } = this.#engine;
    const flying = this.#flights.underWay();
    const free = Number(env.USER_JOBS_IN_FLIGHT) - flying.length;
    if (free <= 0) return [];
    const waiting = syncs.map((sync) => ({
      syncId: sync.id,
      inFlight: flying.filter((flight) => flight.syncId === sync.id).length,
      jobs: store.jobs.open(sync.id, now(), free + this.#flights.size).filter((job) => this.#flights.mayBeSent(job)),
    }));
    const chosen = takeTurns(waiting, free, this.#servedLast);
    this.#servedLast = chosen.at(-1)?.syncId ?? this.#servedLast;
    return chosen.map(({ syncId, job }) => ({ id: job.id, syncId }));
  }

  /** When jobs of this sync are next worth a look. Null where none is open. */
  nextAt(sync: SyncState): number | null {
    const now = this.#engine.now();
    const open = this.#engine.store.jobs.open(sync.id, Number.MAX_SAFE_INTEGER, Number(this.#engine.env.USER_JOBS_IN_FLIGHT) * 2);
    const times = open.map((job) => {
      const outUntil = this.#flights.dueAt(job) ?? 0;
      if (this.#flights.isOut(job.id)) return outUntil;
      return Math.max(job.dueAt, outUntil, this.#isFull() ? now + RESEND_SECONDS * 1000 : 0);
    });
    return times.length > 0 ? Math.min(...times) : null;
  }

  #isFull(): boolean {
    return this.#flights.size >= Number(this.#engine.env.USER_JOBS_IN_FLIGHT);
  }

  /** Gives jobs to a consumer, without the files that are no longer wanted. `mayWork` says whether a sync's jobs are. */
  async lease(request: LeaseRequest, mayWork: (sync: SyncState) => boolean): Promise<LeaseAnswer> {
    const jobs: JobLease[] = [];
    for (const jobId of request.jobIds) jobs.push(await this.#leaseOnce(jobId, request, mayWork));
    const leased = jobs.filter((job) => job.kind === "leased").length;
    this.#engine.log.debug("jobs.leased", { requestId: request.requestId, asked: request.jobIds.length, leased });
    return { jobs };
  }

  /** One question about a job at a time. A consumer that asks again meanwhile, since it heard nothing, gets the same answer. */
  async #leaseOnce(jobId: string, request: LeaseRequest, mayWork: (sync: SyncState) => boolean): Promise<JobLease> {
    const { requestId } = request;
    const asked = this.#asked.get(jobId);
    if (asked) return asked.requestId === requestId ? asked.answer : { kind: "drop", jobId };
    const answer = this.#leaseOne(jobId, request, mayWork).finally(() => this.#asked.delete(jobId));
    this.#asked.set(jobId, { requestId, answer });
    return answer;
  }

  async #leaseOne(jobId: string, { requestId, large: isAble }: LeaseRequest, mayWork: (sync: SyncState) => boolean): Promise<JobLease> {
    const { store, userId } = this.#engine;
    const drop: JobLease = { kind: "drop", jobId };
    const seen = store.jobs.get(jobId);
    const sync = seen && store.sync(seen.syncId);
    if (!seen || !sync || seen.done) return this.#forget(jobId, drop);
    if (!mayWork(sync)) return this.#forget(jobId, drop);
    if (this.#flights.isHeld(seen)) return this.#flights.answeredTo(seen, requestId) ?? drop;
    // Its message comes again, later each time, until a consumer of this release gets it.
    if (!isAble && largeOf(this.#engine, seen)) return drop;
    if (seen.results.length > 0) {
      // A lease that broke off half-way: what it brought is drained first, the rest comes again.
      noteLitter(this.#engine, seen);
      store.jobs.saveResults(jobId, seen.results, true);
      await this.#engine.wakeBy(this.#engine.now());
      return this.#forget(jobId, drop);
    }
    this.#flights.heard(jobId, sync.id);
    const { head: seenHead, files, paths, parents } = await this.#wanted(seen);
    const job = store.jobs.get(jobId);
    const head = job && headOf(this.#engine, job);
    const connection = store.connection(sync.connectionId);
    // The awaits let others in: a lease that came first, a settlement, a deleted sync.
    if (!job || job.lease !== seen.lease || job.done || !connection) return this.#forget(jobId, drop);
    noteLitter(this.#engine, job);
    if (files.length === 0 || !head) {
      store.jobs.delete(seenHead?.id ?? jobId);
      await this.#engine.wakeBy(this.#engine.now());
      return this.#forget(jobId, drop);
    }
    const reading = isReading(job);
    const large = reading ? null : largeOf(this.#engine, { ...job, files: job.large ? job.files : files });
    const task = large && taskOf(this.#engine, head, large);
    if (large && !task) return this.#forget(jobId, drop);
    const lease = job.lease + 1;
    store.jobs.lease(jobId, lease, large?.role === "part" ? [] : files, large);
    const leased = files.map((file, index) => ({
      ...file,
      index,
      storedId: file.stored?.storedId ?? keyOf(head, lease, index),
      path: paths.get(file.remoteId) ?? file.name,
      parentId: parents.get(file.remoteId) ?? null,
    }));
    this.#paths.set(jobId, leased.map((file) => file.path)); // prettier-ignore
    // What a large file's jobs may have left is ended with its upload.
    const lost =
      job.leased && !job.large && !reading
        ? job.files.map((_file, index) => contentKey(userId, sync.id, storedId(jobId, job.lease, index)))
        : [];
    const answer: Leased = {
      kind: "leased",
      jobId,
      lease,
      syncId: sync.id,
      feedId: job.feedId,
      connectionId: connection.id,
      provider: connection.provider,
      options: sync.options.providerOptions,
      files: leased,
      orphanKeys: lost,
      ...(task && { large: task }),
    };
    this.#flights.heard(jobId, sync.id, { requestId, lease: answer });
    return answer;
  }

  /** The files of a job that are still to be fetched, and their places; of a part, those of its head. */
  async #wanted(job: JobState): Promise<Wanted> {
    const head = headOf(this.#engine, job);
    const nowhere = { head, paths: new Map<string, string>(), parents: new Map<string, string | null>() };
    if (!head) return { ...nowhere, files: [] };
    if (isReading(job)) return { ...nowhere, files: job.files };
    const { userId } = this.#engine;
    const all = job.large?.role === "part" ? fileOfPart(head, job.large) : head.files;
    const scope = scopeOf(this.#engine, job.syncId);
    const awaited = await awaitedItems(this.#engine.db(), scope, head.id, all.map((file) => file.remoteId)); // prettier-ignore
    const files = all.filter((file) => awaited.has(file.remoteId));
    if (head !== job) return { ...nowhere, files };
    const paths = await pathsOf(this.#engine.db(), userId, job.syncId, files.map((file) => file.remoteId)); // prettier-ignore
    return { head, files, paths, parents: awaited };
  }

  /** Takes in results, durably, before it answers. */
  async settle(request: SettleRequest): Promise<SettleAnswer> {
    const { store } = this.#engine;
    const job = store.jobs.get(request.jobId);
    if (!job) this.#flights.forget(request.jobId);
    if (!job || isOver(job, request.lease)) return { accepted: false, discard: await this.#unknownContents(request, job) };
    if (job.done) return this.#forget(job.id, { accepted: true, discard: [] });
    this.#flights.heard(job.id, job.syncId);
    this.#usage.count(job.syncId, request.usage);
    if (job.large) {
      const key = storedId(job.id, job.lease, 0);
      const bytes = store.transaction(() => settleLarge(this.#engine, job, request.results, key, request.done));
      if (bytes > 0) this.#onPart(job.syncId, bytes);
    } else if (request.results.length > 0 || request.done) {
      const results = new Map(job.results.map((result) => [result.index, result]));
      for (const result of request.results) if (isOfFile(result) && result.index < job.files.length) results.set(result.index, result);
      store.jobs.saveResults(job.id, [...results.values()], request.done);
    }
    if (request.done) {
      this.#flights.forget(job.id);
      this.#gatheringSince ??= this.#engine.now();
    }
    return { accepted: true, discard: [] };
  }

  /**
   * When finished jobs are to be drained; null where there are none. Each draining costs rows and round trips of its own, so
   * that jobs are drained together, as long as there is another to wait for.
   */
  drainAt(): number | null {
    const { store, live, now } = this.#engine;
    const done = store.jobs.doneIds(DRAINED_JOBS_MAX).length;
    if (done === 0) return null;
    const last = this.#flights.underWay().length === 0;
    if (last || done === DRAINED_JOBS_MAX || this.#gatheringSince === null) return now();
    return this.#gatheringSince + (live.watched ? GATHER_WATCHED_MILLISECONDS : GATHER_MILLISECONDS);
  }

  /** The ids of the jobs to drain now. */
  takeDone(): string[] {
    const drainAt = this.drainAt();
    if (drainAt === null || drainAt > this.#engine.now()) return [];
    this.#gatheringSince = null;
    return this.#engine.store.jobs.doneIds(DRAINED_JOBS_MAX);
  }

  /** Contents of a lost lease that nothing refers to. A settlement that is repeated after it was drained refers to its own. */
  async #unknownContents(request: SettleRequest, job: JobState | null): Promise<string[]> {
    const brought = request.results.filter((result) => result.outcome === "stored");
    const known = await knownContents(this.#engine.db(), scopeOf(this.#engine, request.syncId), brought);
    const recorded = new Set((job?.results ?? []).flatMap((result) => (result.outcome === "stored" ? [result.storedId] : [])));
    // An upload under way: whoever has the lease now may have made an object of it.
    const current = job?.large?.role === "head" ? job.large.storedId : null;
    return brought.map((result) => result.storedId).filter((id) => !known.has(id) && !recorded.has(id) && id !== current);
  }

  /** Paths of a job's files, as its lease named them. */
  takePaths(jobId: string): string[] {
    const paths = this.#paths.get(jobId) ?? [];
    this.#paths.delete(jobId);
    return paths;
  }

  /** What downloads of this sync have used since it was last asked. */
  takeUsage(syncId: string): Usage {
    return this.#usage.take(syncId);
  }

  /** Messages of these jobs failed every delivery. */
  returned(jobIds: readonly string[]): void {
    for (const jobId of jobIds.slice(0, JOB_FILES_MAX * SEND_BATCH_MAX)) this.#flights.forget(jobId);
  }

  #forget<T>(jobId: string, answer: T): T {
    this.#flights.forget(jobId);
    return answer;
  }
}

/** Whether this lease has ended: also where its job is back in the ledger, with the files that are left, which have other places in it now. */
function isOver(job: JobState, lease: number): boolean {
  return job.lease !== lease || (job.large === null && job.done === 0 && job.leased === 0);
}

/** Where a file of this job goes: an upload under way keeps its key. */
function keyOf(job: JobState, lease: number, index: number): string {
  const open = job.large?.role === "head" && job.large.stage !== "whole" ? job.large.storedId : null;
  return open ?? storedId(job.id, lease, index);
}

/** The last part of a content's key: never used twice, since a job's leases are counted and its id is random. */
export function storedId(jobId: string, lease: number, index: number): string {
  return `${jobId}-${lease}-${index}`;
}
