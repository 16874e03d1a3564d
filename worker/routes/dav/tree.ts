import { rootsOf } from "../../db/browse.ts";
import type { Database } from "../../db/client.ts";
import type { DavCursor, DavEntry } from "../../db/dav.ts";
import { davChildren, davEntry, davMoved, davNamed, davNamedLike, davWalk } from "../../db/dav.ts";
import type { ItemScope } from "../../db/items.ts";
import type { SyncRow } from "../../db/syncs.ts";
import { listSyncs } from "../../db/syncs.ts";
import { entryName, UNPLAIN_GLOB, UNPLAIN_NAMES, uniqueNames, withoutMark } from "./names.ts";

// A user's copies as one tree of folders: syncs at the top, below each what it keeps.

const PAGE_ENTRIES = 1_000;

export type Place =
  | { kind: "top" }
  /** A folder: a sync (`entry` is null), or one in it. `parents`: the items whose children it shows. */
  | { kind: "folder"; sync: SyncRow; entry: DavEntry | null; parents: readonly string[] }
  | { kind: "file"; sync: SyncRow; entry: DavEntry };

/** What a user's syncs are called, in order. */
export async function davSyncs(db: Database, userId: string): Promise<Map<string, SyncRow>> {
  const rows = await listSyncs(db, userId);
  return uniqueNames(rows.filter((sync) => sync.status !== "deleting"));
}

/** What is at this path; null where nothing is. */
export async function findPlace(
  db: Database,
  userId: string,
  syncs: ReadonlyMap<string, SyncRow>,
  segments: readonly string[],
): Promise<Place | null> {
  const [top, ...names] = segments;
  if (top === undefined) return { kind: "top" };
  const sync = syncs.get(top);
  if (!sync) return null;
  const scope = { userId, syncId: sync.id };
  let parents: readonly string[] = await rootsOf(db, sync.id);
  let entry: DavEntry | null = null;
  for (let left = names; left.length > 0;) {
    if (entry && entry.kind !== 0) return null;
    const { place, remoteId } = await follow(db, scope, parents, left);
    entry = (remoteId === null ? await findMarked(db, scope, parents, left[0] ?? "") : await davEntry(db, scope, remoteId)) ?? null;
    if (!entry) return null;
    left = left.slice(Math.max(place, 1));
    parents = [entry.remoteId];
  }
  if (entry && entry.kind !== 0) return { kind: "file", sync, entry };
  return { kind: "folder", sync, entry, parents };
}

/**
 * A folder's entries, page by page, in constant memory. Throws where one may have been passed over since it was renamed or moved
 * between two pages: a reader must not take such a list for whole.
 */
export async function* entriesOf(db: Database, scope: ItemScope, parents: readonly string[]): AsyncGenerator<DavEntry[]> {
  let after: DavCursor | null = null;
  let firstChange: number | undefined;
  for (;;) {
    const { entries, newestChange } = await davChildren(db, scope, { parents, after, limit: PAGE_ENTRIES });
    const isOnly: boolean = firstChange === undefined && entries.length < PAGE_ENTRIES;
    firstChange ??= newestChange;
    yield entries;
    after = entries.at(-1) ?? after;
    if (isOnly) return;
    if (entries.length < PAGE_ENTRIES) break;
  }
  if (await davMoved(db, scope, parents, firstChange)) throw new Error("The folder changed while it was listed.");
}

/** How far plain names lead, and to which item: of several with one name it is the first. */
async function follow(
  db: Database,
  scope: ItemScope,
  parents: readonly string[],
  names: readonly string[],
): Promise<{ place: number; remoteId: string | null }> {
  let among = new Set(parents);
  let found: { place: number; remoteId: string | null } = { place: 0, remoteId: null };
  for (const step of await davWalk(db, scope, parents, names)) {
    if (step.place !== found.place + 1 || !among.has(step.parentId)) continue;
    found = { place: step.place, remoteId: step.remoteId };
    among = new Set([step.remoteId]);
  }
  return found;
}

/** The item whose name has a mark: one of several with the name without it, or one whose name no path can have. */
async function findMarked(db: Database, scope: ItemScope, parents: readonly string[], name: string): Promise<DavEntry | undefined> {
  const base = withoutMark(name);
  if (base === null) return undefined;
  const isIt = (entry: DavEntry) => entryName(entry) === name;
  const twin = (await davNamed(db, scope, parents, base)).find(isIt);
  if (twin) return twin;
  for (let afterId = ""; ;) {
    const names = { glob: UNPLAIN_GLOB, others: UNPLAIN_NAMES, afterId, limit: PAGE_ENTRIES };
    const rows = await davNamedLike(db, scope, parents, names);
    const found = rows.find(isIt);
    if (found || rows.length < PAGE_ENTRIES) return found;
    afterId = rows.at(-1)?.remoteId ?? afterId;
  }
}
