import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { encodeItemId } from "../../worker/item-id.ts";
import type { Dashboard, Item, Me, Version } from "../../worker/wire.ts";
import { version as versionShape } from "../../worker/wire.ts";
import { createMemoryUser, settled } from "../support/memory-user.ts";
import { call, callJson, errorCode } from "./client.ts";
import { seedItem, seedRoot, seedSession, seedStoredFile, seedSync, seedUser, seedVersion } from "./seed.ts";

interface Page<T> {
  items: T[];
  cursor: string | null;
}

let userId: string;
let syncId: string;
let cookie: string;

beforeEach(async () => {
  userId = await seedUser();
  cookie = await seedSession(userId);
  syncId = await seedSync({ userId, options: { retentionDays: 10 } });
  await seedRoot(syncId);
});

const path = (remoteId: string, rest = "") => `/api/v1/items/${encodeItemId(syncId, remoteId)}${rest}`;

describe("an item's versions", () => {
  it("are listed newest first, the current content included, a page at a time", async () => {
    await seedStoredFile(userId, { syncId, remoteId: "x", content: "now", storedNumber: 3, restoredFrom: 1 });
    await seedVersion({ syncId, remoteId: "x", number: 1, storedId: "a", sha256: "aa", size: 1, endedBy: "superseded" });
    await seedVersion({ syncId, remoteId: "x", number: 2, storedId: "b", sha256: "bb", size: 2, endedBy: "superseded" });
    const first = await callJson<Page<Version>>(path("x", "/versions?limit=2"), { cookie });
    expect(versionShape.array().parse(first.items)).toMatchObject([
      { number: 3, current: true, reason: "restore", restoredFrom: 1, createdBy: userId, endedAt: null, expiresAt: null },
      { number: 2, current: false, reason: "sync", endedBy: "superseded", createdBy: null },
    ]);
    const { endedAt, expiresAt } = first.items[1] ?? {};
    expect(Date.parse(expiresAt ?? "") - Date.parse(endedAt ?? "")).toBe(10 * 86_400_000);
    const rest = await callJson<Page<Version>>(path("x", `/versions?limit=2&cursor=${first.cursor}`), { cookie });
    expect(rest).toMatchObject({ items: [{ number: 1 }], cursor: null });
    expect((await call(path("x", "/versions?cursor=zero"), { cookie })).status).toBe(400);
  });

  it("come as downloads, whole or in part", async () => {
    await seedItem({ syncId, remoteId: "x", name: "x.txt", state: "removed" });
    await env.CONTENT.put(`content/${userId}/${syncId}/kept`, "kept bytes");
    await seedVersion({ syncId, remoteId: "x", number: 7, storedId: "kept", sha256: "ab", size: 10 });
    const whole = await call(path("x", "/versions/7/content"), { cookie });
    expect([await whole.text(), whole.headers.get("etag"), whole.headers.get("x-content-type-options")]).toEqual([
      "kept bytes",
      '"ab"',
      "nosniff",
    ]);
    expect(whole.headers.get("content-disposition")).toContain('attachment; filename="x.txt"');
    const part = await call(path("x", "/versions/7/content"), { cookie, headers: { range: "bytes=5-" } });
    expect([part.status, await part.text()]).toEqual([206, "bytes"]);
  });

  it.each(["8", "0", "-1", "x", "7.0"])("have no number %s, and say so", async (number) => {
    await seedItem({ syncId, remoteId: "x" });
    for (const [method, rest] of [
      ["GET", "content"],
      ["POST", "restore"],
    ] as const) {
      const response = await call(path("x", `/versions/${number}/${rest}`), { method, cookie });
      expect([response.status, await errorCode(response)]).toEqual([404, "version.not_found"]);
    }
  });
});

describe("what is used", () => {
  it("is told beside what may be, and on the first page", async () => {
    await seedSync({ userId, itemCount: 5, storedBytes: 10, versionCount: 2, versionBytes: 7 });
    const open = await callJson<Me>("/api/v1/me", { cookie });
    expect(open.usage).toEqual({ bytes: 10, versionBytes: 7, items: 5, syncs: 2 });
    expect(open.quota).toEqual({ bytes: null, items: null, syncs: null });
    const limited = await callJson<Me>("/api/v1/me", { cookie, env: { QUOTA_BYTES: "100", QUOTA_SYNCS: "3" } });
    expect(limited.quota).toEqual({ bytes: 100, items: null, syncs: 3 });
    expect((await callJson<Dashboard>("/api/v1/dashboard", { cookie })).totals).toMatchObject({ bytes: 10, versions: 2, versionBytes: 7 });
  });
});

describe("taking back", () => {
  it("a version or a removed item answers the item as it is then, and the trash is without it", async () => {
    const user = await createMemoryUser((drive) => drive.put("/a.txt", "one"));
    const owner = await seedSession(user.userId);
    await settled(user);
    const id = user.drive.item("/a.txt").id;
    const item = `/api/v1/items/${encodeItemId(user.syncId, id)}`;
    const run = async () => {
      await user.stub.run(user.syncId, { full: false, trigger: "manual" });
      await settled(user);
    };
    user.drive.put("/a.txt", "two");
    await run();
    const restored = await callJson<Item>(`${item}/versions/1/restore`, { method: "POST", cookie: owner });
    expect(restored).toMatchObject({ state: "stored", restoredFrom: 1, storedSize: 3 });
    expect(await (await call(`${item}/content`, { cookie: owner })).text()).toBe("one");

    const alive = await call(`${item}/restore`, { method: "POST", cookie: owner });
    expect([alive.status, await errorCode(alive)]).toEqual([409, "item.not_removed"]);
    user.drive.delete(id);
    await run();
    const trash = () => callJson<Page<Item>>(`/api/v1/syncs/${user.syncId}/trash`, { cookie: owner });
    expect((await trash()).items.map((each) => each.path)).toEqual(["/a.txt"]);
    const back = await call(`${item}/restore`, { method: "POST", cookie: owner });
    expect([back.status, await back.json()]).toEqual([202, expect.objectContaining({ state: "stored", kept: "restored" })]);
    expect((await trash()).items).toEqual([]);
  });

  it("from the trash goes through all of it, newest first, in pages that join up", async () => {
    for (let n = 0; n < 5; n += 1) await seedItem({ syncId, remoteId: `id${n}`, state: "removed", seenAt: 1000 + (n >> 1) });
    const ids: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const page: Page<Item> = await callJson(`/api/v1/syncs/${syncId}/trash?limit=2${cursor && `&cursor=${cursor}`}`, { cookie });
      ids.push(...page.items.map((item) => item.remoteId));
      ({ cursor } = page);
    }
    expect(ids).toEqual(["id4", "id3", "id2", "id1", "id0"]);
  });
});
