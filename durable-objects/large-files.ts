import type { FileResult, JobFile, JobResult } from "../worker/sync/job.ts";
import { largeLimits, partBytesOf, partsOf } from "../worker/sync/large.ts";
import type { LargeResult, LargeTask, StoredPart } from "../worker/sync/large.ts";
import { retryDecision } from "../worker/sync/retry.ts";
import type { Engine } from "./engine.ts";
import type { HeadState, JobState, PartState } from "./user-sync-schema.ts";

// Large files in the ledger. A file's own job, its head, waits while its parts, jobs of their own, are fetched by as many
// consumers as may be; each part that is with R2 stays in the ledger, so that a crash costs one part. What a part
// comes to that is no part ends the whole file: the head takes it over, and is drained like any job.

/** A part that fails for what may pass is tried this often in all: giving up costs all that the file's other parts brought. */
const PART_ATTEMPTS_MAX = 10;
const PART_AGAIN_SECONDS = 300;
/** A source that does not answer with the part that it was asked for may have done so once. */
const UNRANGED_ATTEMPTS_MAX = 1;
const PASSING_KINDS: ReadonlySet<string> = new Set(["transient", "storage", "expired_url", "fatal"]);
/** From then on an upload that cannot be finished is begun anew, until the file is given up. */
const FINISH_ATTEMPTS_MAX = 1;

const NEW_HEAD: HeadState = { role: "head", stage: "begin", uploadId: null, storedId: null, first: null };

/** The job that stands for the file in the catalogue: of a part, its head; else the job itself. */
export function headOf(engine: Engine, job: JobState): JobState | null {
  return job.large?.role === "part" ? engine.store.jobs.get(job.large.headId) : job;
}

/** How far the large file of this job has come; null where the job has none. */
export function largeOf(engine: Engine, job: JobState): JobState["large"] {
  if (job.large) return job.large;
  const size = job.files.length === 1 ? (job.files[0]?.size ?? 0) : 0;
  return size >= largeLimits(engine.env).largeBytes ? NEW_HEAD : null;
}

/** The file as a part's consumer gets it. After a failure its address is asked for anew. */
export function fileOfPart(head: JobState, part: PartState): JobFile[] {
  return head.files.map((file) => (part.attempts > 0 ? { ...file, download: null } : file));
}

/** What a consumer is to do; null where there is nothing to do now. */
export function taskOf(engine: Engine, job: JobState, large: HeadState | PartState): LargeTask | null {
  if (large.role === "part") {
    const { uploadId, partNumber, offset, length } = large;
    return { stage: "part", uploadId, partNumber, offset, length };
  }
  switch (large.stage) {
    case "begin":
      return { stage: "begin" };
    case "whole":
      return { stage: "whole", partBytes: partBytesOf(job.files[0]?.size ?? 0, largeLimits(engine.env)) };
    case "finish":
      return { stage: "finish", uploadId: large.uploadId ?? "", parts: storedParts(engine, job.id), first: large.first };
    case "parts":
    case "part":
      return null;
  }
}

function storedParts(engine: Engine, headId: string): StoredPart[] {
  return engine.store.jobs
    .parts(headId)
    .map(({ partNumber, offset, length, etag, quickXor }) => ({ partNumber, offset, length, etag: etag ?? "", quickXor }));
}

/** Takes in what a consumer brought. Answers the bytes of a part that is new. To be called in one transaction. */
export function settleLarge(engine: Engine, job: JobState, results: readonly JobResult[], storedId: string, done: boolean): number {
  const { jobs } = engine.store;
  let partBytes = 0;
  for (const result of results.filter((each) => each.index === 0)) {
    const current = jobs.get(job.id);
    // A settlement that is repeated finds its job no longer leased.
    if (!current?.large || current.done > 0 || current.leased === 0) continue;
    if (current.large.role === "part") partBytes += settlePart(engine, current, current.large, result);
    else settleHead(engine, current, current.large, result, storedId);
  }
  const after = jobs.get(job.id);
  if (done && after?.lease === job.lease && after.done === 0) {
    if (after.results.length > 0) jobs.update(job.id, { done: 1 });
    else jobs.update(job.id, { leased: 0 });
  }
  return partBytes;
}

function settleHead(engine: Engine, job: JobState, head: HeadState, result: JobResult, storedId: string): void {
  const { jobs } = engine.store;
  switch (result.outcome) {
    case "begun":
      return begun(engine, job, head, result, storedId);
    case "mismatch":
      return restart(engine, job, "begin", result.digest, { differed: head.first === null ? 0 : 1 });
    case "unranged":
      return restart(engine, job, "whole", null);
    case "part":
      return;
    case "failed": {
      const attempts = job.files[0]?.attempts ?? 0;
      const stuck = head.stage === "finish" && result.kind === "storage" && attempts >= FINISH_ATTEMPTS_MAX;
      const decision = retryDecision(result.kind, attempts, undefined, engine.random());
      if (stuck && decision.action === "again")
        return restart(engine, job, "begin", head.first, { failures: 1, delaySeconds: decision.delaySeconds });
      return jobs.update(job.id, { results: [result] });
    }
    default:
      jobs.update(job.id, { results: [result] });
  }
}

/** The upload is on record from now on; the parts are work like any other. */
function begun(engine: Engine, job: JobState, head: HeadState, result: LargeResult & { outcome: "begun" }, storedId: string): void {
  const { store, now, env } = engine;
  const [file] = job.files;
  if (!file) return;
  const { uploadId } = result;
  store.uploads.add({ uploadId, syncId: job.syncId, jobId: job.id, remoteId: file.remoteId, storedId });
  if (head.stage === "whole") return store.jobs.update(job.id, { large: { ...head, uploadId, storedId } });
  if (head.stage !== "begin") return;
  for (const part of partsOf(file.size ?? 0, largeLimits(env))) {
    const large = { role: "part", headId: job.id, uploadId, ...part, attempts: 0, etag: null, quickXor: null } as const;
    store.jobs.insert({
      id: partId(job.id, part.partNumber),
      syncId: job.syncId,
      feedId: job.feedId,
      dueAt: now(),
      bytes: part.length,
      files: [],
      large,
    });
  }
  const download = result.download ?? file.download;
  store.jobs.update(job.id, {
    large: { ...head, stage: "parts", uploadId, storedId },
    files: [{ ...file, download }],
    done: 2,
    leased: 0,
    bytes: 0,
  });
}

/** Ids sort by part, right after their head's. */
function partId(headId: string, partNumber: number): string {
  return `${headId}.${String(partNumber).padStart(5, "0")}`;
}

function settlePart(engine: Engine, job: JobState, part: PartState, result: JobResult): number {
  const { jobs } = engine.store;
  const head = jobs.get(part.headId);
  if (head?.large?.role !== "head" || head.large.stage !== "parts") {
    jobs.update(job.id, { leased: 0 });
    return 0;
  }
  switch (result.outcome) {
    case "part":
      jobs.update(job.id, { large: { ...part, etag: result.etag, quickXor: result.quickXor }, done: 2, leased: 0 });
      if (!jobs.hasOpenParts(head.id)) jobs.update(head.id, { large: { ...head.large, stage: "finish" }, done: 0, dueAt: engine.now() });
      return part.length;
    case "unranged":
      if (part.attempts >= UNRANGED_ATTEMPTS_MAX) restart(engine, head, "whole", null);
      else jobs.update(job.id, { large: { ...part, attempts: part.attempts + 1 }, leased: 0 });
      return 0;
    case "changed":
      handOver(engine, head, result, part.attempts);
      return 0;
    case "failed":
      partFailed(engine, job, part, head, result);
      return 0;
    default:
      // A part comes to none of these.
      jobs.update(job.id, { leased: 0 });
      return 0;
  }
}

function partFailed(engine: Engine, job: JobState, part: PartState, head: JobState, result: FileResult & { outcome: "failed" }): void {
  const { store, now, random } = engine;
  const decision = retryDecision(result.kind, part.attempts, result.retryAfterSeconds, random());
  const again = (seconds: number, counts: boolean) =>
    store.jobs.update(job.id, {
      large: { ...part, attempts: part.attempts + (counts ? 1 : 0) },
      dueAt: now() + seconds * 1000,
      leased: 0,
    });
  switch (decision.action) {
    case "again":
      return again(decision.delaySeconds, decision.countsAttempt);
    case "gate":
    case "reconnect":
    case "enumerate":
      // What it means for the connection is acted on by whoever takes the settlement in.
      return store.jobs.update(job.id, { leased: 0 });
    case "skip":
    case "fail":
      if (PASSING_KINDS.has(result.kind) && part.attempts < PART_ATTEMPTS_MAX) return again(PART_AGAIN_SECONDS, true);
      handOver(engine, head, result, part.attempts);
  }
}

/** The file is settled as a whole, with what one of its parts came to. */
function handOver(engine: Engine, head: JobState, result: FileResult, attempts: number): void {
  const { jobs } = engine.store;
  jobs.deleteParts(head.id);
  const files = head.files.map((file) => ({ ...file, attempts: Math.max(file.attempts, attempts) }));
  jobs.update(head.id, { files, results: [result], done: 1, leased: 0 });
}

/** Begins anew. The upload is no longer this job's, and will be ended. */
function restart(
  engine: Engine,
  job: JobState,
  stage: "begin" | "whole",
  first: string | null,
  { failures = 0, differed = 0, delaySeconds = 0 }: { failures?: number; differed?: number; delaySeconds?: number } = {},
): void {
  const { jobs } = engine.store;
  jobs.deleteParts(job.id);
  jobs.update(job.id, {
    large: { ...NEW_HEAD, stage, first },
    files: job.files.map((file) => ({
      ...file,
      download: null,
      attempts: file.attempts + failures + differed,
      ...(differed > 0 && { differed: (file.differed ?? 0) + differed }),
    })),
    bytes: job.files[0]?.size ?? 0,
    results: [],
    done: 0,
    leased: 0,
    dueAt: engine.now() + delaySeconds * 1000,
  });
}
