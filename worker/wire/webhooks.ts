import { z } from "zod";
import { count, instant } from "./common.ts";

// Outgoing webhooks: what a person registers, and what their endpoint is sent. docs/webhooks.md is about the same.

const URL_CHARACTERS_MAX = 2000;
const DESCRIPTION_CHARACTERS_MAX = 200;
/** How long a replaced secret may go on signing. */
export const OLD_SECRET_HOURS_MAX = 7 * 24;
const OLD_SECRET_HOURS_DEFAULT = 24;

const ended = z.object({
  runId: z.string(),
  syncId: z.string(),
  connectionId: z.string(),
  runType: z.enum(["full", "incremental", "verify"]),
  trigger: z.enum(["created", "schedule", "webhook", "manual", "api", "retry", "verify"]),
  startedAt: instant.nullable(),
  finishedAt: instant,
  stored: count,
  removed: count,
  skipped: count,
  failed: count,
  held: count,
  bytes: count,
});

/** The data of each type of event. None has a secret, a file's name or its content: the API tells more to who may know. */
export const EVENT_DATA = {
  "run.completed": ended,
  "run.incomplete": ended,
  "run.held": ended,
  "run.failed": ended.extend({ error: z.object({ code: z.string(), message: z.string() }) }),
  "connection.needs_reconnect": z.object({ connectionId: z.string(), provider: z.string() }),
  "quota.reached": z.object({ syncId: z.string(), limit: z.enum(["bytes", "items"]) }),
  changes: z.object({ cursor: z.string() }),
  "webhook.test": z.object({ endpointId: z.string() }),
} as const;

export const EVENT_TYPES = [
  "run.completed",
  "run.incomplete",
  "run.failed",
  "run.held",
  "connection.needs_reconnect",
  "quota.reached",
  "changes",
] as const satisfies (keyof typeof EVENT_DATA)[];
export type EventType = (typeof EVENT_TYPES)[number];

export type NoticeType = keyof typeof EVENT_DATA;
export type NoticeEvent = { [T in NoticeType]: { type: T; data: z.infer<(typeof EVENT_DATA)[T]> } }[NoticeType];
export type RunEnded = z.infer<typeof ended>;

/** The body of a delivery. */
export const webhookEvent = z.discriminatedUnion("type", [
  event("run.completed", EVENT_DATA["run.completed"]),
  event("run.incomplete", EVENT_DATA["run.incomplete"]),
  event("run.failed", EVENT_DATA["run.failed"]),
  event("run.held", EVENT_DATA["run.held"]),
  event("connection.needs_reconnect", EVENT_DATA["connection.needs_reconnect"]),
  event("quota.reached", EVENT_DATA["quota.reached"]),
  event("changes", EVENT_DATA.changes),
  event("webhook.test", EVENT_DATA["webhook.test"]),
]);

function event<T extends string, D extends z.ZodObject>(type: T, data: D) {
  return z.object({ type: z.literal(type), timestamp: instant, data });
}

const eventTypes = z
  .array(z.enum(EVENT_TYPES))
  .min(1)
  .max(EVENT_TYPES.length)
  .transform((events) => EVENT_TYPES.filter((each) => events.includes(each)));

export const webhook = z.object({
  id: z.string(),
  url: z.string(),
  description: z.string(),
  events: z.array(z.enum(EVENT_TYPES)),
  enabled: z.boolean(),
  /** `person`: switched off by hand. `failing`: nothing arrived for days. `gone`: it answered 410. */
  disabledBecause: z.enum(["person", "failing", "gone"]).nullable(),
  /** Since when no delivery has arrived; null where the last one did, or none was made. */
  failingSince: instant.nullable(),
  /** Until when the secret before signs too; null where there is none. */
  oldSecretUntil: instant.nullable(),
  createdAt: instant,
});
export type Webhook = z.infer<typeof webhook>;

/** Answered once: when it is made, and when its secret is replaced. */
export const webhookSecret = webhook.extend({ secret: z.string() });
export type WebhookSecret = z.infer<typeof webhookSecret>;

export const webhookCreate = z.strictObject({
  url: z.string().trim().min(1).max(URL_CHARACTERS_MAX),
  description: z.string().trim().max(DESCRIPTION_CHARACTERS_MAX).default(""),
  events: eventTypes,
});

export const webhookPatch = z.strictObject({
  url: z.string().trim().min(1).max(URL_CHARACTERS_MAX).optional(),
  description: z.string().trim().max(DESCRIPTION_CHARACTERS_MAX).optional(),
  events: eventTypes.optional(),
  enabled: z.boolean().optional(),
});

export const secretRotation = z.strictObject({
  /** How long the secret of now signs beside the new one. */
  oldSecretHours: z.int().min(0).max(OLD_SECRET_HOURS_MAX).default(OLD_SECRET_HOURS_DEFAULT),
});

export const deliveryAttempt = z.object({
  at: instant,
  /** Null: there was no answer. */
  statusCode: z.int().nullable(),
  durationMilliseconds: count,
  /** The beginning of the answer, or why there was none. */
  answer: z.string(),
});
export type DeliveryAttempt = z.infer<typeof deliveryAttempt>;

export const delivery = z.object({
  id: z.string(),
  /** The `webhook-id`: the same at each attempt, and when it is delivered again. */
  eventId: z.string(),
  type: z.enum(Object.keys(EVENT_DATA) as [NoticeType, ...NoticeType[]]),
  status: z.enum(["pending", "delivered", "failed"]),
  createdAt: instant,
  /** Null where no attempt is to follow. */
  nextAttemptAt: instant.nullable(),
  attempts: z.array(deliveryAttempt),
});
export type Delivery = z.infer<typeof delivery>;
