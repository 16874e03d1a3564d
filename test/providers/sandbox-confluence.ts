import { sha256 } from "@oslojs/crypto/sha2";
import { encodeHexLowerCase } from "@oslojs/encoding";
import { env } from "cloudflare:workers";
import { confluence } from "../../worker/providers/confluence/confluence.ts";
import { FILES, formatsOf } from "../../worker/providers/confluence/formats.ts";
import { nameOf } from "../../worker/providers/confluence/names.ts";
import { writePage } from "../../worker/providers/confluence/storage/write.ts";
import type { ProviderOptions } from "../../worker/providers/options.ts";
import type { FormValues, Provider, ProviderContext } from "../../worker/providers/provider.ts";
import { control } from "./control.ts";

const REDIRECT = "https://tidemark.example/auth/atlassian/callback";
const CLIENT = { client_id: "atlassian-client", client_secret: "sandbox-secret" };
const SCOPES = confluence.methods.flatMap((method) => (method.type === "oauth2" ? [...method.scopes, "offline_access"] : []));

export type Way = "sign-in" | "token" | "scoped-token";
export interface Tokens {
  access_token: string;
  refresh_token: string;
  expires_in: number;
}
/** As the sandbox's control calls show it. */
interface Content {
  id: string;
  kind: string;
  space: string;
  parent: string | null;
  title: string;
  status: string;
  version: number;
  body?: string;
  size?: number;
  sha256?: string;
}
interface Tree {
  spaces: { id: string; key: string; name: string }[];
  contents: Content[];
}
export interface SourceFile {
  id: string;
  path: string;
  sha256: string;
}

/** The site of one person at the sandbox's Atlassian, of its own for each test, with one space, and a connection to it. */
export class SandboxConfluence {
  readonly account: string;
  readonly host: string;
  /** What the site is called in ids. */
  readonly siteId: string;
  readonly spaceId: string;
  readonly feedId: string;
  /** What was filled in, where that is the way. */
  readonly fields: FormValues | undefined;
  readonly context: ProviderContext;
  tokens: Tokens | undefined;
  requests = 0;
  /** Added to the clock that the provider sees. */
  skewMilliseconds = 0;

  private constructor(
    account: string,
    site: { host: string; id: string; spaceId: string },
    access: { fields?: FormValues; tokens?: Tokens },
  ) {
    this.account = account;
    this.host = site.host;
    this.siteId = site.id;
    this.spaceId = site.spaceId;
    this.feedId = `${site.id}/${site.spaceId}`;
    this.tokens = access.tokens;
    this.fields = access.fields;
    this.context = {
      fetch,
      now: () => Date.now() + this.skewMilliseconds,
      accessToken: async () => this.tokens?.access_token ?? "",
      ...(access.fields && { fields: async () => access.fields ?? {} }),
      onRequest: () => (this.requests += 1),
    };
  }

  static async open(way: Way = "sign-in", scopes: readonly string[] = SCOPES): Promise<SandboxConfluence> {
    const account = `c-${crypto.randomUUID().slice(0, 12)}@atlassian.example`;
    type Shown = { sites: { host: string; cloudId: string }[]; tokens: { plain: string; scoped: string } };
    const { sites, tokens } = await control<Shown>("GET", `/atlassian/accounts/${account}`);
    const { host = "", cloudId = "" } = sites[0] ?? {};
    const [spaceId = ""] = await mutate(account, { op: "space", key: "TEAM", name: "Team" });
    const site = { host, spaceId, id: way === "token" ? host : cloudId };
    if (way === "sign-in") return new SandboxConfluence(account, site, { tokens: await signIn(account, scopes) });
    const secret: Record<string, string> = way === "token" ? { token: tokens.plain } : { scopedToken: tokens.scoped };
    return new SandboxConfluence(account, site, { fields: { site: host, email: account, ...secret } });
  }

  provider(options?: ProviderOptions): Provider {
    return confluence.create(env, { ...this.context, ...(options && { options }) });
  }

  mutate(...ops: object[]): Promise<string[]> {
    return mutate(this.account, ...ops);
  }

  /** Makes one change; answers the id of what it is about. */
  async change(op: object): Promise<string> {
    return (await this.mutate(op))[0] ?? "";
  }

  /** A page in the space; answers its id. */
  page(title: string, more: { parent?: string; body?: string; space?: string } = {}): Promise<string> {
    return this.change({ op: "add", space: this.spaceId, title, body: `<p>${title}</p>`, ...more });
  }

  tree(): Promise<Tree> {
    return control("GET", `/atlassian/confluence/${this.account}/tree`);
  }

  /** Every file that a copy of the space has, by path. */
  async files(options?: ProviderOptions, spaceId = this.spaceId): Promise<SourceFile[]> {
    const { contents, spaces } = await this.tree();
    const live = new Map(contents.filter(({ status }) => status === "current" || status === "archived").map((one) => [one.id, one]));
    const pathOf = (id: string): string => {
      const { title = "", parent = null } = live.get(id) ?? {};
      return `${parent === null ? "" : pathOf(parent)}/${nameOf(title, id)}`;
    };
    const isThere = ({ parent }: Content): boolean => parent === null || (live.has(parent) && isThere(live.get(parent) as Content));
    const key = spaces.find(({ id }) => id === spaceId)?.key ?? "";
    const here = [...live.values()].filter((one) => one.space === spaceId && isThere(one));
    const files = here.flatMap((one): SourceFile[] => {
      if (one.kind === "attachment") return [{ id: `${this.siteId}/${one.id}`, path: pathOf(one.id), sha256: one.sha256 ?? "" }];
      if (one.kind !== "page") return [];
      return formatsOf(options).map((format) => {
        const { extension } = FILES[format];
        const source = { title: one.title, body: one.body ?? "", base: `https://${this.host}/wiki`, spaceKey: key };
        const bytes = new TextEncoder().encode(writePage(source, format));
        const path = `${pathOf(one.id)}/${nameOf(one.title, one.id)}${extension}`;
        return { id: `${this.siteId}/${one.id}${extension}`, path, sha256: encodeHexLowerCase(sha256(bytes)) };
      });
    });
    return files.sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** Switches a fault on for this account alone. */
  async fault(name: string, more: Record<string, unknown> = {}): Promise<void> {
    await control("POST", "/faults", { name, ...more, match: { ...(more["match"] as object | undefined), account: this.account } });
  }

  async mend(): Promise<void> {
    await control("DELETE", `/faults?account=${encodeURIComponent(this.account)}`);
  }

  async revoke(): Promise<void> {
    await control("POST", `/grants/${this.account}/revoke`);
  }

  async expireCursors(): Promise<void> {
    await control("POST", `/cursors/${this.account}/expire`);
  }

  /** What was asked in this account's name, by route below the site, and how often. */
  async asked(): Promise<Record<string, number>> {
    type Summary = { routes: { method: string; route: string; count: number }[] };
    const { routes } = await control<Summary>("GET", `/requests?account=${encodeURIComponent(this.account)}`);
    const counts: Record<string, number> = {};
    for (const { route, count } of routes) {
      const below = route.replace("/ex/confluence/{cloudId}", "");
      counts[below] = (counts[below] ?? 0) + count;
    }
    return counts;
  }

  async forgetAsked(): Promise<void> {
    await control("DELETE", `/requests?account=${encodeURIComponent(this.account)}`);
  }
}

async function mutate(account: string, ...ops: object[]): Promise<string[]> {
  return (await control<{ ids: string[] }>("POST", `/atlassian/confluence/${account}/mutate`, { ops })).ids;
}

/** Tokens of a person who signs in and allows everything that is asked for. */
async function signIn(account: string, scopes: readonly string[]): Promise<Tokens> {
  const query = new URLSearchParams({
    audience: "api.atlassian.com",
    client_id: CLIENT.client_id,
    response_type: "code",
    redirect_uri: REDIRECT,
    scope: scopes.join(" "),
    state: "state",
    prompt: "consent",
    account,
  });
  const redirect = await fetch(`${env.ATLASSIAN_LOGIN_URL}/authorize/submit?${query}`, { redirect: "manual" });
  const code = new URL(redirect.headers.get("Location") ?? "").searchParams.get("code") ?? "";
  const body = JSON.stringify({ ...CLIENT, grant_type: "authorization_code", code, redirect_uri: REDIRECT });
  const answer = await fetch(`${env.ATLASSIAN_LOGIN_URL}/oauth/token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  if (!answer.ok) throw new Error(`No token: ${await answer.text()}`);
  return answer.json();
}
