import { randomBytes } from "node:crypto";
import type { Asked } from "../fault-kinds.ts";
import { backToClient, isRedirectUri } from "../oauth/clients.ts";
import { accountsPage, problemPage } from "../oauth/sign-in-page.ts";
import type { VendorRequest } from "../vendor-request.ts";
import { PERSON_DOMAIN, WORKSPACE_DOMAIN, type Account } from "./accounts.ts";
import type { GoogleTools } from "./context.ts";
import { ACCOUNTS_HOST } from "./hosts.ts";

const CLIENT_ID = /^\d+-[a-z0-9]+\.apps\.googleusercontent\.com$/;
const PKCE_CHALLENGE = /^[\w.~-]{43,128}$/;
const OPENID_SCOPES = new Set(["openid", "email", "profile"]);
const SCOPE_PREFIX = "https://www.googleapis.com/auth/";
const LONG_NAMES: Readonly<Record<string, string>> = { email: `${SCOPE_PREFIX}userinfo.email`, profile: `${SCOPE_PREFIX}userinfo.profile` };

export const isClientId = (id: string): boolean => CLIENT_ID.test(id);

/** The authorize endpoint, and the page behind it that a chosen account comes back to. Errors of the client's own making end on a page. */
export async function authorize(tools: GoogleTools, request: VendorRequest, asked: Asked): Promise<Response> {
  const query = request.method === "POST" ? new URLSearchParams(await request.text()) : request.query;
  const refused = refusedOutright(query);
  if (refused !== undefined)
    return problemPage("Sign in - Google Accounts", "Access blocked: Authorization Error", `Error 400: ${refused}`);
  if (query.has("declined")) return toRedirect(query, { error: "access_denied" });
  const chosen = request.path.endsWith("/chooseaccount") ? query.get("account") : null;
  const named = tools.accounts.named(chosen ?? query.get("login_hint") ?? "");
  const account = named?.form === "person" ? named : undefined;
  if (query.get("prompt") === "none") return silently(tools, query, account, asked);
  if (account !== undefined) return signIn(tools, query, account, asked);
  const problem = chosen === null ? undefined : `There is no account ${chosen} here: use one at ${PERSON_DOMAIN} or ${WORKSPACE_DOMAIN}.`;
  return pickAccount(tools, request, query, problem);
}

function pickAccount(tools: GoogleTools, request: VendorRequest, query: URLSearchParams, problem: string | undefined): Response {
  const accounts = tools.accounts
    .all()
    .filter(({ form }) => form === "person")
    .map((account) => ({ account, kind: account.domain === WORKSPACE_DOMAIN ? "Google Workspace" : "Google Account" }));
  const action = `${request.site(ACCOUNTS_HOST)}/o/oauth2/v2/auth/chooseaccount`;
  return accountsPage({ vendor: "Google", accounts, query, action, example: `someone@${PERSON_DOMAIN}`, problem });
}

function refusedOutright(query: URLSearchParams): string | undefined {
  const client = query.get("client_id") ?? "";
  if (!isClientId(client)) return "invalid_client: The OAuth client was not found.";
  if (!isRedirectUri(query.get("redirect_uri") ?? "")) return "redirect_uri_mismatch";
  if (query.get("response_type") !== "code") return "unsupported_response_type";
  if ((query.get("scope") ?? "").trim() === "") return "invalid_request: Missing required parameter: scope";
  const unknown = scopesOf(query).find((scope) => !OPENID_SCOPES.has(scope) && !scope.startsWith(SCOPE_PREFIX));
  if (unknown !== undefined) return `invalid_scope: Some requested scopes were invalid. {invalid=[${unknown}]}`;
  const access = query.get("access_type");
  if (access !== null && access !== "online" && access !== "offline") return "invalid_request: Invalid parameter value for access_type";
  const challenge = query.get("code_challenge");
  if (challenge !== null && !PKCE_CHALLENGE.test(challenge)) return "invalid_request: Invalid code_challenge";
  const method = query.get("code_challenge_method");
  if (method !== null && method !== "S256" && method !== "plain") return "invalid_request: Invalid code_challenge_method";
  return undefined;
}

// prompt=none: from what was consented before, without any page.
function silently(tools: GoogleTools, query: URLSearchParams, account: Account | undefined, asked: Asked): Response {
  if (account === undefined) return toRedirect(query, { error: "login_required" });
  const consented = consentOf(tools, account, query.get("client_id") ?? "");
  if (scopesOf(query).some((scope) => !consented.includes(longName(scope)))) return toRedirect(query, { error: "interaction_required" });
  return signIn(tools, query, account, asked);
}

export function consentOf(tools: GoogleTools, account: Account, client: string): string[] {
  const row = tools.db.prepare("SELECT scope FROM google_consents WHERE account = ? AND client = ?").get(account.no, client);
  return String(row?.["scope"] ?? "")
    .split(" ")
    .filter((scope) => scope !== "");
}

function signIn(tools: GoogleTools, query: URLSearchParams, account: Account, asked: Asked): Response {
  const struck = { ...asked, account: account.name };
  if (tools.faults.strike("google-admin-policy", struck) !== undefined) return toRedirect(query, { error: "admin_policy_enforced" });
  const unticked = tools.faults.strike("google-scope-unticked", struck) !== undefined;
  const client = query.get("client_id") ?? "";
  const before = consentOf(tools, account, client);
  const ticked = scopesOf(query).filter((scope) => !unticked || OPENID_SCOPES.has(scope));
  const scopes = ticked.map(longName);
  const granted = query.get("include_granted_scopes") === "true" ? [...new Set([...before, ...scopes])] : scopes;
  // A refresh token comes with the first consent only, unless consent is asked for again.
  const isFirst = !scopes.every((scope) => before.includes(scope)) || (query.get("prompt") ?? "").split(" ").includes("consent");
  tools.db
    .prepare("INSERT INTO google_consents (account, client, scope) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET scope = excluded.scope")
    .run(account.no, client, [...new Set([...before, ...scopes])].join(" "));
  const code = `4/0A${randomBytes(54).toString("base64url")}`;
  tools.codes.issue(code, {
    account: account.no,
    client,
    redirectUri: query.get("redirect_uri") ?? "",
    scope: granted.join(" "),
    nonce: query.get("nonce"),
    challenge: query.get("code_challenge"),
    challengeMethod: query.get("code_challenge_method") ?? "plain",
    extra: { refresh: query.get("access_type") === "offline" && isFirst ? "yes" : "no" },
  });
  const hd = account.domain === WORKSPACE_DOMAIN ? { hd: account.domain } : {};
  return toRedirect(query, { code, scope: granted.join(" "), authuser: "0", ...hd, prompt: isFirst ? "consent" : "none" });
}

function toRedirect(query: URLSearchParams, fields: Record<string, string>): Response {
  return backToClient(query.get("redirect_uri") ?? "", { state: query.get("state"), ...fields }, query.get("response_mode") ?? "query");
}

const scopesOf = (query: URLSearchParams): string[] => (query.get("scope") ?? "").split(/\s+/).filter((scope) => scope !== "");
const longName = (scope: string): string => LONG_NAMES[scope] ?? scope;
