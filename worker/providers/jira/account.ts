import { account as atlassianAccount } from "../atlassian/account.ts";
import { asProviderError, ProviderError } from "../errors.ts";
import type { Account, Check, ProviderEnv } from "../provider.ts";
import type { ProjectPage, User } from "./api.ts";
import { API, asObject, type Jira } from "./search.ts";

export function account({ api }: Jira, env: Pick<ProviderEnv, "ATLASSIAN_API_URL">): Promise<Account> {
  return atlassianAccount(api, env, "Jira", async (site) => {
    const { accountId, displayName, emailAddress } = asObject<User>(await api.json(site, `${API}/myself`));
    if (typeof accountId !== "string") throw new ProviderError("fatal", "The account has no id.");
    return { accountId, name: displayName ?? emailAddress ?? "Jira", ...(emailAddress && { email: emailAddress }) };
  });
}

/** What works at each site, scope by scope. */
export async function checks({ api }: Jira): Promise<Check[]> {
  const isApp = (await api.signIn()).kind === "oauth";
  const sites = await api.sites();
  if (sites.length === 0) return [{ name: "Sites", ok: false, message: "This account has no site with Jira." }];
  const all = await api.each(sites, async (site): Promise<Check[]> => {
    const projects = await check(`read:jira-work at ${site.name}`, async () => {
      const { values, isLast } = asObject<ProjectPage>(await api.json(site, `${API}/project/search`, { maxResults: 100 }));
      const count = values?.length ?? 0;
      return count === 0 ? "No project is shown to this account." : `${count}${isLast === false ? " or more" : ""} projects can be copied.`;
    });
    if (!isApp) return [projects];
    const webhooks = await check(`manage:jira-webhook at ${site.name}`, async () => {
      await api.json(site, `${API}/webhook`, { maxResults: 1 });
      return "Jira tells of changes as they happen.";
    });
    return [projects, webhooks];
  });
  const told = { name: "Changes", ok: true, message: "An API token has no webhooks: changes are looked for by the sync's schedule." };
  return isApp ? all.flat() : [...all.flat(), told];
}

async function check(name: string, look: () => Promise<string>): Promise<Check> {
  try {
    return { name, ok: true, message: await look() };
  } catch (error) {
    return { name, ok: false, message: asProviderError(error).message };
  }
}
