import type { Result } from "../worker/errors.ts";
import { failure } from "../worker/errors.ts";
import type { ReadContents, VerifyPhase } from "../worker/sync/verifying.ts";
import { beginVerify, moreContents, NO_DRIFT } from "../worker/sync/verifying.ts";
import type { Run } from "../worker/wire.ts";
import type { Engine } from "./engine.ts";
import { beginRound } from "./feed.ts";
import { runNow } from "./syncs.ts";
import type { RunState, SyncState } from "./user-sync-schema.ts";
import { BUCKET, listObjects } from "./verify-bucket.ts";
import { compareItems, compareVersions } from "./verify-contents.ts";

// A verify run compares the source, the catalogue and the bucket, and mends what does not fit. First an ordinary round, so that
// what only changed is no drift; then an enumeration over the existing state; then what lies in the bucket.

/** Begins a verify run. One that is under way becomes one. */
export async function verifyNow(engine: Engine, syncId: string, contents: ReadContents): Promise<Result<Run>> {
  return engine.catalogueLock.hold(() => begin(engine, syncId, contents));
}

/** Under the lock: a step that is under way would save the run as it was before. */
async function begin(engine: Engine, syncId: string, contents: ReadContents): Promise<Result<Run>> {
  const begun = await runNow(engine, syncId, { full: false, trigger: "verify" });
  const run = engine.store.run(syncId);
  if (!begun.ok || !run) return begun.ok ? failure("run.none_active", "The run has ended already. Ask again.") : begun;
  const verify = run.verify ? { ...run.verify, contents: moreContents(run.verify.contents, contents) } : beginVerify(contents);
  engine.store.saveRun({ ...run, type: "verify", verify, drift: run.drift ?? NO_DRIFT });
  return { ok: true, value: { ...begun.value, type: "verify", drift: run.drift ?? NO_DRIFT } };
}

/** Whether the run has anything to compare now, once the source has nothing new. Versions come last: what is fetched again leaves some. */
export function isComparing(engine: Engine, run: RunState): boolean {
  if (run.verify === undefined || run.verify.phase === "done") return false;
  return run.verify.phase !== "versions" || engine.store.jobs.backlog(run.syncId).jobs === 0;
}

/** One step of a verify run whose rounds are over. */
export async function stepVerify(engine: Engine, sync: SyncState, run: RunState): Promise<void> {
  switch (run.verify?.phase) {
    case undefined:
    case "done":
      return;
    case "catching_up":
      return enumerate(engine, sync, run);
    case "source":
      engine.store.seen.forget(BUCKET(sync.id));
      return nextPhase(engine, run, "bucket");
    case "bucket":
      return (await listObjects(engine, sync, run, run.verify)) ? nextPhase(engine, run, "items") : undefined;
    case "items":
      return (await compareItems(engine, sync, run, run.verify)) ? nextPhase(engine, run, "versions") : undefined;
    case "versions":
      if (!(await compareVersions(engine, sync, run, run.verify))) return;
      engine.store.seen.forget(BUCKET(sync.id));
      nextPhase(engine, run, "done");
  }
}

/** From here on a difference has drifted. */
function enumerate(engine: Engine, sync: SyncState, run: RunState): void {
  engine.store.transaction(() => {
    for (const feed of engine.store.feeds(sync.id)) if (feed.missingSince === null) beginRound(engine, sync, feed, true);
    nextPhase(engine, run, "source");
  });
}

function nextPhase(engine: Engine, run: RunState, phase: VerifyPhase): void {
  if (run.verify) run.verify = { ...run.verify, phase, after: "", part: 0 };
  engine.store.saveRun(run);
}
