import type { AtlassianApi } from "../atlassian/atlassian-api.ts";
import type { Site } from "../atlassian/sites.ts";
import { ProviderError } from "../errors.ts";
import type { Page, Space, User } from "./api.ts";
import type { PageFormat } from "./formats.ts";
import { CONTAINERS, type Feed } from "./ids.ts";
import { LIST_ITEMS_MAX, listAll, type Listed } from "./lists.ts";

/** Whom Confluence is asked on behalf of, and what is kept of it. */
export interface Source {
  api: AtlassianApi;
  formats: readonly PageFormat[];
}

/** One space at its site. */
export interface Place {
  feed: Feed;
  site: Pick<Site, "id" | "root">;
}

export async function placeOf({ api }: Source, feed: Feed): Promise<Place> {
  return { feed, site: await api.site(feed.siteId) };
}

export async function space({ api }: Source, { feed, site }: Place): Promise<Space> {
  return object<Space>(await api.json(site, `/wiki/api/v2/spaces/${feed.spaceId}`));
}

/** The pages among these ids that are there, in any order: 250 at most. */
export async function pagesById({ api }: Source, { site }: Place, ids: readonly string[]): Promise<Omit<Listed, "next">> {
  if (ids.length === 0) return { results: [], base: "" };
  return listAll(api, site, "/wiki/api/v2/pages", { id: ids, status: ["current", "archived"], limit: LIST_ITEMS_MAX });
}

/** A page by its id, in whatever state it is; null where it is not there, or not for this person. */
export function page({ api }: Source, { site }: Place, id: string): Promise<Page | null> {
  return unlessMissing(async () => object<Page>(await api.json(site, `/wiki/api/v2/pages/${id}`)));
}

export function container({ api }: Source, { site }: Place, type: string, id: string): Promise<Page | null> {
  return unlessMissing(async () => object<Page>(await api.json(site, `/wiki/api/v2/${CONTAINERS[type] ?? ""}/${id}`)));
}

/** All that is attached to a page; null where the page is gone. */
export function attachments({ api }: Source, { site }: Place, pageId: string): Promise<Omit<Listed, "next"> | null> {
  const query = { status: ["current", "archived"], limit: LIST_ITEMS_MAX };
  return unlessMissing(() => listAll(api, site, `/wiki/api/v2/pages/${pageId}/attachments`, query));
}

/** Who the connection is at a site. Throws `auth` where it is nobody: what nobody sees is not gone. */
export async function currentUser(api: AtlassianApi, site: Pick<Site, "root">): Promise<User & { accountId: string }> {
  const user = object<User>(await api.json(site, "/wiki/rest/api/user/current"));
  if (typeof user.accountId !== "string" || user.type === "anonymous")
    throw new ProviderError("auth", "Confluence does not take this e-mail address and API token.");
  return { ...user, accountId: user.accountId };
}

export async function unlessMissing<T>(ask: () => Promise<T>): Promise<T | null> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ProviderError && error.kind === "not_found") return null;
    throw error;
  }
}

export function object<T extends object>(answer: unknown): T {
  if (typeof answer !== "object" || answer === null) throw new ProviderError("fatal", "Confluence's answer makes no sense.");
  return answer as T;
}
