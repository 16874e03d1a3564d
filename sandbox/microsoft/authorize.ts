import { randomBytes, randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../clock.ts";
import { backToClient, isRedirectUri } from "../oauth/clients.ts";
import type { Codes } from "../oauth/codes.ts";
import { accountsPage, problemPage } from "../oauth/sign-in-page.ts";
import type { VendorRequest } from "../vendor-request.ts";
import { LIBRARIES_DOMAIN, PERSONAL_TENANT, type Account, type Accounts } from "./accounts.ts";
import type { Asked } from "../fault-kinds.ts";
import type { Faults } from "./fault-table.ts";
import { LOGIN_HOST } from "./hosts.ts";
import { errorDescription, type IdentityError } from "./identity-errors.ts";

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const SESSION_COOKIE = "ESTSAUTHPERSISTENT";

export type AuthorizeTools = { db: DatabaseSync; accounts: Accounts; codes: Codes; faults: Faults; now: Clock };

export const isClientId = (id: string): boolean => GUID.test(id);

/**
 * The authorize endpoint, and the page behind it that a chosen account comes back to (`/login`). A request whose client or redirect
 * URI is wrong ends on a page; every other error goes to the redirect URI.
 */
export async function authorize(tools: AuthorizeTools, request: VendorRequest, tenant: string, asked: Asked): Promise<Response> {
  const query = request.method === "POST" ? new URLSearchParams(await request.text()) : request.query;
  const refused = refusedOutright(query);
  if (refused !== undefined) return errorPage(refused, tools.now());

  const invalid = invalidRequest(query);
  if (invalid !== undefined) return toRedirect(tools, query, invalid);
  const prompt = query.get("prompt") ?? "";
  const chosen = request.path.endsWith("/login") ? query.get("account") : null;
  if (query.has("declined"))
    return toRedirect(tools, query, { error: "access_denied", code: 65004, text: "User declined to consent to access the app." });

  const session = sessionAccount(tools, request);
  if (prompt === "none") return silently(tools, query, tenant, session, asked);
  const account = personNamed(tools, chosen ?? query.get("login_hint") ?? "");
  if (account === undefined) {
    const problem = chosen === null ? undefined : `There is no account ${chosen} here: use one at contoso.example or outlook.example.`;
    return pickAccount(tools, request, tenant, query, problem);
  }
  const closed = wrongTenant(account, tenant);
  if (closed !== undefined) return errorPage(closed, tools.now());
  return signIn(tools, query, tenant, account, asked);
}

function pickAccount(
  tools: AuthorizeTools,
  request: VendorRequest,
  tenant: string,
  query: URLSearchParams,
  problem: string | undefined,
): Response {
  const accounts = tools.accounts
    .all()
    .filter(({ library }) => library === undefined)
    .filter((account) => tenant === "common" || (tenant === "consumers") === (account.form !== "business"))
    .map((account) => ({ account, kind: account.form === "business" ? "Work or school account" : "Personal account" }));
  const action = `${request.site(LOGIN_HOST)}/${tenant}/login`;
  return accountsPage({ vendor: "Microsoft", accounts, query, action, example: "someone@contoso.example", problem });
}

// A library is an account of the sandbox's, and nobody.
function personNamed(tools: AuthorizeTools, name: string): Account | undefined {
  if (name.toLowerCase().endsWith(`@${LIBRARIES_DOMAIN}`)) return undefined;
  return tools.accounts.named(name);
}

function errorPage(problem: IdentityError, now: number): Response {
  const { description } = errorDescription(problem, now);
  return problemPage("Sign in to your account", "Sorry, but we’re having trouble signing you in.", description);
}

function refusedOutright(query: URLSearchParams): IdentityError | undefined {
  const client = query.get("client_id") ?? "";
  const redirect = query.get("redirect_uri") ?? "";
  if (client === "")
    return { error: "invalid_request", code: 900144, text: "The request body must contain the following parameter: 'client_id'." };
  if (!isClientId(client))
    return {
      error: "unauthorized_client",
      code: 700016,
      text: `Application with identifier '${client}' was not found in the directory 'Contoso'.`,
    };
  if (!isRedirectUri(redirect)) {
    return {
      error: "invalid_request",
      code: 50011,
      text: `The redirect URI '${redirect}' specified in the request does not match the redirect URIs configured for the application '${client}'.`,
    };
  }
  return undefined;
}

function invalidRequest(query: URLSearchParams): IdentityError | undefined {
  const type = query.get("response_type");
  if (type === null)
    return { error: "invalid_request", code: 900144, text: "The request body must contain the following parameter: 'response_type'." };
  if (type !== "code")
    return { error: "unsupported_response_type", code: 700051, text: `The response_type '${type}' is not enabled for the application.` };
  if ((query.get("scope") ?? "").trim() === "")
    return { error: "invalid_request", code: 900144, text: "The request body must contain the following parameter: 'scope'." };
  const mode = query.get("response_mode");
  if (mode !== null && !["query", "fragment", "form_post"].includes(mode))
    return { error: "invalid_request", code: 70004, text: `The response_mode '${mode}' is not supported.` };
  const method = query.get("code_challenge_method");
  if (method !== null && method !== "S256" && method !== "plain")
    return { error: "invalid_request", code: 501491, text: "Invalid size or method of Code_Challenge parameter." };
  const challenge = query.get("code_challenge");
  if (challenge !== null && !/^[\w.~-]{43,128}$/.test(challenge))
    return { error: "invalid_request", code: 501491, text: "Invalid size of Code_Challenge parameter." };
  const prompt = query.get("prompt");
  if (prompt !== null && !["login", "none", "consent", "select_account", ""].includes(prompt))
    return { error: "invalid_request", code: 90023, text: `Unsupported 'prompt' value '${prompt}'.` };
  return undefined;
}

// prompt=none: an answer without any page, from the browser's session and what was consented before.
function silently(tools: AuthorizeTools, query: URLSearchParams, tenant: string, account: Account | undefined, asked: Asked): Response {
  const hint = query.get("login_hint")?.toLowerCase();
  if (account === undefined || (hint !== undefined && hint !== account.name)) {
    return toRedirect(tools, query, {
      error: "login_required",
      code: 50058,
      text: "A silent sign-in request was sent but no user is signed in.",
    });
  }
  const row = tools.db.prepare("SELECT scope FROM consents WHERE account = ? AND client = ?").get(account.no, query.get("client_id"));
  const consented = new Set(String(row?.["scope"] ?? "").split(" "));
  const missing = scopesOf(query).some((scope) => !consented.has(scope));
  if (missing || tools.faults.strike("consent-required", asked) !== undefined) {
    return toRedirect(tools, query, {
      error: "interaction_required",
      code: 65001,
      text: "The user or administrator has not consented to use the application. Send an interactive authorization request for this user and resource.",
    });
  }
  return signIn(tools, query, tenant, account, asked);
}

function signIn(tools: AuthorizeTools, query: URLSearchParams, tenant: string, account: Account, asked: Asked): Response {
  const struck = { ...asked, account: account.name };
  const beyondPerson = needsAdmin(tools, query) && tools.faults.strike("all-scopes-need-admin", struck) !== undefined;
  if (beyondPerson || tools.faults.strike("admin-consent-required", struck) !== undefined) {
    return toRedirect(tools, query, {
      error: "access_denied",
      code: 90094,
      text: "An administrator has set a policy that prevents you from granting the application the permissions it is requesting.",
    });
  }
  if (account.form !== "business" && scopesOf(query).some((scope) => /(^|\/)sites\./i.test(scope))) {
    return toRedirect(tools, query, {
      error: "invalid_scope",
      code: 70011,
      text: "The provided value for the input parameter 'scope' is not valid for personal accounts.",
    });
  }
  const client = query.get("client_id") ?? "";
  const scope = scopesOf(query).join(" ");
  tools.db
    .prepare(
      "INSERT INTO consents (account, client, scope) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET scope = scope || ' ' || excluded.scope",
    )
    .run(account.no, client, scope);
  const code = account.form === "business" ? `1.AXYA${randomBytes(96).toString("base64url")}` : `M.C532_BAY.2.U.${randomUUID()}`;
  tools.codes.issue(code, {
    account: account.no,
    client,
    redirectUri: query.get("redirect_uri") ?? "",
    scope,
    nonce: query.get("nonce"),
    challenge: query.get("code_challenge"),
    challengeMethod: query.get("code_challenge_method") ?? "plain",
    extra: { tenant },
  });
  const answer = redirectWith(query, { code, state: query.get("state"), session_state: randomUUID() });
  answer.headers.append("Set-Cookie", `${SESSION_COOKIE}=${encodeURIComponent(account.name)}; Path=/; HttpOnly; SameSite=Lax`);
  return answer;
}

// Whether it is about files and sites of others, and no administrator has allowed this client to read them.
function needsAdmin(tools: AuthorizeTools, query: URLSearchParams): boolean {
  const rows = tools.db.prepare("SELECT scope FROM admin_consents WHERE client = ?").all(query.get("client_id"));
  const allowed = new Set(rows.map(({ scope }) => String(scope)));
  return scopesOf(query).some((scope) => /^(files|sites)\..*\.all$/i.test(scope) && !allowed.has(scope.toLowerCase()));
}

function toRedirect(tools: AuthorizeTools, query: URLSearchParams, problem: IdentityError): Response {
  const { description } = errorDescription(problem, tools.now());
  return redirectWith(query, {
    error: problem.error,
    error_description: description,
    state: query.get("state"),
    error_uri: `https://login.microsoftonline.com/error?code=${problem.code}`,
  });
}

function redirectWith(query: URLSearchParams, fields: Record<string, string | null>): Response {
  return backToClient(query.get("redirect_uri") ?? "", fields, query.get("response_mode") ?? "query");
}

function scopesOf(query: URLSearchParams): string[] {
  const scopes = (query.get("scope") ?? "").split(/\s+/).filter((scope) => scope !== "");
  return scopes.map((scope) => scope.replace(/^https:\/\/graph\.microsoft\.com\//i, ""));
}

function wrongTenant(account: Account, tenant: string): IdentityError | undefined {
  const personal = account.tenant === PERSONAL_TENANT;
  if (tenant === "common" || tenant === account.tenant) return undefined;
  if (tenant === "organizations" ? !personal : tenant === "consumers" && personal) return undefined;
  return {
    error: "invalid_request",
    code: 50020,
    text: `User account '${account.name}' does not exist in tenant '${tenant}' and cannot access the application there.`,
  };
}

function sessionAccount(tools: AuthorizeTools, request: VendorRequest): Account | undefined {
  const cookies = (request.headers.get("cookie") ?? "").split(/;\s*/);
  const value = cookies.find((cookie) => cookie.startsWith(`${SESSION_COOKIE}=`))?.slice(SESSION_COOKIE.length + 1);
  return value === undefined ? undefined : tools.accounts.named(decodeURIComponent(value));
}
