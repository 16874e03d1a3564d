import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { catalogue } from "../../worker/db/client.ts";
import { removeItems, upsertItems } from "../../worker/db/items.ts";
import { noteStorage } from "../../worker/db/storage-days.ts";
import { updateSync } from "../../worker/db/syncs.ts";
import { rowOf } from "../../worker/sync/item.ts";
import { dateOf, dayOf } from "../../worker/sync/storage-days.ts";
import { NO_STATS } from "../../worker/sync/stats.ts";
import type { Change } from "../../worker/wire.ts";
import { change as changeShape } from "../../worker/wire.ts";
import { failureGroup, type FailureGroup } from "../../worker/wire/activity.ts";
import { storageDay, type StorageDay } from "../../worker/wire/storage.ts";
import { call, callJson, errorCode } from "./client.ts";
import { seedItem, seedRoot, seedSession, seedSync, seedUser } from "./seed.ts";

// What the overview and the activity page show of what was: changes newest first, failures by cause, storage by day.

interface Page<T> {
  items: T[];
  cursor: string | null;
}

const db = catalogue(env, 0);
const today = dayOf(Date.now());

let userId: string;
let syncId: string;
let cookie: string;

beforeEach(async () => {
  userId = await seedUser();
  cookie = await seedSession(userId);
  syncId = await seedSync({ userId });
  await seedRoot(syncId);
});

/** A step that lists files. */
async function listed(names: readonly string[], sync = syncId): Promise<void> {
  const at = Date.now();
  const rows = names.map((id) => ({ ...rowOf({ id, kind: "file", name: id, parentId: "root", size: 1 }, undefined, at), pendingJob: "job" })); // prettier-ignore
  await upsertItems(db, { userId, syncId: sync }, rows, at);
}

const recent = (search = "") => callJson<Page<Change>>(`/api/v1/changes/recent${search}`, { cookie });
const told = ({ items }: Page<Change>) => items.map((change) => `${change.type} ${change.item?.name}`);

describe("the recent changes", () => {
  it("are those of the stream, from its end", async () => {
    await listed(["a", "b"]);
    await listed(["c"]);
    await removeItems(db, { userId, syncId }, ["b"], { at: Date.now(), runId: null });
    const stream = await callJson<Page<Change>>("/api/v1/changes", { cookie });
    const page = await recent();
    expect(page).toEqual({ items: stream.items.toReversed(), cursor: null });
    expect(changeShape.array().parse(page.items)).toHaveLength(4);
    const later = await callJson<Page<Change>>(`/api/v1/changes?cursor=${page.items[1]?.cursor}`, { cookie });
    expect(told(later)).toEqual(["removed b"]);
  });

  it("come in pages that join up", async () => {
    await listed(["a", "b", "c"]);
    await listed(["d", "e"]);
    const names: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const page: Page<Change> = await recent(`?limit=2${cursor && `&cursor=${cursor}`}`);
      names.push(...told(page));
      cursor = page.cursor;
    }
    expect(names).toEqual(["created e", "created d", "created c", "created b", "created a"]);
  });

  it("of one sync, or of one kind, leave out the others, however many steps have none", async () => {
    const other = await seedSync({ userId });
    await seedRoot(other);
    await listed(["wanted"], other);
    for (let step = 0; step < 600; step += 200) {
      const rows = Array.from({ length: 200 }, (_, n) => env.DB.prepare("INSERT INTO changes (user_id, number, at, sync_id, items) VALUES (?, ?, ?, ?, ?)").bind(userId, Date.now() * 2 + step + n, Date.now(), syncId, '{"moved":["x"]}')); // prettier-ignore
      await env.DB.batch(rows);
    }
    const first = await recent(`?sync=${other}`);
    expect(first.items).toEqual([]);
    expect(told(await recent(`?sync=${other}&cursor=${first.cursor}`))).toEqual(["created wanted"]);
    expect((await recent("?type=moved&limit=1000")).items).toHaveLength(500);
    expect((await recent("?type=removed&limit=1000")).items).toEqual([]);
  });

  it("of another user are not told; a cursor of nobody's is refused", async () => {
    await listed(["a"]);
    const stranger = await seedSession(await seedUser());
    expect((await callJson<Page<Change>>("/api/v1/changes/recent", { cookie: stranger })).items).toEqual([]);
    expect(await errorCode(await call("/api/v1/changes/recent?cursor=yesterday", { cookie }))).toBe("request.invalid");
    expect(await errorCode(await call("/api/v1/changes/recent?type=eaten", { cookie }))).toBe("request.invalid");
  });
});

describe("failures", () => {
  it("are counted by their cause, most first, each with its next attempt", async () => {
    const soon = Date.now() + 60_000;
    const failed = { syncId, state: "failed" as const };
    await seedItem({ ...failed, remoteId: "a", reason: "transient", size: 5, nextAttemptAt: soon + 1 });
    await seedItem({ ...failed, remoteId: "b", reason: "transient", size: 6, nextAttemptAt: soon });
    await seedItem({ ...failed, remoteId: "c", reason: "forbidden", size: null, nextAttemptAt: null });
    await seedItem({ syncId, remoteId: "d", state: "stored" });
    const { items } = await callJson<Page<FailureGroup>>(`/api/v1/syncs/${syncId}/failures`, { cookie });
    expect(failureGroup.array().parse(items)).toEqual([
      { reason: "transient", files: 2, bytes: 11, nextAttemptAt: new Date(soon).toISOString() },
      { reason: "forbidden", files: 1, bytes: 0, nextAttemptAt: null },
    ]);
  });
});

describe("what was kept", () => {
  const note = (day: number, bytes: number, sync = syncId) =>
    noteStorage(db, { userId, syncId: sync }, day, { ...NO_STATS, stored: bytes / 10, bytes, versionBytes: 7 });
  const days = async (search = "") => {
    const { items } = await callJson<Page<StorageDay>>(`/api/v1/storage${search}`, { cookie });
    return storageDay.array().parse(items);
  };

  it("is told day by day over all syncs, or of one, gaps filled; of today, as it is now", async () => {
    const other = await seedSync({ userId });
    await note(today - 90, 100);
    await note(today - 3, 200);
    await note(today - 2, 1000, other);
    await updateSync(db, userId, syncId, { storedCount: 30, storedBytes: 300, versionBytes: 9 });
    expect(await days("?days=4")).toEqual([
      { day: dateOf(today - 3), files: 20, bytes: 200, versionBytes: 7 },
      { day: dateOf(today - 2), files: 120, bytes: 1200, versionBytes: 14 },
      { day: dateOf(today - 1), files: 120, bytes: 1200, versionBytes: 14 },
      { day: dateOf(today), files: 30, bytes: 300, versionBytes: 9 },
    ]);
    expect((await days(`?days=5&sync=${syncId}`)).map(({ bytes }) => bytes)).toEqual([100, 200, 200, 200, 300]);
  });

  it("is written once a day at most, and not at all where nothing changed", async () => {
    const rows = () => env.DB.prepare("SELECT day, bytes FROM storage_days WHERE sync_id = ? ORDER BY day").bind(syncId).raw();
    await note(today - 2, 100);
    await note(today - 1, 100);
    expect(await rows()).toEqual([[today - 2, 100]]);
    await note(today, 200);
    await note(today, 300);
    await note(today, 100);
    expect(await rows()).toEqual([[today - 2, 100], [today, 100]]); // prettier-ignore
  });

  it("is not noted of another user's sync", async () => {
    await noteStorage(db, { userId: await seedUser(), syncId }, today, { ...NO_STATS, bytes: 1 });
    expect(await env.DB.prepare("SELECT count(*) FROM storage_days WHERE sync_id = ?").bind(syncId).first("count(*)")).toBe(0);
  });

  it("cannot be asked for more than a year", async () => {
    expect(await errorCode(await call("/api/v1/storage?days=400", { cookie }))).toBe("request.invalid");
  });
});

it("who runs the installation is public, and null where nobody has said", async () => {
  expect(await callJson("/api/operator")).toEqual({ name: null, supportEmail: null });
});
