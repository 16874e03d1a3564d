import { errorFields } from "../worker/log.ts";
import { contentKey } from "../worker/sync/job.ts";
import type { Engine } from "./engine.ts";
import { unreferredAmong } from "./unreferred.ts";
import type { JobState } from "./user-sync-schema.ts";

// What a lease may have left in the bucket whose consumer was not heard to its end. It may be dead, or still at work: an
// object of it may come into being at any time until its invocation is over. So each such lease is noted, and looked for
// when nothing of it can come any more.

/** An invocation of a queue's consumer takes 15 minutes at most. */
export const OVER_SECONDS = 20 * 60;
const AGAIN_SECONDS = 60;
/** Leases looked for in one go. A lease has at most as many objects as a job has files: one page of a list. */
const LEASES_MAX = 10;

/** Notes the job's newest lease, if it has not come to its end. To be called before the job is given to another, or is no more. */
export function noteLitter(engine: Engine, job: JobState | null): void {
  // What a large file's jobs may have left is ended with its upload.
  if (!job || job.leased === 0 || job.large) return;
  engine.store.litter.add({ jobId: job.id, lease: job.lease, syncId: job.syncId, dueAt: engine.now() + OVER_SECONDS * 1000 });
}

/** Deletes what is due and nothing refers to. True where there was anything to look for. */
export async function clearLitter(engine: Engine): Promise<boolean> {
  const { store, now, log, env, userId } = engine;
  const due = store.litter.due(now(), LEASES_MAX);
  for (const lease of due) {
    try {
      const prefix = contentKey(userId, lease.syncId, `${lease.jobId}-${lease.lease}-`);
      const { objects } = await env.CONTENT.list({ prefix, include: ["customMetadata"] });
      const found = objects.map((object) => ({ object, storedId: object.key.slice(object.key.lastIndexOf("/") + 1) }));
      const left = await unreferredAmong(engine, lease.syncId, found);
      if (left.length > 0) await env.CONTENT.delete(left.map(({ object }) => object.key));
      store.litter.drop(lease);
    } catch (error) {
      log.warn("litter.not_cleared", { syncId: lease.syncId, jobId: lease.jobId, ...errorFields(error) });
      store.litter.add({ ...lease, dueAt: now() + AGAIN_SECONDS * 1000 });
    }
  }
  return due.length > 0;
}
