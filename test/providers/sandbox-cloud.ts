import { env } from "cloudflare:workers";
import type { FormValues, Provider, ProviderContext } from "../../worker/providers/provider.ts";
import { webdav } from "../../worker/providers/webdav/webdav.ts";
import type { Op } from "./sandbox-drive.ts";

const CONTROL = "https://sandbox.test/_sandbox";

export type Domain = "nextcloud.example" | "owncloud.example";

/** One account of the sandbox's Nextcloud, or ownCloud, of its own for each test, and a connection to it. */
export class SandboxCloud {
  readonly account: string;
  readonly provider: Provider;
  readonly context: ProviderContext;
  /** What was filled in. */
  fields: FormValues;
  /** Requests so far, as method and path. */
  readonly asked: { method: string; path: string; headers: Headers }[] = [];
  /** Added to the clock that the provider sees. */
  skewMilliseconds = 0;

  private constructor(account: string, fields: FormValues) {
    this.account = account;
    this.fields = fields;
    this.context = {
      fetch: (input, init) => {
        const { method, url, headers } = new Request(input, init);
        this.asked.push({ method, path: new URL(url).pathname, headers });
        return fetch(input, init);
      },
      now: () => Date.now() + this.skewMilliseconds,
      accessToken: () => Promise.reject(new Error("A form has no tokens.")),
      fields: async () => this.fields,
    };
    this.provider = webdav.create(env, this.context);
  }

  static async open(domain: Domain = "nextcloud.example", prefix = "dav"): Promise<SandboxCloud> {
    const account = `${prefix}-${crypto.randomUUID().slice(0, 12)}@${domain}`;
    return new SandboxCloud(account, { address: `cloud.${domain}`, ...(await passwordOf(account)) });
  }

  /** Another connection to the same account: what has once been refused a password does not try it again. */
  again(fields: Partial<FormValues> = {}): Provider {
    const filled = { ...this.fields, ...fields } as FormValues;
    return webdav.create(env, { ...this.context, fields: async () => filled });
  }

  async mutate(...ops: Op[]): Promise<string[]> {
    const { ids } = (await control("POST", `/drives/${this.account}/mutate`, { ops })) as { ids: string[] };
    return ids;
  }

  async put(path: string, bytes: number | string): Promise<string> {
    const exists = (await this.tree()).some((file) => file.path === path);
    return (await this.mutate({ op: exists ? "update" : "create", path, bytes }))[0] ?? "";
  }

  async tree(): Promise<{ id: string; path: string; size: number; sha256: string }[]> {
    const { files } = (await control("GET", `/drives/${this.account}/tree?hash=true`)) as {
      files: { id: string; path: string; size: number; sha256: string }[];
    };
    return files.sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  async generate(options: Record<string, number>): Promise<void> {
    await control("POST", `/drives/${this.account}/generate`, options);
  }

  /** Switches a fault on for this account alone. */
  async fault(fault: Record<string, unknown>): Promise<void> {
    const { match, ...rest } = fault as { match?: Record<string, unknown> };
    await control("POST", "/faults", { ...rest, match: { ...match, account: this.account } });
  }

  async mend(): Promise<void> {
    await control("DELETE", `/faults?account=${encodeURIComponent(this.account)}`);
  }

  /** What the server was asked with this account's name, by method and route. */
  async requests(): Promise<Record<string, number>> {
    const { routes } = (await control("GET", `/requests?account=${encodeURIComponent(this.account)}`)) as {
      routes: { method: string; route: string; status: number; count: number }[];
    };
    return Object.fromEntries(routes.map(({ method, route, status, count }) => [`${method} ${route} ${status}`, count]));
  }

  async forgetRequests(): Promise<void> {
    await control("DELETE", `/requests?account=${encodeURIComponent(this.account)}`);
  }

  /** As when the server was restored from a backup. */
  async expireCursors(): Promise<void> {
    await control("POST", `/cursors/${this.account}/expire`);
  }

  /** Its app password is deleted. */
  async revoke(): Promise<void> {
    await control("POST", `/grants/${this.account}/revoke`);
  }

  password(): Promise<{ user: string; password: string }> {
    return passwordOf(this.account);
  }
}

async function passwordOf(account: string): Promise<{ user: string; password: string }> {
  return (await control("GET", `/nextcloud/password/${account}`)) as { user: string; password: string };
}

async function control(method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${CONTROL}${path}`, { method, ...(body !== undefined && { body: JSON.stringify(body) }) });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.json();
}
