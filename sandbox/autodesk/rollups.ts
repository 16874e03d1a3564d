import type { DriveTools } from "../drives/drive.ts";
import { ROOT_N, type Item } from "../drives/store.ts";
import { transaction } from "../database.ts";
import type { Account } from "./accounts.ts";

const CHANGES_MAX = 1_000_000;

/** What became of an item: in the words of the events that webhooks are told. */
export type Happening = { item: Item; events: { name: string; folder: number | null }[] };

export type Rollups = {
  /** When the folder, or anything below it, was changed last. */
  at: (project: Account, folder: Item) => number;
  /** Takes note of all that has changed; tells what that was. */
  catchUp: (project: Account) => Happening[];
};

/** `lastModifiedTimeRollup`: a change moves that of all folders above, of those that something was moved out of as well. */
export function createRollups({ db, drives }: DriveTools<Account>): Rollups {
  const seen = db.prepare("SELECT seq FROM autodesk_seen WHERE drive = ?");
  const setSeen = db.prepare("INSERT INTO autodesk_seen VALUES (?, ?) ON CONFLICT DO UPDATE SET seq = excluded.seq");
  const place = db.prepare("SELECT parent FROM autodesk_places WHERE drive = ? AND n = ?");
  const setPlace = db.prepare("INSERT INTO autodesk_places VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET parent = excluded.parent");
  const rollup = db.prepare("SELECT at FROM autodesk_rollups WHERE drive = ? AND n = ?");
  const raise = db.prepare("INSERT INTO autodesk_rollups VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET at = max(at, excluded.at)");

  const raiseAbove = (project: Account, from: number | null, at: number): void => {
    const folder = from === null ? undefined : drives.item(project.no, from);
    if (folder === undefined) return;
    for (const { n } of [folder, ...drives.ancestors(project.no, folder)]) raise.run(project.no, n, at);
  };
  const note = (project: Account, item: Item): Happening => {
    const before = place.get(project.no, item.n)?.["parent"] as number | null | undefined;
    setPlace.run(project.no, item.n, item.parent);
    if (item.folder) raise.run(project.no, item.n, item.changed);
    raiseAbove(project, item.parent, item.changed);
    const moved = before !== undefined && before !== item.parent;
    if (moved) raiseAbove(project, before, item.changed);
    return { item, events: eventsOf(item, before, moved) };
  };
  const catchUp = (project: Account): Happening[] =>
    transaction(db, () => {
      const after = Number(seen.get(project.no)?.["seq"] ?? 0);
      const changed = drives.changes(project.no, after, Number.MAX_SAFE_INTEGER, CHANGES_MAX);
      const happenings = changed.filter(({ n }) => n !== ROOT_N).map((item) => note(project, item));
      const last = changed.at(-1);
      if (last !== undefined) setSeen.run(project.no, last.seq);
      return happenings;
    });
  return {
    catchUp,
    at: (project, folder) => Number(rollup.get(project.no, folder.n)?.["at"] ?? folder.changed),
  };
}

function eventsOf(item: Item, before: number | null | undefined, moved: boolean): Happening["events"] {
  const kind = item.folder ? "dm.folder" : "dm.version";
  if (item.deletedBy !== null) return [{ name: `${kind}.deleted`, folder: item.parent }];
  if (before === undefined) return [{ name: `${kind}.added`, folder: item.parent }];
  if (moved) {
    return [
      { name: `${kind}.moved`, folder: item.parent },
      { name: `${kind}.moved.out`, folder: before },
    ];
  }
  return [{ name: item.folder ? "dm.folder.modified" : "dm.version.added", folder: item.parent }];
}
