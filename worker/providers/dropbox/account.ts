import { asProviderError, ProviderError } from "../errors.ts";
import type { Account, Check, FeedRef } from "../provider.ts";
import type { FullAccount, SpaceUsage } from "./api.ts";
import { isNotFound, type DropboxApi } from "./dropbox-api.ts";
import { homeFeed, teamFeed } from "./feeds.ts";

/** Nobody has a file of this id. */
const NO_FILE = "id:AAAAAAAAAAAAAAAAAAAAAA";

export async function account(api: DropboxApi): Promise<Account> {
  const [who, space] = await Promise.all([fullAccount(api), api.ask("users/get_space_usage") as Promise<SpaceUsage | null>]);
  if (typeof who.account_id !== "string") throw new ProviderError("fatal", "The account has no id.");
  const { used, allocation } = space ?? {};
  const total = allocation?.allocated;
  return {
    id: who.account_id,
    label: who.name?.display_name ?? who.email ?? "Dropbox",
    ...(who.email && { email: who.email }),
    ...(typeof used === "number" && { quota: { used, ...(typeof total === "number" && { total }) } }),
  };
}

/** The person's own files; where their team has a space of its own, that too, for who chooses it. The own ones first. */
export async function allFeeds(api: DropboxApi): Promise<[FeedRef, ...FeedRef[]]> {
  const { root_info: info, team } = await fullAccount(api);
  const { home_namespace_id: home, root_namespace_id: root } = info ?? {};
  if (typeof home !== "string") throw new ProviderError("fatal", "The account has no files of its own.");
  const feeds: [FeedRef, ...FeedRef[]] = [{ id: homeFeed(home), name: "Dropbox" }];
  if (typeof root === "string" && root !== home)
    feeds.push({ id: teamFeed(root), name: team?.name ? `Team space of ${team.name}` : "Team space" });
  return feeds;
}

/** Where the person's own files are in the space of their team, in small letters. */
export async function ownFolder(api: DropboxApi): Promise<string> {
  const { root_info: info } = await fullAccount(api);
  if (typeof info?.home_path !== "string" || info.home_path === "")
    throw new ProviderError("not_found", "There is no space of a team any more.");
  return info.home_path.toLowerCase();
}

/** Permission by permission, as the app has them. */
export async function checks(api: DropboxApi): Promise<Check[]> {
  const [feed] = await allFeeds(api);
  const tried: [string, () => Promise<unknown>, string][] = [
    ["account_info.read", () => api.ask("users/get_space_usage"), "The account and its size can be read."],
    ["files.metadata.read", () => api.ask("files/list_folder", { path: "", limit: 1 }, feed.id), "Files can be listed."],
    // That there is no such file is only said to who may read files.
    ["files.content.read", () => unlessMissing(api.content("files/download", { path: NO_FILE }, feed.id, {})), "Files can be downloaded."],
  ];
  return Promise.all(
    tried.map(async ([name, attempt, message]): Promise<Check> => {
      try {
        await attempt();
        return { name, ok: true, message };
      } catch (error) {
        return { name, ok: false, message: asProviderError(error).message };
      }
    }),
  );
}

async function unlessMissing(asked: Promise<Response>): Promise<void> {
  try {
    await (await asked).body?.cancel();
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

async function fullAccount(api: DropboxApi): Promise<FullAccount> {
  return ((await api.ask("users/get_current_account")) ?? {}) as FullAccount;
}
