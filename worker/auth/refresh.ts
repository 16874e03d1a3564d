import * as oauth from "oauth4webapi";
import type { ProviderErrorKind } from "../providers/errors.ts";
import { ProviderError } from "../providers/errors.ts";
import type { Authority, RefusedRequest } from "./authorities/authority.ts";

// Renewing access without the person. What a refusal means for the connection is decided by `sync/retry.ts`.

const REQUEST_TIMEOUT_MILLISECONDS = 10_000;
const TOKEN_SECONDS_DEFAULT = 3600;

export interface Tokens {
  accessToken: string;
  refreshToken: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

/** New tokens for old. Throws a `ProviderError`: `auth` where the grant is dead, `operator` where we are at fault. */
export async function refreshTokens(
  authority: Authority,
  env: Env,
  tokens: Tokens,
  scopes: readonly string[],
  context: { fetch: typeof fetch; now: () => number },
): Promise<Tokens> {
  const registered = authority.client(env);
  if (!registered) throw new ProviderError("operator", `This Tidemark is not registered with ${authority.name} any more.`);
  const server = authority.server(env);
  const client: oauth.Client = { client_id: registered.id };
  try {
    const response = await oauth.refreshTokenGrantRequest(
      server,
      client,
      clientAuthentication(authority, registered.secret),
      tokens.refreshToken,
      {
        additionalParameters: authority.refreshParameters?.(scopes) ?? {},
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MILLISECONDS),
        [oauth.customFetch]: context.fetch,
        [oauth.allowInsecureRequests]: server.issuer.startsWith("http://localhost"),
      },
    );
    const answer = await oauth.processRefreshTokenResponse(server, client, await withoutIdToken(response));
    return {
      accessToken: answer.access_token,
      refreshToken: answer.refresh_token ?? tokens.refreshToken,
      expiresAt: context.now() + (answer.expires_in ?? TOKEN_SECONDS_DEFAULT) * 1000,
    };
  } catch (error) {
    throw toProviderError(authority, error);
  }
}

export function clientAuthentication({ clientAuthentication: how }: Authority, secret: string): oauth.ClientAuth {
  return how === "post" ? oauth.ClientSecretPost(secret) : oauth.ClientSecretBasic(secret);
}

/** Who the person is was settled at sign-in; a new id token would only have to be verified. */
async function withoutIdToken(response: Response): Promise<Response> {
  if (!response.ok) return response;
  const { id_token: _, ...rest } = (await response.json()) as Record<string, unknown>;
  return Response.json(rest);
}

const OPERATOR_FAULT = new Set(["invalid_client", "unauthorized_client", "invalid_request", "invalid_scope", "unsupported_grant_type"]);

function toProviderError(authority: Authority, error: unknown): ProviderError {
  if (error instanceof oauth.ResponseBodyError) {
    const refused = { status: error.status, error: error.error, description: error.error_description ?? "" };
    const details = { status: error.status, providerCode: error.error, cause: error };
    return new ProviderError(kindOf(authority, refused), `Access was not renewed: ${error.error}.`, details);
  }
  // A challenge instead of a body is how a client's bad secret may be answered.
  if (error instanceof oauth.WWWAuthenticateChallengeError) {
    return new ProviderError("operator", "Access was not renewed: our client secret was refused.", { status: error.status, cause: error });
  }
  return new ProviderError("transient", "Access was not renewed: the sign-in service did not answer as it should.", { cause: error });
}

function kindOf(authority: Authority, refused: RefusedRequest): ProviderErrorKind {
  switch (authority.refusal?.(refused)) {
    case "dead_grant":
      return "auth";
    case "operator":
      return "operator";
    case "transient":
      return "transient";
    case undefined:
      if (refused.error === "invalid_grant") return "auth";
      if (OPERATOR_FAULT.has(refused.error)) return "operator";
      return refused.status === 429 ? "throttled" : "transient";
  }
}
