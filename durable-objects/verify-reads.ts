import { knownItems } from "../worker/db/items.ts";
import { storedContents } from "../worker/db/verify.ts";
import { timeId } from "../worker/ids.ts";
import type { Job } from "../worker/sync/bundle.ts";
import { Bundler } from "../worker/sync/bundle.ts";
import type { ItemRow } from "../worker/sync/item.ts";
import type { FileResult, JobFile } from "../worker/sync/job.ts";
import { retryDecision } from "../worker/sync/retry.ts";
import { partOfId } from "../worker/sync/seen.ts";
import type { VerifyState } from "../worker/sync/verifying.ts";
import { NO_DRIFT, sampleParts } from "../worker/sync/verifying.ts";
import type { Engine } from "./engine.ts";
import { scopeOf } from "./engine.ts";
import { mendDamaged, mendMissing } from "./mending.ts";
import { trying } from "./replanning.ts";
import { logEvents } from "./run-log.ts";
import type { JobState, RunState, SyncState } from "./user-sync-schema.ts";

// Stored contents that are read out of the bucket again: jobs of the ledger like downloads, for the same consumers.

/** Whether a job reads what is stored, and fetches nothing. */
export function isReading({ files, large }: Pick<JobState, "files" | "large">): boolean {
  return large === null && files.length > 0 && files.every((file) => file.stored !== undefined);
}

/** Jobs that read these items' contents, as far as they are chosen. A sample is another one in each run. */
export async function planReads(
  engine: Engine,
  sync: SyncState,
  run: RunState,
  verify: VerifyState,
  rows: readonly ItemRow[],
): Promise<Job[]> {
  const parts = sampleParts(verify.contents, sync.stats.stored);
  const chosen = parts === 0 ? [] : rows.filter((row) => partOfId(`${run.id} ${row.remoteId}`, parts) === 0);
  const contents = await storedContents(engine.db(), scopeOf(engine, sync.id), chosen.map((row) => row.remoteId)); // prettier-ignore
  const bundler = new Bundler(() => timeId(engine.now()));
  for (const { remoteId, name, ...stored } of contents) {
    const unannounced = { hash: null, contentTag: null, modifiedAt: null, mimeType: null, download: null };
    bundler.add({ remoteId, name, size: stored.size, ...unannounced, attempts: 0, stored });
  }
  return bundler.jobs;
}

/** Takes in what was read. Contents that are not what was stored are fetched again. */
export async function drainReads(engine: Engine, sync: SyncState, run: RunState, jobs: readonly JobState[]): Promise<void> {
  const verdicts = jobs.map((job) => judgeReads(engine, job));
  const wrong = new Map(verdicts.flatMap(({ wrong: files }) => files.map((each) => [each.file.remoteId, each] as const)));
  const rows = [...(await knownItems(engine.db(), scopeOf(engine, sync.id), [...wrong.keys()])).values()]; // prettier-ignore
  // What has taken its place meanwhile is another content.
  const current = rows.filter((row) => row.state !== "removed" && row.storedId === wrong.get(row.remoteId)?.file.stored?.storedId);
  const isGone = (row: ItemRow) => wrong.get(row.remoteId)?.sha256 === null;
  const mend = async () => {
    await mendMissing(engine, sync, run, current.filter(isGone)); // prettier-ignore
    await mendDamaged(engine, sync, run, current.filter((row) => !isGone(row))); // prettier-ignore
  };
  if (wrong.size > 0) await trying(engine, sync.id, mend);
  await logEvents(engine, run, verdicts.flatMap(({ givenUp }) => givenUp.map(unreadable))); // prettier-ignore
  engine.store.transaction(() => {
    const drift = run.drift ?? NO_DRIFT;
    run.drift = { ...drift, read: drift.read + verdicts.reduce((sum, { read }) => sum + read, 0) };
    for (const { job, left, dueAt } of verdicts) {
      if (left.length > 0) engine.store.jobs.giveBack(job.id, left, dueAt);
      else engine.store.jobs.delete(job.id);
    }
    engine.store.saveRun(run);
  });
}

interface Verdict {
  job: JobState;
  read: number;
  wrong: { file: JobFile; sha256: string | null }[];
  /** Files that are read once more, and when. */
  left: JobFile[];
  dueAt: number;
  /** Files that could not be read, however often. */
  givenUp: JobFile[];
}

function judgeReads(engine: Engine, job: JobState): Verdict {
  const verdict: Verdict = { job, read: 0, wrong: [], left: [], dueAt: engine.now(), givenUp: [] };
  const results = new Map(job.results.map((result) => [result.index, result]));
  job.files.forEach((file, index) => judgeRead(engine, verdict, file, results.get(index)));
  return verdict;
}

function judgeRead(engine: Engine, verdict: Verdict, file: JobFile, result: FileResult | undefined): void {
  if (result?.outcome === "read") {
    verdict.read += 1;
    if (result.sha256 !== file.stored?.sha256) verdict.wrong.push({ file, sha256: result.sha256 });
    return;
  }
  if (result?.outcome !== "failed") {
    verdict.left.push(file);
    return;
  }
  const decision = retryDecision(result.kind, file.attempts, result.retryAfterSeconds, engine.random());
  if (decision.action === "again") {
    verdict.left.push({ ...file, attempts: file.attempts + 1 });
    verdict.dueAt = Math.max(verdict.dueAt, engine.now() + decision.delaySeconds * 1000);
  } else verdict.givenUp.push(file);
}

function unreadable({ remoteId, name }: JobFile) {
  return { remoteId, level: "error" as const, message: `The content of “${name}” could not be read back: the bucket does not answer.` };
}
