import type { Authority } from "./authority.ts";

const IDENTITY_SCOPES = new Set(["openid", "profile", "email", "offline_access"]);
const DEAD_GRANT = new Set(["interaction_required", "consent_required", "login_required"]);

/** The Microsoft identity platform v2. */
export const microsoft: Authority = {
  id: "microsoft",
  name: "Microsoft",
  client: ({ MICROSOFT_CLIENT_ID: id, MICROSOFT_CLIENT_SECRET: secret }) => (id && secret ? { id, secret } : null),
  server: ({ MICROSOFT_LOGIN_URL, MICROSOFT_TENANT }) => {
    const base = `${MICROSOFT_LOGIN_URL}/${MICROSOFT_TENANT}`;
    return { issuer: `${base}/v2.0`, token_endpoint: `${base}/oauth2/v2.0/token` };
  },
  clientAuthentication: "post",
  refreshParameters: (scopes) => ({ scope: [...scopes.filter((scope) => !IDENTITY_SCOPES.has(scope)), "offline_access"].join(" ") }),
  refusal: ({ error }) => (DEAD_GRANT.has(error) ? "dead_grant" : undefined),
};
