import { randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../clock.ts";
import type { Meta } from "../database.ts";
import { combine } from "../drives/random.ts";
import { ROOT_N } from "../drives/store.ts";
import type { Account, Accounts } from "./accounts.ts";
import type { FaultName } from "./fault-table.ts";
import type { Asked, Faults } from "./faults.ts";
import { dateTime, type SubscriptionRow } from "./subscriptions.ts";

const FIRST_DELAY_MS = 200;
const FIRST_DELAY_SPREAD_MS = 300;
const LATE_MS = 10_000;
const ANSWER_MS = 10_000;
const RETRY_MS = 1000;
const RETRY_MS_MAX = 10 * 60_000;
const RETRY_FOR_MS = 4 * 3_600_000;
const OUTBOX_MAX = 1000;
const AUTHORISATION_CHECK_MS = 30_000;

export const NOTIFICATION_MODES = ["normal", "suppress", "duplicate"] as const;
type NotificationMode = (typeof NOTIFICATION_MODES)[number];

/** One POST that was attempted; status 0 where there was no answer. */
type Sent = { account: string; url: string; status: number; body: unknown };

export type Notifier = {
  /** Tells the subscribers of a drive that something changed in it; sent a moment later, several changes as one. */
  driveChanged: (account: Account) => void;
  setMode: (mode: NotificationMode, account?: string) => void;
  /** Goes on with what a subscription's missing authorisation held up. */
  resume: (subscription: string) => void;
  /** Sends reauthorizationRequired where it is due; called again as time passes. */
  watchAuthorisations: () => void;
  outbox: (account?: string) => Sent[];
  clearOutbox: (account?: string) => void;
  close: () => void;
};

type Delivery = { id: number; subscription: string; lifecycle: string | null; attempts: number; first_due: number };

/** Delivers change notifications: at least once, with retries that outlive a restart. */
export function createNotifier(tools: {
  db: DatabaseSync;
  meta: Meta;
  accounts: Accounts;
  faults: Faults;
  deliver: typeof fetch;
  now: Clock;
}): Notifier {
  const { db, meta, faults, now } = tools;
  const timers = new Map<number, NodeJS.Timeout>();
  let outbox: Sent[] = [];
  let closed = false;

  const subscription = (id: string): SubscriptionRow | undefined =>
    db
      .prepare(
        `SELECT id, account, client, resource, change_type AS changeType, notification_url AS notificationUrl, lifecycle_url AS lifecycleUrl,
           client_state AS clientState, expires, authorised_until AS authorisedUntil FROM subscriptions WHERE id = ?`,
      )
      .get(id) as SubscriptionRow | undefined;
  const asked = (row: SubscriptionRow): Asked => {
    const target = new URL(row.notificationUrl);
    const account = tools.accounts.numbered(row.account)?.name;
    return { host: target.hostname, method: "POST", path: target.pathname, search: target.search, ranged: false, account };
  };
  const mode = (account: Account): NotificationMode =>
    (meta.get(`notifications ${account.name}`) ?? meta.get("notifications") ?? "normal") as NotificationMode;

  const schedule = (id: number, delayMs: number): void => {
    if (closed || timers.has(id)) return;
    const timer = setTimeout(() => {
      timers.delete(id);
      void attempt(id);
    }, delayMs);
    timer.unref();
    timers.set(id, timer);
  };
  const enqueue = (id: string, lifecycle: string | null, delayMs: number): void => {
    const waiting = db.prepare("SELECT id FROM deliveries WHERE subscription = ? AND lifecycle IS ? AND attempts = 0").get(id, lifecycle);
    if (waiting !== undefined) return;
    const { lastInsertRowid } = db
      .prepare("INSERT INTO deliveries (subscription, lifecycle, first_due) VALUES (?, ?, ?)")
      .run(id, lifecycle, Date.now() + delayMs);
    schedule(Number(lastInsertRowid), delayMs);
  };
  const forget = (id: number): void => void db.prepare("DELETE FROM deliveries WHERE id = ?").run(id);

  async function attempt(id: number): Promise<void> {
    const delivery = db.prepare("SELECT * FROM deliveries WHERE id = ?").get(id) as Delivery | undefined;
    const row = delivery === undefined ? undefined : subscription(delivery.subscription);
    if (delivery === undefined || row === undefined || row.expires <= now()) return forget(id);
    const paused =
      delivery.lifecycle === null && row.authorisedUntil <= now() && faults.strike("delivery-paused", asked(row)) !== undefined;
    if (paused) return;
    db.prepare("UPDATE deliveries SET attempts = attempts + 1 WHERE id = ?").run(id);
    const copies = delivery.lifecycle === null && delivery.attempts === 0 ? copiesOf(row) : 1;
    let accepted = true;
    for (let copy = 0; copy < copies; copy++) accepted = await post(row, delivery.lifecycle);
    if (closed) return;
    if (accepted || Date.now() - delivery.first_due > RETRY_FOR_MS) return forget(id);
    schedule(id, Math.min(RETRY_MS * 2 ** delivery.attempts, RETRY_MS_MAX));
  }

  function copiesOf(row: SubscriptionRow): number {
    const account = tools.accounts.numbered(row.account);
    const twice =
      (account !== undefined && mode(account) === "duplicate") || faults.strike("notification-duplicate", asked(row)) !== undefined;
    return twice ? 2 : 1;
  }

  async function post(row: SubscriptionRow, lifecycle: string | null): Promise<boolean> {
    const account = tools.accounts.numbered(row.account);
    if (account === undefined) return true;
    const struck = (name: FaultName): boolean => faults.strike(name, asked(row)) !== undefined;
    const body = lifecycle === null ? changeBody(row, account, struck) : lifecycleBody(row, account, lifecycle);
    const url = lifecycle === null ? row.notificationUrl : (row.lifecycleUrl ?? row.notificationUrl);
    let status = 0;
    try {
      const answer = await tools.deliver(url, {
        method: "POST",
        headers: { "Content-Type": "application/json; charset=utf-8" },
        body: JSON.stringify(body),
        redirect: "manual",
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      await answer.body?.cancel();
      status = answer.status;
    } catch {
      // Nobody there, or no answer in time: tried again later, as any refusal.
      status = 0;
    }
    outbox.push({ account: account.name, url, status, body });
    outbox = outbox.slice(-OUTBOX_MAX);
    return status >= 200 && status < 300;
  }

  const watchAuthorisations = (): void => {
    const due = db
      .prepare("SELECT id FROM subscriptions WHERE lifecycle_url IS NOT NULL AND challenged = 0 AND authorised_until <= ? AND expires > ?")
      .all(now(), now());
    for (const row of due) {
      db.prepare("UPDATE subscriptions SET challenged = 1 WHERE id = ?").run(String(row["id"]));
      enqueue(String(row["id"]), "reauthorizationRequired", FIRST_DELAY_MS);
    }
  };
  const watch = setInterval(watchAuthorisations, AUTHORISATION_CHECK_MS).unref();
  for (const row of db.prepare("SELECT id FROM deliveries").all()) schedule(Number(row["id"]), FIRST_DELAY_MS);

  return {
    driveChanged: (account) => {
      if (mode(account) === "suppress") return;
      const rows = db.prepare("SELECT id FROM subscriptions WHERE account = ? AND expires > ?").all(account.no, now());
      for (const { id } of rows as { id: string }[]) {
        const row = subscription(id);
        if (row === undefined) continue;
        const late = faults.strike("notification-late", asked(row));
        const spread = combine(account.no, Math.floor(now())) % FIRST_DELAY_SPREAD_MS;
        enqueue(id, null, late === undefined ? FIRST_DELAY_MS + spread : (late.delayMs ?? LATE_MS));
        for (const [name, event] of LIFECYCLE_FAULTS) if (faults.strike(name, asked(row)) !== undefined) enqueue(id, event, FIRST_DELAY_MS);
      }
    },
    setMode: (next, account) => meta.set(account === undefined ? "notifications" : `notifications ${account}`, next),
    resume: (id) => {
      for (const row of db.prepare("SELECT id FROM deliveries WHERE subscription = ?").all(id)) schedule(Number(row["id"]), FIRST_DELAY_MS);
    },
    watchAuthorisations,
    outbox: (account) => outbox.filter((sent) => account === undefined || sent.account === account),
    clearOutbox: (account) => {
      outbox = account === undefined ? [] : outbox.filter((sent) => sent.account !== account);
    },
    close: () => {
      closed = true;
      clearInterval(watch);
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}

const LIFECYCLE_FAULTS = [
  ["lifecycle-reauthorization", "reauthorizationRequired"],
  ["lifecycle-removed", "subscriptionRemoved"],
  ["lifecycle-missed", "missed"],
] as const;

function changeBody(row: SubscriptionRow, account: Account, struck: (name: FaultName) => boolean): object {
  const old = struck("notification-old-form");
  const expires = dateTime(row.expires);
  const entry = {
    subscriptionId: row.id,
    ...(old ? { expirationDateTime: expires } : { subscriptionExpirationDateTime: expires, tenantId: account.tenant }),
    ...(struck("notification-without-client-state") ? {} : { clientState: row.clientState }),
    changeType: "updated",
    resource: row.resource.replace(/^\//, ""),
    ...(old
      ? {}
      : {
          resourceData: {
            "@odata.type": "#Microsoft.Graph.DriveItem",
            "@odata.id": `Drives/${account.driveId}/items/${account.ids.id(ROOT_N)}`,
            id: account.ids.id(ROOT_N),
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
