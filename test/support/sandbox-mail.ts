import { connect } from "cloudflare:sockets";
import { imap } from "../../worker/providers/imap/imap.ts";
import type { FormValues, Provider } from "../../worker/providers/provider.ts";
import { control } from "../providers/control.ts";
import { DEVELOPMENT } from "./mail-account.ts";

/** What a server can: tell of all changes, count them, or nothing of the kind. */
export const PROFILES = ["full", "condstore", "plain"] as const;

export interface SandboxBox {
  validity: number;
  path: string;
  mails: { uid: number; sha256: string; flags: string[] }[];
}

/** An account at the sandbox's mail server, with a person's hands on it. */
export class SandboxMail {
  readonly account = `imap-${crypto.randomUUID().slice(0, 8)}@mailbox.example`;
  readonly #port: number;

  private constructor(port: number) {
    this.#port = port;
  }

  /** `empty`: without the mails of the first day. */
  static async open(profile: (typeof PROFILES)[number] = "full", { empty = false } = {}): Promise<SandboxMail> {
    const { port } = await control<{ port: number }>("GET", "/mail/");
    const mail = new SandboxMail(port);
    await mail.call("profile", { profile });
    if (empty)
      for (const { path, mails } of await mail.boxes()) await mail.call("expunge", { box: path, uids: mails.map(({ uid }) => uid) });
    return mail;
  }

  /** As it would be filled in. */
  get fields(): FormValues {
    return { host: "localhost", port: String(this.#port), security: "none", user: this.account, password: "sandbox" };
  }

  provider(fields: FormValues = this.fields): Provider {
    return imap.create(DEVELOPMENT, { fetch, connect, now: Date.now, accessToken: async () => "", fields: async () => fields });
  }

  call<T>(call: "profile" | "deliver" | "expunge" | "move" | "renumber", body: unknown): Promise<T> {
    return control("POST", `/mail/${this.account}/${call}`, body);
  }

  async boxes(): Promise<SandboxBox[]> {
    return (await control<{ boxes: SandboxBox[] }>("GET", `/mail/${this.account}`)).boxes;
  }

  /** Switches a fault on for this account alone. */
  async fault(name: string, { match, ...more }: { times?: number; match?: Record<string, string> } = {}): Promise<void> {
    await control("POST", "/faults", { name, ...more, match: { ...match, account: this.account } });
  }

  async mend(): Promise<void> {
    await control("DELETE", `/faults?account=${encodeURIComponent(this.account)}`);
  }

  async revoke(): Promise<void> {
    await control("POST", `/grants/${this.account}/revoke`);
  }

  /** How often each command was answered. */
  async asked(): Promise<Record<string, number>> {
    const { routes } = await control<{ routes: { method: string; count: number }[] }>("GET", `/requests?account=${this.account}`);
    const counts: Record<string, number> = {};
    for (const { method, count } of routes) counts[method] = (counts[method] ?? 0) + count;
    return counts;
  }
}
