import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { HashName, Hashes } from "./hashes.ts";

const DEPTH_MAX = 1000;

/** A file or folder of a drive, as the database has it. `n` is its number in the drive: ids are made from it. */
export type Item = {
  n: number;
  parent: number | null;
  name: string;
  folder: boolean;
  /** Bytes; a folder's is the total of what is in it. */
  size: number;
  children: number;
  revision: number;
  contentRevision: number;
  created: number;
  modified: number;
  source: "computed" | "literal" | "disk" | null;
  seed: number | null;
  quickXor: string | null;
  sha1: string | null;
  sha256: string | null;
  /** Place in the drive's change log. */
  seq: number;
  changed: number;
  /** The item whose deletion took this one away: itself or a folder above. */
  deletedBy: number | null;
};

export type NewItem = Pick<Item, "n" | "parent" | "name" | "folder" | "size" | "created" | "modified" | "source" | "seed"> & {
  children?: number;
};

export type ChildOrder = "name" | "size" | "modified";
export const ROOT_N = 1;

const COLUMNS = `n, parent, name, folder, size, children, revision, content_revision AS contentRevision, created, modified, source, seed,
  quick_xor AS quickXor, sha1, sha256, seq, changed, deleted_by AS deletedBy`;
const HASH_COLUMNS: Record<HashName, string> = { quickXor: "quick_xor", sha1: "sha1", sha256: "sha256" };
const ORDER_COLUMNS: Record<ChildOrder, string> = { name: "folded", size: "size", modified: "modified" };

/** What names have in common that differ by case only. */
export const foldName = (name: string): string => name.toLowerCase();

/** The items of all drives, and their change logs. Every method names the drive it means by its account's number. */
export class DriveStore {
  readonly #db: DatabaseSync;
  readonly #isCaseSensitive: (drive: number) => boolean;
  readonly #statements = new Map<string, StatementSync>();

  constructor(db: DatabaseSync, isCaseSensitive: (drive: number) => boolean) {
    this.#db = db;
    this.#isCaseSensitive = isCaseSensitive;
  }

  item(drive: number, n: number): Item | undefined {
    return this.#one(`SELECT ${COLUMNS} FROM items WHERE drive = ? AND n = ?`, drive, n);
  }

  live(drive: number, n: number): Item | undefined {
    const item = this.item(drive, n);
    return item?.deletedBy === null ? item : undefined;
  }

  /** The child of this name, as the drive compares names; of namesakes, the oldest. */
  child(drive: number, parent: number, name: string): Item | undefined {
    const alike = `SELECT ${COLUMNS} FROM items WHERE drive = ? AND parent = ? AND folded = ? AND deleted_by IS NULL`;
    if (this.#isCaseSensitive(drive)) return this.#one(`${alike} AND name = ? ORDER BY n LIMIT 1`, drive, parent, foldName(name), name);
    return this.#one(`${alike} ORDER BY n LIMIT 1`, drive, parent, foldName(name));
  }

  /** Finds what a path from the root leads to; segments are names. */
  byPath(drive: number, segments: readonly string[]): Item | undefined {
    let item = this.live(drive, ROOT_N);
    for (const name of segments) {
      if (item === undefined) return undefined;
      item = this.child(drive, item.n, name);
    }
    return item;
  }

  children(drive: number, parent: number, page: { order: ChildOrder; descending: boolean; offset: number; limit: number }): Item[] {
    const direction = page.descending ? "DESC" : "ASC";
    return this.#all(
      `SELECT ${COLUMNS} FROM items WHERE drive = ? AND parent = ? AND deleted_by IS NULL
       ORDER BY ${ORDER_COLUMNS[page.order]} ${direction}, n LIMIT ? OFFSET ?`,
      drive,
      parent,
      page.limit,
      page.offset,
    );
  }

  /** Live items by number, after `afterN`. */
  enumerate(drive: number, afterN: number, limit: number): Item[] {
    return this.#all(
      `SELECT ${COLUMNS} FROM items WHERE drive = ? AND n > ? AND deleted_by IS NULL ORDER BY n LIMIT ?`,
      drive,
      afterN,
      limit,
    );
  }

  /** What changed, each item once, in the order of its last change, within (`afterSeq`, `upToSeq`]. */
  changes(drive: number, afterSeq: number, upToSeq: number, limit: number): Item[] {
    return this.#all(
      `SELECT ${COLUMNS} FROM items WHERE drive = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?`,
      drive,
      afterSeq,
      upToSeq,
      limit,
    );
  }

  /** The last place in the change log that was written at `time` or before. */
  seqAt(drive: number, time: number): number {
    const row = this.#prepare("SELECT seq FROM items WHERE drive = ? AND changed <= ? ORDER BY seq DESC LIMIT 1").get(drive, time);
    return Number(row?.["seq"] ?? 0);
  }

  /** From the item's parent up to the root. */
  ancestors(drive: number, item: Item): Item[] {
    const chain: Item[] = [];
    for (let at = item.parent; at !== null && chain.length < DEPTH_MAX;) {
      const parent = this.item(drive, at);
      if (parent === undefined) break;
      chain.push(parent);
      at = parent.parent;
    }
    return chain;
  }

  /** Names from the root down to the item; none for the root itself. */
  segments(drive: number, item: Item): string[] {
    if (item.n === ROOT_N) return [];
    const above = this.ancestors(drive, item).filter((ancestor) => ancestor.n !== ROOT_N);
    return [...above.reverse().map((ancestor) => ancestor.name), item.name];
  }

  /** Live items below a folder, at every depth, without it. */
  descendants(drive: number, n: number): number[] {
    const rows = this.#prepare(
      `WITH RECURSIVE below (n) AS (
         SELECT n FROM items WHERE drive = ?1 AND parent = ?2 AND deleted_by IS NULL
         UNION ALL SELECT i.n FROM items i JOIN below b ON i.parent = b.n WHERE i.drive = ?1 AND i.deleted_by IS NULL
       ) SELECT n FROM below`,
    ).all(drive, n);
    return rows.map((row) => Number(row["n"]));
  }

  deletedWith(drive: number, n: number): Item[] {
    return this.#all(`SELECT ${COLUMNS} FROM items WHERE drive = ? AND deleted_by = ? ORDER BY n`, drive, n);
  }

  counts(drive: number): { files: number; folders: number } {
    const row = this.#prepare(
      "SELECT count(*) AS total, coalesce(sum(folder), 0) AS folders FROM items WHERE drive = ? AND deleted_by IS NULL AND n <> ?",
    ).get(drive, ROOT_N);
    const folders = Number(row?.["folders"] ?? 0);
    return { files: Number(row?.["total"] ?? 0) - folders, folders };
  }

  literal(drive: number, n: number): Uint8Array {
    const row = this.#prepare("SELECT bytes FROM literals WHERE drive = ? AND n = ?").get(drive, n);
    return (row?.["bytes"] as Uint8Array | undefined) ?? new Uint8Array(0);
  }

  setLiteral(drive: number, n: number, bytes: Uint8Array): void {
    this.#run("INSERT INTO literals (drive, n, bytes) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET bytes = excluded.bytes", drive, n, bytes);
  }

  /** Keeps computed hashes, unless the content changed meanwhile. */
  setHashes(drive: number, item: Item, hashes: Hashes): void {
    for (const [name, value] of Object.entries(hashes)) {
      const column = HASH_COLUMNS[name as HashName];
      this.#run(
        `UPDATE items SET ${column} = ? WHERE drive = ? AND n = ? AND content_revision = ?`,
        value,
        drive,
        item.n,
        item.contentRevision,
      );
    }
  }

  insert(drive: number, item: NewItem, now: number, seq: number): void {
    this.#run(
      `INSERT INTO items (drive, n, parent, name, folded, folder, size, children, created, modified, source, seed, seq, changed)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      drive,
      item.n,
      item.parent,
      item.name,
      foldName(item.name),
      item.folder ? 1 : 0,
      item.size,
      item.children ?? 0,
      item.created,
      item.modified,
      item.source,
      item.seed,
      seq,
      now,
    );
  }

  setContent(drive: number, n: number, content: Pick<Item, "source" | "seed" | "size" | "modified">, now: number, seq: number): void {
    this.#run(
      `UPDATE items SET source = ?, seed = ?, size = ?, modified = ?, quick_xor = NULL, sha1 = NULL, sha256 = NULL,
         revision = revision + 1, content_revision = content_revision + 1, seq = ?, changed = ? WHERE drive = ? AND n = ?`,
      content.source,
      content.seed,
      content.size,
      content.modified,
      seq,
      now,
      drive,
      n,
    );
  }

  setPlace(drive: number, n: number, place: { parent: number | null; name: string }, now: number, seq: number): void {
    this.#run(
      "UPDATE items SET parent = ?, name = ?, folded = ?, revision = revision + 1, seq = ?, changed = ? WHERE drive = ? AND n = ?",
      place.parent,
      place.name,
      foldName(place.name),
      seq,
      now,
      drive,
      n,
    );
  }

  setDeleted(drive: number, n: number, deletedBy: number | null, now: number, seq: number): void {
    this.#run(
      "UPDATE items SET deleted_by = ?, revision = revision + 1, seq = ?, changed = ? WHERE drive = ? AND n = ?",
      deletedBy,
      seq,
      now,
      drive,
      n,
    );
  }

  /** Adds to the sizes of the folders from `n` up to the root, and to the first one's number of children. */
  grow(drive: number, n: number | null, bytes: number, children: number): void {
    let countChange = children;
    for (let at = n, depth = 0; at !== null && depth < DEPTH_MAX; depth++) {
      this.#run(
        "UPDATE items SET size = size + ?, children = children + ?, content_revision = content_revision + 1 WHERE drive = ? AND n = ?",
        bytes,
        countChange,
        drive,
        at,
      );
      countChange = 0;
      const row = this.#prepare("SELECT parent FROM items WHERE drive = ? AND n = ?").get(drive, at);
      at = (row?.["parent"] as number | null | undefined) ?? null;
    }
  }

  setDiskFile(drive: number, n: number, inode: string, modifiedNs: string): void {
    this.#run(
      `INSERT INTO disk_files (drive, n, inode, modified_ns) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET inode = excluded.inode, modified_ns = excluded.modified_ns`,
      drive,
      n,
      inode,
      modifiedNs,
    );
  }

  clear(drive: number): void {
    for (const table of ["items", "literals", "disk_files"]) this.#run(`DELETE FROM ${table} WHERE drive = ?`, drive);
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #run(sql: string, ...values: SQLInputValue[]): void {
    this.#prepare(sql).run(...values);
  }

  #one(sql: string, ...values: SQLInputValue[]): Item | undefined {
    const row = this.#prepare(sql).get(...values);
    return row === undefined ? undefined : toItem(row);
  }

  #all(sql: string, ...values: SQLInputValue[]): Item[] {
    return this.#prepare(sql)
      .all(...values)
      .map(toItem);
  }
}

// A row is the item but for its one boolean, which is set in place: a copy of each would cost more than reading it.
function toItem(row: Record<string, unknown>): Item {
  row["folder"] = row["folder"] === 1;
  return row as unknown as Item;
}
