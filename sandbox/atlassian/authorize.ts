import { randomBytes } from "node:crypto";
import { backToClient, isRedirectUri } from "../oauth/clients.ts";
import { accountsPage, problemPage } from "../oauth/sign-in-page.ts";
import type { VendorRequest } from "../vendor-request.ts";
import type { AtlassianTools } from "./context.ts";
import { AUTH_HOST } from "./hosts.ts";

export const AUTHORIZE = "/authorize";
/** Where the page's own form leads. */
const SUBMIT = "/authorize/submit";
const CLIENT_ID = /^[A-Za-z0-9-]{8,40}$/;
/** Beside what products have: the person, and lasting access. */
const OWN_SCOPES = ["read:me", "read:account", "offline_access"];

export const isClientId = (id: string): boolean => CLIENT_ID.test(id);

/** The page that asks for consent, and what becomes of the answer. A request whose client or redirect URI is wrong ends on a page. */
export function authorize(tools: AtlassianTools, request: VendorRequest): Response {
  const { query } = request;
  const problem = problemOf(query);
  if (problem !== undefined) return problemPage("Atlassian", "Something went wrong", problem);
  const back = (fields: Record<string, string | null>): Response =>
    backToClient(query.get("redirect_uri") ?? "", { ...fields, state: query.get("state") });
  const asked = (query.get("scope") ?? "").split(" ").filter((scope) => scope !== "");
  const offered = new Set([...OWN_SCOPES, ...tools.products.flatMap(({ scopes }) => scopes)]);
  const unknown = asked.find((scope) => !offered.has(scope));
  if (unknown !== undefined) return back({ error: "invalid_scope", error_description: `The app may not ask for ${unknown}` });
  if (query.has("declined")) return back({ error: "access_denied", error_description: "User did not authorize the request" });
  const chosen = request.path === SUBMIT ? (query.get("account") ?? "") : "";
  const account = tools.accounts.named(chosen);
  if (account === undefined) return choose(tools, request, chosen);
  const code = randomBytes(32).toString("base64url");
  tools.codes.issue(code, {
    account: account.no,
    client: query.get("client_id") ?? "",
    redirectUri: query.get("redirect_uri") ?? "",
    scope: asked.join(" "),
    nonce: null,
    challenge: query.get("code_challenge"),
    challengeMethod: query.get("code_challenge_method") ?? "plain",
    extra: {},
  });
  return back({ code });
}

function choose(tools: AtlassianTools, request: VendorRequest, chosen: string): Response {
  const accounts = tools.accounts.all().map((account) => ({
    account,
    kind: new Intl.ListFormat("en").format(tools.sites.of(account).map(({ host }) => host)),
  }));
  const problem = chosen === "" ? undefined : `There is no account ${chosen} here: use one at atlassian.example.`;
  const action = `${request.site(AUTH_HOST)}${SUBMIT}`;
  return accountsPage({ vendor: "Atlassian", accounts, query: request.query, action, example: "someone@atlassian.example", problem });
}

function problemOf(query: URLSearchParams): string | undefined {
  if (!isClientId(query.get("client_id") ?? "")) return "The app's client_id is not known.";
  if (query.get("audience") !== "api.atlassian.com") return "The audience must be api.atlassian.com.";
  if (query.get("response_type") !== "code") return "The response_type must be code.";
  const redirect = query.get("redirect_uri") ?? "";
  if (!isRedirectUri(redirect)) return `The redirect_uri "${redirect}" is not registered for the app.`;
  return undefined;
}
