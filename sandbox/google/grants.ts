import type { Clock } from "../clock.ts";
import type { Meta } from "../database.ts";
import { createGrants, type AccessProblem, type Grant as AnyGrant } from "../oauth/grants.ts";
import { loadSecret, loadSigningKey, type SigningKey } from "../oauth/keys.ts";
import type { Account, Accounts } from "./accounts.ts";

export const ACCESS_TOKEN_SECONDS = 3599;
const ACCESS_PREFIX = "ya29.a0";
const REFRESH_PREFIX = "1//0";

export type Grant = AnyGrant<Account>;

export type Grants = {
  accessToken: (account: Account, client: string, scope: string) => string;
  /** Refresh tokens do not rotate, and do not age while they are used. */
  refreshToken: (account: Account, client: string, scope: string) => string;
  openAccessToken: (token: string) => Grant | AccessProblem;
  openRefreshToken: (token: string) => Grant | AccessProblem;
};

/** `identity` signs id tokens; `serviceAccounts` is the key pair that every service account has. They are made when first asked for. */
export type Keys = { secret: Buffer; readonly identity: SigningKey; readonly serviceAccounts: SigningKey };

export function loadKeys(meta: Meta): Keys {
  let identity: SigningKey | undefined;
  let serviceAccounts: SigningKey | undefined;
  return {
    secret: loadSecret(meta, "google-secret"),
    get identity() {
      return (identity ??= loadSigningKey(meta, "google-signing-key"));
    },
    get serviceAccounts() {
      return (serviceAccounts ??= loadSigningKey(meta, "google-service-account-key"));
    },
  };
}

export function createGoogleGrants(keys: Keys, accounts: Accounts, now: Clock): Grants {
  const grants = createGrants(accounts, now, { secret: keys.secret, accessMs: ACCESS_TOKEN_SECONDS * 1000, refreshMs: Infinity });
  return {
    accessToken: (account, client, scope) => `${ACCESS_PREFIX}${grants.access(account, client, scope).sealed}`,
    refreshToken: (account, client, scope) => `${REFRESH_PREFIX}${grants.refresh(account, client, scope)}`,
    openAccessToken: (token) => (token.startsWith(ACCESS_PREFIX) ? grants.openAccess(token.slice(ACCESS_PREFIX.length)) : "malformed"),
    openRefreshToken: (token) => {
      if (!token.startsWith(REFRESH_PREFIX)) return "malformed";
      const opened = grants.openRefresh(token.slice(REFRESH_PREFIX.length));
      return typeof opened === "string" ? opened : opened.grant;
    },
  };
}
