import { ProviderError } from "../errors.ts";
import type { Account, Check } from "../provider.ts";
import type { UserInfo } from "./api.ts";
import { type Aps, asObject } from "./aps.ts";
import { hubsOf, projectsOf } from "./feeds.ts";
import { mayBeTold } from "./hooks.ts";
import { topFoldersOf } from "./project.ts";
import { readJson } from "../http.ts";

/** The person, or service account, that a token is of; of an app that speaks for itself, the app. It must be shown a hub. */
export async function account(aps: Aps): Promise<Account> {
  const client = await ownClient(aps);
  if (client !== null) {
    const { hubs } = await hubsOf(aps);
    return { id: `app:${client}`, label: `${hubs.map(({ name }) => name).join(", ")} (app)` };
  }
  const { sub, name, email } = await userInfo(aps);
  if (typeof sub !== "string" || sub === "") throw new ProviderError("fatal", "The account has no id.");
  return { id: sub, label: name || email || "Autodesk", ...(email && { email }) };
}

/** What works for this connection and what does not, one thing after another. */
export async function checks(aps: Aps): Promise<Check[]> {
  let project: { hubId: string; projectId: string } | undefined;
  return [
    await check("Hubs and projects", async () => {
      const { hubs, partial } = await hubsOf(aps);
      const counts = await aps.each(hubs, async ({ id }) => {
        const projects = await projectsOf(aps, id);
        const [first] = projects;
        if (typeof first?.id === "string") project ??= { hubId: id, projectId: first.id };
        return projects.length;
      });
      const told = `${counts.reduce((sum, count) => sum + count, 0)} projects in ${hubs.length} hubs can be chosen.`;
      if (partial) throw new ProviderError("transient", `${told} Autodesk says that the list of hubs is not complete at the moment.`);
      return told;
    }),
    await check("Files", async () => {
      if (!project) return "There is no project to look into.";
      const { folders } = await topFoldersOf(aps, project, false);
      return `Files can be listed: the first project shows ${folders.length} folders.`;
    }),
    await check("Notifications", async () => {
      if (await mayBeTold(aps)) return "Autodesk tells of changes.";
      return "Autodesk tells of no changes, since that takes a permission to write: the schedule finds them.";
    }),
  ];
}

/** The client, where an app speaks for itself; null where the token is of a person or a service account. */
async function ownClient(aps: Aps): Promise<string | null> {
  const fields = await aps.fields();
  return fields && !fields["serviceAccountId"] ? (fields["clientId"]?.trim() ?? "") : null;
}

async function userInfo(aps: Aps): Promise<UserInfo> {
  return asObject<UserInfo>(await readJson(await aps.request(`${aps.env.AUTODESK_PROFILE_URL}/userinfo`)));
}

async function check(name: string, look: () => Promise<string>): Promise<Check> {
  try {
    return { name, ok: true, message: await look() };
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    return { name, ok: false, message: error.message };
  }
}
