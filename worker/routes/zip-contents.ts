import type { AppContext, UserEnv } from "../context.ts";
import type { ArchiveRow } from "../db/archive.ts";
import { archiveBelow, archiveChildren, archiveItems } from "../db/archive.ts";
import { catalogue } from "../db/client.ts";
import type { Database } from "../db/client.ts";
import type { ItemScope } from "../db/items.ts";
import { AppError } from "../errors.ts";
import { decodeItemId } from "../item-id.ts";
import { contentKey } from "../sync/job.ts";
import { ZIP_PATH_BYTES_MAX, ZipNames } from "../sync/zip-names.ts";
import { notFound } from "./list-items.ts";

/**
 * Files and folders of one zip. Each file is a read of R2 (wrangler.toml allows as many), and the format counts entries in 16 bits
 * unless it is a large one.
 */
export const ZIP_ENTRIES_MAX = 50_000;
/** Folders whose children are read by one statement, and how many those are at most; of larger ones each is read by itself. */
const FOLDERS_CHUNK = 50;
const ROWS_CHUNK = 4_000;

const FOLDER = 0;

export interface ZipFolder {
  path: string;
  modifiedAt: number | null;
}
export interface ZipFile extends ZipFolder {
  key: string;
  size: number;
}

/** What a zip is made of, known before its first byte. */
export interface ZipContents {
  folders: ZipFolder[];
  files: ZipFile[];
  /** What is not in it, and why. */
  missing: { path: string; why: string }[];
}

/** A folder whose children are still to be read. */
interface OpenFolder {
  remoteId: string;
  path: string;
  names: ZipNames;
  /** What was removed goes into the zip where the folder itself was removed, and not otherwise. */
  removed: boolean;
}

/** Why a file is not in the zip, by its state. */
const NOT_STORED: Record<ArchiveRow["state"], string> = {
  pending: "on its way, nothing of it is stored yet",
  stored: "nothing of it is stored",
  failed: "it could not be fetched",
  skipped: "skipped",
  excluded: "left out by the rules of the sync",
  held: "nothing of it is stored",
  unreachable: "the source does not hand it out",
  removed: "removed, and its content has outlived its retention time",
};

/** All that these items are, with everything below them. Throws where one is not the user's, or it is too much for one zip. */
export async function zipContents(c: AppContext<UserEnv>, itemIds: readonly string[]): Promise<ZipContents> {
  const { id: userId, homeShard } = c.var.user;
  const db = catalogue(c.env, homeShard);
  const contents: ZipContents = { folders: [], files: [], missing: [] };
  // What is said about missing files has its name at the top.
  const names = new ZipNames();
  names.take(MISSING_NAME);
  for (const [syncId, remoteIds] of bySync(itemIds)) {
    const scope = { userId, syncId };
    const rows = await archiveItems(db, scope, remoteIds);
    if (rows.length < remoteIds.length) throw notFound();
    await collect(db, scope, rows, names, contents);
  }
  return contents;
}

export const MISSING_NAME = "MISSING.txt";

function bySync(itemIds: readonly string[]): Map<string, string[]> {
  const bySync = new Map<string, string[]>();
  for (const itemId of new Set(itemIds)) {
    const decoded = decodeItemId(itemId);
    if (!decoded) throw notFound();
    bySync.set(decoded.syncId, [...(bySync.get(decoded.syncId) ?? []), decoded.remoteId]);
  }
  return bySync;
}

async function collect(db: Database, scope: ItemScope, selected: readonly ArchiveRow[], names: ZipNames, contents: ZipContents) {
  let open: OpenFolder[] = [];
  const add = (row: ArchiveRow, above: Pick<OpenFolder, "path" | "names">) => {
    const path = above.path + above.names.take(row.name);
    const { remoteId, modifiedAt, storedId, storedSize } = row;
    if (new TextEncoder().encode(path).byteLength > ZIP_PATH_BYTES_MAX)
      contents.missing.push({ path, why: "its path is too long for a zip" });
    else if (row.kind === FOLDER) {
      contents.folders.push({ path: `${path}/`, modifiedAt });
      open.push({ remoteId, path: `${path}/`, names: new ZipNames(), removed: row.state === "removed" });
    } else if (storedId === null || storedSize === null || row.state === "excluded")
      contents.missing.push({ path, why: NOT_STORED[row.state] });
    else contents.files.push({ path, modifiedAt, key: contentKey(scope.userId, scope.syncId, storedId), size: storedSize });
    if (contents.folders.length + contents.files.length + contents.missing.length > ZIP_ENTRIES_MAX) {
      throw new AppError("zip.too_large", `A zip has at most ${ZIP_ENTRIES_MAX} files and folders. Choose less.`);
    }
  };
  // What was chosen beside its folder is there twice: no place is without it.
  for (const row of selected) add(row, { path: "", names });
  // A circle of folders ends where it began.
  const walked = new Set<string>();
  while (open.length > 0) {
    const folders = open.slice(0, FOLDERS_CHUNK);
    open = open.slice(FOLDERS_CHUNK);
    const byId = new Map(folders.map((folder) => [folder.remoteId, folder]));
    for await (const rows of childrenOf(db, scope, folders)) {
      for (const row of rows) {
        const above = byId.get(row.parentId ?? "");
        if (!above || walked.has(row.remoteId) || (row.state === "removed" && !above.removed)) continue;
        walked.add(row.remoteId);
        add(row, above);
      }
    }
  }
}

async function* childrenOf(db: Database, scope: ItemScope, folders: readonly OpenFolder[]): AsyncGenerator<ArchiveRow[]> {
  const rows = await archiveBelow(db, scope, folders.map(({ remoteId }) => remoteId), ROWS_CHUNK); // prettier-ignore
  if (rows) return yield rows;
  for (const { remoteId } of folders) {
    for (let after: ArchiveRow | null = null; ;) {
      const page: ArchiveRow[] = await archiveChildren(db, scope, remoteId, after, ROWS_CHUNK);
      yield page;
      if (page.length < ROWS_CHUNK) break;
      after = page.at(-1) ?? null;
    }
  }
}
