import * as oauth from "oauth4webapi";
import { ProviderError, type ProviderErrorDetails } from "./errors.ts";
import { discard, ERROR_BYTES_MAX, readText, retryAfterSeconds, TOO_LONG } from "./http.ts";
import { jsonOf } from "./json.ts";
import type { MintedToken } from "./provider.ts";

// Tokens that are minted from what a person filled in: of an app for itself (RFC 6749, section 4.4), or for a signed statement (RFC 7523).

const ANSWER_SECONDS_MAX = 20;
/** Where the answer does not say how long its token lives. */
const LIFE_SECONDS = 3_600;

export const CLIENT_CREDENTIALS = "client_credentials";
export const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/** Where the statement alone tells who asks. */
export const byStatement: oauth.ClientAuth = () => undefined;

export interface TokenGrant {
  /** How messages call who is asked. */
  askedAt: string;
  url: string;
  type: typeof CLIENT_CREDENTIALS | typeof JWT_BEARER;
  parameters: Record<string, string>;
  client: { id: string; authentication: oauth.ClientAuth };
}

/** An answer that is no token, and neither a pause nor a failure of the server. */
export interface Refusal {
  status: number;
  /** The body as JSON, if it is that. */
  told: unknown;
  details: ProviderErrorDetails;
}

export interface MintContext {
  fetch: typeof fetch;
  now: () => number;
}

/** Asks for a token. Throws `throttled` and `transient` where it must be asked again, and what `toError` makes of a refusal. */
export async function requestToken(
  grant: TokenGrant,
  context: MintContext,
  toError: (refusal: Refusal) => ProviderError,
): Promise<MintedToken> {
  const server: oauth.AuthorizationServer = { issuer: new URL(grant.url).origin, token_endpoint: grant.url };
  const client: oauth.Client = { client_id: grant.client.id };
  const response = await ask(grant, server, client, context.fetch);
  const { status, headers } = response;
  const wait = retryAfterSeconds(headers, context.now());
  const details = { status, ...(wait !== undefined && { retryAfterSeconds: wait }) };
  if (status === 429 || status >= 500) {
    await discard(response);
    if (status === 429) throw new ProviderError("throttled", `${grant.askedAt} asks us to slow down.`, details);
    throw new ProviderError("transient", `${grant.askedAt} answered ${status}.`, details);
  }
  const text = await answerText(response);
  try {
    const answer = await oauth.processGenericTokenEndpointResponse(server, client, new Response(text, { status, headers }));
    return { accessToken: answer.access_token, expiresAt: context.now() + (answer.expires_in ?? LIFE_SECONDS) * 1000 };
  } catch {
    throw toError({ status, told: jsonOf(text), details });
  }
}

/** A page of any length may be at an address that somebody mistyped: what is too long to be an answer is none. */
async function answerText(response: Response): Promise<string> {
  try {
    return await readText(response, ERROR_BYTES_MAX);
  } catch (error) {
    if (error instanceof ProviderError && error.providerCode === TOO_LONG) return "";
    throw error;
  }
}

async function ask(grant: TokenGrant, server: oauth.AuthorizationServer, client: oauth.Client, fetch: MintContext["fetch"]) {
  const { authentication } = grant.client;
  try {
    return await oauth.genericTokenEndpointRequest(server, client, authentication, grant.type, grant.parameters, {
      // Called bare: the platform's fetch refuses to be anybody's method.
      [oauth.customFetch]: (url, init) => fetch(url, init),
      // In development alone does such an address come this far.
      [oauth.allowInsecureRequests]: grant.url.startsWith("http:"),
      signal: () => AbortSignal.timeout(ANSWER_SECONDS_MAX * 1000),
    });
  } catch (error) {
    throw new ProviderError("transient", `${grant.askedAt} does not answer.`, { cause: error });
  }
}
