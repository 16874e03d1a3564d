import { randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Asked } from "../fault-kinds.ts";
import type { Delivery, Notice, Outbox } from "../outbox.ts";
import type { Account, Accounts } from "./accounts.ts";
import type { DriveCall } from "./context.ts";
import { refuse } from "./drive-error.ts";
import type { Faults } from "./fault-table.ts";
import { discoveryBase } from "./file.ts";

// Notification channels for change logs. A channel cannot be renewed: another one is opened, and both tell for a while.

const LIFE_MS = 3_600_000;
/** Of channels for changes. */
const LIFE_MS_MAX = 7 * 86_400_000;
const SYNC_DELAY_MS = 50;
const CHANGE_DELAY_MS = 300;

const channelSchema = z.object({
  id: z.string().regex(/^[A-Za-z0-9\-_+/=]{1,64}$/),
  type: z.enum(["web_hook", "webhook"]),
  address: z.string().refine((text) => URL.canParse(text)),
  token: z.string().max(256).optional(),
  expiration: z.coerce.number().int().optional(),
});
const stopSchema = z.object({ id: z.string(), resourceId: z.string() });

type ChannelRow = {
  id: string;
  account: number;
  client: string;
  drive: number;
  resourceId: string;
  resourceUri: string;
  address: string;
  token: string | null;
  expires: number;
};

const COLUMNS = "id, account, client, drive, resource_id AS resourceId, resource_uri AS resourceUri, address, token, expires";

export type Channels = {
  /** Watches the change log of `drive`. */
  watch: (call: DriveCall, drive: Account) => Promise<Response>;
  stop: (call: DriveCall) => Promise<Response>;
  driveChanged: (account: { no: number }) => void;
};

export function createChannels(tools: { db: DatabaseSync; accounts: Accounts; faults: Faults; outbox: Outbox; now: Clock }): Channels {
  const { db, accounts, faults, now } = tools;
  const select = db.prepare(`SELECT ${COLUMNS} FROM google_channels WHERE id = ?`);
  const count = db.prepare("UPDATE google_channels SET messages = messages + 1 WHERE id = ? RETURNING messages");
  const watching = db.prepare(
    `SELECT id FROM google_channels WHERE expires > ?1
       AND (drive = ?2 OR account IN (SELECT account FROM google_shares WHERE google_shares.drive = ?2))`,
  );
  const find = (id: string): ChannelRow | undefined => select.get(id) as ChannelRow | undefined;

  const notice = ({ subject, event }: Delivery): Notice => {
    const row = find(subject);
    const account = row === undefined ? undefined : accounts.numbered(row.account);
    if (row === undefined || account === undefined || row.expires <= now()) return "forget";
    const state = event === "change" && faults.strike("google-state-changed", askedBy(row, account)) !== undefined ? "changed" : event;
    const message = () => ({ url: row.address, headers: headersOf(row, state, Number(count.get(row.id)?.["messages"])), body: undefined });
    return { account, ...(event === "sync" && { copies: 1 }), message };
  };
  const channel = tools.outbox.open("google", notice);

  return {
    watch: async (call, drive) => {
      const { account, client } = call.grant;
      const given = channelSchema.safeParse(await bodyOf(call));
      if (!given.success) throw refuse(400, "required", z.prettifyError(given.error), { location: "resource.id" });
      const { id, address, token, expiration } = given.data;
      checkAddress(address);
      if (find(id) !== undefined) throw refuse(400, "channelIdNotUnique", `Channel id ${id} not unique`);
      const short = faults.strike("google-channel-short", call.asked) !== undefined;
      const latest = now() + (short ? LIFE_MS : LIFE_MS_MAX);
      const expires = Math.floor(Math.min(expiration ?? now() + LIFE_MS, latest) / 1000) * 1000;
      if (expires <= now()) throw refuse(400, "invalid", "The expiration is in the past.", { location: "expiration" });
      const resourceId = randomUUID().replaceAll("-", "").slice(0, 27);
      const resourceUri = `${discoveryBase(call)}/changes${call.request.search}${call.request.search === "" ? "?" : "&"}alt=json`;
      db.prepare(
        `INSERT INTO google_channels (id, account, client, drive, resource_id, resource_uri, address, token, expires)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ).run(id, account.no, client, drive.no, resourceId, resourceUri, address, token ?? null, expires);
      channel.tell(id, "sync", SYNC_DELAY_MS);
      return Response.json({
        kind: "api#channel",
        id,
        resourceId,
        resourceUri,
        ...(token !== undefined && { token }),
        expiration: String(expires),
      });
    },
    stop: async (call) => {
      const given = stopSchema.safeParse(await bodyOf(call));
      if (!given.success) throw refuse(400, "required", "Required", { location: "entity.resource" });
      const { id, resourceId } = given.data;
      const row = find(id);
      if (row?.resourceId !== resourceId || row.client !== call.grant.client || row.expires <= now())
        throw refuse(404, "notFound", `Channel '${id}' not found for project '1'`, { location: "entity.resource" });
      db.prepare("DELETE FROM google_channels WHERE id = ?").run(id);
      return new Response(null, { status: 204 });
    },
    driveChanged: (account) => {
      for (const row of watching.all(now(), account.no)) channel.tell(String(row["id"]), "change", CHANGE_DELAY_MS);
    },
  };
}

function headersOf(row: ChannelRow, state: string, number: number): Record<string, string> {
  return {
    "User-Agent": "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)",
    "X-Goog-Channel-ID": row.id,
    "X-Goog-Channel-Expiration": new Date(row.expires).toUTCString(),
    "X-Goog-Resource-State": state,
    "X-Goog-Message-Number": String(number),
    "X-Goog-Resource-ID": row.resourceId,
    "X-Goog-Resource-URI": row.resourceUri,
    ...(row.token !== null && { "X-Goog-Channel-Token": row.token }),
  };
}

function askedBy(row: ChannelRow, account: Account): Asked {
  const { hostname, pathname, search } = new URL(row.address);
  return { vendor: "google", host: hostname, path: pathname, search, method: "POST", ranged: false, account: account.name };
}

function checkAddress(address: string): void {
  const { protocol, hostname } = new URL(address);
  // HTTPS only, as the service; but what runs on this machine has no certificate.
  if (protocol === "https:" || (protocol === "http:" && (hostname === "localhost" || hostname === "127.0.0.1"))) return;
  throw refuse(400, "push.webhookUrlNotHttps", `WebHook callback must be HTTPS: ${address}`);
}

async function bodyOf(call: DriveCall): Promise<unknown> {
  try {
    return JSON.parse(await call.request.text()) as unknown;
  } catch {
    throw refuse(400, "parseError", "Parse Error");
  }
}
