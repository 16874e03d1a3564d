import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import { encodeItemId } from "../../worker/item-id.ts";
import type { HeldFolder, Run } from "../../worker/wire.ts";
import { heldFolder } from "../../worker/wire.ts";
import type { MemoryUser } from "../support/memory-user.ts";
import { createMemoryUser, settled } from "../support/memory-user.ts";
import { call, callJson, errorCode } from "./client.ts";
import { seedSession, seedUser } from "./seed.ts";

let user: MemoryUser;
let cookie: string;
let foreign: string;
let runId: string;
let path: string;

async function syncNow(): Promise<string> {
  const run = unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
  await settled(user);
  return run.id;
}

const held = (search = "") => callJson<{ items: HeldFolder[]; cursor: string | null }>(`${path}/held${search}`, { cookie });

beforeAll(async () => {
  user = await createMemoryUser((drive) => {
    for (let n = 0; n < 30; n += 1) drive.put(`/docs/${n % 3}/${n}.txt`, "ten bytes.");
    for (let n = 0; n < 30; n += 1) drive.put(`/photos/${n}.jpg`, "photo");
    drive.put("/top.txt", "top");
    drive.put("/loose.txt", "loose");
    drive.put("/left.txt", "left");
  });
  await settled(user);
  cookie = await seedSession(user.userId);
  foreign = await seedSession(await seedUser());
  user.drive.delete(user.drive.mkdir("/docs"));
  user.drive.delete(user.drive.mkdir("/photos"));
  user.drive.delete(user.drive.put("/top.txt", "top"));
  const loose = user.drive.put("/loose.txt", "loose");
  user.drive.delete(loose);
  runId = await syncNow();
  // As the catalogue has it after it was built again, where nothing told in which folder the file was.
  await env.DB.prepare("UPDATE items SET parent_id = '' WHERE remote_id = ? AND sync_id = ?").bind(loose, user.syncId).run();
  path = `/api/v1/runs/${runId}`;
});

describe("held removals", () => {
  it("are listed by top folder, with counts, bytes and reasons, in pages that join up", async () => {
    const { items } = await held();
    items.forEach((item) => heldFolder.parse(item));
    expect(items.toSorted((one, other) => (one.path < other.path ? -1 : 1))).toMatchObject([
      { path: "/", files: 2, folders: 0, bytes: 8, reasons: ["many_removals"] },
      { path: "/docs", files: 30, folders: 4, bytes: 300, reasons: ["many_removals"] },
      { path: "/photos", files: 30, folders: 1, bytes: 150, reasons: ["many_removals"] },
    ]);
    const first = await held("?limit=2");
    const second = await held(`?limit=2&cursor=${first.cursor}`);
    expect([...first.items, ...second.items]).toEqual(items);
    expect(second.cursor).toBeNull();
  });

  it("are nobody else's", async () => {
    for (const route of ["held", "approve", "discard"]) {
      const response = await call(`${path}/${route}`, { cookie: foreign, method: route === "held" ? "GET" : "POST" });
      expect([route, response.status, await errorCode(response)]).toEqual([route, 404, "run.not_found"]);
    }
  });

  it("are not decided by folders of another sync, or that are not there", async () => {
    for (const folder of [encodeItemId("othersync", "item-2"), encodeItemId(user.syncId, "nowhere"), "nonsense"]) {
      const response = await call(`${path}/approve`, { cookie, json: { folders: [folder] } });
      expect([folder, response.status, await errorCode(response)]).toEqual([folder, 404, "item.not_found"]);
    }
    expect((await call(`${path}/discard`, { cookie, json: { folders: [] } })).status).toBe(400);
  });

  it("are decided by folder, the root's own files and those of no known place too, and then as a whole; what is decided is no longer there to decide", async () => {
    const { items } = await held();
    const [root, photos] = ["/", "/photos"].map((at) => items.find((item) => item.path === at)?.folderId);
    const run = await call(`${path}/discard`, { cookie, json: { folders: [root] } });
    expect(run.status).toBe(202);
    expect(await run.json<Run>()).toMatchObject({ id: runId, status: "held" });
    await expect.poll(async () => (await held()).items.map((item) => item.path).toSorted()).toEqual(["/docs", "/photos"]);
    expect((await call(`${path}/discard`, { cookie, json: { folders: [photos] } })).status).toBe(202);
    expect((await call(`${path}/approve`, { cookie, method: "POST" })).status).toBe(202);
    await expect.poll(async () => (await callJson<Run>(path, { cookie })).status).toBe("completed");
    expect((await held()).items).toEqual([]);
    const kept = env.DB.prepare("SELECT count(*) AS n FROM items WHERE sync_id = ? AND kept = 'discarded' AND kind = 1").bind(user.syncId);
    expect(await kept.first("n")).toBe(32);
    const again = await call(`${path}/approve`, { cookie, method: "POST" });
    expect([again.status, await errorCode(again)]).toEqual([409, "run.nothing_held"]);
  });
});
