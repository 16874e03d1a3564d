import * as oauth from "oauth4webapi";
import type { Authority, AuthorizeRequest, IdentityProof, RegisteredClient } from "./authorities/authority.ts";
import { toSignInProblem } from "./errors.ts";
import type { Flow } from "./flow.ts";
import type { Person } from "./person.ts";
import { ASK_CONSENT_AGAIN, SignInProblem } from "./problem.ts";
import type { Tokens } from "./refresh.ts";
import { clientAuthentication, requestOptions, withoutIdToken } from "./request.ts";
import { askedScopes, grantedScopes } from "./scopes.ts";

// The authorization code flow with PKCE and state, and with a nonce where the authority proves who the person is.

const TOKEN_SECONDS_DEFAULT = 3600;

export type BeginRequest = Omit<AuthorizeRequest, "connecting">;

interface BegunSignIn {
  /** Where to send the browser. */
  url: string;
  state: string;
  nonce: string;
  verifier: string;
}

export interface FinishedSignIn {
  /** Null where the authority does not say who somebody is. */
  person: Person | null;
  /** What was granted of a source; null where none was asked for. */
  access: { scopes: string[]; tokens: Tokens } | null;
}

/** One sign-in at an authority. `needed`: the source's scopes; null where somebody only signs in. */
export class AuthoritySignIn {
  readonly #env: Env;
  readonly #authority: Authority;
  readonly #needed: readonly string[] | null;
  readonly #redirectUri: string;
  readonly #fetch: typeof fetch;

  constructor(env: Env, authority: Authority, needed: readonly string[] | null, fetch: typeof globalThis.fetch) {
    this.#env = env;
    this.#authority = authority;
    this.#needed = needed;
    this.#redirectUri = redirectUri(env, authority);
    this.#fetch = fetch;
  }

  /** The address at the authority, and what must be remembered until the callback. Throws a `SignInProblem`. */
  async begin(request: BeginRequest): Promise<BegunSignIn> {
    const { id } = this.#client();
    const endpoint = await this.#authorizationEndpoint();
    const [state, nonce, verifier] = [oauth.generateRandomState(), oauth.generateRandomNonce(), oauth.generateRandomCodeVerifier()];
    endpoint.search = new URLSearchParams({
      client_id: id,
      response_type: "code",
      redirect_uri: this.#redirectUri,
      scope: this.#scope(),
      state,
      ...(this.#authority.identity && { nonce }),
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      ...this.#authority.authorizeParameters?.({ ...request, connecting: this.#needed !== null }),
    }).toString();
    return { url: endpoint.href, state, nonce, verifier };
  }

  /** Whom, and what, the callback brought. Throws a `SignInProblem`. */
  async finish(callback: URL, flow: Flow, now: number): Promise<FinishedSignIn> {
    try {
      const { tokens, person } = await this.#redeem(callback, flow);
      return { person, access: this.#needed === null ? null : this.#accessOf(tokens, this.#needed, now) };
    } catch (error) {
      throw this.#problem(error);
    }
  }

  #accessOf(tokens: oauth.TokenEndpointResponse, needed: readonly string[], now: number): NonNullable<FinishedSignIn["access"]> {
    const scopes = grantedScopes(this.#authority, tokens.scope, needed);
    if (tokens.refresh_token === undefined) {
      const message = `${this.#authority.name} gave Tidemark no lasting access, so it could not keep your files up to date.`;
      throw new SignInProblem("auth.consent_declined", message, ASK_CONSENT_AGAIN);
    }
    const expiresAt = now + (tokens.expires_in ?? TOKEN_SECONDS_DEFAULT) * 1000;
    return { scopes, tokens: { accessToken: tokens.access_token, refreshToken: tokens.refresh_token, expiresAt } };
  }

  async #redeem(callback: URL, flow: Flow): Promise<{ tokens: oauth.TokenEndpointResponse; person: Person | null }> {
    const { id, secret } = this.#client();
    const client: oauth.Client = { client_id: id, id_token_signed_response_alg: "RS256" };
    const server = await this.#server();
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      clientAuthentication(this.#authority, secret),
      oauth.validateAuthResponse(server, client, callback, flow.state),
      this.#redirectUri,
      flow.verifier,
      this.#options(server.token_endpoint),
    );
    const { identity } = this.#authority;
    if (identity) return this.#proven(identity, server, client, response, flow.nonce);
    return { tokens: await oauth.processAuthorizationCodeResponse(server, client, await withoutIdToken(response)), person: null };
  }

  async #proven(
    identity: IdentityProof,
    server: oauth.AuthorizationServer,
    client: oauth.Client,
    response: Response,
    nonce: string,
  ): Promise<{ tokens: oauth.TokenEndpointResponse; person: Person }> {
    // Where one server speaks for many issuers, which of them to expect stands in the token itself; that it may is what gets verified.
    const idToken = response.ok ? ((await response.clone().json()) as { id_token?: unknown }).id_token : undefined;
    const issuer = response.ok && identity.issuerFor ? { ...server, issuer: identity.issuerFor(server.issuer, idToken) } : server;
    const expected = { expectedNonce: nonce, requireIdToken: true };
    const tokens = await oauth.processAuthorizationCodeResponse(issuer, client, response, expected);
    const keys: oauth.JWKSCacheInput = {};
    await oauth.validateApplicationLevelSignature(issuer, response, { ...this.#options(server.jwks_uri), [oauth.jwksCache]: keys });
    const claims = oauth.getValidatedIdTokenClaims(tokens);
    if (!claims) throw new Error("The token response has no id token.");
    const person = identity.person(claims);
    identity.checkKey?.(String(idToken), person, keys);
    return { tokens, person };
  }

  async #authorizationEndpoint(): Promise<URL> {
    try {
      const { authorization_endpoint: endpoint } = await this.#server();
      return new URL(endpoint ?? "");
    } catch (error) {
      throw this.#problem(error);
    }
  }

  async #server(): Promise<oauth.AuthorizationServer> {
    const discovery = this.#authority.discovery?.(this.#env);
    if (!discovery) return this.#authority.server(this.#env);
    const response = await oauth.discoveryRequest(discovery.address, this.#options(discovery.address.href));
    return oauth.processDiscoveryResponse(discovery.issuer, response);
  }

  #client(): RegisteredClient {
    const registered = this.#authority.client(this.#env);
    if (registered) return registered;
    const message = `This Tidemark is not registered with ${this.#authority.name} yet: its operator has to set a client id and secret.`;
    throw new SignInProblem("auth.not_configured", message);
  }

  #problem(error: unknown): SignInProblem {
    const clientId = this.#authority.client(this.#env)?.id ?? "";
    const request = { clientId, scope: this.#scope(), redirectUri: this.#redirectUri };
    const adminConsentUrl = this.#authority.adminConsentUrl?.(this.#env, request);
    return toSignInProblem(this.#authority, error, { connecting: this.#needed !== null, adminConsentUrl });
  }

  #scope(): string {
    return askedScopes(this.#authority, this.#needed ?? [], this.#needed !== null).join(" ");
  }

  #options(address: string | undefined) {
    return requestOptions(this.#authority, address ?? this.#redirectUri, this.#fetch);
  }
}

/** As it must be registered with the authority. */
function redirectUri({ ORIGIN }: Pick<Env, "ORIGIN">, { id }: Authority): string {
  return `${ORIGIN}/auth/${id}/callback`;
}
