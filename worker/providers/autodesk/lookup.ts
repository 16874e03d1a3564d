import { asProviderError, ProviderError } from "../errors.ts";
import type { Entry, Lookup } from "../provider.ts";
import { pause } from "../pause.ts";
import type { Aps } from "./aps.ts";
import { rootEntry } from "./changes.ts";
import { folderOf, itemOf } from "./contents.ts";
import { type ProjectRef, projectOf, projectRefOf, rootIdOf, topFoldersOf } from "./project.ts";

/** Each id is a request of its own, and some more for the folders above. */
export const LOOKUP_MAX = 20;
const DEPTH_MAX = 30;
/** What has just been made, or moved, may be unknown for a moment. */
const DOUBT_WAIT_MILLISECONDS = 500;
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
  const ask = async (id: string): Promise<Lookup | []> => {
    if (id === rootIdOf(ref)) return { id, status: "found", entry: rootEntry(await projectOf(aps, ref)) };
    try {
      return await one(aps, ref, id, parents);
    } catch (error) {
      const failure = asProviderError(error);
      if (failure.kind === "not_found") return { id, status: "gone" };
      if (failure.kind === "forbidden" && failure.providerCode !== "AUTH-010") return { id, status: "refused" };
      throw failure;
    }
  };
  const found = (await aps.each(ids, ask)).flat();
  const doubtful = found.filter(({ status }) => status === "gone").map(({ id }) => id);
  if (doubtful.length === 0) return found;
  await pause(DOUBT_WAIT_MILLISECONDS);
  const again = (await aps.each(doubtful, ask)).flat();
  return [...found.filter(({ status }) => status !== "gone"), ...again];
}

async function one(aps: Aps, ref: ProjectRef, id: string, parents: Above): Promise<Lookup | []> {
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
  const above = await parents.stateOf(entry);
  if (above !== "there") return { id, status: above };
  const parentId = parents.parentOf(entry);
  return { id, status: "found", entry: { ...entry, ...(parentId !== undefined && { parentId }) } };
}

/** The folders above what is looked up, each asked for once. */
class Above {
  readonly #aps: Aps;
  readonly #ref: ProjectRef;
  readonly #top: ReadonlySet<string>;
  readonly #hidden: readonly string[];
  readonly #asked = new Map<string, Promise<Entry | "gone" | "refused">>();

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

  /** Whether all folders above are there. Of one that is not found, or refused, nothing is known: what lies in it is there itself. */
  async stateOf(entry: Entry): Promise<"there" | "gone" | "refused"> {
    let at = entry;
    for (let depth = 0; depth < DEPTH_MAX; depth++) {
      const { id, parentId } = at;
      if (this.#top.has(id) || parentId === undefined || this.#top.has(parentId) || this.#hidden.includes(parentId)) return "there";
      const parent = await this.#folder(parentId);
      if (parent === "gone" || parent === "refused") return parent;
      at = parent;
    }
    throw new ProviderError("transient", "The folders above an item lead round in circles.");
  }

  #folder(id: string): Promise<Entry | "gone" | "refused"> {
    let asked = this.#asked.get(id);
    if (!asked) this.#asked.set(id, (asked = this.#ask(id)));
    return asked;
  }

  async #ask(id: string): Promise<Entry | "gone" | "refused"> {
    try {
      const { folder } = await folderOf(this.#aps, this.#ref, id);
      return folder === "hidden" ? "gone" : folder.entry;
    } catch (error) {
      const { kind, providerCode } = asProviderError(error);
      if (kind === "not_found" || (kind === "forbidden" && providerCode !== "AUTH-010")) return "refused";
      throw error;
    }
  }
}
