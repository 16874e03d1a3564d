import * as oauth from "oauth4webapi";
import { isLocal } from "./cookies.ts";
import type { Flow } from "./flow.ts";
import { toSignInProblem } from "./microsoft-errors.ts";
import { assertKeyIssuer, expectedIssuer, issuerForToken, toPerson } from "./microsoft-token.ts";
import type { MicrosoftPerson } from "./microsoft-token.ts";
import { ASK_CONSENT_AGAIN, SignInProblem } from "./problem.ts";

// Sign-in with the Microsoft identity platform v2: OpenID Connect's code flow with PKCE, state and nonce.

const REQUEST_TIMEOUT_MILLISECONDS = 10_000;
const OPENID_SCOPES = ["openid", "profile", "email", "offline_access"];
const SCOPE_RESOURCE = /^https:\/\/graph\.microsoft\.[a-z.]+\//;

export interface BeginRequest {
  /** What is asked for beyond the sign-in itself. */
  scopes: readonly string[];
  loginHint?: string | undefined;
  prompt?: "select_account" | "consent" | undefined;
}

export interface BegunSignIn {
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

export interface MicrosoftSignIn {
  /** The address to send the browser to, and what must be remembered meanwhile. */
  begin(request: BeginRequest): Promise<BegunSignIn>;
  /** Whom the callback brought. Throws a `SignInProblem`. */
  finish(callback: URL, flow: Flow, scopes: readonly string[]): Promise<FinishedSignIn>;
  /** Where an administrator allows the app for a whole organisation. */
  adminConsentUrl(scopes: readonly string[]): string;
}

type MicrosoftEnv = Pick<
  Env,
  "ORIGIN" | "MICROSOFT_CLIENT_ID" | "MICROSOFT_CLIENT_SECRET" | "MICROSOFT_TENANT" | "MICROSOFT_LOGIN_URL" | "INSECURE_COOKIES"
>;

export function createMicrosoftSignIn(env: MicrosoftEnv, now: () => number): MicrosoftSignIn {
  const client: oauth.Client = { client_id: env.MICROSOFT_CLIENT_ID, id_token_signed_response_alg: "RS256" };
  const redirectUri = `${env.ORIGIN}/auth/microsoft/callback`;
  const options = () => ({
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MILLISECONDS),
    // Plain http is for the sandbox on the developer's own machine.
    [oauth.allowInsecureRequests]: isLocal(env),
  });

  async function discover(): Promise<oauth.AuthorizationServer> {
    const tenant = new URL(`${env.MICROSOFT_LOGIN_URL}/${env.MICROSOFT_TENANT}/v2.0`);
    const response = await oauth.discoveryRequest(tenant, options());
    return oauth.processDiscoveryResponse(new URL(expectedIssuer(env.MICROSOFT_LOGIN_URL, env.MICROSOFT_TENANT)), response);
  }

  async function redeem(server: oauth.AuthorizationServer, callback: URL, flow: Flow) {
    const parameters = oauth.validateAuthResponse(server, client, callback, flow.state);
    const secret = oauth.ClientSecretPost(env.MICROSOFT_CLIENT_SECRET);
    const response = await oauth.authorizationCodeGrantRequest(server, client, secret, parameters, redirectUri, flow.verifier, options());
    // Which tenant's issuer to expect stands in the token itself; that it is the template's is what gets verified.
    const idToken = response.ok ? ((await response.clone().json()) as { id_token?: unknown }).id_token : undefined;
    const issuer = response.ok ? { ...server, issuer: issuerForToken(server.issuer, idToken) } : server;
    const tokens = await oauth.processAuthorizationCodeResponse(issuer, client, response, {
      expectedNonce: flow.nonce,
      requireIdToken: true,
    });
    const keys: oauth.JWKSCacheInput = {};
    await oauth.validateApplicationLevelSignature(issuer, response, { ...options(), [oauth.jwksCache]: keys });
    const person = toPerson(claimsOf(tokens));
    assertKeyIssuer(String(idToken), person.identity.issuer, person.tenantId, keys);
    return { tokens, person };
  }

  function adminConsentUrl(scopes: readonly string[]): string {
    const tenant = ["common", "consumers"].includes(env.MICROSOFT_TENANT) ? "organizations" : env.MICROSOFT_TENANT;
    const url = new URL(`${env.MICROSOFT_LOGIN_URL}/${tenant}/v2.0/adminconsent`);
    url.search = new URLSearchParams({
      client_id: env.MICROSOFT_CLIENT_ID,
      scope: withOpenId(scopes),
      redirect_uri: redirectUri,
    }).toString();
    return url.href;
  }

  return {
    adminConsentUrl,

    async begin({ scopes, loginHint, prompt }) {
      if (!env.MICROSOFT_CLIENT_ID || !env.MICROSOFT_CLIENT_SECRET) {
        throw new SignInProblem("auth.not_configured", "This Tidemark is not registered with Microsoft yet: its operator has to set a client id and secret.");
      }
      const server = await discover().catch((error: unknown) => {
        throw toSignInProblem(error, adminConsentUrl(scopes));
      });
      const [state, nonce, verifier] = [oauth.generateRandomState(), oauth.generateRandomNonce(), oauth.generateRandomCodeVerifier()];
      if (!server.authorization_endpoint) throw new SignInProblem("auth.authority_failed", "Microsoft's sign-in service did not say where to sign in.");
      const url = new URL(server.authorization_endpoint);
      url.search = new URLSearchParams({
        client_id: env.MICROSOFT_CLIENT_ID,
        response_type: "code",
        response_mode: "query",
        redirect_uri: redirectUri,
        scope: withOpenId(scopes),
        state,
        nonce,
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
        ...(loginHint === undefined ? {} : { login_hint: loginHint }),
        ...(prompt === undefined ? {} : { prompt }),
      }).toString();
      return { url: url.href, state, nonce, verifier };
    },

    async finish(callback, flow, scopes) {
      try {
        const { tokens, person } = await redeem(await discover(), callback, flow);
        return {
          person,
          scopes: grantedScopes(tokens.scope, scopes),
          tokens: {
            accessToken: tokens.access_token,
            refreshToken: refreshTokenOf(tokens),
            expiresAt: now() + (tokens.expires_in ?? 3600) * 1000,
          },
        };
      } catch (error) {
        throw toSignInProblem(error, adminConsentUrl(scopes));
      }
    },
  };
}

function withOpenId(scopes: readonly string[]): string {
  return [...new Set([...OPENID_SCOPES, ...scopes])].join(" ");
}

function claimsOf(tokens: oauth.TokenEndpointResponse): oauth.IDToken {
  const claims = oauth.getValidatedIdTokenClaims(tokens);
  if (!claims) throw new Error("The token response has no id token.");
  return claims;
}

/** What was granted, in short names. A person may leave out what we ask for; without it there is nothing to keep. */
function grantedScopes(granted: string | undefined, asked: readonly string[]): string[] {
  const scopes = (granted ?? "").split(" ").filter(Boolean).map((scope) => scope.replace(SCOPE_RESOURCE, ""));
  // What makes the sign-in itself is not listed by every kind of account.
  const needed = asked.filter((scope) => !OPENID_SCOPES.includes(scope));
  const missing = needed.find((scope) => !scopes.some((given) => given.toLowerCase() === scope.toLowerCase() || given.startsWith(`${scope}.`)));
  if (missing !== undefined) {
    const message = `The permission "${missing}" was not given, and without it Tidemark cannot keep anything. It only ever reads.`;
    throw new SignInProblem("auth.consent_declined", message, ASK_CONSENT_AGAIN);
  }
  return scopes;
}

function refreshTokenOf(tokens: oauth.TokenEndpointResponse): string {
  if (tokens.refresh_token !== undefined) return tokens.refresh_token;
  const message = "Microsoft gave Tidemark no lasting access, so it could not keep your files up to date.";
  throw new SignInProblem("auth.consent_declined", message, ASK_CONSENT_AGAIN);
}
