import { ProviderError } from "../errors.ts";
import type { SubscribeRequest, Subscription, WebhookCapability } from "../provider.ts";
import type { Channel } from "./api.ts";
import { ofFeed, startToken } from "./changes.ts";
import { asObject, type Drive } from "./drive.ts";

/** The longest life of a channel for changes: a week. */
const LIFETIME_SECONDS = 7 * 86_400;

/** Notification channels of a feed's change log. They cannot be renewed: another one takes an old one's place. */
export function channels(drive: Drive): WebhookCapability {
  return {
    lifetimeSeconds: LIFETIME_SECONDS,
    subscribe: (request) => watch(drive, request),
    unsubscribe: (id) => stop(drive, id),
  };
}

async function watch(drive: Drive, { feedId, notificationUrl, clientState, expiresAt }: SubscribeRequest): Promise<Subscription> {
  const pageToken = await startToken(drive, feedId);
  const latest = drive.context.now() + LIFETIME_SECONDS * 1000;
  const channel = {
    id: crypto.randomUUID(),
    type: "web_hook",
    address: notificationUrl,
    token: clientState,
    expiration: String(Math.min(expiresAt, latest)),
  };
  const answer = asObject<Channel>(await drive.json("/changes/watch", { pageToken, ...ofFeed(feedId) }, { method: "POST", json: channel }));
  const granted = Number(answer.expiration);
  if (typeof answer.resourceId !== "string" || !Number.isSafeInteger(granted) || granted === 0)
    throw new ProviderError("fatal", "The channel's answer makes no sense.");
  return { id: `${channel.id}/${answer.resourceId}`, expiresAt: granted };
}

async function stop(drive: Drive, subscriptionId: string): Promise<void> {
  const [id, resourceId] = subscriptionId.split("/");
  try {
    await drive.call("/channels/stop", { method: "POST", json: { id, resourceId } });
  } catch (error) {
    if (!(error instanceof ProviderError && error.kind === "not_found")) throw error;
  }
}
