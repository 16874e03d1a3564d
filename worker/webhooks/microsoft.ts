import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { z } from "zod";
import type { Wake } from "../../durable-objects/rpc.ts";
import type { AppContext, AppEnv } from "../context.ts";
import { AppError } from "../errors.ts";
import { deliverWakes } from "./deliver.ts";
import type { Subject } from "./proof.ts";
import { verifyProof } from "./proof.ts";

// Microsoft Graph's change and lifecycle notifications. They say only that something changed: each that proves to be ours
// becomes a wake. The answer is 202 whatever a notification holds, so that nobody learns what we know.

const BODY_BYTES_MAX = 256 * 1024;
const NOTIFICATIONS_MAX = 2000;
const VALIDATION_TOKEN_CHARACTERS_MAX = 2000;
const FEED_CHARACTERS_MAX = 200;
const DRIVE_ROOT = /^\/?drives\/([^/]+)\/root$/i;

const notification = z.object({
  clientState: z.string().optional(),
  resource: z.string().optional(),
  lifecycleEvent: z.string().optional(),
});
const notifications = z.object({ value: z.array(z.unknown()).max(NOTIFICATIONS_MAX) });
type Notification = z.infer<typeof notification>;

const LIFECYCLE_EVENTS = new Map([
  ["reauthorizationRequired", "reauthorize"],
  ["subscriptionRemoved", "removed"],
  ["missed", "missed"],
] as const satisfies [string, Extract<Wake, { reason: "subscription" }>["event"]][]);

export const microsoftWebhook = new Hono<AppEnv>().post("/", bodyLimit({ maxSize: BODY_BYTES_MAX, onError: tooLarge }), async (c) => {
  const token = c.req.query("validationToken");
  if (token !== undefined) return echo(c, token);

  const parsed = notifications.safeParse(await c.req.json().catch(() => null));
  const entries = parsed.success ? parsed.data.value : [];
  await deliverWakes(c, "microsoft", await toWakes(c, entries));
  return c.body(null, 202);
});

/** Wakes of all notifications that are ours, by user. */
async function toWakes(c: AppContext, entries: readonly unknown[]): Promise<Map<string, Wake[]>> {
  const subjects = new Map<string, Subject | null>();
  const wakes = new Map<string, Wake[]>();
  let refused = 0;
  for (const entry of entries) {
    const parsed = notification.safeParse(entry);
    const proof = parsed.data?.clientState;
    // A burst repeats one proof many times: it is verified once.
    if (proof !== undefined && !subjects.has(proof)) subjects.set(proof, await verifyProof(c.env, proof));
    const subject = proof === undefined ? null : subjects.get(proof);
    if (!parsed.success || !subject) refused += 1;
    else wakes.set(subject.userId, [...(wakes.get(subject.userId) ?? []), toWake(parsed.data, subject.connectionId)]);
  }
  if (refused > 0) c.var.log.warn("webhook.refused", { provider: "microsoft", refused, of: entries.length });
  return wakes;
}

function toWake(entry: Notification, connectionId: string): Wake {
  const [, drive = ""] = DRIVE_ROOT.exec(entry.resource ?? "") ?? [];
  const feedId = drive.length <= FEED_CHARACTERS_MAX ? drive : "";
  if (entry.lifecycleEvent === undefined) return { reason: "webhook", connectionId, feedId };
  // An event that is new to us may mean anything: looking at the subscription is right for all of them.
  const event = LIFECYCLE_EVENTS.get(entry.lifecycleEvent as "missed") ?? "missed";
  return { reason: "subscription", connectionId, feedId, event };
}

/** The handshake that creates a subscription: the token comes back as it is, as text that no browser takes for a page. */
function echo(c: AppContext, token: string): Response {
  if (token.length > VALIDATION_TOKEN_CHARACTERS_MAX) throw new AppError("request.invalid", "The validation token is too long.");
  c.header("x-content-type-options", "nosniff");
  c.header("content-security-policy", "default-src 'none'; sandbox");
  return c.text(token);
}

function tooLarge(): never {
  throw new AppError("request.body_too_large", `A delivery has at most ${BODY_BYTES_MAX} bytes.`);
}
