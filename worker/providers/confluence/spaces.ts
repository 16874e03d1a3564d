import type { AtlassianApi } from "../atlassian/atlassian-api.ts";
import type { Site } from "../atlassian/sites.ts";
import { ProviderError } from "../errors.ts";
import type { BrowseCapability, BrowseEntry, BrowsePage, BrowseParent, FeedRef } from "../provider.ts";
import type { Page, Space } from "./api.ts";
import { feedId, isNumber, pageItem, parseFeed, parseItem, rootId } from "./ids.ts";
import { LIST_ITEMS_MAX, listAll, listPage } from "./lists.ts";
import { placeOf, space, type Source } from "./source.ts";

const SPACES = "/wiki/api/v2/spaces";
const CHILDREN_A_PAGE = 100;

interface SpaceAt {
  site: Site;
  id: string;
  name: string;
  space: Space;
}

/** Those of `chosen` that are there; without a choice, all spaces of teams that are in use, at every site. */
export async function feeds(source: Source, chosen?: readonly string[]): Promise<FeedRef[]> {
  if (chosen) return (await source.api.each([...new Set(chosen)], (id) => feed(source, id))).flat();
  const found = await allSpaces(source.api);
  return found
    .filter(({ space: { type, status } }) => type !== "personal" && status !== "archived")
    .map((one) => ({ id: idOf(one), name: one.name }));
}

async function feed(source: Source, id: string): Promise<FeedRef | []> {
  try {
    const place = await placeOf(source, parseFeed(id));
    const { name, key } = await space(source, place);
    return { id, name: name ?? key ?? id };
  } catch (error) {
    // No longer there, or no longer shown to the person.
    if (error instanceof ProviderError && (error.kind === "not_found" || error.kind === "forbidden")) return [];
    throw error;
  }
}

/** The picker: all spaces, and in each its pages as folders. */
export function browse(source: Source): BrowseCapability {
  return { list: async (parent, cursor) => (parent === null ? spaces(source.api) : children(source, parent, cursor)) };
}

async function spaces(api: AtlassianApi): Promise<BrowsePage> {
  const entries = (await allSpaces(api)).map((one): BrowseEntry => {
    const feed = { siteId: one.site.id, spaceId: one.id };
    return { id: rootId(feed), feedId: feedId(feed), whole: true, name: one.name, kind: "folder", hasChildren: true };
  });
  return { entries, cursor: null };
}

/** Of a space its topmost pages, of a page those below it. What else may be above pages no list tells of. */
async function children(source: Source, { id, feedId: feedText }: BrowseParent, cursor: string | null): Promise<BrowsePage> {
  if (feedText === undefined) throw new ProviderError("not_found", "A page is in a space.");
  const place = await placeOf(source, parseFeed(feedText));
  const named = parseItem(place.feed, id);
  if (named?.kind !== "space" && named?.kind !== "page") throw new ProviderError("not_found", "There is no such page.");
  const isSpace = named.kind === "space";
  const path = isSpace ? `${SPACES}/${place.feed.spaceId}/pages` : `/wiki/api/v2/pages/${named.id}/children`;
  const query = isSpace ? { depth: "root", status: ["current", "archived"], limit: CHILDREN_A_PAGE } : { limit: CHILDREN_A_PAGE };
  const { results, next } = await listPage(source.api, place.site, path, query, cursor ?? undefined);
  const entries = (results as Page[]).flatMap((page): BrowseEntry | [] => {
    if (!isNumber(page?.id)) return [];
    return { id: pageItem(place.feed.siteId, page.id), feedId: feedText, name: page.title ?? page.id, kind: "folder", hasChildren: true };
  });
  return { entries, cursor: next ?? null };
}

/** Where there are several sites, a space's name says at which one it is. */
async function allSpaces(api: AtlassianApi): Promise<SpaceAt[]> {
  const sites = await api.sites();
  const found = await api.each(sites, async (site) => (await listAll(api, site, SPACES, { limit: LIST_ITEMS_MAX })).results.map((value) => ({ site, space: (value ?? {}) as Space }))); // prettier-ignore
  return found.flat().flatMap(({ site, space }): SpaceAt | [] => {
    if (!isNumber(space.id)) return [];
    const name = space.name ?? space.key ?? space.id;
    return { site, space, id: space.id, name: sites.length > 1 ? `${name} (${site.name})` : name };
  });
}

const idOf = ({ site, id }: SpaceAt): string => feedId({ siteId: site.id, spaceId: id });
