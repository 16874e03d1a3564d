import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { catalogue } from "../../worker/db/client.ts";
import { childrenBesides } from "../../worker/db/items.ts";
import { itemsAtPaths } from "../../worker/db/paths.ts";
import { seedFolder, seedItem, seedItems, seedRoot, seedSync, seedUser } from "../routes/seed.ts";
import { countingDatabase } from "./counting.ts";

// What is at a path, for sources whose changes come by path.

let scope: { userId: string; syncId: string };

beforeAll(async () => {
  const userId = await seedUser();
  const syncId = await seedSync({ userId });
  scope = { userId, syncId };
  await seedRoot(syncId);
  await seedFolder({ syncId, remoteId: "docs", name: "Docs", parentId: "root" });
  await seedFolder({ syncId, remoteId: "deep", name: "Über ÄHNLICHES", parentId: "docs" });
  await seedFolder({ syncId, remoteId: "old", name: "Twice", parentId: "root" });
  await seedFolder({ syncId, remoteId: "new", name: "twice", parentId: "root" });
  await seedFolder({ syncId, remoteId: "other-root", name: "root", parentId: null });
  await seedItems([
    { syncId, remoteId: "a", name: "A.txt", parentId: "docs" },
    { syncId, remoteId: "ж", name: "Жук 🪲.txt", parentId: "deep" },
    { syncId, remoteId: "in-old", name: "x.txt", parentId: "old" },
    { syncId, remoteId: "in-new", name: "X.TXT", parentId: "new" },
    { syncId, remoteId: "elsewhere", name: "a.txt", parentId: "other-root" },
    { syncId, remoteId: "gone", name: "gone.txt", parentId: "docs", state: "removed" },
    { syncId, remoteId: "kept", name: "kept.txt", parentId: "docs", state: "stored", kept: "option" },
    { syncId, remoteId: "held", name: "held.txt", parentId: "docs", state: "held", reason: "many_removals" },
    { syncId, remoteId: "left-out", name: "left out.txt", parentId: "docs", state: "held", reason: "excluded" },
  ]);
});

const ask = async (paths: string[], outdated?: (ids: readonly string[]) => ReadonlySet<string>) =>
  Object.fromEntries(
    [...(await itemsAtPaths(catalogue(env, 0), scope, "root", paths, outdated))].map(([path, items]) => [path, items.map(({ id }) => id)]),
  );

test("items are found by their paths in small letters, of any script, folders and files", async () => {
  const paths = ["/docs", "/docs/a.txt", "/docs/über ähnliches", "/docs/über ähnliches/жук 🪲.txt", "/docs/none", "/a.txt"];
  expect(await ask(paths)).toEqual({
    "/docs": ["docs"],
    "/docs/a.txt": ["a"],
    "/docs/über ähnliches": ["deep"],
    "/docs/über ähnliches/жук 🪲.txt": ["ж"],
  });
  const found = await itemsAtPaths(catalogue(env, 0), scope, "root", ["/docs", "/docs/a.txt"]);
  expect([...found.values()].flat().map(({ kind }) => kind)).toEqual(["folder", "file"]);
});

test("below another root there is what is there", async () => {
  expect(await itemsAtPaths(catalogue(env, 0), scope, "other-root", ["/a.txt", "/docs"])).toEqual(
    new Map([["/a.txt", [{ id: "elsewhere", kind: "file" }]]]),
  );
});

test("what the source no longer has is not found, and what the rules alone leave out is", async () => {
  expect(await ask(["/docs/gone.txt", "/docs/kept.txt", "/docs/held.txt", "/docs/left out.txt"])).toEqual({
    "/docs/left out.txt": ["left-out"],
  });
});

test("of several at one path all are told, without what is outdated or below something that is", async () => {
  expect(await ask(["/twice", "/twice/x.txt"])).toEqual({ "/twice": ["new", "old"], "/twice/x.txt": ["in-new", "in-old"] });
  expect(await ask(["/twice", "/twice/x.txt"], (ids) => new Set(ids.filter((id) => id === "old")))).toEqual({
    "/twice": ["new"],
    "/twice/x.txt": ["in-new"],
  });
});

test("nothing of another user's sync is found", async () => {
  const stranger = { userId: await seedUser(), syncId: scope.syncId };
  expect(await itemsAtPaths(catalogue(env, 0), stranger, "root", ["/docs", "/docs/über ähnliches"])).toEqual(new Map());
});

test("a seek is made for each name, however large the folders are", async () => {
  const userId = await seedUser();
  const syncId = await seedSync({ userId });
  await seedRoot(syncId);
  await seedFolder({ syncId, remoteId: "f", name: "F", parentId: "root" });
  await seedItems(Array.from({ length: 2_000 }, (_, n) => ({ syncId, remoteId: `i${n}`, name: `I ${n}`, parentId: "f" })));
  const counting = countingDatabase();
  const paths = Array.from({ length: 50 }, (_, n) => `/f/i ${n * 7}`);
  expect((await itemsAtPaths(counting.db, { userId, syncId }, "root", paths)).size).toBe(50);
  expect(counting.rowsRead()).toBeLessThan(500);
});

test("the children of several folders besides some are told at once", async () => {
  await seedItem({ syncId: scope.syncId, remoteId: "b", name: "b.txt", parentId: "old" });
  expect((await childrenBesides(catalogue(env, 0), scope, ["old", "new"], ["in-old"])).sort()).toEqual(["b", "in-new"]);
  expect(await childrenBesides(catalogue(env, 0), scope, [], [])).toEqual([]);
});
