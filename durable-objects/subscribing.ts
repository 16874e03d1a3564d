import { asProviderError } from "../worker/providers/errors.ts";
import { providers } from "../worker/providers/registry.ts";
import { createProof } from "../worker/webhooks/proof.ts";
import type { Engine } from "./engine.ts";
import type { SubscriptionState } from "./user-sync-schema.ts";

// Change subscriptions at the sources: one per (connection, feed), however many syncs use it; renewed at half their life.
// Where a source grants none, the schedule alone keeps the copy current.

const RETRY_SECONDS = 300;
const RETRY_SECONDS_MAX = 86_400;

/** Brings the list of subscriptions in line with what active syncs follow. */
export function reviewSubscriptions(engine: Engine): void {
  const wanted = new Set<string>();
  for (const sync of engine.store.syncs()) {
    if (sync.status !== "active" || sync.schedule.kind === "manual" || engine.store.connection(sync.connectionId)?.status !== "active")
      continue;
    for (const feed of engine.store.feeds(sync.id)) wanted.add(keyOf(sync.connectionId, feed.feedId));
  }
  const existing = engine.store.subscriptions();
  for (const key of wanted) {
    if (existing.some((row) => keyOf(row.connectionId, row.feedId) === key)) continue;
    const [connectionId = "", feedId = ""] = JSON.parse(key) as string[];
    engine.store.saveSubscription({ connectionId, feedId, subscriptionId: null, expiresAt: 0, dueAt: engine.now(), attempts: 0 });
  }
  for (const row of existing) {
    if (!wanted.has(keyOf(row.connectionId, row.feedId)) && row.subscriptionId === null)
      engine.store.deleteSubscription(row.connectionId, row.feedId);
  }
}

function keyOf(connectionId: string, feedId: string): string {
  return JSON.stringify([connectionId, feedId]);
}

/** Subscribes or renews what is due. False where nothing is. */
export async function stepSubscriptions(engine: Engine): Promise<boolean> {
  const due = engine.store.subscriptions().find((row) => row.dueAt <= engine.now() && isUsable(engine, row.connectionId));
  if (!due) return false;
  try {
    await renew(engine, due);
  } catch (error) {
    const failure = asProviderError(error);
    const delaySeconds = failure.kind === "forbidden" ? RETRY_SECONDS_MAX : Math.min(RETRY_SECONDS * 2 ** due.attempts, RETRY_SECONDS_MAX);
    const wait = Math.max(delaySeconds, failure.retryAfterSeconds ?? 0);
    engine.store.saveSubscription({ ...due, dueAt: engine.now() + wait * 1000, attempts: due.attempts + 1 });
    engine.log.warn("subscription.failed", { connectionId: due.connectionId, kind: failure.kind, message: failure.message });
  }
  return true;
}

function isUsable(engine: Engine, connectionId: string): boolean {
  const connection = engine.store.connection(connectionId);
  return connection?.status === "active" && connection.gateUntil <= engine.now();
}

async function renew(engine: Engine, row: SubscriptionState): Promise<void> {
  const webhook = engine.provider(row.connectionId).webhook;
  if (!webhook) return engine.store.deleteSubscription(row.connectionId, row.feedId);
  const expiresAt = engine.now() + webhook.lifetimeSeconds * 1000;
  if (row.subscriptionId !== null) {
    try {
      return keep(engine, row, await webhook.renew(row.subscriptionId, expiresAt));
    } catch (error) {
      if (asProviderError(error).kind !== "not_found") throw error;
    }
  }
  const { provider } = engine.store.connection(row.connectionId) ?? {};
  const clientState = await createProof(engine.env, { userId: engine.userId, connectionId: row.connectionId });
  const notificationUrl = `${engine.env.ORIGIN}/webhooks/${providers.get(provider ?? "")?.auth.authority}`;
  keep(engine, row, await webhook.subscribe({ feedId: row.feedId, notificationUrl, clientState, expiresAt }));
}

function keep(engine: Engine, row: SubscriptionState, granted: { id: string; expiresAt: number }): void {
  const dueAt = engine.now() + Math.max(60_000, (granted.expiresAt - engine.now()) / 2);
  engine.store.saveSubscription({ ...row, subscriptionId: granted.id, expiresAt: granted.expiresAt, dueAt, attempts: 0 });
  engine.log.info("subscription.active", { connectionId: row.connectionId, expiresAt: new Date(granted.expiresAt).toISOString() });
}

/** Ends a connection's subscriptions, as far as the source answers: what is left expires by itself. */
export async function unsubscribe(engine: Engine, connectionId: string): Promise<void> {
  for (const row of engine.store.subscriptions()) {
    if (row.connectionId !== connectionId) continue;
    try {
      if (row.subscriptionId !== null) await engine.provider(connectionId).webhook?.unsubscribe(row.subscriptionId);
    } catch (error) {
      engine.log.info("subscription.left", { connectionId, message: asProviderError(error).message });
    }
    engine.store.deleteSubscription(row.connectionId, row.feedId);
  }
}

/** Makes a subscription due at once: the source asks for it, or has dropped it. */
export function hastenSubscription(engine: Engine, connectionId: string, dropped: boolean): void {
  for (const row of engine.store.subscriptions()) {
    if (row.connectionId !== connectionId) continue;
    engine.store.saveSubscription({ ...row, ...(dropped ? { subscriptionId: null } : {}), dueAt: engine.now() });
  }
}
