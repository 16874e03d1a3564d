import { expect, it } from "vitest";
import { childrenBesides, treeTags } from "../../worker/db/items.ts";
import { seedFolder, seedItem, seedRoot, seedSync, seedUser } from "../routes/seed.ts";
import { countingDatabase } from "./counting.ts";

// What a folder has lost, by the list of what is in it now.

/** What D1 takes as one value. */
const VALUE_CHARACTERS_MAX = 2_000_000;
/** Together more than that: long paths of a large folder. */
const MANY_LONG_IDS = Array.from(
  { length: 20_000 },
  (_, n) => `/a long path of some folder or other/${"which goes on for a while/".repeat(4)}${n}`,
);

it.each([
  ["few", []],
  ["very many", MANY_LONG_IDS],
])("what is not among %s ids is found, in that folder alone", async (_how, more) => {
  const userId = await seedUser();
  const syncId = await seedSync({ userId });
  await seedRoot(syncId);
  await seedFolder({ syncId, remoteId: "folder", name: "folder" });
  for (const remoteId of ["kept", "lost", "lost too"]) await seedItem({ syncId, remoteId, name: remoteId, parentId: "folder" });
  await seedItem({ syncId, remoteId: "gone already", name: "gone", parentId: "folder", state: "removed" });
  const scope = { userId, syncId };
  const { db, longestText } = countingDatabase();
  expect((await childrenBesides(db, scope, ["folder"], ["kept", ...more])).sort()).toEqual(["lost", "lost too"]);
  expect(await childrenBesides(db, { ...scope, userId: await seedUser() }, ["folder"], more)).toEqual([]);
  expect(longestText()).toBeLessThan(VALUE_CHARACTERS_MAX);
});

it("a folder that was gone, held, kept or out of reach has no tag to pass by what is below it", async () => {
  const userId = await seedUser();
  const syncId = await seedSync({ userId });
  const folders = [
    { remoteId: "there", state: "stored" },
    { remoteId: "left out", state: "excluded" },
    { remoteId: "gone", state: "removed" },
    { remoteId: "held", state: "held" },
    { remoteId: "kept", state: "stored", kept: "discarded" },
    { remoteId: "refused", state: "unreachable" },
  ] as const;
  for (const folder of folders) await seedFolder({ syncId, name: folder.remoteId, contentTag: "tag", ...folder });
  const { db } = countingDatabase();
  const tags = await treeTags(db, { userId, syncId }, folders.map(({ remoteId }) => remoteId)); // prettier-ignore
  expect([...tags.keys()].sort()).toEqual(["left out", "there"]);
});
