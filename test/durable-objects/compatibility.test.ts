import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { UserSyncRpc } from "../../durable-objects/rpc.ts";
import { unwrap } from "../../worker/errors.ts";
import { contentKey } from "../../worker/sync/job.ts";
import { toEarlierRelease } from "../support/earlier-release.ts";
import type { MemoryUser } from "../support/memory-user.ts";
import { boundaries } from "../support/kill.ts";
import { createMemoryUser, mirrorOf, sourceOf } from "../support/memory-user.ts";
import { meetOutside } from "../support/outside.ts";

// A roll-out: migrations come first, then objects and consumers change over, each in its time. What the release before this
// one wrote, and what it asks for, keeps working.

const BOUNDARIES_MAX = 120;
// A phase of one or two calls is met so, too.
const STRIDE = 2;

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() }));
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

async function workOff(user: MemoryUser): Promise<void> {
  for (let round = 0; round < 300; round += 1) {
    try {
      await user.stub.wake({ reason: "watchdog" });
      await runDurableObjectAlarm(user.stub);
      const status = unwrap(await user.stub.status(user.syncId));
      if (status.activeRun === null && status.backlog.files === 0 && status.checkedAt !== null) return;
    } catch (error) {
      if (!/rolled out/.test(String(error))) throw error;
    }
    vi.setSystemTime(Date.now() + 5_000);
    await new Promise((resume) => setTimeout(resume, 5));
  }
  throw new Error(`Not idle: ${JSON.stringify(unwrap(await user.stub.status(user.syncId)))}`);
}

async function expectTrue(user: MemoryUser): Promise<void> {
  expect(await mirrorOf(user)).toEqual(sourceOf(user));
  const counted = await env.DB.prepare(
    "SELECT count(*) AS items, sum(kind = 1 AND state = 'stored') AS stored, sum(CASE WHEN kind = 1 AND state = 'stored' THEN stored_size END) AS bytes FROM items WHERE sync_id = ? AND state <> 'removed'",
  )
    .bind(user.syncId)
    .first();
  const said = await env.DB.prepare("SELECT item_count AS items, stored_count AS stored, stored_bytes AS bytes FROM syncs WHERE id = ?")
    .bind(user.syncId)
    .first();
  expect(said).toEqual(counted);
}

/** Leaves what the earlier release would have left, and has the object begin again, with this one. */
async function changeOver(state: DurableObjectState): Promise<void> {
  toEarlierRelease(state.storage);
  await state.storage.sync();
  state.abort("rolled out");
}

describe("an object of the release before", () => {
  it("is migrated at any point of a run, goes on with it, and the mirror ends equal to the source", { timeout: 300_000 }, async () => {
    const phases = new Set<unknown>();
    for (const after of boundaries(false, BOUNDARIES_MAX, STRIDE)) {
      const user = await createMemoryUser((drive) => {
        drive.settings.pageSize = 5;
        for (let n = 0; n < 6; n += 1) drive.put(`/docs/${n}.txt`, `first ${n}`);
        drive.put("/old/deep/er.txt", "goes");
      });
      await workOff(user);
      const { drive } = user;
      drive.put("/docs/1.txt", "replaced");
      drive.put("/docs/new.txt", "new");
      drive.delete(drive.mkdir("/old"));
      drive.expireCursors();

      let state: DurableObjectState | undefined;
      await runInDurableObject(user.stub, (_instance, given) => void (state = given));
      let calls = 0;
      let changedOver = false;
      const restore = await meetOutside(user, async (call) => {
        calls += 1;
        if (calls !== after + 1 || !state) return call();
        changedOver = true;
        for (const { phase } of state.storage.sql.exec<{ phase: string }>("SELECT phase FROM feeds").toArray()) phases.add(phase);
        await changeOver(state);
        return new Promise(() => undefined);
      });
      await user.stub.run(user.syncId, { full: false, trigger: "manual" }).catch(() => undefined);
      await workOff(user);
      restore();
      unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
      await workOff(user);
      await expectTrue(user);
      if (!changedOver) break;
      expect(after, "every point was met").toBeLessThan(BOUNDARIES_MAX - STRIDE);
    }
    expect([...phases]).toEqual(expect.arrayContaining(["idle", "listing", "catching_up", "sweeping", "removing"]));
  });

  it("has totals that lack what is new: they are counted with its next run, quiet as it may be", async () => {
    const user = await createMemoryUser((drive) => drive.put("/a.txt", "first"));
    await workOff(user);
    user.drive.put("/a.txt", "second");
    unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
    await workOff(user);
    await runInDurableObject(user.stub, (_instance, state) => changeOver(state)).catch(() => undefined);
    await env.DB.prepare("UPDATE syncs SET version_count = 0, version_bytes = 0 WHERE id = ?").bind(user.syncId).run();
    const runs = () => env.DB.prepare("SELECT count(*) AS n FROM runs WHERE sync_id = ?").bind(user.syncId).first("n");
    const before = await runs();
    vi.setSystemTime(Date.now() + 3_700_000);
    await user.stub.wake({ reason: "schedule" });
    await workOff(user);
    const totals = await env.DB.prepare("SELECT version_count, version_bytes FROM syncs WHERE id = ?").bind(user.syncId).first();
    expect(totals).toEqual({ version_count: 1, version_bytes: "first".length });
    expect(await runs(), "the run was quiet").toBe(before);
  });

  it("that is asked by a Worker of its own release, with objects of this one, answers every call", async () => {
    const user = await createMemoryUser((drive) => drive.put("/a.txt", "a"));
    await workOff(user);
    const object: UserSyncRpc = user.stub;
    const { syncId, connectionId } = user;
    // Arguments exactly as that release gives them.
    const create = { connectionId, mode: "content", schedule: { kind: "interval", minutes: 60 }, labels: {} } as const;
    const created = unwrap(await object.createSync(create));
    expect(unwrap(await object.updateSync(created.id, { name: "Renamed" })).name).toBe("Renamed");
    expect(unwrap(await object.updateSync(created.id, { mode: "metadata" })).mode).toBe("metadata");
    expect(unwrap(await object.updateSync(created.id, { schedule: { kind: "manual" } })).schedule).toEqual({ kind: "manual" });
    expect(unwrap(await object.pause(syncId)).status).toBe("paused");
    expect(unwrap(await object.resume(syncId, "request-1")).status).toBe("active");
    const run = unwrap(await object.run(syncId, { full: false, trigger: "manual" }));
    expect(unwrap(await object.cancel(syncId)).status).toBe("cancelled");
    expect(unwrap(await object.retry(run.id)).trigger).toBe("retry");
    for (const wake of [
      { reason: "schedule" },
      { reason: "watchdog" },
      { reason: "webhook", connectionId, feedId: "any" },
      { reason: "subscription", connectionId, feedId: "any", event: "reauthorize" },
      { reason: "subscription", connectionId, feedId: "any", event: "removed" },
    ] as const)
      await object.wake(wake);
    expect(unwrap(await object.status(syncId)).syncId).toBe(syncId);
    expect((await object.statuses()).map((status) => status.syncId).toSorted()).toEqual([syncId, created.id].toSorted());
    expect(unwrap(await object.labelConnection(connectionId, "Mine")).label).toBe("Mine");
    expect(unwrap(await object.testConnection(connectionId)).ok).toBe(true);
    expect(unwrap(await object.accessToken(connectionId, { renew: false }))).toBe("token");
    await object.returnJobs(["unknown"]);
    expect(unwrap(await object.deleteSync(created.id))).toBeNull();
    await workOff(user);
    await expectTrue(user);
    expect(unwrap(await object.disconnect(connectionId))?.status).toBe("revoked");
  });
});

describe("a consumer of the release before", () => {
  /** A user whose messages come to the test. */
  async function listedUser(fill: (user: MemoryUser["drive"]) => void): Promise<{ user: MemoryUser; sent: string[] }> {
    const sent: string[] = [];
    const user = await createMemoryUser(fill);
    await runInDurableObject(user.stub, (instance) => {
      vi.spyOn((instance as unknown as { env: Env }).env.DOWNLOADS, "sendBatch").mockImplementation(async (messages) => {
        for (const message of messages) sent.push((message.body as { jobId: string }).jobId);
        return { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };
      });
    });
    for (let round = 0; round < 20 && sent.length === 0; round += 1) await runDurableObjectAlarm(user.stub);
    return { user, sent };
  }

  it("leases and settles as it always did, with an object that has been changed over meanwhile", async () => {
    const { user, sent } = await listedUser((drive) => {
      for (let n = 0; n < 4; n += 1) drive.put(`/${n}.txt`, `content ${n}`);
    });
    const [jobId = ""] = sent;
    const { jobs } = await user.stub.lease({ jobIds: [jobId, "unknown"], requestId: "earlier" });
    const [job] = jobs;
    if (job?.kind !== "leased") throw new Error("The job was not leased.");
    // What that release reads of the answer.
    expect(job).toMatchObject({ jobId, lease: 1, syncId: user.syncId, connectionId: user.connectionId, orphanKeys: [] });
    expect(jobs[1]).toEqual({ kind: "drop", jobId: "unknown" });
    expect(Object.keys(job.files[0] ?? {})).toEqual(
      expect.arrayContaining(["remoteId", "name", "size", "hash", "download", "attempts", "index", "storedId", "path"]),
    );
    await runInDurableObject(user.stub, (_instance, state) => changeOver(state)).catch(() => undefined);

    const told = { syncId: user.syncId, jobId, lease: job.lease, usage: { providerRequests: 1, storagePuts: 1 }, requestId: "earlier" };
    expect(await user.stub.settle({ ...told, results: [], done: false })).toMatchObject({ accepted: true, discard: [] });
    const results = await Promise.all(
      job.files.map(async ({ index, remoteId, storedId }) => {
        const source = user.drive.files().find((each) => each.id === remoteId);
        await env.CONTENT.put(contentKey(user.userId, user.syncId, storedId), source?.bytes ?? "");
        const size = source?.bytes.length ?? 0;
        return { index, outcome: "stored" as const, remoteId, storedId, size, sha256: source?.sha256 ?? "", differs: false };
      }),
    );
    expect(await user.stub.settle({ ...told, results: results.slice(0, 2), done: false })).toMatchObject({ accepted: true, discard: [] });
    expect(await user.stub.settle({ ...told, results: results.slice(2), done: true })).toMatchObject({ accepted: true, discard: [] });
    await workOff(user);
    await expectTrue(user);
  });

  it("is not given a large file, which it would fetch whole: a consumer of this release gets it", async () => {
    const { user, sent } = await listedUser((drive) => {
      drive.put("/large.bin", "x");
      drive.misreport("/large.bin", { entry: { size: 10 * 1024 ** 3 } });
    });
    const [jobId = ""] = sent;
    expect(await user.stub.lease({ jobIds: [jobId], requestId: "earlier" })).toEqual({ jobs: [{ kind: "drop", jobId }] });
    expect(unwrap(await user.stub.status(user.syncId)).backlog.files, "the ledger still has it").toBe(1);
    await runDurableObjectAlarm(user.stub);
    expect(sent, "and does not send it again at once").toHaveLength(1);
    const { jobs } = await user.stub.lease({ jobIds: [jobId], requestId: "this", large: true });
    expect(jobs[0]).toMatchObject({ kind: "leased", large: { stage: "begin" } });
  });
});
