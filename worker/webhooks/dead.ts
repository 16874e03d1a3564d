import type { Wake } from "../../durable-objects/rpc.ts";
import { userObject } from "../context.ts";
import type { DeadMessage } from "../db/dead-letters.ts";

/** Hands dead messages of a user back to the object, which has the work itself: repeated, it changes nothing. */
export async function handBack(env: Env, userId: string, messages: readonly DeadMessage[], requestId?: string): Promise<void> {
  const jobIds = messages.flatMap((message) => ("jobId" in message ? message.jobId : []));
  const wakes = messages.flatMap((message) => ("wake" in message ? { wake: message.wake as Wake, requestId } : []));
  if (jobIds.length > 0) await userObject(env, userId).returnJobs([...new Set(jobIds)]);
  await wakeEach(env, userId, wakes);
}

export async function wakeEach(
  env: Env,
  userId: string,
  messages: readonly { wake: Wake; requestId?: string | undefined }[],
): Promise<void> {
  for (const wake of distinctWakes(messages.map((message) => message.wake))) {
    await userObject(env, userId).wake(wake, messages.find((message) => message.wake.reason === wake.reason)?.requestId);
  }
}

/** Each wake once, in the order they came. */
export function distinctWakes(wakes: readonly Wake[]): Wake[] {
  return [...new Map(wakes.map((wake) => [JSON.stringify(Object.entries(wake).toSorted()), wake])).values()];
}
