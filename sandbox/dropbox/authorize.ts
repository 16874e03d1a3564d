import { randomBytes } from "node:crypto";
import { backToClient, isRedirectUri } from "../oauth/clients.ts";
import { accountsPage, problemPage } from "../oauth/sign-in-page.ts";
import type { VendorRequest } from "../vendor-request.ts";
import { isPerson } from "./accounts.ts";
import type { DropboxTools } from "./context.ts";
import { WWW_HOST } from "./hosts.ts";

export const AUTHORIZE = "/oauth2/authorize";
/** Where the page's own form leads. */
const SUBMIT = "/oauth2/authorize_submit";
const APP_KEY = /^[a-z0-9-]{6,40}$/;
/** What the app has ticked in the App Console. */
const APP_SCOPES = ["account_info.read", "files.metadata.read", "files.content.read"];

export const isAppKey = (id: string): boolean => APP_KEY.test(id);

/** The page that asks for consent, and what becomes of the answer. A request whose client or redirect URI is wrong ends on a page. */
export function authorize(tools: DropboxTools, request: VendorRequest): Response {
  const { query } = request;
  const problem = problemOf(query);
  if (problem !== undefined) return problemPage("Dropbox", "It seems the app you were using submitted a bad request.", problem);
  const back = (fields: Record<string, string | null>): Response =>
    backToClient(query.get("redirect_uri") ?? "", { ...fields, state: query.get("state") });
  const asked = (query.get("scope") ?? APP_SCOPES.join(" ")).split(" ").filter((scope) => scope !== "");
  const unknown = asked.find((scope) => !APP_SCOPES.includes(scope));
  if (unknown !== undefined) return back({ error: "invalid_scope", error_description: `requested scopes are invalid: ${unknown}` });
  if (query.has("declined"))
    return back({ error: "access_denied", error_description: "The user chose not to give your app access to their Dropbox account." });
  const chosen = request.path === SUBMIT ? (query.get("account") ?? "") : "";
  const account = tools.accounts.named(chosen);
  if (account === undefined || !isPerson(account)) return choose(tools, request, chosen);
  const code = randomBytes(32).toString("base64url");
  tools.codes.issue(code, {
    account: account.no,
    client: query.get("client_id") ?? "",
    redirectUri: query.get("redirect_uri") ?? "",
    scope: asked.join(" "),
    nonce: null,
    challenge: query.get("code_challenge"),
    challengeMethod: query.get("code_challenge_method") ?? "plain",
    extra: { offline: query.get("token_access_type") === "offline" ? "1" : "" },
  });
  return back({ code });
}

function choose(tools: DropboxTools, request: VendorRequest, chosen: string): Response {
  const accounts = tools.accounts
    .all()
    .filter(isPerson)
    .map((account) => ({ account, kind: account.team === undefined ? "Personal account" : `Member of ${account.team.name}` }));
  const problem = chosen === "" ? undefined : `There is no account ${chosen} here: use one at dropbox.example or dropbox-team.example.`;
  const action = `${request.site(WWW_HOST)}${SUBMIT}`;
  return accountsPage({ vendor: "Dropbox", accounts, query: request.query, action, example: "someone@dropbox.example", problem });
}

function problemOf(query: URLSearchParams): string | undefined {
  if (!isAppKey(query.get("client_id") ?? "")) return "Invalid client_id: The app with that key does not exist.";
  if (query.get("response_type") !== "code") return 'Invalid response_type: must be "code".';
  const redirect = query.get("redirect_uri") ?? "";
  if (!isRedirectUri(redirect)) return `Invalid redirect_uri: "${redirect}": It must exactly match one of the redirect URIs of the app.`;
  const method = query.get("code_challenge_method");
  if (query.has("code_challenge") && method !== null && method !== "S256" && method !== "plain") return "Invalid code_challenge_method.";
  return undefined;
}
