import type { FileResult, JobFile } from "../worker/sync/job.ts";
import { contentKey } from "../worker/sync/job.ts";
import { knownContents, settleItems } from "../worker/db/settlement.ts";
import type { SettledItem } from "../worker/db/settlement.ts";
import { knownItems } from "../worker/db/items.ts";
import type { Change } from "../worker/providers/provider.ts";
import { reasonWords, skippedNote } from "../worker/sync/explain-words.ts";
import { retryDecision } from "../worker/sync/retry.ts";
import type { Note } from "../worker/sync/plan.ts";
import { applyChanges, idOf } from "./apply.ts";
import { logEvents } from "./run-log.ts";
import type { Engine } from "./engine.ts";
import { scopeOf } from "./engine.ts";
import type { Ledger } from "./ledger.ts";
import { storedId } from "./ledger.ts";
import type { Pace } from "./pace.ts";
import { noteOverQuota, refuseOverQuota } from "./quota.ts";
import { announce, emptyRun } from "./run.ts";
import type { JobState, SyncState } from "./user-sync-schema.ts";
import { drainReads, isReading } from "./verify-reads.ts";

// Settlements on their way into the catalogue: first D1, then, in one transaction, the ledger. Drained again after a
// crash in between, they change nothing.

/** A job goes out whole: files that were not begun wait this long at most for another's second attempt. */
const UNBEGUN_WAIT_SECONDS = 5;
/** Keys of one R2 delete. */
const DELETED_KEYS_MAX = 1000;

/** What became of one job's files. */
interface Verdict {
  job: JobState;
  settled: SettledItem[];
  changes: Change[];
  /** Files that go back to the ledger. */
  left: JobFile[];
  dueAt: number;
  notes: Note[];
}

/** Drains finished jobs, if it is time. Answers the syncs that they belong to. */
export async function drain(engine: Engine, ledger: Ledger, paceOf: (syncId: string) => Pace): Promise<string[]> {
  const jobs = ledger.takeDone().map((id) => engine.store.jobs.get(id)).filter((job) => job !== null); // prettier-ignore
  const syncIds = [...new Set(jobs.map((job) => job.syncId))];
  for (const syncId of syncIds) {
    const sync = engine.store.sync(syncId);
    if (!sync) continue;
    const ofSync = jobs.filter((job) => job.syncId === syncId);
    const [reads, fetched] = [ofSync.filter(isReading), ofSync.filter((job) => !isReading(job))];
    if (fetched.length > 0) await drainSync(engine, ledger, paceOf(syncId), sync, fetched);
    if (reads.length > 0) await drainReads(engine, sync, engine.store.run(syncId) ?? emptyRun(syncId, "verify", engine.now()), reads);
  }
  return syncIds;
}

async function drainSync(engine: Engine, ledger: Ledger, pace: Pace, sync: SyncState, jobs: JobState[]): Promise<void> {
  const active = engine.store.run(sync.id);
  // A settlement may come after its run was cancelled: it counts for the catalogue, and for no run.
  const run = active ?? emptyRun(sync.id, "schedule", engine.now());
  if (active) await announce(engine, active);
  const verdicts = jobs.map((job) => judge(engine, sync, job));
  const settled = await refuseOverQuota(engine, verdicts.flatMap((verdict) => verdict.settled)); // prettier-ignore
  const scope = scopeOf(engine, sync.id);
  engine.store.touchDigest(sync.id, settled.map((item) => item.remoteId)); // prettier-ignore
  const settlement = await settleItems(engine.db(), scope, settled, engine.now());
  const stored = settled.filter((item) => settlement.stored.has(item.storedId ?? ""));
  // Two jobs may bring results for one item, of which one counts: that of the newer job, which comes last.
  const givenUp = [...new Map(settled.map((item) => [item.remoteId, item])).values()].filter((item) =>
    settlement.givenUp.has(item.remoteId),
  );
  await discardUnknown(engine, sync, verdicts, settlement.stored);
  const overQuota = noteOverQuota(engine, sync, run, givenUp);
  await logEvents(engine, run, [...overQuota.notes, ...verdicts.flatMap((verdict) => verdict.notes)]);
  const changes = await awaitedChanges(engine, sync, verdicts);
  const endingJobs = new Set(jobs.map((job) => job.id));
  const applied: { commit: () => void }[] = [];
  for (const [feedId, ofFeed] of Map.groupBy(changes, ({ job }) => job.feedId)) {
    applied.push(await applyChanges(engine, sync, feedId, run, ofFeed.map(({ change }) => change), endingJobs)); // prettier-ignore
  }

  const bytes = stored.reduce((sum, item) => sum + (item.storedSize ?? 0), 0);
  const failed = givenUp.filter((item) => item.state === "failed").length;
  const skipped = givenUp.filter((item) => item.state === "skipped").length;
  engine.store.transaction(() => {
    run.stored += stored.length;
    run.bytes += bytes;
    run.failed += failed;
    run.skipped += skipped;
    const used = ledger.takeUsage(sync.id);
    run.usage.rowsWritten += settlement.written;
    run.usage.providerRequests += used.providerRequests;
    run.usage.queueOperations += used.queueOperations;
    run.usage.storagePuts += used.storagePuts;
    engine.store.addStats(sync.id, { stored: stored.length, failed, skipped, bytes }, settlement.versions);
    overQuota.commit();
    for (const { commit } of applied) commit();
    if (active) engine.store.saveRun(run);
    for (const { job, left, dueAt } of verdicts) {
      if (left.length > 0) engine.store.jobs.giveBack(job.id, left, dueAt);
      else engine.store.jobs.delete(job.id);
    }
  });
  const paths = new Map(
    verdicts.flatMap(({ job }) => ledger.takePaths(job.id).map((path, index) => [job.files[index]?.remoteId, path] as const)),
  );
  // Parts were noted when they came.
  const parted = new Set(jobs.filter((job) => isParted(job)).map((job) => job.id));
  const partBytes = stored.reduce((sum, item) => sum + (parted.has(item.jobId) ? (item.storedSize ?? 0) : 0), 0);
  pace.note(engine.now(), stored.length, bytes - partBytes, stored.map((item) => paths.get(item.remoteId) ?? "").filter(Boolean)); // prettier-ignore
}

function isParted({ large }: JobState): boolean {
  return large?.role === "head" && large.stage === "finish";
}

function judge(engine: Engine, sync: SyncState, job: JobState): Verdict {
  const verdict: Verdict = { job, settled: [], changes: [], left: [], dueAt: engine.now(), notes: [] };
  for (const result of job.results) {
    const file = job.files[result.index];
    if (!file) continue;
    if (result.outcome === "stored") verdict.settled.push(storedItem(job, file, result));
    else if (result.outcome === "changed") verdict.changes.push({ type: "upsert", entry: result.entry });
    else if (result.outcome === "failed") judgeFailure(engine, sync, verdict, file, result);
  }
  const unbegun = unresolved(job.files, job.results);
  // What was never tried does not wait for what failed: not as long, at any rate.
  if (unbegun.length > 0) verdict.dueAt = Math.min(verdict.dueAt, engine.now() + UNBEGUN_WAIT_SECONDS * 1000);
  verdict.left.push(...unbegun);
  return verdict;
}

function storedItem(job: JobState, file: JobFile, result: Extract<FileResult, { outcome: "stored" }>): SettledItem {
  return {
    remoteId: file.remoteId,
    jobId: job.id,
    state: "stored",
    reason: null,
    attempts: 0,
    nextAttemptAt: null,
    storedId: result.storedId,
    storedSize: result.size,
    storedSha256: result.sha256,
    storedHash: file.hash,
    storedTag: file.contentTag,
    // Where nothing is announced the size that came is noted: a content without any mark is one that was found damaged.
    storedSourceSize: file.size ?? result.size,
    storedModifiedAt: file.modifiedAt,
    storedDiffers: result.differs ? 1 : 0,
  };
}

function judgeFailure(
  engine: Engine,
  sync: SyncState,
  verdict: Verdict,
  file: JobFile,
  failure: Extract<FileResult, { outcome: "failed" }>,
): void {
  const decision = retryDecision(failure.kind, file.attempts, failure.retryAfterSeconds, engine.random());
  const unsettled = { ...settledNothing(verdict.job, file), attempts: file.attempts + 1 };
  switch (decision.action) {
    case "again":
      verdict.left.push({
        ...file,
        download: null,
        attempts: file.attempts + (decision.countsAttempt ? 1 : 0),
        ...(failure.differing && { differed: (file.differed ?? 0) + 1 }),
      });
      verdict.dueAt = Math.max(verdict.dueAt, engine.now() + decision.delaySeconds * 1000);
      return;
    case "gate":
    case "reconnect":
    case "enumerate":
      // What it means for the connection was acted on when the settlement came; the file is unharmed.
      verdict.left.push(file);
      return;
    case "skip":
      verdict.settled.push({ ...unsettled, state: "skipped", reason: decision.reason });
      verdict.notes.push({ remoteId: file.remoteId, level: "info", message: skippedNote(file.name, decision.reason) });
      return;
    case "fail": {
      const nextAttemptAt = decision.nextAttemptSeconds === null ? null : engine.now() + decision.nextAttemptSeconds * 1000;
      verdict.settled.push({ ...unsettled, state: "failed", reason: decision.reason, nextAttemptAt });
      const message = `“${file.name}” could not be kept. ${reasonWords(decision.reason)}. (${failure.message})`;
      verdict.notes.push({ remoteId: file.remoteId, level: "error", message });
      engine.log.warn("file.failed", { syncId: sync.id, remoteId: file.remoteId, kind: failure.kind });
    }
  }
}

function settledNothing(job: JobState, file: JobFile): Omit<SettledItem, "state" | "reason"> {
  return {
    remoteId: file.remoteId,
    jobId: job.id,
    attempts: file.attempts,
    nextAttemptAt: null,
    storedId: null,
    storedSize: null,
    storedSha256: null,
    storedHash: null,
    storedTag: null,
    storedSourceSize: null,
    storedModifiedAt: null,
    storedDiffers: null,
  };
}

/**
 * What the source has of items that still wait for the job that found it so: of the others the change feed has said more since.
 * One that waits for a job which the ledger does not have was planned by a step that a crash cut short.
 */
async function awaitedChanges(engine: Engine, sync: SyncState, verdicts: readonly Verdict[]): Promise<{ job: JobState; change: Change }[]> {
  const found = verdicts.flatMap(({ job, changes }) => changes.map((change) => ({ job, change, id: idOf(change) ?? "" })));
  const rows = await knownItems(engine.db(), scopeOf(engine, sync.id), found.map(({ id }) => id)); // prettier-ignore
  const live = engine.store.jobs.live([...rows.values()].flatMap((row) => row.pendingJob ?? []));
  return found.filter(({ job, id }) => {
    const row = rows.get(id);
    return row?.state === "pending" && (row.pendingJob === job.id || !live.has(row.pendingJob ?? ""));
  });
}

/**
 * Deletes contents of these leases that the catalogue did not take: results that no longer count, files left half-done.
 * `taken` are those that it took just now: it need not be asked about them.
 */
async function discardUnknown(engine: Engine, sync: SyncState, verdicts: readonly Verdict[], taken: ReadonlySet<string>): Promise<void> {
  const brought = verdicts
    // An object of a large file goes with its upload.
    .filter(({ job }) => job.large === null)
    .flatMap(({ job }) => job.files.map((file, index) => ({ remoteId: file.remoteId, storedId: storedId(job.id, job.lease, index) })))
    .filter((content) => !taken.has(content.storedId));
  const known = await knownContents(engine.db(), scopeOf(engine, sync.id), brought);
  const keys = brought
    .filter((content) => !known.has(content.storedId))
    .map((content) => contentKey(engine.userId, sync.id, content.storedId));
  for (let start = 0; start < keys.length; start += DELETED_KEYS_MAX) {
    await engine.env.CONTENT.delete(keys.slice(start, start + DELETED_KEYS_MAX));
  }
}

/** Files that a finished lease left without a result. */
function unresolved(files: readonly JobFile[], results: readonly FileResult[]): JobFile[] {
  const settled = new Set(results.map((result) => result.index));
  return files.filter((_file, index) => !settled.has(index));
}
