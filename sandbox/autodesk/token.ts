import { toResponse } from "../answers.ts";
import type { Asked } from "../fault-kinds.ts";
import { CLIENT_SECRET, clientCredentials } from "../oauth/clients.ts";
import type { VendorRequest } from "../vendor-request.ts";
import { APP_DOMAIN, type Account } from "./accounts.ts";
import { gatewayAnswer } from "./answers.ts";
import { redeemAssertion } from "./assertion.ts";
import { isClientId, scopesOf } from "./authorize.ts";
import type { AutodeskTools } from "./context.ts";
import { ACCESS_TOKEN_SECONDS } from "./grants.ts";

export const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";

export type TokenProblem = { error: string; error_description: string; status?: number };
type Granted = { account: Account; client: string; scope: string; refreshToken?: string };

const INVALID_GRANT: TokenProblem = {
  error: "invalid_grant",
  error_description:
    "The authorization code/refresh token is expired or invalid/redirect_uri must have the same value as in the authorization request.",
};
const INVALID_SCOPE: TokenProblem = { error: "invalid_scope", error_description: "The requested scope is invalid, unknown, or malformed." };

/** The token endpoint: codes, refresh tokens that work once, apps for themselves, and service accounts' assertions. */
export async function token(tools: AutodeskTools, request: VendorRequest, asked: Asked): Promise<Response> {
  const form = new URLSearchParams(await request.text());
  const client = clientOf(request, form);
  if (client instanceof Response) return client;
  const granted = redeem(tools, request, form, client, asked);
  if ("error" in granted) return refusal(granted);
  const { account, scope, refreshToken } = granted;
  return Response.json(
    {
      access_token: tools.grants.accessToken(account, client, scope),
      token_type: "Bearer",
      expires_in: ACCESS_TOKEN_SECONDS,
      ...(refreshToken !== undefined && { refresh_token: refreshToken }),
    },
    { headers: { "Cache-Control": "no-store" } },
  );
}

/** Ends the grant that a token is of. Both fields are needed. */
export async function revoke(tools: AutodeskTools, request: VendorRequest): Promise<Response> {
  const form = new URLSearchParams(await request.text());
  const client = clientOf(request, form);
  if (client instanceof Response) return client;
  const [given, hint] = [form.get("token"), form.get("token_type_hint")];
  if (given === null || (hint !== "access_token" && hint !== "refresh_token"))
    return refusal({
      error: "invalid_request",
      error_description: "The required parameter(s) token/token_type_hint not present in the request.",
    });
  const grant = hint === "access_token" ? tools.grants.openAccessToken(given) : tools.grants.openRefreshToken(given);
  if (typeof grant !== "string" && grant.client !== client)
    return refusal({ error: "unauthorized_client", error_description: "The token was not issued to this client.", status: 403 });
  if (typeof grant !== "string") tools.accounts.revoke(grant.account);
  return new Response(null, { status: 200 });
}

/** Who asks: by Basic authentication or in the form, and not in both. */
function clientOf(request: VendorRequest, form: URLSearchParams): string | Response {
  if (request.headers.has("authorization") && form.has("client_id"))
    return refusal({ error: "invalid_request", error_description: "Client credentials must not be in the header and in the body." });
  const { id = "", secret } = clientCredentials(form, request.headers);
  if (isClientId(id) && secret === CLIENT_SECRET) return id;
  return toResponse(gatewayAnswer(401, "AUTH-003", "The client_id (application key)/client_secret are not valid"));
}

function redeem(tools: AutodeskTools, request: VendorRequest, form: URLSearchParams, client: string, asked: Asked): Granted | TokenProblem {
  switch (form.get("grant_type")) {
    case "authorization_code":
      return redeemCode(tools, form, client);
    case "refresh_token":
      return redeemRefreshToken(tools, form, client, asked);
    case "client_credentials": {
      const scopes = scopesOf(form.get("scope"));
      const account = tools.accounts.named(`${client}@${APP_DOMAIN}`);
      if (scopes === undefined || account === undefined) return INVALID_SCOPE;
      return { account, client, scope: scopes.join(" ") };
    }
    case JWT_BEARER:
      return redeemAssertion(tools, request, form, client);
    default:
      return { error: "unsupported_grant_type", error_description: "The authorization grant type is not supported." };
  }
}

function redeemCode(tools: AutodeskTools, form: URLSearchParams, client: string): Granted | TokenProblem {
  const verifier = form.get("code_verifier");
  const code = tools.codes.redeem(form.get("code") ?? "", { client, redirectUri: form.get("redirect_uri"), verifier });
  const account = typeof code === "string" ? undefined : tools.accounts.numbered(code.account);
  if (typeof code === "string" || account === undefined) return INVALID_GRANT;
  return { account, client, scope: code.scope, refreshToken: tools.grants.refreshToken(account, client, code.scope) };
}

function redeemRefreshToken(tools: AutodeskTools, form: URLSearchParams, client: string, asked: Asked): Granted | TokenProblem {
  const given = form.get("refresh_token") ?? "";
  const opened = tools.grants.openRefreshToken(given);
  if (typeof opened === "string" || opened.client !== client) return INVALID_GRANT;
  if (tools.faults.strike("autodesk-invalid-grant", asked) !== undefined) return INVALID_GRANT;
  const narrowed = form.has("scope") ? scopesOf(form.get("scope")) : [];
  if (narrowed === undefined || narrowed.some((scope) => !opened.scope.split(" ").includes(scope))) return INVALID_SCOPE;
  const rotated = tools.grants.rotate(given, narrowed.join(" "));
  if (rotated === undefined) return INVALID_GRANT;
  return { account: opened.account, client, scope: rotated.grant.scope, refreshToken: rotated.next };
}

function refusal({ status = 400, ...body }: TokenProblem): Response {
  return Response.json(body, { status, headers: { "Cache-Control": "no-store" } });
}
