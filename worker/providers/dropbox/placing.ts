import type { Change, Entry, KnownItem } from "../provider.ts";
import { parentOf, type Row } from "./entry.ts";

// What a page's rows, which are told by paths, mean for items, which are known by ids. No I/O.
//
// Rows are taken in their order, as Dropbox says: a file replaces whatever is at its path, a folder leaves what is in it, a
// deletion takes all that is below. What was moved is deleted at one path and there at another, in any order, with the same id;
// so nothing that a page has at a path is gone because of another path.

export interface Placing {
  rows: readonly Row[];
  /** What is known at the paths of the rows and above them. */
  known: ReadonlyMap<string, readonly KnownItem[]>;
  rootId: string;
  /** Whether the rows list what is there, and do not tell what has changed. */
  listing: boolean;
}

export interface Placed {
  changes: Change[];
  /** Folders that rows lie in and that nobody knows, with those above them. */
  missing: string[];
  /** Entries that lie in them, and are not among the changes. */
  unplaced: { id: string; folder: string }[];
  /** A known folder has another id now, and what is in it was not told again: only a list from the beginning tells where it belongs. */
  replaced: boolean;
}

export function place({ rows, known, rootId, listing }: Placing): Placed {
  const page = new Page(known, rootId);
  for (const row of rows) page.take(row);
  const malformed = rows.filter((row) => row.type === "malformed");
  const replaced = !listing && page.takeReplaced();
  const placed: Placed = { changes: [...malformed], missing: [], unplaced: [], replaced };
  const missing = new Set<string>();
  for (const [id, { path, entry }] of page.entries) {
    const folder = parentOf(path);
    const parentId = page.folderAt(folder);
    if (parentId !== undefined) placed.changes.push({ type: "upsert", entry: { ...entry, parentId } });
    else placed.unplaced.push({ id, folder });
    for (let at = folder; page.folderAt(at) === undefined; at = parentOf(at)) missing.add(at);
  }
  for (const id of page.gone) placed.changes.push({ type: "removal", id });
  if (!listing) placed.changes.push(...page.refilled());
  return { ...placed, missing: [...missing] };
}

/** The paths that rows may be about, with those above them. */
export function pathsOf(rows: readonly Row[]): string[] {
  const paths = new Set<string>();
  for (const row of rows) {
    if (row.type === "malformed") continue;
    for (let at = row.path; at !== "" && !paths.has(at); at = parentOf(at)) paths.add(at);
  }
  return [...paths];
}

class Page {
  readonly entries = new Map<string, { path: string; entry: Entry }>();
  readonly gone = new Set<string>();
  readonly #known: Placing["known"];
  readonly #rootId: string;
  readonly #idAt = new Map<string, string>();
  /** Paths that were deleted, with all that was known below them. */
  readonly #cleared: string[] = [];

  constructor(known: Placing["known"], rootId: string) {
    this.#known = known;
    this.#rootId = rootId;
  }

  take(row: Row): void {
    if (row.type === "deleted") {
      this.#drop(row.path);
      for (const { id } of this.#knownAt(row.path)) if (!this.entries.has(id)) this.gone.add(id);
      this.#cleared.push(row.path);
    } else if (row.type === "entry") this.#put(row.path, row.entry);
  }

  /** The folder at a path; undefined where none is known, or more than one. */
  folderAt(path: string): string | undefined {
    if (path === "") return this.#rootId;
    const id = this.#idAt.get(path);
    if (id !== undefined) return this.entries.get(id)?.entry.kind === "folder" ? id : undefined;
    if (this.#isCleared(path)) return undefined;
    const folders = this.#knownAt(path).filter((item) => item.kind === "folder" && !this.gone.has(item.id) && !this.entries.has(item.id));
    return folders.length === 1 ? folders[0]?.id : undefined;
  }

  /** Takes what is known where something else is now for gone. True where a folder is, whose content may still be there. */
  takeReplaced(): boolean {
    let replaced = false;
    for (const [id, { path, entry }] of this.entries) {
      for (const other of this.#knownAt(path)) {
        if (other.id === id || this.entries.has(other.id) || this.gone.has(other.id)) continue;
        if (other.kind === "folder" && entry.kind === "folder" && !this.#isCleared(path)) replaced = true;
        else this.gone.add(other.id);
      }
    }
    return replaced;
  }

  /** Folders that are at another path than was known, or were deleted and are there again: all that is in them is told anew. */
  refilled(): Change[] {
    const folders = [...this.entries].filter(
      ([id, { path, entry }]) => entry.kind === "folder" && (this.#isCleared(path) || !this.#knownAt(path).some((item) => item.id === id)),
    );
    const children = Map.groupBy(this.entries, ([, { path }]) => parentOf(path));
    return folders.map(([folderId, { path }]) => ({
      type: "children",
      folderId,
      ids: (children.get(path) ?? []).map(([id]) => id),
    }));
  }

  #put(path: string, entry: Entry): void {
    const before = this.#idAt.get(path);
    if (before !== undefined && before !== entry.id) this.#remove(path, before);
    if (entry.kind === "file") this.#drop(path, { itself: false });
    const elsewhere = this.entries.get(entry.id);
    if (elsewhere) this.#idAt.delete(elsewhere.path);
    // Again, and last: an entry may come twice.
    this.entries.delete(entry.id);
    this.entries.set(entry.id, { path, entry });
    this.#idAt.set(path, entry.id);
    this.gone.delete(entry.id);
  }

  /** What the page has at and below a path so far is not there any more. */
  #drop(path: string, { itself } = { itself: true }): void {
    for (const [at, id] of this.#idAt) if ((itself && at === path) || at.startsWith(`${path}/`)) this.#remove(at, id);
  }

  #remove(path: string, id: string): void {
    this.#idAt.delete(path);
    this.entries.delete(id);
    this.gone.add(id);
  }

  #isCleared(path: string): boolean {
    return this.#cleared.some((cleared) => path === cleared || path.startsWith(`${cleared}/`));
  }

  #knownAt(path: string): readonly KnownItem[] {
    return this.#known.get(path) ?? [];
  }
}
