import type { Result } from "../worker/errors.ts";
import { failure, success } from "../worker/errors.ts";
import { randomId } from "../worker/ids.ts";
import { makeSecret } from "../worker/notices/signature.ts";
import { createVault } from "../worker/vault.ts";
import type { Delivery, Webhook, WebhookSecret } from "../worker/wire/webhooks.ts";
import type { Engine } from "./engine.ts";
import type { DeliveryPage, EndpointPatch, EndpointRequest } from "./rpc.ts";
import type { DeliveryState, EndpointState } from "./user-sync-schema.ts";

// What a person, or a program in their name, does with the endpoints that are told what happens. All of it is kept here and
// nowhere else: an endpoint's secret must not be in the catalogue, and what is on its way is written with what it tells.

const ENDPOINTS_MAX = 10;
/** Sorts after every id. */
const NEWEST = "~";

export async function createEndpoint(engine: Engine, request: EndpointRequest): Promise<Result<WebhookSecret>> {
  const { store, now, notices } = engine;
  const id = randomId();
  const secret = makeSecret();
  const sealed = await seal(engine, id, secret);
  if (request.events.includes("changes")) await notices.followChanges(id);
  if (store.notices.endpoints().length >= ENDPOINTS_MAX)
    return failure("webhook.too_many", `A user has ${ENDPOINTS_MAX} webhooks at most.`);
  const endpoint = { id, ...request, sealed, disabledBecause: null, oldSealed: null, oldUntil: null, failingSince: null, createdAt: now() };
  store.notices.insertEndpoint(endpoint);
  notices.endpointsChanged();
  engine.log.info("webhook.made", { endpointId: id, events: request.events.join(" ") });
  return success({ ...toWebhook(endpoint, now()), secret });
}

export function listEndpoints({ store, now }: Engine): Webhook[] {
  return store.notices.endpoints().map((endpoint) => toWebhook(endpoint, now()));
}

export function getEndpoint({ store, now }: Engine, id: string): Result<Webhook> {
  const endpoint = store.notices.endpoint(id);
  return endpoint ? success(toWebhook(endpoint, now())) : noEndpoint();
}

/** What waits for an endpoint that is switched off is given up; one that is switched on begins anew. */
export async function updateEndpoint(engine: Engine, id: string, { enabled, ...patch }: EndpointPatch): Promise<Result<Webhook>> {
  const { store, notices } = engine;
  const before = store.notices.endpoint(id);
  if (!before) return noEndpoint();
  if (patch.events?.includes("changes") || enabled === true) await notices.followChanges(id);
  const given = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
  store.transaction(() => {
    store.notices.updateEndpoint(id, given);
    if (enabled === true && before.disabledBecause !== null)
      store.notices.updateEndpoint(id, { disabledBecause: null, failingSince: null });
    if (enabled === false && before.disabledBecause === null) {
      store.notices.updateEndpoint(id, { disabledBecause: "person" });
      store.notices.failPending(id);
    }
  });
  notices.endpointsChanged();
  return getEndpoint(engine, id);
}

export function deleteEndpoint({ store, notices, log }: Engine, id: string): Result<null> {
  if (!store.notices.endpoint(id)) return noEndpoint();
  store.transaction(() => store.notices.deleteEndpoint(id));
  notices.endpointsChanged();
  log.info("webhook.deleted", { endpointId: id });
  return success(null);
}

/** A new secret; the one of now signs beside it for so long. */
export async function rotateSecret(engine: Engine, id: string, oldSecretHours: number): Promise<Result<WebhookSecret>> {
  const { store, now, log } = engine;
  const secret = makeSecret();
  const sealed = await seal(engine, id, secret);
  const endpoint = store.notices.endpoint(id);
  if (!endpoint) return noEndpoint();
  const old =
    oldSecretHours > 0 ? { oldSealed: endpoint.sealed, oldUntil: now() + oldSecretHours * 3_600_000 } : { oldSealed: null, oldUntil: null };
  store.notices.updateEndpoint(id, { sealed, ...old });
  log.info("webhook.rotated", { endpointId: id });
  return success({ ...toWebhook({ ...endpoint, sealed, ...old }, now()), secret });
}

/** Sends it an event that says nothing but that it is a test. */
export async function testEndpoint(engine: Engine, id: string): Promise<Result<Delivery>> {
  const { store, notices, now } = engine;
  const endpoint = store.notices.endpoint(id);
  if (!endpoint) return noEndpoint();
  const delivery = store.transaction(() => notices.tellOne({ type: "webhook.test", data: { endpointId: id } }, endpoint));
  if (!delivery) return failure("webhook.disabled", "This webhook is switched off. Switch it on first.");
  await engine.wakeBy(now());
  return success(toDelivery(delivery));
}

export function deliveriesOf(
  { store }: Engine,
  id: string,
  { limit, cursor }: DeliveryPage,
): Result<{ items: Delivery[]; cursor: string | null }> {
  if (!store.notices.endpoint(id)) return noEndpoint();
  const found = store.notices.deliveries(id, limit + 1, cursor ?? NEWEST);
  const items = found.slice(0, limit);
  return success({ items: items.map(toDelivery), cursor: found.length > limit ? (items.at(-1)?.id ?? null) : null });
}

/** The same event, with the same id, once more: from its first attempt on. */
export async function redeliver(engine: Engine, endpointId: string, deliveryId: string): Promise<Result<Delivery>> {
  const { store, now } = engine;
  const endpoint = store.notices.endpoint(endpointId);
  const delivery = store.notices.delivery(endpointId, deliveryId);
  if (!endpoint) return noEndpoint();
  if (!delivery) return failure("delivery.not_found", "There is no such delivery.");
  if (endpoint.disabledBecause !== null) return failure("webhook.disabled", "This webhook is switched off. Switch it on first.");
  // One that is on its way is left alone.
  if (delivery.status !== "pending" || delivery.tries > 0)
    store.notices.updateDelivery(delivery, { status: "pending", dueAt: now(), tries: 0 });
  await engine.wakeBy(now());
  return success(toDelivery(store.notices.delivery(endpointId, deliveryId) ?? delivery));
}

function noEndpoint(): Result<never> {
  return failure("webhook.not_found", "There is no such webhook.");
}

/** Sealed under the endpoint's id, as a credential is under its connection's: it opens nowhere else. */
function seal({ env, userId }: Engine, id: string, secret: string): Promise<string> {
  return createVault(env).seal({ userId, connectionId: id }, { secret });
}

function toWebhook(
  { id, url, description, events, disabledBecause, failingSince, oldUntil, createdAt }: EndpointState,
  now: number,
): Webhook {
  const until = oldUntil !== null && oldUntil > now ? oldUntil : null;
  return {
    id,
    url,
    description,
    events,
    enabled: disabledBecause === null,
    disabledBecause,
    failingSince: failingSince === null ? null : new Date(failingSince).toISOString(),
    oldSecretUntil: until === null ? null : new Date(until).toISOString(),
    createdAt: new Date(createdAt).toISOString(),
  };
}

function toDelivery({ id, eventId, type, status, createdAt, dueAt, attempts }: DeliveryState): Delivery {
  return {
    id,
    eventId,
    type,
    status,
    createdAt: new Date(createdAt).toISOString(),
    nextAttemptAt: dueAt === null ? null : new Date(dueAt).toISOString(),
    attempts,
  };
}
