import type { VendorRequest } from "../vendor-request.ts";
import { PERSONAL_TENANT, WORK_TENANT } from "./accounts.ts";
import { authorize, type AuthorizeTools } from "./authorize.ts";
import type { Asked } from "../fault-kinds.ts";
import { GRAPH_HOST, LOGIN_HOST } from "./hosts.ts";
import type { Keys } from "./keys.ts";
import { page } from "../oauth/sign-in-page.ts";
import { token, type TokenTools } from "./token.ts";

const TENANTS = new Set(["common", "organizations", "consumers", PERSONAL_TENANT, WORK_TENANT, "contoso.example"]);

/** The routes of login.microsoftonline.com, as templates; undefined where there is none. */
export function identityRoute(path: string): string | undefined {
  const [, , ...rest] = path.split("/");
  const route = `/{tenant}/${rest.join("/")}`;
  return ROUTES.has(route) ? route : undefined;
}

const ROUTES = new Set([
  "/{tenant}/v2.0/.well-known/openid-configuration",
  "/{tenant}/discovery/v2.0/keys",
  "/{tenant}/oauth2/v2.0/authorize",
  "/{tenant}/login",
  "/{tenant}/oauth2/v2.0/token",
  "/{tenant}/oauth2/v2.0/logout",
  "/{tenant}/v2.0/adminconsent",
]);

/** Microsoft's identity platform, version 2. */
export async function identity(tools: AuthorizeTools & TokenTools, request: VendorRequest, asked: Asked): Promise<Response> {
  const [, given = ""] = request.path.split("/");
  const tenant = given.toLowerCase();
  const route = identityRoute(request.path);
  if (route === undefined || !TENANTS.has(tenant)) return page(404, "Not found", "<h1>404 - File or directory not found.</h1>");
  switch (route) {
    case "/{tenant}/v2.0/.well-known/openid-configuration":
      return Response.json(discoveryDocument(request, tenant), { headers: { "Access-Control-Allow-Origin": "*" } });
    case "/{tenant}/discovery/v2.0/keys":
      return Response.json(publicKeys(request, tools.keys), { headers: { "Access-Control-Allow-Origin": "*" } });
    case "/{tenant}/oauth2/v2.0/token":
      if (request.method === "POST") return token(tools, request, tenant, asked);
      return page(405, "Method not allowed", "<h1>405 - The endpoint only accepts POST requests.</h1>");
    case "/{tenant}/oauth2/v2.0/logout":
      return signOut(request);
    case "/{tenant}/v2.0/adminconsent":
      return adminConsent(tools, request);
    default:
      return authorize(tools, request, tenant, asked);
  }
}

function issuerOf(request: VendorRequest, tenant: string): string {
  if (tenant === "common" || tenant === "organizations") return `${request.site(LOGIN_HOST)}/{tenantid}/v2.0`;
  return `${request.site(LOGIN_HOST)}/${tenant === "consumers" ? PERSONAL_TENANT : tenant === "contoso.example" ? WORK_TENANT : tenant}/v2.0`;
}

function discoveryDocument(request: VendorRequest, tenant: string): object {
  const base = `${request.site(LOGIN_HOST)}/${tenant}`;
  return {
    token_endpoint: `${base}/oauth2/v2.0/token`,
    token_endpoint_auth_methods_supported: ["client_secret_post", "private_key_jwt", "client_secret_basic"],
    jwks_uri: `${base}/discovery/v2.0/keys`,
    response_modes_supported: ["query", "fragment", "form_post"],
    subject_types_supported: ["pairwise"],
    id_token_signing_alg_values_supported: ["RS256"],
    response_types_supported: ["code", "id_token", "code id_token", "id_token token"],
    scopes_supported: ["openid", "profile", "email", "offline_access"],
    issuer: issuerOf(request, tenant),
    request_uri_parameter_supported: false,
    userinfo_endpoint: `${request.site(GRAPH_HOST)}/oidc/userinfo`,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    device_authorization_endpoint: `${base}/oauth2/v2.0/devicecode`,
    http_logout_supported: true,
    frontchannel_logout_supported: true,
    end_session_endpoint: `${base}/oauth2/v2.0/logout`,
    claims_supported: [
      "sub",
      "iss",
      "cloud_instance_name",
      "cloud_instance_host_name",
      "cloud_graph_host_name",
      "msgraph_host",
      "aud",
      "exp",
      "iat",
      "auth_time",
      "acr",
      "nonce",
      "preferred_username",
      "name",
      "tid",
      "ver",
      "at_hash",
      "c_hash",
      "email",
    ],
    kerberos_endpoint: `${base}/kerberos`,
    tenant_region_scope: null,
    cloud_instance_name: "microsoftonline.com",
    cloud_graph_host_name: "graph.windows.net",
    msgraph_host: "graph.microsoft.com",
    rbac_url: "https://pas.windows.net",
  };
}

function publicKeys(request: VendorRequest, keys: Keys): object {
  const site = request.site(LOGIN_HOST);
  const jwk = (key: Keys["work"], issuer: string): object => ({
    kty: "RSA",
    use: "sig",
    kid: key.kid,
    x5t: key.kid,
    n: key.publicJwk.n,
    e: key.publicJwk.e,
    issuer,
  });
  return { keys: [jwk(keys.work, `${site}/{tenantid}/v2.0`), jwk(keys.personal, `${site}/${PERSONAL_TENANT}/v2.0`)] };
}

function signOut(request: VendorRequest): Response {
  const target = request.query.get("post_logout_redirect_uri");
  const headers = new Headers({ "Set-Cookie": "ESTSAUTHPERSISTENT=; Path=/; Max-Age=0" });
  if (target === null)
    return page(200, "Signed out", "<h1>You signed out of your account</h1><p>It’s a good idea to close all browser windows.</p>");
  headers.set("Location", target);
  return new Response(null, { status: 302, headers });
}

// An administrator always consents here, for everybody in the tenant.
function adminConsent(tools: AuthorizeTools, request: VendorRequest): Response {
  const redirect = request.query.get("redirect_uri") ?? "";
  if (!URL.canParse(redirect)) return page(400, "Sign in to your account", "<h1>AADSTS50011: The redirect URI is not valid.</h1>");
  for (const scope of (request.query.get("scope") ?? "").split(/\s+/).filter(Boolean)) {
    const insert = tools.db.prepare("INSERT OR IGNORE INTO admin_consents (client, scope) VALUES (?, ?)");
    insert.run(request.query.get("client_id"), scope.replace(/^https:\/\/graph\.microsoft\.com\//i, "").toLowerCase());
  }
  const target = new URL(redirect);
  const fields = { admin_consent: "True", tenant: WORK_TENANT, scope: request.query.get("scope"), state: request.query.get("state") };
  for (const [name, value] of Object.entries(fields)) if (value !== null) target.searchParams.set(name, value);
  return new Response(null, { status: 302, headers: { Location: target.href } });
}
