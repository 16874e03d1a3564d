import { ProviderError } from "../errors.ts";
import type { Change, Entry } from "../provider.ts";
import type { Page } from "./api.ts";
import { containerEntry, pageChanges, type Viewpoint } from "./entry.ts";
import { CONTAINERS, isNumber, rootId } from "./ids.ts";
import { container, pagesById, type Place, type Source } from "./source.ts";

/** Far deeper than people nest pages. */
const DEPTH_MAX = 60;

interface Above {
  id: string;
  type: string;
}

/**
 * The folders, whiteboards, databases and links that these pages lie below: no list tells of them. With `pages`, the pages above too,
 * which a search does not tell of unless they have changed. What is above and not shown to the person is taken for the top.
 */
export async function above(
  source: Source,
  place: Place,
  view: Viewpoint,
  below: readonly Page[],
  { pages }: { pages: boolean },
): Promise<Change[]> {
  const known = new Set(below.flatMap(({ id }) => (isNumber(id) ? [id] : [])));
  const changes: Change[] = [];
  let wanted = below.flatMap((page) => parentOf(page) ?? []);
  for (let depth = 0; wanted.length > 0; depth++) {
    if (depth > DEPTH_MAX) throw new ProviderError("loop", "Pages lie in one another.");
    const fresh = [...new Map(wanted.map((one) => [one.id, one])).values()].filter(({ id, type }) => !known.has(id) && (pages || type !== "page")); // prettier-ignore
    for (const { id } of fresh) known.add(id);
    const found = [...(await containersOf(source, place, view, fresh, changes)), ...(await pagesOf(source, place, view, fresh, changes))];
    wanted = found.flatMap((page) => parentOf(page) ?? []);
  }
  return changes;
}

async function containersOf(source: Source, place: Place, view: Viewpoint, wanted: readonly Above[], changes: Change[]): Promise<Page[]> {
  const found = await source.api.each(
    wanted.filter(({ type }) => CONTAINERS[type] !== undefined),
    async ({ id, type }) => ({ id, type, page: await seen(source, place, type, id) }),
  );
  return found.flatMap(({ id, type, page }) => {
    changes.push({ type: "upsert", entry: page ? containerEntry(view, type, id, page) : unseen(view, type, id) });
    return page ?? [];
  });
}

/** Null where it is there for others only, or the connection has no scope for such things. */
async function seen(source: Source, place: Place, type: string, id: string): Promise<Page | null> {
  try {
    return await container(source, place, type, id);
  } catch (error) {
    if (error instanceof ProviderError && (error.kind === "forbidden" || error.providerCode === "scope_mismatch")) return null;
    throw error;
  }
}

/** What the pages below it are in, though nothing is known of it but that. */
function unseen(view: Viewpoint, type: string, id: string): Entry {
  return { ...containerEntry(view, type, id, {}), parentId: rootId(view.feed) };
}

async function pagesOf(source: Source, place: Place, view: Viewpoint, wanted: readonly Above[], changes: Change[]): Promise<Page[]> {
  const { results } = await pagesById(source, place, wanted.filter(({ type }) => type === "page").map(({ id }) => id)); // prettier-ignore
  for (const value of results) changes.push(...pageChanges(view, value));
  return results as Page[];
}

function parentOf({ parentId, parentType }: Page): Above | undefined {
  return isNumber(parentId)
    ? { id: parentId, type: CONTAINERS[parentType ?? ""] === undefined ? "page" : (parentType ?? "page") }
    : undefined;
}
