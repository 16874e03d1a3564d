import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import type { MemoryDrive } from "../../worker/providers/memory-drive.ts";
import type { MemoryUser } from "../support/memory-user.ts";
import { createMemoryUser, mirrorOf, sourceOf } from "../support/memory-user.ts";
import { expectWhole, idOf, itemOf, syncNow, workOff } from "../support/versions.ts";

const DAY_MILLISECONDS = 86_400_000;

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() }));
afterEach(() => void vi.useRealTimers());

const pass = (days: number) => void vi.setSystemTime(Date.now() + days * DAY_MILLISECONDS);

async function limit(user: MemoryUser, column: "quota_bytes" | "quota_items" | "quota_syncs", most: number | null): Promise<void> {
  await env.DB.prepare(`UPDATE users SET ${column} = ? WHERE id = ?`).bind(most, user.userId).run();
  // Limits are read at most once a minute.
  vi.setSystemTime(Date.now() + 61_000);
}

async function limitedUser(most: Parameters<typeof limit>[2], column: Parameters<typeof limit>[1] = "quota_bytes"): Promise<MemoryUser> {
  const user = await createMemoryUser((drive: MemoryDrive) => drive.put("/first.txt", "0123456789"));
  await workOff(user);
  await limit(user, column, most);
  return user;
}

const runOf = (id: string) => env.DB.prepare("SELECT status, error_code, failed FROM runs WHERE id = ?").bind(id).first();

async function quotaLines(runId: string): Promise<number> {
  const { results } = await env.DB.prepare("SELECT message FROM run_events WHERE run_id = ? AND message LIKE '%quota%'").bind(runId).all();
  return results.length;
}

describe("a quota of bytes", () => {
  it("keeps what has room, names once what has none, and says what the sync waits for", async () => {
    const user = await limitedUser(25);
    for (let n = 0; n < 5; n += 1) user.drive.put(`/${n}.txt`, "0123456789");
    const runId = await syncNow(user);
    expect(await mirrorOf(user)).toHaveLength(2);
    expect(user.drive.opened).toHaveLength(2);
    expect(await runOf(runId)).toMatchObject({ status: "incomplete", failed: 4 });
    expect(await quotaLines(runId)).toBe(1);
    expect(unwrap(await user.stub.status(user.syncId)).waitingFor).toMatchObject({ reason: "quota", until: expect.any(String) });
    const failed = await env.DB.prepare("SELECT min(next_attempt_at) AS at FROM items WHERE sync_id = ? AND reason = 'quota'")
      .bind(user.syncId)
      .first<{ at: number }>();
    expect((failed?.at ?? 0) - Date.now()).toBeGreaterThan(0.9 * DAY_MILLISECONDS);
    await expectWhole(user);
  });

  it("that keeps out more than a step takes up has each tried once where a person asks for it", async () => {
    const user = await limitedUser(10);
    for (let n = 0; n < 501; n += 1) user.drive.put(`/${n}.txt`, "0123456789");
    const runId = await syncNow(user);
    expect(await runOf(runId)).toMatchObject({ status: "incomplete", failed: 501 });
    unwrap(await user.stub.retry(runId));
    for (let round = 0; round < 3; round += 1) await runDurableObjectAlarm(user.stub);
    expect(unwrap(await user.stub.status(user.syncId)).activeRun).toBeNull();
    await limit(user, "quota_bytes", 100_000);
    unwrap(await user.stub.retry(runId));
    await workOff(user);
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
  });

  it("that is raised lets in what waited, at its next attempt", async () => {
    const user = await limitedUser(15);
    user.drive.put("/more.txt", "0123456789");
    await syncNow(user);
    await limit(user, "quota_bytes", 1000);
    pass(1);
    await runDurableObjectAlarm(user.stub);
    await workOff(user);
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
    expect(unwrap(await user.stub.status(user.syncId)).waitingFor).toBeNull();
  });

  it("counts versions too, and a purge makes room at once", async () => {
    const user = await limitedUser(20);
    user.drive.put("/first.txt", "9876543210");
    await syncNow(user);
    user.drive.put("/more.txt", "0123456789");
    await syncNow(user);
    expect(await itemOf(user, idOf(user, "/more.txt"))).toMatchObject({ state: "failed", reason: "quota" });
    unwrap(await user.stub.updateSync(user.syncId, { options: { retentionDays: 0 } }));
    for (let round = 0; round < 3; round += 1) {
      await runDurableObjectAlarm(user.stub);
      await workOff(user);
    }
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
    await expectWhole(user);
  });

  it("also holds for a file whose size was not known when it was planned", async () => {
    const user = await limitedUser(15);
    const id = user.drive.put("/unknown.txt", "0123456789");
    user.drive.misreport(id, { omit: ["size"] });
    const runId = await syncNow(user);
    expect(await itemOf(user, id)).toMatchObject({ state: "failed", reason: "quota", stored_id: null });
    expect(await quotaLines(runId)).toBe(1);
    await expectWhole(user);
  });

  it("leaves alone what is stored", async () => {
    const user = await limitedUser(1);
    await syncNow(user);
    user.drive.rename(idOf(user, "/first.txt"), "second.txt");
    await syncNow(user);
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
  });
});

describe("a quota of items", () => {
  it("stops the listing where it is, drops nothing, and lets it go on when there is room", async () => {
    const user = await limitedUser(4, "quota_items");
    for (let n = 0; n < 6; n += 1) user.drive.put(`/${n}.txt`, `${n}`);
    const stopped = await syncNow(user);
    expect(await runOf(stopped)).toMatchObject({ status: "failed", error_code: "quota.items" });
    expect(await mirrorOf(user)).toHaveLength(1);
    expect(unwrap(await user.stub.status(user.syncId)).waitingFor?.reason).toBe("quota");
    await limit(user, "quota_items", null);
    const runId = await syncNow(user);
    expect(await runOf(runId)).toMatchObject({ status: "completed" });
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
    expect(unwrap(await user.stub.status(user.syncId)).waitingFor).toBeNull();
  });
});

describe("a quota of syncs", () => {
  it("refuses one more", async () => {
    const user = await limitedUser(1, "quota_syncs");
    const request = {
      connectionId: user.connectionId,
      mode: "content" as const,
      schedule: { kind: "manual" as const },
      labels: {},
      selection: [],
      filters: {},
      options: {},
    };
    expect(await user.stub.createSync(request)).toMatchObject({ ok: false, code: "quota.syncs" });
    await limit(user, "quota_syncs", 2);
    expect(await user.stub.createSync(request)).toMatchObject({ ok: true });
  });
});
