import { ProviderError } from "../errors.ts";
import type { BrowseCapability, BrowseEntry, BrowsePage, BrowseParent } from "../provider.ts";
import { discover } from "./discover.ts";
import { toEntry } from "./entry.ts";
import { readFolder } from "./folder.ts";
import { locate } from "./locate.ts";
import type { DavServer } from "./server.ts";
import { feedIdOf, shareOf } from "./share.ts";

const CHILDREN_A_PAGE = 500;

/** The folder picker: the share's top folder, and what is in each folder. */
export function browse(server: DavServer): BrowseCapability {
  return { list: async (parent, cursor) => (parent === null ? top(server) : children(server, parent, cursor)) };
}

async function top(server: DavServer): Promise<BrowsePage> {
  const { share, top: resource } = await discover(server);
  const entry = toEntry(share, resource, { path: [] }, server.context.now());
  if (!entry) throw new ProviderError("fatal", "The server gives its top folder no id.");
  const { id, name = "" } = entry;
  return { entries: [{ id, feedId: feedIdOf(share), whole: true, name, kind: "folder", hasChildren: true }], cursor: null };
}

/** The cursor is the name of the last child that was shown. */
async function children(server: DavServer, { id: parentId, feedId = "" }: BrowseParent, cursor: string | null): Promise<BrowsePage> {
  const share = shareOf(feedId);
  const location = (await locate(server, share, [parentId])).get(parentId);
  if (location === "refused") throw new ProviderError("forbidden", "The server refuses access to the folder.");
  if (typeof location !== "object") throw new ProviderError("not_found", "The folder is not there any more.");
  const { path } = location;
  const listed = (await readFolder(server, share, path)).children.filter(({ name }) => cursor === null || name > cursor);
  const shown = listed.slice(0, CHILDREN_A_PAGE);
  const entries = shown.flatMap(({ name, resource }): BrowseEntry[] => {
    const entry = toEntry(share, resource, { path: [...path, name], parentId }, server.context.now());
    if (!entry) return [];
    const { id, kind = "file", size, modifiedAt, webUrl } = entry;
    return [
      {
        id,
        feedId,
        name,
        kind,
        // Whether there is anything in it is not told.
        hasChildren: kind === "folder",
        ...(size !== undefined && { size }),
        ...(modifiedAt !== undefined && { modifiedAt }),
        ...(webUrl !== undefined && { webUrl }),
      },
    ];
  });
  return { entries, cursor: shown.length < listed.length ? (shown.at(-1)?.name ?? null) : null };
}
