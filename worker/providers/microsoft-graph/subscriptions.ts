import { ProviderError } from "../errors.ts";
import { discard, readJson } from "../http.ts";
import type { SubscribeRequest, Subscription, WebhookCapability } from "../provider.ts";
import type { Subscription as GraphSubscription } from "./api.ts";
import { readErrorMessage, toProviderError } from "./errors.ts";
import type { Graph } from "./graph.ts";
import { isPersonalDrive } from "./ids.ts";

/** The longest life of a drive's subscription: 42,300 minutes. */
const LIFETIME_SECONDS = 42_300 * 60;
/** Asked for less than the longest, so that clocks may differ. */
const CLOCK_MARGIN_SECONDS = 120;
const SUBSCRIPTION_ID = /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/i;

/** Change notifications of a drive's root. Throws `forbidden` where the grant does not suffice: the drive is then polled. */
export function subscriptions(graph: Graph): WebhookCapability {
  return {
    lifetimeSeconds: LIFETIME_SECONDS,
    subscribe: (request) => subscribe(graph, request),
    renew: (id, expiresAt) => renew(graph, id, expiresAt),
    unsubscribe: (id) => unsubscribe(graph, id),
  };
}

async function subscribe(graph: Graph, { feedId, notificationUrl, clientState, expiresAt }: SubscribeRequest): Promise<Subscription> {
  const response = await graph.request(graph.url("/subscriptions"), {
    method: "POST",
    json: {
      changeType: "updated",
      notificationUrl,
      lifecycleNotificationUrl: notificationUrl,
      resource: isPersonalDrive(feedId) ? "me/drive/root" : `drives/${feedId}/root`,
      expirationDateTime: expiration(graph, expiresAt),
      clientState,
    },
  });
  if (response.status === 409) return adopt(graph, await readErrorMessage(response), expiresAt);
  if (!response.ok) throw await toProviderError(response, graph.context.now());
  return toSubscription(await readJson(response));
}

/** An earlier one for the same drive and address is there: it is ours, and the error's text is the only place that names it. */
async function adopt(graph: Graph, message: string, expiresAt: number): Promise<Subscription> {
  const id = SUBSCRIPTION_ID.exec(message)?.[0];
  if (id === undefined) throw new ProviderError("fatal", "A subscription exists that is not named.", { status: 409 });
  return renew(graph, id, expiresAt);
}

/** Also gives the subscription the authority of the present token. */
async function renew(graph: Graph, id: string, expiresAt: number): Promise<Subscription> {
  const response = await graph.request(address(graph, id), {
    method: "PATCH",
    json: { expirationDateTime: expiration(graph, expiresAt) },
  });
  if (response.ok) return toSubscription(await readJson(response));
  // A redirect to nowhere is how a migrated account says that it has lost the subscription.
  if (response.status === 308 || response.status === 410) {
    await discard(response);
    throw new ProviderError("not_found", "The subscription is no more.", { status: response.status });
  }
  throw await toProviderError(response, graph.context.now());
}

async function unsubscribe(graph: Graph, id: string): Promise<void> {
  const response = await graph.request(address(graph, id), { method: "DELETE" });
  if (!response.ok && ![308, 404, 410].includes(response.status)) throw await toProviderError(response, graph.context.now());
  await discard(response);
}

function address(graph: Graph, id: string): string {
  return graph.url(`/subscriptions/${encodeURIComponent(id)}`);
}

function expiration(graph: Graph, expiresAt: number): string {
  const latest = graph.context.now() + (LIFETIME_SECONDS - CLOCK_MARGIN_SECONDS) * 1000;
  return new Date(Math.min(expiresAt, latest)).toISOString();
}

function toSubscription(answer: unknown): Subscription {
  const { id, expirationDateTime } = (answer ?? {}) as GraphSubscription;
  const expiresAt = Date.parse(expirationDateTime ?? "");
  if (typeof id !== "string" || Number.isNaN(expiresAt)) throw new ProviderError("fatal", "The subscription's answer makes no sense.");
  return { id, expiresAt };
}
