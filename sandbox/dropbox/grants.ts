import { randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../clock.ts";
import { createGrants, type AccessProblem } from "../oauth/grants.ts";
import type { Account, Accounts } from "./accounts.ts";

export const ACCESS_TOKEN_SECONDS = 14_400;
const PREFIX = "sl.u.";

export type Grant = { account: Account; client: string; scope: string; family: string };

export type Grants = {
  /** A new grant, which links the app with the account. */
  begin: (account: Account, client: string, scope: string) => Grant;
  accessToken: (grant: Grant) => string;
  /** Works for as long as the grant, and gives no other one. */
  refreshToken: (grant: Grant) => string;
  openAccessToken: (token: string) => Grant | AccessProblem;
  openRefreshToken: (token: string) => Grant | AccessProblem;
  /** Ends a grant, with all its tokens. */
  end: (grant: Grant) => void;
  isLinked: (account: Account) => boolean;
};

/** Tokens in Dropbox's forms. All tokens of one grant are a family, and end together. */
export function createDropboxGrants(db: DatabaseSync, secret: Buffer, accounts: Accounts, now: Clock): Grants {
  const sealed = createGrants(accounts, now, { secret, accessMs: ACCESS_TOKEN_SECONDS * 1000, refreshMs: Infinity });
  const link = db.prepare("INSERT INTO dropbox_links (account, family, generation) VALUES (?, ?, ?)");
  const unlink = db.prepare("DELETE FROM dropbox_links WHERE account = ? AND family = ?");
  const linked = db.prepare("SELECT 1 FROM dropbox_links WHERE account = ? AND family = ?");
  const anyLinked = db.prepare("SELECT 1 FROM dropbox_links WHERE account = ? AND generation = ?");
  const holder = ({ client, family }: Grant): string => `${client} ${family}`;
  const toGrant = (opened: { account: Account; client: string; scope: string } | AccessProblem): Grant | AccessProblem => {
    if (typeof opened === "string") return opened;
    const [client = "", family = ""] = opened.client.split(" ");
    if (linked.get(opened.account.no, family) === undefined) return "revoked";
    return { account: opened.account, client, scope: opened.scope, family };
  };
  return {
    begin: (account, client, scope) => {
      const grant = { account, client, scope, family: randomUUID() };
      link.run(account.no, grant.family, accounts.state(account).grantGeneration);
      return grant;
    },
    accessToken: (grant) => `${PREFIX}${sealed.access(grant.account, holder(grant), grant.scope).sealed}`,
    refreshToken: (grant) => sealed.refresh(grant.account, holder(grant), grant.scope),
    openAccessToken: (token) => (token.startsWith(PREFIX) ? toGrant(sealed.openAccess(token.slice(PREFIX.length))) : "malformed"),
    openRefreshToken: (token) => {
      const opened = sealed.openRefresh(token);
      return typeof opened === "string" ? opened : toGrant(opened.grant);
    },
    end: ({ account, family }) => void unlink.run(account.no, family),
    isLinked: (account) => anyLinked.get(account.no, accounts.state(account).grantGeneration) !== undefined,
  };
}
