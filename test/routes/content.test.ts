import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { encodeItemId } from "../../worker/item-id.ts";
import { call, errorCode } from "./client.ts";
import { seedFolder, seedItem, seedRoot, seedSession, seedStoredFile, seedSync, seedUser, seedVersion } from "./seed.ts";

const CONTENT = "0123456789";
let userId: string;
let syncId: string;
let cookie: string;

beforeEach(async () => {
  userId = await seedUser();
  cookie = await seedSession(userId);
  syncId = await seedSync({ userId });
  await seedRoot(syncId);
});

const path = (remoteId: string) => `/api/v1/items/${encodeItemId(syncId, remoteId)}/content`;
const get = (remoteId: string, headers: Record<string, string> = {}) => call(path(remoteId), { cookie, headers });

describe("an item's content", () => {
  it("comes whole, as a download that no browser runs", async () => {
    const { sha256 } = await seedStoredFile(userId, { syncId, remoteId: "x", name: "a.html", mimeType: "text/html", content: CONTENT });
    const response = await get("x");
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(CONTENT);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      etag: `"${sha256}"`,
      "content-length": "10",
      "content-type": "text/html",
      "accept-ranges": "bytes",
      "content-disposition": `attachment; filename="a.html"; filename*=UTF-8''a.html`,
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'; sandbox",
    });
  });

  it.each([
    ["bytes=2-4", "234", "bytes 2-4/10"],
    ["bytes=7-", "789", "bytes 7-9/10"],
    ["bytes=-3", "789", "bytes 7-9/10"],
    ["bytes=-99", CONTENT, "bytes 0-9/10"],
    ["bytes=8-99", "89", "bytes 8-9/10"],
  ])("answers %s with that part", async (range, part, contentRange) => {
    await seedStoredFile(userId, { syncId, remoteId: "x", content: CONTENT });
    const response = await get("x", { range });
    expect([response.status, await response.text(), response.headers.get("content-range")]).toEqual([206, part, contentRange]);
    expect(response.headers.get("content-length")).toBe(String(part.length));
  });

  it.each(["bytes=10-", "bytes=-0", "bytes=99-100"])("answers %s, which it does not have, with 416 and its size", async (range) => {
    await seedStoredFile(userId, { syncId, remoteId: "x", content: CONTENT });
    const response = await get("x", { range });
    expect([response.status, response.headers.get("content-range")]).toEqual([416, "bytes */10"]);
  });

  it.each(["bytes=0-1,3-4", "items=0-1", "bytes=5-2", "bytes=-"])("answers %s, which makes no single range, whole", async (range) => {
    await seedStoredFile(userId, { syncId, remoteId: "x", content: CONTENT });
    const response = await get("x", { range });
    expect([response.status, await response.text()]).toEqual([200, CONTENT]);
  });

  it("is not sent again to who has it", async () => {
    const { sha256 } = await seedStoredFile(userId, { syncId, remoteId: "x", content: CONTENT });
    const had = await get("x", { "if-none-match": `"other", W/"${sha256}"` });
    expect([had.status, had.headers.get("content-security-policy")]).toEqual([304, "default-src 'none'; sandbox"]);
    expect((await get("x", { "if-none-match": `"other"` })).status).toBe(200);
  });

  it("comes in part only while it is the content that the reader began with", async () => {
    const { sha256 } = await seedStoredFile(userId, { syncId, remoteId: "x", content: CONTENT });
    expect((await get("x", { range: "bytes=5-", "if-range": `"${sha256}"` })).status).toBe(206);
    expect((await get("x", { range: "bytes=5-", "if-range": `"older"` })).status).toBe(200);
  });

  it("is described by HEAD without its bytes", async () => {
    await seedStoredFile(userId, { syncId, remoteId: "x", content: CONTENT });
    const response = await call(path("x"), { method: "HEAD", cookie });
    expect([response.status, response.headers.get("content-length"), await response.text()]).toEqual([200, "10", ""]);
  });

  it("of an empty file is empty", async () => {
    await seedStoredFile(userId, { syncId, remoteId: "x", content: "" });
    const response = await get("x");
    expect([response.status, await response.text()]).toEqual([200, ""]);
  });

  it("keeps a name in any script, and lets none of it out of the header", async () => {
    await seedStoredFile(userId, { syncId, remoteId: "x", name: '日本 "5%"\r\nx.txt', content: CONTENT });
    expect((await get("x")).headers.get("content-disposition")).toBe(
      `attachment; filename="__ _5____x.txt"; filename*=UTF-8''%E6%97%A5%E6%9C%AC%20%225%25%22%0D%0Ax.txt`,
    );
  });

  it("is the last one that was stored, also of an item that the source removed", async () => {
    const key = `content/${userId}/${syncId}/kept`;
    await env.CONTENT.put(key, "kept bytes");
    await seedItem({ syncId, remoteId: "x", state: "removed" });
    await seedVersion({ syncId, remoteId: "x", storedId: "kept", sha256: "ab", size: 10 });
    expect(await (await get("x")).text()).toBe("kept bytes");
  });

  it("that is not stored is said to be so", async () => {
    await seedItem({ syncId, remoteId: "x" });
    await seedFolder({ syncId, remoteId: "f" });
    expect(await errorCode(await get("x"))).toBe("item.not_stored");
    expect((await get("f")).status).toBe(409);
  });

  it("that the catalogue has and the bucket has not is a failure of ours, told without details", async () => {
    const sha256 = "ab";
    await seedItem({ syncId, remoteId: "x", storedId: "lost", storedSize: 1, storedSha256: sha256 });
    const response = await get("x");
    expect([response.status, response.headers.get("content-type")]).toEqual([500, "application/json"]);
    // Nothing of the content's own headers: a reader would take the first byte of the error for the content.
    for (const header of ["etag", "content-length", "content-range", "content-disposition", "accept-ranges"])
      expect(response.headers.get(header), header).toBeNull();
    expect(await response.text()).not.toContain("lost");
  });

  it("is not there for somebody else", async () => {
    await seedStoredFile(userId, { syncId, remoteId: "x", content: CONTENT });
    const stranger = await seedSession(await seedUser());
    const response = await call(path("x"), { cookie: stranger });
    expect([response.status, await errorCode(response)]).toEqual([404, "item.not_found"]);
  });

  it.each(["nothing", "a.b", "%2e%2e", `x.${"!".repeat(5)}`])("of %s, which is no item, is not there", async (id) => {
    expect((await call(`/api/v1/items/${id}/content`, { cookie })).status).toBe(404);
  });
});
