import { randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../clock.ts";
import { combine } from "../drives/random.ts";
import { ROOT_N } from "../drives/store.ts";
import type { Asked } from "../fault-kinds.ts";
import type { Delivery, Notice, Outbox } from "../outbox.ts";
import type { Account, Accounts } from "./accounts.ts";
import type { FaultName, Faults } from "./fault-table.ts";
import { dateTime, SUBSCRIPTION_COLUMNS, type SubscriptionRow } from "./subscription-row.ts";

const FIRST_DELAY_MS = 200;
const FIRST_DELAY_SPREAD_MS = 300;
const LATE_MS = 10_000;
const AUTHORISATION_CHECK_MS = 30_000;
/** Beside the lifecycle events. */
const CHANGED = "changed";

export type Notifier = {
  /** Tells the subscribers of a drive that something changed in it; sent a moment later, several changes as one. */
  driveChanged: (account: { no: number }) => void;
  /** Goes on with what a subscription's missing authorisation held up. */
  resume: (subscription: string) => void;
  /** Sends reauthorizationRequired where it is due; called again as time passes. */
  watchAuthorisations: () => void;
  close: () => void;
};

/** Change notifications and lifecycle notifications. */
export function createNotifier(tools: { db: DatabaseSync; accounts: Accounts; faults: Faults; outbox: Outbox; now: Clock }): Notifier {
  const { db, faults, outbox, now } = tools;
  const subscription = (id: string): SubscriptionRow | undefined =>
    db.prepare(`SELECT ${SUBSCRIPTION_COLUMNS} FROM subscriptions WHERE id = ?`).get(id) as SubscriptionRow | undefined;
  const asked = (row: SubscriptionRow): Asked => {
    const target = new URL(row.notificationUrl);
    const account = tools.accounts.numbered(row.account)?.name;
    const place = { host: target.hostname, path: target.pathname, search: target.search };
    return { vendor: "microsoft", ...place, method: "POST", ranged: false, account };
  };

  const notice = ({ subject, event, attempts }: Delivery): Notice => {
    const row = subscription(subject);
    const account = row === undefined ? undefined : tools.accounts.numbered(row.account);
    const drive = row === undefined ? undefined : tools.accounts.numbered(row.drive ?? row.account);
    if (row === undefined || account === undefined || drive === undefined || row.expires <= now()) return "forget";
    const struck = (name: FaultName): boolean => faults.strike(name, asked(row)) !== undefined;
    const headers = { "Content-Type": "application/json; charset=utf-8" };
    if (event !== CHANGED) {
      const url = row.lifecycleUrl ?? row.notificationUrl;
      return { account, copies: 1, message: () => ({ url, headers, body: lifecycleBody(row, account, event) }) };
    }
    if (row.authorisedUntil <= now() && struck("delivery-paused")) return "hold";
    const twice = attempts === 0 && struck("notification-duplicate");
    const message = () => ({ url: row.notificationUrl, headers, body: changeBody(row, drive, struck) });
    return { account, ...(twice ? { copies: 2 } : {}), message };
  };
  const channel = outbox.open("microsoft", notice);

  const watchAuthorisations = (): void => {
    const due = db
      .prepare("SELECT id FROM subscriptions WHERE lifecycle_url IS NOT NULL AND challenged = 0 AND authorised_until <= ? AND expires > ?")
      .all(now(), now());
    for (const row of due) {
      db.prepare("UPDATE subscriptions SET challenged = 1 WHERE id = ?").run(String(row["id"]));
      channel.tell(String(row["id"]), "reauthorizationRequired", FIRST_DELAY_MS);
    }
  };
  const watch = setInterval(watchAuthorisations, AUTHORISATION_CHECK_MS).unref();

  return {
    driveChanged: (account) => {
      const rows = db.prepare("SELECT id FROM subscriptions WHERE coalesce(drive, account) = ? AND expires > ?").all(account.no, now());
      for (const { id } of rows as { id: string }[]) {
        const row = subscription(id);
        if (row === undefined) continue;
        const late = faults.strike("notification-late", asked(row));
        const spread = combine(account.no, Math.floor(now())) % FIRST_DELAY_SPREAD_MS;
        channel.tell(id, CHANGED, late === undefined ? FIRST_DELAY_MS + spread : (late.delayMs ?? LATE_MS));
        for (const [name, event] of LIFECYCLE_FAULTS)
          if (faults.strike(name, asked(row)) !== undefined) channel.tell(id, event, FIRST_DELAY_MS);
      }
    },
    resume: channel.resume,
    watchAuthorisations,
    close: () => clearInterval(watch),
  };
}

const LIFECYCLE_FAULTS = [
  ["lifecycle-reauthorization", "reauthorizationRequired"],
  ["lifecycle-removed", "subscriptionRemoved"],
  ["lifecycle-missed", "missed"],
] as const;

function changeBody(row: SubscriptionRow, drive: Account, struck: (name: FaultName) => boolean): object {
  const old = struck("notification-old-form");
  const expires = dateTime(row.expires);
  const entry = {
    subscriptionId: row.id,
    ...(old ? { expirationDateTime: expires } : { subscriptionExpirationDateTime: expires, tenantId: drive.tenant }),
    ...(struck("notification-without-client-state") ? {} : { clientState: row.clientState }),
    changeType: "updated",
    resource: row.resource.replace(/^\//, ""),
    ...(old
      ? {}
      : {
          resourceData: {
            "@odata.type": "#Microsoft.Graph.DriveItem",
            "@odata.id": `Drives/${drive.driveId}/items/${drive.ids.id(ROOT_N)}`,
            id: drive.ids.id(ROOT_N),
          },
        }),
  };
  const foreign = { ...entry, subscriptionId: randomUUID(), clientState: "of somebody else" };
  return { value: struck("notification-mixed") ? [foreign, entry] : [entry] };
}

function lifecycleBody(row: SubscriptionRow, account: Account, lifecycleEvent: string): object {
  const entry = {
    subscriptionId: row.id,
    subscriptionExpirationDateTime: dateTime(row.expires),
    tenantId: account.tenant,
    clientState: row.clientState,
    lifecycleEvent,
  };
  return { value: [entry] };
}
