import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import type { MemoryUser } from "../support/memory-user.ts";
import { createMemoryUser, mirrorOf, settled, sourceOf } from "../support/memory-user.ts";

async function syncNow(user: MemoryUser): Promise<string> {
  const run = unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
  await settled(user);
  return run.id;
}

async function expectEqual(user: MemoryUser): Promise<void> {
  expect(await mirrorOf(user)).toEqual(sourceOf(user));
}

async function runStatus(runId: string): Promise<string | null> {
  return env.DB.prepare("SELECT status FROM runs WHERE id = ?").bind(runId).first<string>("status");
}

describe("a first listing", () => {
  it("mirrors a drive, exact to the byte", async () => {
    const user = await createMemoryUser((drive) => {
      for (let n = 0; n < 120; n += 1) drive.put(`/folder ${n % 7}/file ${n}.txt`, `content of ${n}`);
      drive.put("/empty.txt", "");
      drive.put(`/${"deep/".repeat(60)}leaf.txt`, "deep");
      drive.put("/資料/отчёт ✓ %20 #1.md", "names in every script");
      drive.put(`/${"x".repeat(200)}/${"y".repeat(199)}`, "a long path");
    });
    await settled(user);
    await expectEqual(user);
    expect(sourceOf(user)).toHaveLength(124);
  });

  it("takes pages with repeats and children before their parents", async () => {
    const user = await createMemoryUser((drive) => {
      drive.settings.pageSize = 7;
      drive.settings.repeatEvery = 3;
      drive.settings.childrenFirst = true;
      for (let n = 0; n < 60; n += 1) drive.put(`/a/${n % 5}/file ${n}`, `${n}`);
    });
    await settled(user);
    await expectEqual(user);
  });

  it("keeps the metadata and downloads nothing in metadata mode, and the content once the mode changes", async () => {
    const user = await createMemoryUser((drive) => drive.put("/a.txt", "a"));
    await settled(user);
    unwrap(await user.stub.updateSync(user.syncId, { mode: "metadata" }));
    user.drive.put("/b.txt", "b");
    await syncNow(user);
    expect(await mirrorOf(user)).toHaveLength(1);
    expect(await env.DB.prepare("SELECT state, reason FROM items WHERE sync_id = ? AND name = 'b.txt'").bind(user.syncId).first()).toEqual({
      state: "excluded",
      reason: "metadata_only",
    });
    unwrap(await user.stub.updateSync(user.syncId, { mode: "content" }));
    await syncNow(user);
    await expectEqual(user);
  });
});

describe("changes at the source", () => {
  it("arrive: new, replaced, renamed, moved, removed, restored", async () => {
    const user = await createMemoryUser((drive) => {
      for (let n = 0; n < 20; n += 1) drive.put(`/docs/${n}.txt`, `first ${n}`);
    });
    await settled(user);
    const { drive } = user;
    const restored = drive.mkdir("/trash me");
    drive.put("/trash me/inner.txt", "inner");
    await syncNow(user);
    const opened = drive.opened.length;

    drive.put("/docs/1.txt", "second");
    drive.put("/docs/new.txt", "new");
    drive.rename(drive.put("/docs/CASE.txt", "case"), "case.TXT");
    drive.rename(drive.mkdir("/docs"), "Documents");
    drive.move(drive.put("/Documents/2.txt", "first 2"), "/elsewhere");
    drive.delete(drive.put("/Documents/3.txt", "first 3"));
    drive.delete(restored);
    await syncNow(user);
    await expectEqual(user);
    // Three new contents and two that were written over with themselves; nothing that was only renamed or moved.
    expect(drive.opened.length - opened).toBeLessThanOrEqual(5);

    drive.restore(restored);
    const before = drive.opened.length;
    await syncNow(user);
    await expectEqual(user);
    expect(drive.opened.length, "restored content is not downloaded again").toBe(before);
  });

  it("rename a folder of hundreds without a download", async () => {
    const user = await createMemoryUser((drive) => {
      for (let n = 0; n < 300; n += 1) drive.put(`/many/${n}.txt`, `${n}`);
    });
    await settled(user);
    const opened = user.drive.opened.length;
    user.drive.rename(user.drive.mkdir("/many"), "still many");
    await syncNow(user);
    await expectEqual(user);
    expect(user.drive.opened.length).toBe(opened);
  });

  it("remove a folder that only has a tombstone of its own, with all below it", async () => {
    const user = await createMemoryUser((drive) => {
      for (let n = 0; n < 50; n += 1) drive.put(`/gone/${n % 3}/${n % 7}/${n}.txt`, `${n}`);
      drive.put("/kept.txt", "kept");
    });
    await settled(user);
    // One was moved out before: it stays.
    user.drive.move(user.drive.put("/gone/0/0/0.txt", "0"), "/out");
    user.drive.delete(user.drive.mkdir("/gone"));
    await syncNow(user);
    await expectEqual(user);
    expect(sourceOf(user)).toHaveLength(2);
  });

  it("keep superseded and removed content as versions", async () => {
    const user = await createMemoryUser((drive) => {
      drive.put("/a.txt", "one");
      drive.put("/b.txt", "gone soon");
    });
    await settled(user);
    user.drive.put("/a.txt", "two");
    user.drive.delete(user.drive.put("/b.txt", "gone soon"));
    await syncNow(user);
    const { results } = await env.DB.prepare("SELECT ended_by, stored_id FROM versions WHERE sync_id = ? ORDER BY ended_by")
      .bind(user.syncId)
      .all<{
        ended_by: string;
        stored_id: string;
      }>();
    expect(results.map((row) => row.ended_by)).toEqual(["removed", "superseded"]);
    for (const row of results) expect(await env.CONTENT.head(`content/${user.userId}/${user.syncId}/${row.stored_id}`)).not.toBeNull();
  });
});

describe("a source that forgets", () => {
  it("is enumerated again when its cursor has expired, and nothing is downloaded twice", async () => {
    const user = await createMemoryUser((drive) => {
      for (let n = 0; n < 40; n += 1) drive.put(`/${n}.txt`, `${n}`);
    });
    await settled(user);
    const opened = user.drive.opened.length;
    user.drive.expireCursors();
    user.drive.delete(user.drive.put("/5.txt", "5"));
    user.drive.put("/new.txt", "new");
    const runId = await syncNow(user);
    await expectEqual(user);
    expect(user.drive.opened.length).toBeLessThanOrEqual(opened + 2);
    expect(await runStatus(runId)).toBe("completed");
  });

  it("has its missing tombstones found by a full run", async () => {
    const user = await createMemoryUser((drive) => {
      for (let n = 0; n < 30; n += 1) drive.put(`/f/${n}.txt`, `${n}`);
    });
    await settled(user);
    user.drive.settings.withholdTombstones = true;
    user.drive.delete(user.drive.put("/f/7.txt", "7"));
    await syncNow(user);
    expect(await mirrorOf(user)).toHaveLength(30);
    unwrap(await user.stub.run(user.syncId, { full: true, trigger: "manual" }));
    await settled(user);
    await expectEqual(user);
  });
});

describe("a run without changes", () => {
  it("asks the source once and writes nothing to D1", async () => {
    const user = await createMemoryUser((drive) => drive.put("/a.txt", "a"));
    await settled(user);
    await user.stub.wake({ reason: "webhook", connectionId: user.connectionId, feedId: "" });
    await settled(user);
    const rows = await catalogueOf(user);
    const asked = { ...user.drive.requests };
    await user.stub.wake({ reason: "webhook", connectionId: user.connectionId, feedId: "" });
    await expect.poll(() => user.drive.requests.changes).toBe(asked.changes + 1);
    await settled(user);
    expect(user.drive.requests).toEqual({ ...asked, changes: asked.changes + 1 });
    expect(await catalogueOf(user)).toEqual(rows);
  });
});

async function catalogueOf(user: MemoryUser) {
  const results = await env.DB.batch(
    ["syncs", "connections", "runs"].map((table) => env.DB.prepare(`SELECT * FROM ${table} WHERE user_id = ?`).bind(user.userId)),
  );
  const items = await env.DB.prepare("SELECT * FROM items WHERE sync_id = ?").bind(user.syncId).all();
  return [...results.map((result) => result.results), items.results];
}
