import { asProviderError, ProviderError } from "../errors.ts";
import { getEach } from "../microsoft-graph/batch.ts";
import { childrenOf, rootEntry, rootPath } from "../microsoft-graph/browse.ts";
import type { Graph } from "../microsoft-graph/graph.ts";
import type { BrowseCapability, BrowseEntry, BrowsePage } from "../provider.ts";
import { itemIdIn, remoteId } from "./ids.ts";
import type { FoundLibrary, FoundSite } from "./sites.ts";
import { followedSites, librariesAt, librariesOf, searchSites, subsites } from "./sites.ts";

// The picker: sites that the person follows or finds, their libraries and subsites, and the folders of a library.

const NO_LIST =
  "Microsoft does not list the sites that you follow for this connection: it needs the permission Sites.Read.All, and guests have no such list.";
const ADDRESS_HINT = "A library can be picked by its address: search for it, such as https://contoso.sharepoint.com/sites/marketing.";
const NO_SEARCH = "Searching all sites needs the permission Sites.Read.All, which this connection does not have.";

export function browse(graph: Graph): BrowseCapability {
  return {
    list: async (parent, cursor) => {
      if (parent === null) return followed(graph, cursor);
      if (parent.feedId === undefined) return site(graph, parent.id, cursor);
      return folder(graph, parent.feedId, parent.id, cursor);
    },
    search: (text, cursor) => search(graph, text.trim(), cursor),
  };
}

async function followed(graph: Graph, cursor: string | null): Promise<BrowsePage> {
  const { found, next } = await followedSites(graph, cursor).catch((error: unknown) => {
    throw inWords(error, `${NO_LIST} ${ADDRESS_HINT}`);
  });
  return { entries: found.map(siteEntry), cursor: next };
}

async function search(graph: Graph, text: string, cursor: string | null): Promise<BrowsePage> {
  const address = cursor === null && /^https:\/\//i.test(text) ? URL.parse(text) : null;
  if (address !== null) {
    const { found, next } = await librariesAt(graph, address);
    return { entries: await libraryEntries(graph, found), cursor: next };
  }
  if (cursor !== null && isLibraries(cursor)) return libraries(graph, "", cursor);
  const { found, next } = await searchSites(graph, text, cursor).catch((error: unknown) => {
    throw inWords(error, `${NO_SEARCH} ${ADDRESS_HINT}`);
  });
  return { entries: found.map(siteEntry), cursor: next };
}

/** A site's libraries, and after the last of them the sites below it. A link of Graph's is the cursor of either. */
async function site(graph: Graph, siteId: string, cursor: string | null): Promise<BrowsePage> {
  if (cursor !== null && !isLibraries(cursor)) return below(graph, siteId, cursor);
  const page = await libraries(graph, siteId, cursor);
  if (page.cursor !== null) return page;
  const rest = await below(graph, siteId, null);
  return { entries: [...page.entries, ...rest.entries], cursor: rest.cursor };
}

async function libraries(graph: Graph, siteId: string, cursor: string | null): Promise<BrowsePage> {
  const { found, next } = await librariesOf(graph, siteId, cursor);
  return { entries: await libraryEntries(graph, found), cursor: next };
}

async function below(graph: Graph, siteId: string, cursor: string | null): Promise<BrowsePage> {
  try {
    const { found, next } = await subsites(graph, siteId, cursor);
    return { entries: found.map(siteEntry), cursor: next };
  } catch (error) {
    // Whoever may read files alone finds a subsite by its own address.
    if (asProviderError(error).kind === "forbidden") return { entries: [], cursor: null };
    throw error;
  }
}

/** What a library's root is called is known only to itself; one that does not open is not offered. */
async function libraryEntries(graph: Graph, found: readonly FoundLibrary[]): Promise<BrowseEntry[]> {
  const roots = await getEach(
    graph,
    found.map(({ driveId }) => rootPath(driveId)),
  );
  return found.flatMap(({ driveId, name }, index) => {
    const root = roots[index];
    return root === undefined || "refused" in root ? [] : marked(driveId, rootEntry(root.body, driveId, name));
  });
}

async function folder(graph: Graph, driveId: string, id: string, cursor: string | null): Promise<BrowsePage> {
  const itemId = itemIdIn(driveId, id);
  if (itemId === undefined) throw new ProviderError("not_found", "This folder is in another library.");
  const page = await childrenOf(graph, driveId, itemId, cursor);
  return { ...page, entries: page.entries.map((entry) => marked(driveId, entry)) };
}

function marked(driveId: string, entry: BrowseEntry): BrowseEntry {
  return { ...entry, id: remoteId(driveId, entry.id) };
}

function siteEntry({ id, name, webUrl }: FoundSite): BrowseEntry {
  return { id, name, kind: "folder", hasChildren: true, ...(webUrl !== undefined && { webUrl }) };
}

function isLibraries(link: string): boolean {
  return URL.parse(link)?.pathname.endsWith("/drives") ?? false;
}

/** A refusal, with what it means here. */
function inWords(error: unknown, message: string): ProviderError {
  const known = asProviderError(error);
  if (known.kind !== "forbidden") return known;
  return new ProviderError("forbidden", message, { ...(known.status !== undefined && { status: known.status }), cause: error });
}
