import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { encodeItemId } from "../../worker/item-id.ts";
import type { Explanation } from "../../worker/wire.ts";
import { explanation } from "../../worker/wire.ts";
import { call, callJson, errorCode } from "./client.ts";
import { seedFolder, seedItem, seedRoot, seedRun, seedSession, seedStoredFile, seedSync, seedUser, seedVersion } from "./seed.ts";

let userId: string;
let syncId: string;
let cookie: string;

beforeEach(async () => {
  userId = await seedUser();
  cookie = await seedSession(userId);
  syncId = await seedSync({ userId, selection: [{ itemId: "private", mode: "exclude" }], options: { retentionDays: 7 } });
  await seedRoot(syncId);
});

const asked = async (remoteId: string) =>
  explanation.parse(await callJson<Explanation>(`/api/v1/items/${encodeItemId(syncId, remoteId)}/explain`, { cookie }));

describe("an item's explanation", () => {
  it("says that it is here, with what is stored and by which run", async () => {
    const runId = await seedRun({ userId, syncId });
    const { sha256 } = await seedStoredFile(userId, { syncId, remoteId: "a", name: "a.txt", runId, content: "bytes" });
    const { here, item, facts } = await asked("a");
    expect({ here, path: item.path }).toEqual({ here: true, path: "/a.txt" });
    expect(facts).toContainEqual(expect.objectContaining({ code: "content", detail: sha256 }));
    expect(facts).toContainEqual(expect.objectContaining({ code: "run", detail: runId }));
  });

  it("names the folder whose choice leaves it out", async () => {
    await seedFolder({ syncId, remoteId: "private", name: "Private", state: "excluded", reason: "not_selected" });
    await seedItem({ syncId, remoteId: "a", parentId: "private", state: "excluded", reason: "not_selected" });
    const { here, summary } = await asked("a");
    expect(here).toBe(false);
    expect(summary).toContain("“Private”");
  });

  it("says until when the content of a removed one is kept, by the sync's own retention", async () => {
    const endedAt = Date.parse("2026-02-01T00:00:00Z");
    await seedItem({ syncId, remoteId: "a", state: "removed", storedId: "s", storedNumber: 1 });
    await seedVersion({ syncId, remoteId: "a", storedId: "s", sha256: "00", size: 1, endedAt });
    expect((await asked("a")).facts).toContainEqual(expect.objectContaining({ code: "kept_until", at: "2026-02-08T00:00:00.000Z" }));
  });

  it("is not told of another user's item, nor of one that there is not", async () => {
    await seedItem({ syncId, remoteId: "a" });
    const stranger = await seedSession(await seedUser());
    const foreign = await call(`/api/v1/items/${encodeItemId(syncId, "a")}/explain`, { cookie: stranger });
    expect([foreign.status, await errorCode(foreign)]).toEqual([404, "item.not_found"]);
    expect((await call(`/api/v1/items/${encodeItemId(syncId, "b")}/explain`, { cookie })).status).toBe(404);
  });

  it("costs no call to the source: nothing is asked that the catalogue does not have", async () => {
    await seedItem({ syncId, remoteId: "a", state: "failed", reason: "forbidden", attempts: 2 });
    const connections = await env.DB.prepare("SELECT count(*) AS some FROM connections WHERE user_id = ?").bind(userId).first();
    expect(connections).toEqual({ some: 0 });
    expect((await asked("a")).summary).toContain("refuses");
  });
});
