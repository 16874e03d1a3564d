import { createHmac } from "node:crypto";
import type { Meta } from "../database.ts";
import type { DriveTools } from "../drives/drive.ts";
import { CLIENT_SECRET } from "../oauth/clients.ts";
import type { Outbox } from "../outbox.ts";
import type { Account } from "./accounts.ts";
import type { DropboxTools } from "./context.ts";
import { watchersOf } from "./namespaces.ts";

const DELAY_MS = 200;
const CHANGED = "changed";
const WEBHOOK = "dropbox-webhook";
const CHALLENGE_MS = 10_000;

type NotifierTools = Pick<DropboxTools, "accounts" | "db" | "drives" | "faults" | "grants"> &
  DriveTools<Account> & { meta: Meta; outbox: Outbox };

/** The app's one webhook, as the App Console has it: every change of a linked account is told there. */
export function createNotifier(tools: NotifierTools, initial: string | undefined) {
  const { meta, outbox, faults, grants } = tools;
  const url = (): string => meta.get(WEBHOOK) ?? initial ?? "";
  const channel = outbox.open("dropbox", ({ subject }) => {
    const account = tools.accounts.named(subject);
    if (account === undefined || url() === "" || !grants.isLinked(account)) return "forget";
    return { account, message: () => ({ url: url(), ...notification(account, isForged(account)) }) };
  });
  const isForged = (account: Account): boolean => {
    const { hostname, pathname, search } = new URL(url());
    const asked = { vendor: "dropbox", host: hostname, method: "POST", path: pathname, search, ranged: false, account: account.name };
    return faults.strike("dropbox-notification-forged", asked) !== undefined;
  };
  return {
    driveChanged: (drive: Account): void => {
      for (const account of watchersOf(tools, drive))
        if (outbox.mode(account) !== "suppress") channel.tell(account.name, CHANGED, DELAY_MS);
    },
    setWebhook: (address: string): void => meta.set(WEBHOOK, address),
  };
}

/** Whether what listens at an address proves that it wants to be told. */
export async function passesChallenge(deliver: typeof fetch, address: string, challenge: string): Promise<boolean> {
  const url = new URL(address);
  url.searchParams.set("challenge", challenge);
  const answer = await deliver(url.href, { redirect: "manual", signal: AbortSignal.timeout(CHALLENGE_MS) });
  const isText =
    /^text\/plain\b/.test(answer.headers.get("content-type") ?? "") && answer.headers.get("x-content-type-options") === "nosniff";
  return answer.ok && isText && (await answer.text()) === challenge;
}

function notification(account: Account, forged: boolean): { headers: Record<string, string>; body: string } {
  const body = JSON.stringify({ list_folder: { accounts: [account.accountId] }, delta: { users: [account.uid] } });
  const signature = createHmac("sha256", forged ? "another secret" : CLIENT_SECRET)
    .update(body)
    .digest("hex");
  return {
    headers: { "Content-Type": "application/json", "User-Agent": "DropboxWebhooks/1.0", "X-Dropbox-Signature": signature },
    body,
  };
}
