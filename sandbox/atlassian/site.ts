import { Refusal } from "../answers.ts";
import type { Asked } from "../fault-kinds.ts";
import type { VendorRequest } from "../vendor-request.ts";
import type { AtlassianTools } from "./context.ts";
import type { Call } from "./product.ts";

const TENANT = "/_edge/tenant_info";

/** A site's own host: for people with a browser, and for programs with an API token that has no scopes. */
export async function siteAnswer(tools: AtlassianTools, request: VendorRequest, asked: Asked): Promise<Response> {
  const site = tools.sites.byHost(request.host);
  if (site === undefined) return Response.json({ errorMessage: "Site temporarily unavailable" }, { status: 404 });
  if (request.path === TENANT) return Response.json({ cloudId: site.cloudId });
  const product = tools.products.find(({ owns }) => owns(request.path));
  if (product === undefined) return new Response("<!DOCTYPE html><title>Log in</title>", { headers: { "Content-Type": "text/html" } });
  const signedIn = tools.apiTokens.signIn(request);
  // Tokens of apps, and API tokens with scopes, are for the gateway.
  if (typeof signedIn === "string" || signedIn.kind === "scoped") throw notSignedIn(signedIn === "missing");
  if (!tools.sites.isMember(site, signedIn.account)) throw new Refusal({ status: 403, headers: {}, body: "Forbidden" });
  const root = request.site(site.host);
  const call: Call = { request, asked, site, account: signedIn.account, path: request.path, scopes: "everything", client: undefined, root };
  return product.running.answer(call);
}

export function siteRoute(tools: AtlassianTools, path: string): string {
  if (path === TENANT) return path;
  return tools.products.find(({ owns }) => owns(path))?.running.route(path) ?? "(unknown)";
}

function notSignedIn(missing: boolean): Refusal {
  const headers = {
    "Content-Type": "text/plain; charset=utf-8",
    "WWW-Authenticate": 'OAuth realm="https%3A%2F%2Fatlassian.net"',
    "X-Failure-Category": missing ? "FAILURE_CLIENT_AUTH_MISSING" : "FAILURE_CLIENT_AUTH_MISMATCH",
    ...(missing ? {} : { "X-Seraph-LoginReason": "AUTHENTICATED_FAILED" }),
  };
  return new Refusal({ status: 401, headers, body: "Client must be authenticated to access this resource." });
}
