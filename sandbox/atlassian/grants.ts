import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../clock.ts";
import { createGrants, type AccessProblem, type Grant as AnyGrant } from "../oauth/grants.ts";
import { createRotation } from "../oauth/rotation.ts";
import type { Account, Accounts } from "./accounts.ts";

export const ACCESS_TOKEN_SECONDS = 3600;
/** Without use; each use begins it anew. */
const REFRESH_MS = 90 * 86_400_000;
/** For how long a used refresh token still works, as when the answer with the next one was lost. */
const GRACE_MS = 10 * 60_000;

export type Grant = AnyGrant<Account>;

export type Grants = {
  accessToken: (account: Account, client: string, scope: string) => string;
  openAccessToken: (token: string) => Grant | AccessProblem;
  /** The first refresh token of a new grant. */
  refreshToken: (account: Account, client: string, scope: string) => string;
  openRefreshToken: (token: string) => Grant | AccessProblem;
  /** Uses up a refresh token; "spent" where it was used before, longer ago than the grace. */
  rotate: (token: string) => { grant: Grant; next: string } | AccessProblem | "spent";
};

/** Refresh tokens work once, and give the next one. Using a spent one ends all that came from the same sign-in. */
export function createAtlassianGrants(db: DatabaseSync, secret: Buffer, accounts: Accounts, now: Clock): Grants {
  const sealed = createGrants(accounts, now, { secret, accessMs: ACCESS_TOKEN_SECONDS * 1000, refreshMs: REFRESH_MS });
  const rotation = createRotation(db, now, { vendor: "atlassian", graceMs: GRACE_MS });
  return {
    accessToken: (account, client, scope) => sealed.access(account, client, scope).sealed,
    openAccessToken: (token) => sealed.openAccess(token),
    refreshToken: (account, client, scope) => sealed.refresh(account, client, scope, rotation.begin()),
    openRefreshToken: (token) => {
      const opened = sealed.openRefresh(token);
      return typeof opened === "string" ? opened : opened.grant;
    },
    rotate: (token) => {
      const opened = sealed.openRefresh(token);
      if (typeof opened === "string") return opened;
      const used = rotation.use(opened.id);
      if (typeof used === "string") return "spent";
      const { grant } = opened;
      return { grant, next: sealed.refresh(grant.account, grant.client, grant.scope, used.next) };
    },
  };
}
