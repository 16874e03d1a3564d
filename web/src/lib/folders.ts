// The chain of folders above a place, for breadcrumbs. Dependencies are arguments.
import type { Item } from "./wire.ts";

/** Deeper than any source allows; ends a chain that bites its tail. */
const DEPTH_MAX = 500;

export interface Folder {
  id: string;
  name: string;
  parentId: string | null;
}

/** Folders seen so far: walking through them costs no request. */
export type KnownFolders = Map<string, Folder>;

/** From the outermost to the folder itself. Asks only for what is not known yet. */
export async function folderChain(id: string, known: KnownFolders, load: (id: string) => Promise<Item>): Promise<Folder[]> {
  const chain: Folder[] = [];
  let next: string | null = id;
  while (next !== null && chain.length < DEPTH_MAX) {
    let folder: Folder | undefined = known.get(next);
    if (folder === undefined) {
      const item: Item = await load(next);
      folder = { id: item.id, name: item.name, parentId: item.parentId };
      known.set(next, folder);
    }
    chain.unshift(folder);
    next = folder.parentId;
  }
  return chain;
}
