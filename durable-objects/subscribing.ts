import { asProviderError } from "../worker/providers/errors.ts";
import type { Subscription, WebhookCapability } from "../worker/providers/provider.ts";
import { providers } from "../worker/providers/registry.ts";
import { masterKeys } from "../worker/keyring.ts";
import { createProof } from "../worker/webhooks/proof.ts";
import type { Engine } from "./engine.ts";
import { connectionFailed } from "./failing.ts";
import type { SubscriptionState } from "./user-sync-schema.ts";

// Change subscriptions at the sources: one per (connection, feed), however many syncs use it; renewed at half their life.
// Where a source grants none, the schedule alone keeps the copy current.

const RETRY_SECONDS = 300;
const RETRY_SECONDS_MAX = 86_400;

/** Brings the list of subscriptions in line with what active syncs follow. What is no longer followed is due at once, to be ended. */
export function reviewSubscriptions(engine: Engine): void {
  const { store, now } = engine;
  const followed = followedFeeds(engine);
  const rows = store.subscriptions();
  for (const [connectionId, feedId] of followed) {
    if (rows.some((row) => row.connectionId === connectionId && row.feedId === feedId)) continue;
    const row = { connectionId, feedId, subscriptionId: null, expiresAt: 0, dueAt: now(), attempts: 0, proofKey: null };
    store.saveSubscription(row);
  }
  for (const row of rows) {
    if (isFollowed(row, followed)) continue;
    if (row.subscriptionId === null) store.deleteSubscription(row.connectionId, row.feedId);
    else if (row.attempts === 0) store.saveSubscription({ ...row, dueAt: now() });
  }
}

function followedFeeds(engine: Engine): [connectionId: string, feedId: string][] {
  const syncs = engine.store.syncs().filter((sync) => sync.status === "active" && sync.schedule.kind !== "manual");
  return syncs.flatMap((sync) =>
    engine.store
      .feeds(sync.id)
      .flatMap((feed): [string, string][] => (feed.missingSince === null ? [[sync.connectionId, feed.feedId]] : [])),
  );
}

function isFollowed(row: SubscriptionState, followed: readonly [string, string][]): boolean {
  return followed.some(([connectionId, feedId]) => row.connectionId === connectionId && row.feedId === feedId);
}

/** When a subscription is next due; null where none is. Those of a connection that is not active wait until it is. */
export function subscriptionsAt(engine: Engine): number | null {
  const times = engine.store.subscriptions().flatMap((row) => {
    const connection = engine.store.connection(row.connectionId);
    return connection?.status === "active" ? [Math.max(row.dueAt, connection.gateUntil)] : [];
  });
  return times.length > 0 ? Math.min(...times) : null;
}

/** Subscribes, renews or ends what is due. False where nothing is. */
export async function stepSubscriptions(engine: Engine): Promise<boolean> {
  const due = engine.store.subscriptions().find((row) => row.dueAt <= engine.now() && isUsable(engine, row.connectionId));
  if (!due) return false;
  try {
    if (isFollowed(due, followedFeeds(engine))) await renew(engine, due);
    else await end(engine, due);
  } catch (error) {
    const failure = asProviderError(error);
    if (failure.kind === "throttled") await connectionFailed(engine, due.connectionId, failure);
    const isRefusal = failure.kind === "forbidden" || failure.kind === "unsupported";
    const delaySeconds = isRefusal ? RETRY_SECONDS_MAX : Math.min(RETRY_SECONDS * 2 ** due.attempts, RETRY_SECONDS_MAX);
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
  const [{ id: proofKey }] = masterKeys(engine.env);
  if (!webhook.renew) return replace(engine, { ...row, proofKey }, webhook, expiresAt);
  if (row.subscriptionId !== null && row.proofKey === proofKey) {
    try {
      return keep(engine, row, await webhook.renew(row.subscriptionId, expiresAt));
    } catch (error) {
      if (asProviderError(error).kind !== "not_found") throw error;
    }
  }
  // A renewal keeps the old proof: under a new master key the source is given a new one, so that the old key can go.
  if (row.subscriptionId !== null) await webhook.unsubscribe(row.subscriptionId);
  keep(engine, { ...row, proofKey }, await subscribe(engine, row, webhook, expiresAt));
  lookAgain(engine, row);
}

/** What changed since the feed was last read, and before its source had granted the subscription, is announced by nobody. */
function lookAgain(engine: Engine, { connectionId, feedId }: SubscriptionState): void {
  const { store, now } = engine;
  for (const sync of store.syncs()) {
    const follows = sync.connectionId === connectionId && store.feeds(sync.id).some((feed) => feed.feedId === feedId);
    if (follows && sync.status === "active" && sync.schedule.kind !== "manual") store.updateSync(sync.id, { recheckAt: now() });
  }
}

async function subscribe(engine: Engine, row: SubscriptionState, webhook: WebhookCapability, expiresAt: number): Promise<Subscription> {
  const { provider } = engine.store.connection(row.connectionId) ?? {};
  const clientState = await createProof(engine.env, { userId: engine.userId, connectionId: row.connectionId });
  const notificationUrl = `${engine.env.ORIGIN}/webhooks/${providers.get(provider ?? "")?.webhookPath}`;
  return webhook.subscribe({ feedId: row.feedId, notificationUrl, clientState, expiresAt });
}

/** Where a source knows no renewal: the new one is there before the old one goes, so that no notification falls between them. */
async function replace(engine: Engine, row: SubscriptionState, webhook: WebhookCapability, expiresAt: number): Promise<void> {
  keep(engine, row, await subscribe(engine, row, webhook, expiresAt));
  if (row.subscriptionId === null) return lookAgain(engine, row);
  try {
    await webhook.unsubscribe(row.subscriptionId);
  } catch (error) {
    engine.log.info("subscription.left", { connectionId: row.connectionId, message: asProviderError(error).message });
  }
}

/** Nobody follows the feed any more. */
async function end(engine: Engine, row: SubscriptionState): Promise<void> {
  if (row.subscriptionId !== null) await engine.provider(row.connectionId).webhook?.unsubscribe(row.subscriptionId);
  engine.store.deleteSubscription(row.connectionId, row.feedId);
  engine.log.info("subscription.ended", { connectionId: row.connectionId });
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
