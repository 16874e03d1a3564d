import { errorFields, type Logger } from "../log.ts";
import { providers } from "../providers/registry.ts";
import { Addresses } from "./addresses.ts";
import type { ConnectionWork } from "./connection-work.ts";
import { fetchFile } from "./fetch-file.ts";
import { readBack } from "./read-back.ts";
import { workOnLargeFile } from "./large-file.ts";
import { contentKey, HEARTBEAT_SECONDS, isOfFile, STOPPING_KINDS, type JobLease, type JobResult, type LeasedFile } from "../sync/job.ts";
import type { Pool } from "./pool.ts";
import type { UserObjectCalls } from "./user-object.ts";

/** Keys of one R2 delete. */
const DELETED_KEYS_MAX = 1_000;
/** No file is begun on an older word of the object: it may have been paused, or the source may have had enough. */
const HEARD_MILLISECONDS = 1_000;

export type LeasedJob = Extract<JobLease, { kind: "leased" }>;

/** What the jobs of one invocation share. */
export interface Invocation {
  env: Env;
  userId: string;
  requestId: string;
  calls: UserObjectCalls;
  pool: Pool;
  /** Whether there is time to begin another file. */
  hasTime: () => boolean;
  /** Ends downloads that would outlive the invocation. */
  signal: AbortSignal;
}

/** One leased job: its files through the pool, a sign of life every few seconds, and its settlement. */
export class JobRun {
  readonly #invocation: Invocation;
  readonly #job: LeasedJob;
  readonly #connection: ConnectionWork;
  readonly #log: Logger;
  readonly #lost = new AbortController();
  readonly #usage = { providerRequests: 0, storagePuts: 0 };
  #unreported: JobResult[] = [];
  #reporting: Promise<void> = Promise.resolve();
  #heardAt = Date.now();
  /** The sync was paused or cancelled: no further file of this job is begun. */
  #stopped = false;

  constructor(invocation: Invocation, job: LeasedJob, connection: ConnectionWork, log: Logger) {
    this.#invocation = invocation;
    this.#job = job;
    this.#connection = connection;
    this.#log = log.with({ jobId: job.jobId, lease: job.lease, syncId: job.syncId });
  }

  /** Throws where the settlement could not be delivered: the object then has the job again, and the keys it may have left. */
  async run(): Promise<void> {
    await this.#deleteKeys(this.#job.orphanKeys);
    const heartbeat = setInterval(() => void this.#reportSoon(), HEARTBEAT_SECONDS * 1000);
    try {
      await this.#fetchAll();
    } finally {
      clearInterval(heartbeat);
    }
    await this.#reporting;
    if (!this.#isLost) await this.#report(true);
  }

  get #isLost(): boolean {
    return this.#lost.signal.aborted;
  }

  async #fetchAll(): Promise<void> {
    const { env, pool, signal } = this.#invocation;
    const { files, feedId } = this.#job;
    const definition = providers.get(this.#job.provider);
    if (!definition) {
      const message = `There is no provider ${this.#job.provider}.`;
      this.#unreported = files.map(({ index }) => ({ index, outcome: "failed", kind: "unsupported", message }));
      return;
    }
    const context = this.#connection.providerContext(
      () => (this.#usage.providerRequests += 1),
      () => void this.#ask(),
    );
    const provider = definition.create(env, { ...context, options: this.#job.options ?? {} });
    const addresses = new Addresses(provider, feedId, files, context.now);
    const ends = AbortSignal.any([signal, this.#lost.signal]);
    const fetchOne = async (file: LeasedFile) => {
      if (!this.#mayBegin()) return;
      if (Date.now() - this.#heardAt >= HEARD_MILLISECONDS) await this.#ask();
      if (!this.#mayBegin()) return;
      if (file.stored) return this.#take(file, await readBack(env.CONTENT, this.#key(file.storedId), file, ends));
      const destination = { bucket: env.CONTENT, key: this.#key(file.storedId), file, onPut: () => (this.#usage.storagePuts += 1) };
      const work = { file, feedId, provider, addresses, destination, signal: ends };
      const { large } = this.#job;
      await this.#take(file, large ? await workOnLargeFile(work, large, (id) => this.#begun(file, id)) : await fetchFile(work));
    };
    // Reading back out of R2 takes nothing of the source, and needs all the time there is.
    const run = this.#job.large?.stage === "finish" ? fetchOne : (file: LeasedFile) => pool.run(() => fetchOne(file));
    await Promise.all(files.map((file) => run(file)));
  }

  /** An upload is on record with the object before anything is written to it. */
  async #begun(file: LeasedFile, uploadId: string): Promise<void> {
    this.#unreported.push({ index: file.index, outcome: "begun", uploadId, download: null });
    await this.#reportSoon();
  }

  #mayBegin(): boolean {
    return !this.#isLost && !this.#stopped && !this.#connection.stopped && this.#invocation.hasTime();
  }

  async #take(file: LeasedFile, result: JobResult): Promise<void> {
    // Of a connection that is to be left alone no more is to be said, unless for how long.
    if (this.#connection.stopped && result.outcome === "failed" && result.kind === "throttled" && result.retryAfterSeconds === undefined)
      return;
    if (result.outcome === "failed") {
      this.#log.warn("downloads.file_failed", { remoteId: file.remoteId, kind: result.kind, message: result.message });
    }
    if (this.#isLost) {
      await this.#abandon([result]);
      return;
    }
    this.#unreported.push(result);
    if (result.outcome !== "failed" || !STOPPING_KINDS.has(result.kind)) return;
    // The object hears of it at once, so that nothing else is sent to the source; what is under way there may end.
    this.#connection.stopped = true;
    void this.#reportSoon();
  }

  /** Reports what there is, after any report under way. A failure is left to the next report. */
  #reportSoon(): Promise<void> {
    this.#reporting = this.#reporting
      .then(() => (this.#isLost ? undefined : this.#report(false)))
      .catch((error: unknown) => {
        this.#log.warn("downloads.report_failed", errorFields(error));
      });
    return this.#reporting;
  }

  /** Asks whether to go on, without a result: those are gathered, since each report of them is a write. */
  #ask(): Promise<void> {
    this.#heardAt = Date.now();
    this.#reporting = this.#reporting
      .then(() => (this.#isLost ? undefined : this.#tell([], false)))
      .catch((error: unknown) => {
        this.#log.warn("downloads.ask_failed", errorFields(error));
      });
    return this.#reporting;
  }

  async #report(done: boolean): Promise<void> {
    const results = this.#unreported;
    this.#unreported = [];
    try {
      await this.#tell(results, done);
    } catch (error) {
      this.#unreported = [...results, ...this.#unreported];
      throw error;
    }
  }

  async #tell(results: JobResult[], done: boolean): Promise<void> {
    const { jobId, syncId, lease } = this.#job;
    const usage = { ...this.#usage };
    const budget = this.#connection.takeBudget();
    const request = { syncId, jobId, lease, results, done, usage, requestId: this.#invocation.requestId, ...(budget && { budget }) };
    const answer = await this.#invocation.calls.call("settle", (object) => object.settle(request));
    this.#heardAt = Date.now();
    if (answer.stop === "sync") this.#stopped = true;
    if (answer.stop === "connection") this.#connection.stopped = true;
    this.#usage.providerRequests -= usage.providerRequests;
    this.#usage.storagePuts -= usage.storagePuts;
    const level = done || !answer.accepted ? "info" : "debug";
    this.#log[level]("downloads.settled", { ...count(results), done, accepted: answer.accepted, ...usage });
    await this.#deleteKeys(answer.discard.map((storedId) => this.#key(storedId)));
    if (answer.accepted) return;
    await this.#abandon(results.filter((result) => result.outcome === "begun"));
    await this.#lose();
  }

  /** The work is no longer wanted, or is another consumer's: ends what is under way, and removes what was not reported. */
  async #lose(): Promise<void> {
    this.#lost.abort(new Error("The lease is lost."));
    const unreported = this.#unreported;
    this.#unreported = [];
    await this.#abandon(unreported);
  }

  /** Removes what nobody will hear of. An object of an upload is the object's, which may have given it to another consumer. */
  async #abandon(results: readonly JobResult[]): Promise<void> {
    const uploaded = this.#job.large !== undefined;
    await this.#deleteKeys(results.flatMap((result) => (result.outcome === "stored" && !uploaded ? [this.#key(result.storedId)] : [])));
    for (const result of results) if (result.outcome === "begun") await this.#abort(result);
  }

  async #abort({ index, uploadId }: { index: number; uploadId: string }): Promise<void> {
    const key = this.#key(this.#job.files[index]?.storedId ?? "");
    try {
      await this.#invocation.env.CONTENT.resumeMultipartUpload(key, uploadId).abort();
    } catch (error) {
      this.#log.warn("downloads.abort_failed", errorFields(error));
    }
  }

  #key(storedId: string): string {
    return contentKey(this.#invocation.userId, this.#job.syncId, storedId);
  }

  /** What cannot be deleted now costs space, not truth. */
  async #deleteKeys(keys: readonly string[]): Promise<void> {
    try {
      for (let from = 0; from < keys.length; from += DELETED_KEYS_MAX) {
        await this.#invocation.env.CONTENT.delete(keys.slice(from, from + DELETED_KEYS_MAX));
      }
    } catch (error) {
      this.#log.warn("downloads.delete_failed", { keys: keys.length, ...errorFields(error) });
    }
  }
}

function count(results: readonly JobResult[]): Record<"stored" | "changed" | "failed" | "read" | "large" | "bytes", number> {
  const counts = { stored: 0, changed: 0, failed: 0, read: 0, large: 0, bytes: 0 };
  for (const result of results) {
    counts[isOfFile(result) ? result.outcome : "large"] += 1;
    if (result.outcome === "stored") counts.bytes += result.size;
  }
  return counts;
}
