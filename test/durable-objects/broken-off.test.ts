import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import type { MemoryUser } from "../support/memory-user.ts";
import { createMemoryUser, settled } from "../support/memory-user.ts";

// What a call, or a consumer, leaves behind that broke off half-way.

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() }));
afterEach(() => void vi.useRealTimers());

async function shownSyncs(user: MemoryUser): Promise<unknown[]> {
  return (await env.DB.prepare("SELECT id FROM syncs WHERE user_id = ?").bind(user.userId).all<{ id: string }>()).results.map(
    ({ id }) => id,
  );
}

async function setting(user: MemoryUser, name: string, value: string): Promise<void> {
  await runInDurableObject(user.stub, (_instance, state) => {
    state.storage.sql.exec("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", name, value);
  });
}

describe("a sync whose making broke off", () => {
  it("is forgotten by D1 with the next wake of the clock", async () => {
    const user = await createMemoryUser();
    await settled(user);
    await env.DB.prepare(
      `INSERT INTO syncs (id, user_id, connection_id, name, mode, schedule, labels, status, created_at)
       SELECT 'half-made', user_id, connection_id, name, mode, schedule, labels, status, created_at FROM syncs WHERE id = ?`,
    )
      .bind(user.syncId)
      .run();
    await setting(user, "making_sync", JSON.stringify(["half-made"]));
    await user.stub.wake({ reason: "schedule" });
    expect(await shownSyncs(user)).toEqual([user.syncId]);
  });

  it("is not made twice by the sign-in that comes after it", async () => {
    const user = await createMemoryUser();
    await settled(user);
    await setting(user, "first_sync_of", user.connectionId);
    const { provider, accountId } = (await env.DB.prepare("SELECT provider, account_id AS accountId FROM connections WHERE id = ?")
      .bind(user.connectionId)
      .first<{ provider: string; accountId: string }>()) ?? { provider: "", accountId: "" };
    unwrap(
      await user.stub.addConnection({
        provider,
        account: { id: accountId, label: "Memory", email: null },
        scopes: [],
        tokens: { accessToken: "token", refreshToken: "refresh", expiresAt: Date.now() + 86_400_000 },
        homeShard: 0,
      }),
    );
    expect(await shownSyncs(user)).toEqual([user.syncId]);
  });
});

describe("totals in doubt", () => {
  it("are counted by the next run, and told to D1 though the run finds nothing", async () => {
    const user = await createMemoryUser((drive) => drive.put("/a.txt", "a"));
    await settled(user);
    await runInDurableObject(user.stub, (_instance, state) => {
      state.storage.sql.exec("UPDATE syncs SET stats = json_set(stats, '$.files', 7, '$.items', 9), stats_doubtful = 1");
    });
    await user.stub.wake({ reason: "webhook", connectionId: user.connectionId, feedId: "" });
    await settled(user);
    await runDurableObjectAlarm(user.stub);
    const shown = env.DB.prepare("SELECT item_count AS items, file_count AS files FROM syncs WHERE id = ?").bind(user.syncId);
    expect(await shown.first()).toEqual({ items: 2, files: 1 });
    await env.DB.prepare("UPDATE syncs SET file_count = 7 WHERE id = ?").bind(user.syncId).run();
    await runInDurableObject(user.stub, (_instance, state) => {
      state.storage.sql.exec("UPDATE syncs SET stats_shown = ''");
    });
    await user.stub.wake({ reason: "webhook", connectionId: user.connectionId, feedId: "" });
    await runDurableObjectAlarm(user.stub);
    await settled(user);
    expect(await shown.first()).toEqual({ items: 2, files: 1 });
  });
});

describe("a lease whose consumer died", () => {
  it("leaves nothing in the bucket, even where the files are wanted no longer", async () => {
    const user = await createMemoryUser();
    await settled(user);
    const send = vi.spyOn(env.DOWNLOADS, "sendBatch").mockResolvedValue({ metadata: { metrics: {} } } as never);
    const path = user.drive.path(user.drive.put("/new.txt", "new"));
    unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
    await runDurableObjectAlarm(user.stub);
    const jobId = await runInDurableObject(
      user.stub,
      (_instance, state) => state.storage.sql.exec<{ id: string }>("SELECT id FROM jobs").toArray()[0]?.id ?? "",
    );
    const lease = () => user.stub.lease({ jobIds: [jobId], requestId: crypto.randomUUID() });
    const first = (await lease()).jobs[0];
    if (first?.kind !== "leased") throw new Error("There is a job.");
    // The consumer puts the file and is heard of no more; then the file goes, and with it the wish for it.
    const key = `content/${user.userId}/${user.syncId}/${first.files[0]?.storedId}`;
    await env.CONTENT.put(key, "new", { customMetadata: { remoteId: first.files[0]?.remoteId ?? "" } });
    user.drive.delete(path);
    unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
    await runDurableObjectAlarm(user.stub);
    vi.setSystemTime(Date.now() + 60_000);
    expect((await lease()).jobs[0]?.kind).toBe("drop");
    vi.setSystemTime(Date.now() + 30 * 60_000);
    await runDurableObjectAlarm(user.stub);
    expect(await env.CONTENT.head(key)).toBeNull();
    send.mockRestore();
  });
});
