import { contentKey } from "../worker/sync/job.ts";
import { noteIds } from "../worker/sync/seen.ts";
import type { VerifyState } from "../worker/sync/verifying.ts";
import { NO_DRIFT, objectMark } from "../worker/sync/verifying.ts";
import { noteDrift } from "./drift.ts";
import type { Engine } from "./engine.ts";
import type { Listed } from "./unreferred.ts";
import { unreferredAmong } from "./unreferred.ts";
import type { RunState, SyncState } from "./user-sync-schema.ts";

// The bucket, listed: which objects there are is noted, in eight bytes each, and those that nothing refers to are deleted.

/** Objects of one page. R2 answers fewer where their metadata is long. */
const LIST_OBJECTS_MAX = 1_000;
/** Objects that may belong to what is under way just now are left alone. */
const ORPHAN_AGE_SECONDS = 3_600;

/** Under which the objects of a sync's bucket are noted: no feed has this id. */
export const BUCKET = (syncId: string) => ({ syncId, feedId: "" });

/** One page. True after the last one. */
export async function listObjects(engine: Engine, sync: SyncState, run: RunState, verify: VerifyState): Promise<boolean> {
  const prefix = contentKey(engine.userId, sync.id, "");
  const page = await engine.env.CONTENT.list({
    prefix,
    limit: LIST_OBJECTS_MAX,
    include: ["customMetadata"],
    ...(verify.after && { startAfter: prefix + verify.after }),
  });
  const objects = page.objects.map((object) => ({ object, storedId: object.key.slice(prefix.length) }));
  const orphans = await orphansAmong(engine, sync, objects);
  if (orphans.length > 0) {
    await noteDrift(engine, run, "orphans", orphans.map((key) => ({ remoteId: null, name: key }))); // prettier-ignore
    await engine.env.CONTENT.delete(orphans);
  }
  engine.store.transaction(() => {
    engine.store.seen.note(BUCKET(sync.id), verify.page, noteIds(objects.map(({ object, storedId }) => objectMark(storedId, object.size))));
    const drift = run.drift ?? NO_DRIFT;
    run.drift = { ...drift, listed: drift.listed + objects.length };
    run.verify = { ...verify, after: objects.at(-1)?.storedId ?? verify.after, page: verify.page + 1 };
    engine.store.saveRun(run);
  });
  return !page.truncated;
}

/** Keys of objects that neither the catalogue nor the ledger knows, and that are no longer new. */
async function orphansAmong(engine: Engine, sync: SyncState, objects: readonly Listed[]): Promise<string[]> {
  const before = engine.now() - ORPHAN_AGE_SECONDS * 1000;
  const old = objects.filter(({ object }) => object.uploaded.getTime() < before);
  const live = engine.store.jobs.live(old.map(({ storedId }) => jobOf(storedId)));
  const suspects = old.filter(({ storedId }) => !live.has(jobOf(storedId)));
  return (await unreferredAmong(engine, sync.id, suspects)).map(({ object }) => object.key);
}

/** The job whose result an object is, or was: see `storedId` in ledger.ts. */
function jobOf(storedId: string): string {
  return storedId.split("-")[0] ?? "";
}
