import type { Authority, ToldError, Trouble } from "./authority.ts";
import { registration } from "./authority.ts";
import { assertKeyIssuer, expectedIssuer, issuerForToken, toPerson } from "./microsoft-token.ts";

const IDENTITY_SCOPES = ["openid", "profile", "email"];
const LASTING_SCOPE = "offline_access";
/** Graph's scopes come back with their resource before them, from some accounts. */
const SCOPE_RESOURCE = /^https:\/\/graph\.microsoft\.[a-z.]+\//;
const DEAD_GRANT = new Set(["interaction_required", "consent_required", "login_required"]);
/** `common` and `consumers` have no administrators. */
const TENANTS_WITHOUT_ADMINISTRATORS = new Set(["common", "consumers"]);

// AADSTS numbers: they tell apart what `error` lumps together.
const ADMIN_CONSENT = new Set([90094, 90095]);
const CONSENT_MISSING = new Set([65001, 65004]);
const STEP_NEEDED = new Set([50072, 50074, 50076, 50078, 50079, 50158, 53000, 53001, 53002, 53003, 53004, 530032]);
const TENANT_BLOCKS = new Set([50057, 50034, 51004, 50020, 50105, 700016, 70001, 7000112, 65005]);

/** The Microsoft identity platform v2. It has no endpoint that ends a grant. */
export const microsoft: Authority = {
  id: "microsoft",
  name: "Microsoft",
  client: (env) => registration(env.MICROSOFT_CLIENT_ID, env.MICROSOFT_CLIENT_SECRET),
  server: ({ MICROSOFT_LOGIN_URL, MICROSOFT_TENANT }) => {
    const base = `${MICROSOFT_LOGIN_URL}/${MICROSOFT_TENANT}`;
    return { issuer: `${base}/v2.0`, token_endpoint: `${base}/oauth2/v2.0/token` };
  },
  discovery: ({ MICROSOFT_LOGIN_URL: base, MICROSOFT_TENANT: tenant }) => ({
    address: new URL(`${base}/${tenant}/v2.0`),
    issuer: new URL(expectedIssuer(base, tenant)),
  }),
  clientAuthentication: "post",
  identity: {
    scopes: IDENTITY_SCOPES,
    provider: "onedrive",
    issuerFor: issuerForToken,
    isIssuer: ({ MICROSOFT_LOGIN_URL }, issuer) => issuer.startsWith(`${MICROSOFT_LOGIN_URL}/`),
    checkKey: assertKeyIssuer,
    person: toPerson,
  },
  lastingScopes: [LASTING_SCOPE],
  authorizeParameters: ({ chooseAccount, consent, loginHint }) => ({
    response_mode: "query",
    ...(loginHint !== undefined && { login_hint: loginHint }),
    ...(consent ? { prompt: "consent" } : chooseAccount && { prompt: "select_account" }),
  }),
  refreshParameters: (scopes) => ({
    scope: [...scopes.filter((scope) => !IDENTITY_SCOPES.includes(scope) && scope !== LASTING_SCOPE), LASTING_SCOPE].join(" "),
  }),
  scopeName: (granted) => granted.replace(SCOPE_RESOURCE, ""),
  // `Files.Read.All` has `Files.Read` in it.
  grants: (granted, asked) => granted.some((one) => one.toLowerCase() === asked.toLowerCase() || one.startsWith(`${asked}.`)),
  trouble,
  refusal: ({ error }) => (DEAD_GRANT.has(error) ? "dead_grant" : undefined),
  adminConsentUrl: ({ MICROSOFT_LOGIN_URL: base, MICROSOFT_TENANT: tenant }, { clientId, scope, redirectUri }) => {
    const url = new URL(`${base}/${TENANTS_WITHOUT_ADMINISTRATORS.has(tenant) ? "organizations" : tenant}/v2.0/adminconsent`);
    url.search = new URLSearchParams({ client_id: clientId, scope, redirect_uri: redirectUri }).toString();
    return url.href;
  },
};

function trouble({ error, description }: ToldError): Trouble | undefined {
  const numbers = [...description.matchAll(/AADSTS(\d+)/g)].map((match) => Number(match[1]));
  const some = (codes: ReadonlySet<number>) => numbers.some((number) => codes.has(number));
  if (some(ADMIN_CONSENT) || (error === "access_denied" && /\badmin/i.test(description))) return "admin_consent";
  if (error === "access_denied" || error === "consent_required" || some(CONSENT_MISSING)) return "declined";
  if (some(TENANT_BLOCKS)) return "organisation";
  if (error === "interaction_required" || error === "login_required" || some(STEP_NEEDED)) return "step_needed";
  return undefined;
}
