// The folders above an item. Paths are derived from them and never stored as truth. No I/O.

/** More folders above one another than this are a circle. */
const DEPTH_MAX = 1000;

/** A folder, as far as chains are concerned. */
export interface FolderLink {
  /** Null: it is the root. Empty, or not among the known: the chain ends here. */
  parentId: string | null;
  name: string;
}

export interface Chain {
  /** From the item's parent upwards; a complete chain ends with the root. */
  folders: { remoteId: string; name: string }[];
  complete: boolean;
}

/** For rules that do not ask. */
export const NO_CHAIN: Chain = { folders: [], complete: false };

/** The chain above something with this parent, through these folders. */
export function chainAbove(parentId: string | null, links: ReadonlyMap<string, FolderLink>): Chain {
  const folders: Chain["folders"] = [];
  let at = parentId;
  while (at !== null) {
    const link = links.get(at);
    if (!link || folders.length === DEPTH_MAX) return { folders, complete: false };
    folders.push({ remoteId: at, name: link.name });
    at = link.parentId;
  }
  return { folders, complete: true };
}

/** The path from the root, without a leading slash; the root's own is empty. Of an incomplete chain, the part that is known. */
export function pathIn(chain: Chain, name: string): string {
  if (chain.complete && chain.folders.length === 0) return "";
  const below = chain.complete ? chain.folders.slice(0, -1) : chain.folders;
  return [...below.map((folder) => folder.name).reverse(), name].join("/");
}
