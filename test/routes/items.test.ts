import { beforeEach, describe, expect, it } from "vitest";
import { decodeItemId, encodeItemId } from "../../worker/item-id.ts";
import type { Item } from "../../worker/wire.ts";
import { item as itemShape } from "../../worker/wire.ts";
import { call, callJson, errorCode } from "./client.ts";
import { seedFolder, seedItem, seedRoot, seedSession, seedStoredFile, seedSync, seedUser } from "./seed.ts";

interface Page {
  items: Item[];
  cursor: string | null;
}

let userId: string;
let syncId: string;
let cookie: string;

beforeEach(async () => {
  userId = await seedUser();
  cookie = await seedSession(userId);
  syncId = await seedSync({ userId });
  await seedRoot(syncId);
});

const list = (search = "") => callJson<Page>(`/api/v1/syncs/${syncId}/items${search}`, { cookie });

describe("a sync's items", () => {
  it("begin with the root's children and go on below a folder", async () => {
    await seedFolder({ syncId, remoteId: "f!1", name: "Fotos" });
    await seedStoredFile(userId, { syncId, remoteId: "x", parentId: "f!1", name: "x.jpg", hash: "quickXorHash:AAA=", content: "bytes" });
    const top = await list();
    expect(top.items.map((item) => item.path)).toEqual(["/Fotos"]);
    const below = await list(`?parent=${top.items[0]?.id}`);
    expect(below.items[0]).toMatchObject({
      parentId: encodeItemId(syncId, "f!1"),
      path: "/Fotos/x.jpg",
      kind: "file",
      state: "stored",
      storedSize: 5,
      hash: { algorithm: "quickXorHash", value: "AAA=" },
    });
    expect(itemShape.array().parse([...top.items, ...below.items])).toHaveLength(2);
  });

  it("come in pages that join up", async () => {
    for (let n = 0; n < 5; n += 1) await seedItem({ syncId, remoteId: `id${n}`, name: `n${n}` });
    const names: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const page: Page = await list(`?limit=2${cursor && `&cursor=${cursor}`}`);
      names.push(...page.items.map((item) => item.name));
      ({ cursor } = page);
    }
    expect(names).toEqual(["n0", "n1", "n2", "n3", "n4"]);
  });

  it("show what was removed only when asked for", async () => {
    await seedItem({ syncId, remoteId: "x", state: "removed" });
    expect((await list()).items).toEqual([]);
    expect((await list("?state=removed")).items).toHaveLength(1);
  });

  it.each([
    ["?limit=0", "limit"],
    ["?limit=1001", "limit"],
    ["?state=lost", "state"],
    ["?cursor=nonsense", "cursor"],
  ])("refuse %s and name the field", async (search, field) => {
    const response = await call(`/api/v1/syncs/${syncId}/items${search}`, { cookie });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: "request.invalid", message: expect.stringContaining(field) } });
  });

  it("below a folder that is not this sync's are not there", async () => {
    const other = await seedSync({ userId });
    await seedFolder({ syncId: other, remoteId: "f" });
    const response = await call(`/api/v1/syncs/${syncId}/items?parent=${encodeItemId(other, "f")}`, { cookie });
    expect(await errorCode(response)).toBe("item.not_found");
  });
});

describe("one item", () => {
  it("has its path and is at home at the root", async () => {
    await seedItem({ syncId, remoteId: "x", name: "x.txt", state: "failed", reason: "The source refuses it.", modifiedAt: 0 });
    expect(await callJson<Item>(`/api/v1/items/${encodeItemId(syncId, "x")}`, { cookie })).toMatchObject({
      parentId: null,
      path: "/x.txt",
      state: "failed",
      reason: "The source refuses it.",
      modifiedAt: "1970-01-01T00:00:00.000Z",
    });
  });
});

describe("an item's id", () => {
  it.each(["01ABC", "32217FC1154AEC3D!102", "日本/..", "a b?&#"])("carries %j through an address", (remoteId) => {
    const id = encodeItemId("abc234", remoteId);
    expect(encodeURIComponent(id)).toBe(id);
    expect(decodeItemId(id)).toEqual({ syncId: "abc234", remoteId });
  });
});
