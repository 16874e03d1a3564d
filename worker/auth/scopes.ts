import type { Authority } from "./authorities/authority.ts";
import { ASK_CONSENT_AGAIN, SignInProblem } from "./problem.ts";

/** All that is asked for, in the authority's order: who the person is, lasting access, and what the source needs. */
export function askedScopes(authority: Authority, needed: readonly string[], connecting: boolean): string[] {
  const lasting = connecting ? (authority.lastingScopes ?? []) : [];
  return [...new Set([...(authority.identity?.scopes ?? []), ...lasting, ...needed])];
}

/**
 * What was granted, in the form in which it is asked for. A person may leave out what we ask for, and without it there is nothing to
 * keep: throws a `SignInProblem` that names what is missing. `granted`: as answered; absent means all (RFC 6749).
 */
export function grantedScopes(authority: Authority, granted: string | undefined, needed: readonly string[]): string[] {
  // What makes the sign-in itself is not listed by every kind of account.
  const own = new Set([...(authority.identity?.scopes ?? []), ...(authority.lastingScopes ?? [])]);
  const wanted = needed.filter((scope) => !own.has(scope));
  if (granted === undefined) return wanted;
  const scopes = granted.split(" ").filter(Boolean).map((scope) => authority.scopeName?.(scope) ?? scope); // prettier-ignore
  const grants = authority.grants ?? ((all: readonly string[], asked: string) => all.includes(asked));
  const missing = wanted.find((scope) => !grants(scopes, scope));
  if (missing === undefined) return scopes;
  const message = `The permission "${missing}" was not given, and without it Tidemark cannot keep anything. It only ever reads.`;
  throw new SignInProblem("auth.consent_declined", message, ASK_CONSENT_AGAIN);
}
