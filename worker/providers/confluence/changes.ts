import { ProviderError } from "../errors.ts";
import type { Change, ChangePage } from "../provider.ts";
import { above } from "./above.ts";
import type { Found, Page } from "./api.ts";
import { readCursor, writeCursor, type Changes, type Cursor, type Listing } from "./cursor.ts";
import { attachmentChange, isLive, pageChanges, spaceEntry, type Viewpoint } from "./entry.ts";
import { isNumber, parseFeed } from "./ids.ts";
import { baseOf, EMPTY_PAGES_MAX, listPage } from "./lists.ts";
import { attachments, currentUser, pagesById, placeOf, space, type Place, type Source } from "./source.ts";

// A space is listed page by page, with the attachments of each. Afterwards it is searched for what has changed since: pages and
// attachments tell when they were written last. Of what was moved, archived or removed nothing tells but the next listing.

/** Of a step: each has a request of its own for its attachments. */
const LISTED_PAGES = 50;
const FOUND_ITEMS = 50;
/**
 * Search takes a time without a zone, at the minute, in the zone of the person's profile, which it does not say: the question goes back
 * as far as zones lie apart, and by what is found it is seen what is new.
 */
const ZONES_MS = 13 * 3_600_000;
/** By so much search may be behind, and clocks apart: what was told in this time is told again. */
const OVERLAP_MS = 3_600_000;

/** One page of a feed: of its listing, or of what has changed since. */
export async function changes(source: Source, feedId: string, text: string | null): Promise<ChangePage> {
  const place = await placeOf(source, parseFeed(feedId));
  if (text === null) return begin(source, place);
  const cursor = readCursor(text);
  return cursor.phase === "listing" ? list(source, place, cursor) : search(source, place, cursor);
}

/** What changes from now on is found afterwards. */
async function begin(source: Source, place: Place): Promise<ChangePage> {
  const since = source.api.context.now();
  // With an API token that is not taken a site may answer as to somebody who is not signed in: with what everybody sees.
  if ((await source.api.signIn()).kind === "basic") await currentUser(source.api, place.site);
  const found = await space(source, place);
  if (typeof found.key !== "string" || found.key === "") throw new ProviderError("fatal", "The space has no key.");
  const first = await list(source, place, { phase: "listing", since, key: found.key, empty: 0, next: "" });
  const root = spaceEntry({ feed: place.feed, base: first.base || baseOf(found) }, found);
  return { changes: [{ type: "upsert", entry: root }, ...first.changes], cursor: first.cursor, more: first.more };
}

async function list(source: Source, place: Place, cursor: Listing): Promise<ChangePage & { base: string }> {
  const path = `/wiki/api/v2/spaces/${place.feed.spaceId}/pages`;
  const query = { depth: "all", status: ["current", "archived"], limit: LISTED_PAGES };
  const { results, next, base } = await listPage(source.api, place.site, path, query, cursor.next || undefined);
  const view: Viewpoint = { feed: place.feed, formats: source.formats, base, now: source.api.context.now() };
  const told = await withAttachments(source, place, view, results);
  const around = await above(source, place, view, results.map(asPage), { pages: false });
  const { since, key } = cursor;
  const empty = results.length === 0 ? cursor.empty + 1 : 0;
  const onwards = next !== undefined && empty < EMPTY_PAGES_MAX;
  const after: Cursor = onwards ? { phase: "listing", since, key, empty, next } : { phase: "changes", since, key, empty: 0 };
  return { changes: [...around, ...told], cursor: writeCursor(after), more: onwards, base };
}

async function search(source: Source, place: Place, cursor: Changes): Promise<ChangePage> {
  const { since, key } = cursor;
  const round = cursor.round ?? source.api.context.now();
  const query = { cql: cqlOf(key, since), expand: "version,container", limit: FOUND_ITEMS };
  const { results, next } = await listPage(source.api, place.site, "/wiki/rest/api/content/search", query, cursor.next);
  const found = results.map((value) => (value ?? {}) as Found).filter((one) => isNew(one, since));
  const changes = found.length === 0 ? [] : await tell(source, place, found);
  const empty = results.length === 0 ? cursor.empty + 1 : 0;
  if (next !== undefined && empty < EMPTY_PAGES_MAX)
    return { changes, cursor: writeCursor({ phase: "changes", since, key, empty, round, next }), more: true };
  return { changes, cursor: writeCursor({ phase: "changes", since: Math.max(since, round), key, empty: 0 }), more: false };
}

/** The same for the whole round: a question that changes on the way leaves things out. */
function cqlOf(key: string, since: number): string {
  const from = new Date(since - OVERLAP_MS - ZONES_MS).toISOString().slice(0, 16).replace("T", " ");
  const space = key.replaceAll(/["\\]/g, "\\$&");
  return `space = "${space}" and type in (page, attachment) and lastmodified >= "${from}" order by lastmodified asc`;
}

function isNew({ version }: Found, since: number): boolean {
  const when = Date.parse(version?.when ?? "");
  return Number.isNaN(when) || when >= since - OVERLAP_MS;
}

/** The pages that were found, and those whose attachments were, as they are now, with all that is above them. */
async function tell(source: Source, place: Place, found: readonly Found[]): Promise<Change[]> {
  const ids = found.flatMap(({ id, type, container }) => {
    if (type === "page") return isNumber(id) ? [id] : [];
    // Attached to a blog post or a comment, it is not kept.
    return container?.type === "page" && isNumber(container.id) ? [container.id] : [];
  });
  const { results, base } = await pagesById(source, place, [...new Set(ids)]);
  const here = results.filter((value) => asPage(value).spaceId === place.feed.spaceId);
  const view: Viewpoint = { feed: place.feed, formats: source.formats, base, now: source.api.context.now() };
  const around = await above(source, place, view, here.map(asPage), { pages: true });
  return [...around, ...(await withAttachments(source, place, view, here))];
}

async function withAttachments(source: Source, place: Place, view: Viewpoint, pages: readonly unknown[]): Promise<Change[]> {
  const live = pages.filter((value) => isLive(asPage(value)));
  const told = await source.api.each(live, async (value) => [
    ...pageChanges(view, value),
    ...(await attached(source, place, view, asPage(value))),
  ]);
  return told.flat();
}

/** Of a page that has gone since nothing is attached to: what has become of it is seen later. */
async function attached(source: Source, place: Place, view: Viewpoint, { id, title }: Page): Promise<Change[]> {
  if (!isNumber(id)) return [];
  try {
    return ((await attachments(source, place, id))?.results ?? []).map((one) => attachmentChange(view, one, id));
  } catch (error) {
    if (!(error instanceof ProviderError && error.kind === "forbidden")) throw error;
    return [{ type: "malformed", reason: `What is attached to “${title ?? id}” is not shown to us.` }];
  }
}

function asPage(value: unknown): Page {
  return (typeof value === "object" && value !== null ? value : {}) as Page;
}
