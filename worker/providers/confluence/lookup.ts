import { ProviderError } from "../errors.ts";
import type { Entry, Lookup } from "../provider.ts";
import type { Attachment, Page } from "./api.ts";
import { attachmentChange, containerEntry, isLive, pageChanges, spaceEntry, type Viewpoint } from "./entry.ts";
import { type Feed, isNumber, type Named, parseFeed, parseItem } from "./ids.ts";
import { baseOf } from "./lists.ts";
import { container, object, page, pagesById, placeOf, space, unlessMissing, type Place, type Source } from "./source.ts";

/** Attachments are asked for one by one. */
export const LOOKUP_MAX = 20;

type Pages = ReadonlyMap<string, Page | "refused">;

/**
 * What the space has under these ids now. Confluence tells what is not there and what is not for this person with the same words: both are
 * gone. An id without a sensible answer is left out.
 */
export async function lookup(source: Source, feedId: string, ids: readonly string[]): Promise<Lookup[]> {
  if (ids.length > LOOKUP_MAX) throw new ProviderError("fatal", `A lookup takes ${LOOKUP_MAX} ids at most.`);
  const place = await placeOf(source, parseFeed(feedId));
  const named = ids.map((id) => ({ id, named: parseItem(place.feed, id) }));
  const attached = new Map(await attachmentsOf(source, place, named.flatMap(({ named: one }) => (one?.kind === "attachment" ? one.id : [])))); // prettier-ignore
  const pageIds = named.flatMap(({ named: one }) => (one?.kind === "page" ? one.id : []));
  const holders = [...attached.values()].flatMap((one) => (typeof one === "object" && isNumber(one?.pageId) ? one.pageId : []));
  const { pages, base } = await livePages(source, place, [...new Set([...pageIds, ...holders])]);
  const view: Viewpoint = { feed: place.feed, formats: source.formats, base, now: source.api.context.now() };
  const answers = await source.api.each(named, async ({ id, named: one }): Promise<Lookup | []> => {
    const found = one === undefined ? null : await entryOf(source, place, view, one, { id, pages, attached });
    if (found === "left_out") return [];
    if (found === null) return { id, status: "gone" };
    return found === "refused" ? { id, status: "refused" } : { id, status: "found", entry: found };
  });
  return answers.flat();
}

interface Asked {
  id: string;
  pages: Pages;
  attached: ReadonlyMap<string, Attachment | "refused" | null>;
}

async function entryOf(
  source: Source,
  place: Place,
  view: Viewpoint,
  named: Named,
  asked: Asked,
): Promise<Entry | "refused" | "left_out" | null> {
  switch (named.kind) {
    case "space": {
      const found = await unlessMissing(() => space(source, place));
      return found && spaceEntry({ feed: place.feed, base: view.base || baseOf(found) }, found);
    }
    case "container": {
      const found = await container(source, place, named.type, named.id);
      return found && isHere(found, place.feed) ? containerEntry(view, named.type, named.id, found) : null;
    }
    case "page": {
      const found = asked.pages.get(named.id);
      if (found === undefined || found === "refused") return found ?? null;
      if (named.format !== undefined && !view.formats.includes(named.format)) return null;
      return entryAmong(pageChanges(view, found), asked.id);
    }
    case "attachment": {
      const found = asked.attached.get(named.id) ?? null;
      if (found === null || found === "refused") return found;
      const holder = asked.pages.get(found.pageId ?? "");
      if (!isLive(found) || holder === undefined || holder === "refused") return holder === "refused" ? "refused" : null;
      return entryAmong([attachmentChange(view, found, found.pageId ?? "")], asked.id);
    }
  }
}

function entryAmong(changes: readonly { type: string; entry?: Entry }[], id: string): Entry | "left_out" {
  return changes.find(({ entry }) => entry?.id === id)?.entry ?? "left_out";
}

/** Pages that are in the space and live. What a list does not have is asked for by itself before it counts as gone. */
async function livePages(source: Source, place: Place, ids: readonly string[]): Promise<{ pages: Pages; base: string }> {
  const { results, base } = await pagesById(source, place, ids);
  const pages = new Map<string, Page | "refused">();
  for (const value of results as Page[]) if (isNumber(value?.id)) pages.set(value.id, value);
  const missing = ids.filter((id) => !pages.has(id));
  const again = await source.api.each(missing, (id) => refusable(() => page(source, place, id)));
  missing.forEach((id, index) => {
    const found = again[index];
    if (found) pages.set(id, found);
  });
  for (const [id, one] of pages) if (one !== "refused" && !(isLive(one) && isHere(one, place.feed))) pages.delete(id);
  return { pages, base };
}

function attachmentsOf(source: Source, { site }: Place, ids: readonly string[]) {
  return source.api.each(ids, async (id) => {
    const ask = () => unlessMissing(async () => object<Attachment>(await source.api.json(site, `/wiki/api/v2/attachments/${id}`)));
    return [id, await refusable(ask)] as const;
  });
}

async function refusable<T>(ask: () => Promise<T>): Promise<T | "refused"> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ProviderError && error.kind === "forbidden") return "refused";
    throw error;
  }
}

/** Moved to another space, it is that one's. */
function isHere({ spaceId }: Page, feed: Feed): boolean {
  return spaceId === undefined || spaceId === null || spaceId === feed.spaceId;
}
