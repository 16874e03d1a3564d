import { env } from "cloudflare:workers";
import { dropbox } from "../../worker/providers/dropbox/dropbox.ts";
import type { Provider, ProviderContext } from "../../worker/providers/provider.ts";
import { type Op } from "./sandbox-drive.ts";
import { control } from "./control.ts";

const REDIRECT = "https://tidemark.example/auth/dropbox/callback";
const SCOPES = dropbox.methods.flatMap((method) => (method.type === "oauth2" ? method.scopes : []));

export type Domain = "dropbox.example" | "dropbox-team.example";
type Tokens = { access_token: string; refresh_token: string; account_id: string };

/** One account of the sandbox's Dropbox, of its own for each test, and a provider connected to it. */
export class SandboxDropbox {
  readonly account: string;
  readonly provider: Provider;
  readonly context: ProviderContext;
  readonly tokens: Tokens;
  requests = 0;
  #token: string;

  private constructor(account: string, tokens: Tokens) {
    this.account = account;
    this.tokens = tokens;
    this.#token = tokens.access_token;
    this.context = {
      fetch,
      now: Date.now,
      accessToken: async (options) => (options?.renew ? (this.#token = await refresh(tokens.refresh_token)) : this.#token),
      onRequest: () => (this.requests += 1),
    };
    this.provider = dropbox.create(env, this.context);
  }

  static async open(domain: Domain = "dropbox.example", prefix = "provider", scopes: readonly string[] = SCOPES): Promise<SandboxDropbox> {
    const account = `${prefix}-${crypto.randomUUID().slice(0, 12)}@${domain}`;
    return new SandboxDropbox(account, await signIn(account, scopes));
  }

  mutate(...ops: (Op | { op: "move"; id: string; to: string })[]): Promise<string[]> {
    return mutate(this.account, ops);
  }

  async tree(): Promise<{ id: string; path: string; size: number; sha256: string }[]> {
    const { files } = (await control("GET", `/drives/${this.account}/tree?hash=true`)) as {
      files: { id: string; path: string; size: number; sha256: string }[];
    };
    return files.sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** Switches a fault on for this account alone. */
  async fault(fault: Record<string, unknown>): Promise<void> {
    const { match, ...rest } = fault as { match?: Record<string, unknown> };
    await control("POST", "/faults", { ...rest, match: { ...match, account: this.account } });
  }

  async mend(): Promise<void> {
    await control("DELETE", `/faults?account=${encodeURIComponent(this.account)}`);
  }

  async expireCursors(): Promise<void> {
    await control("POST", `/cursors/${this.account}/expire`);
  }

  async asked(): Promise<{ host: string; method: string; route: string; status: number; count: number }[]> {
    const { routes } = (await control("GET", `/requests?account=${encodeURIComponent(this.account)}`)) as {
      routes: { host: string; method: string; route: string; status: number; count: number }[];
    };
    return routes;
  }

  setToken(token: string): void {
    this.#token = token;
  }

  async feedId(): Promise<string> {
    const [feed] = await this.provider.feeds();
    if (!feed) throw new Error("There is a feed.");
    return feed.id;
  }
}

export async function mutate(account: string, ops: readonly object[]): Promise<string[]> {
  const { ids } = (await control("POST", `/drives/${account}/mutate`, { ops })) as { ids: string[] };
  return ids;
}

async function signIn(account: string, scopes: readonly string[] = SCOPES): Promise<Tokens> {
  const query = new URLSearchParams({
    client_id: env.DROPBOX_CLIENT_ID,
    response_type: "code",
    redirect_uri: REDIRECT,
    token_access_type: "offline",
    scope: scopes.join(" "),
    state: "state",
    account,
  });
  const redirect = await fetch(`${env.DROPBOX_LOGIN_URL}/oauth2/authorize_submit?${query}`, { redirect: "manual" });
  const code = new URL(redirect.headers.get("Location") ?? "").searchParams.get("code") ?? "";
  return askForTokens({ grant_type: "authorization_code", code, redirect_uri: REDIRECT });
}

async function refresh(token: string): Promise<string> {
  return (await askForTokens({ grant_type: "refresh_token", refresh_token: token })).access_token;
}

async function askForTokens(fields: Record<string, string>): Promise<Tokens> {
  const body = new URLSearchParams({ client_id: env.DROPBOX_CLIENT_ID, client_secret: "sandbox-secret", ...fields });
  const answer = await fetch(`${env.DROPBOX_API_URL}/oauth2/token`, { method: "POST", body });
  if (!answer.ok) throw new Error(`No token: ${await answer.text()}`);
  return answer.json();
}
