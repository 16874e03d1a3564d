import type { AtlassianApi } from "../atlassian/atlassian-api.ts";
import type { Site } from "../atlassian/sites.ts";
import { asProviderError, ProviderError } from "../errors.ts";
import type { Check } from "../provider.ts";

/** No space has this key, and nothing this id. */
const NOWHERE = 'space = "TIDEMARKTEST" and type = page';
const NOTHING = "1";

/** Permission by permission, at each site. What is not there is only said to who may ask for it. */
export async function checks(api: AtlassianApi): Promise<Check[]> {
  const sites = await api.sites();
  if (sites.length === 0) return [{ name: "Sites", ok: false, message: "This account has no site with Confluence." }];
  const found = await api.each(sites, async (site) => {
    const results: Check[] = [];
    for (const [name, attempt, message] of attempts(api, site)) {
      const title = sites.length > 1 ? `${name} at ${site.name}` : name;
      results.push(await attempted(title, attempt, message));
    }
    return results;
  });
  return found.flat();
}

function attempts(api: AtlassianApi, site: Site): [string, () => Promise<unknown>, string][] {
  return [
    ["Spaces", () => api.json(site, "/wiki/api/v2/spaces", { limit: 1 }), "Spaces can be listed."],
    ["Pages", () => api.json(site, "/wiki/api/v2/pages", { limit: 1 }), "Pages can be read."],
    ["Attachments", () => unlessMissing(api.json(site, `/wiki/api/v2/attachments/${NOTHING}`)), "Attachments can be listed."],
    ["Folders", () => unlessMissing(api.json(site, `/wiki/api/v2/folders/${NOTHING}`)), "Folders between pages can be read."],
    [
      "Downloads",
      () => unlessMissing(api.json(site, `/wiki/rest/api/content/${NOTHING}/child/attachment/${NOTHING}/download`)),
      "Attachments can be downloaded.",
    ],
    [
      "Search",
      () => api.json(site, "/wiki/rest/api/content/search", { cql: NOWHERE, limit: 1 }),
      "Changes can be searched for. Of what is moved, archived or removed nothing tells but the daily listing.",
    ],
  ];
}

async function attempted(name: string, attempt: () => Promise<unknown>, message: string): Promise<Check> {
  try {
    await attempt();
    return { name, ok: true, message };
  } catch (error) {
    return { name, ok: false, message: asProviderError(error).message };
  }
}

async function unlessMissing(asked: Promise<unknown>): Promise<void> {
  try {
    await asked;
  } catch (error) {
    if (!(error instanceof ProviderError && error.kind === "not_found")) throw error;
  }
}
