import { toProviderError } from "../atlassian/errors.ts";
import type { Site } from "../atlassian/sites.ts";
import { ProviderError } from "../errors.ts";
import { discard } from "../http.ts";
import type { SubscribeRequest, Subscription, WebhookCapability } from "../provider.ts";
import type { RegisteredWebhooks, WebhookPage } from "./api.ts";
import { type FeedId, readFeedId } from "./ids.ts";
import { API, asObject, type Jira, post } from "./search.ts";
import { timeOf } from "./times.ts";

// Jira lets an app have five dynamic webhooks for a person at a site. So one serves all projects that a connection follows there: it is
// made anew, with another filter, whenever a project joins or leaves. A subscription is a project's place in it.

const LIFETIME_SECONDS = 30 * 86_400;
const WEBHOOKS_A_PAGE = 100;
const EVENTS = ["jira:issue_created", "jira:issue_updated", "jira:issue_deleted", "comment_created", "comment_updated", "comment_deleted"];
const FILTER = /^project in \((\d+(?:, \d+)*)\)$/;

interface Webhook {
  id: number;
  projectIds: string[];
}

export function webhooks(jira: Jira): WebhookCapability {
  return {
    lifetimeSeconds: LIFETIME_SECONDS,
    subscribe: (request) => subscribe(jira, request),
    renew: (subscriptionId) => renew(jira, readSubscription(subscriptionId), subscriptionId),
    unsubscribe: (subscriptionId) => unsubscribe(jira, readSubscription(subscriptionId)),
  };
}

/** Only an app is told: an API token is nobody's app. */
async function subscribe(jira: Jira, { feedId, notificationUrl, clientState }: SubscribeRequest): Promise<Subscription> {
  const { api } = jira;
  const feed = readFeedId(feedId);
  if (!feed) throw new ProviderError("not_found", "There is no such project.");
  if ((await api.signIn()).kind !== "oauth") throw new ProviderError("unsupported", "Jira tells apps alone of changes, not API tokens.");
  const site = await api.site(feed.siteId);
  const url = `${notificationUrl}?state=${encodeURIComponent(clientState)}`;
  const existing = await own(jira, site, url);
  const id = `${feedId} ${url}`;
  if (existing.some(({ projectIds }) => projectIds.includes(feed.projectId))) return renew(jira, { feed, url }, id);
  const projectIds = [...new Set([...existing.flatMap((webhook) => webhook.projectIds), feed.projectId])];
  const made = await register(jira, site, url, projectIds);
  // The new one tells of all that the old ones did: they go once it is there.
  await remove(jira, site, existing.map((webhook) => webhook.id)); // prettier-ignore
  return { id, expiresAt: await refresh(jira, site, [made]) };
}

async function renew(jira: Jira, { feed, url }: { feed: FeedId; url: string }, subscriptionId: string): Promise<Subscription> {
  const site = await jira.api.site(feed.siteId);
  const found = (await own(jira, site, url)).filter(({ projectIds }) => projectIds.includes(feed.projectId));
  if (found.length === 0) throw new ProviderError("not_found", "The webhook is no more.");
  return { id: subscriptionId, expiresAt: await refresh(jira, site, found.map(({ id }) => id)) }; // prettier-ignore
}

async function unsubscribe(jira: Jira, { feed, url }: { feed: FeedId; url: string }): Promise<void> {
  const site = await jira.api.site(feed.siteId);
  const found = (await own(jira, site, url)).filter(({ projectIds }) => projectIds.includes(feed.projectId));
  const others = [...new Set(found.flatMap(({ projectIds }) => projectIds))].filter((id) => id !== feed.projectId);
  if (others.length > 0) await register(jira, site, url, others);
  await remove(jira, site, found.map(({ id }) => id)); // prettier-ignore
}

/** The connection's webhooks at a site: its address is its own. */
async function own({ api }: Jira, site: Pick<Site, "root">, url: string): Promise<Webhook[]> {
  const page = asObject<WebhookPage>(await api.json(site, `${API}/webhook`, { maxResults: WEBHOOKS_A_PAGE }));
  return (page.values ?? []).flatMap((value): Webhook[] => {
    const [, ids] = FILTER.exec(value.jqlFilter ?? "") ?? [];
    if (typeof value.id !== "number" || value.url !== url || ids === undefined) return [];
    return [{ id: value.id, projectIds: ids.split(", ") }];
  });
}

async function register({ api }: Jira, site: Pick<Site, "root">, url: string, projectIds: readonly string[]): Promise<number> {
  const jqlFilter = `project in (${projectIds.toSorted((one, other) => Number(one) - Number(other)).join(", ")})`;
  const answer = await post(api, site, "/webhook", { url, webhooks: [{ jqlFilter, events: EVENTS }] }).catch((error: unknown) => {
    // Such as that an app may have one address only.
    if (error instanceof ProviderError && error.status === 400)
      throw new ProviderError("forbidden", `Jira makes no webhook: ${error.message}`, { status: 400, cause: error });
    throw error;
  });
  const [result] = asObject<RegisteredWebhooks>(answer).webhookRegistrationResult ?? [];
  // What is wrong with one is told within a success.
  if (typeof result?.createdWebhookId === "number") return result.createdWebhookId;
  throw new ProviderError("forbidden", `Jira makes no webhook: ${result?.errors?.[0] ?? "it does not say why"}.`.replace(/\.+$/, "."));
}

/** Until when they live now: Jira grants thirty days, whatever is asked. */
async function refresh({ api }: Jira, site: Pick<Site, "root">, webhookIds: readonly number[]): Promise<number> {
  const answer = asObject<{ expirationDate?: unknown }>(await post(api, site, "/webhook/refresh", { webhookIds }, "PUT"));
  // A number by the vendor's schema, a time in its example.
  const { expirationDate: given } = answer;
  const expiresAt = typeof given === "number" ? given : timeOf(given);
  if (expiresAt === undefined) throw new ProviderError("fatal", "The webhook's end makes no sense.");
  return expiresAt;
}

async function remove({ api }: Jira, site: Pick<Site, "root">, webhookIds: readonly number[]): Promise<void> {
  if (webhookIds.length === 0) return;
  const response = await api.request(`${site.root}${API}/webhook`, { method: "DELETE", json: { webhookIds } });
  if (!response.ok) throw await toProviderError(response, api.context.now());
  await discard(response);
}

/** The feed, and the address that it is told at. */
function readSubscription(id: string): { feed: FeedId; url: string } {
  const [feedId = "", url = ""] = id.split(" ");
  const feed = readFeedId(feedId);
  if (!feed) throw new ProviderError("not_found", "There is no such subscription.");
  return { feed, url };
}
