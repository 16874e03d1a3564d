import { randomBytes } from "node:crypto";
import { backToClient, isRedirectUri } from "../oauth/clients.ts";
import { accountsPage, problemPage } from "../oauth/sign-in-page.ts";
import type { VendorRequest } from "../vendor-request.ts";
import { PERSON_DOMAIN } from "./accounts.ts";
import type { AutodeskTools } from "./context.ts";
import { API_HOST } from "./hosts.ts";

export const AUTHORIZE = "/authentication/v2/authorize";
/** Where the page's own form leads. */
export const SUBMIT = "/authentication/v2/authorize/consent";
const CLIENT_ID = /^[A-Za-z0-9-]{4,64}$/;
const PKCE_CHALLENGE = /^[\w.~-]{43,128}$/;
const SCOPES = new Set(
  "user-profile:read user:read user:write viewables:read data:read data:write data:create data:search bucket:create bucket:read bucket:update bucket:delete code:all account:read account:write application:service_account:read application:service_account:write application:service_account_key:read application:service_account_key:write openid".split(
    " ",
  ),
);

export const isClientId = (id: string): boolean => CLIENT_ID.test(id);

/** Scopes as they are asked for; undefined where one is none. */
export function scopesOf(text: string | null): string[] | undefined {
  const scopes = (text ?? "").split(" ").filter((scope) => scope !== "");
  // Of single resources: `data:read:<URN>`.
  return scopes.length > 0 && scopes.every((scope) => SCOPES.has(scope) || scope.startsWith("data:read:urn:")) ? scopes : undefined;
}

/** The authorize endpoint, and the page behind it. A request whose client or redirect URI is wrong ends on a page. */
export function authorize(tools: AutodeskTools, request: VendorRequest): Response {
  const { query } = request;
  const client = query.get("client_id") ?? "";
  if (!isClientId(client))
    return problemPage("Autodesk", "This application does not exist", "AUTH-001: The client_id specified is not valid.");
  const redirectUri = query.get("redirect_uri") ?? "";
  if (!isRedirectUri(redirectUri))
    return problemPage("Autodesk", "Invalid redirect_uri", "The redirect_uri is none of the application's callback URLs.");
  const back = (fields: Record<string, string | null>): Response => backToClient(redirectUri, { ...fields, state: query.get("state") });
  if (query.get("response_type") !== "code")
    return back({ error: "unsupported_response_type", error_description: "The response_type must be code." });
  const scopes = scopesOf(query.get("scope"));
  if (scopes === undefined) return back({ error: "invalid_scope", error_description: "The requested scope is invalid." });
  const challenge = query.get("code_challenge");
  if (challenge !== null && (!PKCE_CHALLENGE.test(challenge) || query.get("code_challenge_method") !== "S256"))
    return back({ error: "invalid_request", error_description: "The code_challenge is invalid." });
  if (query.has("declined")) return back({ error: "access_denied", error_description: "The resource owner denied the request." });
  const chosen = request.path === SUBMIT ? query.get("account") : query.get("login_hint");
  const account = tools.accounts.named(chosen ?? "");
  if (account?.form !== "person") return choose(tools, request, request.path === SUBMIT ? chosen : null);
  const code = randomBytes(24).toString("base64url");
  tools.codes.issue(code, {
    account: account.no,
    client,
    redirectUri,
    scope: scopes.join(" "),
    nonce: query.get("nonce"),
    challenge,
    challengeMethod: "S256",
    extra: {},
  });
  return back({ code });
}

function choose(tools: AutodeskTools, request: VendorRequest, chosen: string | null): Response {
  const accounts = tools.accounts
    .all()
    .filter(({ form }) => form === "person")
    .map((account) => ({ account, kind: account.hub.name }));
  const problem = chosen === null ? undefined : `There is no account ${chosen} here: use one at ${PERSON_DOMAIN}.`;
  const action = `${request.site(API_HOST)}${SUBMIT}`;
  return accountsPage({ vendor: "Autodesk", accounts, query: request.query, action, example: `someone@${PERSON_DOMAIN}`, problem });
}
