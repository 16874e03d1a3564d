import type { DatabaseSync } from "node:sqlite";
import type { Account } from "./accounts.ts";
import type { Meta } from "./database.ts";

const SCHEMA = `
CREATE TABLE IF NOT EXISTS outbox (
  id INTEGER PRIMARY KEY, vendor TEXT NOT NULL, subject TEXT NOT NULL, event TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
  first_due INTEGER NOT NULL
);
`;
const RESUME_DELAY_MS = 200;
const ANSWER_MS = 10_000;
const RETRY_MS = 1000;
const RETRY_MS_MAX = 10 * 60_000;
const RETRY_FOR_MS = 4 * 3_600_000;
const SENT_MAX = 1000;

export const NOTIFICATION_MODES = ["normal", "suppress", "duplicate"] as const;
type NotificationMode = (typeof NOTIFICATION_MODES)[number];

/** One POST that was attempted; status 0 where there was no answer. */
type Sent = { account: string; url: string; status: number; headers: Record<string, string>; body: unknown };

/** A body that is no text is sent as JSON; none where it is undefined. */
export type Message = { url: string; headers: Record<string, string>; body: unknown };

/** What waits to be told: `subject` is the vendor's id of the subscription, `event` what happened. */
export type Delivery = { subject: string; event: string; attempts: number };

/**
 * What a delivery comes to at the moment of an attempt. `forget`: there is nobody to tell any more. `hold`: not before it is resumed.
 * `copies`: of the first attempt, where these are not as the account's mode says; a message is made for each.
 */
export type Notice = "forget" | "hold" | { account: Account; copies?: number; message: () => Message };

export type Channel = {
  /** Tells of an event in a moment; events that still wait are told once. */
  tell: (subject: string, event: string, delayMs: number) => void;
  /** Goes on with what was held. */
  resume: (subject: string) => void;
};

export type Outbox = {
  /** A vendor's notifications; what an earlier process left undelivered goes out as well. */
  open: (vendor: string, notice: (delivery: Delivery) => Notice) => Channel;
  mode: (account: Account) => NotificationMode;
  setMode: (mode: NotificationMode, account?: string) => void;
  sent: (account?: string) => Sent[];
  forgetSent: (account?: string) => void;
  /** To be called when the database was cleared. */
  forget: () => void;
  close: () => void;
};

/** Delivers vendors' notifications: at least once, with retries that outlive a restart. */
export function createOutbox({ db, meta, deliver }: { db: DatabaseSync; meta: Meta; deliver: typeof fetch }): Outbox {
  db.exec(SCHEMA);
  const timers = new Map<number, NodeJS.Timeout>();
  let sent: Sent[] = [];
  let closed = false;
  const mode = (account: Account): NotificationMode =>
    (meta.get(`notifications ${account.name}`) ?? meta.get("notifications") ?? "normal") as NotificationMode;
  const forget = (id: number): void => void db.prepare("DELETE FROM outbox WHERE id = ?").run(id);

  async function post(account: Account, { url, headers, body }: Message): Promise<boolean> {
    let status = 0;
    try {
      const text = typeof body === "string" || body === undefined ? body : JSON.stringify(body);
      const init = { method: "POST", headers, redirect: "manual", signal: AbortSignal.timeout(ANSWER_MS) } as const;
      const answer = await deliver(url, text === undefined ? init : { ...init, body: text });
      await answer.body?.cancel();
      status = answer.status;
    } catch {
      // Nobody there, or no answer in time: tried again later, as any refusal.
      status = 0;
    }
    sent.push({ account: account.name, url, status, headers, body });
    sent = sent.slice(-SENT_MAX);
    return status >= 200 && status < 300;
  }

  const open: Outbox["open"] = (vendor, notice) => {
    const schedule = (id: number, delayMs: number): void => {
      if (closed || timers.has(id)) return;
      const timer = setTimeout(() => {
        timers.delete(id);
        void attempt(id);
      }, delayMs);
      timer.unref();
      timers.set(id, timer);
    };
    async function attempt(id: number): Promise<void> {
      const row = db.prepare("SELECT subject, event, attempts, first_due AS firstDue FROM outbox WHERE id = ?").get(id);
      if (row === undefined) return;
      const { firstDue, ...delivery } = row as Delivery & { firstDue: number };
      const now = notice(delivery);
      if (now === "forget") return forget(id);
      if (now === "hold") return;
      db.prepare("UPDATE outbox SET attempts = attempts + 1 WHERE id = ?").run(id);
      const copies = delivery.attempts > 0 ? 1 : (now.copies ?? (mode(now.account) === "duplicate" ? 2 : 1));
      let accepted = true;
      for (let copy = 0; copy < copies; copy++) accepted = await post(now.account, now.message());
      if (closed) return;
      if (accepted || Date.now() - firstDue > RETRY_FOR_MS) return forget(id);
      schedule(id, Math.min(RETRY_MS * 2 ** delivery.attempts, RETRY_MS_MAX));
    }
    const waiting = db.prepare("SELECT id FROM outbox WHERE vendor = ? AND subject = ? AND event = ? AND attempts = 0");
    const insert = db.prepare("INSERT INTO outbox (vendor, subject, event, first_due) VALUES (?, ?, ?, ?)");
    for (const row of db.prepare("SELECT id FROM outbox WHERE vendor = ?").all(vendor)) schedule(Number(row["id"]), RESUME_DELAY_MS);
    return {
      tell: (subject, event, delayMs) => {
        if (waiting.get(vendor, subject, event) !== undefined) return;
        const { lastInsertRowid } = insert.run(vendor, subject, event, Date.now() + delayMs);
        schedule(Number(lastInsertRowid), delayMs);
      },
      resume: (subject) => {
        const held = db.prepare("SELECT id FROM outbox WHERE vendor = ? AND subject = ?").all(vendor, subject);
        for (const row of held) schedule(Number(row["id"]), RESUME_DELAY_MS);
      },
    };
  };

  const stop = (): void => {
    for (const timer of timers.values()) clearTimeout(timer);
    timers.clear();
  };
  return {
    open,
    mode,
    setMode: (next, account) => meta.set(account === undefined ? "notifications" : `notifications ${account}`, next),
    sent: (account) => sent.filter((one) => account === undefined || one.account === account),
    forgetSent: (account) => {
      sent = account === undefined ? [] : sent.filter((one) => one.account !== account);
    },
    forget: () => {
      stop();
      sent = [];
    },
    close: () => {
      closed = true;
      stop();
    },
  };
}
