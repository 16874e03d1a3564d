import type { AtlassianApi, Query } from "../atlassian/atlassian-api.ts";
import type { Site } from "../atlassian/sites.ts";
import { ProviderError } from "../errors.ts";
import type { List } from "./api.ts";

/** The most that one page of a list has. */
export const LIST_ITEMS_MAX = 250;
/** Pages of a list that is read to its end. */
const PAGES_MAX = 400;
/** Pages without a result, one after another: lists have been seen that lead on behind their end. */
export const EMPTY_PAGES_MAX = 5;

export interface Listed {
  results: unknown[];
  /** Where the list goes on. */
  next: string | undefined;
  /** Where people find the site's Confluence; empty where that is not said. */
  base: string;
}

/** One page of a list. Only the cursor is taken of the link to the next one: what else it repeats would be there twice. */
export async function listPage(api: AtlassianApi, site: Pick<Site, "root">, path: string, query: Query, cursor?: string): Promise<Listed> {
  const answer = ((await askPage(api, site, path, { ...query, cursor })) ?? {}) as List;
  if (!Array.isArray(answer.results)) throw new ProviderError("transient", "Confluence's list has no results.");
  const next = cursorOf(answer._links?.next);
  // A list that leads to itself has no more to say.
  return { results: answer.results, next: next === cursor ? undefined : next, base: baseOf(answer) };
}

/** A whole list, where it is short. */
export async function listAll(api: AtlassianApi, site: Pick<Site, "root">, path: string, query: Query): Promise<Omit<Listed, "next">> {
  const results: unknown[] = [];
  let empty = 0;
  let base = "";
  let cursor: string | undefined;
  for (let pages = 0; pages < PAGES_MAX; pages++) {
    const page = await listPage(api, site, path, query, cursor);
    results.push(...page.results);
    base ||= page.base;
    empty = page.results.length === 0 ? empty + 1 : 0;
    if (page.next === undefined || empty >= EMPTY_PAGES_MAX) return { results, base };
    cursor = page.next;
  }
  throw new ProviderError("loop", "A list of Confluence's does not end.");
}

/** A cursor that is refused has expired, as far as anybody can tell. */
async function askPage(api: AtlassianApi, site: Pick<Site, "root">, path: string, query: Query): Promise<unknown> {
  try {
    return await api.json(site, path, query);
  } catch (error) {
    if (query["cursor"] === undefined || !(error instanceof ProviderError) || error.status !== 400) throw error;
    throw new ProviderError("cursor_expired", "Confluence does not know the place in its list any more.", { status: 400, cause: error });
  }
}

function cursorOf(next: string | null | undefined): string | undefined {
  const url = URL.parse(next ?? "", "https://confluence.invalid");
  return url?.searchParams.get("cursor") ?? undefined;
}

export function baseOf({ _links: links }: Pick<List, "_links">): string {
  const base = links?.base ?? "";
  return /^https?:\/\//.test(base) ? base.replace(/\/$/, "") : "";
}
