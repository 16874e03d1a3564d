import { createHash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../clock.ts";
import { CLIENT_SECRET, clientCredentials } from "../oauth/clients.ts";
import type { CodeProblem, Codes } from "../oauth/codes.ts";
import { signJwt } from "../oauth/keys.ts";
import type { VendorRequest } from "../vendor-request.ts";
import type { Account, Accounts } from "./accounts.ts";
import { isClientId } from "./authorize.ts";
import type { Asked } from "../fault-kinds.ts";
import type { Faults } from "./fault-table.ts";
import { ACCESS_TOKEN_SECONDS, pairwiseSubject, type Grants } from "./grants.ts";
import { LOGIN_HOST } from "./hosts.ts";
import { INTERACTION_CLAIMS, tokenError, type IdentityError } from "./identity-errors.ts";
import type { Keys } from "./keys.ts";

const ID_TOKEN_SECONDS = 3600;

export type TokenTools = { db: DatabaseSync; accounts: Accounts; codes: Codes; grants: Grants; keys: Keys; faults: Faults; now: Clock };

type Granted = { account: Account; client: string; scope: string; asked: string; nonce: string | null };

/** The token endpoint: redeems codes and refresh tokens. */
export async function token(tools: TokenTools, request: VendorRequest, tenant: string, asked: Asked): Promise<Response> {
  const now = tools.now();
  const type = request.headers.get("content-type") ?? "";
  if (!type.startsWith("application/x-www-form-urlencoded")) {
    return tokenError(
      { error: "invalid_request", code: 900144, text: "The request body must contain the following parameter: 'grant_type'." },
      now,
    );
  }
  const form = new URLSearchParams(await request.text());
  if (tools.faults.strike("token-service-down", asked) !== undefined) {
    return tokenError(
      { error: "temporarily_unavailable", code: 90033, text: "A transient error has occurred. Please try again.", status: 503 },
      now,
    );
  }
  const client = authenticate(tools, form, request.headers, asked);
  if (typeof client !== "string") return tokenError(client, now);
  const granted = redeem(tools, form, client, tenant, asked);
  if ("error" in granted) return tokenError(granted, now);
  return tokenAnswer(tools, request, granted, asked);
}

// The client's id, or why it is not believed.
function authenticate(tools: TokenTools, form: URLSearchParams, headers: Headers, asked: Asked): string | IdentityError {
  if (!form.has("grant_type")) return missing("grant_type");
  const { id: client, secret } = clientCredentials(form, headers);
  if (client === undefined) return missing("client_id");
  if (!isClientId(client))
    return {
      error: "unauthorized_client",
      code: 700016,
      text: `Application with identifier '${client}' was not found in the directory 'Contoso'.`,
    };
  if (headers.has("origin")) {
    return {
      error: "invalid_request",
      code: 9002326,
      text: "Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type.",
    };
  }
  if (secret === undefined) {
    return {
      error: "invalid_client",
      code: 7000218,
      text: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    };
  }
  if (tools.faults.strike("expired-secret", asked) !== undefined) {
    return { error: "invalid_client", code: 7000222, text: `The provided client secret keys for app '${client}' are expired.` };
  }
  if (secret !== CLIENT_SECRET) {
    return {
      error: "invalid_client",
      code: 7000215,
      text: "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID.",
    };
  }
  return client;
}

function redeem(tools: TokenTools, form: URLSearchParams, client: string, tenant: string, asked: Asked): Granted | IdentityError {
  switch (form.get("grant_type")) {
    case "authorization_code":
      return redeemCode(tools, form, client, tenant);
    case "refresh_token":
      return redeemRefreshToken(tools, form, client, asked);
    default:
      return { error: "unsupported_grant_type", code: 70003, text: "The app requested an unsupported grant type." };
  }
}

function redeemCode(tools: TokenTools, form: URLSearchParams, client: string, tenant: string): Granted | IdentityError {
  const code = form.get("code");
  if (code === null) return missing("code");
  const grant = tools.codes.redeem(code, {
    client,
    redirectUri: form.get("redirect_uri"),
    verifier: form.get("code_verifier"),
    suits: ({ extra }) => extra["tenant"] === tenant,
  });
  if (typeof grant === "string") return CODE_ERRORS[grant];
  const account = tools.accounts.numbered(grant.account);
  if (account === undefined) return CODE_ERRORS.unknown;
  return { account, client, scope: grant.scope, asked: form.get("scope") ?? grant.scope, nonce: grant.nonce };
}

const CODE_ERRORS: Record<CodeProblem, IdentityError> = {
  unknown: { error: "invalid_grant", code: 9002313, text: "Invalid request. Request is malformed or invalid." },
  redeemed: {
    error: "invalid_grant",
    code: 54005,
    text: "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.",
  },
  expired: {
    error: "invalid_grant",
    code: 70008,
    text: "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource.",
  },
  unsuitable: {
    error: "invalid_grant",
    code: 700005,
    text: "Provided Authorization Code is intended to use against other tenant, thus rejected.",
  },
  "other-redirect": {
    error: "invalid_grant",
    code: 500112,
    text: "The reply address does not match the reply address provided when requesting Authorization code.",
  },
  "verifier-missing": {
    error: "invalid_grant",
    code: 50148,
    text: "The code_verifier does not match the code_challenge supplied in the authorization request for PKCE.",
  },
  "verifier-wrong": {
    error: "invalid_grant",
    code: 501481,
    text: "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
  },
};

function redeemRefreshToken(tools: TokenTools, form: URLSearchParams, client: string, asked: Asked): Granted | IdentityError {
  const text = form.get("refresh_token");
  if (text === null) return missing("refresh_token");
  const open = tools.grants.openRefreshToken(text);
  if (open === "malformed") return { error: "invalid_grant", code: 9002313, text: "Invalid request. Request is malformed or invalid." };
  if (open === "revoked") {
    return {
      error: "invalid_grant",
      code: 50173,
      suberror: "bad_token",
      text: "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password.",
    };
  }
  const inactive: IdentityError = {
    error: "invalid_grant",
    code: 700082,
    suberror: "bad_token",
    text: "The refresh token has expired due to inactivity.",
  };
  if (open === "expired") return inactive;
  const { account, scope, client: owner } = open.grant;
  if (owner !== client) return { error: "invalid_grant", code: 700007, text: "The refresh token was issued to another client." };
  if (tools.faults.strike("invalid-grant", asked) !== undefined) return inactive;
  if (tools.faults.strike("interaction-required", asked) !== undefined) {
    return {
      error: "interaction_required",
      code: 50076,
      suberror: "basic_action",
      claims: INTERACTION_CLAIMS,
      text: "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access the resource.",
    };
  }
  if (tools.faults.strike("consent-required", asked) !== undefined) {
    return { error: "consent_required", code: 65001, text: "The user or administrator has not consented to use the application." };
  }
  if (tools.faults.list().some((fault) => fault.name === "refresh-token-reuse-refused")) {
    const used = tools.db
      .prepare("INSERT OR IGNORE INTO meta (key, value) VALUES (?, ?)")
      .run(`used-refresh-token ${open.id}`, account.name);
    if (used.changes === 0 && tools.faults.strike("refresh-token-reuse-refused", asked) !== undefined) return inactive;
  }
  const wanted = form.get("scope");
  const outside = (wanted ?? "").split(/\s+/).some((one) => one !== "" && !includesScope(scope, one));
  if (outside)
    return {
      error: "invalid_grant",
      code: 65001,
      suberror: "consent_required",
      text: "The user or administrator has not consented to use the application.",
    };
  return { account, client, scope, asked: wanted ?? scope, nonce: null };
}

function tokenAnswer(tools: TokenTools, request: VendorRequest, granted: Granted, asked: Asked): Response {
  const { account, client, scope } = granted;
  const struck = { ...asked, account: account.name };
  const scopes = scope.split(" ");
  const given =
    tools.faults.strike("narrow-scope", struck) === undefined ? scopes.filter((one) => one !== "offline_access") : ["User.Read"];
  const body: Record<string, unknown> = {
    token_type: "Bearer",
    scope: given.join(" "),
    expires_in: ACCESS_TOKEN_SECONDS,
    ext_expires_in: ACCESS_TOKEN_SECONDS,
    access_token: tools.grants.accessToken(account, client, given.join(" ")),
  };
  if (scopes.includes("offline_access") && tools.faults.strike("missing-refresh-token", struck) === undefined) {
    body["refresh_token"] = tools.grants.refreshToken(account, client, scope);
  }
  if (scopes.includes("openid")) body["id_token"] = idToken(tools, request, granted);
  return Response.json(body, { headers: { "Cache-Control": "no-store, no-cache", Pragma: "no-cache" } });
}

function idToken(tools: TokenTools, request: VendorRequest, { account, client, scope, nonce }: Granted): string {
  const seconds = Math.floor(tools.now() / 1000);
  const profile = scope.includes("profile") ? { name: account.displayName, oid: account.oid, preferred_username: account.name } : {};
  return signJwt(account.form === "business" ? tools.keys.work : tools.keys.personal, {
    aud: client,
    iss: `${request.site(LOGIN_HOST)}/${account.tenant}/v2.0`,
    iat: seconds,
    nbf: seconds,
    exp: seconds + ID_TOKEN_SECONDS,
    ...(scope.includes("email") ? { email: account.name } : {}),
    ...profile,
    ...(nonce === null ? {} : { nonce }),
    rh: "1.AXYA",
    sub: pairwiseSubject(account, client),
    tid: account.tenant,
    uti: createHash("sha256").update(`${account.oid}${seconds}`).digest("base64url").slice(0, 22),
    ver: "2.0",
  });
}

function includesScope(granted: string, wanted: string): boolean {
  const name = wanted.replace(/^https:\/\/graph\.microsoft\.com\//i, "").toLowerCase();
  return name === ".default" || granted.toLowerCase().split(" ").includes(name);
}

function missing(parameter: string): IdentityError {
  return { error: "invalid_request", code: 900144, text: `The request body must contain the following parameter: '${parameter}'.` };
}
