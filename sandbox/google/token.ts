import { createHash } from "node:crypto";
import type { Asked } from "../fault-kinds.ts";
import { CLIENT_SECRET, clientCredentials } from "../oauth/clients.ts";
import { signJwt } from "../oauth/keys.ts";
import type { VendorRequest } from "../vendor-request.ts";
import { WORKSPACE_DOMAIN, type Account } from "./accounts.ts";
import { redeemAssertion } from "./assertion.ts";
import { isClientId } from "./authorize.ts";
import type { GoogleTools } from "./context.ts";
import { ACCESS_TOKEN_SECONDS } from "./grants.ts";
import { ACCOUNTS_HOST } from "./hosts.ts";

const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const HALF_HASH_BYTES = 16;

export type TokenProblem = { error: string; error_description: string; status?: number };
export type Granted = { account: Account; client: string; scope: string; nonce: string | null; refresh: boolean; identity: boolean };

/** The token endpoint: redeems codes, refresh tokens, and service accounts' assertions. */
export async function token(tools: GoogleTools, request: VendorRequest, asked: Asked): Promise<Response> {
  if (tools.faults.strike("google-token-service-down", asked) !== undefined)
    return refusal({ error: "internal_failure", error_description: "Backend Error", status: 503 });
  const form = await formOf(request);
  const granted = form.get("grant_type") === JWT_BEARER ? redeemAssertion(tools, request, form) : redeem(tools, request, form, asked);
  return "error" in granted ? refusal(granted) : answer(tools, request, granted);
}

/** Ends a grant by one of its tokens. */
export async function revoke(tools: GoogleTools, request: VendorRequest): Promise<Response> {
  const given = (await formOf(request)).get("token") ?? request.query.get("token") ?? "";
  const access = tools.grants.openAccessToken(given);
  const grant = typeof access === "string" ? tools.grants.openRefreshToken(given) : access;
  if (typeof grant === "string") return refusal({ error: "invalid_token", error_description: "Token expired or revoked" });
  tools.accounts.revoke(grant.account);
  tools.db.prepare("DELETE FROM google_consents WHERE account = ?").run(grant.account.no);
  return Response.json({});
}

export function refusal({ status = 400, ...body }: TokenProblem): Response {
  return Response.json(body, { status, headers: { "Cache-Control": "no-cache, no-store, max-age=0, must-revalidate" } });
}

/** Clients send forms, and some send JSON. */
async function formOf(request: VendorRequest): Promise<URLSearchParams> {
  const text = await request.text();
  if (!(request.headers.get("content-type") ?? "").startsWith("application/json")) return new URLSearchParams(text);
  return new URLSearchParams(JSON.parse(text) as Record<string, string>);
}

function redeem(tools: GoogleTools, request: VendorRequest, form: URLSearchParams, asked: Asked): Granted | TokenProblem {
  const type = form.get("grant_type");
  if (type === null) return { error: "unsupported_grant_type", error_description: "Invalid grant_type: " };
  const { id: client = "", secret } = clientCredentials(form, request.headers);
  if (!isClientId(client)) return { error: "invalid_client", error_description: "The OAuth client was not found.", status: 401 };
  if (secret === undefined) return { error: "invalid_request", error_description: "client_secret is missing." };
  if (secret !== CLIENT_SECRET) return { error: "invalid_client", error_description: "Unauthorized", status: 401 };
  if (type === "authorization_code") return redeemCode(tools, form, client);
  if (type === "refresh_token") return redeemRefreshToken(tools, form, client, asked);
  return { error: "unsupported_grant_type", error_description: `Invalid grant_type: ${type}` };
}

function redeemCode(tools: GoogleTools, form: URLSearchParams, client: string): Granted | TokenProblem {
  const grant = tools.codes.redeem(form.get("code") ?? "", {
    client,
    redirectUri: form.get("redirect_uri"),
    verifier: form.get("code_verifier"),
  });
  if (grant === "other-redirect") return { error: "redirect_uri_mismatch", error_description: "Bad Request" };
  if (grant === "verifier-missing") return { error: "invalid_grant", error_description: "Missing code verifier." };
  if (grant === "verifier-wrong") return { error: "invalid_grant", error_description: "Invalid code verifier." };
  const account = typeof grant === "string" ? undefined : tools.accounts.numbered(grant.account);
  if (typeof grant === "string" || account === undefined) return { error: "invalid_grant", error_description: "Bad Request" };
  return { account, client, scope: grant.scope, nonce: grant.nonce, refresh: grant.extra["refresh"] === "yes", identity: true };
}

function redeemRefreshToken(tools: GoogleTools, form: URLSearchParams, client: string, asked: Asked): Granted | TokenProblem {
  const grant = tools.grants.openRefreshToken(form.get("refresh_token") ?? "");
  const dead = { error: "invalid_grant", error_description: "Token has been expired or revoked." };
  if (grant === "malformed") return { error: "invalid_grant", error_description: "Bad Request" };
  if (typeof grant === "string") return dead;
  if (grant.client !== client) return { error: "unauthorized_client", error_description: "Unauthorized", status: 401 };
  if (tools.faults.strike("google-invalid-grant", asked) !== undefined) return dead;
  return { account: grant.account, client, scope: grant.scope, nonce: null, refresh: false, identity: true };
}

function answer(tools: GoogleTools, request: VendorRequest, granted: Granted): Response {
  const { account, client, scope, refresh } = granted;
  const accessToken = tools.grants.accessToken(account, client, scope);
  return Response.json(
    {
      access_token: accessToken,
      expires_in: ACCESS_TOKEN_SECONDS,
      ...(refresh && { refresh_token: tools.grants.refreshToken(account, client, scope) }),
      ...(granted.identity && { scope }),
      token_type: "Bearer",
      ...(granted.identity && scope.split(" ").includes("openid") && { id_token: idToken(tools, request, granted, accessToken) }),
    },
    { headers: { "Cache-Control": "no-cache, no-store, max-age=0, must-revalidate", Pragma: "no-cache" } },
  );
}

function idToken(tools: GoogleTools, request: VendorRequest, { account, client, scope, nonce }: Granted, accessToken: string): string {
  const seconds = Math.floor(tools.now() / 1000);
  const half = createHash("sha256").update(accessToken).digest().subarray(0, HALF_HASH_BYTES);
  return signJwt(tools.keys.identity, {
    iss: request.site(ACCOUNTS_HOST),
    azp: client,
    aud: client,
    ...claimsOf(account, scope),
    at_hash: half.toString("base64url"),
    ...(nonce !== null && { nonce }),
    iat: seconds,
    exp: seconds + ACCESS_TOKEN_SECONDS,
  });
}

/** What id tokens and userinfo say of a person. */
export function claimsOf({ subject, name, displayName, domain }: Account, scope: string): object {
  const [given = "", ...rest] = displayName.split(" ");
  return {
    sub: subject,
    ...(domain === WORKSPACE_DOMAIN && { hd: domain }),
    ...(scope.includes("email") && { email: name, email_verified: true }),
    ...(scope.includes("profile") && { name: displayName, given_name: given, ...(rest.length > 0 && { family_name: rest.join(" ") }) }),
  };
}
