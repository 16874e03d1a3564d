import { CLIENT_SECRET } from "../oauth/clients.ts";
import type { VendorRequest } from "../vendor-request.ts";
import type { Account } from "./accounts.ts";
import { isClientId } from "./authorize.ts";
import type { AtlassianTools } from "./context.ts";
import { ACCESS_TOKEN_SECONDS } from "./grants.ts";

/** The token endpoint: redeems codes, and refreshes, each refresh token once. Only JSON is understood. */
export async function token(tools: AtlassianTools, request: VendorRequest): Promise<Response> {
  if (request.method !== "POST") return new Response(null, { status: 405 });
  const body = await tokenBody(request);
  if (body === undefined) return refuse(400, "invalid_request", "The body must be JSON");
  const client = body["client_id"] ?? "";
  // The same code as that of a person who declines.
  if (!isClientId(client) || body["client_secret"] !== CLIENT_SECRET) return refuse(401, "access_denied", "Unauthorized");
  switch (body["grant_type"]) {
    case "authorization_code":
      return redeem(tools, body, client);
    case "refresh_token":
      return refresh(tools, body["refresh_token"] ?? "", client);
    default:
      return refuse(403, "unsupported_grant_type", "Unsupported grant type");
  }
}

/** The texts of a token request; undefined where it is no JSON. */
export async function tokenBody(request: VendorRequest): Promise<Record<string, string> | undefined> {
  if (!/^application\/json\b/i.test(request.headers.get("content-type") ?? "")) return undefined;
  try {
    const value: unknown = JSON.parse(await request.text());
    if (typeof value !== "object" || value === null) return undefined;
    return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string"));
  } catch {
    return undefined;
  }
}

function redeem(tools: AtlassianTools, body: Record<string, string>, client: string): Response {
  const redirectUri = body["redirect_uri"] ?? null;
  const code = tools.codes.redeem(body["code"] ?? "", { client, redirectUri, verifier: body["code_verifier"] ?? null });
  const account = typeof code === "string" ? undefined : tools.accounts.numbered(code.account);
  if (typeof code === "string" || account === undefined) return refuse(403, "invalid_grant", "Invalid authorization code");
  const lasting = code.scope.split(" ").includes("offline_access");
  return answer(tools, account, client, code.scope, lasting ? tools.grants.refreshToken(account, client, code.scope) : undefined);
}

function refresh(tools: AtlassianTools, given: string, client: string): Response {
  const opened = tools.grants.openRefreshToken(given);
  if (opened === "malformed" || (typeof opened !== "string" && opened.client !== client))
    return refuse(403, "unauthorized_client", "refresh_token is invalid");
  const rotated = tools.grants.rotate(given);
  if (rotated === "spent") return refuse(403, "unauthorized_client", "refresh_token is invalid");
  if (typeof rotated === "string") return refuse(403, "invalid_grant", "Unknown or invalid refresh token.");
  const { account, scope } = rotated.grant;
  return answer(tools, account, client, scope, rotated.next);
}

function answer(tools: AtlassianTools, account: Account, client: string, scope: string, refreshToken: string | undefined): Response {
  const body = {
    access_token: tools.grants.accessToken(account, client, scope),
    expires_in: ACCESS_TOKEN_SECONDS,
    token_type: "Bearer",
    ...(refreshToken !== undefined && { refresh_token: refreshToken }),
    scope,
  };
  return Response.json(body, { headers: { "Cache-Control": "no-store" } });
}

function refuse(status: number, error: string, error_description: string): Response {
  return Response.json({ error, error_description }, { status });
}
