import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import type { SyncOptions } from "../../worker/sync/rules.ts";
import type { MemoryDrive } from "../../worker/providers/memory-drive.ts";
import { workOff } from "../support/kill.ts";
import type { MemoryUser } from "../support/memory-user.ts";
import { createMemoryUser, mirrorOf, sourceOf } from "../support/memory-user.ts";
import { applyOptions, heldPaths, itemsOf, runRow } from "./held-state.ts";

// Removals that wait for a decision. The clock is the test's.

const FILES = 40;

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() }));
afterEach(() => void vi.useRealTimers());

function fill(drive: MemoryDrive): void {
  for (let n = 0; n < FILES; n += 1) drive.put(`/docs/${n % 4}/${n}.txt`, `content ${n}`);
  for (let n = 0; n < FILES; n += 1) drive.put(`/photos/${n}.jpg`, `photo ${n}`);
}

async function syncedUser(options: Partial<SyncOptions> = {}): Promise<MemoryUser> {
  const user = await createMemoryUser(fill);
  await workOff(user);
  await applyOptions(user, options);
  return user;
}

async function syncNow(user: MemoryUser, full = false): Promise<string> {
  const run = unwrap(await user.stub.run(user.syncId, { full, trigger: "manual" }));
  await workOff(user);
  return run.id;
}

async function decide(user: MemoryUser, runId: string, action: "approve" | "discard", folders: string[] = []): Promise<void> {
  unwrap(await user.stub.decide(runId, action, folders));
  await workOff(user);
}

describe("more removals than the limit", () => {
  it("are held: everything stays current and can be downloaded, and the run says so", async () => {
    const user = await syncedUser();
    const before = await mirrorOf(user);
    user.drive.delete(user.drive.mkdir("/docs"));
    const runId = await syncNow(user);
    expect(await runRow(runId)).toMatchObject({ status: "held", held: FILES, removed: 0 });
    expect(await heldPaths(user)).toHaveLength(FILES);
    expect(await mirrorOf(user, ["stored", "held"])).toEqual(before);
    const log = await env.DB.prepare("SELECT message FROM run_events WHERE run_id = ? AND level = 'warn'").bind(runId).first("message");
    expect(log).toBe(
      "40 files are gone at the source. That is more than may go at once (1000 files, or 25 % of them), so nothing was removed here: everything stays, and can be downloaded, until you approve or discard the removal.",
    );
    expect(await env.DB.prepare("SELECT held_count FROM syncs WHERE id = ?").bind(user.syncId).first("held_count")).toBe(FILES);
  });

  it("are purged in their time once they are approved, though no run finds anything more", async () => {
    const user = await syncedUser();
    user.drive.delete(user.drive.mkdir("/docs"));
    await decide(user, await syncNow(user), "approve");
    const due = await env.DB.prepare("SELECT purge_due_at AS at FROM syncs WHERE id = ?").bind(user.syncId).first<number>("at");
    expect(due ?? 0).toBeGreaterThan(Date.now() + 29 * 86_400_000);
    vi.setSystemTime((due ?? 0) + 1_000);
    await user.stub.wake({ reason: "purge" });
    for (let round = 0; round < 3; round += 1) await runDurableObjectAlarm(user.stub);
    expect(await env.DB.prepare("SELECT count(*) AS n FROM versions WHERE sync_id = ?").bind(user.syncId).first("n")).toBe(0);
    expect((await env.CONTENT.list({ prefix: `content/${user.userId}/` })).objects).toHaveLength(FILES);
  });

  it("do not keep later runs from going on, and new removals join them", async () => {
    const user = await syncedUser();
    user.drive.delete(user.drive.mkdir("/docs"));
    await syncNow(user);
    user.drive.put("/new.txt", "new");
    expect(await runRow(await syncNow(user))).toMatchObject({ status: "completed" });
    user.drive.delete(user.drive.put("/new.txt", "new"));
    const runId = await syncNow(user);
    expect(await runRow(runId)).toMatchObject({ status: "held", held: 1 });
    expect(await heldPaths(user)).toHaveLength(FILES + 1);
  });

  it("leave the set when they reappear, and the run ends properly once all have", async () => {
    const user = await syncedUser();
    const docs = user.drive.mkdir("/docs");
    user.drive.delete(docs);
    const runId = await syncNow(user);
    user.drive.restore(docs);
    await syncNow(user);
    expect(await heldPaths(user)).toEqual([]);
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
    expect(await runRow(runId)).toMatchObject({ status: "completed" });
  });

  it("approved, are removed, with their content as versions", async () => {
    const user = await syncedUser();
    user.drive.delete(user.drive.mkdir("/docs"));
    const runId = await syncNow(user);
    await decide(user, runId, "approve");
    expect(await heldPaths(user)).toEqual([]);
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
    expect(await runRow(runId)).toMatchObject({ status: "completed" });
    const totals = env.DB.prepare("SELECT file_count, stored_count, held_count, version_count FROM syncs WHERE id = ?").bind(user.syncId);
    expect(await totals.first()).toEqual({ file_count: FILES, stored_count: FILES, held_count: 0, version_count: FILES });
    const versions = env.DB.prepare("SELECT count(*) AS n FROM versions WHERE sync_id = ? AND ended_by = 'removed'").bind(user.syncId);
    expect(await versions.first("n")).toBe(FILES);
    const lines = env.DB.prepare("SELECT message FROM run_events WHERE run_id = ? ORDER BY number DESC LIMIT 1").bind(runId);
    expect(await lines.first("message")).toBe("Approved: 40 files removed. Their content can be restored for 30 days.");
  });

  it("discarded, stay, also when the source is listed from the beginning", async () => {
    const user = await syncedUser();
    const before = await mirrorOf(user);
    user.drive.delete(user.drive.mkdir("/docs"));
    const runId = await syncNow(user);
    await decide(user, runId, "discard");
    expect(await runRow(runId)).toMatchObject({ status: "completed" });
    expect(await mirrorOf(user)).toEqual(before);
    expect((await itemsOf(user, "kept = 'discarded' AND kind = 1")).length).toBe(FILES);
    const asked = user.drive.requests.lookup;
    expect(await runRow(await syncNow(user, true))).toMatchObject({ status: "completed", removed: 0 });
    expect(await mirrorOf(user)).toEqual(before);
    expect(user.drive.requests.lookup, "what is kept is not asked about").toBe(asked);
  });

  it("discarded, are the source's again once it has them again", async () => {
    const user = await syncedUser();
    const docs = user.drive.mkdir("/docs");
    user.drive.delete(docs);
    await decide(user, await syncNow(user), "discard");
    user.drive.restore(docs);
    await syncNow(user);
    expect(await itemsOf(user, "kept IS NOT NULL")).toEqual([]);
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
  });

  it("are decided by folder: what is in or below it, and nothing else", async () => {
    const user = await syncedUser();
    const [docs, photos] = [user.drive.mkdir("/docs"), user.drive.mkdir("/photos")];
    const third = user.drive.mkdir("/docs/3");
    user.drive.put("/left.txt", "left");
    await syncNow(user);
    user.drive.delete(docs);
    user.drive.delete(photos);
    const runId = await syncNow(user);
    await decide(user, runId, "discard", [third]);
    expect((await itemsOf(user, "kept = 'discarded' AND kind = 1")).length).toBe(FILES / 4);
    await decide(user, runId, "approve", [docs]);
    expect(await runRow(runId), "photos still wait").toMatchObject({ status: "held" });
    expect((await heldPaths(user)).every((path) => path.startsWith("/photos"))).toBe(true);
    await decide(user, runId, "approve");
    expect(await runRow(runId)).toMatchObject({ status: "completed" });
    expect((await mirrorOf(user)).map((file) => file.path).filter((path) => path.startsWith("/docs/3/"))).toHaveLength(FILES / 4);
    // What is kept is found: the folders above it are in view.
    expect(await itemsOf(user, "name IN ('docs', '3') AND state = 'stored'")).toHaveLength(2);
  });

  it("of which only the folder came back: its children are still held, and found by a decision", async () => {
    const user = await syncedUser();
    const docs = user.drive.mkdir("/docs");
    user.drive.delete(docs);
    const runId = await syncNow(user);
    user.drive.item(docs).removedBy = null;
    user.drive.rename(docs, "docs again");
    await syncNow(user);
    expect(await itemsOf(user, "name = 'docs again' AND state = 'stored'")).toHaveLength(1);
    expect(await heldPaths(user)).toHaveLength(FILES);
    await decide(user, runId, "approve", [docs]);
    expect(await heldPaths(user)).toEqual([]);
  });

  it("cannot be decided where none wait, nor for a run that is not there", async () => {
    const user = await syncedUser();
    const runId = await syncNow(user);
    expect(await user.stub.decide(runId, "approve", [])).toMatchObject({ ok: false, code: "run.nothing_held" });
    expect(await user.stub.decide("nothing", "approve", [])).toMatchObject({ ok: false, code: "run.not_found" });
  });

  it("are decided while the sync is paused, too", async () => {
    const user = await syncedUser();
    user.drive.delete(user.drive.mkdir("/docs"));
    const runId = await syncNow(user);
    unwrap(await user.stub.pause(user.syncId));
    await decide(user, runId, "approve");
    expect(await heldPaths(user)).toEqual([]);
  });
});

describe("what never is held", () => {
  it("a folder that was renamed or moved, with all that is below it", async () => {
    const user = await syncedUser({ removalLimit: { share: 0, count: 0 } });
    user.drive.rename(user.drive.mkdir("/docs"), "papers");
    user.drive.move(user.drive.mkdir("/photos"), "/papers");
    expect(await runRow(await syncNow(user))).toMatchObject({ status: "completed", held: 0 });
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
  });

  it("what was moved out of a folder before that was removed", async () => {
    const user = await syncedUser({ removalLimit: { share: 1, count: 3 } });
    for (let n = 0; n < FILES - 3; n += 1) user.drive.move(user.drive.put(`/docs/${n % 4}/${n}.txt`, `content ${n}`), "/saved");
    user.drive.delete(user.drive.mkdir("/docs"));
    expect(await runRow(await syncNow(user))).toMatchObject({ status: "completed", removed: 3 + 5, held: 0 });
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
  });

  it("files that are counted once, though their folder is told with them", async () => {
    const user = await syncedUser({ removalLimit: { share: 1, count: FILES } });
    user.drive.settings.childTombstones = true;
    user.drive.delete(user.drive.mkdir("/docs"));
    expect(await runRow(await syncNow(user))).toMatchObject({ status: "completed", held: 0 });
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
  });
});

describe("false emptiness", () => {
  it("of a drive that lists nothing but its root is held, however few files it had", async () => {
    const user = await createMemoryUser((drive) => {
      for (let n = 0; n < 5; n += 1) drive.put(`/docs/${n}.txt`, `content ${n}`);
    });
    await workOff(user);
    const before = await mirrorOf(user);
    user.drive.settings.withholdTombstones = true;
    user.drive.delete(user.drive.mkdir("/docs"));
    const runId = await syncNow(user, true);
    expect(await runRow(runId)).toMatchObject({ status: "held", held: 5 });
    expect(await itemsOf(user, "state = 'held' AND reason = 'emptied' AND kind = 1")).toHaveLength(5);
    expect(await mirrorOf(user, ["stored", "held"])).toEqual(before);
  });

  it("told by tombstones is named as such when there is much of it", async () => {
    const user = await syncedUser();
    user.drive.delete(user.drive.mkdir("/docs"));
    user.drive.delete(user.drive.mkdir("/photos"));
    await syncNow(user);
    expect((await itemsOf(user, "state = 'held'")).every((row) => row.reason === "emptied")).toBe(true);
  });

  it("is suspected where the sentinel is gone: not one removal is believed", async () => {
    const user = await syncedUser({ sentinel: "/Docs/KEEP.me" });
    user.drive.put("/docs/keep.me", "here");
    await syncNow(user);
    user.drive.delete(user.drive.put("/photos/1.jpg", "photo 1"));
    expect(await runRow(await syncNow(user)), "it is there").toMatchObject({ status: "completed", removed: 1 });
    user.drive.delete(user.drive.put("/docs/keep.me", "here"));
    user.drive.delete(user.drive.put("/photos/2.jpg", "photo 2"));
    const runId = await syncNow(user);
    expect(await runRow(runId)).toMatchObject({ status: "held", held: 2, removed: 0 });
    expect((await itemsOf(user, "state = 'held'")).map((row) => row.reason)).toEqual(["sentinel_missing", "sentinel_missing"]);
  });
});

describe("a sync that keeps what the source removes", () => {
  it("keeps it, marked, in its folders, and passes it by ever after", async () => {
    const user = await syncedUser({ deleteRemoved: false });
    const before = await mirrorOf(user);
    user.drive.delete(user.drive.mkdir("/docs"));
    user.drive.delete(user.drive.put("/photos/1.jpg", "photo 1"));
    const runId = await syncNow(user);
    expect(await runRow(runId)).toMatchObject({ status: "completed", removed: 0, held: 0 });
    expect(await mirrorOf(user)).toEqual(before);
    expect(await itemsOf(user, "kept = 'option' AND kind = 1")).toHaveLength(FILES + 1);
    expect(await runRow(await syncNow(user, true))).toMatchObject({ status: "completed", removed: 0 });
    expect(await mirrorOf(user)).toEqual(before);
    expect(await env.DB.prepare("SELECT stored_count FROM syncs WHERE id = ?").bind(user.syncId).first("stored_count")).toBe(2 * FILES);
  });
});
