import { ProviderError } from "../errors.ts";
import type { KnownItems } from "../provider.ts";
import { FOLDER_TYPE, type DriveFile } from "./api.ts";
import { asObject, type Drive } from "./drive.ts";
import { MY_DRIVE, parentOf, type Viewpoint } from "./entry.ts";

// Lists of a person's files mix My Drive with what others share with them. A file is in My Drive where the folders above it lead to
// its root. What nobody else sees is there for certain, since whatever is in a shared folder is shared with it; of the others the
// folders above are asked for, as far as they are not known.

/** Google allows 100 levels of folders. */
const DEPTH_MAX = 110;

type Folder = Pick<DriveFile, "shared" | "parents">;

/** The ids of those files that lie outside of My Drive. In a shared drive there are none. */
export async function outside(files: readonly DriveFile[], view: Viewpoint, known?: KnownItems): Promise<Set<string>> {
  const doubtful = view.feedId === MY_DRIVE ? files.filter((file) => file.shared !== false && file.trashed !== true) : [];
  if (doubtful.length === 0) return new Set();
  const parents = [...new Set(doubtful.flatMap((file) => parentOf(file) ?? []))];
  const inside = new Set([view.rootId, ...((await known?.treeTags(parents)) ?? new Map<string, string>()).keys()]);
  const folders = new Map<string, Folder | null>();
  for (const file of files) if (file.mimeType === FOLDER_TYPE && typeof file.id === "string") folders.set(file.id, file);
  for (let depth = 0; depth < DEPTH_MAX; depth++) {
    const missing = [...new Set(parents.flatMap((id) => unknownAbove(id, folders, inside) ?? []))];
    if (missing.length === 0) break;
    const found = await view.drive.each(missing, (id) => folder(view.drive, id));
    missing.forEach((id, index) => folders.set(id, found[index] ?? null));
  }
  const isOutside = (file: DriveFile): boolean => {
    const parent = parentOf(file);
    return file.id !== view.rootId && (parent === undefined || !leadsInside(parent, folders, inside));
  };
  return new Set(doubtful.filter(isOutside).flatMap(({ id }) => id ?? []));
}

/** Null where the person does not see it. */
async function folder(drive: Drive, id: string): Promise<Folder | null> {
  try {
    return asObject<DriveFile>(await drive.file(id, "shared,parents"));
  } catch (error) {
    if (error instanceof ProviderError && (error.kind === "not_found" || error.kind === "forbidden")) return null;
    throw error;
  }
}

function leadsInside(id: string, folders: ReadonlyMap<string, Folder | null>, inside: ReadonlySet<string>): boolean {
  for (const at of chain(id, folders)) if (inside.has(at) || folders.get(at)?.shared === false) return true;
  return false;
}

/** The first folder of the chain that is to be asked for; undefined where all that matters is known. */
function unknownAbove(id: string, folders: ReadonlyMap<string, Folder | null>, inside: ReadonlySet<string>): string | undefined {
  if (leadsInside(id, folders, inside)) return undefined;
  const last = chain(id, folders).at(-1);
  return last !== undefined && !folders.has(last) ? last : undefined;
}

/** This folder and those above it, up to the first one that is not known. */
function chain(id: string, folders: ReadonlyMap<string, Folder | null>): string[] {
  const ids: string[] = [];
  for (let at: string | undefined = id; at !== undefined && ids.length < DEPTH_MAX;) {
    ids.push(at);
    at = parentOf(folders.get(at) ?? {});
  }
  return ids;
}
