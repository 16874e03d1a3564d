import { connect } from "cloudflare:sockets";
import { env } from "cloudflare:workers";
import { ImapFlow } from "imapflow";
import { imap } from "../../worker/providers/imap/imap.ts";
import type { FormValues, Provider, ProviderContext } from "../../worker/providers/provider.ts";
import type { ProviderOptions } from "../../worker/providers/options.ts";

// Accounts at the Dovecot that tests share, with a person's hands on them: a mail program that also writes.

const CONTROL = "https://dovecot.test";
/** In development a server may be on this machine. */
export const DEVELOPMENT = { ...env, ORIGIN: "http://localhost:8787" };

interface Ports {
  plainPort: number;
  tlsPort: number;
}

/** Null, with the reason told, where this machine has no Dovecot. */
export async function dovecotPorts(): Promise<Ports | null> {
  const response = await fetch(`${CONTROL}/`);
  if (response.ok) return response.json();
  const reason = await response.text();
  if (response.status !== 404) throw new Error(reason);
  console.warn(`Skipped: ${reason}`);
  return null;
}

export class MailAccount {
  readonly user: string;
  readonly ports: Ports;
  password = "a pass word";
  requests = 0;
  #program: ImapFlow | null = null;

  private constructor(ports: Ports) {
    this.user = `${crypto.randomUUID().slice(0, 12)}@mail.example`;
    this.ports = ports;
  }

  static async open(ports: Ports | null): Promise<MailAccount> {
    if (ports === null) throw new Error("There is no Dovecot.");
    const account = new MailAccount(ports);
    await account.setPassword(account.password);
    return account;
  }

  async setPassword(password: string): Promise<void> {
    await control("/accounts", { user: this.user, password });
  }

  doveadm(...args: string[]): Promise<string> {
    return control("/doveadm", { args });
  }

  /** As it would be filled in. */
  fields(changed: Record<string, string> = {}): FormValues {
    return { host: "localhost", port: String(this.ports.tlsPort), security: "tls", user: this.user, password: this.password, ...changed };
  }

  provider(fields: FormValues = this.fields(), options: ProviderOptions = {}, more: Partial<ProviderContext> = {}): Provider {
    return imap.create(DEVELOPMENT, {
      fetch,
      connect,
      now: Date.now,
      accessToken: async () => {
        throw new Error("There is a password.");
      },
      fields: async () => fields,
      options,
      onRequest: () => (this.requests += 1),
      ...more,
    });
  }

  /** Does something as a mail program, which stays signed in. */
  async write<T>(work: (client: ImapFlow) => Promise<T>): Promise<T> {
    if (!this.#program?.usable) this.#program = await this.signIn();
    return work(this.#program);
  }

  async signIn(): Promise<ImapFlow> {
    const auth = { user: this.user, pass: this.password };
    const { plainPort: port } = this.ports;
    const program = new ImapFlow({ host: "127.0.0.1", port, doSTARTTLS: false, auth, logger: false, disableAutoIdle: true });
    await program.connect();
    return program;
  }

  /** Puts mails into a folder, in this order; answers their numbers. */
  append(box: string, ...mails: (string | Uint8Array)[]): Promise<number[]> {
    return this.write(async (client) => {
      const uids: number[] = [];
      for (const mail of mails) {
        const text = typeof mail === "string" ? mail : new TextDecoder("utf-8", { ignoreBOM: true, fatal: true }).decode(mail);
        const saved = await client.append(box, text, [], new Date(Date.UTC(2026, 2, 1, 9, 30)));
        if (!saved || saved.uid === undefined) throw new Error("The mail was not taken.");
        uids.push(saved.uid);
      }
      return uids;
    });
  }

  /** Removes mails for good. */
  expunge(box: string, ...uids: number[]): Promise<void> {
    return this.write(async (client) => {
      await client.mailboxOpen(box);
      await client.messageDelete(uids.join(","), { uid: true });
    });
  }

  move(box: string, uid: number, to: string): Promise<void> {
    return this.write(async (client) => {
      await client.mailboxOpen(box);
      await client.messageMove(String(uid), to, { uid: true });
    });
  }

  /** All mails of a folder as they are there, and which numbers they have. */
  async mails(box: string): Promise<{ validity: string; mails: { uid: number; bytes: Uint8Array; flags: string[] }[] }> {
    return this.write(async (client) => {
      const { uidValidity, exists } = await client.mailboxOpen(box, { readOnly: true });
      const found = exists === 0 ? [] : await client.fetchAll("1:*", { uid: true, source: true, flags: true });
      const mails = found.map(({ uid, source, flags }) => ({ uid, bytes: new Uint8Array(source ?? []), flags: [...(flags ?? [])] }));
      return { validity: String(uidValidity), mails };
    });
  }
}

async function control(path: string, body: unknown): Promise<string> {
  const response = await fetch(`${CONTROL}${path}`, { method: "POST", body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${text}`);
  return text;
}
