import type { Asked } from "../fault-kinds.ts";
import { bearerOf, decodeSegment, type VendorRequest } from "../vendor-request.ts";
import type { Account } from "./accounts.ts";
import { gatewayRefusal, SCOPE_MISMATCH } from "./answers.ts";
import type { AtlassianTools } from "./context.ts";
import { API_HOST } from "./hosts.ts";
import type { Call } from "./product.ts";

const PRODUCT = /^\/ex\/([a-z]+)\/([^/]+)(\/.*)$/;

type Caller = { account: Account; scopes: ReadonlySet<string>; client: string | undefined };

/** api.atlassian.com: what a token is good for, and the products of sites by their cloud ids. */
export async function gateway(tools: AtlassianTools, request: VendorRequest, asked: Asked): Promise<Response> {
  const caller = callerOf(tools, request);
  if (request.path === "/oauth/token/accessible-resources") return accessibleResources(tools, request, caller);
  if (request.path === "/me") return me(request, caller);
  const [, product = "", cloudId = "", path = ""] = PRODUCT.exec(request.path) ?? [];
  const found = tools.products.find(({ name }) => name === product);
  const site = tools.sites.byCloudId(decodeSegment(cloudId));
  if (found === undefined || site === undefined) throw gatewayRefusal(404, "Not Found");
  if (!tools.sites.isMember(site, caller.account)) throw gatewayRefusal(403, "Forbidden");
  const root = `${request.site(API_HOST)}/ex/${product}/${cloudId}`;
  const call: Call = { request, asked, site, path, root, ...caller };
  return found.running.answer(call);
}

export function gatewayRoute(tools: AtlassianTools, path: string): string {
  const [, product = "", , rest = ""] = PRODUCT.exec(path) ?? [];
  const found = tools.products.find(({ name }) => name === product);
  if (found !== undefined) return `/ex/${product}/{cloudId}${found.running.route(rest)}`;
  return path === "/me" || path === "/oauth/token/accessible-resources" ? path : "(unknown)";
}

/** By an app's token, or by an API token that has scopes. */
function callerOf(tools: AtlassianTools, request: VendorRequest): Caller {
  const token = bearerOf(request);
  if (token === undefined) {
    const signedIn = tools.apiTokens.signIn(request);
    if (typeof signedIn === "string" || signedIn.kind !== "scoped") throw gatewayRefusal(401, "Unauthorized");
    const scopes = new Set(tools.products.flatMap(({ scopes }) => scopes));
    return { account: signedIn.account, scopes, client: undefined };
  }
  const grant = tools.grants.openAccessToken(token);
  if (typeof grant === "string") throw gatewayRefusal(401, "Unauthorized");
  return { account: grant.account, scopes: new Set(grant.scope.split(" ")), client: grant.client };
}

/** One entry for each product of each site, as far as the grant has a scope of it. */
function accessibleResources(tools: AtlassianTools, request: VendorRequest, { account, scopes, client }: Caller): Response {
  if (client === undefined) throw gatewayRefusal(401, "Unauthorized");
  const resources = tools.sites.of(account).flatMap((site) =>
    tools.products.flatMap((product) => {
      const own = product.scopes.filter((scope) => scopes.has(scope));
      const avatarUrl = `https://site-admin-avatar-cdn.prod.public.atl-paas.net/avatars/240/site.png`;
      return own.length === 0 ? [] : { id: site.cloudId, url: request.site(site.host), name: site.key, scopes: own, avatarUrl };
    }),
  );
  return Response.json(resources);
}

function me(_request: VendorRequest, { account, scopes, client }: Caller): Response {
  if (client === undefined) throw gatewayRefusal(401, "Unauthorized");
  if (!scopes.has("read:me")) throw gatewayRefusal(403, SCOPE_MISMATCH);
  return Response.json({
    account_type: "atlassian",
    account_id: account.accountId,
    email: account.name,
    name: account.displayName,
    picture: "https://secure.gravatar.com/avatar/sandbox",
    account_status: "active",
    nickname: account.displayName,
    zoneinfo: "Europe/Berlin",
    locale: "en-US",
  });
}
