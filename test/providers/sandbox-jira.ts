import { env } from "cloudflare:workers";
import { jira } from "../../worker/providers/jira/jira.ts";
import type { ProviderOptions } from "../../worker/providers/options.ts";
import type { Provider, ProviderContext } from "../../worker/providers/provider.ts";
import { control } from "./control.ts";

const REDIRECT = "https://tidemark.example/auth/atlassian/callback";
export const SCOPES = [...jira.methods.flatMap((method) => (method.type === "oauth2" ? method.scopes : [])), "offline_access"];

/** What somebody does at the site. */
export interface Op {
  op: string;
  [field: string]: unknown;
}

export interface JiraState {
  cloudId: string;
  projects: { id: string; key: string; name: string }[];
  issues: StateIssue[];
}

export interface StateIssue {
  id: string;
  key: string;
  number: number;
  projectId: string;
  projectKey: string;
  updated: number;
  summary: string;
  attachments: { id: string; name: string; size: number; sha256: string }[];
}

interface Tokens {
  access_token: string;
  refresh_token: string;
}

/** One person with a site of their own, and nothing in it, for each test; and a provider connected to it. */
export class SandboxJira {
  readonly account: string;
  readonly cloudId: string;
  readonly tokens: Tokens;
  readonly context: ProviderContext;
  readonly provider: Provider;
  requests = 0;
  #tokens: Tokens;

  private constructor(account: string, cloudId: string, tokens: Tokens) {
    this.account = account;
    this.cloudId = cloudId;
    this.tokens = tokens;
    this.#tokens = tokens;
    this.context = {
      fetch,
      now: Date.now,
      accessToken: async (options) => {
        if (options?.renew)
          this.#tokens = (await ask({ grant_type: "refresh_token", refresh_token: this.#tokens.refresh_token })) ?? this.#tokens;
        return this.#tokens.access_token;
      },
      onRequest: () => (this.requests += 1),
    };
    this.provider = jira.create(env, this.context);
  }

  static async open(prefix = "provider", scopes: readonly string[] = SCOPES): Promise<SandboxJira> {
    const account = `${prefix}-${crypto.randomUUID().slice(0, 12)}@atlassian.example`;
    const { sites } = await control<{ sites: { cloudId: string }[] }>("GET", `/atlassian/accounts/${account}`);
    return new SandboxJira(account, sites[0]?.cloudId ?? "", await signIn(account, scopes));
  }

  /** The same connection, at work for a sync with options. */
  withOptions(options: ProviderOptions): Provider {
    return jira.create(env, { ...this.context, options });
  }

  async withApiToken(kind: "plain" | "scoped" = "plain", given: Record<string, string> = {}): Promise<Provider> {
    const { sites, tokens } = await control<{ sites: { host: string }[]; tokens: { plain: string; scoped: string } }>(
      "GET",
      `/atlassian/accounts/${this.account}`,
    );
    const secret = kind === "plain" ? { token: tokens.plain } : { scopedToken: tokens.scoped };
    const fields = { site: sites[0]?.host ?? "", email: this.account, ...secret, ...given };
    return jira.create(env, { ...this.context, fields: async () => fields });
  }

  async mutate(...ops: Op[]): Promise<string[]> {
    return (await control<{ ids: string[] }>("POST", `/atlassian/jira/${this.account}/mutate`, { ops })).ids;
  }

  state(): Promise<JiraState> {
    return control("GET", `/atlassian/jira/${this.account}/issues`);
  }

  async fault(fault: Record<string, unknown>): Promise<void> {
    const { match, ...rest } = fault as { match?: Record<string, unknown> };
    await control("POST", "/faults", { ...rest, match: { ...match, account: this.account } });
  }

  async mend(): Promise<void> {
    await control("DELETE", `/faults?account=${encodeURIComponent(this.account)}`);
  }

  async expireTokens(): Promise<void> {
    await control("POST", `/cursors/${this.account}/expire`);
  }

  async revoke(): Promise<void> {
    await control("POST", `/grants/${this.account}/revoke`);
  }

  async asked(): Promise<{ host: string; method: string; route: string; status: number; count: number }[]> {
    type Routes = { routes: { host: string; method: string; route: string; status: number; count: number }[] };
    return (await control<Routes>("GET", `/requests?account=${encodeURIComponent(this.account)}`)).routes;
  }
}

/** Where an issue is, below the project's folder, by the vendor's words alone. */
export function placeOf({ key, number, projectKey, summary }: StateIssue): string {
  const first = Math.floor(number / 100) * 100;
  return `/${projectKey}-${first === 0 ? 1 : first} to ${first + 99}/${key} ${summary}`;
}

async function signIn(account: string, scopes: readonly string[]): Promise<Tokens> {
  const query = new URLSearchParams({
    client_id: env.ATLASSIAN_CLIENT_ID,
    audience: "api.atlassian.com",
    response_type: "code",
    redirect_uri: REDIRECT,
    scope: scopes.join(" "),
    account,
  });
  const redirect = await fetch(`${env.ATLASSIAN_LOGIN_URL}/authorize/submit?${query}`, { redirect: "manual" });
  const code = new URL(redirect.headers.get("Location") ?? "").searchParams.get("code") ?? "";
  const tokens = await ask({ grant_type: "authorization_code", code, redirect_uri: REDIRECT });
  if (!tokens) throw new Error("No token.");
  return tokens;
}

/** Undefined where there are none to be had. */
async function ask(fields: Record<string, string>): Promise<Tokens | undefined> {
  const answer = await fetch(`${env.ATLASSIAN_LOGIN_URL}/oauth/token`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ client_id: env.ATLASSIAN_CLIENT_ID, client_secret: "sandbox-secret", ...fields }),
  });
  return answer.ok ? answer.json() : undefined;
}
