import { env } from "cloudflare:workers";
import { autodesk } from "../../worker/providers/autodesk/autodesk.ts";
import { serviceAccount } from "../../worker/providers/autodesk/service-account.ts";
import type { Provider, ProviderContext } from "../../worker/providers/provider.ts";
import { control } from "./control.ts";
import { type Op, scopesOf } from "./sandbox-drive.ts";

const REDIRECT = "https://tidemark.example/auth/autodesk/callback";

interface Tokens {
  access_token: string;
  refresh_token: string;
}

/** One person of the sandbox's Autodesk, of their own for each test, and a provider connected to them. Paths begin with a top folder. */
export class SandboxAutodesk {
  readonly account: string;
  /** Whose files: the person's own project, or another one that they are a member of. */
  readonly project: string;
  readonly provider: Provider;
  readonly context: ProviderContext;
  readonly tokens: Tokens;
  requests = 0;
  #ageSeconds = 36_000;
  #token: string;
  #refresh: string;

  private constructor(account: string, project: string, tokens: Tokens) {
    this.account = account;
    this.project = project;
    this.tokens = tokens;
    this.#token = tokens.access_token;
    this.#refresh = tokens.refresh_token;
    this.context = {
      fetch,
      now: Date.now,
      accessToken: async (options) => (options?.renew ? this.#renew() : this.#token),
      onRequest: () => (this.requests += 1),
    };
    this.provider = autodesk.create(env, this.context);
  }

  static async open(prefix = "provider"): Promise<SandboxAutodesk> {
    const account = `${prefix}-${crypto.randomUUID().slice(0, 12)}@autodesk.example`;
    const tokens = await signIn(account, scopesOf(autodesk));
    await control("POST", `/drives/${account}/mutate`, { ops: [{ op: "mkdir", path: "/Project Files" }] });
    return new SandboxAutodesk(account, account, tokens);
  }

  /** The same person, with another person's project for theirs. */
  async of(project: string, folder: string | null = null): Promise<{ drive: SandboxAutodesk; feedId: string }> {
    const feedId = await invite(project, this.account, folder);
    return { drive: new SandboxAutodesk(this.account, project, this.tokens), feedId };
  }

  /** What was done just now was done a while ago: what comes later was done later, as always. */
  async age(): Promise<void> {
    this.#ageSeconds -= 10;
    await control("POST", "/autodesk/age", { project: this.project, seconds: this.#ageSeconds });
  }

  async mutate(...ops: (Op | { op: "move"; id: string; to: string })[]): Promise<string[]> {
    const { ids } = await control<{ ids: string[] }>("POST", `/drives/${this.project}/mutate`, { ops });
    return ids;
  }

  async tree(): Promise<{ id: string; path: string; size: number; sha256: string }[]> {
    const { files } = await control<{ files: { id: string; path: string; size: number; sha256: string }[] }>(
      "GET",
      `/drives/${this.project}/tree?hash=true`,
    );
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

  async asked(): Promise<{ host: string; method: string; route: string; status: number; count: number }[]> {
    const { routes } = await control<{ routes: { host: string; method: string; route: string; status: number; count: number }[] }>(
      "GET",
      `/requests?account=${encodeURIComponent(this.account)}`,
    );
    return routes;
  }

  setToken(token: string): void {
    this.#token = token;
  }

  async feedId(): Promise<string> {
    const [feed] = await this.provider.feeds();
    if (!feed) throw new Error("There is a project.");
    return feed.id;
  }

  async #renew(): Promise<string> {
    const tokens = await askForTokens({ grant_type: "refresh_token", refresh_token: this.#refresh });
    this.#refresh = tokens.refresh_token;
    return (this.#token = tokens.access_token);
  }
}

/** A service account of the sandbox, with what a person fills in for it. It is in no project yet. */
export async function newRobot(): Promise<{ account: string; values: Record<string, string>; provider: Provider }> {
  const account = `r-${crypto.randomUUID().slice(0, 12)}@autodesk-service-accounts.example`;
  const path = `/autodesk/service-accounts/${account}/key`;
  const key = await control<{ clientId: string; serviceAccountId: string }>("GET", path);
  const { clientId, serviceAccountId } = key;
  const values = { clientId, clientSecret: "sandbox-secret", serviceAccountId, key: JSON.stringify(key) };
  const context = { fetch, now: Date.now };
  const accessToken = async () => (await serviceAccount.mint?.(env, values, context))?.accessToken ?? "";
  return { account, values, provider: autodesk.create(env, { ...context, fields: async () => values, accessToken }) };
}

/** Lets somebody into a project: all of it, or one of its folders. Answers the project's feed. */
export async function invite(project: string, account: string, folder: string | null = null): Promise<string> {
  const { hubId, projectId } = await control<{ hubId: string; projectId: string }>("POST", "/autodesk/members", {
    project,
    account,
    folder,
  });
  return `${hubId}/${projectId}`;
}

async function signIn(account: string, scopes: readonly string[]): Promise<Tokens> {
  const query = new URLSearchParams({
    client_id: env.AUTODESK_CLIENT_ID,
    response_type: "code",
    redirect_uri: REDIRECT,
    scope: scopes.join(" "),
    state: "state",
    login_hint: account,
  });
  const redirect = await fetch(`${env.AUTODESK_API_URL}/authentication/v2/authorize?${query}`, { redirect: "manual" });
  const code = new URL(redirect.headers.get("Location") ?? "").searchParams.get("code") ?? "";
  return askForTokens({ grant_type: "authorization_code", code, redirect_uri: REDIRECT });
}

async function askForTokens(fields: Record<string, string>): Promise<Tokens> {
  const answer = await fetch(`${env.AUTODESK_API_URL}/authentication/v2/token`, {
    method: "POST",
    headers: { Authorization: `Basic ${btoa(`${env.AUTODESK_CLIENT_ID}:sandbox-secret`)}` },
    body: new URLSearchParams(fields),
  });
  if (!answer.ok) throw new Error(`No token: ${await answer.text()}`);
  return answer.json();
}
