import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { catalogue } from "../../worker/db/client.ts";
import { deleteVersions } from "../../worker/db/purging.ts";
import { seedItem, seedSync, seedUser, seedVersion } from "../routes/seed.ts";

const db = catalogue(env, 0);
const ENDED_AT = 1_000;
const doomed = [{ remoteId: "x", number: 2, storedId: "b" }];
const stored = { storedId: "b", storedNumber: 2, storedSize: 5, storedSha256: "bb", storedAt: 1 };

let userId: string;
let syncId: string;

beforeEach(async () => {
  userId = await seedUser();
  syncId = await seedSync({ userId });
});

const storedId = () => env.DB.prepare("SELECT stored_id FROM items WHERE sync_id = ? AND remote_id = 'x'").bind(syncId).first("stored_id");
const version = (endedAt: number) =>
  seedVersion({ syncId, remoteId: "x", number: 2, storedId: "b", size: 5, sha256: "bb", endedAt, endedBy: "removed" });

describe("the deletion of what was found to be past its retention", () => {
  it("leaves nothing stored of a removed item", async () => {
    await seedItem({ syncId, remoteId: "x", state: "removed", ...stored });
    await version(ENDED_AT);
    const written = await deleteVersions(db, { userId, syncId }, doomed, ENDED_AT);
    expect([await storedId(), written.versions]).toEqual([null, { versions: -1, versionBytes: -5 }]);
  });

  it("leaves the content of an item that came back meanwhile", async () => {
    await seedItem({ syncId, remoteId: "x", state: "stored", ...stored });
    const written = await deleteVersions(db, { userId, syncId }, doomed, ENDED_AT);
    expect([await storedId(), written.versions]).toEqual(["b", { versions: 0, versionBytes: 0 }]);
  });

  it("leaves the content of an item that came back and was removed again meanwhile", async () => {
    await seedItem({ syncId, remoteId: "x", state: "removed", ...stored });
    await version(ENDED_AT + 1);
    const written = await deleteVersions(db, { userId, syncId }, doomed, ENDED_AT);
    expect([await storedId(), written.versions]).toEqual(["b", { versions: 0, versionBytes: 0 }]);
  });

  it("reaches no other user's", async () => {
    await seedItem({ syncId, remoteId: "x", state: "removed", ...stored });
    await version(ENDED_AT);
    await deleteVersions(db, { userId: await seedUser(), syncId }, doomed, ENDED_AT);
    expect(await storedId()).toBe("b");
  });
});
