import type { Authority, RefusedRequest, ToldError, Trouble } from "./authority.ts";
import { registration } from "./authority.ts";

const GRACE_SECONDS = 600;

/**
 * Atlassian's OAuth 2.0 (3LO), for Confluence and Jira. Token requests are JSON; each refresh token works once, with ten minutes' grace;
 * its words for errors are not always the RFC's. There is no endpoint that ends a grant.
 */
export const atlassian: Authority = {
  id: "atlassian",
  name: "Atlassian",
  client: (env) => registration(env.ATLASSIAN_CLIENT_ID, env.ATLASSIAN_CLIENT_SECRET),
  server: ({ ATLASSIAN_LOGIN_URL: base }) => ({
    issuer: base,
    authorization_endpoint: `${base}/authorize`,
    token_endpoint: `${base}/oauth/token`,
  }),
  clientAuthentication: "post",
  jsonRequests: true,
  lastingScopes: ["offline_access"],
  authorizeParameters: () => ({ audience: "api.atlassian.com", prompt: "consent" }),
  rotationGraceSeconds: GRACE_SECONDS,
  trouble,
  refusal: (refused) => {
    if (isWrongSecret(refused)) return "operator";
    return isSpent(refused) ? "dead_grant" : undefined;
  },
};

function trouble(told: ToldError): Trouble | undefined {
  if (told.where === "callback") return undefined;
  if (isWrongSecret(told)) return "operator";
  return isSpent(told) ? "used_up" : undefined;
}

/** The same code as that of a person who declines, but in answer to a token request. */
function isWrongSecret({ error }: Pick<RefusedRequest, "error">): boolean {
  return error === "access_denied";
}

/** "refresh_token is invalid": the RFC would have it be `invalid_grant`. */
function isSpent({ error, description }: Pick<RefusedRequest, "error" | "description">): boolean {
  return error === "invalid_grant" || (error === "unauthorized_client" && /\binvalid\b/i.test(description));
}
