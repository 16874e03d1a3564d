import { encodeBase64urlNoPadding } from "@oslojs/encoding";
import { env } from "cloudflare:workers";
import { onedrive } from "../../worker/providers/onedrive/onedrive.ts";
import type { Provider, ProviderContext } from "../../worker/providers/provider.ts";
import { control } from "./control.ts";

const LOGIN = "https://login.microsoftonline.com/common/oauth2/v2.0";
const REDIRECT = "https://tidemark.example/auth/microsoft/callback";
const VERIFIER = "a-code-verifier-that-is-just-as-long-as-it-has-to-be";

export type Op =
  | { op: "create"; path: string; bytes: number | string }
  | { op: "update"; path: string; bytes?: number | string }
  | { op: "mkdir"; path: string }
  | { op: "rename"; path: string; name: string }
  | { op: "move"; path: string; to: string }
  | { op: "delete"; path: string }
  | { op: "restore"; id: string };

/** One account of the sandbox, of its own for each test, and a OneDrive connected to it. */
export class SandboxDrive {
  readonly account: string;
  readonly provider: Provider;
  readonly context: ProviderContext;
  requests = 0;
  /** Added to the clock that the provider sees. */
  skewMilliseconds = 0;
  #token: string;

  private constructor(account: string, token: string) {
    this.account = account;
    this.#token = token;
    this.context = {
      fetch,
      now: () => Date.now() + this.skewMilliseconds,
      accessToken: async (options) => (options?.renew ? (this.#token = await signIn(account)) : this.#token),
      onRequest: () => (this.requests += 1),
    };
    this.provider = onedrive.create(env, this.context);
  }

  static async open(domain: "contoso.example" | "outlook.example", prefix = "provider"): Promise<SandboxDrive> {
    const account = `${prefix}-${crypto.randomUUID().slice(0, 12)}@${domain}`;
    return new SandboxDrive(account, await signIn(account));
  }

  async mutate(...ops: Op[]): Promise<string[]> {
    const { ids } = (await control("POST", `/drives/${this.account}/mutate`, { ops })) as { ids: string[] };
    return ids;
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
    if (!feed) throw new Error("There is a drive.");
    return feed.id;
  }
}

async function signIn(account: string): Promise<string> {
  const challenge = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(VERIFIER)));
  const query = new URLSearchParams({
    client_id: env.MICROSOFT_CLIENT_ID,
    response_type: "code",
    redirect_uri: REDIRECT,
    scope: onedrive.methods.flatMap((method) => (method.type === "oauth2" ? method.scopes : [])).join(" "),
    state: "state",
    nonce: "nonce",
    login_hint: account,
    code_challenge: encodeBase64urlNoPadding(challenge),
    code_challenge_method: "S256",
  });
  const redirect = await fetch(`${LOGIN}/authorize?${query}`, { redirect: "manual" });
  const code = new URL(redirect.headers.get("Location") ?? "").searchParams.get("code") ?? "";
  const form = {
    client_id: env.MICROSOFT_CLIENT_ID,
    client_secret: env.MICROSOFT_CLIENT_SECRET,
    grant_type: "authorization_code",
    code,
    redirect_uri: REDIRECT,
    code_verifier: VERIFIER,
  };
  const answer = (await (await fetch(`${LOGIN}/token`, { method: "POST", body: new URLSearchParams(form) })).json()) as {
    access_token?: string;
  };
  if (answer.access_token === undefined) throw new Error(`No token: ${JSON.stringify(answer)}`);
  return answer.access_token;
}
