import type { Subscription } from "@microsoft/microsoft-graph-types";
import type { DatabaseSync } from "node:sqlite";
import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import { ROOT_N, type DriveStore } from "../drives/store.ts";
import type { Account, Accounts } from "./accounts.ts";
import { parseAddress } from "./address.ts";
import type { Faults } from "./fault-table.ts";
import type { GraphCall } from "./graph-context.ts";
import { invalidRequest, refuse } from "./graph-error.ts";
import { GRAPH_HOST } from "./hosts.ts";
import type { Notifier } from "./notifications.ts";
import { closedLibrary } from "./site-access.ts";
import type { Sites } from "./sites.ts";
import { dateTime, SUBSCRIPTION_COLUMNS, type SubscriptionRow } from "./subscription-row.ts";

/** 29 days and 9 hours. */
const LIFE_MINUTES_MAX = 42_300;
const SHORT_LIFE_MINUTES = 60;
const CLIENT_STATE_LENGTH_MAX = 128;
const HANDSHAKE_MS = 10_000;

const url = z.string().refine((text) => URL.canParse(text));
const createSchema = z.object({
  changeType: z.string(),
  notificationUrl: url,
  lifecycleNotificationUrl: url.nullish(),
  resource: z.string(),
  expirationDateTime: z.string(),
  clientState: z.string().max(CLIENT_STATE_LENGTH_MAX).nullish(),
});
const patchSchema = z.object({ expirationDateTime: z.string().optional(), notificationUrl: url.optional() });

export type Subscriptions = {
  create: (call: GraphCall) => Promise<Response>;
  list: (call: GraphCall) => Response;
  get: (call: GraphCall, id: string) => Response;
  renew: (call: GraphCall, id: string) => Promise<Response>;
  reauthorize: (call: GraphCall, id: string) => Response;
  remove: (call: GraphCall, id: string) => Response;
};

export type SubscriptionTools = {
  db: DatabaseSync;
  drives: DriveStore;
  accounts: Accounts;
  sites: Sites;
  faults: Faults;
  notifier: Notifier;
  deliver: typeof fetch;
  now: Clock;
};

/** Change notification subscriptions on drives. */
export function createSubscriptions(tools: SubscriptionTools): Subscriptions {
  const { db, now } = tools;
  const find = (call: GraphCall, id: string): SubscriptionRow => {
    const row = db
      .prepare(`SELECT ${SUBSCRIPTION_COLUMNS} FROM subscriptions WHERE id = ? AND expires > ?`)
      .get(id.toLowerCase(), now()) as SubscriptionRow | undefined;
    if (row === undefined || row.account !== call.grant.account.no || row.client !== call.grant.client) {
      throw refuse(404, "ResourceNotFound", "The object was not found.");
    }
    return row;
  };
  const authorise = (call: GraphCall, id: string): void => {
    db.prepare("UPDATE subscriptions SET authorised_until = ?, challenged = 0 WHERE id = ?").run(call.grant.expires, id);
    tools.notifier.resume(id);
  };

  return {
    create: async (call) => {
      const given = createSchema.safeParse(await readJson(call));
      if (!given.success) throw invalidRequest(`Invalid subscription: ${z.prettifyError(given.error)}`);
      const wish = given.data;
      if (wish.changeType !== "updated")
        throw invalidRequest(`Invalid 'changeType' attribute: '${wish.changeType}'. Only 'updated' is supported for this resource.`);
      const drive = checkResource(tools, call.grant.account, wish.resource);
      for (const address of [wish.notificationUrl, wish.lifecycleNotificationUrl ?? wish.notificationUrl]) checkNotificationUrl(address);
      const expires = expiry(tools, call, wish.expirationDateTime);
      if (tools.faults.strike("subscription-conflict", call.asked) !== undefined) checkConflict(tools, call, wish.resource);
      for (const address of new Set([wish.notificationUrl, wish.lifecycleNotificationUrl ?? wish.notificationUrl]))
        await handshake(tools.deliver, address);
      const id = randomUUID();
      db.prepare(
        `INSERT INTO subscriptions (id, account, drive, client, resource, change_type, notification_url, lifecycle_url, client_state, expires, authorised_until)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ).run(
        id,
        call.grant.account.no,
        drive.no === call.grant.account.no ? null : drive.no,
        call.grant.client,
        wish.resource,
        wish.changeType,
        wish.notificationUrl,
        wish.lifecycleNotificationUrl ?? null,
        wish.clientState ?? null,
        expires,
        call.grant.expires,
      );
      tools.notifier.watchAuthorisations();
      return Response.json({ ...context(call), ...written(call, find(call, id), wish.clientState ?? null) }, { status: 201 });
    },
    list: (call) => {
      const rows = db
        .prepare(`SELECT ${SUBSCRIPTION_COLUMNS} FROM subscriptions WHERE account = ? AND client = ? AND expires > ? ORDER BY id`)
        .all(call.grant.account.no, call.grant.client, now()) as SubscriptionRow[];
      return Response.json({
        "@odata.context": `${call.request.site(GRAPH_HOST)}/v1.0/$metadata#subscriptions`,
        value: rows.map((row) => written(call, row, null)),
      });
    },
    get: (call, id) => Response.json({ ...context(call), ...written(call, find(call, id), null) }),
    renew: async (call, id) => {
      const row = find(call, id);
      const given = patchSchema.safeParse(await readJson(call));
      if (!given.success) throw invalidRequest(`Invalid subscription: ${z.prettifyError(given.error)}`);
      const address = given.data.notificationUrl ?? row.notificationUrl;
      checkNotificationUrl(address);
      const expires = given.data.expirationDateTime === undefined ? row.expires : expiry(tools, call, given.data.expirationDateTime);
      if (address !== row.notificationUrl) await handshake(tools.deliver, address);
      db.prepare("UPDATE subscriptions SET expires = ?, notification_url = ? WHERE id = ?").run(expires, address, row.id);
      authorise(call, row.id);
      return Response.json({ ...context(call), ...written(call, find(call, id), null) });
    },
    reauthorize: (call, id) => {
      authorise(call, find(call, id).id);
      return new Response(null, { status: 204 });
    },
    remove: (call, id) => {
      db.prepare("DELETE FROM subscriptions WHERE id = ?").run(find(call, id).id);
      return new Response(null, { status: 204 });
    },
  };
}

function written(call: GraphCall, row: SubscriptionRow, clientState: string | null): Subscription {
  return {
    id: row.id,
    resource: row.resource,
    applicationId: row.client,
    changeType: row.changeType,
    clientState,
    notificationUrl: row.notificationUrl,
    notificationQueryOptions: null,
    lifecycleNotificationUrl: row.lifecycleUrl,
    expirationDateTime: dateTime(row.expires),
    creatorId: call.grant.account.oid,
    includeResourceData: null,
    latestSupportedTlsVersion: "v1_2",
    encryptionCertificate: null,
    encryptionCertificateId: null,
    notificationUrlAppId: null,
  };
}

const context = (call: GraphCall): object => ({
  "@odata.context": `${call.request.site(GRAPH_HOST)}/v1.0/$metadata#subscriptions/$entity`,
});

// The drive that is meant. A work account's root only, or a library's; on personal accounts any folder.
function checkResource(tools: SubscriptionTools, account: Account, resource: string): Account {
  const address = parseAddress(`/v1.0/${resource.replace(/^\//, "").replace(/\/$/, "")}`);
  const unsupported = refuse(
    400,
    "ExtensionError",
    `Operation: Create; Exception: [Status Code: BadRequest; Reason: Resource '${resource}' is not supported.]`,
  );
  if (address?.kind !== "item") throw unsupported;
  const denied = refuse(403, "ExtensionError", "Operation: Create; Exception: [Status Code: Forbidden; Reason: Access denied]");
  const named = address.drive.by === "id" ? tools.accounts.byDriveId(address.drive.id) : undefined;
  const drive = address.drive.by === "id" ? named : account;
  if (drive === undefined || closedLibrary(tools.sites, account, drive) !== undefined) throw denied;
  if (address.drive.by === "user" && address.drive.user.toLowerCase() !== account.name) throw denied;
  const isRoot = address.item.from === "root" && address.item.path.length === 0;
  if (isRoot) return drive;
  if (account.form === "business") throw unsupported;
  let folder = tools.drives.live(account.no, address.item.from === "root" ? ROOT_N : (account.ids.parse(address.item.from.id) ?? 0));
  for (const name of address.item.path) folder = folder === undefined ? undefined : tools.drives.child(account.no, folder.n, name);
  if (folder?.folder !== true) throw unsupported;
  return drive;
}

function checkNotificationUrl(address: string): void {
  const { protocol, hostname } = new URL(address);
  // HTTPS only, as the service; but what runs on this machine has no certificate.
  if (protocol === "https:" || (protocol === "http:" && (hostname === "localhost" || hostname === "127.0.0.1"))) return;
  throw refuse(400, "InvalidRequest", "Notification URL must be HTTPS.");
}

function checkConflict(tools: SubscriptionTools, call: GraphCall, resource: string): void {
  const row = tools.db
    .prepare("SELECT id FROM subscriptions WHERE account = ? AND client = ? AND resource = ? AND expires > ?")
    .get(call.grant.account.no, call.grant.client, resource, tools.now());
  if (row !== undefined)
    throw refuse(409, "ObjectIdentifierInUse", `Subscription Id ${String(row["id"])} already exists for the requested combination`);
}

function expiry(tools: SubscriptionTools, call: GraphCall, text: string): number {
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw invalidRequest("Invalid 'expirationDateTime' attribute.");
  if (time <= tools.now()) throw refuse(400, "ExtensionError", "Subscription expiration must be in the future.");
  if (time > tools.now() + (LIFE_MINUTES_MAX + 1) * 60_000) {
    throw refuse(400, "ExtensionError", `Subscription expiration can only be ${LIFE_MINUTES_MAX} minutes in the future.`);
  }
  const short = tools.faults.strike("subscription-short", call.asked) !== undefined;
  return short ? Math.min(time, tools.now() + SHORT_LIFE_MINUTES * 60_000) : time;
}

/** Asks an address to answer a token: proof that whoever runs it wants notifications. */
async function handshake(deliver: typeof fetch, address: string): Promise<void> {
  const token = `Validation: Testing client application reachability for subscription Request-Id: ${randomUUID()}`;
  const target = `${address}${address.includes("?") ? "&" : "?"}validationToken=${encodeURIComponent(token).replaceAll("%20", "+").replaceAll("%3A", "%3a")}`;
  const failed = refuse(
    400,
    "ValidationError",
    "Subscription validation request failed. Notification endpoint must respond with 200 OK to validation request.",
  );
  let answer: Response;
  let body: string;
  try {
    answer = await deliver(target, {
      method: "POST",
      headers: { "Content-Type": "text/plain; charset=utf-8" },
      body: "",
      redirect: "manual",
      signal: AbortSignal.timeout(HANDSHAKE_MS),
    });
    body = await answer.text();
  } catch (error) {
    if (error instanceof DOMException && error.name === "TimeoutError")
      throw refuse(400, "ValidationError", "Subscription validation request timed out.");
    throw failed;
  }
  if (answer.status !== 200 || body !== token || !(answer.headers.get("content-type") ?? "").startsWith("text/plain")) throw failed;
}

async function readJson(call: GraphCall): Promise<unknown> {
  try {
    return JSON.parse(await call.request.text()) as unknown;
  } catch {
    throw refuse(400, "BadRequest", "Unable to read JSON request payload.");
  }
}
