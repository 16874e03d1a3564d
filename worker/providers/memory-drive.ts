import { sha256 } from "@oslojs/crypto/sha2";
import { encodeHexLowerCase } from "@oslojs/encoding";
import type { ProviderError } from "./errors.ts";
import type { Entry, RequestBudget } from "./provider.ts";

const EPOCH_START = Date.UTC(2026, 0, 1);
const MINUTE_MILLISECONDS = 60_000;

export type MemoryMethod = "account" | "feeds" | "browse" | "changes" | "open" | "lookup" | "subscribe" | "renew" | "unsubscribe";

/** How the drive behaves. Change any of them at any time. */
export interface MemorySettings {
  /** Entries a page. */
  pageSize: number;
  /** Every n-th entry of a round comes twice, first as it never was: the last occurrence wins. 0 = never. */
  repeatEvery: number;
  childrenFirst: boolean;
  /** Removals are never told. */
  withholdTombstones: boolean;
  /** All of a removed folder's content gets tombstones of its own; otherwise only what a reader of the feed cannot know to be in it. */
  childTombstones: boolean;
  /** An expired cursor names the one to go on from. */
  restartCursors: boolean;
  downloadUrlSeconds: number;
  /** Bytes of one chunk of a download. */
  chunkBytes: number;
  rangedReads: boolean;
  /** Ranges are answered with everything, whatever is said of them. */
  ignoresRanges: boolean;
  hashes: boolean;
  contentTags: boolean;
  missing: "account" | "drive" | null;
  /** What each answer tells of the allowance; null: nothing. */
  budget: RequestBudget | null;
  /** What the account offers instead of this drive, which is then not there. */
  replacedBy: MemoryDrive[] | null;
  /** A round never ends: its cursors lead back, or the same page comes with a fresh cursor each time. */
  circle: "cursors" | "pages" | null;
}

/** One file or folder. Removed ones stay, so that they can be restored. */
export interface MemoryItem {
  id: string;
  parentId: string | null;
  name: string;
  /** Null: a folder. */
  bytes: Uint8Array | null;
  sha256: string;
  createdAt: number;
  modifiedAt: number;
  /** Counts the contents of this item. */
  revision: number;
  /** The drive's sequence number of its last change. */
  changed: number;
  /** That of its last move. */
  moved: number;
  /** The removed item it went with: itself, or a folder above. Null: it is there. */
  removedBy: string | null;
}

export interface MemoryFile {
  id: string;
  path: string;
  bytes: Uint8Array;
  sha256: string;
}

interface Fault {
  method: MemoryMethod;
  error: ProviderError;
  times: number;
  id: string | undefined;
}

/** What an item is reported as instead of what it is. */
export interface Misreport {
  entry: Partial<Entry>;
  omit: readonly (keyof Entry)[];
  malformed: boolean;
  refused: boolean;
  served: Uint8Array | null;
  truncateAt: number | null;
  /** Downloads bring this many bytes, then nothing more: no end either. */
  stallAt: number | null;
  /** Downloads break off after this many bytes. */
  breakAt: number | null;
}

/** A drive in memory: the operations of a person, and the weather of a service. Ids are deterministic, `item-1` is the root. */
export class MemoryDrive {
  readonly id: string;
  readonly settings: MemorySettings = {
    pageSize: 200,
    repeatEvery: 0,
    childrenFirst: false,
    withholdTombstones: false,
    childTombstones: false,
    restartCursors: false,
    downloadUrlSeconds: 3_600,
    chunkBytes: 64 * 1024,
    rangedReads: true,
    ignoresRanges: false,
    hashes: true,
    contentTags: true,
    missing: null,
    budget: null,
    replacedBy: null,
    circle: null,
  };
  /** Calls so far, by method. */
  readonly requests: Record<MemoryMethod, number> = {
    account: 0,
    feeds: 0,
    browse: 0,
    changes: 0,
    open: 0,
    lookup: 0,
    subscribe: 0,
    renew: 0,
    unsubscribe: 0,
  };
  /** Ids whose bytes were served, in order. */
  readonly opened: string[] = [];
  readonly subscriptions = new Map<string, { expiresAt: number; clientState: string; notificationUrl: string }>();
  /** Access tokens that are refused with a 401. */
  readonly refusedTokens = new Set<string>();
  /** Items that no listing shows. */
  readonly hidden = new Set<string>();
  /** Counts up with every change. */
  sequence = 0;
  /** Counts up when cursors expire. */
  epoch = 0;
  readonly rootId: string;

  readonly #items = new Map<string, MemoryItem>();
  readonly #children = new Map<string, Set<MemoryItem>>();
  readonly #misreports = new Map<string, Misreport>();
  readonly #faults: Fault[] = [];

  readonly #itemPrefix: string;

  /** Items of two drives have different ids where their prefixes are. */
  constructor(id: string, itemPrefix = "item") {
    this.id = id;
    this.#itemPrefix = itemPrefix;
    this.rootId = this.#add(null, "root", null).id;
  }

  /** Creates the file, or replaces its content, and the folders above it. Answers its id. `digest`: its SHA-256, where that is known. */
  put(path: string, content: string | Uint8Array, digest?: string): string {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    const { folder, name } = this.#place(path);
    const existing = this.#child(folder, name);
    if (!existing) return this.#add(folder, name, bytes, digest).id;
    if (!existing.bytes) throw new Error(`${path} is a folder.`);
    existing.bytes = bytes;
    existing.sha256 = digest ?? encodeHexLowerCase(sha256(bytes));
    existing.revision += 1;
    this.#touch(existing);
    existing.modifiedAt = EPOCH_START + this.sequence * MINUTE_MILLISECONDS;
    return existing.id;
  }

  /** Replaces a file's content by one that has its size and its time: only hash and content tag tell. */
  rewrite(ref: string): void {
    const item = this.item(ref);
    if (!item.bytes) throw new Error(`${ref} is a folder.`);
    item.bytes = item.bytes.map((byte) => byte ^ 1);
    item.sha256 = encodeHexLowerCase(sha256(item.bytes));
    item.revision += 1;
    this.#touch(item);
  }

  /** Creates the folder and those above it. Answers its id. */
  mkdir(path: string): string {
    let at = this.item(this.rootId);
    for (const name of path.split("/").filter(Boolean)) at = this.#child(at.id, name) ?? this.#add(at.id, name, null);
    return at.id;
  }

  rename(ref: string, name: string): void {
    const item = this.item(ref);
    item.name = name;
    this.#touch(item);
  }

  /** Moves into a folder, which is created where missing. */
  move(ref: string, folder: string): void {
    const item = this.item(ref);
    this.#childrenOf(item.parentId).delete(item);
    item.parentId = this.#items.has(folder) ? folder : this.mkdir(folder);
    this.#childrenOf(item.parentId).add(item);
    this.#touch(item);
    item.moved = item.changed;
  }

  /** Removes the item and all below it. */
  delete(ref: string): void {
    const item = this.item(ref);
    for (const each of [item, ...this.descendants(item.id)]) {
      each.removedBy = item.id;
      this.#touch(each);
    }
  }

  /** Brings a removed item, and what was removed with it, back under the same ids. Takes an id: paths are of live items. */
  restore(id: string): void {
    if (this.item(id).removedBy !== id) throw new Error(`${id} was not removed by itself.`);
    for (const each of this.#items.values()) {
      if (each.removedBy !== id) continue;
      each.removedBy = null;
      this.#touch(each);
    }
  }

  /** Leaves the item out of enumerations, and of changes too: as what is no longer shown to us. */
  hide(ref: string): void {
    this.hidden.add(this.item(ref).id);
  }

  expireCursors(): void {
    this.epoch += 1;
  }

  /** The next `times` calls of the method (about this id, if given) throw the error. */
  fail(method: MemoryMethod, error: ProviderError, times = 1, ref?: string): void {
    this.#faults.push({ method, error, times, id: ref === undefined ? undefined : this.item(ref).id });
  }

  /** Reports the item otherwise than it is: fields to replace, fields to leave out, unreadable, refused, other bytes, cut short. */
  misreport(ref: string, misreport: Partial<Misreport>): void {
    const none = { entry: {}, omit: [], malformed: false, refused: false, served: null, truncateAt: null, stallAt: null, breakAt: null };
    this.#misreports.set(this.item(ref).id, { ...none, ...misreport });
    this.#touch(this.item(ref));
  }

  reportTruly(ref: string): void {
    this.#misreports.delete(this.item(ref).id);
    this.#touch(this.item(ref));
  }

  /** Every live file, by path. */
  files(): MemoryFile[] {
    return [...this.#items.values()]
      .flatMap(({ id, bytes, sha256, removedBy }) => (removedBy !== null || !bytes ? [] : [{ id, path: this.path(id), bytes, sha256 }]))
      .sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** Every item, removed ones too, in order of creation. */
  items(): MemoryItem[] {
    return [...this.#items.values()];
  }

  /** The item with this id, or the live one at this path. */
  item(ref: string): MemoryItem {
    const found = this.#items.get(ref) ?? this.#find(ref);
    if (!found) throw new Error(`Nothing is at ${ref}.`);
    return found;
  }

  misreportOf(id: string): Misreport | undefined {
    return this.#misreports.get(id);
  }

  path(ref: string): string {
    const names: string[] = [];
    for (let at = this.item(ref); at.parentId !== null; at = this.item(at.parentId)) names.unshift(at.name);
    return `/${names.join("/")}`;
  }

  /** What is there below the folder, parents first. */
  descendants(id: string): MemoryItem[] {
    const children = [...this.#childrenOf(id)].filter((item) => item.removedBy === null);
    return children.flatMap((child) => [child, ...this.descendants(child.id)]);
  }

  /** Counts the call; the fault set for it, if any. */
  meet(method: MemoryMethod, id?: string): ProviderError | undefined {
    this.requests[method] += 1;
    const fault = this.#faults.find((each) => each.method === method && each.times > 0 && (each.id === undefined || each.id === id));
    if (fault) fault.times -= 1;
    return fault?.error;
  }

  #find(path: string): MemoryItem | undefined {
    let at: MemoryItem | undefined = this.#items.get(this.rootId);
    for (const name of path.split("/").filter(Boolean)) at = at && this.#child(at.id, name);
    return at;
  }

  #place(path: string): { folder: string; name: string } {
    const names = path.split("/").filter(Boolean);
    const name = names.pop();
    if (name === undefined) throw new Error("A file needs a name.");
    return { folder: this.mkdir(names.join("/")), name };
  }

  #child(folder: string, name: string): MemoryItem | undefined {
    for (const item of this.#childrenOf(folder)) if (item.name === name && item.removedBy === null) return item;
    return undefined;
  }

  #childrenOf(folder: string | null): Set<MemoryItem> {
    const known = this.#children.get(folder ?? "");
    if (known) return known;
    const none = new Set<MemoryItem>();
    this.#children.set(folder ?? "", none);
    return none;
  }

  #add(parentId: string | null, name: string, bytes: Uint8Array | null, digest?: string): MemoryItem {
    const id = `${this.#itemPrefix}-${this.#items.size + 1}`;
    const item: MemoryItem = {
      id,
      parentId,
      name,
      bytes,
      sha256: digest ?? (bytes ? encodeHexLowerCase(sha256(bytes)) : ""),
      createdAt: 0,
      modifiedAt: 0,
      revision: 1,
      changed: 0,
      moved: 0,
      removedBy: null,
    };
    this.#items.set(id, item);
    this.#childrenOf(parentId).add(item);
    this.#touch(item);
    item.createdAt = item.modifiedAt = EPOCH_START + this.sequence * MINUTE_MILLISECONDS;
    return item;
  }

  #touch(item: MemoryItem): void {
    this.sequence += 1;
    item.changed = this.sequence;
  }
}
