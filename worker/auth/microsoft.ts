import * as oauth from "oauth4webapi";
import { isLocal } from "./cookies.ts";
import type { Flow } from "./flow.ts";
import { toSignInProblem } from "./microsoft-errors.ts";
import type { MicrosoftPerson } from "./microsoft-token.ts";
import { assertKeyIssuer, expectedIssuer, issuerForToken, toPerson } from "./microsoft-token.ts";
import { ASK_CONSENT_AGAIN, SignInProblem } from "./problem.ts";

// Sign-in with the Microsoft identity platform v2: OpenID Connect's code flow with PKCE, state and nonce.

const REQUEST_TIMEOUT_MILLISECONDS = 10_000;
const TOKEN_SECONDS_DEFAULT = 3600;
const OPENID_SCOPES = ["openid", "profile", "email", "offline_access"];
const SCOPE_RESOURCE = /^https:\/\/graph\.microsoft\.[a-z.]+\//;

export interface BeginRequest {
  loginHint?: string | undefined;
  prompt?: "select_account" | "consent" | undefined;
}

interface BegunSignIn {
  /** Where to send the browser. */
  url: string;
  state: string;
  nonce: string;
  verifier: string;
}

export interface FinishedSignIn {
  person: MicrosoftPerson;
  scopes: string[];
  tokens: { accessToken: string; refreshToken: string; expiresAt: number };
}

type MicrosoftEnv = Pick<Env, "ORIGIN" | "MICROSOFT_CLIENT_ID" | "MICROSOFT_CLIENT_SECRET" | "MICROSOFT_TENANT" | "MICROSOFT_LOGIN_URL">;

export class MicrosoftSignIn {
  readonly #env: MicrosoftEnv;
  /** What is asked for beyond the sign-in itself. */
  readonly #scopes: readonly string[];
  readonly #client: oauth.Client;
  readonly #redirectUri: string;

  constructor(env: MicrosoftEnv, scopes: readonly string[]) {
    this.#env = env;
    this.#scopes = scopes;
    this.#client = { client_id: env.MICROSOFT_CLIENT_ID, id_token_signed_response_alg: "RS256" };
    this.#redirectUri = `${env.ORIGIN}/auth/microsoft/callback`;
  }

  /** The address at Microsoft, and what must be remembered until the callback. Throws a `SignInProblem`. */
  async begin({ loginHint, prompt }: BeginRequest): Promise<BegunSignIn> {
    if (!this.#env.MICROSOFT_CLIENT_ID || !this.#env.MICROSOFT_CLIENT_SECRET) {
      const message = "This Tidemark is not registered with Microsoft yet: its operator has to set a client id and secret.";
      throw new SignInProblem("auth.not_configured", message);
    }
    const endpoint = await this.#authorizationEndpoint();
    const [state, nonce, verifier] = [oauth.generateRandomState(), oauth.generateRandomNonce(), oauth.generateRandomCodeVerifier()];
    endpoint.search = new URLSearchParams({
      client_id: this.#env.MICROSOFT_CLIENT_ID,
      response_type: "code",
      response_mode: "query",
      redirect_uri: this.#redirectUri,
      scope: this.#allScopes(),
      state,
      nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      ...(loginHint === undefined ? {} : { login_hint: loginHint }),
      ...(prompt === undefined ? {} : { prompt }),
    }).toString();
    return { url: endpoint.href, state, nonce, verifier };
  }

  /** Whom the callback brought. Throws a `SignInProblem`. */
  async finish(callback: URL, flow: Flow, now: number): Promise<FinishedSignIn> {
    try {
      const { tokens, person } = await this.#redeem(callback, flow);
      return {
        person,
        scopes: grantedScopes(tokens.scope, this.#scopes),
        tokens: {
          accessToken: tokens.access_token,
          refreshToken: refreshTokenOf(tokens),
          expiresAt: now + (tokens.expires_in ?? TOKEN_SECONDS_DEFAULT) * 1000,
        },
      };
    } catch (error) {
      throw toSignInProblem(error, this.#adminConsentUrl());
    }
  }

  async #redeem(callback: URL, flow: Flow): Promise<{ tokens: oauth.TokenEndpointResponse; person: MicrosoftPerson }> {
    const server = await this.#discover();
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      this.#client,
      oauth.ClientSecretPost(this.#env.MICROSOFT_CLIENT_SECRET),
      oauth.validateAuthResponse(server, this.#client, callback, flow.state),
      this.#redirectUri,
      flow.verifier,
      this.#options(),
    );
    // Which tenant's issuer to expect stands in the token itself; that it is the template's is what gets verified.
    const idToken = response.ok ? ((await response.clone().json()) as { id_token?: unknown }).id_token : undefined;
    const issuer = response.ok ? { ...server, issuer: issuerForToken(server.issuer, idToken) } : server;
    const tokens = await oauth.processAuthorizationCodeResponse(issuer, this.#client, response, {
      expectedNonce: flow.nonce,
      requireIdToken: true,
    });
    const keys: oauth.JWKSCacheInput = {};
    await oauth.validateApplicationLevelSignature(issuer, response, { ...this.#options(), [oauth.jwksCache]: keys });
    const person = toPerson(claimsOf(tokens));
    assertKeyIssuer(String(idToken), person.identity.issuer, person.tenantId, keys);
    return { tokens, person };
  }

  async #authorizationEndpoint(): Promise<URL> {
    try {
      const { authorization_endpoint: endpoint } = await this.#discover();
      return new URL(endpoint ?? "");
    } catch (error) {
      throw toSignInProblem(error, this.#adminConsentUrl());
    }
  }

  async #discover(): Promise<oauth.AuthorizationServer> {
    const { MICROSOFT_LOGIN_URL: base, MICROSOFT_TENANT: tenant } = this.#env;
    const response = await oauth.discoveryRequest(new URL(`${base}/${tenant}/v2.0`), this.#options());
    return oauth.processDiscoveryResponse(new URL(expectedIssuer(base, tenant)), response);
  }

  /** Where an administrator allows the app for a whole organisation. */
  #adminConsentUrl(): string {
    const { MICROSOFT_LOGIN_URL: base, MICROSOFT_TENANT: tenant, MICROSOFT_CLIENT_ID: clientId } = this.#env;
    const url = new URL(`${base}/${["common", "consumers"].includes(tenant) ? "organizations" : tenant}/v2.0/adminconsent`);
    url.search = new URLSearchParams({ client_id: clientId, scope: this.#allScopes(), redirect_uri: this.#redirectUri }).toString();
    return url.href;
  }

  #allScopes(): string {
    return [...new Set([...OPENID_SCOPES, ...this.#scopes])].join(" ");
  }

  #options() {
    return {
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MILLISECONDS),
      // Plain http is for the sandbox on the developer's own machine.
      [oauth.allowInsecureRequests]: isLocal(this.#env),
    };
  }
}

function claimsOf(tokens: oauth.TokenEndpointResponse): oauth.IDToken {
  const claims = oauth.getValidatedIdTokenClaims(tokens);
  if (!claims) throw new Error("The token response has no id token.");
  return claims;
}

/** What was granted, in short names. A person may leave out what we ask for; without it there is nothing to keep. */
function grantedScopes(granted: string | undefined, asked: readonly string[]): string[] {
  const scopes = (granted ?? "")
    .split(" ")
    .filter(Boolean)
    .map((scope) => scope.replace(SCOPE_RESOURCE, ""));
  // What makes the sign-in itself is not listed by every kind of account; `Files.Read.All` has `Files.Read` in it.
  const given = (scope: string) => scopes.some((one) => one.toLowerCase() === scope.toLowerCase() || one.startsWith(`${scope}.`));
  const missing = asked.find((scope) => !OPENID_SCOPES.includes(scope) && !given(scope));
  if (missing === undefined) return scopes;
  const message = `The permission "${missing}" was not given, and without it Tidemark cannot keep anything. It only ever reads.`;
  throw new SignInProblem("auth.consent_declined", message, ASK_CONSENT_AGAIN);
}

function refreshTokenOf(tokens: oauth.TokenEndpointResponse): string {
  if (tokens.refresh_token !== undefined) return tokens.refresh_token;
  const message = "Microsoft gave Tidemark no lasting access, so it could not keep your files up to date.";
  throw new SignInProblem("auth.consent_declined", message, ASK_CONSENT_AGAIN);
}
