import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../clock.ts";
import { createGrants, type AccessProblem, type Grant as AnyGrant } from "../oauth/grants.ts";
import { createRotation } from "../oauth/rotation.ts";
import type { Account, Accounts } from "./accounts.ts";

export const ACCESS_TOKEN_SECONDS = 3599;
const REFRESH_MS = 15 * 86_400_000;
/** Two parts, as of a JWT, that say nothing. */
const PREFIX = "eyJhbGciOiJSUzI1NiJ9.";

export type Grant = AnyGrant<Account>;

export type Grants = {
  accessToken: (account: Account, client: string, scope: string) => string;
  openAccessToken: (token: string) => Grant | AccessProblem;
  /** The first of a grant; each works once, and there is no grace. */
  refreshToken: (account: Account, client: string, scope: string) => string;
  openRefreshToken: (token: string) => Grant | AccessProblem;
  /** Uses one up: the next one, or undefined where it was used before. */
  rotate: (token: string, scope: string) => { grant: Grant; next: string } | undefined;
};

export function createAutodeskGrants(db: DatabaseSync, secret: Buffer, accounts: Accounts, now: Clock): Grants {
  const sealed = createGrants(accounts, now, { secret, accessMs: ACCESS_TOKEN_SECONDS * 1000, refreshMs: REFRESH_MS });
  const rotation = createRotation(db, now, { vendor: "autodesk", graceMs: 0 });
  const refreshToken = (account: Account, client: string, scope: string, id: string): string => sealed.refresh(account, client, scope, id);
  return {
    accessToken: (account, client, scope) => `${PREFIX}${sealed.access(account, client, scope).sealed}`,
    openAccessToken: (token) => (token.startsWith(PREFIX) ? sealed.openAccess(token.slice(PREFIX.length)) : "malformed"),
    refreshToken: (account, client, scope) => refreshToken(account, client, scope, rotation.begin()),
    openRefreshToken: (token) => {
      const opened = sealed.openRefresh(token);
      return typeof opened === "string" ? opened : opened.grant;
    },
    rotate: (token, scope) => {
      const opened = sealed.openRefresh(token);
      if (typeof opened === "string") return undefined;
      const used = rotation.use(opened.id);
      if (typeof used === "string") return undefined;
      const { grant } = opened;
      const kept = scope === "" ? grant.scope : scope;
      return { grant: { ...grant, scope: kept }, next: refreshToken(grant.account, grant.client, grant.scope, used.next) };
    },
  };
}
