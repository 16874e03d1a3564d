import type { DatabaseSync } from "node:sqlite";
import { uuidOf, type Account, type Accounts } from "./accounts.ts";
import { siteHost, siteKeyOf } from "./hosts.ts";

const SCHEMA = `
CREATE TABLE IF NOT EXISTS atlassian_members (owner INTEGER NOT NULL, account INTEGER NOT NULL, PRIMARY KEY (owner, account)) WITHOUT ROWID;
`;

/** A place where people work together, with all products. Each person has one of their own, and may be a member of others'. */
export type Site = { key: string; host: string; cloudId: string; owner: Account };

export type Sites = {
  /** Those that a person may use, their own first. */
  of: (account: Account) => Site[];
  byHost: (host: string) => Site | undefined;
  byCloudId: (cloudId: string) => Site | undefined;
  isMember: (site: Site, account: Account) => boolean;
  join: (site: Site, account: Account) => void;
  leave: (site: Site, account: Account) => void;
};

export function createSites(db: DatabaseSync, accounts: Accounts): Sites {
  db.exec(SCHEMA);
  const insert = db.prepare("INSERT OR IGNORE INTO atlassian_members (owner, account) VALUES (?, ?)");
  const remove = db.prepare("DELETE FROM atlassian_members WHERE owner = ? AND account = ?");
  const select = db.prepare("SELECT owner FROM atlassian_members WHERE account = ? ORDER BY owner");
  const find = (suits: (site: Site) => boolean): Site | undefined => accounts.all().map(siteOf).find(suits);
  const of = (account: Account): Site[] => {
    const others = select.all(account.no).flatMap(({ owner }) => accounts.numbered(Number(owner)) ?? []);
    return [account, ...others].map(siteOf);
  };
  return {
    of,
    byHost: (host) => find(({ key }) => key === siteKeyOf(host)),
    byCloudId: (cloudId) => find((site) => site.cloudId === cloudId),
    isMember: (site, account) => of(account).some(({ key }) => key === site.key),
    join: (site, account) => void insert.run(site.owner.no, account.no),
    leave: (site, account) => void remove.run(site.owner.no, account.no),
  };
}

export function siteOf(owner: Account): Site {
  const { siteKey: key } = owner;
  return { key, host: siteHost(key), cloudId: uuidOf(`site ${key}`), owner };
}
