import { ProviderError } from "../errors.ts";
import { type Got, getEach } from "../microsoft-graph/batch.ts";
import type { Graph } from "../microsoft-graph/graph.ts";
import type { FeedRef } from "../provider.ts";
import type { Page, Site } from "./api.ts";
import type { FoundLibrary, FoundSite } from "./sites.ts";
import { followedSites, lastSegment, librariesOf, librariesPath, libraryPath, listOf, toLibrary } from "./sites.ts";

// The libraries that a sync follows: those that were chosen, or all of the sites that the person follows.

/** More than that are not followed unasked: whoever has so many chooses. */
const FOLLOWED_SITES_MAX = 100;
const FOLLOWED_LIBRARIES_MAX = 200;
const PAGES_MAX = 20;

/** Those of the chosen libraries that can be opened. What is gone, refused or locked is left out; any other failure is thrown. */
export async function chosenLibraries(graph: Graph, driveIds: readonly string[]): Promise<FeedRef[]> {
  const got = await getEach(
    graph,
    driveIds.map((id) => libraryPath(id)),
  );
  const found = driveIds.flatMap((id, index): FoundLibrary | [] => {
    const body = bodyOf(got[index]);
    // Under the id that it was chosen by, whatever form Graph answers it in.
    return body === undefined ? [] : { name: id, ...toLibrary(body), driveId: id };
  });
  return named(graph, found, new Map());
}

/** Every library of the sites that the person follows; of those that they cannot open, none. */
export async function followedLibraries(graph: Graph): Promise<FeedRef[]> {
  const sites = await allFollowed(graph);
  const got = await getEach(
    graph,
    sites.map(({ id }) => librariesPath(id)),
  );
  const found: FoundLibrary[] = [];
  for (const [index, site] of sites.entries()) {
    const page = bodyOf(got[index]) as Page | undefined;
    if (page === undefined) continue;
    const first = listOf(page, toLibrary);
    const rows = [...first.found, ...(await more(graph, site, first.next))];
    found.push(...rows.map((library) => ({ ...library, siteId: site.id })));
  }
  if (found.length > FOLLOWED_LIBRARIES_MAX) throw tooMany(`more than ${FOLLOWED_LIBRARIES_MAX} libraries`);
  return named(graph, found, new Map(sites.map(({ id, name }) => [id, name])));
}

async function allFollowed(graph: Graph): Promise<FoundSite[]> {
  const sites: FoundSite[] = [];
  for (let cursor: string | null = null, pages = 0; pages < PAGES_MAX; pages++) {
    const { found, next } = await followedSites(graph, cursor);
    sites.push(...found);
    if (sites.length > FOLLOWED_SITES_MAX) throw tooMany(`more than ${FOLLOWED_SITES_MAX} sites`);
    if (next === null) return sites;
    cursor = next;
  }
  throw new ProviderError("fatal", `The list of the sites that you follow has more than ${PAGES_MAX} pages.`);
}

/** The libraries that did not fit on a site's first page. */
async function more(graph: Graph, site: FoundSite, link: string | null): Promise<FoundLibrary[]> {
  const libraries: FoundLibrary[] = [];
  for (let cursor = link, pages = 0; cursor !== null; pages++) {
    if (pages === PAGES_MAX) throw new ProviderError("fatal", `The site "${site.name}" has too many libraries to list.`);
    const { found, next } = await librariesOf(graph, site.id, cursor);
    libraries.push(...found);
    cursor = next;
  }
  return libraries;
}

function tooMany(what: string): ProviderError {
  return new ProviderError("unsupported", `The sites that you follow are ${what}. Choose the libraries that this sync is to keep.`);
}

/** "Marketing – Documents". Titles of sites that are not known yet are asked for; one that may not be read is its address's end. */
async function named(graph: Graph, libraries: readonly FoundLibrary[], known: ReadonlyMap<string, string>): Promise<FeedRef[]> {
  const unknown = [...new Set(libraries.flatMap(({ siteId }) => (siteId !== undefined && !known.has(siteId) ? siteId : [])))];
  const got = await getEach(
    graph,
    unknown.map((id) => `/sites/${encodeURIComponent(id)}?$select=id,displayName`),
  );
  const titles = new Map(known);
  for (const [index, id] of unknown.entries()) {
    const title = (bodyOf(got[index]) as Site | undefined)?.displayName;
    if (title) titles.set(id, title);
  }
  return libraries.map(({ driveId, name, siteId, siteUrl }) => {
    const site = titles.get(siteId ?? "") ?? lastSegment(siteUrl);
    return { id: driveId, name: site === undefined ? name : `${site} – ${name}` };
  });
}

function bodyOf(got: Got | undefined): unknown {
  return got !== undefined && "body" in got ? (got.body ?? {}) : undefined;
}
