import * as oauth from "oauth4webapi";
import type { ProviderErrorKind } from "../providers/errors.ts";
import { ProviderError } from "../providers/errors.ts";
import type { Authority, RefusedRequest } from "./authorities/authority.ts";
import { clientAuthentication, requestOptions, withoutIdToken } from "./request.ts";

// Renewing access without the person. What a refusal means for the connection is decided by `sync/retry.ts`.

const TOKEN_SECONDS_DEFAULT = 3600;

export interface Tokens {
  accessToken: string;
  refreshToken: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

interface RefreshContext {
  fetch: typeof fetch;
  now: () => number;
  /** Whether these tokens were sent for others before, and the answer was lost. */
  interrupted?: boolean;
}

/**
 * New tokens for old. Throws a `ProviderError`: `auth` where the grant is dead, `operator` where we are at fault. One without a status
 * means that there was no answer, or none that could be read: the old tokens may be used up.
 */
export async function refreshTokens(
  authority: Authority,
  env: Env,
  tokens: Tokens,
  scopes: readonly string[],
  context: RefreshContext,
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
        ...requestOptions(authority, server.token_endpoint ?? "", context.fetch),
      },
    );
    const answer = await oauth.processRefreshTokenResponse(server, client, await withoutIdToken(response));
    return {
      accessToken: answer.access_token,
      refreshToken: answer.refresh_token ?? tokens.refreshToken,
      expiresAt: context.now() + (answer.expires_in ?? TOKEN_SECONDS_DEFAULT) * 1000,
    };
  } catch (error) {
    throw toProviderError(authority, error, context.interrupted ?? false);
  }
}

const OPERATOR_FAULT = new Set(["invalid_client", "unauthorized_client", "invalid_request", "invalid_scope", "unsupported_grant_type"]);

function toProviderError(authority: Authority, error: unknown, interrupted: boolean): ProviderError {
  if (error instanceof oauth.ResponseBodyError) {
    const refused = { status: error.status, error: error.error, description: error.error_description ?? "" };
    const details = { status: error.status, providerCode: error.error, cause: error };
    const kind = kindOf(authority, refused);
    const advice = kind === "auth" && interrupted ? lostAnswer(authority) : null;
    const message = `Access was not renewed: ${error.error}.${advice === null ? "" : ` ${advice}`}`;
    return new ProviderError(kind, message, advice === null ? details : { ...details, advice });
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

/** Why a grant may have died of an answer that was lost; null where used tokens go on working. */
function lostAnswer({ name, rotationGraceSeconds: grace }: Authority): string | null {
  if (grace === undefined) return null;
  const lost = `Each token by which ${name} renews access works once, and the answer with the next one was lost on its way here.`;
  if (grace === 0) return `${lost} ${name} does not give it again.`;
  return `${lost} ${name} gives it again for ${Math.round(grace / 60)} minutes only, and they are over.`;
}
