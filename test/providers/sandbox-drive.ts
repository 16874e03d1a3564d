import { encodeBase64urlNoPadding } from "@oslojs/encoding";
import { env } from "cloudflare:workers";
import { onedrive } from "../../worker/providers/onedrive/onedrive.ts";
import { control } from "./control.ts";
import type { Provider, ProviderContext, ProviderDefinition } from "../../worker/providers/provider.ts";
import { sharepoint } from "../../worker/providers/sharepoint/sharepoint.ts";

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

/** One account of the sandbox, of its own for each test, and a provider connected to it. */
export class SandboxDrive {
  readonly account: string;
  /** The sandbox's name of the drive: the account's own, or a library. */
  readonly drive: string;
  readonly provider: Provider;
  readonly context: ProviderContext;
  requests = 0;
  /** Added to the clock that the provider sees. */
  skewMilliseconds = 0;
  readonly refreshToken: string;
  #token: string;

  private constructor(account: string, drive: string, definition: ProviderDefinition, tokens: Tokens, scopes: readonly string[]) {
    this.account = account;
    this.drive = drive;
    this.refreshToken = tokens.refresh;
    this.#token = tokens.access;
    this.context = {
      fetch,
      now: () => Date.now() + this.skewMilliseconds,
      accessToken: async (options) => (options?.renew ? (this.#token = await signIn(account, scopes)) : this.#token),
      onRequest: () => (this.requests += 1),
    };
    this.provider = definition.create(env, this.context);
  }

  static async open(domain: "contoso.example" | "outlook.example", prefix = "provider"): Promise<SandboxDrive> {
    const account = `${prefix}-${crypto.randomUUID().slice(0, 12)}@${domain}`;
    const scopes = scopesOf(onedrive);
    return new SandboxDrive(account, account, onedrive, await tokensOf(account, scopes), scopes);
  }

  /** Somebody who follows one site, and its documents. `method`: how they are connected. */
  static async openLibrary(site: Partial<SiteSettings> = {}, method = "sites"): Promise<SandboxDrive> {
    const name = `s${crypto.randomUUID().slice(0, 8)}`;
    const account = `${name}@contoso.example`;
    const scopes = scopesOf(sharepoint, method);
    const token = await tokensOf(account, scopes);
    await changeSite(name, { libraries: ["documents"], members: [account], followedBy: [account], ...site });
    return new SandboxDrive(account, `${name}.documents@contoso-sites.example`, sharepoint, token, scopes);
  }

  /** The same person and library, connected in another way. */
  async connectedBy(method: string): Promise<SandboxDrive> {
    const scopes = scopesOf(sharepoint, method);
    return new SandboxDrive(this.account, this.drive, sharepoint, await tokensOf(this.account, scopes), scopes);
  }

  /** Another library of the same site, for the same person. */
  async beside(list: string): Promise<SandboxDrive> {
    const scopes = scopesOf(sharepoint);
    const drive = `${this.site}.${list}@contoso-sites.example`;
    return new SandboxDrive(this.account, drive, sharepoint, await tokensOf(this.account, scopes), scopes);
  }

  /** The site's name, of a library. */
  get site(): string {
    return this.drive.slice(0, this.drive.indexOf("."));
  }

  async mutate(...ops: Op[]): Promise<string[]> {
    const { ids } = (await control("POST", `/drives/${this.drive}/mutate`, { ops })) as { ids: string[] };
    return ids;
  }

  async tree(): Promise<{ id: string; path: string; size: number; sha256: string }[]> {
    const { files } = (await control("GET", `/drives/${this.drive}/tree?hash=true`)) as {
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
    await control("POST", `/cursors/${this.drive}/expire`);
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

export interface SiteSettings {
  address: string;
  title: string;
  parent: string | null;
  host: "contoso.sharepoint.com" | "fabrikam.sharepoint.com";
  state: "open" | "locked" | "deleted";
  members: string[] | null;
  libraries: string[];
  followedBy: string[];
}

/** Makes a site, or changes it. */
export async function changeSite(name: string, site: Partial<SiteSettings>): Promise<{ id: string; libraries: { driveId: string }[] }> {
  return (await control("PUT", `/microsoft/sites/${name}`, site)) as { id: string; libraries: { driveId: string }[] };
}

export function scopesOf(definition: ProviderDefinition, id?: string): readonly string[] {
  const method = definition.methods.find((each) => id === undefined || each.id === id);
  if (method?.type !== "oauth2") throw new Error("The provider is connected by a sign-in.");
  return method.scopes;
}

/** An access token for these scopes. */
export async function signIn(account: string, scopes: readonly string[]): Promise<string> {
  return (await tokensOf(account, scopes)).access;
}

interface Tokens {
  access: string;
  refresh: string;
}

async function tokensOf(account: string, scopes: readonly string[]): Promise<Tokens> {
  const challenge = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(VERIFIER)));
  const query = new URLSearchParams({
    client_id: env.MICROSOFT_CLIENT_ID,
    response_type: "code",
    redirect_uri: REDIRECT,
    scope: scopes.join(" "),
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
    refresh_token?: string;
  };
  if (answer.access_token === undefined) throw new Error(`No token: ${JSON.stringify(answer)}`);
  return { access: answer.access_token, refresh: answer.refresh_token ?? "" };
}
