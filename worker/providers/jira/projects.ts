import { ProviderError } from "../errors.ts";
import type { BrowseCapability, BrowseEntry, BrowsePage, BrowseParent, FeedRef } from "../provider.ts";
import type { Site } from "../atlassian/sites.ts";
import type { Project, ProjectPage } from "./api.ts";
import { feedIdOf, readFeedId, rootId } from "./ids.ts";
import { API, asList, asObject, checkCondition, type Jira } from "./search.ts";

const PROJECTS_A_PAGE = 100;
/** Projects of one site that a sync of everything follows. */
const PROJECT_PAGES_MAX = 50;

/** The chosen projects that are there; without a choice, all that are shown to us. */
export async function feeds(jira: Jira, chosen?: readonly string[]): Promise<FeedRef[]> {
  const found = chosen === undefined ? await everyFeed(jira) : await chosenFeeds(jira, [...new Set(chosen)]);
  const siteIds = new Set(found.flatMap(({ id }) => readFeedId(id)?.siteId ?? []));
  // A sync's condition is tried before anything is read by it.
  for (const siteId of siteIds) await checkCondition(jira, await jira.api.site(siteId));
  return found;
}

async function everyFeed(jira: Jira): Promise<FeedRef[]> {
  const all: FeedRef[] = [];
  for (const site of await jira.api.sites()) {
    for (let pages = 0, startAt: number | null = 0; startAt !== null; pages++) {
      if (pages === PROJECT_PAGES_MAX) throw new ProviderError("unsupported", `${site.name} has too many projects: choose some of them.`);
      const page = await projects(jira, site, { startAt });
      all.push(...page.found.map(({ id, name }) => ({ id: feedIdOf({ siteId: site.id, projectId: id }), name })));
      startAt = page.next;
    }
  }
  return all;
}

async function chosenFeeds({ api }: Jira, chosen: readonly string[]): Promise<FeedRef[]> {
  const found = await api.each(chosen, async (id): Promise<FeedRef | []> => {
    const feed = readFeedId(id);
    if (!feed) return [];
    try {
      const project = asObject<Project>(await api.json(await api.site(feed.siteId), `${API}/project/${feed.projectId}`));
      return { id, name: project.name ?? project.key ?? id };
    } catch (error) {
      // No longer there, or no longer shown to us.
      if (error instanceof ProviderError && (error.kind === "not_found" || error.kind === "forbidden")) return [];
      throw error;
    }
  });
  return found.flat();
}

/** The project picker. Where a connection reaches several sites, these stand before their projects. */
export function browse(jira: Jira): BrowseCapability {
  return {
    list: async (parent, cursor) => {
      const sites = await jira.api.sites();
      const site = parent === null && sites.length === 1 ? sites[0] : sites.find(({ id }) => id === parent?.id);
      if (site) return entries(jira, site, { startAt: Number(cursor ?? 0) });
      if (parent !== null) return noChildren(parent);
      return { entries: sites.map(({ id, name, url }) => ({ id, name, kind: "folder", hasChildren: true, webUrl: url })), cursor: null };
    },
    search: async (text, cursor) => {
      const [index = 0, startAt = 0] = (cursor ?? "").split("/").map(Number);
      const sites = await jira.api.sites();
      const site = sites[index];
      if (!site) return { entries: [], cursor: null };
      const page = await entries(jira, site, { startAt, query: text });
      const next = page.cursor === null ? `${index + 1}/0` : `${index}/${page.cursor}`;
      return { entries: page.entries, cursor: page.cursor === null && index + 1 >= sites.length ? null : next };
    },
  };
}

/** Projects are kept whole, or as far as a sync's JQL says: there is nothing to choose in them. */
function noChildren({ id, feedId }: BrowseParent): BrowsePage {
  const feed = readFeedId(feedId ?? "");
  if (feed && rootId(feed) === id) return { entries: [], cursor: null };
  throw new ProviderError("not_found", "There is no such site.");
}

async function entries(jira: Jira, site: Site, asked: { startAt: number; query?: string }): Promise<BrowsePage> {
  const { found, next } = await projects(jira, site, asked);
  return {
    entries: found.map(({ id, key, name }): BrowseEntry => {
      const feed = { siteId: site.id, projectId: id };
      const shown = { name: `${name} (${key})`, kind: "folder" as const, hasChildren: false, webUrl: `${site.url}/browse/${key}` };
      return { id: rootId(feed), feedId: feedIdOf(feed), whole: true, ...shown };
    }),
    cursor: next === null ? null : String(next),
  };
}

async function projects({ api }: Jira, site: Site, { startAt, query }: { startAt: number; query?: string }) {
  const page = asObject<ProjectPage>(
    await api.json(site, `${API}/project/search`, { startAt, maxResults: PROJECTS_A_PAGE, orderBy: "key", query }),
  );
  const values = asList(page.values);
  const found = values.flatMap(({ id, key, name }) =>
    typeof id === "string" && typeof key === "string" ? { id, key, name: name ?? key } : [],
  );
  return { found, next: page.isLast === false && values.length > 0 ? startAt + values.length : null };
}
