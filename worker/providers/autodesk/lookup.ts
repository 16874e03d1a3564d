import { asProviderError, ProviderError } from "../errors.ts";
import type { Entry, Lookup } from "../provider.ts";
import type { Aps } from "./aps.ts";
import { rootEntry } from "./changes.ts";
import { folderOf, itemOf } from "./contents.ts";
import { type ProjectRef, projectOf, projectRefOf, rootIdOf, topFoldersOf } from "./project.ts";

/** Each id is a request of its own, and some more for the folders above. */
export const LOOKUP_MAX = 20;
const DEPTH_MAX = 30;
const FOLDER = /:(?:fs|dm)\.folder:/;

/**
 * What is in the project under these ids now. What lies in a deleted folder is not hidden itself: the folders above are asked for. The
 * project is asked for first: with it everything is gone at once, and may come back, which is no removal of anything.
 */
export async function lookup(aps: Aps, feedId: string, ids: readonly string[]): Promise<Lookup[]> {
  if (ids.length > LOOKUP_MAX) throw new ProviderError("fatal", `A lookup takes ${LOOKUP_MAX} ids at most.`);
  const ref = projectRefOf(feedId);
  const { folders, above } = await topFoldersOf(aps, ref, false);
  const parents = new Above(aps, ref, new Set(folders.flatMap(({ id }) => id ?? [])), above);
  const found = await aps.each(ids, async (id): Promise<Lookup | []> => {
    if (id === rootIdOf(ref)) return { id, status: "found", entry: rootEntry(await projectOf(aps, ref)) };
    try {
      return await one(aps, ref, id, parents);
    } catch (error) {
      const failure = asProviderError(error);
      if (failure.kind === "not_found") return { id, status: "gone" };
      if (failure.kind === "forbidden" && failure.providerCode !== "AUTH-010") return { id, status: "refused" };
      throw failure;
    }
  });
  return found.flat();
}

async function one(aps: Aps, ref: ProjectRef, id: string, above: Above): Promise<Lookup | []> {
  let entry: Entry;
  if (FOLDER.test(id)) {
    const { folder } = await folderOf(aps, ref, id);
    if (folder === "hidden") return { id, status: "gone" };
    ({ entry } = folder);
  } else {
    const listed = await itemOf(aps, ref, id);
    if (listed.type === "hidden") return { id, status: "gone" };
    if (listed.type !== "file") return [];
    ({ entry } = listed);
  }
  if (!(await above.areThere(entry))) return { id, status: "gone" };
  const parentId = above.parentOf(entry);
  return { id, status: "found", entry: { ...entry, ...(parentId !== undefined && { parentId }) } };
}

/** The folders above what is looked up, each asked for once. */
class Above {
  readonly #aps: Aps;
  readonly #ref: ProjectRef;
  readonly #top: ReadonlySet<string>;
  readonly #hidden: readonly string[];
  readonly #asked = new Map<string, Promise<Entry | "gone">>();

  /** `top`: the highest folders; `hidden`: those that they lie in, which are not shown. */
  constructor(aps: Aps, ref: ProjectRef, top: ReadonlySet<string>, hidden: readonly string[]) {
    this.#aps = aps;
    this.#ref = ref;
    this.#top = top;
    this.#hidden = hidden;
  }

  /** The folder that it is shown in. */
  parentOf({ id, parentId }: Entry): string | undefined {
    return this.#top.has(id) || (parentId !== undefined && this.#hidden.includes(parentId)) ? rootIdOf(this.#ref) : parentId;
  }

  async areThere(entry: Entry): Promise<boolean> {
    let at = entry;
    for (let depth = 0; depth < DEPTH_MAX; depth++) {
      const { id, parentId } = at;
      if (this.#top.has(id) || parentId === undefined || this.#top.has(parentId) || this.#hidden.includes(parentId)) return true;
      const parent = await this.#folder(parentId);
      if (parent === "gone") return false;
      at = parent;
    }
    throw new ProviderError("transient", "The folders above an item lead round in circles.");
  }

  #folder(id: string): Promise<Entry | "gone"> {
    let asked = this.#asked.get(id);
    if (!asked) this.#asked.set(id, (asked = this.#ask(id)));
    return asked;
  }

  async #ask(id: string): Promise<Entry | "gone"> {
    try {
      const { folder } = await folderOf(this.#aps, this.#ref, id);
      return folder === "hidden" ? "gone" : folder.entry;
    } catch (error) {
      if (asProviderError(error).kind === "not_found") return "gone";
      throw error;
    }
  }
}
