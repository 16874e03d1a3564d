import type { Refusal } from "../answers.ts";
import type { Account } from "./accounts.ts";
import { itemNotFound, refuse } from "./graph-error.ts";
import { ROOT_SITE, type Site, type Sites } from "./sites.ts";
import type { SiteAddress } from "./site-address.ts";

const BLOCKED = "Access to this site has been blocked. Please contact the administrator to resolve this problem.";

/** Whether somebody may see that a site is there. */
export const isVisible = (site: Site, account: Account): boolean =>
  account.form === "business" && site.state !== "deleted" && (site.members === null || site.members.includes(account.name));

/** Why somebody may not open a site; undefined where they may. */
export function closedSite(site: Site, account: Account): Refusal | undefined {
  if (site.state === "deleted" || account.form !== "business") return itemNotFound();
  if (!isVisible(site, account)) return refuse(403, "accessDenied", "Access denied");
  return site.state === "locked" ? refuse(423, "notAllowed", BLOCKED) : undefined;
}

/** Why somebody may not open a drive of others; undefined where it is a library that they may. */
export function closedLibrary(sites: Sites, caller: Account, drive: Account): Refusal | undefined {
  if (drive.no === caller.no) return undefined;
  const site = drive.library === undefined ? undefined : sites.named(drive.library.site);
  return site === undefined ? refuse(403, "accessDenied", "Access denied") : closedSite(site, caller);
}

/** The site that is meant. Throws where there is none. */
export function findSite(sites: Sites, address: SiteAddress): Site {
  const found = address.by === "path" ? byPath(sites, address.host, address.path) : byId(sites, address.id);
  if (found === undefined) throw itemNotFound();
  return found;
}

function byPath(sites: Sites, host: string, path: string): Site | undefined {
  const wanted = path.replaceAll(/^\/+|\/+$/g, "").toLowerCase();
  return sites.all().find((site) => site.host === host.toLowerCase() && sites.path(site).toLowerCase() === wanted);
}

function byId(sites: Sites, id: string): Site | undefined {
  const wanted = id.toLowerCase();
  const all = sites.all();
  if (wanted === "root") return all.find(({ name }) => name === ROOT_SITE);
  return all.find((site) => sites.id(site) === wanted || (site.name === ROOT_SITE && site.host === wanted));
}
