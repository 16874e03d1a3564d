import type { Wake } from "../../durable-objects/rpc.ts";
import { userObject } from "../context.ts";
import type { JobMessage } from "../sync/job.ts";
import { createLogger, errorFields } from "../log.ts";
import type { WakeMessage } from "./wake-message.ts";

/** Objects called at once: a Worker has six connections. */
const OBJECTS_AT_ONCE = 5;
const RETRY_SECONDS_BASE = 5;
const RETRY_SECONDS_MAX = 300;

/** Passes wakes on to their users' objects: each different one once, however often it is in the batch. */
export async function consumeWakes(batch: MessageBatch<WakeMessage>, env: Env): Promise<void> {
  await perUser(batch, env, async (userId, messages) => {
    await wakeEach(env, userId, messages.map((message) => message.body)); // prettier-ignore
  });
}

/** Hands back what failed every delivery: jobs to the ledger that still has them, wakes as wakes. */
export async function consumeDead(batch: MessageBatch<WakeMessage | JobMessage>, env: Env): Promise<void> {
  createLogger(env).warn("queue.dead", { messages: batch.messages.length });
  await perUser(batch, env, async (userId, messages) => {
    const bodies = messages.map((message) => message.body);
    const jobIds = bodies.flatMap((body) => ("jobId" in body ? [body.jobId] : []));
    const wakes = bodies.filter((body) => "wake" in body);
    if (jobIds.length > 0) await userObject(env, userId).returnJobs([...new Set(jobIds)]);
    await wakeEach(env, userId, wakes);
  });
}

async function wakeEach(env: Env, userId: string, messages: readonly WakeMessage[]): Promise<void> {
  for (const wake of distinctWakes(messages.map((message) => message.wake))) {
    await userObject(env, userId).wake(wake, messages.find((message) => message.wake.reason === wake.reason)?.requestId);
  }
}

/** Each wake once, in the order they came. */
export function distinctWakes(wakes: readonly Wake[]): Wake[] {
  return [...new Map(wakes.map((wake) => [JSON.stringify(Object.entries(wake).toSorted()), wake])).values()];
}

/** Settles a batch by user: one user's failure is retried, later each time, and holds up nobody else. */
async function perUser<T extends { userId: string }>(
  batch: MessageBatch<T>,
  env: Env,
  settle: (userId: string, messages: Message<T>[]) => Promise<void>,
): Promise<void> {
  const log = createLogger(env, { queue: batch.queue });
  const waiting = [...Map.groupBy(batch.messages, (message) => message.body.userId)];
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [userId, messages] = next;
      try {
        await settle(userId, messages);
        for (const message of messages) message.ack();
      } catch (error) {
        log.warn("queue.retry", { userId, messages: messages.length, ...errorFields(error) });
        for (const message of messages) message.retry({ delaySeconds: retrySeconds(message.attempts) });
      }
    }
  };
  await Promise.all(Array.from({ length: OBJECTS_AT_ONCE }, work));
}

function retrySeconds(attempts: number): number {
  return Math.min(RETRY_SECONDS_BASE * 2 ** (attempts - 1), RETRY_SECONDS_MAX);
}
