import type { Asked, FaultKind } from "../fault-kinds.ts";
import type { Faults } from "../faults.ts";
import type { Answer } from "./session.ts";

// What mail servers have been seen to do. `match.method` names a command, such as FETCH, and `match.path` the mailbox that is open.

export const FAULT_KINDS = {
  "mail-too-many-connections": { about: "a sign-in is refused: the account has too many connections" },
  "mail-sign-in-unavailable": { about: "a sign-in is refused: what knows the passwords is down" },
  "mail-locked-out": { about: "a sign-in is refused: the account is locked" },
  "mail-over-quota": { about: "NO to everything: the day's allowance of bytes is used up" },
  "mail-server-error": { about: "NO to a command: something inside the server went wrong" },
  "mail-goodbye": { about: "the server says that it goes, and does, in place of an answer" },
  "mail-cut": { about: "the connection breaks in the middle of an answer" },
  "mail-not-described": { about: "mails are left out of the answer to FETCH" },
  "mail-not-listed": { about: "mails are left out of the answer to SEARCH" },
} as const satisfies Readonly<Record<string, FaultKind>>;

export type FaultName = keyof typeof FAULT_KINDS;

/** Faults of one client's commands. */
export class MailFaults {
  readonly #faults: Faults<FaultName>;
  readonly #host: string;

  constructor(faults: Faults, host: string) {
    this.#faults = faults;
    this.#host = host;
  }

  /** Undefined: the sign-in goes its way. */
  signIn(account: string): Answer | undefined {
    const asked = this.#asked(account, "LOGIN", "");
    if (this.#faults.strike("mail-too-many-connections", asked)) return no("[ALERT] Too many simultaneous connections. (Failure)");
    if (this.#faults.strike("mail-sign-in-unavailable", asked)) return no("[UNAVAILABLE] Temporary authentication failure.");
    if (this.#faults.strike("mail-locked-out", asked)) return no("[CONTACTADMIN] The account is locked.");
    return undefined;
  }

  /** What is answered in place of the real thing; `gone` where the server leaves. */
  command(account: string, command: string, box: string): Answer | "gone" | undefined {
    const asked = this.#asked(account, command, box);
    if (this.#faults.strike("mail-goodbye", asked)) return "gone";
    if (this.#faults.strike("mail-over-quota", asked)) return no("[OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)");
    if (this.#faults.strike("mail-server-error", asked)) return no("[SERVERBUG] Internal error occurred.");
    return undefined;
  }

  cuts(account: string, command: string, box: string): boolean {
    return this.#faults.strike("mail-cut", this.#asked(account, command, box)) !== undefined;
  }

  /** Whether a mail is left out. */
  leavesOut(name: "mail-not-described" | "mail-not-listed", account: string, box: string, uid: number): boolean {
    const command = name === "mail-not-listed" ? "SEARCH" : "FETCH";
    return this.#faults.strikesItem(name, this.#asked(account, command, box), { n: uid, name: String(uid) });
  }

  #asked(account: string, method: string, box: string): Asked {
    return { vendor: "mail", host: this.#host, method, path: `/${box}`, search: "", ranged: false, account: account.toLowerCase() };
  }
}

const no = (text: string): Answer => ({ status: "NO", text });
