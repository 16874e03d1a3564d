import { openJwt } from "../oauth/keys.ts";
import type { VendorRequest } from "../vendor-request.ts";
import { SERVICE_ACCOUNT_DOMAIN, type Account } from "./accounts.ts";
import type { GoogleTools } from "./context.ts";
import { OAUTH_HOST } from "./hosts.ts";
import type { Granted, TokenProblem } from "./token.ts";

// Service accounts: they have no password and no consent, but a key, whose assertions are redeemed for access tokens.

const LIFE_SECONDS_MAX = 3600;
const CLOCK_SECONDS = 300;
const TOKEN_URL = `https://${OAUTH_HOST}/token`;

const badJwt = (why: string): TokenProblem => ({ error: "invalid_grant", error_description: `Invalid JWT: ${why}` });

export function redeemAssertion(tools: GoogleTools, request: VendorRequest, form: URLSearchParams): Granted | TokenProblem {
  const assertion = form.get("assertion");
  if (assertion === null) return { error: "invalid_request", error_description: "Missing required parameter: assertion" };
  const claims = openJwt(tools.keys.serviceAccounts, assertion);
  if (claims === undefined) return { error: "invalid_grant", error_description: "Invalid JWT Signature." };
  const issuer = tools.accounts.named(String(claims["iss"]));
  if (issuer?.form !== "service_account") return { error: "invalid_grant", error_description: "Invalid grant: account not found" };
  const now = Math.floor(tools.now() / 1000);
  const [iat, exp] = [Number(claims["iat"]), Number(claims["exp"])];
  if (claims["aud"] !== TOKEN_URL && claims["aud"] !== `${request.site(OAUTH_HOST)}/token`) return badJwt("Failed audience check.");
  if (!(iat <= now + CLOCK_SECONDS && exp > now - CLOCK_SECONDS && exp - iat <= LIFE_SECONDS_MAX)) {
    return badJwt(
      "Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.",
    );
  }
  const scope = claims["scope"];
  if (typeof scope !== "string" || scope === "")
    return { error: "invalid_scope", error_description: "Invalid OAuth scope or ID token audience provided." };
  const account = subjectOf(tools, issuer, claims["sub"]);
  if ("error" in account) return account;
  return { account, client: issuer.name, scope, nonce: null, refresh: false, identity: false };
}

/** Whom the token is to speak for: the service account itself, or a person of the workspace whose administrator lets it. */
function subjectOf(tools: GoogleTools, issuer: Account, sub: unknown): Account | TokenProblem {
  if (sub === undefined || sub === issuer.name) return issuer;
  const person = tools.accounts.named(String(sub));
  if (person?.form !== "person") return { error: "invalid_grant", error_description: "Invalid email or User ID" };
  if (tools.access.mayActFor(issuer, person)) return person;
  return {
    error: "unauthorized_client",
    error_description:
      "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.",
    status: 401,
  };
}

/** The JSON key file of a service account, as the console has people download it. */
export function keyFile(tools: Pick<GoogleTools, "keys">, account: Account): object {
  const [name = ""] = account.name.split("@");
  return {
    type: "service_account",
    project_id: SERVICE_ACCOUNT_DOMAIN.replace(".example", ""),
    private_key_id: tools.keys.serviceAccounts.kid,
    private_key: tools.keys.serviceAccounts.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    client_email: account.name,
    client_id: account.subject,
    auth_uri: "https://accounts.google.com/o/oauth2/auth",
    token_uri: TOKEN_URL,
    auth_provider_x509_cert_url: "https://www.googleapis.com/oauth2/v1/certs",
    client_x509_cert_url: `https://www.googleapis.com/robot/v1/metadata/x509/${encodeURIComponent(name)}`,
    universe_domain: "googleapis.com",
  };
}
