import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { catalogue } from "../../worker/db/client.ts";
import { removeItems, upsertItems } from "../../worker/db/items.ts";
import { encodeItemId } from "../../worker/item-id.ts";
import { rowOf } from "../../worker/sync/item.ts";
import type { Change } from "../../worker/wire.ts";
import { change as changeShape } from "../../worker/wire.ts";
import { call, callJson, errorCode } from "./client.ts";
import { readEvents } from "./read-events.ts";
import { seedRoot, seedSession, seedSync, seedUser } from "./seed.ts";

interface Page {
  items: Change[];
  cursor: string;
}

const DAY = 86_400_000;

let userId: string;
let syncId: string;
let cookie: string;

beforeEach(async () => {
  userId = await seedUser();
  cookie = await seedSession(userId);
  syncId = await seedSync({ userId });
  await seedRoot(syncId);
});

/** A step that lists files, some of them anew. */
async function listed(names: readonly string[], options: { at?: number; syncId?: string; name?: string } = {}): Promise<void> {
  const at = options.at ?? Date.now();
  const rows = names.map((id) => ({ ...rowOf({ id, kind: "file", name: options.name ?? id, parentId: "root", size: 1 }, undefined, at), pendingJob: "job" })); // prettier-ignore
  await upsertItems(catalogue(env, 0), { userId, syncId: options.syncId ?? syncId }, rows, at);
}

const read = (search = "") => callJson<Page>(`/api/v1/changes${search}`, { cookie });
const told = (page: Page) => page.items.map((change) => `${change.type} ${change.item?.name}`);

describe("the changes", () => {
  it("are told in order, over all of the user's syncs, each with the item as it is now", async () => {
    const other = await seedSync({ userId });
    await seedRoot(other);
    await listed(["a", "b"]);
    await listed(["c"], { syncId: other });
    await listed(["a"], { name: "renamed" });
    await removeItems(catalogue(env, 0), { userId, syncId }, ["b"], { at: Date.now(), runId: null });
    const page = await read();
    expect(told(page)).toEqual(["created renamed", "created b", "created c", "moved renamed", "removed b"]);
    expect(page.items[2]).toMatchObject({ syncId: other, itemId: encodeItemId(other, "c"), item: { path: "/c", state: "pending" } });
    expect(page.items[4]?.item?.state).toBe("removed");
    expect(changeShape.array().parse(page.items)).toHaveLength(5);
  });

  it("go on from a cursor, in pages that join up, and again from the same one", async () => {
    await listed(["a", "b", "c"]);
    await listed(["d", "e"]);
    const names: string[] = [];
    let search = "?limit=2";
    for (;;) {
      const page = await read(search);
      expect(await read(search)).toEqual(page);
      if (page.items.length === 0) break;
      names.push(...told(page));
      search = `?limit=2&cursor=${page.cursor}`;
    }
    expect(names).toEqual(["created a", "created b", "created c", "created d", "created e"]);
    await listed(["f"]);
    expect(told(await read(search))).toEqual(["created f"]);
  });

  it("go on from a cursor that was given before there was any change", async () => {
    const { cursor } = await read();
    await listed(["a"]);
    expect(told(await read(`?cursor=${cursor}`))).toEqual(["created a"]);
  });

  it("from now are those that are still to come", async () => {
    await listed(["a"]);
    const { items, cursor } = await read("?from=now");
    expect(items).toEqual([]);
    await listed(["b"]);
    expect(told(await read(`?cursor=${cursor}`))).toEqual(["created b"]);
  });

  it("of items that are known no more have their id alone", async () => {
    await listed(["a"]);
    await env.DB.prepare("DELETE FROM items WHERE sync_id = ?").bind(syncId).run();
    expect((await read()).items).toMatchObject([{ itemId: encodeItemId(syncId, "a"), item: null }]);
  });

  it("of another user are not told, nor are their items", async () => {
    await listed(["a"]);
    const stranger = await seedUser();
    const search = { cookie: await seedSession(stranger) };
    expect((await callJson<Page>("/api/v1/changes", search)).items).toEqual([]);
    // A row that claims another user's sync shows nothing of it.
    await env.DB.prepare("UPDATE changes SET user_id = ? WHERE sync_id = ?").bind(stranger, syncId).run();
    expect((await callJson<Page>("/api/v1/changes", search)).items.map((change) => change.item)).toEqual([null]);
  });

  it("need a cursor of ours", async () => {
    expect(await errorCode(await call("/api/v1/changes?cursor=yesterday", { cookie }))).toBe("request.invalid");
  });

  it("need someone who is signed in", async () => {
    expect((await call("/api/v1/changes")).status).toBe(401);
  });
});

describe("a cursor that is older than what is kept", () => {
  it("is refused, by page and by stream", async () => {
    await listed(["new"]);
    const old = `${Date.now() - 31 * DAY}.0.0`;
    for (const path of [`/changes?cursor=${old}`, `/changes/stream?cursor=${old}`]) {
      const response = await call(`/api/v1${path}`, { cookie });
      expect(response.status).toBe(410);
      expect(await errorCode(response)).toBe("changes.cursor_expired");
    }
  });

  it("is taken while the change that it names is the oldest that is kept: nothing was missed", async () => {
    await listed(["old"], { at: Date.now() - 40 * DAY });
    const { cursor } = await read();
    await listed(["new"]);
    expect(told(await read(`?cursor=${cursor}`))).toEqual(["created new"]);
  });
});

describe("the changes as server-sent events", () => {
  const open = (headers: Record<string, string> = {}, path = "/changes/stream") => call(`/api/v1${path}`, { cookie, headers });

  it("begin with those that are kept, and go on with those that come", { timeout: 20_000 }, async () => {
    await listed(["a"]);
    const events = readEvents(await open(), (seen) => seen.length === 2);
    await listed(["b"]);
    // The object is heard of: the stream need not wait for its next look.
    await env.USER_SYNC.getByName(userId).addConnection({
      provider: "onedrive",
      account: { id: "x", label: "X", email: null },
      scopes: [],
      tokens: { accessToken: "t", refreshToken: "r", expiresAt: Date.now() + DAY },
      homeShard: 0,
    });
    expect((await events).map(({ data }) => (data as Change).item?.name)).toEqual(["a", "b"]);
  });

  it("resume after the last one that was received", async () => {
    await listed(["a", "b", "c"]);
    const [first] = await readEvents(await open(), (seen) => seen.length === 3);
    const rest = await readEvents(await open({ "last-event-id": first?.id ?? "" }), (seen) => seen.length === 2);
    expect(rest.map(({ data }) => (data as Change).item?.name)).toEqual(["b", "c"]);
  });

  it("are what a request for events gets", async () => {
    await listed(["a"]);
    const response = await open({ accept: "text/event-stream" }, "/changes");
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    expect(await readEvents(response, (seen) => seen.length === 1)).toMatchObject([{ event: "change", data: { type: "created" } }]);
  });
});
