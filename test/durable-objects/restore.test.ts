import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import { ProviderError } from "../../worker/providers/errors.ts";
import type { MemoryUser } from "../support/memory-user.ts";
import { createMemoryUser, mirrorOf } from "../support/memory-user.ts";
import { expectWhole, historyOf, idOf, itemOf, syncNow, workOff } from "../support/versions.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() }));
afterEach(() => void vi.useRealTimers());

const text = async (user: MemoryUser, path: string) => {
  const { stored_id } = await itemOf(user, idOf(user, path));
  return (await env.CONTENT.get(`content/${user.userId}/${user.syncId}/${stored_id}`))?.text();
};

/** A file of three contents: `one`, `two`, `three`. */
async function userWithHistory(): Promise<{ user: MemoryUser; id: string }> {
  const user = await createMemoryUser((drive) => drive.put("/docs/a.txt", "one"));
  await workOff(user);
  for (const content of ["two", "three"]) {
    user.drive.put("/docs/a.txt", content);
    await syncNow(user);
  }
  return { user, id: idOf(user, "/docs/a.txt") };
}

describe("a restored version", () => {
  it("is the current content under a new number, and what it replaces becomes a version", async () => {
    const { user, id } = await userWithHistory();
    unwrap(await user.stub.restoreVersion(user.syncId, id, 1));
    expect(await text(user, "/docs/a.txt")).toBe("one");
    expect(await itemOf(user, id)).toMatchObject({ state: "stored", stored_number: 4, restored_from: 1, kept: null });
    expect(await historyOf(user, id)).toEqual([
      [1, "superseded"],
      [2, "superseded"],
      [3, "superseded"],
    ]);
    await expectWhole(user);
  });

  it("stays over runs and renames, until the source's content changes", async () => {
    const { user, id } = await userWithHistory();
    unwrap(await user.stub.restoreVersion(user.syncId, id, 1));
    const opened = user.drive.opened.length;
    user.drive.rename(id, "b.txt");
    await syncNow(user);
    user.drive.expireCursors();
    await syncNow(user);
    expect(await text(user, "/docs/b.txt")).toBe("one");
    expect(user.drive.opened.length).toBe(opened);

    user.drive.put("/docs/b.txt", "four");
    await syncNow(user);
    expect(await text(user, "/docs/b.txt")).toBe("four");
    expect(await itemOf(user, id)).toMatchObject({ stored_number: 5, restored_from: null });
    expect((await historyOf(user, id)).map(([number]) => number)).toEqual([1, 2, 3, 4]);
    await expectWhole(user);
  });

  it("that is restored again, or is current, changes nothing", async () => {
    const { user, id } = await userWithHistory();
    unwrap(await user.stub.restoreVersion(user.syncId, id, 3));
    expect(await itemOf(user, id)).toMatchObject({ stored_number: 3, restored_from: null });
    unwrap(await user.stub.restoreVersion(user.syncId, id, 1));
    const once = await itemOf(user, id);
    unwrap(await user.stub.restoreVersion(user.syncId, id, 1));
    expect(await itemOf(user, id)).toEqual(once);
    await expectWhole(user);
  });

  it("that does not exist is said so", async () => {
    const { user, id } = await userWithHistory();
    expect(await user.stub.restoreVersion(user.syncId, id, 9)).toMatchObject({ ok: false, code: "version.not_found" });
    expect(await user.stub.restoreVersion(user.syncId, "nothing", 1)).toMatchObject({ ok: false, code: "item.not_found" });
    expect(await user.stub.restoreVersion("nothing", id, 1)).toMatchObject({ ok: false, code: "item.not_found" });
  });

  it("of a removed item brings it back, with the folders above it, and later runs leave it", async () => {
    const { user, id } = await userWithHistory();
    const folder = idOf(user, "/docs");
    user.drive.delete(folder);
    await syncNow(user);
    unwrap(await user.stub.restoreVersion(user.syncId, id, 2));
    expect(await itemOf(user, id)).toMatchObject({ state: "stored", kept: "restored", restored_from: 2 });
    expect(await itemOf(user, folder)).toMatchObject({ state: "stored", kept: "restored" });
    user.drive.put("/else.txt", "else");
    await syncNow(user);
    user.drive.expireCursors();
    await syncNow(user);
    expect((await mirrorOf(user)).map(({ path }) => path)).toEqual(["/docs/a.txt", "/else.txt"]);
    await expectWhole(user);
  });

  it("of an item whose new content could not be fetched clears the failure, and stays", async () => {
    const { user, id } = await userWithHistory();
    user.drive.put("/docs/a.txt", "four");
    user.drive.fail("open", new ProviderError("forbidden", "No."), 10, id);
    await syncNow(user, 100);
    expect(await itemOf(user, id)).toMatchObject({ state: "failed", reason: "forbidden" });
    unwrap(await user.stub.restoreVersion(user.syncId, id, 1));
    expect(await itemOf(user, id)).toMatchObject({ state: "stored", reason: null, next_attempt_at: null, attempts: 0, restored_from: 1 });
    user.drive.expireCursors();
    await syncNow(user, 100);
    expect(await itemOf(user, id)).toMatchObject({ state: "stored", restored_from: 1 });
    await expectWhole(user);
  });
});

describe("a removed item", () => {
  it("comes back with what was last stored of it, and nothing is counted twice", async () => {
    const { user, id } = await userWithHistory();
    user.drive.delete(id);
    await syncNow(user);
    expect((await historyOf(user, id)).at(-1)).toEqual([3, "removed"]);
    await expectWhole(user);
    unwrap(await user.stub.restoreItem(user.syncId, id));
    expect(await itemOf(user, id)).toMatchObject({ state: "stored", kept: "restored", stored_number: 3, restored_from: null });
    expect((await historyOf(user, id)).map(([number]) => number)).toEqual([1, 2]);
    expect(await text(user, id)).toBe("three");
    await expectWhole(user);
    expect(await user.stub.restoreItem(user.syncId, id)).toMatchObject({ ok: false, code: "item.not_removed" });
  });

  it("that the source has again is the source's from then on", async () => {
    const { user, id } = await userWithHistory();
    user.drive.delete(id);
    await syncNow(user);
    unwrap(await user.stub.restoreItem(user.syncId, id));
    const opened = user.drive.opened.length;
    user.drive.restore(id);
    await syncNow(user);
    expect(await itemOf(user, id)).toMatchObject({ state: "stored", kept: null });
    expect(user.drive.opened.length).toBe(opened);
    user.drive.delete(id);
    await syncNow(user);
    expect((await itemOf(user, id)).state).toBe("removed");
    await expectWhole(user);
  });

  it("that is a folder comes back with all that was removed with it, and without what had gone before", async () => {
    const user = await createMemoryUser((drive) => {
      for (let n = 0; n < 60; n += 1) drive.put(`/top/${n % 6}/deep/${n}.txt`, `${n}`);
      drive.put("/top/gone before.txt", "before");
      drive.put("/stays.txt", "stays");
      for (let n = 0; n < 300; n += 1) drive.put(`/others/${n}.txt`, `${n}`);
    });
    await workOff(user);
    const mirror = (await mirrorOf(user)).filter(({ path }) => !path.endsWith("gone before.txt"));
    user.drive.delete(idOf(user, "/top/gone before.txt"));
    await syncNow(user);
    vi.setSystemTime(Date.now() + 60_000);
    const top = idOf(user, "/top");
    user.drive.delete(top);
    await syncNow(user);
    expect(await mirrorOf(user)).toHaveLength(301);
    unwrap(await user.stub.restoreItem(user.syncId, top));
    for (let round = 0; round < 10; round += 1) await runDurableObjectAlarm(user.stub);
    expect(await mirrorOf(user)).toEqual(mirror);
    await expectWhole(user);
  });
});
