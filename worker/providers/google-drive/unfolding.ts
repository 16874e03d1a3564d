import { ProviderError } from "../errors.ts";
import type { Change, ChangePage, KnownItems } from "../provider.ts";
import { FILE_FIELDS, FOLDER_TYPE, type DriveFile, type FileList } from "./api.ts";
import { writeCursor, type Changes, type Cursor, type Unfolding } from "./cursor.ts";
import { asObject } from "./drive.ts";
import { MY_DRIVE, toChange, TRACKED, type Viewpoint } from "./entry.ts";

// A folder that comes back from the trash, or in from elsewhere, may be all that the change log tells of: what is below it is
// listed. A folder that was known before, and only has another name or place, is tracked, and is not.

const PAGE_ITEMS = 500;
/** Folders in one question. */
const FOLDERS_A_LIST = 50;
/** With more of them waiting than this the whole feed is listed instead: the cursor has to hold them. */
const FOLDERS_WAITING_MAX = 10_000;

/** What is to be done about these folders before the log goes on. */
export function toUnfold(after: Changes & { more: boolean }, folders: readonly string[]): Unfolding {
  if (folders.length > FOLDERS_WAITING_MAX)
    throw new ProviderError("cursor_expired", `More than ${FOLDERS_WAITING_MAX} folders came at once: everything is listed again.`);
  return { ...after, phase: "unfolding", folders: [...folders], asked: Math.min(folders.length, FOLDERS_A_LIST), page: null };
}

/** Those of the folders below which nothing is known. */
export async function untracked(ids: readonly string[], { rootId }: Viewpoint, known: KnownItems | undefined): Promise<string[]> {
  const folders = [...new Set(ids)].filter((id) => id !== rootId);
  if (folders.length === 0 || known === undefined) return folders;
  const tags = await known.treeTags(folders);
  return folders.filter((id) => tags.get(id) !== TRACKED);
}

/** One page of what is in the first of the waiting folders. With its last one they are tracked. */
export async function unfold(view: Viewpoint, cursor: Unfolding, known: KnownItems | undefined): Promise<ChangePage> {
  const batch = cursor.folders.slice(0, cursor.asked);
  const page = await children(view, batch, cursor.page);
  const files = (Array.isArray(page.files) ? page.files : []) as DriveFile[];
  const told = files.map((file) => toChange(file, view));
  const isLast = typeof page.nextPageToken !== "string";
  const below = files.flatMap(({ id, mimeType }) => (mimeType === FOLDER_TYPE && typeof id === "string" ? id : []));
  const fresh = await untracked(below, view, cursor.afresh ? undefined : known);
  const { root, token, afresh, more } = cursor;
  const after = { phase: "changes", root, token, afresh: afresh && more } as const;
  const waiting = [...new Set([...cursor.folders.slice(isLast ? batch.length : 0), ...fresh])];
  return {
    changes: [...told, ...(isLast ? await tracked(view, batch) : [])],
    more: more || waiting.length > 0,
    cursor: writeCursor(next()),
  };

  function next(): Cursor {
    if (!isLast) return { ...cursor, folders: waiting, page: page.nextPageToken ?? null };
    return waiting.length === 0 ? after : toUnfold({ ...after, afresh, more }, waiting);
  }
}

async function children(view: Viewpoint, folders: readonly string[], pageToken: string | null): Promise<FileList> {
  const within = folders.map((id) => `'${id.replace(/['\\]/g, "\\$&")}' in parents`).join(" or ");
  const page = asObject<FileList>(
    await view.drive.json("/files", {
      q: `(${within}) and trashed = false`,
      corpora: view.feedId === MY_DRIVE ? "user" : "drive",
      ...(view.feedId !== MY_DRIVE && { driveId: view.feedId, includeItemsFromAllDrives: true, supportsAllDrives: true }),
      pageSize: PAGE_ITEMS,
      pageToken,
      fields: `nextPageToken,incompleteSearch,files(${FILE_FIELDS})`,
    }),
  );
  if (page.incompleteSearch === true) throw new ProviderError("transient", "Google Drive's listing is incomplete just now.");
  return page;
}

/** The folders as they are now: one that went meanwhile is told by the log. */
async function tracked(view: Viewpoint, ids: readonly string[]): Promise<Change[]> {
  const found = await view.drive.each(ids, async (id): Promise<Change | []> => {
    try {
      return toChange(await view.drive.file(id, FILE_FIELDS), view);
    } catch (error) {
      if (error instanceof ProviderError && (error.kind === "not_found" || error.kind === "forbidden")) return [];
      throw error;
    }
  });
  return found.flatMap((change): Change[] =>
    Array.isArray(change) || change.type !== "upsert" ? [] : [{ type: "upsert", entry: { ...change.entry, treeTag: TRACKED } }],
  );
}
