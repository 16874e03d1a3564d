import { sha256 } from "@oslojs/crypto/sha2";
import { encodeBase32LowerCaseNoPadding } from "@oslojs/encoding";
import { accounts } from "./db/client.ts";
import type { DeadLetter, DeadMessage } from "./db/dead-letters.ts";
import { noteReason } from "./db/dead-letters.ts";
import type { Logger } from "./log.ts";
import { errorFields, redact } from "./log.ts";
import type { JobMessage } from "./sync/job.ts";
import { DELIVERIES_MAX } from "./webhooks/deliveries.ts";
import type { WakeMessage } from "./webhooks/wake-message.ts";

const ID_BYTES = 15;
const REASON_CHARACTERS_MAX = 300;

/** A message as what it says: two that say the same are one letter, whichever request sent them. */
export function letterOf(body: WakeMessage | JobMessage): DeadLetter {
  const { userId } = body;
  const message: DeadMessage = "jobId" in body ? { jobId: body.jobId } : { wake: body.wake };
  const said = "jobId" in message ? message.jobId : JSON.stringify(Object.entries(message.wake).toSorted());
  const id = encodeBase32LowerCaseNoPadding(sha256(new TextEncoder().encode(`${userId} ${said}`)).slice(0, ID_BYTES));
  return { id, queue: "jobId" in message ? "downloads" : "wakes", userId, message };
}

/** Each different letter once. */
export function distinctLetters(messages: readonly Pick<Message<WakeMessage | JobMessage>, "body">[]): DeadLetter[] {
  return [...new Map(messages.map(({ body }) => letterOf(body)).map((letter) => [letter.id, letter])).values()];
}

/** Notes why messages failed that are not delivered again. */
export async function noteLastFailures(
  env: Pick<Env, "DB">,
  log: Logger,
  messages: readonly Pick<Message<WakeMessage | JobMessage>, "body" | "attempts">[],
  error: unknown,
): Promise<void> {
  const reason = redact(error instanceof Error ? error.message : String(error)).slice(0, REASON_CHARACTERS_MAX);
  for (const { body, attempts } of messages) {
    const letter = letterOf(body);
    if (attempts >= DELIVERIES_MAX[letter.queue]) await noted(log, () => noteReason(accounts(env), letter, reason, Date.now()));
  }
}

/** Writes a note. That it cannot be written is no reason to fail otherwise. */
export async function noted(log: Logger, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    log.warn("queue.not_noted", errorFields(error));
  }
}
