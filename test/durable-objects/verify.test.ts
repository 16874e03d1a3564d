import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import type { ReadContents } from "../../worker/sync/verifying.ts";
import { NO_DRIFT, sampleParts } from "../../worker/sync/verifying.ts";
import { digestFromScratch, lastReceiptDigest } from "../support/digest.ts";
import { arm, boundaries, disarm, workOff } from "../support/kill.ts";
import type { MemoryUser } from "../support/memory-user.ts";
import { createMemoryUser, mirrorOf, sourceOf } from "../support/memory-user.ts";

// Whatever became of the catalogue or the bucket behind the engine's back: a verify run finds it, says so and mends it, and
// the next one finds nothing.

const FILES = 12;
const BOUNDARIES_MAX = 150;
const STRIDE = 4;
/** What was written before is no longer new. */
const LATER_MILLISECONDS = 2 * 3_600_000;

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() }));
afterEach(() => void vi.useRealTimers());
afterEach(disarm);

async function storedUser(files = FILES): Promise<MemoryUser> {
  const user = await createMemoryUser((drive) => {
    drive.settings.pageSize = 5;
    for (let n = 0; n < files; n += 1) drive.put(`/docs/${n}.txt`, `content ${n}`);
  });
  await workOff(user);
  return user;
}

interface Outcome {
  status: string;
  type: string;
  drift: Record<string, number>;
  log: string[];
}

async function verify(user: MemoryUser, contents: ReadContents = "none"): Promise<Outcome> {
  vi.setSystemTime(Date.now() + LATER_MILLISECONDS);
  const { id } = unwrap(await user.stub.verify(user.syncId, contents));
  await workOff(user);
  return outcomeOf(id);
}

async function outcomeOf(runId: string): Promise<Outcome> {
  const run = await env.DB.prepare("SELECT status, type, drift FROM runs WHERE id = ?").bind(runId).first<Record<string, string>>();
  const { results } = await env.DB.prepare("SELECT message FROM run_events WHERE run_id = ? ORDER BY number").bind(runId).all<{ message: string }>(); // prettier-ignore
  return {
    status: run?.["status"] ?? "",
    type: run?.["type"] ?? "",
    drift: JSON.parse(run?.["drift"] ?? "{}") as Record<string, number>,
    log: results.map(({ message }) => message),
  };
}

function found(drift: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(drift).filter(([kind, count]) => count > 0 && kind !== "listed" && kind !== "read"));
}

async function expectClean(user: MemoryUser, contents: ReadContents = "none"): Promise<void> {
  const again = await verify(user, contents);
  expect(again).toMatchObject({ status: "completed", type: "verify" });
  expect(found(again.drift)).toEqual({});
  expect(await mirrorOf(user)).toEqual(sourceOf(user));
  expect(await lastReceiptDigest(user)).toEqual(await digestFromScratch(user));
}

function key(user: MemoryUser, storedId: string): string {
  return `content/${user.userId}/${user.syncId}/${storedId}`;
}

async function stored(user: MemoryUser, name: string): Promise<{ remoteId: string; key: string }> {
  const row = await env.DB.prepare("SELECT remote_id, stored_id FROM items WHERE sync_id = ? AND name = ?").bind(user.syncId, name).first<{ remote_id: string; stored_id: string }>(); // prettier-ignore
  return { remoteId: row?.remote_id ?? "", key: key(user, row?.stored_id ?? "") };
}

function change(user: MemoryUser, set: string, name: string): Promise<unknown> {
  return env.DB.prepare(`UPDATE items SET ${set} WHERE sync_id = ? AND name = ?`).bind(user.syncId, name).run();
}

describe("a verify run", () => {
  it("finds nothing where nothing is wrong, downloads nothing, and says what it looked at", async () => {
    const user = await storedUser();
    const opened = user.drive.opened.length;
    const outcome = await verify(user);
    expect(outcome).toMatchObject({ status: "completed", type: "verify", drift: { ...NO_DRIFT, listed: FILES } });
    expect(user.drive.opened.length).toBe(opened);
  });

  it("takes what has merely changed at the source for no drift", async () => {
    const user = await storedUser();
    user.drive.put("/docs/1.txt", "changed");
    user.drive.put("/docs/new.txt", "new");
    user.drive.delete(user.drive.put("/docs/2.txt", "content 2"));
    expect(found((await verify(user)).drift)).toEqual({});
    await expectClean(user);
  });

  it("fetches again what is gone from the bucket, or has another size there", async () => {
    const user = await storedUser();
    await env.CONTENT.delete((await stored(user, "3.txt")).key);
    await env.CONTENT.put((await stored(user, "4.txt")).key, "content 4, and more");
    const outcome = await verify(user);
    expect(found(outcome.drift)).toEqual({ missing: 1, damaged: 1 });
    expect(outcome.log.join("\n")).toMatch(/“3.txt” is not where it was stored/);
    const versions = await env.DB.prepare("SELECT count(*) FROM versions WHERE sync_id = ?").bind(user.syncId).first("count(*)");
    expect(versions).toBe(0);
    await expectClean(user);
  });

  it("deletes objects that nothing refers to, whatever they say of themselves, and leaves new ones alone", async () => {
    const user = await storedUser();
    const { remoteId } = await stored(user, "3.txt");
    await env.CONTENT.put(key(user, "someone-1-0"), "orphan", { customMetadata: { remoteId } });
    await env.CONTENT.put(key(user, "foreign"), "without a word");
    await env.CONTENT.put(key(user, "broken"), "unreadable", { customMetadata: { remoteId: "%E0%A4%A" } });
    const { id } = unwrap(await user.stub.verify(user.syncId, "none"));
    await workOff(user);
    expect((await outcomeOf(id)).drift["orphans"], "an hour has not gone by").toBe(0);
    expect(found((await verify(user)).drift)).toEqual({ orphans: 3 });
    expect(await env.CONTENT.head(key(user, "someone-1-0"))).toBeNull();
    await expectClean(user);
  });

  it("never deletes an object that a row refers to, though its metadata names another item", async () => {
    const user = await storedUser();
    const { key: used } = await stored(user, "5.txt");
    await env.CONTENT.put(used, "content 5", { customMetadata: { remoteId: "another" } });
    expect(found((await verify(user)).drift)).toEqual({});
    expect(await env.CONTENT.head(used)).not.toBeNull();
  });

  it("mends rows that were changed, lost, or left waiting for nothing", async () => {
    const user = await storedUser();
    await change(user, "name = 'other.txt'", "0.txt");
    await env.DB.prepare("DELETE FROM items WHERE sync_id = ? AND name = '1.txt'").bind(user.syncId).run();
    await change(user, "state = 'removed'", "2.txt");
    await change(user, "state = 'pending', pending_job = 'none'", "3.txt");
    await change(user, "stored_size = 5", "4.txt");
    await change(user, "parent_id = 'nowhere', hash = 'sha256:00'", "5.txt");
    const { drift, status } = await verify(user);
    expect(status).toBe("completed");
    expect(drift).toMatchObject({ unknown: 2, differing: 3, damaged: 1, orphans: 1 });
    await expectClean(user);
  });

  it("has what the source no longer has removed, though no tombstone ever came", async () => {
    const user = await storedUser();
    user.drive.settings.withholdTombstones = true;
    user.drive.delete(user.drive.put("/docs/7.txt", "content 7"));
    expect(found((await verify(user)).drift)).toEqual({ gone: 1 });
    await expectClean(user);
  });

  it("says which versions are lost", async () => {
    const user = await storedUser();
    const { key: old } = await stored(user, "0.txt");
    const { key: removed } = await stored(user, "1.txt");
    user.drive.put("/docs/0.txt", "newer");
    user.drive.delete(user.drive.put("/docs/1.txt", "content 1"));
    await user.stub.run(user.syncId, { full: false, trigger: "manual" });
    await workOff(user);
    await env.CONTENT.delete([old, removed]);
    const outcome = await verify(user);
    expect(found(outcome.drift)).toEqual({ lost: 2 });
    expect(outcome.log.join("\n")).toMatch(/number 1, is not where it was stored: it is lost/);
    expect(await env.DB.prepare("SELECT version_count, version_bytes FROM syncs WHERE id = ?").bind(user.syncId).first()).toEqual({ version_count: 0, version_bytes: 0 }); // prettier-ignore
    // What was removed comes back with a download: nothing is there to take back.
    user.drive.restore((await stored(user, "1.txt")).remoteId);
    await expectClean(user);
  });

  it("reads all contents again, and fetches those whose bytes are not what was stored", async () => {
    const user = await storedUser();
    const { key: corrupted } = await stored(user, "3.txt");
    await env.CONTENT.put(corrupted, "c0ntent 3");
    await change(user, `stored_sha256 = '${"0".repeat(64)}'`, "4.txt");
    expect(found((await verify(user, "none")).drift), "nobody has read them").toEqual({});
    const outcome = await verify(user, "all");
    expect(outcome.drift).toMatchObject({ read: FILES, damaged: 2, missing: 0, orphans: 0 });
    expect(outcome.log.join("\n")).toMatch(/“3.txt” has other bytes than were stored/);
    expect(await env.CONTENT.head(corrupted), "the damaged content is gone").toBeNull();
    expect(await env.DB.prepare("SELECT count(*) FROM versions WHERE sync_id = ?").bind(user.syncId).first("count(*)")).toBe(0);
    await expectClean(user, "all");
  });

  it("reads a sample of many contents, and all of few", async () => {
    expect([0, 50, 399, 400, 1_000, 1_000_000].map((files) => sampleParts("sample", files))).toEqual([1, 1, 1, 2, 5, 100]);
    expect([sampleParts("none", 5), sampleParts("all", 1_000_000)]).toEqual([0, 1]);
    const user = await storedUser();
    expect((await verify(user, "sample")).drift["read"]).toBe(FILES);
  });

  it("keeps a damaged content of which the source has no other, and says that it is damaged", async () => {
    const user = await storedUser();
    await change(user, "kept = 'discarded'", "3.txt");
    await change(user, "kept = 'discarded'", "4.txt");
    user.drive.delete(user.drive.put("/docs/3.txt", "content 3"));
    user.drive.delete(user.drive.put("/docs/4.txt", "content 4"));
    user.drive.settings.withholdTombstones = true;
    user.drive.expireCursors();
    const { key: corrupted } = await stored(user, "3.txt");
    await env.CONTENT.put(corrupted, "c0ntent 3");
    await env.CONTENT.delete((await stored(user, "4.txt")).key);
    const outcome = await verify(user, "all");
    expect(outcome.status).toBe("incomplete");
    expect(found(outcome.drift)).toEqual({ damaged: 1, missing: 1 });
    expect(await env.CONTENT.head(corrupted)).not.toBeNull();
    const { results } = await env.DB.prepare("SELECT name, state, reason FROM items WHERE sync_id = ? AND kept IS NOT NULL ORDER BY name").bind(user.syncId).all(); // prettier-ignore
    expect(results).toEqual([
      { name: "3.txt", state: "failed", reason: "damaged" },
      { name: "4.txt", state: "failed", reason: "lost" },
    ]);
    expect(await lastReceiptDigest(user)).toEqual(await digestFromScratch(user));
  });

  it("turns a run that is under way into a verify run, and stops when it is cancelled", async () => {
    const user = await storedUser();
    const { id } = unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
    const answer = unwrap(await user.stub.verify(user.syncId, "none"));
    expect(answer).toMatchObject({ id, type: "verify" });
    unwrap(await user.stub.cancel(user.syncId));
    expect(await outcomeOf(id)).toMatchObject({ status: "cancelled" });
    await expectClean(user);
  });
});

describe.each([
  { effect: false, when: "before" },
  { effect: true, when: "right after" },
])("killed $when a call to the outside", ({ effect }) => {
  it("a verify run ends with everything mended", { timeout: 240_000 }, async () => {
    let kills = 0;
    for (const after of boundaries(effect, BOUNDARIES_MAX, STRIDE)) {
      const user = await storedUser(4);
      await env.CONTENT.delete((await stored(user, "3.txt")).key);
      await env.CONTENT.put((await stored(user, "2.txt")).key, "c0ntent 2");
      await env.CONTENT.put(key(user, "orphan"), "orphan");
      await env.DB.prepare("DELETE FROM items WHERE sync_id = ? AND name = '1.txt'").bind(user.syncId).run();
      vi.setSystemTime(Date.now() + LATER_MILLISECONDS);
      const { fired } = await arm(user, { after, effect });
      await user.stub.verify(user.syncId, "all").catch(() => undefined);
      await workOff(user);
      disarm();
      // The kill may have come before the run was even asked for.
      if ((await env.CONTENT.head(key(user, "orphan"))) !== null) await verify(user, "all");
      expect(await env.CONTENT.head(key(user, "orphan"))).toBeNull();
      expect(await mirrorOf(user)).toEqual(sourceOf(user));
      expect(await lastReceiptDigest(user)).toEqual(await digestFromScratch(user));
      if (!fired()) break;
      kills += 1;
    }
    expect(kills).toBeGreaterThan(5);
    expect(kills).toBeLessThan(boundaries(effect, BOUNDARIES_MAX, STRIDE).length);
  });
});
