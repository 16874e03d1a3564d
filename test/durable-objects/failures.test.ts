import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import { ProviderError } from "../../worker/providers/errors.ts";
import type { MemoryUser } from "../support/memory-user.ts";
import { createMemoryUser, mirrorOf, sourceOf } from "../support/memory-user.ts";
import { historyOf } from "../support/versions.ts";

// What a run does when the source fails. The clock is the test's.

const ROUNDS_MAX = 300;

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() }));
afterEach(() => void vi.useRealTimers());

/** Lets everything happen that is due, and moves the clock by `stepSeconds` each time, until the sync is idle. */
async function workOff(user: MemoryUser, stepSeconds = 1): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    await user.stub.wake({ reason: "watchdog" });
    await runDurableObjectAlarm(user.stub);
    const status = unwrap(await user.stub.status(user.syncId));
    if (status.activeRun === null && status.backlog.files === 0) return;
    vi.setSystemTime(Date.now() + stepSeconds * 1_000);
    await new Promise((resume) => setTimeout(resume, 5));
  }
  throw new Error(`Not idle: ${JSON.stringify(unwrap(await user.stub.status(user.syncId)))}`);
}

async function syncNow(user: MemoryUser, stepSeconds?: number): Promise<Record<string, unknown> | null> {
  const run = unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
  await workOff(user, stepSeconds);
  return env.DB.prepare("SELECT status, error_code FROM runs WHERE id = ?").bind(run.id).first();
}

async function connectionStatus(user: MemoryUser): Promise<unknown> {
  return env.DB.prepare("SELECT status FROM connections WHERE id = ?").bind(user.connectionId).first("status");
}

async function syncedUser(): Promise<MemoryUser> {
  const user = await createMemoryUser((drive) => {
    for (let n = 0; n < 10; n += 1) drive.put(`/${n}.txt`, `${n}`);
  });
  await workOff(user);
  return user;
}

describe("listing", () => {
  it("that fails for a while goes on where it was", async () => {
    const user = await syncedUser();
    user.drive.put("/new.txt", "new");
    user.drive.fail("changes", new ProviderError("transient", "No answer."), 2);
    expect(await syncNow(user, 10)).toMatchObject({ status: "completed" });
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
  });

  it("that keeps failing ends the run as failed, keeps everything, and the next run goes on", async () => {
    const user = await syncedUser();
    user.drive.put("/new.txt", "new");
    user.drive.fail("changes", new ProviderError("transient", "No answer."), 5);
    expect(await syncNow(user, 100)).toEqual({ status: "failed", error_code: "provider.transient" });
    expect(await mirrorOf(user)).toHaveLength(10);
    const told = env.DB.prepare("SELECT error_message FROM runs WHERE sync_id = ? AND status = 'failed'").bind(user.syncId);
    expect(await told.first("error_message")).toBe(
      "The source could not be reached, or did not answer as it should, several times in a row. Nothing was removed: all that was copied stays. (No answer.)",
    );
    expect(await syncNow(user)).toMatchObject({ status: "completed" });
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
  });

  it("that is throttled waits as long as it is told, and is not a failure", async () => {
    const user = await syncedUser();
    user.drive.put("/new.txt", "new");
    user.drive.fail("changes", new ProviderError("throttled", "Later.", { retryAfterSeconds: 90 }), 1);
    unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
    await runDurableObjectAlarm(user.stub);
    const asked = user.drive.requests.changes;
    const waiting = unwrap(await user.stub.status(user.syncId)).waitingFor;
    expect(waiting?.reason).toBe("throttled");
    expect(Date.parse(waiting?.until ?? "") - Date.now()).toBeGreaterThanOrEqual(90_000);
    vi.setSystemTime(Date.now() + 80_000);
    await user.stub.wake({ reason: "watchdog" });
    await runDurableObjectAlarm(user.stub);
    expect(user.drive.requests.changes).toBe(asked);
    await workOff(user, 30);
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
    expect(
      await env.DB.prepare("SELECT count(*) AS failed FROM runs WHERE sync_id = ? AND status = 'failed'").bind(user.syncId).first("failed"),
    ).toBe(0);
  });

  it("of a drive that is not there removes nothing", async () => {
    const user = await syncedUser();
    user.drive.settings.missing = "drive";
    expect(await syncNow(user, 100)).toEqual({ status: "failed", error_code: "provider.not_found" });
    expect(await mirrorOf(user)).toHaveLength(10);
  });

  it("that is refused for good asks the person to sign in again, and goes on when they have", async () => {
    const user = await syncedUser();
    user.drive.put("/new.txt", "new");
    user.drive.settings.missing = "account";
    expect(await syncNow(user)).toEqual({ status: "failed", error_code: "provider.auth" });
    expect(await connectionStatus(user)).toBe("needs_reconnect");
    expect(unwrap(await user.stub.status(user.syncId)).waitingFor).toEqual({ reason: "reconnect", until: null });

    user.drive.settings.missing = null;
    const row = await env.DB.prepare("SELECT provider, account_id FROM connections WHERE id = ?")
      .bind(user.connectionId)
      .first<{ provider: string; account_id: string }>();
    const again = {
      provider: row?.provider ?? "",
      scopes: [],
      tokens: { accessToken: "new", refreshToken: "new", expiresAt: Date.now() + 86_400_000 },
      connectionId: user.connectionId,
      homeShard: 0,
    };
    const other = await user.stub.addConnection({ ...again, account: { id: "another", label: "Other", email: null } });
    expect(other).toMatchObject({ ok: false, code: "connection.other_account" });
    unwrap(await user.stub.addConnection({ ...again, account: { id: row?.account_id ?? "", label: "Memory", email: null } }));
    await workOff(user);
    expect(await connectionStatus(user)).toBe("active");
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
  });

  it("that meets our own fault waits, and disconnects nobody", async () => {
    const user = await syncedUser();
    user.drive.put("/new.txt", "new");
    user.drive.fail("changes", new ProviderError("operator", "Our secret has expired."), 3);
    await syncNow(user, 300);
    expect(await connectionStatus(user)).toBe("active");
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
  });

  it("with an entry that cannot be read ends incomplete, and keeps the rest", async () => {
    const user = await syncedUser();
    const id = user.drive.put("/odd.txt", "odd");
    user.drive.put("/fine.txt", "fine");
    user.drive.misreport(id, { malformed: true });
    expect(await syncNow(user)).toMatchObject({ status: "incomplete" });
    expect(await mirrorOf(user)).toHaveLength(11);
    const events = await env.DB.prepare(
      "SELECT message FROM run_events JOIN runs ON runs.id = run_id WHERE sync_id = ? AND level = 'error'",
    )
      .bind(user.syncId)
      .all();
    expect(events.results).toHaveLength(1);
  });
});

describe("an item whose entry could not be read", () => {
  it("is asked for by its id an hour later, without a word from the source, and comes", async () => {
    const user = await syncedUser();
    const id = user.drive.put("/odd.txt", "odd");
    user.drive.misreport(id, { malformed: true });
    expect(await syncNow(user)).toMatchObject({ status: "incomplete" });
    const known = env.DB.prepare("SELECT state, reason, next_attempt_at AS nextAttemptAt FROM items WHERE sync_id = ? AND remote_id = ?");
    const odd = () => known.bind(user.syncId, id).first<{ state: string; nextAttemptAt: number | null }>();
    expect(await odd()).toMatchObject({ state: "failed", reason: "malformed", nextAttemptAt: expect.any(Number) });
    vi.setSystemTime(Date.now() + 2 * 3_600_000);
    await user.stub.wake({ reason: "watchdog" });
    await runDurableObjectAlarm(user.stub);
    await workOff(user);
    expect(await odd()).toMatchObject({ state: "stored", reason: null, nextAttemptAt: null });
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
  });
});

describe("an item that cannot be asked for either", () => {
  it("nor be tried, since its folder has no known place, is looked at again only later", async () => {
    const user = await createMemoryUser((drive) => drive.put("/folder/a.txt", "a"));
    await workOff(user);
    unwrap(await user.stub.updateSync(user.syncId, { filters: { exclude: ["other/**"] } }));
    await workOff(user);
    user.drive.put("/folder/a.txt", "changed");
    user.drive.fail("open", new ProviderError("forbidden", "Not for you."), 3);
    await syncNow(user, 100);
    user.drive.misreport("/folder", { entry: { parentId: "nowhere" } });
    await syncNow(user);
    const at = env.DB.prepare("SELECT state, next_attempt_at AS at FROM items WHERE sync_id = ? AND name = 'a.txt'").bind(user.syncId);
    const failed = await at.first<{ state: string; at: number }>();
    expect(failed?.state).toBe("failed");
    vi.setSystemTime((failed?.at ?? 0) + 1_000);
    for (let round = 0; round < 3; round += 1) await runDurableObjectAlarm(user.stub);
    await runInDurableObject(user.stub, async (_instance, state) => {
      expect((await state.storage.getAlarm()) ?? Infinity).toBeGreaterThan(Date.now() + 60_000);
    });

    user.drive.reportTruly("/folder");
    await syncNow(user);
    vi.setSystemTime(Date.now() + 2 * 86_400_000);
    await user.stub.wake({ reason: "watchdog" });
    await runDurableObjectAlarm(user.stub);
    await workOff(user);
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
  });

  it("ends its run as failed, and no other begins at once", async () => {
    const user = await syncedUser();
    user.drive.misreport(user.drive.put("/odd.txt", "odd"), { malformed: true });
    await syncNow(user);
    user.drive.fail("lookup", new ProviderError("forbidden", "Not for you."), 1_000);
    vi.setSystemTime(Date.now() + 2 * 3_600_000);
    await user.stub.wake({ reason: "watchdog" });
    for (let minutes = 0; minutes < 30; minutes += 1) {
      await runDurableObjectAlarm(user.stub);
      vi.setSystemTime(Date.now() + 60_000);
    }
    const failed = env.DB.prepare("SELECT count(*) AS failed FROM runs WHERE sync_id = ? AND status = 'failed'");
    expect(await failed.bind(user.syncId).first("failed")).toBe(1);
  });
});

describe("a source that announces nothing of a content", () => {
  it("has it copied all the same, and its earlier content stays a version", async () => {
    const user = await syncedUser();
    const bare = { omit: ["hash", "contentTag", "size", "modifiedAt"] } as const;
    const id = user.drive.put("/bare.txt", "bare");
    user.drive.misreport(id, bare);
    await syncNow(user);
    const entries = "SELECT receipt->>'$.receipt.digest.entries' AS entries FROM receipts WHERE sync_id = ? ORDER BY run_id DESC LIMIT 1";
    expect(await env.DB.prepare(entries).bind(user.syncId).first("entries")).toBe(12);
    user.drive.put("/bare.txt", "bare no more");
    user.drive.misreport(id, bare);
    await syncNow(user);
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
    expect(await historyOf(user, id)).toEqual([[1, "superseded"]]);
  });
});

describe("a catalogue that does not answer", () => {
  it("costs a delay, and nothing else", async () => {
    const user = await syncedUser();
    user.drive.put("/new.txt", "new");
    const batch = vi.spyOn(env.DB, "batch").mockRejectedValueOnce(new Error("D1_ERROR: Network connection lost."));
    await syncNow(user, 5);
    expect(batch).toHaveBeenCalled();
    batch.mockRestore();
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
  });
});

describe("a person", () => {
  it("pauses and resumes: nothing happens between, and nothing is lost", async () => {
    const user = await syncedUser();
    unwrap(await user.stub.pause(user.syncId));
    user.drive.put("/new.txt", "new");
    await user.stub.wake({ reason: "webhook", connectionId: user.connectionId, feedId: "" });
    const asked = user.drive.requests.changes;
    await runDurableObjectAlarm(user.stub);
    expect(user.drive.requests.changes).toBe(asked);
    expect(await user.stub.run(user.syncId, { full: false, trigger: "manual" })).toMatchObject({ ok: false, code: "sync.not_active" });
    unwrap(await user.stub.resume(user.syncId));
    await workOff(user);
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
  });

  it("cancels a run, and the next one takes over what was left", async () => {
    const user = await createMemoryUser((drive) => {
      drive.settings.pageSize = 5;
      for (let n = 0; n < 30; n += 1) drive.put(`/${n}.txt`, `${n}`);
    });
    const active = unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
    const cancelled = unwrap(await user.stub.cancel(user.syncId));
    expect(cancelled).toMatchObject({ id: active.id, status: "cancelled" });
    expect(await user.stub.cancel(user.syncId)).toMatchObject({ ok: false, code: "run.none_active" });
    expect(await syncNow(user)).toMatchObject({ status: "completed" });
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
  });

  it("disconnects: the credential is gone, and the copy stays", async () => {
    const user = await syncedUser();
    expect(unwrap(await user.stub.disconnect(user.connectionId))).toMatchObject({ status: "revoked" });
    expect(await user.stub.accessToken(user.connectionId, { renew: false })).toMatchObject({ ok: false, code: "connection.not_active" });
    expect(user.drive.subscriptions.size).toBe(0);
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
  });

  it("deletes a sync: rows and content go, and then the connection can go too", async () => {
    const user = await syncedUser();
    unwrap(await user.stub.deleteSync(user.syncId));
    for (let round = 0; round < 20; round += 1) await runDurableObjectAlarm(user.stub);
    const rows = await env.DB.prepare(
      "SELECT (SELECT count(*) FROM items WHERE sync_id = ?1) + (SELECT count(*) FROM runs WHERE sync_id = ?1) + (SELECT count(*) FROM syncs WHERE id = ?1) + (SELECT count(*) FROM changes WHERE sync_id = ?1 AND items <> '{}') AS n",
    )
      .bind(user.syncId)
      .first("n");
    expect(rows).toBe(0);
    expect((await env.CONTENT.list({ prefix: `content/${user.userId}/` })).objects).toEqual([]);
    expect(unwrap(await user.stub.disconnect(user.connectionId))).toBeNull();
  });
});

describe("the clock", () => {
  it("wakes an interval sync only when its time has come", async () => {
    const user = await syncedUser();
    const asked = user.drive.requests.changes;
    await user.stub.wake({ reason: "schedule" });
    await runDurableObjectAlarm(user.stub);
    expect(user.drive.requests.changes).toBe(asked);
    vi.setSystemTime(Date.now() + 3_600_000);
    await user.stub.wake({ reason: "schedule" });
    await workOff(user);
    expect(user.drive.requests.changes).toBe(asked + 1);
  });

  it("moves a cron sync on to its next time", async () => {
    const user = await syncedUser();
    unwrap(await user.stub.updateSync(user.syncId, { schedule: { kind: "cron", cron: "0 * * * *", timeZone: "UTC" } }));
    const due = async () =>
      (await env.DB.prepare("SELECT next_due_at FROM syncs WHERE id = ?").bind(user.syncId).first<number>("next_due_at")) ?? 0;
    const first = await due();
    vi.setSystemTime(first + 1_000);
    const asked = user.drive.requests.changes;
    await user.stub.wake({ reason: "schedule" });
    await workOff(user);
    expect(user.drive.requests.changes).toBe(asked + 1);
    expect(await due()).toBe(first + 3_600_000);
  });

  it("looks again once the source has granted a subscription: nobody announces what changed before", async () => {
    const user = await createMemoryUser((drive) => {
      drive.put("/first.txt", "first");
      drive.fail("subscribe", new ProviderError("transient", "No answer."));
    });
    await workOff(user);
    user.drive.put("/unannounced.txt", "unannounced");
    const asked = user.drive.requests.changes;
    for (let minute = 0; minute < 6; minute += 1) {
      vi.setSystemTime(Date.now() + 60_000);
      await user.stub.wake({ reason: "watchdog" });
      await workOff(user);
    }
    expect(user.drive.requests).toMatchObject({ subscribe: 2, changes: asked + 1 });
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
  });

  it("renews the subscription at half its life", async () => {
    const user = await syncedUser();
    await runDurableObjectAlarm(user.stub);
    const [id, before] = [...user.drive.subscriptions][0] ?? [];
    const expiresAt = before?.expiresAt ?? 0;
    expect(user.drive.requests.subscribe).toBe(1);
    vi.setSystemTime(Date.now() + (expiresAt - Date.now()) / 2 + 60_000);
    await user.stub.wake({ reason: "watchdog" });
    await runDurableObjectAlarm(user.stub);
    expect(user.drive.requests).toMatchObject({ subscribe: 1, renew: 1 });
    expect(user.drive.subscriptions.get(id ?? "")?.expiresAt).toBeGreaterThan(expiresAt);
  });

  it.each(["forbidden", "unsupported"] as const)(
    "asks a source whose answer to a subscription is %s again after a day only",
    async (kind) => {
      const user = await createMemoryUser();
      user.drive.fail("subscribe", new ProviderError(kind, "None is granted."), 1_000);
      await workOff(user);
      const begun = user.drive.requests.subscribe;
      expect(begun).toBe(1);
      for (const [hours, asked] of [
        [20, 1],
        [5, 2],
      ] as const) {
        vi.setSystemTime(Date.now() + hours * 3_600_000);
        await user.stub.wake({ reason: "watchdog" });
        await workOff(user);
        expect(user.drive.requests.subscribe).toBe(asked);
      }
    },
  );

  it("looks once more a minute after a notification: change feeds lag", async () => {
    const user = await syncedUser();
    const asked = user.drive.requests.changes;
    await user.stub.wake({ reason: "webhook", connectionId: user.connectionId, feedId: "" });
    await workOff(user);
    expect(user.drive.requests.changes).toBe(asked + 1);
    vi.setSystemTime(Date.now() + 61_000);
    await user.stub.wake({ reason: "watchdog" });
    await workOff(user);
    expect(user.drive.requests.changes).toBe(asked + 2);
    vi.setSystemTime(Date.now() + 120_000);
    await user.stub.wake({ reason: "watchdog" });
    await workOff(user);
    expect(user.drive.requests.changes).toBe(asked + 2);
  });

  it("ends the subscription of a sync that is followed by hand only, and begins it anew under a new master key", async () => {
    const user = await syncedUser();
    await runDurableObjectAlarm(user.stub);
    expect(user.drive.subscriptions.size).toBe(1);
    unwrap(await user.stub.updateSync(user.syncId, { schedule: { kind: "manual" } }));
    await runDurableObjectAlarm(user.stub);
    expect(user.drive.subscriptions.size).toBe(0);

    unwrap(await user.stub.updateSync(user.syncId, { schedule: { kind: "interval", minutes: 60 } }));
    await runDurableObjectAlarm(user.stub);
    const [before] = [...user.drive.subscriptions.values()];
    const keys = env.MASTER_KEYS;
    await runInDurableObject(user.stub, (instance) => {
      Object.assign((instance as unknown as { env: Env }).env, { MASTER_KEYS: `newer:${"A".repeat(43)},${keys}` });
    });
    vi.setSystemTime(Date.now() + 20 * 86_400_000);
    await user.stub.wake({ reason: "watchdog" });
    await runDurableObjectAlarm(user.stub);
    const [after] = [...user.drive.subscriptions.values()];
    expect([user.drive.subscriptions.size, before?.clientState.split(".")[2], after?.clientState.split(".")[2]]).toEqual([
      1,
      "test",
      "newer",
    ]);
    await runInDurableObject(user.stub, (instance) => {
      Object.assign((instance as unknown as { env: Env }).env, { MASTER_KEYS: keys });
    });
  });

  it("rests while a person must sign in, whatever is due", async () => {
    const user = await syncedUser();
    await runDurableObjectAlarm(user.stub);
    user.drive.settings.missing = "account";
    unwrap(await user.stub.testConnection(user.connectionId));
    expect(await connectionStatus(user)).toBe("needs_reconnect");
    vi.setSystemTime(Date.now() + 20 * 86_400_000);
    await user.stub.wake({ reason: "watchdog" });
    await runDurableObjectAlarm(user.stub);
    await runInDurableObject(user.stub, async (_instance, state) => expect(await state.storage.getAlarm()).toBeNull());
  });
});
