import type { Drive, Site as GraphSite } from "@microsoft/microsoft-graph-types";
import type { Account } from "./accounts.ts";
import { dateTime } from "./drive-item.ts";
import type { DriveCall, GraphCall, GraphTools } from "./graph-context.ts";
import { invalidRequest } from "./graph-error.ts";
import { GRAPH_HOST } from "./hosts.ts";
import { driveResource } from "./items.ts";
import { selectFields } from "./select.ts";
import { closedSite, findSite, isVisible } from "./site-access.ts";
import type { SiteRequest } from "./site-address.ts";
import { ROOT_SITE, type Site } from "./sites.ts";

const PAGE_SITES = 100;
const PAGE_SITES_MAX = 1000;
const HIDDEN_LIBRARY = "Preservation Hold Library";

/** What Graph says of sites and of which libraries they have. */
export function siteAnswer(tools: GraphTools, call: GraphCall, asked: SiteRequest): Response {
  const { sites } = tools;
  const { account } = call.grant;
  switch (asked.kind) {
    case "followed-sites": {
      const followed = sites.followedBy(account).filter((site) => isVisible(site, account));
      return list(call, "sites", followed, (site) => followedSite(tools, call, site));
    }
    case "site-search": {
      const text = call.request.query.get("search");
      if (text === null) return list(call, "sites", [], (site) => site);
      // An index: what is archived is not in it.
      const found = sites.all().filter((site) => site.state === "open" && isVisible(site, account) && isMatch(tools, site, text));
      return list(call, "sites", found, (site) => siteResource(tools, call, site));
    }
    default: {
      const site = findSite(sites, asked.site);
      const closed = closedSite(site, account);
      if (closed !== undefined) throw closed;
      if (asked.kind === "site") {
        const context = { "@odata.context": `${call.request.site(GRAPH_HOST)}/v1.0/$metadata#sites/$entity` };
        return Response.json({ ...context, ...selectFields(siteResource(tools, call, site), call.request.query.get("$select")) });
      }
      if (asked.kind === "libraries") return list(call, "drives", libraries(tools, call, site), (drive) => drive);
      const below = sites.all().filter(({ name, parent }) => parent === site.name && name !== site.name);
      return list(call, "sites", below.filter((one) => isVisible(one, account)), (one) => siteResource(tools, call, one)); // prettier-ignore
    }
  }
}

function libraries(tools: GraphTools, call: GraphCall, site: Site): Drive[] {
  const found = tools.sites.libraries(site).map((drive) => libraryResource(tools, call, drive));
  // What serves the system itself is shown to those only who ask for the facet.
  const wishes = (call.request.query.get("$select") ?? "").split(",").map((name) => name.trim());
  if (!wishes.includes("system")) return found;
  return [...found, { id: `b!${"A".repeat(64)}`, name: HIDDEN_LIBRARY, driveType: "documentLibrary", system: {} }];
}

export function drive(tools: GraphTools, call: DriveCall): Response {
  const context = { "@odata.context": `${call.request.site(GRAPH_HOST)}/v1.0/$metadata#drives/$entity` };
  return Response.json({ ...context, ...selectFields(libraryResource(tools, call, call.drive), call.request.query.get("$select")) });
}

/** A library's drive; where it is in SharePoint's terms is told to those who select it. */
function libraryResource(tools: GraphTools, call: GraphCall, drive: Account): Drive {
  const resource = driveResource(tools, { ...call, drive });
  const selected = /(^|,)\s*sharePointIds\s*(,|$)/i.test(call.request.query.get("$select") ?? "");
  const site = tools.sites.named(drive.library?.site ?? "");
  if (!selected || site === undefined) return resource;
  const ids = { ...sharePointIds(tools, call, site), listId: drive.oid, tenantId: drive.tenant };
  return { ...resource, sharePointIds: ids };
}

function sharePointIds(tools: GraphTools, call: GraphCall, site: Site) {
  return { siteId: tools.sites.collectionId(site), siteUrl: webUrl(tools, call, site), webId: tools.sites.webId(site) };
}

function webUrl(tools: GraphTools, call: GraphCall, site: Site): string {
  return [call.request.site(site.host), tools.sites.path(site)].filter(Boolean).join("/");
}

function siteResource(tools: GraphTools, call: GraphCall, site: Site): GraphSite {
  const created = dateTime(call.grant.account, site.created);
  const isTop = site.parent === null;
  return {
    createdDateTime: created,
    description: "",
    id: tools.sites.id(site),
    lastModifiedDateTime: created,
    name: site.name === ROOT_SITE ? "" : site.address,
    webUrl: webUrl(tools, call, site),
    displayName: site.title,
    ...(isTop ? { root: {}, siteCollection: { hostname: site.host } } : {}),
  };
}

function followedSite(tools: GraphTools, call: GraphCall, site: Site): GraphSite {
  return {
    id: tools.sites.id(site),
    webUrl: webUrl(tools, call, site),
    displayName: site.title,
    sharepointIds: { listItemId: "1", ...sharePointIds(tools, call, site) },
    siteCollection: { hostname: site.host },
  };
}

function isMatch(tools: GraphTools, site: Site, text: string): boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const place = `${site.title} ${site.host}/${tools.sites.path(site)}`.toLowerCase();
  return words.every((word) => word === "*" || place.includes(word.replaceAll("*", "")));
}

// A page, and a link to the next one, in the form that `children` has.
function list<T, R extends object>(call: GraphCall, of: string, all: readonly T[], write: (one: T) => R): Response {
  const { query, search, path, site } = call.request;
  const top = query.get("$top");
  if (top !== null && !/^[1-9]\d*$/.test(top)) throw invalidRequest("Invalid value for $top");
  const limit = Math.min(Number(top ?? PAGE_SITES), PAGE_SITES_MAX);
  const skip = Number(Buffer.from(query.get("$skiptoken") ?? "", "base64url").toString() || 0);
  if (!Number.isInteger(skip)) throw invalidRequest("Invalid $skiptoken");
  const value = all.slice(skip, skip + limit).map((one) => selectFields(write(one), query.get("$select")));
  const kept = search.slice(1).split("&").filter((option) => option !== "" && !/^(\$|%24)skiptoken=/i.test(option)); // prettier-ignore
  const token = Buffer.from(String(skip + limit)).toString("base64url");
  return Response.json({
    "@odata.context": `${site(GRAPH_HOST)}/v1.0/$metadata#${of}`,
    ...(all.length > skip + limit ? { "@odata.nextLink": `${site(GRAPH_HOST)}${path}?${[...kept, `$skiptoken=${token}`].join("&")}` } : {}),
    value,
  });
}
