import { ProviderError } from "../errors.ts";
import type { BrowseCapability, BrowseEntry, BrowsePage, BrowseParent } from "../provider.ts";
import { FOLDER_TYPE, SHORTCUT_TYPE, type DriveFile, type DriveList, type FileList } from "./api.ts";
import { ofFeed } from "./changes.ts";
import { asObject, type Drive } from "./drive.ts";
import { MY_DRIVE } from "./entry.ts";

// The folder picker: My Drive, the shared drives, and what is in their folders.

const CHILDREN_A_PAGE = 200;
const DRIVES_A_PAGE = 100;
const CHILD_FIELDS = "id,name,mimeType,size,modifiedTime,webViewLink";

export function browse(drive: Drive): BrowseCapability {
  return {
    list: (parent, cursor) => (parent === null ? drives(drive, cursor) : children(drive, parent, cursor)),
    search: (text, cursor) => sharedDrives(drive, cursor, `name contains '${text.replace(/['\\]/g, "\\$&")}'`),
  };
}

async function drives(drive: Drive, cursor: string | null): Promise<BrowsePage> {
  const page = await sharedDrives(drive, cursor);
  return cursor === null ? { ...page, entries: [await myDrive(drive), ...page.entries] } : page;
}

async function myDrive(drive: Drive): Promise<BrowseEntry> {
  const { id, name, webViewLink } = asObject<DriveFile>(await drive.file(MY_DRIVE, "id,name,webViewLink"));
  if (typeof id !== "string") throw new ProviderError("fatal", "My Drive has no id.");
  return {
    id,
    feedId: MY_DRIVE,
    whole: true,
    name: name ?? "My Drive",
    kind: "folder",
    hasChildren: true,
    ...(typeof webViewLink === "string" && { webUrl: webViewLink }),
  };
}

async function sharedDrives(drive: Drive, pageToken: string | null, q?: string): Promise<BrowsePage> {
  const query = { q, pageSize: DRIVES_A_PAGE, pageToken, fields: "nextPageToken,drives(id,name)" };
  const page = asObject<DriveList>(await drive.json("/drives", query));
  const entries = (page.drives ?? []).flatMap(({ id, name }): BrowseEntry | [] =>
    typeof id === "string" ? { id, feedId: id, whole: true, name: name ?? id, kind: "folder", hasChildren: true } : [],
  );
  return { entries, cursor: page.nextPageToken ?? null };
}

async function children(drive: Drive, { id, feedId }: BrowseParent, pageToken: string | null): Promise<BrowsePage> {
  if (feedId === undefined) throw new ProviderError("not_found", "A folder is in a drive.");
  const page = asObject<FileList>(
    await drive.json("/files", {
      q: `'${id.replace(/['\\]/g, "\\$&")}' in parents and trashed = false`,
      ...ofFeed(feedId),
      corpora: feedId === MY_DRIVE ? "user" : "drive",
      orderBy: "folder,name_natural",
      pageSize: CHILDREN_A_PAGE,
      pageToken,
      fields: `nextPageToken,files(${CHILD_FIELDS})`,
    }),
  );
  const files = (Array.isArray(page.files) ? page.files : []) as DriveFile[];
  return { entries: files.flatMap((file) => toEntry(file, feedId)), cursor: page.nextPageToken ?? null };
}

function toEntry(file: DriveFile, feedId: string): BrowseEntry | [] {
  // Shortcuts are not followed.
  if (typeof file.id !== "string" || typeof file.name !== "string" || file.mimeType === SHORTCUT_TYPE) return [];
  const isFolder = file.mimeType === FOLDER_TYPE;
  const modifiedAt = Date.parse(file.modifiedTime ?? "");
  return {
    id: file.id,
    feedId,
    name: file.name,
    kind: isFolder ? "folder" : "file",
    hasChildren: isFolder,
    ...(!isFolder && typeof file.size === "string" && { size: Number(file.size) }),
    ...(!Number.isNaN(modifiedAt) && { modifiedAt }),
    ...(typeof file.webViewLink === "string" && { webUrl: file.webViewLink }),
  };
}
