import type { Account, Accounts } from "../accounts.ts";
import { MailFaults } from "./faults.ts";
import type { Profile } from "./session.ts";
import { starterMails } from "./starter.ts";
import { type Box, MailStore } from "./store.ts";
import type { RequestLog } from "../request-log.ts";
import type { VendorTools } from "../vendor.ts";

export const MAIL_DOMAIN = "mailbox.example";
export const MAIL_HOST = `imap.${MAIL_DOMAIN}`;
export const FIRST_ACCOUNT = `dora@${MAIL_DOMAIN}`;
/** Of every account. */
export const MAIL_PASSWORD = "sandbox";

const BOXES = [
  ["INBOX", null],
  ["Archive", "\\Archive"],
  ["Archive/2025", null],
  ["Sent", "\\Sent"],
  ["Junk", "\\Junk"],
  ["Trash", "\\Trash"],
  ["Projects/Größe & Gewicht", null],
] as const;

/** Who has mail: accounts of one domain, each with mailboxes from the day on that it is first named. */
export class MailAccounts {
  readonly store: MailStore;
  readonly now: () => number;
  readonly faults: MailFaults;
  readonly #accounts: Accounts;
  readonly #log: RequestLog;
  readonly #profiles = new Map<string, Profile>();

  constructor({ db, accounts, now, faults, log }: VendorTools) {
    this.store = new MailStore(db);
    this.faults = new MailFaults(faults, MAIL_HOST);
    this.#log = log;
    this.#accounts = accounts;
    this.now = now;
  }

  /** The account's number; null where the name or the password is wrong. A grant that was revoked is a password that was taken back. */
  signIn(user: string, password: string): number | null {
    const account = this.#accounts.kindOf(user)?.vendor === "mail" ? this.#accounts.named(user) : undefined;
    if (account === undefined || password !== this.password(account)) return null;
    return this.ready(account);
  }

  /** What of it the account's server has. */
  profile(user: string): Profile {
    return this.#profiles.get(user.toLowerCase()) ?? "full";
  }

  setProfile({ name }: Account, profile: Profile): void {
    this.#profiles.set(name, profile);
  }

  /** Notes an answered command. */
  note(user: string, command: string, isGood: boolean): void {
    const status = isGood ? 200 : 400;
    this.#log.note({ host: MAIL_HOST, method: command, route: "", status, account: user.toLowerCase(), batched: false });
  }

  password(account: Account): string {
    const { grantGeneration } = this.#accounts.state(account);
    return grantGeneration === 1 ? MAIL_PASSWORD : `${MAIL_PASSWORD}-${grantGeneration}`;
  }

  /** Its number, with its mailboxes made. */
  ready(account: Account): number {
    if (this.store.boxes(account.no).length > 0) return account.no;
    for (const [path, use] of BOXES) this.store.make(account.no, path, use, this.#validity());
    for (const { path, bytes, received, flags } of starterMails(account, this.now())) {
      const box = this.store.box(account.no, path);
      if (box) this.store.add(box.id, bytes, received, flags);
    }
    return account.no;
  }

  makeBox(account: number, path: string): Box {
    return this.store.make(account, path, null, this.#validity());
  }

  /** New numbers for all that is in a mailbox. */
  renumber(box: Box): void {
    this.store.renumber(box.id, Math.max(this.#validity(), box.validity + 1));
  }

  #validity(): number {
    return Math.floor(this.now() / 1000);
  }
}
