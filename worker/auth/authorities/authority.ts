import type * as oauth from "oauth4webapi";
import type { Person } from "../person.ts";

/** Who lets us at people's files, and may prove who they are, as data: `oauth4webapi` does the protocol. */
export interface Authority {
  /** As in `/auth/{id}/callback`. */
  id: string;
  /** As people know it. */
  name: string;
  /** How this deployment is registered there; null where its operator has not set that up. */
  client(env: AuthorityEnv): RegisteredClient | null;
  /** Its endpoints, as far as they are fixed. */
  server(env: Env): oauth.AuthorizationServer;
  /** Where it tells its endpoints for a sign-in, and as which issuer. Absent: `server` has them all. */
  discovery?(env: Env): { address: URL; issuer: URL };
  /** How our secret goes with a token request. */
  clientAuthentication: "post" | "basic";
  /** Whether token requests are JSON in place of a form. */
  jsonRequests?: boolean;
  /** How it proves who somebody is. Absent: it only authorises, and nobody signs in with it. */
  identity?: IdentityProof;
  /** Asked for along with what a source needs, so that access lasts. */
  lastingScopes?: readonly string[];
  /** What the address that people are sent to says beyond the protocol. */
  authorizeParameters?(asked: AuthorizeRequest): Record<string, string>;
  /** What a refresh says beyond the usual. */
  refreshParameters?(scopes: readonly string[]): Record<string, string>;
  /**
   * Where a refresh token works once: for how many seconds a used one still does, as when the answer with the next one was lost.
   * Absent: it goes on working.
   */
  rotationGraceSeconds?: number;
  /** A granted scope in the form in which it is asked for. */
  scopeName?(granted: string): string;
  /** Whether what was granted, in that form, has the asked one in it. Absent: it must be there by name. */
  grants?(granted: readonly string[], asked: string): boolean;
  /** What an error of a sign-in means, where its own words say more, or other, than RFC 6749. Undefined: what the RFC says. */
  trouble?(told: ToldError): Trouble | undefined;
  /** The same of a refused refresh. */
  refusal?(refused: RefusedRequest): "dead_grant" | "operator" | "transient" | undefined;
  /** A refused token request's body, where it is not the RFC's: as one that is. Undefined: as it came. */
  refusedBody?(body: Readonly<Record<string, unknown>>): { error: string; error_description: string } | undefined;
  /** Where an administrator allows the app for a whole organisation. */
  adminConsentUrl?(env: Env, request: { clientId: string; scope: string; redirectUri: string }): string;
  /** Where a grant is ended. Absent: only the person can. */
  revocation?: Revocation;
}

/** Settings that a deployment may do without, and that `wrangler types` therefore does not know. */
type OptionalSecret = "GOOGLE_CLIENT_SECRET" | "DROPBOX_CLIENT_SECRET" | "ATLASSIAN_CLIENT_SECRET" | "AUTODESK_CLIENT_SECRET";
export type AuthorityEnv = Env & { [name in OptionalSecret]?: string };

export interface RegisteredClient {
  id: string;
  secret: string;
}

/** The registration, where both halves of it are set. */
export function registration(id: string | undefined, secret: string | undefined): RegisteredClient | null {
  return id && secret ? { id, secret } : null;
}

/** The client as plain Basic authentication, which servers understand better than the RFC's, whose parts are form-encoded first. */
export function basic({ id, secret }: RegisteredClient): string {
  return `Basic ${btoa(`${id}:${secret}`)}`;
}

/** OpenID Connect, as far as authorities differ. */
export interface IdentityProof {
  scopes: readonly string[];
  /** What a sign-in connects unless it says otherwise. */
  provider: string;
  /** The issuer that this id token must name; throws a `SignInProblem`. Nothing of the token is verified yet. Absent: the server's. */
  issuerFor?(issuer: string, idToken: unknown): string;
  /** Whether this is an issuer of its id tokens. Absent: where it is the server's. */
  isIssuer?(env: Env, issuer: string): boolean;
  /** Refuses, by a `SignInProblem`, a verified token whose key is not its issuer's. */
  checkKey?(idToken: string, person: Person, keys: oauth.JWKSCacheInput): void;
  /** From claims whose signature, issuer, audience, times and nonce are verified. Throws a `SignInProblem`. */
  person(claims: oauth.IDToken): Person;
}

export interface AuthorizeRequest {
  /** Whether a source is being connected: lasting access is needed. */
  connecting: boolean;
  /** Whether the person is to choose the account, whoever is signed in there. */
  chooseAccount: boolean;
  /** Whether they are to be asked for consent anew. */
  consent: boolean;
  /** The account that is meant, as an address. */
  loginHint?: string | undefined;
}

export interface ToldError {
  /** Whether the browser brought it back, or a token request was answered with it. */
  where: "callback" | "token";
  /** `error`, and its description. */
  error: string;
  description: string;
}

/** What went wrong in a sign-in, in the terms that its words are chosen by. */
export type Trouble =
  | "admin_consent" // an administrator must allow the app first
  | "declined" // the person said no
  | "organisation" // a policy keeps this account out
  | "step_needed" // the authority wants something more of the person
  | "used_up" // the code is too old, or was used
  | "operator" // our registration is at fault
  | "outage"; // theirs

export interface RefusedRequest {
  status: number;
  /** `error`, and its description. */
  error: string;
  description: string;
}

export interface Revocation {
  /** The token that the grant is named by. */
  by: "access_token" | "refresh_token";
  request(env: Env, client: RegisteredClient, token: string): { url: string; headers?: Record<string, string>; body?: URLSearchParams };
}
