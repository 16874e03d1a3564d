import { knownContents } from "../worker/db/settlement.ts";
import { errorFields } from "../worker/log.ts";
import { contentKey } from "../worker/sync/job.ts";
import type { Engine } from "./engine.ts";
import { scopeOf } from "./engine.ts";
import type { LeftUpload } from "./upload-store.ts";

// The end of multipart uploads that no job goes on with: the file changed, or is no longer wanted, or was given up; or
// the upload has become an object. R2 itself ends an upload after seven days: so long it keeps one that was opened and never
// recorded, because everything crashed in between.

/** Ended in one go. */
const ENDED_MAX = 10;
/** Before what did not succeed is tried again; doubled each time. In all longer than R2 keeps an upload. */
const AGAIN_SECONDS = 60;
const AGAIN_SECONDS_MAX = 86_400;
const ATTEMPTS_MAX = 20;

/** Ends what is due. True where there was anything. */
export async function endUploads(engine: Engine): Promise<boolean> {
  const { store, now, log } = engine;
  const left = store.uploads.left(now(), ENDED_MAX);
  for (const upload of left) {
    try {
      await endUpload(engine, upload);
      store.uploads.forget(upload.uploadId);
    } catch (error) {
      log.warn("upload.not_ended", { syncId: upload.syncId, storedId: upload.storedId, ...errorFields(error) });
      const seconds = Math.min(AGAIN_SECONDS * 2 ** upload.attempts, AGAIN_SECONDS_MAX);
      if (upload.attempts + 1 < ATTEMPTS_MAX) store.uploads.postpone(upload.uploadId, now() + seconds * 1000);
      else store.uploads.forget(upload.uploadId);
    }
  }
  return left.length > 0;
}

/** First the upload, so that nothing can come of it any more; then what may have come of it. */
async function endUpload(engine: Engine, upload: LeftUpload): Promise<void> {
  const { env, userId } = engine;
  const known = await knownContents(engine.db(), scopeOf(engine, upload.syncId), [upload]);
  if (known.has(upload.storedId)) return;
  const key = contentKey(userId, upload.syncId, upload.storedId);
  const aborted = await env.CONTENT.resumeMultipartUpload(key, upload.uploadId)
    .abort()
    .then(() => null, (error: unknown) => ({ error })); // prettier-ignore
  if (!upload.keyInUse) await env.CONTENT.delete(key);
  // One that has become an object, or that R2 has ended, is unknown to it.
  if (aborted && !/10024|does not exist/i.test(String(aborted.error))) throw aborted.error;
}
