import { userObject } from "../context.ts";
import { createLogger, errorFields } from "../log.ts";
import { deliver } from "./deliver.ts";
import { sendMail } from "./mail.ts";
import type { LeasedNotice, NoticeMessage, NoticeOutcome } from "./message.ts";

/** Before a message whose notice could not be had comes again; what stays unheard of is sent again by its object. */
const RETRY_SECONDS = 30;

/** Sends the notices of a batch: each user's object hands them out, and hears what came of them. */
export async function consumeNotices(batch: MessageBatch<NoticeMessage>, env: Env, fetch: typeof globalThis.fetch): Promise<void> {
  const users = Map.groupBy(batch.messages, (message) => message.body.userId);
  await Promise.all([...users].map(([userId, messages]) => consumeForUser(userId, messages, env, fetch)));
}

async function consumeForUser(
  userId: string,
  messages: readonly Message<NoticeMessage>[],
  env: Env,
  fetch: typeof globalThis.fetch,
): Promise<void> {
  const log = createLogger(env, { userId });
  try {
    const notices = await userObject(env, userId).leaseNotices(messages.map(({ body }) => body.notice));
    // Each is told of as it ends: one that takes its time must not have the others sent again.
    await Promise.all(notices.map(async (notice) => userObject(env, userId).settleNotice(await send(notice, userId, env, fetch))));
    for (const message of messages) message.ack();
  } catch (error) {
    log.warn("notices.retry", { messages: messages.length, ...errorFields(error) });
    for (const message of messages) message.retry({ delaySeconds: RETRY_SECONDS });
  }
}

async function send(notice: LeasedNotice, userId: string, env: Env, fetch: typeof globalThis.fetch): Promise<NoticeOutcome> {
  const now = () => Date.now();
  if (notice.channel === "webhook") return deliver(notice, { fetch, now, origin: env.ORIGIN });
  const at = now();
  const attempt = { at: new Date(at).toISOString(), statusCode: null, durationMilliseconds: 0, answer: "" };
  try {
    await sendMail(notice, userId, env);
    return { ref: notice.ref, outcome: "delivered", attempt, retryAfterSeconds: null };
  } catch (error) {
    createLogger(env, { userId }).error("mail.failed", { kind: notice.matter.kind, ...errorFields(error) });
    return { ref: notice.ref, outcome: "failed", attempt, retryAfterSeconds: null };
  }
}
