import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { Webhook } from "standardwebhooks";
import { vi } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import type { Delivery, EventType, NoticeEvent } from "../../worker/wire/webhooks.ts";
import { webhookEvent } from "../../worker/wire/webhooks.ts";
import type { Synced } from "./memory-user.ts";
import type { Answer, Received } from "./receiver.ts";
import { RECEIVER_HOST } from "./receiver.ts";

// A program that is told what happens, and a person's mailbox, at the receiver of tests.

const ROUNDS_MAX = 300;
/** What was put into the queue is due again after three minutes, should nothing be heard of it; no retry is due in just that time. */
const OUT_MILLISECONDS = { from: 100_000, to: 180_000 };

export interface Endpoint {
  id: string;
  secret: string;
  path: string;
}

type Event = NoticeEvent & { timestamp: string };

/** A webhook of this user's that is told of these events, at an address of its own. */
export async function createEndpoint(user: Synced, events: EventType[]): Promise<Endpoint> {
  const path = `/${user.userId}/${crypto.randomUUID()}`;
  const request = { url: `https://${RECEIVER_HOST}${path}`, description: "", events };
  const { id, secret } = unwrap(await user.stub.createEndpoint(request));
  return { id, secret, path };
}

export async function answerWith(endpoint: Pick<Endpoint, "path">, answer: Answer): Promise<void> {
  await fetch(`https://${RECEIVER_HOST}${endpoint.path}`, { method: "PUT", body: JSON.stringify(answer) });
}

/** What came, in order. */
export async function received({ path }: Pick<Endpoint, "path">): Promise<Received[]> {
  return (await fetch(`https://${RECEIVER_HOST}${path}`)).json();
}

/** The events that came, each verified as a consumer does, and held against its documented shape. */
export async function eventsAt(endpoint: Endpoint): Promise<{ id: string; event: Event }[]> {
  return (await received(endpoint)).map(({ headers, body }) => ({
    id: headers["webhook-id"] ?? "",
    event: webhookEvent.parse(new Webhook(endpoint.secret).verify(body, headers)) as Event,
  }));
}

export async function deliveriesTo(user: Synced, endpoint: Pick<Endpoint, "id">): Promise<Delivery[]> {
  return unwrap(await user.stub.deliveries(endpoint.id, { limit: 100 })).items;
}

export interface SentMail {
  to: string;
  subject: string;
  text: string;
  html: string;
  headers?: Record<string, string>;
}

export async function mailsTo(address: string): Promise<SentMail[]> {
  return (await received({ path: `/mail/${address}` })).map(({ body }) => JSON.parse(body) as SentMail);
}

/** Lets the alarm and the queue go on until nothing of the outbox is due now. */
export async function deliverAll(user: Synced): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    await runDurableObjectAlarm(user.stub);
    const waits = await runInDurableObject(user.stub, (_instance, { storage }) => {
      const now = Date.now();
      const waits = "due_at <= ?1 OR due_at BETWEEN ?2 AND ?3";
      const due = `SELECT (SELECT count(*) FROM deliveries WHERE ${waits}) + (SELECT count(*) FROM mails WHERE ${waits}) AS n`;
      return storage.sql.exec<{ n: number }>(due, now, now + OUT_MILLISECONDS.from, now + OUT_MILLISECONDS.to).one().n;
    });
    if (waits === 0) return;
    await new Promise((resume) => setTimeout(resume, 10));
  }
  throw new Error("Notices still wait.");
}

export function advance(milliseconds: number): void {
  vi.setSystemTime(Date.now() + milliseconds);
}
