import { loadSigningKey, openJwt, type SigningKey } from "../oauth/keys.ts";
import type { VendorRequest } from "../vendor-request.ts";
import { SERVICE_ACCOUNT_DOMAIN, type Account } from "./accounts.ts";
import { scopesOf } from "./authorize.ts";
import type { AutodeskTools } from "./context.ts";
import { API_HOST } from "./hosts.ts";
import type { TokenProblem } from "./token.ts";

// Secure service accounts: robots of an app, whose assertions are redeemed for tokens as of a person.

const LIFE_SECONDS_MAX = 300;
const TOKEN_PATH = "/authentication/v2/token";
const bad = (why: string): TokenProblem => ({ error: "invalid_grant", error_description: why });

/** The key pair that every service account has: made when it is first asked for. */
const keyOf = ({ meta }: Pick<AutodeskTools, "meta">): SigningKey => loadSigningKey(meta, "autodesk-service-account-key");

export function redeemAssertion(
  tools: AutodeskTools,
  request: VendorRequest,
  form: URLSearchParams,
  client: string,
): { account: Account; client: string; scope: string } | TokenProblem {
  const claims = openJwt(keyOf(tools), form.get("assertion") ?? "");
  if (claims === undefined) return bad("The assertion is invalid.");
  const account = tools.accounts.all().find(({ form: kind, userId }) => kind === "service_account" && userId === claims["sub"]);
  if (account === undefined || account.client !== client || claims["iss"] !== client)
    return bad("The service account does not belong to the client.");
  if (claims["aud"] !== `https://${API_HOST}${TOKEN_PATH}` && claims["aud"] !== `${request.site(API_HOST)}${TOKEN_PATH}`)
    return bad("The audience of the assertion is invalid.");
  const now = Math.floor(tools.now() / 1000);
  const expires = Number(claims["exp"]);
  if (!(expires > now - LIFE_SECONDS_MAX && expires <= now + 2 * LIFE_SECONDS_MAX))
    return bad("The assertion has expired, or lives too long.");
  const stated = claims["scope"];
  const allowed = Array.isArray(stated) ? stated.map(String) : [];
  const asked = form.has("scope") ? (scopesOf(form.get("scope")) ?? []) : allowed;
  if (asked.length === 0 || asked.some((scope) => !allowed.includes(scope)) || scopesOf(asked.join(" ")) === undefined)
    return { error: "invalid_scope", error_description: "The requested scope is invalid, unknown, or malformed." };
  return { account, client, scope: asked.join(" ") };
}

/** What is needed to speak for a service account: its id, and its key as it is answered once, when it is made. */
export function serviceAccountKey(tools: Pick<AutodeskTools, "meta">, account: Account) {
  const { kid, privateKey } = keyOf(tools);
  const ids = { clientId: account.client, serviceAccountId: account.userId, email: emailOf(account) };
  return { ...ids, kid, privateKey: privateKey.export({ type: "pkcs1", format: "pem" }).toString() };
}

/** The address that is invited to a project. */
export function emailOf({ form, name, client }: Account): string {
  return form === "service_account" ? name.replace(SERVICE_ACCOUNT_DOMAIN, `${client}.adskserviceaccount.autodesk.com`) : name;
}
