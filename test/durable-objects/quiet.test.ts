import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import type { MemoryUser } from "../support/memory-user.ts";
import { createMemoryUser, mirrorOf, sourceOf } from "../support/memory-user.ts";
import { meetOutside } from "../support/outside.ts";

// Most runs find nothing: there are a million of them in a month for a thousand users. What they cost, and that they may
// end at any moment, since they live in memory.

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() }));
afterEach(() => void vi.useRealTimers());

async function workOff(user: MemoryUser): Promise<void> {
  for (let round = 0; round < 200; round += 1) {
    try {
      await user.stub.wake({ reason: "watchdog" });
      await runDurableObjectAlarm(user.stub);
      const status = unwrap(await user.stub.status(user.syncId));
      if (status.activeRun === null && status.backlog.files === 0 && status.checkedAt !== null) return;
    } catch (error) {
      if (!/killed/.test(String(error))) throw error;
    }
    vi.setSystemTime(Date.now() + 1_000);
    await new Promise((resume) => setTimeout(resume, 5));
  }
  throw new Error(`Not idle: ${JSON.stringify(unwrap(await user.stub.status(user.syncId)))}`);
}

async function syncedUser(): Promise<MemoryUser> {
  const user = await createMemoryUser((drive) => {
    for (let n = 0; n < 5; n += 1) drive.put(`/${n}.txt`, `${n}`);
  });
  await workOff(user);
  await runDurableObjectAlarm(user.stub);
  return user;
}

/** The sync's time has come: its next wake finds it due. */
async function wake(user: MemoryUser): Promise<void> {
  vi.setSystemTime(Date.now() + 3_600_000);
  await user.stub.wake({ reason: "schedule" });
}

const checkedAt = async (user: MemoryUser) => unwrap(await user.stub.status(user.syncId)).checkedAt ?? "";

describe("a run that finds nothing", () => {
  it("writes five rows of the object, none of the catalogue, and asks once", async () => {
    const user = await syncedUser();
    const written: string[] = [];
    await runInDurableObject(user.stub, (_instance, { storage }) => {
      const exec = storage.sql.exec.bind(storage.sql);
      Object.defineProperty(storage.sql, "exec", {
        configurable: true,
        value: (query: string, ...values: SqlStorageValue[]) => {
          const cursor = exec(query, ...values);
          for (let row = 0; row < cursor.rowsWritten; row += 1) written.push(query);
          return cursor;
        },
      });
    });
    const asked = user.drive.requests.changes;
    const rows = async () =>
      (await env.DB.prepare(
        "SELECT (SELECT count(*) FROM runs) + (SELECT count(*) FROM run_events) + (SELECT count(*) FROM storage_days) AS n",
      ).first("n")) as number;
    const before = await rows();
    const kept = env.DB.prepare("SELECT files, bytes FROM storage_days WHERE user_id = ? AND sync_id = ?").bind(user.userId, user.syncId);
    expect(await kept.all()).toMatchObject({ results: [{ files: 5, bytes: 5 }] });
    await wake(user);
    await runDurableObjectAlarm(user.stub);
    expect(unwrap(await user.stub.status(user.syncId)).activeRun).toBeNull();
    expect(user.drive.requests.changes).toBe(asked + 1);
    expect(await rows()).toBe(before);
    // The wake, the round's begin, its end in the feed and in the sync, and how up to date all is.
    expect(written, written.join("\n")).toHaveLength(5);
  });

  it("is begun again where the object ended in its midst, without another wake", async () => {
    for (const effect of [false, true]) {
      for (let after = 0; after < 3; after += 1) {
        const user = await syncedUser();
        user.drive.put("/new.txt", "new");
        const before = await checkedAt(user);
        let calls = 0;
        let fired = false;
        let abort: () => void = () => undefined;
        await runInDurableObject(user.stub, (_instance, state) => void (abort = () => state.abort("killed")));
        const restore = await meetOutside(user, async (call) => {
          calls += 1;
          if (fired || calls <= after) return call();
          fired = true;
          if (effect) await call();
          abort();
          return new Promise(() => undefined);
        });
        await wake(user);
        await runDurableObjectAlarm(user.stub).catch(() => undefined);
        restore();
        await workOff(user);
        expect(fired).toBe(true);
        expect((await checkedAt(user)) > before).toBe(true);
        expect(await mirrorOf(user)).toEqual(sourceOf(user));
      }
    }
  });

  it("that waits for its source in an object that is put out of memory goes on when the wait is over", async () => {
    const user = await syncedUser();
    user.drive.put("/new.txt", "new");
    user.drive.settings.budget = { limit: 10, remaining: 0, resetSeconds: 60 };
    unwrap(await user.stub.testConnection(user.connectionId));
    await wake(user);
    await runDurableObjectAlarm(user.stub);
    await runInDurableObject(user.stub, (_instance, state) => state.abort("killed")).catch(() => undefined);
    user.drive.settings.budget = null;
    vi.setSystemTime(Date.now() + 90_000);
    await runDurableObjectAlarm(user.stub);
    await workOff(user);
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
  });
});
