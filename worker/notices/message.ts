import type { DeliveryAttempt } from "../wire/webhooks.ts";
import type { MailKind } from "../wire/notifications.ts";

// What a user's object and the consumer of notices say to each other.

/** The message of the notices queue: the name of something to send, and which attempt it is. */
export interface NoticeMessage {
  userId: string;
  notice: NoticeRef;
}

export interface NoticeRef {
  channel: "webhook" | "mail";
  /** Of the delivery, or the matter of the mail. */
  id: string;
  /** From 1. A message that comes late names one that is over. */
  attempt: number;
}

/** A notice as the consumer gets it; it lives no longer than that. */
export type LeasedNotice = LeasedWebhook | LeasedMail;

export interface LeasedWebhook {
  ref: NoticeRef;
  channel: "webhook";
  url: string;
  /** The one of now first. */
  secrets: string[];
  eventId: string;
  body: string;
}

export interface LeasedMail {
  ref: NoticeRef;
  channel: "mail";
  to: string;
  matter: MailMatter;
  homeShard: number;
}

/** What a mail is about. `confirm` is no matter of choice: it is how an address is confirmed. */
export type MailMatter =
  | { kind: Exclude<MailKind, "quota">; subjectId: string; runId: string | null }
  | { kind: "quota" }
  | { kind: "confirm"; nonce: string };

export interface NoticeOutcome {
  ref: NoticeRef;
  outcome: "delivered" | "failed" | "gone";
  attempt: DeliveryAttempt;
  /** As the receiver asks for. */
  retryAfterSeconds: number | null;
}
