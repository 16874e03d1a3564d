import { transaction } from "../database.ts";
import type { Account } from "../accounts.ts";
import type { DriveTools } from "./drive.ts";
import type { DiskEntry } from "./folder-scan.ts";
import { deleteItem, nextSeq } from "./mutate.ts";
import { foldName, ROOT_N, type DriveStore } from "./store.ts";

type Known = { n: number; parent: number; name: string; folder: boolean; size: number; inode: string; modifiedNs: string };

/**
 * Makes a drive what was found in its folder; answers how many items changed. A file keeps its id by its place or, where it is found at a
 * new one and gone from the old, by its inode.
 */
export function reconcile(tools: DriveTools, account: Account, found: readonly DiskEntry[]): number {
  return transaction(tools.db, () => {
    const known = loadKnown(tools, account);
    const fold = tools.accounts.rules(account).caseSensitive ? (name: string): string => name : foldName;
    const placeKey = (parent: number, name: string): string => `${parent}/${fold(name)}`;
    const byPlace = new Map(known.map((item) => [placeKey(item.parent, item.name), item]));
    const byInode = new Map(known.map((item) => [item.inode, item]));
    const inodes = new Set<string>();
    collectKept(found, ROOT_N, placeKey, byPlace, inodes);
    const seen = new Set<number>();
    let changes = 0;

    const visit = (entries: readonly DiskEntry[], parent: number): void => {
      for (const entry of entries) {
        const here = byPlace.get(placeKey(parent, entry.name));
        const same = here?.folder === entry.folder && !seen.has(here.n) ? here : undefined;
        const moved = same === undefined && !inodes.has(entry.inode) ? byInode.get(entry.inode) : undefined;
        const item = same ?? (moved?.folder === entry.folder && !seen.has(moved.n) ? moved : undefined);
        const n = item === undefined ? create(tools, account, entry, parent) : item.n;
        if (item === undefined) changes += 1;
        else changes += update(tools, account, item, entry, parent);
        seen.add(n);
        visit(entry.entries, n);
      }
    };
    visit(found, ROOT_N);

    for (const item of known) {
      if (seen.has(item.n)) continue;
      const live = tools.drives.live(account.no, item.n);
      if (live === undefined) continue;
      deleteItem(tools, account, live);
      changes += 1;
    }
    return changes;
  });
}

// The inodes that are still where they were: these are not candidates for having moved.
function collectKept(
  entries: readonly DiskEntry[],
  parent: number,
  placeKey: (parent: number, name: string) => string,
  byPlace: Map<string, Known>,
  inodes: Set<string>,
): void {
  for (const entry of entries) {
    const here = byPlace.get(placeKey(parent, entry.name));
    if (here === undefined) continue;
    if (here.inode === entry.inode) inodes.add(entry.inode);
    collectKept(entry.entries, here.n, placeKey, byPlace, inodes);
  }
}

function loadKnown(tools: DriveTools, account: Account): Known[] {
  return tools.db
    .prepare(
      `SELECT i.n, i.parent, i.name, i.folder, i.size, d.inode, d.modified_ns AS modifiedNs FROM items i
       JOIN disk_files d ON d.drive = i.drive AND d.n = i.n WHERE i.drive = ? AND i.deleted_by IS NULL ORDER BY i.n`,
    )
    .all(account.no)
    .map((row) => ({ ...(row as unknown as Known), folder: row["folder"] === 1 }));
}

function create(tools: DriveTools, account: Account, entry: DiskEntry, parent: number): number {
  const n = tools.accounts.takeNumbers(account, 1);
  const { name, folder, size, created, modified } = entry;
  tools.drives.insert(
    account.no,
    { n, parent, name, folder, size, created, modified, source: folder ? null : "disk", seed: null },
    tools.now(),
    nextSeq(tools, account),
  );
  tools.drives.grow(account.no, parent, size, 1);
  tools.drives.setDiskFile(account.no, n, entry.inode, entry.modifiedNs);
  return n;
}

function update(tools: DriveTools, account: Account, item: Known, entry: DiskEntry, parent: number): number {
  const drive: DriveStore = tools.drives;
  const moved = item.parent !== parent || item.name !== entry.name;
  const rewritten = !entry.folder && (item.size !== entry.size || item.modifiedNs !== entry.modifiedNs || item.inode !== entry.inode);
  if (moved) {
    const size = drive.live(account.no, item.n)?.size ?? 0;
    drive.setPlace(account.no, item.n, { parent, name: entry.name }, tools.now(), nextSeq(tools, account));
    if (item.parent !== parent) {
      drive.grow(account.no, item.parent, -size, -1);
      drive.grow(account.no, parent, size, 1);
    }
  }
  if (rewritten) {
    drive.setContent(
      account.no,
      item.n,
      { source: "disk", seed: null, size: entry.size, modified: entry.modified },
      tools.now(),
      nextSeq(tools, account),
    );
    drive.grow(account.no, parent, entry.size - item.size, 0);
  }
  if (rewritten || item.inode !== entry.inode) drive.setDiskFile(account.no, item.n, entry.inode, entry.modifiedNs);
  return moved || rewritten ? 1 : 0;
}
