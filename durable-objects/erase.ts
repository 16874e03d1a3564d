import { forgetChanges } from "../worker/db/changes.ts";
import { eraseItems } from "../worker/db/items.ts";
import { deleteReceipts } from "../worker/db/receipts.ts";
import { deleteRunEvents } from "../worker/db/run-events.ts";
import { deleteRuns, listRuns } from "../worker/db/runs.ts";
import { deleteStorageDays } from "../worker/db/storage-days.ts";
import { deleteSync } from "../worker/db/syncs.ts";
import { accountChanged } from "./account.ts";
import type { Engine } from "./engine.ts";
import { scopeOf } from "./engine.ts";
import { noteLitter } from "./litter.ts";
import { tryForRoom } from "./quota.ts";

// Erasing a sync: content, then rows, a chunk a step; the sync's own row last, so that what is left can be found.

const ERASED_OBJECTS_MAX = 1000;
const ERASED_ROWS_MAX = 2000;
const ERASED_RUNS_MAX = 50;

/** Erases a chunk. True when nothing is left. */
export async function eraseChunk(engine: Engine, syncId: string): Promise<boolean> {
  const db = engine.db();
  const { userId, env } = engine;
  const objects = await env.CONTENT.list({ prefix: `content/${userId}/${syncId}/`, limit: ERASED_OBJECTS_MAX });
  if (objects.objects.length > 0) {
    await env.CONTENT.delete(objects.objects.map((object) => object.key));
    return false;
  }
  if (await eraseItems(db, scopeOf(engine, syncId), ERASED_ROWS_MAX)) return false;
  if (await forgetChanges(db, scopeOf(engine, syncId), ERASED_ROWS_MAX)) return false;
  const runs = await listRuns(db, userId, syncId, { limit: ERASED_RUNS_MAX });
  if (runs.items.length > 0) {
    for (const run of runs.items) await deleteRunEvents(db, userId, run.id);
    await deleteRuns(db, userId, runs.items.map((run) => run.id)); // prettier-ignore
    return false;
  }
  await deleteReceipts(db, scopeOf(engine, syncId));
  await deleteStorageDays(db, scopeOf(engine, syncId));
  await deleteSync(db, userId, syncId);
  engine.store.transaction(() => {
    for (const id of engine.store.jobs.leasedIds(syncId)) noteLitter(engine, engine.store.jobs.get(id));
    engine.store.deleteSync(syncId);
  });
  await tryForRoom(engine);
  await accountChanged(engine);
  engine.log.info("sync.erased", { syncId });
  return true;
}
