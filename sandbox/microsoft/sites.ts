import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../clock.ts";
import { LIBRARIES_DOMAIN, type Account, type Accounts } from "./accounts.ts";
import { SITES_HOST } from "./hosts.ts";
import { guidOf } from "./ids.ts";

/** `locked`: an administrator has locked or archived it. */
export type SiteState = "open" | "locked" | "deleted";

export type Site = {
  /** What its libraries' accounts begin with; it never changes. */
  name: string;
  /** The last segment of its address. */
  address: string;
  title: string;
  /** The site that it is a subsite of, by name. */
  parent: string | null;
  host: string;
  state: SiteState;
  /** The accounts that may open it; null: everybody in the tenant. */
  members: readonly string[] | null;
  created: number;
};

export type SiteChange = Partial<Pick<Site, "address" | "title" | "parent" | "host" | "state" | "members">>;

export type Sites = {
  named: (name: string) => Site | undefined;
  all: () => Site[];
  /** Makes the site where there is none of this name. */
  change: (name: string, change: SiteChange) => Site;
  follow: (account: Account, site: string) => void;
  followedBy: (account: Account) => Site[];
  libraries: (site: Site) => Account[];
  /** The library of this name, made when first named. */
  library: (site: Site, list: string) => Account | undefined;
  /** `contoso.sharepoint.com,{site collection},{web}`. */
  id: (site: Site) => string;
  collectionId: (site: Site) => string;
  webId: (site: Site) => string;
  /** From the host's root, without a leading slash; of the root site, nothing. */
  path: (site: Site) => string;
};

/** The root site's name: its address is the host's own. */
export const ROOT_SITE = "root";
const DEPTH_MAX = 10;
const COLUMNS = "name, address, title, parent, host, state, members, created";

/** The tenant's sites. A library's account makes its site by being named. */
export function createSites({ db, accounts, now }: { db: DatabaseSync; accounts: Accounts; now: Clock }): Sites {
  const stored = (name: string): Site | undefined => {
    const row = db.prepare(`SELECT ${COLUMNS} FROM sites WHERE name = ?`).get(name);
    return row === undefined ? undefined : toSite(row);
  };
  const fresh = (name: string): Site => ({
    name,
    address: name,
    title: name.charAt(0).toUpperCase() + name.slice(1),
    parent: null,
    host: SITES_HOST,
    state: "open",
    members: null,
    created: now(),
  });
  const libraryAccounts = (): Account[] => accounts.all().filter((account) => account.library !== undefined);
  const sites: Sites = {
    named: (name) => stored(name) ?? (libraryAccounts().some(({ library }) => library?.site === name) ? fresh(name) : undefined),
    all: () => {
      const known = db.prepare(`SELECT ${COLUMNS} FROM sites ORDER BY name`).all().map(toSite);
      const names = new Set(known.map(({ name }) => name));
      const others = new Set(libraryAccounts().map(({ library }) => library?.site ?? ""));
      return [...known, ...[...others].filter((name) => !names.has(name)).map(fresh)];
    },
    change: (name, change) => {
      const site = { ...(sites.named(name) ?? fresh(name)), ...change };
      db.prepare(`INSERT OR REPLACE INTO sites (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`).run(
        site.name,
        site.address,
        site.title,
        site.parent,
        site.host,
        site.state,
        site.members === null ? null : JSON.stringify(site.members),
        site.created,
      );
      return site;
    },
    follow: (account, site) => void db.prepare("INSERT OR IGNORE INTO followed_sites (account, site) VALUES (?, ?)").run(account.no, site),
    followedBy: (account) =>
      db
        .prepare("SELECT site FROM followed_sites WHERE account = ? ORDER BY site")
        .all(account.no)
        .flatMap(({ site }) => sites.named(String(site)) ?? []),
    libraries: (site) => libraryAccounts().filter(({ library }) => library?.site === site.name),
    library: (site, list) => accounts.named(`${site.name}.${list}@${LIBRARIES_DOMAIN}`),
    id: (site) => `${site.host},${sites.collectionId(site)},${sites.webId(site)}`,
    collectionId: (site) => guidOf(`collection of ${chain(sites, site)[0]?.name}`),
    webId: (site) => guidOf(`web of ${site.name}`),
    path: (site) => {
      const above = chain(sites, site).map(({ address }) => address);
      return site.name === ROOT_SITE ? "" : ["sites", ...above].join("/");
    },
  };
  return sites;
}

/** From the top site down to this one. */
function chain(sites: Sites, site: Site): Site[] {
  const found = [site];
  for (let at = site; at.parent !== null && found.length < DEPTH_MAX;) {
    const parent = sites.named(at.parent);
    if (parent === undefined) break;
    found.unshift((at = parent));
  }
  return found;
}

function toSite(row: Record<string, unknown>): Site {
  const members = row["members"];
  return { ...row, members: typeof members === "string" ? (JSON.parse(members) as string[]) : null } as Site;
}
