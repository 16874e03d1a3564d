import { ProviderError } from "../errors.ts";
import type { BrowseCapability, BrowseEntry, BrowsePage, BrowseParent } from "../provider.ts";
import type { Aps } from "./aps.ts";
import { contentsOf } from "./contents.ts";
import type { Listed } from "./entry.ts";
import { toFolder } from "./entry.ts";
import { hubsOf, projectsOf } from "./feeds.ts";
import { feedIdOf, type ProjectRef, projectRefOf, rootIdOf, topFoldersOf } from "./project.ts";

/** The folder picker: hubs, which are only a way to their projects, and what is in the projects' folders. */
export function browse(aps: Aps): BrowseCapability {
  return {
    list: async (parent, cursor) => {
      if (parent === null) return hubs(aps);
      if (parent.feedId === undefined) return projects(aps, parent.id);
      return children(aps, parent, parent.feedId, cursor);
    },
  };
}

async function hubs(aps: Aps): Promise<BrowsePage> {
  const found = await hubsOf(aps);
  return { entries: found.hubs.map(({ id, name }): BrowseEntry => ({ id, name, kind: "folder", hasChildren: true })), cursor: null };
}

async function projects(aps: Aps, hubId: string): Promise<BrowsePage> {
  const entries = (await projectsOf(aps, hubId)).flatMap(({ id, attributes, links }): BrowseEntry | [] => {
    if (typeof id !== "string") return [];
    const ref = { hubId, projectId: id };
    const webUrl = links?.webView?.href;
    return {
      id: rootIdOf(ref),
      feedId: feedIdOf(ref),
      whole: true,
      name: attributes?.name ?? id,
      kind: "folder",
      hasChildren: true,
      ...(typeof webUrl === "string" && { webUrl }),
    };
  });
  return { entries, cursor: null };
}

async function children(aps: Aps, { id }: BrowseParent, feedId: string, cursor: string | null): Promise<BrowsePage> {
  const ref = projectRefOf(feedId);
  if (id === rootIdOf(ref)) return { entries: await topFolders(aps, ref, feedId), cursor: null };
  const page = Number(cursor ?? 0);
  if (!Number.isInteger(page) || page < 0) throw new ProviderError("not_found", "There is no such page.");
  const { listed, more } = await contentsOf(aps, ref, id, { page, withHidden: false });
  return { entries: listed.flatMap((one) => toBrowsed(one, feedId)), cursor: more ? String(page + 1) : null };
}

async function topFolders(aps: Aps, ref: ProjectRef, feedId: string): Promise<BrowseEntry[]> {
  const { folders } = await topFoldersOf(aps, ref, false);
  return folders.flatMap((resource) => {
    const { id } = resource;
    return typeof id === "string" ? toBrowsed({ type: "folder", folder: toFolder(resource, id, undefined) }, feedId) : [];
  });
}

function toBrowsed(one: Listed, feedId: string): BrowseEntry | [] {
  if (one.type !== "folder" && one.type !== "file") return [];
  const { id, name = "", kind = "file", size, modifiedAt, webUrl } = one.type === "folder" ? one.folder.entry : one.entry;
  return {
    id,
    feedId,
    name,
    kind,
    // Whether there is anything in it is not told.
    hasChildren: kind === "folder",
    ...(size !== undefined && { size }),
    ...(modifiedAt !== undefined && { modifiedAt }),
    ...(webUrl !== undefined && { webUrl }),
  };
}
