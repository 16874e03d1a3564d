import type { DatabaseSync } from "node:sqlite";
import { transaction } from "../database.ts";
import type { DriveTools } from "../drives/drive.ts";
import { ROOT_N, type Item } from "../drives/store.ts";
import type { Account } from "./accounts.ts";
import { lowerOf } from "./namespaces.ts";

/** What happened at a path of a drive. `n`: the item that is there since; null: nothing is. */
export type JournalEntry = { j: number; display: string; n: number | null; covered: number };

type JournalTools = DriveTools<Account> & { db: DatabaseSync };
type Place = { n: number; display: string; content: number };

const NEVER = Number.MAX_SAFE_INTEGER;

/**
 * Dropbox tells of changes by path: what is moved is deleted at one path and there at another, with everything below it. Drives know
 * their items by number; so what changed is compared with where items were last seen. Answers the journal's end.
 */
export function refreshJournal(tools: JournalTools, drive: Account): number {
  return transaction(tools.db, () => {
    const { seq } = tools.accounts.state(drive);
    const head = tools.db.prepare("SELECT seq, j FROM dropbox_heads WHERE drive = ?").get(drive.no) as
      | { seq: number; j: number }
      | undefined;
    if (head?.seq === seq) return head.j;
    const entries = head === undefined ? see(tools, drive) : compare(tools, drive, head.seq);
    let j = head?.j ?? 0;
    const insert = tools.db.prepare("INSERT INTO dropbox_journal (drive, j, display, n, covered) VALUES (?, ?, ?, ?, ?)");
    for (const { display, n, covered } of entries) insert.run(drive.no, (j += 1), display, n, covered);
    tools.db
      .prepare("INSERT INTO dropbox_heads (drive, seq, j) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET seq = excluded.seq, j = excluded.j")
      .run(drive.no, seq, j);
    return j;
  });
}

export function journalAfter({ db }: JournalTools, drive: Account, j: number, limit: number): JournalEntry[] {
  const sql = "SELECT j, display, n, covered FROM dropbox_journal WHERE drive = ? AND j > ? ORDER BY j LIMIT ?";
  return db.prepare(sql).all(drive.no, j, limit) as unknown as JournalEntry[];
}

/** A drive that is looked at for the first time has no history. */
function see(tools: JournalTools, drive: Account): [] {
  for (const item of tools.drives.enumerate(drive.no, 0, NEVER)) keep(tools, drive, item);
  return [];
}

function compare(tools: JournalTools, drive: Account, afterSeq: number): Omit<JournalEntry, "j">[] {
  const { drives } = tools;
  const changed = drives.changes(drive.no, afterSeq, NEVER, NEVER).filter((item) => item.n !== ROOT_N);
  const items = new Map(changed.map((item) => [item.n, item]));
  for (const item of changed) {
    const moved = item.folder && item.deletedBy === null && placeOf(tools, drive, item.n)?.display !== pathOf(tools, drive, item);
    for (const n of moved ? drives.descendants(drive.no, item.n) : []) {
      const below = drives.live(drive.no, n);
      if (below !== undefined && !items.has(n)) items.set(n, below);
    }
  }
  const left: { place: Place; covered: boolean }[] = [];
  const arrived: { item: Item; display: string }[] = [];
  for (const item of items.values()) {
    const place = placeOf(tools, drive, item.n);
    const display = item.deletedBy === null ? pathOf(tools, drive, item) : undefined;
    const stays = display !== undefined && place !== undefined && lowerOf(display) === lowerOf(place.display);
    if (place && !stays) left.push({ place, covered: false });
    // Another case alone is no change that is told.
    if (display !== undefined && (!stays || (!item.folder && place.content !== item.contentRevision))) arrived.push({ item, display });
    if (display === undefined) forget(tools, drive, item.n);
    else keep(tools, drive, item);
  }
  const goneFrom = new Set(left.map(({ place }) => lowerOf(place.display)));
  for (const one of left) one.covered = above(lowerOf(one.place.display)).some((path) => goneFrom.has(path));
  const nowFile = new Set(arrived.filter(({ item }) => !item.folder).map(({ display }) => lowerOf(display)));
  return [
    // A path at which there is a file again is told as that.
    ...left.filter(({ place }) => !nowFile.has(lowerOf(place.display))).map(({ place, covered }) => ({ display: place.display, n: null, covered: Number(covered) })), // prettier-ignore
    ...arrived.toSorted((a, b) => above(a.display).length - above(b.display).length).map(({ item, display }) => ({ display, n: item.n, covered: 0 })), // prettier-ignore
  ];
}

function placeOf({ db }: JournalTools, drive: Account, n: number): Place | undefined {
  return db.prepare("SELECT n, display, content FROM dropbox_places WHERE drive = ? AND n = ?").get(drive.no, n) as Place | undefined;
}

function keep(tools: JournalTools, drive: Account, item: Item): void {
  if (item.n === ROOT_N) return;
  const sql = `INSERT INTO dropbox_places (drive, n, display, content) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET display = excluded.display, content = excluded.content`;
  tools.db.prepare(sql).run(drive.no, item.n, pathOf(tools, drive, item), item.contentRevision);
}

function forget({ db }: JournalTools, drive: Account, n: number): void {
  db.prepare("DELETE FROM dropbox_places WHERE drive = ? AND n = ?").run(drive.no, n);
}

function pathOf({ drives }: JournalTools, drive: Account, item: Item): string {
  return ["", ...drives.segments(drive.no, item)].join("/");
}

/** The paths of the folders above. */
function above(path: string): string[] {
  const names = path.split("/").slice(1, -1);
  return names.map((_, index) => `/${names.slice(0, index + 1).join("/")}`);
}
