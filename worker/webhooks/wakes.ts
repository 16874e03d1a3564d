import { distinctLetters, noted, noteLastFailures } from "../dead-letters.ts";
import { accounts } from "../db/client.ts";
import { noteDead, noteReturned } from "../db/dead-letters.ts";
import type { JobMessage } from "../sync/job.ts";
import { createLogger, errorFields } from "../log.ts";
import { handBack, wakeEach } from "./dead.ts";
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

/**
 * Hands back what failed every delivery: jobs to the ledger that still has them, wakes as wakes. It is noted before, for
 * administrators; what cannot be noted is handed back all the same.
 */
export async function consumeDead(batch: MessageBatch<WakeMessage | JobMessage>, env: Env): Promise<void> {
  const log = createLogger(env);
  log.warn("queue.dead", { messages: batch.messages.length });
  const isNew = (message: Message) => message.attempts === 1;
  await noted(log, () => noteDead(accounts(env), distinctLetters(batch.messages.filter(isNew)), Date.now()));
  await perUser(batch, env, async (userId, messages) => {
    const letters = distinctLetters(messages);
    await handBack(env, userId, letters.map(({ message }) => message)); // prettier-ignore
    await noted(log, () => noteReturned(accounts(env), letters.map(({ id }) => id), Date.now())); // prettier-ignore
  });
}

/** Settles a batch by user: one user's failure is retried, later each time, and holds up nobody else. */
async function perUser<T extends WakeMessage | JobMessage>(
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
        await noteLastFailures(env, log, messages, error);
        for (const message of messages) message.retry({ delaySeconds: retrySeconds(message.attempts) });
      }
    }
  };
  await Promise.all(Array.from({ length: OBJECTS_AT_ONCE }, work));
}

function retrySeconds(attempts: number): number {
  return Math.min(RETRY_SECONDS_BASE * 2 ** (attempts - 1), RETRY_SECONDS_MAX);
}
