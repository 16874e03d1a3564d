import * as oauth from "oauth4webapi";
import type { ProviderErrorKind } from "../providers/errors.ts";
import { ProviderError } from "../providers/errors.ts";

// Renewing access without the person. What a refusal means for the connection is decided by `sync/retry.ts`.

const REQUEST_TIMEOUT_MILLISECONDS = 10_000;
const TOKEN_SECONDS_DEFAULT = 3600;

const IDENTITY_SCOPES = new Set(["openid", "profile", "email", "offline_access"]);

export interface Tokens {
  accessToken: string;
  refreshToken: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

type RefreshEnv = Pick<Env, "MICROSOFT_CLIENT_ID" | "MICROSOFT_CLIENT_SECRET" | "MICROSOFT_LOGIN_URL" | "MICROSOFT_TENANT">;

/** New tokens for old. Throws a `ProviderError`: `auth` where the grant is dead, `operator` where we are at fault. */
export async function refreshTokens(
  env: RefreshEnv,
  tokens: Tokens,
  scopes: readonly string[],
  context: { fetch: typeof fetch; now: () => number },
): Promise<Tokens> {
  const base = `${env.MICROSOFT_LOGIN_URL}/${env.MICROSOFT_TENANT}`;
  const server: oauth.AuthorizationServer = { issuer: `${base}/v2.0`, token_endpoint: `${base}/oauth2/v2.0/token` };
  const client: oauth.Client = { client_id: env.MICROSOFT_CLIENT_ID };
  try {
    const response = await oauth.refreshTokenGrantRequest(
      server,
      client,
      oauth.ClientSecretPost(env.MICROSOFT_CLIENT_SECRET),
      tokens.refreshToken,
      {
        additionalParameters: { scope: [...scopes.filter((scope) => !IDENTITY_SCOPES.has(scope)), "offline_access"].join(" ") },
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MILLISECONDS),
        [oauth.customFetch]: context.fetch,
        [oauth.allowInsecureRequests]: base.startsWith("http://localhost"),
      },
    );
    const answer = await oauth.processRefreshTokenResponse(server, client, await withoutIdToken(response));
    return {
      accessToken: answer.access_token,
      refreshToken: answer.refresh_token ?? tokens.refreshToken,
      expiresAt: context.now() + (answer.expires_in ?? TOKEN_SECONDS_DEFAULT) * 1000,
    };
  } catch (error) {
    throw toProviderError(error);
  }
}

/** Who the person is was settled at sign-in; a new id token would only have to be verified. */
async function withoutIdToken(response: Response): Promise<Response> {
  if (!response.ok) return response;
  const { id_token: _, ...rest } = (await response.json()) as Record<string, unknown>;
  return Response.json(rest);
}

const DEAD_GRANT = new Set(["invalid_grant", "interaction_required", "consent_required", "login_required"]);
const OPERATOR_FAULT = new Set(["invalid_client", "unauthorized_client", "invalid_request", "invalid_scope", "unsupported_grant_type"]);

function toProviderError(error: unknown): ProviderError {
  if (error instanceof oauth.ResponseBodyError) {
    const details = { status: error.status, providerCode: error.error, cause: error };
    return new ProviderError(kindOf(error.error, error.status), `Access was not renewed: ${error.error}.`, details);
  }
  // A challenge instead of a body is how a client's bad secret may be answered.
  if (error instanceof oauth.WWWAuthenticateChallengeError) {
    return new ProviderError("operator", "Access was not renewed: our client secret was refused.", { status: error.status, cause: error });
  }
  return new ProviderError("transient", "Access was not renewed: the sign-in service did not answer as it should.", { cause: error });
}

function kindOf(code: string, status: number): ProviderErrorKind {
  if (DEAD_GRANT.has(code)) return "auth";
  if (OPERATOR_FAULT.has(code)) return "operator";
  return status === 429 ? "throttled" : "transient";
}
