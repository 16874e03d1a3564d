import { CLIENT_SECRET, clientCredentials } from "../oauth/clients.ts";
import type { VendorRequest } from "../vendor-request.ts";
import { isAppKey } from "./authorize.ts";
import type { DropboxTools } from "./context.ts";
import { ACCESS_TOKEN_SECONDS, type Grant } from "./grants.ts";

type TokenError = { error: string; error_description: string };

/** The token endpoint: redeems codes, and gives access for refresh tokens, which stay as they are. */
export async function token(tools: DropboxTools, request: VendorRequest): Promise<Response> {
  const form = await tokenForm(request);
  const { id, secret } = clientCredentials(form, request.headers);
  if (request.method !== "POST") return new Response(null, { status: 405 });
  if (id === undefined || !isAppKey(id) || (secret !== undefined && secret !== CLIENT_SECRET))
    return refuse("invalid_client: Invalid client_id or client_secret", "Invalid client_id or client_secret");
  switch (form.get("grant_type")) {
    case "authorization_code":
      return redeem(tools, form, id, secret !== undefined);
    case "refresh_token": {
      const grant = tools.grants.openRefreshToken(form.get("refresh_token") ?? "");
      if (typeof grant === "string" || grant.client !== id) return refuse("invalid_grant", "refresh token is invalid or revoked");
      return answer(tools, grant, {});
    }
    default:
      return refuse("unsupported_grant_type", 'grant_type must be "authorization_code" or "refresh_token"');
  }
}

/** Fields may stand in the address as well as in the body: Dropbox's own library has them there. */
export async function tokenForm(request: VendorRequest): Promise<URLSearchParams> {
  return new URLSearchParams([...request.query, ...new URLSearchParams(await request.text())]);
}

function redeem(tools: DropboxTools, form: URLSearchParams, client: string, hasSecret: boolean): Response {
  const verifier = form.get("code_verifier");
  // Without a secret, who asks must have proven by PKCE that they are who began.
  if (!hasSecret && verifier === null) return refuse("invalid_client", "No auth function available for given request");
  const code = tools.codes.redeem(form.get("code") ?? "", { client, redirectUri: form.get("redirect_uri"), verifier });
  if (code === "other-redirect") return refuse("invalid_grant", "redirect_uri mismatch");
  if (code === "verifier-missing" || code === "verifier-wrong") return refuse("invalid_grant", "invalid code verifier");
  const account = typeof code === "string" ? undefined : tools.accounts.numbered(code.account);
  if (typeof code === "string" || account === undefined) return refuse("invalid_grant", "code doesn't exist or has expired");
  const grant = tools.grants.begin(account, client, code.scope);
  return answer(tools, grant, {
    scope: grant.scope,
    uid: String(account.uid),
    account_id: account.accountId,
    ...(code.extra["offline"] === "1" ? { refresh_token: tools.grants.refreshToken(grant) } : {}),
  });
}

function answer(tools: DropboxTools, grant: Grant, more: object): Response {
  const token = { access_token: tools.grants.accessToken(grant), token_type: "bearer", expires_in: ACCESS_TOKEN_SECONDS };
  return Response.json({ ...token, ...more }, { headers: { "Cache-Control": "no-store" } });
}

function refuse(error: string, error_description: string): Response {
  const body: TokenError = { error, error_description };
  return Response.json(body, { status: 400 });
}
