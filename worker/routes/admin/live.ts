import type { AppContext, UserEnv } from "../../context.ts";
import { userObject } from "../../context.ts";
import { errorFields } from "../../log.ts";
import type { SyncStatus } from "../../wire.ts";

const OBJECT_MILLISECONDS = 5_000;

/** What the user's object says of its syncs; null where it does not answer in time: the rest is shown all the same. */
export async function liveStatuses(c: AppContext<UserEnv>, userId: string): Promise<Map<string, SyncStatus> | null> {
  try {
    const timeout = AbortSignal.timeout(OBJECT_MILLISECONDS);
    const late = new Promise<never>((_, reject) => {
      timeout.addEventListener("abort", () => reject(new Error(`No answer in ${OBJECT_MILLISECONDS} ms.`)));
    });
    const statuses = await Promise.race([userObject(c.env, userId).statuses(), late]);
    return new Map(statuses.map((status) => [status.syncId, status]));
  } catch (error) {
    c.var.log.warn("admin.object_silent", { ofUser: userId, ...errorFields(error) });
    return null;
  }
}
