// What an API token may do. The one place that says which scope a route needs: requests are checked by it, and the API's
// document tells it.

export const SCOPES = ["read", "run", "write", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

/** What WebDAV needs, where there is reading only. */
export const DAV_SCOPE: Scope = "read";

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);
/** What steers runs, by the last part of the path. */
const RUN_ACTIONS = new Set(["run", "verify", "pause", "resume", "cancel", "retry", "approve", "discard"]);

export function isSafe(method: string): boolean {
  return SAFE_METHODS.has(method.toUpperCase());
}

/** What outlives a token, or is nobody's business but the person's: who is signed in where, and by what. */
const OF_SESSIONS = /^\/(sessions|identities)(\/|$)/;

/**
 * The scope that a request needs, by its method and its path below `/api/v1`; `session` where no token will do: one that got
 * into the wrong hands must not be able to make what outlives it, nor to end everything. A route that is not thought of here needs `write`
 * where it may change something.
 */
export function scopeOf(method: string, path: string): Scope | "session" {
  if (/^\/admin(\/|$)/.test(path)) return "admin";
  if (OF_SESSIONS.test(path)) return "session";
  if (isSafe(method)) return "read";
  if (/^\/(tokens|me)(\/|$)/.test(path)) return "session";
  if (method.toUpperCase() !== "POST") return "write";
  const action = path.slice(path.lastIndexOf("/") + 1);
  if (action === "preview" || action === "zip") return "read";
  return RUN_ACTIONS.has(action) ? "run" : "write";
}
