import type { Asked } from "../fault-kinds.ts";
import { page } from "../oauth/sign-in-page.ts";
import type { VendorRequest } from "../vendor-request.ts";
import { authorize } from "./authorize.ts";
import type { GoogleTools } from "./context.ts";
import { authenticate } from "./drive-api.ts";
import { ACCOUNTS_HOST, API_HOST, OAUTH_HOST, USERINFO_HOST } from "./hosts.ts";
import { claimsOf, revoke, token } from "./token.ts";

const ROUTES: Readonly<Record<string, (tools: GoogleTools, request: VendorRequest, asked: Asked) => Promise<Response> | Response>> = {
  [`${ACCOUNTS_HOST}/.well-known/openid-configuration`]: (_tools, request) => Response.json(discoveryDocument(request)),
  [`${ACCOUNTS_HOST}/o/oauth2/v2/auth`]: authorize,
  [`${ACCOUNTS_HOST}/o/oauth2/v2/auth/chooseaccount`]: authorize,
  [`${OAUTH_HOST}/token`]: (tools, request, asked) => (request.method === "POST" ? token(tools, request, asked) : notFound()),
  [`${OAUTH_HOST}/revoke`]: (tools, request) => (request.method === "POST" ? revoke(tools, request) : notFound()),
  [`${API_HOST}/oauth2/v3/certs`]: (tools) => Response.json(publicKeys(tools)),
  [`${USERINFO_HOST}/v1/userinfo`]: (tools, request) => {
    const { account, scope } = authenticate(tools, request);
    return Response.json(claimsOf(account, scope));
  },
};

/** The path of an identity request, where there is one; undefined for everything else. */
export const identityRoute = ({ host, path }: VendorRequest): string | undefined => (`${host}${path}` in ROUTES ? path : undefined);

/** Sign-in with Google: OpenID Connect and OAuth 2. */
export async function identity(tools: GoogleTools, request: VendorRequest, asked: Asked): Promise<Response> {
  return ROUTES[`${request.host}${request.path}`]?.(tools, request, asked) ?? notFound();
}

export const notFound = (): Response => page(404, "Error 404 (Not Found)!!1", "<h1>404.</h1><p>That’s an error.</p>");

function discoveryDocument(request: VendorRequest): object {
  return {
    issuer: request.site(ACCOUNTS_HOST),
    authorization_endpoint: `${request.site(ACCOUNTS_HOST)}/o/oauth2/v2/auth`,
    token_endpoint: `${request.site(OAUTH_HOST)}/token`,
    userinfo_endpoint: `${request.site(USERINFO_HOST)}/v1/userinfo`,
    revocation_endpoint: `${request.site(OAUTH_HOST)}/revoke`,
    jwks_uri: `${request.site(API_HOST)}/oauth2/v3/certs`,
    response_types_supported: ["code"],
    response_modes_supported: ["query", "fragment", "form_post"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
    scopes_supported: ["openid", "email", "profile"],
    token_endpoint_auth_methods_supported: ["client_secret_post", "client_secret_basic"],
    claims_supported: ["aud", "email", "email_verified", "exp", "family_name", "given_name", "iat", "iss", "name", "picture", "sub"],
    code_challenge_methods_supported: ["plain", "S256"],
    grant_types_supported: ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:jwt-bearer"],
  };
}

function publicKeys({ keys: { identity } }: GoogleTools): object {
  return { keys: [{ kty: "RSA", use: "sig", alg: "RS256", kid: identity.kid, n: identity.publicJwk.n, e: identity.publicJwk.e }] };
}
