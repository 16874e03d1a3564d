import { beforeAll, describe, expect, it } from "vitest";
import { chainsOf, countChildren, listChildren, listRemoved, pathsOf } from "../../worker/db/browse.ts";
import { listChanges } from "../../worker/db/changes.ts";
import { davChildren, davEntry, davMoved, davNamed, davNamedLike, davWalk } from "../../worker/db/dav.ts";
import { dueBelow, goingItems, itemsOnPath, itemsUnder, showKept, toBeShown } from "../../worker/db/going.ts";
import { countHeld, hasHeld, heldFolders, heldItems } from "../../worker/db/held.ts";
import { hasFailed } from "../../worker/db/failures.ts";
import { foldersAbove, idsAtPaths } from "../../worker/db/folders.ts";
import {
  failedItems,
  knownItems,
  makeReasonDue,
  nextAttemptAt,
  removeItems,
  scanFailed,
  scanItems,
  upsertItems,
} from "../../worker/db/items.ts";
import { mirrorRows, rowsOfRanges } from "../../worker/db/mirror.ts";
import { listVersions } from "../../worker/db/history.ts";
import { deleteRemoved, deleteVersions, oldestRemoval, scanVersions } from "../../worker/db/purging.ts";
import { removedAncestors, removedWith } from "../../worker/db/restoring.ts";
import { listSorted } from "../../worker/db/sorted.ts";
import { awaitedItems, knownContents, settleItems } from "../../worker/db/settlement.ts";
import { afterNumber } from "../../worker/sync/changes.ts";
import { forgetContents, markDamaged, storedContents } from "../../worker/db/verify.ts";
import { seedItems, seedRoot, seedSync, seedUser } from "../routes/seed.ts";
import { countingDatabase } from "./counting.ts";

// Statements read what they are about, however large the sync is: the planner has no statistics, takes a sync for ten rows,
// and goes through all of it where a statement leaves it the choice.

const FOLDERS = 40;
const FILES = 4_000;
const FILES_PER_FOLDER = FILES / FOLDERS;

let userId: string;
let syncId: string;

beforeAll(async () => {
  userId = await seedUser();
  syncId = await seedSync({ userId });
  await seedRoot(syncId);
  await seedItems(Array.from({ length: FOLDERS }, (_, n) => ({ syncId, remoteId: `folder${n}`, kind: 0, name: `folder ${n}` })));
  await seedItems(
    Array.from({ length: FILES }, (_, n) => ({
      syncId,
      remoteId: `file${n}`,
      parentId: `folder${n % FOLDERS}`,
      name: `file ${n}`,
      state: "pending" as const,
      pendingJob: "job",
    })),
  );
});

type Database = ReturnType<typeof countingDatabase>["db"];

const ids = Array.from({ length: 50 }, (_, n) => `file${n * 7}`);
const scope = () => ({ userId, syncId });

describe("the rows that are read", () => {
  it.each<{ what: string; rowsMax: number; ask: (db: Database) => Promise<unknown> }>([
    { what: "known items, of 50", rowsMax: 200, ask: (db) => knownItems(db, scope(), ids) },
    { what: "a job's awaited items, of 50", rowsMax: 200, ask: (db) => awaitedItems(db, scope(), "job", ids) },
    {
      what: "the rows of five ranges of the mirror, of 11 items each",
      rowsMax: 200,
      ask: (db) => rowsOfRanges(db, scope(), [1, 2, 3, 4, 5].map((n) => ({ start: `file${n}00`, before: `file${n}01` })), 1_000), // prettier-ignore
    },
    { what: "paths, of 50", rowsMax: 1_000, ask: (db) => pathsOf(db, userId, syncId, ids) },
    {
      what: "contents, of 50",
      rowsMax: 400,
      ask: (db) =>
        knownContents(
          db,
          scope(),
          ids.map((remoteId) => ({ remoteId, storedId: "x" })),
        ),
    },
    {
      what: "the first page of a folder",
      rowsMax: 100,
      ask: (db) => listChildren(db, userId, { syncId, parentId: "folder3", after: null, limit: 10 }),
    },
    {
      what: "the first page of the root",
      rowsMax: 200,
      ask: (db) => listChildren(db, userId, { syncId, parentId: null, after: null, limit: 10 }),
    },
    {
      what: "a page far into a folder, from Z to A",
      rowsMax: 100,
      ask: (db) => listChildren(db, userId, { syncId, parentId: "folder3", descending: true, after: { kind: 1, name: "file 2003", remoteId: "file2003" }, limit: 10 }), // prettier-ignore
    },
    {
      what: "the last page of a folder, by a jump",
      rowsMax: 3 * FILES_PER_FOLDER,
      ask: (db) => listChildren(db, userId, { syncId, parentId: "folder3", after: null, skip: FILES_PER_FOLDER - 10, limit: 10 }),
    },
    {
      what: "the number of a folder's children",
      rowsMax: 3 * FILES_PER_FOLDER,
      ask: (db) => countChildren(db, userId, { syncId, parentId: "folder3", max: 1_000 }),
    },
    {
      what: "a page of a folder by size",
      rowsMax: 4 * FILES_PER_FOLDER,
      ask: (db) => listSorted(db, userId, { syncId, parentId: "folder3", state: undefined, sort: "size", descending: true, after: null, skip: 0, limit: 10 }), // prettier-ignore
    },
    { what: "a page of the WebDAV door", rowsMax: 100, ask: (db) => davChildren(db, scope(), { parents: ["root"], after: null, limit: 10 }) }, // prettier-ignore
    {
      what: "a page of the WebDAV door, of a folder without anything stored",
      rowsMax: 4 * FILES_PER_FOLDER,
      ask: (db) => davChildren(db, scope(), { parents: ["folder3"], after: { kind: 1, name: "file 1", remoteId: "file1" }, limit: 10 }),
    },
    { what: "whether anything moved under the WebDAV door", rowsMax: 20, ask: (db) => davMoved(db, scope(), ["folder3"], 0) },
    {
      what: "the way along names through the WebDAV door",
      rowsMax: 30,
      ask: (db) => davWalk(db, scope(), ["root"], ["folder 3", "file 43"]),
    },
    { what: "what has a name behind the WebDAV door", rowsMax: 20, ask: (db) => davNamed(db, scope(), ["folder3"], "file 43") },
    {
      what: "what has a name like this behind the WebDAV door",
      rowsMax: 4 * FILES_PER_FOLDER,
      ask: (db) => davNamedLike(db, scope(), ["folder3"], { glob: "file 4*", others: [], afterId: "", limit: 100 }),
    },
    { what: "one entry of the WebDAV door", rowsMax: 10, ask: (db) => davEntry(db, scope(), "file3") },
    { what: "a page of the trash, of none", rowsMax: 10, ask: (db) => listRemoved(db, userId, { syncId, after: null, limit: 100 }) },
    { what: "versions of an item, of none", rowsMax: 10, ask: (db) => listVersions(db, scope(), "file3", { before: null, limit: 100 }) },
    {
      what: "what was removed with a folder",
      rowsMax: 3 * FILES_PER_FOLDER,
      ask: (db) => removedWith(db, scope(), [{ remoteId: "folder3", runId: "run", removedAt: 0 }], 500),
    },
    { what: "a chunk of versions, of none", rowsMax: 10, ask: (db) => scanVersions(db, scope(), { id: "", number: 0 }, 1000) },
    { what: "the deletion of removed rows, of none", rowsMax: 10, ask: (db) => deleteRemoved(db, scope(), Date.now(), 1000) },
    { what: "the oldest removal, of none", rowsMax: 10, ask: (db) => oldestRemoval(db, scope()) },
    {
      what: "the deletion of 50 versions",
      rowsMax: 1_000,
      ask: (db) => deleteVersions(db, scope(), ids.map((remoteId) => ({ remoteId, number: 1, storedId: "x" })), Date.now()), // prettier-ignore
    },
    { what: "removed folders above 50 items", rowsMax: 1_000, ask: (db) => removedAncestors(db, scope(), ids) },
    { what: "failed items, of none", rowsMax: 10, ask: (db) => failedItems(db, scope(), Date.now(), 500) },
    { what: "all failed items, of none", rowsMax: 10, ask: (db) => scanFailed(db, scope(), "", 500) },
    { what: "whether any failed for a reason, of none", rowsMax: 10, ask: (db) => hasFailed(db, scope(), "transient") },
    { what: "making those due that failed for a reason, of none", rowsMax: 10, ask: (db) => makeReasonDue(db, scope(), "transient", Date.now()) }, // prettier-ignore
    { what: "when the next one is due, of none", rowsMax: 10, ask: (db) => nextAttemptAt(db, scope()) },
    {
      what: "contents to be forgotten, of 50",
      rowsMax: 300,
      ask: (db) => forgetContents(db, scope(), ids.map((remoteId) => ({ remoteId, storedId: "x" }))), // prettier-ignore
    },
    {
      what: "contents found damaged, of 50",
      rowsMax: 300,
      ask: (db) => markDamaged(db, scope(), ids.map((remoteId) => ({ remoteId, storedId: "x" }))), // prettier-ignore
    },
    { what: "contents to be read, of 50", rowsMax: 200, ask: (db) => storedContents(db, scope(), ids) },
    { what: "folders that could be shown again, of none", rowsMax: 300, ask: (db) => toBeShown(db, scope(), ["folder3"]) },
    {
      what: "a range of the mirror, of 100",
      rowsMax: 250,
      ask: (db) => mirrorRows(db, scope(), { from: "file2", including: true, before: "file3", limit: 100 }),
    },
    { what: "whether anything is held, of nothing", rowsMax: 10, ask: (db) => hasHeld(db, scope()) },
    { what: "held items, of none", rowsMax: 10, ask: (db) => heldItems(db, scope(), { parentId: "", remoteId: "" }, 500) },
    { what: "held folders, of none", rowsMax: 20, ask: (db) => heldFolders(db, scope(), "", 100) },
    { what: "held files, of none", rowsMax: 10, ask: (db) => countHeld(db, scope()) },
    { what: "what goes with a folder", rowsMax: 4 * FILES_PER_FOLDER, ask: (db) => goingItems(db, scope(), ["folder3"], 1000) },
    { what: "rows due below a folder", rowsMax: 3 * FILES_PER_FOLDER, ask: (db) => dueBelow(db, scope(), ["folder3"], "hold", 1000) },
    {
      what: "folders to show, below none that is kept",
      rowsMax: 6 * FILES_PER_FOLDER,
      ask: (db) => showKept(db, scope(), ["folder3"], { at: 1, runId: "run" }),
    },
    { what: "the items on a path", rowsMax: 20, ask: (db) => itemsOnPath(db, scope(), "/folder 3/file 43") },
    { what: "items under a root, of 50", rowsMax: 1_000, ask: (db) => itemsUnder(db, scope(), "root", ids) },
    { what: "chains, of 50", rowsMax: 1_000, ask: (db) => chainsOf(db, userId, syncId, ids) },
    { what: "folders above, of 40", rowsMax: 400, ask: (db) => foldersAbove(db, scope(), ["root", ...Array.from({ length: 39 }, (_, n) => `folder${n}`)]) }, // prettier-ignore
    { what: "what is at 20 paths", rowsMax: 400, ask: (db) => idsAtPaths(db, scope(), Array.from({ length: 20 }, (_, n) => `/folder ${n}/FILE ${n}`)) }, // prettier-ignore
    { what: "a chunk of the whole", rowsMax: 300, ask: (db) => scanItems(db, scope(), "file2", 100) },
    {
      what: "rows that are planned again, of 50, and what that changes",
      rowsMax: 600,
      ask: async (db) => upsertItems(db, scope(), [...(await knownItems(db, scope(), ids)).values()], Date.now()),
    },
    { what: "settled rows, of none that is awaited", rowsMax: 200, ask: (db) => settleItems(db, scope(), [], Date.now()) },
    { what: "rows that are removed, of 3", rowsMax: 100, ask: (db) => removeItems(db, scope(), ids.slice(0, 3), { at: 1, runId: null }) },
    { what: "changes, of 10", rowsMax: 100, ask: (db) => listChanges(db, userId, afterNumber(0), 10) },
  ])("for $what are few", async ({ rowsMax, ask }) => {
    const counting = countingDatabase();
    await ask(counting.db);
    expect(counting.rowsRead()).toBeLessThan(rowsMax);
  });
});
