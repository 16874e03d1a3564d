import { ProviderError } from "../errors.ts";
import type { BrowseCapability, BrowseEntry, BrowsePage, BrowseParent } from "../provider.ts";
import type { DriveItem } from "./api.ts";
import type { Graph } from "./graph.ts";

// The folder picker: drives, and the children of their folders.

const CHILDREN_A_PAGE = 200;
const FIELDS = "id,name,size,folder,file,package,remoteItem,lastModifiedDateTime,webUrl";

interface ChildrenPage {
  value?: unknown[];
  "@odata.nextLink"?: string;
}

/** `drives`: what picking begins with. */
export function browse(graph: Graph, drives: (cursor: string | null) => Promise<BrowsePage>): BrowseCapability {
  return { list: (parent, cursor) => (parent === null ? drives(cursor) : children(graph, parent, cursor)) };
}

/** A drive, as the one entry that stands for all of it. */
export async function wholeDrive(graph: Graph, driveId: string, name: string): Promise<BrowseEntry> {
  return rootEntry(await graph.json(graph.url(rootPath(driveId))), driveId, name);
}

/** Of a drive's root, below the API's version: what `rootEntry` reads. */
export function rootPath(driveId: string): string {
  return `/drives/${encodeURIComponent(driveId)}/root?$select=id,webUrl,size,folder`;
}

export function rootEntry(answer: unknown, driveId: string, name: string): BrowseEntry {
  const root = (answer ?? {}) as DriveItem;
  if (typeof root.id !== "string") throw new ProviderError("fatal", "The drive's root has no id.");
  return {
    id: root.id,
    feedId: driveId,
    whole: true,
    name,
    kind: "folder",
    hasChildren: (root.folder?.childCount ?? 1) > 0,
    ...(typeof root.size === "number" && { size: root.size }),
    ...(typeof root.webUrl === "string" && { webUrl: root.webUrl }),
  };
}

async function children(graph: Graph, { id, feedId }: BrowseParent, cursor: string | null): Promise<BrowsePage> {
  if (feedId === undefined) throw new ProviderError("not_found", "A folder is in a drive.");
  return childrenOf(graph, feedId, id, cursor);
}

/** A page of what is in a drive's folder. */
export async function childrenOf(graph: Graph, driveId: string, folderId: string, cursor: string | null): Promise<BrowsePage> {
  const path = `/drives/${encodeURIComponent(driveId)}/items/${encodeURIComponent(folderId)}/children`;
  const first = graph.url(`${path}?$select=${FIELDS}&$top=${CHILDREN_A_PAGE}`);
  const page = (await graph.json(cursor ?? first)) as ChildrenPage;
  const entries = (Array.isArray(page.value) ? page.value : []).flatMap((value) => toEntry(value as DriveItem, driveId));
  return { entries, cursor: page["@odata.nextLink"] ?? null };
}

function toEntry(item: DriveItem, feedId: string): BrowseEntry | [] {
  // Shortcuts and notebooks are not followed.
  if (typeof item.id !== "string" || typeof item.name !== "string" || item.remoteItem || item.package) return [];
  const modifiedAt = Date.parse(item.lastModifiedDateTime ?? "");
  return {
    id: item.id,
    feedId,
    name: item.name,
    kind: item.folder ? "folder" : "file",
    hasChildren: (item.folder?.childCount ?? 0) > 0,
    ...(typeof item.size === "number" && { size: item.size }),
    ...(Number.isNaN(modifiedAt) ? {} : { modifiedAt }),
    ...(typeof item.webUrl === "string" && { webUrl: item.webUrl }),
  };
}
