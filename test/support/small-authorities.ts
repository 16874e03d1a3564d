import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { memoryProvider } from "../../worker/providers/memory.ts";
import type { MemoryDrive } from "../../worker/providers/memory-drive.ts";
import type { ProviderDefinition } from "../../worker/providers/provider.ts";

// Authorities other than Microsoft, as small as a test of signing in needs them, by their real addresses: what they ask for and
// refuse is from their documentation, not from what our client does.

const CLIENT_SECRET = "sandbox-secret";
const ACCESS_SECONDS = 3600;

interface Rules {
  client: string;
  authorize: string;
  token: string;
  revoke?: string;
  /** Where people are proven by an id token. */
  issuer?: string;
  /** A request is JSON; a form is not understood. */
  json?: boolean;
  /** The client's secret comes by Basic authentication, and by nothing else. */
  basic?: boolean;
  /** What must be asked for at the authorize address. */
  demands: Readonly<Record<string, string>>;
  /** A refresh token works once, and for so long again. Absent: always. */
  graceMs?: number;
  /** How a spent refresh token is refused. */
  spent: { status: number; error: string; error_description: string };
  /** Whether answers say what was granted. */
  namesScopes: boolean;
}

const INVALID_GRANT = { status: 400, error: "invalid_grant", error_description: "Token has been expired or revoked." };

const RULES: Readonly<Record<string, Rules>> = {
  google: {
    client: "123456789012-sandbox.apps.googleusercontent.com",
    authorize: "https://accounts.google.com/o/oauth2/v2/auth",
    token: "https://oauth2.googleapis.com/token",
    revoke: "https://oauth2.googleapis.com/revoke",
    issuer: "https://accounts.google.com",
    demands: {},
    spent: INVALID_GRANT,
    namesScopes: true,
  },
  dropbox: {
    client: "dropbox-client",
    authorize: "https://www.dropbox.com/oauth2/authorize",
    token: "https://api.dropboxapi.com/oauth2/token",
    revoke: "https://api.dropboxapi.com/2/auth/token/revoke",
    demands: { token_access_type: "offline" },
    spent: INVALID_GRANT,
    namesScopes: true,
  },
  atlassian: {
    client: "atlassian-client",
    authorize: "https://auth.atlassian.com/authorize",
    token: "https://auth.atlassian.com/oauth/token",
    json: true,
    demands: { audience: "api.atlassian.com", prompt: "consent" },
    graceMs: 600_000,
    spent: { status: 403, error: "unauthorized_client", error_description: "refresh_token is invalid" },
    namesScopes: true,
  },
  autodesk: {
    client: "autodesk-client",
    authorize: "https://developer.api.autodesk.com/authentication/v2/authorize",
    token: "https://developer.api.autodesk.com/authentication/v2/token",
    revoke: "https://developer.api.autodesk.com/authentication/v2/revoke",
    basic: true,
    demands: {},
    graceMs: 0,
    spent: { status: 400, error: "invalid_grant", error_description: "The refresh token is expired or invalid." },
    namesScopes: false,
  },
};

/** Where the sources of these tests say whose account a token is of. */
const ACCOUNT_URL = "https://source.example/account";

interface Grant {
  vendor: string;
  account: string;
  scope: string;
  nonce: string | null;
  challenge: string | null;
  redirectUri: string;
  lasting: boolean;
}

export interface Claims {
  hd?: string;
  email_verified?: boolean;
}

export class SmallAuthorities {
  readonly #keys = generateKeyPair("RS256", { extractable: true });
  readonly #codes = new Map<string, Grant>();
  readonly #access = new Map<string, Grant>();
  readonly #refresh = new Map<string, { grant: Grant; usedAt: number | null }>();
  readonly #consented = new Set<string>();
  readonly #real = globalThis.fetch;
  /** What an account's id tokens say beyond its address. */
  readonly claims = new Map<string, Claims>();
  /** Every token request, as its body says. */
  readonly tokenRequests: Record<string, string>[] = [];
  /** Tokens whose grants were ended. */
  readonly revoked: string[] = [];
  /** Called after a token request has had its effect, before it is answered. */
  beforeAnswer: (() => Promise<void>) | undefined;

  /** Has requests to these authorities answered here, until that is taken back. */
  play(): () => void {
    globalThis.fetch = (input, init) => {
      const request = new Request(input, init);
      return this.#answer(request, new URL(request.url)) ?? this.#real(request);
    };
    return () => void (globalThis.fetch = this.#real);
  }

  #answer(request: Request, url: URL): Promise<Response> | null {
    const address = url.origin + url.pathname;
    if (address === "https://www.googleapis.com/oauth2/v3/certs") return this.#certs();
    if (address === ACCOUNT_URL) return Promise.resolve(this.#accountOf(request));
    for (const [vendor, rules] of Object.entries(RULES)) {
      if (address === rules.authorize) return Promise.resolve(this.#authorize(vendor, rules, url.searchParams));
      if (address === rules.token) return this.#token(vendor, rules, request);
      if (address === rules.revoke) return this.#revoke(rules, request);
    }
    return null;
  }

  /** The person is `login_hint`, says no by `declined`, and unticks a scope by `untick`. */
  #authorize(vendor: string, rules: Rules, query: URLSearchParams): Response {
    const wrong = Object.entries({ ...rules.demands, response_type: "code", client_id: rules.client, code_challenge_method: "S256" }).find(
      ([name, value]) => query.get(name) !== value,
    );
    if (wrong) return new Response(`${wrong[0]} is not ${wrong[1]}`, { status: 400 });
    const account = query.get("login_hint");
    if (account === null) return new Response("Pick an account", { status: 200 });
    const back = new URL(query.get("redirect_uri") ?? "");
    back.searchParams.set("state", query.get("state") ?? "");
    if (query.has("declined")) {
      back.searchParams.set("error", "access_denied");
      return Response.redirect(back.href, 302);
    }
    const scope = (query.get("scope") ?? "").split(" ").filter((one) => one !== query.get("untick")).join(" "); // prettier-ignore
    const known = this.#consented.has(`${vendor} ${account}`);
    this.#consented.add(`${vendor} ${account}`);
    const lasting =
      vendor !== "google" || (query.get("access_type") === "offline" && (!known || (query.get("prompt") ?? "").includes("consent")));
    const code = crypto.randomUUID();
    this.#codes.set(code, {
      vendor,
      account,
      scope,
      nonce: query.get("nonce"),
      challenge: query.get("code_challenge"),
      redirectUri: query.get("redirect_uri") ?? "",
      lasting,
    });
    back.searchParams.set("code", code);
    if (rules.issuer !== undefined) back.searchParams.set("iss", rules.issuer);
    return Response.redirect(back.href, 302);
  }

  async #token(vendor: string, rules: Rules, request: Request): Promise<Response> {
    const text = await textOf(request);
    const isJson = request.headers.get("content-type") === "application/json";
    if (isJson !== (rules.json ?? false)) return refuse(400, "invalid_request", "The body has the wrong form.");
    const form = isJson ? (JSON.parse(text) as Record<string, string>) : Object.fromEntries(new URLSearchParams(text));
    this.tokenRequests.push(form);
    const basic = request.headers.get("authorization");
    if (rules.basic) {
      if (form["client_secret"] !== undefined) return refuse(400, "invalid_request", "Both ways to authenticate.");
      if (basic !== `Basic ${btoa(`${rules.client}:${CLIENT_SECRET}`)}`) return Response.json({ errorCode: "AUTH-003" }, { status: 401 });
    } else if (form["client_id"] !== rules.client || form["client_secret"] !== CLIENT_SECRET) {
      return rules.json ? refuse(401, "access_denied", "Unauthorized") : refuse(401, "invalid_client", "Unauthorized");
    }
    const grant = form["grant_type"] === "refresh_token" ? this.#exchange(rules, form) : await this.#redeem(form);
    await this.beforeAnswer?.();
    if (!grant || grant.vendor !== vendor) return refuse(rules.spent.status, rules.spent.error, rules.spent.error_description);
    const rotates = rules.graceMs !== undefined;
    return Response.json({
      token_type: "bearer",
      access_token: this.#issue(grant),
      expires_in: ACCESS_SECONDS,
      ...(rules.namesScopes && { scope: grant.scope }),
      ...((rotates || (grant.lasting && form["grant_type"] !== "refresh_token")) && { refresh_token: this.#issueRefresh(grant) }),
      ...(rules.issuer !== undefined && { id_token: await this.#idToken(rules.issuer, rules.client, grant) }),
    });
  }

  async #redeem(form: Record<string, string>): Promise<Grant | null> {
    const grant = this.#codes.get(form["code"] ?? "");
    this.#codes.delete(form["code"] ?? "");
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(form["code_verifier"]));
    const challenge = btoa(String.fromCharCode(...new Uint8Array(digest)));
    const proven = challenge.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "") === grant?.challenge;
    return grant && proven && grant.redirectUri === form["redirect_uri"] ? grant : null;
  }

  #exchange(rules: Rules, form: Record<string, string>): Grant | null {
    const held = this.#refresh.get(form["refresh_token"] ?? "");
    if (!held) return null;
    if (held.usedAt !== null && rules.graceMs !== undefined && Date.now() - held.usedAt >= rules.graceMs) return null;
    held.usedAt ??= Date.now();
    return held.grant;
  }

  async #revoke(rules: Rules, request: Request): Promise<Response> {
    const form = new URLSearchParams(await textOf(request));
    if (rules.basic && (form.get("token_type_hint") === null || request.headers.get("authorization") === null)) {
      return refuse(400, "invalid_request", "token_type_hint and the client are required.");
    }
    const token = form.get("token") ?? request.headers.get("authorization")?.slice("Bearer ".length) ?? "";
    if (!this.#refresh.has(token) && !this.#access.has(token)) return refuse(400, "invalid_token", "");
    this.revoked.push(token);
    return new Response(null);
  }

  #accountOf(request: Request): Response {
    const grant = this.#access.get(request.headers.get("authorization")?.slice("Bearer ".length) ?? "");
    return grant ? Response.json({ id: `id of ${grant.account}`, email: grant.account }) : new Response(null, { status: 401 });
  }

  #issue(grant: Grant): string {
    const token = `access-${crypto.randomUUID()}`;
    this.#access.set(token, grant);
    return token;
  }

  #issueRefresh(grant: Grant): string {
    const token = `refresh-${crypto.randomUUID()}`;
    this.#refresh.set(token, { grant, usedAt: null });
    return token;
  }

  /** Tokens as if somebody had allowed it already. */
  grant(vendor: string, account: string, expiresAt: number): { accessToken: string; refreshToken: string; expiresAt: number } {
    const grant = { vendor, account, scope: "", nonce: null, challenge: null, redirectUri: "", lasting: true };
    return { accessToken: this.#issue(grant), refreshToken: this.#issueRefresh(grant), expiresAt };
  }

  async #idToken(issuer: string, audience: string, { account, nonce }: Grant): Promise<string> {
    const { privateKey } = await this.#keys;
    const claims = { email: account, email_verified: true, name: account.split("@")[0], ...this.claims.get(account) };
    return new SignJWT({ ...claims, ...(nonce !== null && { nonce }) })
      .setProtectedHeader({ alg: "RS256", kid: "small" })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(`subject of ${account}`)
      .setIssuedAt()
      .setExpirationTime("1h")
      .sign(privateKey);
  }

  async #certs(): Promise<Response> {
    const { publicKey } = await this.#keys;
    return Response.json({ keys: [{ ...(await exportJWK(publicKey)), kid: "small", alg: "RS256", use: "sig" }] });
  }
}

async function textOf(request: Request): Promise<string> {
  return new TextDecoder().decode(await request.arrayBuffer());
}

function refuse(status: number, error: string, description: string): Response {
  return Response.json({ error, error_description: description }, { status });
}

/** A drive in memory that is connected by a sign-in at this authority, and says whose it is by what the token is of. */
export function driveAt(drive: MemoryDrive, source: { id: string; authority: string; scopes: readonly string[] }): ProviderDefinition {
  const memory = memoryProvider(drive);
  const { id, authority, scopes } = source;
  return {
    ...memory,
    id,
    methods: [{ type: "oauth2", id: authority, name: id, authority, scopes }],
    create: (env, context) =>
      Object.assign(memory.create(env, context), {
        account: async () => {
          const headers = { authorization: `Bearer ${await context.accessToken()}` };
          const { id: accountId, email } = await (await context.fetch(ACCOUNT_URL, { headers })).json<{ id: string; email: string }>();
          return { id: accountId, label: email, email };
        },
      }),
  };
}
