import { ProviderError } from "../errors.ts";
import type { BrowseCapability, BrowseEntry, BrowsePage, BrowseParent } from "../provider.ts";
import { allFeeds, ownFolder } from "./account.ts";
import type { ListFolderResult } from "./api.ts";
import type { DropboxApi } from "./dropbox-api.ts";
import { toRow } from "./entry.ts";
import { isTeamFeed, rootIdOf } from "./feeds.ts";

// The folder picker: the person's own files and their team's space, and what is in their folders.

const ENTRIES_A_PAGE = 200;

export function browse(api: DropboxApi): BrowseCapability {
  return { list: (parent, cursor) => (parent === null ? feeds(api) : children(api, parent, cursor)) };
}

async function feeds(api: DropboxApi): Promise<BrowsePage> {
  const entries = (await allFeeds(api)).map(({ id, name }): BrowseEntry => ({
    id: rootIdOf(id),
    feedId: id,
    whole: true,
    name,
    kind: "folder",
    hasChildren: true,
  }));
  return { entries, cursor: null };
}

async function children(api: DropboxApi, { id, feedId }: BrowseParent, cursor: string | null): Promise<BrowsePage> {
  if (feedId === undefined) throw new ProviderError("not_found", "A folder is in a Dropbox.");
  const isTop = id === rootIdOf(feedId);
  const [page, own] = await Promise.all([
    (cursor === null
      ? api.ask("files/list_folder", { path: isTop ? "" : id, limit: ENTRIES_A_PAGE }, feedId)
      : api.ask("files/list_folder/continue", { cursor }, feedId)) as Promise<ListFolderResult>,
    isTop && isTeamFeed(feedId) ? ownFolder(api) : undefined,
  ]);
  const entries = (Array.isArray(page.entries) ? page.entries : []).flatMap((value): BrowseEntry | [] => {
    const row = toRow(value, api.context.now());
    if (row.type !== "entry" || row.path === own) return [];
    const { id, name = id, kind = "file", size, modifiedAt } = row.entry;
    const known = { ...(size !== undefined && { size }), ...(modifiedAt !== undefined && { modifiedAt }) };
    // Whether a folder is empty is not told.
    return { id, feedId, name, kind, hasChildren: kind === "folder", ...known };
  });
  return { entries, cursor: page.has_more === true && typeof page.cursor === "string" ? page.cursor : null };
}
