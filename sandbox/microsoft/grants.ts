import type { Clock } from "../clock.ts";
import { createGrants, type AccessProblem, type Grant as AnyGrant } from "../oauth/grants.ts";
import { openJwt, signJwt } from "../oauth/keys.ts";
import type { Account, Accounts } from "./accounts.ts";
import { guidOf } from "./ids.ts";
import type { Keys } from "./keys.ts";

export const ACCESS_TOKEN_SECONDS = 3599;
const REFRESH_TOKEN_MS = 90 * 86_400_000;
const GRAPH_AUDIENCE = "https://graph.microsoft.com";
const OPENID_SCOPES = new Set(["openid", "profile", "email", "offline_access"]);
const PERSONAL_ACCESS = "EwCI";
const PERSONAL_REFRESH = "M.C5";
const WORK_REFRESH = "1.AXYA";

export type Grant = AnyGrant<Account>;

export type Grants = {
  accessToken: (account: Account, client: string, scope: string) => string;
  refreshToken: (account: Account, client: string, scope: string) => string;
  /** Who a bearer token speaks for. */
  openAccessToken: (token: string) => Grant | AccessProblem;
  openRefreshToken: (token: string) => { grant: Grant; id: string } | AccessProblem;
};

/** Tokens in Microsoft's forms: a work account's access token is a JWT, whose `uti` holds the grant. */
export function createMicrosoftGrants(keys: Keys, accounts: Accounts, now: Clock): Grants {
  const grants = createGrants(accounts, now, {
    secret: keys.secret,
    accessMs: ACCESS_TOKEN_SECONDS * 1000,
    refreshMs: REFRESH_TOKEN_MS,
  });
  return {
    accessToken: (account, client, scope) => {
      const { sealed, expires } = grants.access(account, client, scope);
      if (account.form !== "business") return `${PERSONAL_ACCESS}${sealed}`;
      const seconds = Math.floor(now() / 1000);
      return signJwt(keys.work, {
        aud: GRAPH_AUDIENCE,
        iss: `https://sts.windows.net/${account.tenant}/`,
        iat: seconds,
        nbf: seconds,
        exp: Math.floor(expires / 1000),
        appid: client,
        oid: account.oid,
        scp: scope
          .split(" ")
          .filter((one) => !OPENID_SCOPES.has(one))
          .join(" "),
        tid: account.tenant,
        upn: account.name,
        uti: sealed,
        ver: "1.0",
      });
    },
    refreshToken: (account, client, scope) =>
      `${account.form === "business" ? WORK_REFRESH : PERSONAL_REFRESH}${grants.refresh(account, client, scope)}`,
    openAccessToken: (token) => {
      if (token.startsWith(PERSONAL_ACCESS)) return grants.openAccess(token.slice(PERSONAL_ACCESS.length));
      const claims = openJwt(keys.work, token);
      return claims?.["aud"] === GRAPH_AUDIENCE ? grants.openAccess(String(claims["uti"])) : "malformed";
    },
    openRefreshToken: (token) => {
      const prefix = [WORK_REFRESH, PERSONAL_REFRESH].find((one) => token.startsWith(one));
      return prefix === undefined ? "malformed" : grants.openRefresh(token.slice(prefix.length));
    },
  };
}

/** The user's id for one application: nobody can match it with another application's. */
export function pairwiseSubject(account: Account, client: string): string {
  return Buffer.from(guidOf(`${account.oid} at ${client}`).replaceAll("-", "").repeat(2), "hex").toString("base64url");
}
