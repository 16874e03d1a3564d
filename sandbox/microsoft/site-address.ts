import { decodeSegment } from "../vendor-request.ts";

/** `root`, an id, a host's name alone; or a host and the path of a site on it. */
export type SiteAddress = { by: "id"; id: string } | { by: "path"; host: string; path: string };

export type SiteRequest =
  | { kind: "followed-sites" }
  | { kind: "site-search" }
  | { kind: "site" | "subsites" | "libraries"; site: SiteAddress };

const OPERATIONS = { "": "site", "/": "site", "/sites": "subsites", "/drives": "libraries" } as const;
const SITE = /^\/sites\/(?:([^/:]+):(?:\/([^:]*))?(?::(?=\/)|$)|([^/:]+))(\/.*)?$/;

/** Understands what comes after the version, where it is about sites; their drives' contents are another matter. */
export function parseSites(rest: string): (SiteRequest & { route: string }) | undefined {
  if (/^\/me\/followedSites\/?$/i.test(rest)) return { kind: "followed-sites", route: "/v1.0/me/followedSites" };
  if (/^\/sites\/?$/.test(rest)) return { kind: "site-search", route: "/v1.0/sites" };
  const found = splitSite(rest);
  const kind = OPERATIONS[(found?.below ?? "-") as keyof typeof OPERATIONS];
  if (found === undefined || kind === undefined) return undefined;
  return { kind, site: found.site, route: `${found.route}${found.below === "/" ? "" : found.below}` };
}

/** The site that a path begins with, and what follows. */
export function splitSite(rest: string): { site: SiteAddress; below: string; route: string } | undefined {
  const match = SITE.exec(rest);
  if (match === null) return undefined;
  const [, host, path = "", id, below = ""] = match;
  if (host === undefined) return { site: { by: "id", id: decodeSegment(id ?? "") }, below, route: "/v1.0/sites/{id}" };
  const decoded = path.split("/").map(decodeSegment).join("/");
  return { site: { by: "path", host: decodeSegment(host), path: decoded }, below, route: "/v1.0/sites/{host}:/{path}:" };
}
