import { ProviderError } from "../errors.ts";
import type { Graph } from "../microsoft-graph/graph.ts";
import type { Library, Page, Site } from "./api.ts";

// Sites: those that the person follows, those that a search finds, and the one that an address leads to.

const SITES_A_PAGE = 100;
const LIBRARIES_A_PAGE = 20;
const SITE_FIELDS = "id,name,displayName,webUrl";
/** What is hidden from people stays hidden: `system`, which would bring it to light, is not among them. */
const LIBRARY_FIELDS = "id,name,webUrl,sharePointIds";
/** `/sites/{site}/{subsite}/{subsite of that}`: addresses are tried from their end, this many segments at most. */
const ADDRESS_SEGMENTS_MAX = 4;
/** Where sites are, below the root site. */
const MANAGED_PATHS: ReadonlySet<string> = new Set(["sites", "teams"]);

export interface FoundSite {
  id: string;
  name: string;
  webUrl?: string;
}

export interface FoundLibrary {
  driveId: string;
  name: string;
  webUrl?: string;
  /** `{host},{site collection},{web}`, as far as it is known. */
  siteId?: string;
  siteUrl?: string;
}

interface Listed<T> {
  found: T[];
  next: string | null;
}

/** Needs Sites.Read.All. Throws `forbidden` without it, and for guests, of whom SharePoint keeps no such list. */
export async function followedSites(graph: Graph, cursor: string | null): Promise<Listed<FoundSite>> {
  const page = (await graph.json(cursor ?? graph.url(`/me/followedSites?$top=${SITES_A_PAGE}`))) as Page | null;
  return listOf(page, toSite);
}

/** Sites that the person may open, by words of their names: from an index, which may be behind. Needs Sites.Read.All. */
export async function searchSites(graph: Graph, text: string, cursor: string | null): Promise<Listed<FoundSite>> {
  const first = graph.url(`/sites?search=${encodeURIComponent(text)}&$select=${SITE_FIELDS},isPersonalSite`);
  return listOf((await graph.json(cursor ?? first)) as Page | null, toSite);
}

/** Needs Sites.Read.All. */
export async function subsites(graph: Graph, siteId: string, cursor: string | null): Promise<Listed<FoundSite>> {
  const first = graph.url(`/sites/${encodeURIComponent(siteId)}/sites?$select=${SITE_FIELDS}`);
  return listOf((await graph.json(cursor ?? first)) as Page | null, toSite);
}

/** Needs Files.Read.All or Sites.Read.All. */
export async function librariesOf(graph: Graph, siteId: string, cursor: string | null): Promise<Listed<FoundLibrary>> {
  return listOf((await graph.json(cursor ?? graph.url(librariesPath(siteId)))) as Page | null, toLibrary);
}

/** Below the API's version. */
export function librariesPath(siteId: string): string {
  return `/sites/${encodeURIComponent(siteId)}/drives?$select=${LIBRARY_FIELDS}&$top=${LIBRARIES_A_PAGE}`;
}

export function libraryPath(driveId: string): string {
  return `/drives/${encodeURIComponent(driveId)}?$select=${LIBRARY_FIELDS}`;
}

/** The libraries of the site that an address is of, or lies in: anything below it may be pasted. Needs Files.Read.All or Sites.Read.All. */
export async function librariesAt(graph: Graph, address: URL): Promise<Listed<FoundLibrary>> {
  for (const path of sitePaths(address)) {
    const site = `${encodeURIComponent(address.hostname)}:/${path.map(encodeURIComponent).join("/")}:`;
    try {
      const page = await graph.json(graph.url(`/sites/${site}/drives?$select=${LIBRARY_FIELDS}&$top=${LIBRARIES_A_PAGE}`));
      return listOf(page as Page | null, toLibrary);
    } catch (error) {
      // A folder, or a page, is no site: what is above it may be one.
      if (!(error instanceof ProviderError) || (error.kind !== "not_found" && error.status !== 400)) throw error;
    }
  }
  throw new ProviderError("not_found", `There is no site at ${address.hostname} under this address, or you cannot open it.`);
}

/** Paths that may be those of sites, the longest first. Pure. */
export function sitePaths(address: URL): string[][] {
  const segments = address.pathname.split("/").filter(Boolean).map(decode);
  if (!MANAGED_PATHS.has(segments[0]?.toLowerCase() ?? "") || segments.length < 2) return [[]];
  const longest = Math.min(segments.length, ADDRESS_SEGMENTS_MAX);
  return Array.from({ length: longest - 1 }, (_, shorter) => segments.slice(0, longest - shorter));
}

export function listOf<T>(page: Page | null, read: (row: unknown) => T | undefined): Listed<T> {
  const rows = Array.isArray(page?.value) ? page.value : [];
  return { found: rows.flatMap((row) => read(row) ?? []), next: page?.["@odata.nextLink"] ?? null };
}

function toSite(row: unknown): FoundSite | undefined {
  const { id, displayName, name, webUrl, isPersonalSite } = (row ?? {}) as Site;
  // Somebody's OneDrive is a site too.
  if (typeof id !== "string" || id === "" || isPersonalSite === true) return undefined;
  return { id, name: displayName || name || lastSegment(webUrl) || id, ...(typeof webUrl === "string" && { webUrl }) };
}

/** Undefined: not a library. */
export function toLibrary(row: unknown): FoundLibrary | undefined {
  const { id, name, webUrl, sharePointIds } = (row ?? {}) as Library;
  if (typeof id !== "string" || id === "") return undefined;
  const { siteId, siteUrl, webId } = sharePointIds ?? {};
  const host = URL.parse(siteUrl ?? "")?.hostname;
  return {
    driveId: id,
    name: name || lastSegment(webUrl) || id,
    ...(typeof webUrl === "string" && { webUrl }),
    ...(host && siteId && webId && { siteId: `${host},${siteId},${webId}` }),
    ...(siteUrl && { siteUrl }),
  };
}

/** What a site is called by its address, where its title may not be read. */
export function lastSegment(address: string | null | undefined): string | undefined {
  const url = URL.parse(address ?? "");
  const segments = url?.pathname.split("/").filter(Boolean) ?? [];
  return segments.length > 0 ? decode(segments.at(-1) ?? "") : url?.hostname;
}

/** Decoded, or as it is where it is no valid encoding. */
function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
