import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import type { MemoryUser } from "../support/memory-user.ts";
import { createMemoryUser, mirrorOf } from "../support/memory-user.ts";
import { expectWhole, historyOf, idOf, itemOf, syncNow, workOff } from "../support/versions.ts";

const DAY_MILLISECONDS = 86_400_000;

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() }));
afterEach(() => void vi.useRealTimers());

const pass = (days: number) => void vi.setSystemTime(Date.now() + days * DAY_MILLISECONDS);

/** What cron does each hour, where D1 says that a purge is due; then the object's work, as long as there is any. */
async function purge(user: MemoryUser): Promise<void> {
  await user.stub.wake({ reason: "purge" });
  for (let round = 0; round < 4; round += 1) {
    await runDurableObjectAlarm(user.stub);
    await workOff(user);
  }
}

async function syncRow(user: MemoryUser): Promise<Record<string, unknown>> {
  return (await env.DB.prepare("SELECT * FROM syncs WHERE id = ?").bind(user.syncId).first()) ?? {};
}

/** `/a.txt` had three contents; `/gone/b.txt` was removed with its folder. */
async function userWithVersions(): Promise<{ user: MemoryUser; a: string; b: string }> {
  const user = await createMemoryUser((drive) => {
    drive.put("/a.txt", "one");
    drive.put("/gone/b.txt", "gone");
  });
  await workOff(user);
  const [a, b] = [idOf(user, "/a.txt"), idOf(user, "/gone/b.txt")];
  user.drive.put("/a.txt", "two");
  user.drive.delete(idOf(user, "/gone"));
  await syncNow(user);
  pass(20);
  user.drive.put("/a.txt", "three");
  await syncNow(user);
  return { user, a, b };
}

describe("a version", () => {
  it("stays for the retention time, and then goes with its object, and with the row of an item of which nothing is left", async () => {
    const { user, a, b } = await userWithVersions();
    await purge(user);
    expect((await historyOf(user, a)).length + (await historyOf(user, b)).length).toBe(3);
    expect(Number((await syncRow(user))["purge_due_at"])).toBeGreaterThan(Date.now());

    pass(11);
    await purge(user);
    expect(await historyOf(user, a)).toEqual([[2, "superseded"]]);
    expect(await itemOf(user, b)).toEqual({});
    expect(
      await env.DB.prepare("SELECT count(*) AS n FROM items WHERE sync_id = ? AND state = 'removed'").bind(user.syncId).first("n"),
    ).toBe(0);
    expect(await user.stub.restoreVersion(user.syncId, a, 1)).toMatchObject({ ok: false, code: "version.not_found" });
    await expectWhole(user);

    pass(20);
    await purge(user);
    expect(await syncRow(user)).toMatchObject({ version_count: 0, version_bytes: 0, purge_due_at: null });
    expect(await mirrorOf(user)).toHaveLength(1);
    await expectWhole(user);
  });

  it("that is damaged goes at the next purge, whatever its age", async () => {
    const { user, a } = await userWithVersions();
    await env.DB.prepare("UPDATE versions SET ended_by = 'damaged' WHERE sync_id = ? AND number = 2 AND remote_id = ?")
      .bind(user.syncId, a)
      .run();
    pass(11);
    await purge(user);
    expect(await historyOf(user, a)).toEqual([]);
    await expectWhole(user);
  });

  it("of a paused sync goes too", async () => {
    const { user, a } = await userWithVersions();
    unwrap(await user.stub.pause(user.syncId));
    pass(40);
    await purge(user);
    expect(await historyOf(user, a)).toEqual([]);
    await expectWhole(user);
  });

  it("goes at once when the retention time is made shorter than its age", async () => {
    const { user, a } = await userWithVersions();
    unwrap(await user.stub.updateSync(user.syncId, { options: { retentionDays: 5 } }));
    await runDurableObjectAlarm(user.stub);
    await workOff(user);
    expect(await historyOf(user, a)).toEqual([[2, "superseded"]]);
    await expectWhole(user);
  });

  it("stays while an alarm stands", async () => {
    const { user, a } = await userWithVersions();
    const alarm = (at: number | null) =>
      runInDurableObject(user.stub, (_object, state) => void state.storage.sql.exec("UPDATE syncs SET alarmed_at = ?", at));
    await alarm(Date.now());
    pass(40);
    await purge(user);
    expect(await historyOf(user, a)).toHaveLength(2);
    await alarm(null);
    await purge(user);
    expect(await historyOf(user, a)).toHaveLength(0);
  });
});

describe("a purge and a restore", () => {
  it("at the same time leave the restored content", async () => {
    for (let turn = 0; turn < 4; turn += 1) {
      const { user, a, b } = await userWithVersions();
      pass(40);
      const purging = purge(user);
      if (turn % 2 === 1) await user.stub.status(user.syncId);
      const [version, item] = await Promise.all([
        user.stub.restoreVersion(user.syncId, a, turn < 2 ? 1 : 2),
        user.stub.restoreItem(user.syncId, b),
      ]);
      await purging;
      if (version.ok) expect(await itemOf(user, a)).toMatchObject({ state: "stored", stored_size: 3, restored_from: turn < 2 ? 1 : 2 });
      else expect(version.code).toBe("version.not_found");
      if (item.ok) expect(await itemOf(user, b)).toMatchObject({ state: "stored", stored_size: 4 });
      await expectWhole(user);
    }
  });

  it("one after the other leave the content that is current again, under whatever numbers it was known", async () => {
    const { user, a } = await userWithVersions();
    unwrap(await user.stub.restoreVersion(user.syncId, a, 1));
    pass(40);
    await purge(user);
    expect(await historyOf(user, a)).toEqual([]);
    expect((await mirrorOf(user)).map(({ path }) => path)).toEqual(["/a.txt"]);
    expect(await itemOf(user, a)).toMatchObject({ stored_size: 3, restored_from: 1 });
    await expectWhole(user);
  });
});

describe("any sequence of changes, restores and purges", () => {
  const step = fc.oneof(
    fc.record({ does: fc.constant("put"), file: fc.nat(3), content: fc.nat(5) }),
    fc.record({ does: fc.constant("delete"), file: fc.nat(3) }),
    fc.record({ does: fc.constant("undelete"), file: fc.nat(3) }),
    fc.record({ does: fc.constant("restore"), file: fc.nat(3), number: fc.integer({ min: 1, max: 4 }) }),
    fc.record({ does: fc.constant("take back"), file: fc.nat(3) }),
    fc.record({ does: fc.constant("wait"), days: fc.integer({ min: 5, max: 35 }) }),
  );

  it("leaves no row without its object, no object without a row, and totals that are true", { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 14 }), async (steps) => {
        const user = await createMemoryUser((drive) => {
          for (let file = 0; file < 4; file += 1) drive.put(`/${file}/x.txt`, `first ${file}`);
        });
        await workOff(user);
        const ids = [0, 1, 2, 3].map((file) => idOf(user, `/${file}/x.txt`));
        for (const each of steps) {
          const id = ids["file" in each ? each.file : 0] ?? "";
          const { removedBy } = user.drive.item(id);
          if (each.does === "put" && "content" in each && removedBy === null)
            user.drive.put(user.drive.path(id), `content ${each.content}`);
          if (each.does === "delete" && removedBy === null) user.drive.delete(id);
          if (each.does === "undelete" && removedBy === id) user.drive.restore(id);
          if (each.does === "restore" && "number" in each) await user.stub.restoreVersion(user.syncId, id, each.number);
          if (each.does === "take back") await user.stub.restoreItem(user.syncId, id);
          if ("days" in each) {
            pass(each.days);
            await purge(user);
          } else await syncNow(user);
          await expectWhole(user);
        }
      }),
      { numRuns: 6 },
    );
  });
});
