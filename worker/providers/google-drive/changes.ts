import { ProviderError } from "../errors.ts";
import type { Change, ChangePage, KnownItems, Provider } from "../provider.ts";
import { FILE_FIELDS, FOLDER_TYPE, type ChangeList, type DriveChange, type DriveFile, type FileList, type SharedDrive } from "./api.ts";
import { readCursor, writeCursor, type Changes, type Listing } from "./cursor.ts";
import { asObject, type Drive } from "./drive.ts";
import { MY_DRIVE, toChange, TRACKED, type Viewpoint } from "./entry.ts";
import type { Exports } from "./formats.ts";
import { outside } from "./placing.ts";
import { toUnfold, unfold, untracked } from "./unfolding.ts";

/** A page is one step, held in memory and done again whole after a crash. Google gives 1,000 at most. */
const PAGE_ITEMS = 500;

/** One page of a feed: of its listing, of its change log, or of the folders that the log brought. */
export async function changes(
  drive: Drive,
  exports: Exports,
  feedId: string,
  text: string | null,
  known?: KnownItems,
): ReturnType<Provider["changes"]> {
  const cursor = text === null ? await begin(drive, feedId) : readCursor(text);
  const view = { drive, feedId, rootId: cursor.root, exports };
  switch (cursor.phase) {
    case "beginning":
    case "listing":
      return list(view, cursor, known);
    case "changes":
      return readLog(view, cursor, known);
    case "unfolding":
      return unfold(view, cursor, known);
  }
}

interface Beginning extends Omit<Listing, "phase" | "page"> {
  phase: "beginning";
  page: null;
  /** The root folder's own entry. */
  rootFolder: DriveFile;
}

/** The log's start first: what changes during the listing is told afterwards. */
async function begin(drive: Drive, feedId: string): Promise<Beginning> {
  const start = await startToken(drive, feedId);
  const rootFolder = feedId === MY_DRIVE ? asObject<DriveFile>(await drive.file(feedId, FILE_FIELDS)) : await rootOf(drive, feedId);
  if (typeof rootFolder.id !== "string") throw new ProviderError("fatal", "The drive's root folder has no id.");
  return { phase: "beginning", root: rootFolder.id, start, page: null, rootFolder };
}

/** A shared drive's id is its root folder's, too. */
async function rootOf(drive: Drive, id: string): Promise<DriveFile> {
  const { name } = await sharedDrive(drive, id);
  return { id, name: name ?? "Drive", mimeType: FOLDER_TYPE };
}

export async function sharedDrive(drive: Drive, id: string): Promise<SharedDrive> {
  return asObject<SharedDrive>(await drive.json(`/drives/${encodeURIComponent(id)}`, { fields: "id,name" }));
}

/** Where a feed's change log ends now. */
export async function startToken(drive: Drive, feedId: string): Promise<string> {
  const query = { supportsAllDrives: true, driveId: feedId === MY_DRIVE ? null : feedId };
  const { startPageToken } = asObject<{ startPageToken?: unknown }>(await drive.json("/changes/startPageToken", query));
  if (typeof startPageToken !== "string" || startPageToken === "") throw new ProviderError("fatal", "The change log has no start.");
  return startPageToken;
}

/** What confines a list or a log to a feed. */
export function ofFeed(feedId: string): Record<string, string | boolean> {
  return feedId === MY_DRIVE ? {} : { driveId: feedId, includeItemsFromAllDrives: true, supportsAllDrives: true };
}

async function list(view: Viewpoint, cursor: Listing | Beginning, known: KnownItems | undefined): Promise<ChangePage> {
  const page = asObject<FileList>(
    await view.drive.json("/files", {
      q: "trashed = false",
      ...ofFeed(view.feedId),
      corpora: view.feedId === MY_DRIVE ? "user" : "drive",
      pageSize: PAGE_ITEMS,
      pageToken: cursor.page,
      fields: `nextPageToken,incompleteSearch,files(${FILE_FIELDS})`,
    }),
  );
  // What is left out of such an answer is not gone.
  if (page.incompleteSearch === true) throw new ProviderError("transient", "Google Drive's listing is incomplete just now.");
  const files = (Array.isArray(page.files) ? page.files : []) as DriveFile[];
  const elsewhere = await outside(files, view, known);
  const listed = files.filter(({ id }) => !elsewhere.has(id ?? "")).map((file) => toChange(file, view));
  const all = [...(cursor.phase === "beginning" ? [toChange(cursor.rootFolder, view)] : []), ...listed];
  const { root, start } = cursor;
  const next = page.nextPageToken ?? null;
  return {
    // What is elsewhere was never here; or, if it was, the sweep after the listing finds it out.
    changes: all.flatMap((change) => (change.type === "removal" ? [] : asTracked(change))),
    cursor:
      next === null
        ? writeCursor({ phase: "changes", root, token: start, afresh: true })
        : writeCursor({ phase: "listing", root, start, page: next }),
    more: next !== null,
  };
}

/** Of a folder of the listing all that is below it is listed, too. */
function asTracked(change: Change): Change {
  if (change.type !== "upsert" || change.entry.kind !== "folder") return change;
  return { type: "upsert", entry: { ...change.entry, treeTag: TRACKED } };
}

async function readLog(view: Viewpoint, cursor: Changes, known: KnownItems | undefined): Promise<ChangePage> {
  const page = asObject<ChangeList>(
    await view.drive.json("/changes", {
      pageToken: cursor.token,
      ...ofFeed(view.feedId),
      pageSize: PAGE_ITEMS,
      fields: `nextPageToken,newStartPageToken,changes(changeType,removed,fileId,file(${FILE_FIELDS}))`,
    }),
  );
  const token = page.nextPageToken ?? page.newStartPageToken;
  if (typeof token !== "string" || token === "") throw new ProviderError("fatal", "The page of changes has no token to go on with.");
  const more = typeof page.nextPageToken === "string";
  if (more && token === cursor.token) throw new ProviderError("fatal", "The page of changes leads to itself.");
  const rows = (Array.isArray(page.changes) ? page.changes : []) as (DriveChange | null)[];
  const files = rows.flatMap((row) => (row?.removed !== true && row?.file ? row.file : []));
  const elsewhere = await outside(files, view, known);
  const told = rows.flatMap((row) => toldOf(row, view, elsewhere));
  const live = new Set(told.flatMap((change) => (change.type === "upsert" ? change.entry.id : [])));
  const folders = files.flatMap(({ id, mimeType }) => (mimeType === FOLDER_TYPE && live.has(id ?? "") ? (id ?? []) : []));
  const fresh = await untracked(folders, view, cursor.afresh ? undefined : known);
  const { root, afresh } = cursor;
  if (fresh.length > 0) {
    const unfolding = toUnfold({ phase: "changes", root, token, afresh, more }, fresh);
    return { changes: told, more: true, cursor: writeCursor(unfolding) };
  }
  return { changes: told, more, cursor: writeCursor({ phase: "changes", root, token, afresh: afresh && more }) };
}

function toldOf(row: DriveChange | null, view: Viewpoint, elsewhere: ReadonlySet<string>): Change | [] {
  // The other type is about shared drives themselves.
  if (row?.changeType === "drive") return [];
  const id = row?.fileId;
  if (typeof id !== "string" || id === "") return { type: "malformed", reason: "The change names no file." };
  if (row?.removed === true || elsewhere.has(id)) return { type: "removal", id };
  if (!row?.file) return { type: "malformed", id, reason: "The change says nothing of its file." };
  return toChange({ ...row.file, id }, view);
}
