import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import type { FileResult, JobLease } from "../../worker/sync/job.ts";
import { contentKey } from "../../worker/sync/job.ts";
import { unwrap } from "../../worker/errors.ts";
import { contentMetadata } from "../../worker/content/metadata.ts";
import type { MemoryDrive } from "../../worker/providers/memory-drive.ts";
import { totalsOf } from "../support/catalogue.ts";
import { arm, disarm } from "../support/kill.ts";
import type { MemoryUser } from "../support/memory-user.ts";
import { createMemoryUser, mirrorOf, sourceOf } from "../support/memory-user.ts";

// The object's side of a job, with the queue cut off: what the consumers do is done here, by hand.

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() }));
afterEach(() => void vi.useRealTimers());

type Leased = Extract<JobLease, { kind: "leased" }>;

/** A user with `files` files listed and their jobs in the ledger, none of them in the queue. */
async function listedUser(
  files: number,
  fill: (drive: MemoryDrive) => void = () => undefined,
): Promise<{ user: MemoryUser; sent: string[] }> {
  const sent: string[] = [];
  const user = await createMemoryUser((drive) => {
    for (let n = 0; n < files; n += 1) drive.put(`/${n}.txt`, `content ${n}`);
    fill(drive);
  });
  await runInDurableObject(user.stub, (instance) => {
    const outside = (instance as unknown as { env: Env }).env;
    vi.spyOn(outside.DOWNLOADS, "sendBatch").mockImplementation(async (messages) => {
      for (const message of messages) sent.push((message.body as { jobId: string }).jobId);
      return { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };
    });
  });
  await expect.poll(() => alarm(user).then(() => sent.length)).toBeGreaterThan(0);
  return { user, sent };
}

async function alarm(user: MemoryUser): Promise<void> {
  await runDurableObjectAlarm(user.stub);
}

/** As a consumer that nobody has heard of before, unless it is named. */
async function lease(user: MemoryUser, jobId: string, requestId: string = crypto.randomUUID()): Promise<JobLease | undefined> {
  return (await user.stub.lease({ jobIds: [jobId], requestId })).jobs[0];
}

async function leased(user: MemoryUser, jobId: string): Promise<Leased> {
  const job = await lease(user, jobId);
  if (job?.kind !== "leased") throw new Error("The job was not leased.");
  return job;
}

/** Stores a leased job's files as a consumer would. */
async function store(user: MemoryUser, job: Leased): Promise<FileResult[]> {
  return Promise.all(
    job.files.map(async (file): Promise<FileResult> => {
      const source = user.drive.files().find((each) => each.id === file.remoteId);
      const bytes = source?.bytes ?? new Uint8Array();
      await env.CONTENT.put(contentKey(user.userId, user.syncId, file.storedId), bytes);
      return {
        index: file.index,
        outcome: "stored",
        remoteId: file.remoteId,
        storedId: file.storedId,
        size: bytes.length,
        sha256: source?.sha256 ?? "",
        differs: false,
      };
    }),
  );
}

function settlement(job: Leased, results: FileResult[], done = true) {
  return {
    syncId: job.syncId,
    jobId: job.jobId,
    lease: job.lease,
    results,
    done,
    usage: { providerRequests: 0, storagePuts: 0 },
    requestId: "test",
  };
}

async function storedKeys(user: MemoryUser): Promise<string[]> {
  const { objects } = await env.CONTENT.list({ prefix: `content/${user.userId}/` });
  return objects.map((object) => object.key);
}

afterEach(() => void vi.restoreAllMocks());

describe("a message that comes twice", () => {
  it("finds its job leased, and is dropped", async () => {
    const { user, sent } = await listedUser(3);
    const [jobId = ""] = sent;
    await leased(user, jobId);
    expect(await lease(user, jobId)).toEqual({ kind: "drop", jobId });
  });

  it("finds its job settled, and is dropped", async () => {
    const { user, sent } = await listedUser(3);
    const [jobId = ""] = sent;
    const job = await leased(user, jobId);
    await user.stub.settle(settlement(job, await store(user, job)));
    expect(await lease(user, jobId)).toEqual({ kind: "drop", jobId });
    await alarm(user);
    expect(await lease(user, jobId)).toEqual({ kind: "drop", jobId });
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
  });
});

describe("a message that is lost", () => {
  it("is sent again", async () => {
    const { user, sent } = await listedUser(3);
    vi.setSystemTime(Date.now() + 61_000);
    await alarm(user);
    expect(sent).toEqual([sent[0], sent[0]]);
  });

  it("is sent again after its consumer died with the object, though the object is put out of memory whenever it waits", async () => {
    const { user, sent } = await listedUser(3);
    const before = await leased(user, sent[0] ?? "");
    for (let restarts = 0; restarts < 3 && sent.length === 1; restarts += 1) {
      await runInDurableObject(user.stub, (_instance, state) => state.abort("out of memory")).catch(() => undefined);
      await alarm(user);
      vi.setSystemTime(Date.now() + 16_000);
    }
    expect(sent).toEqual([sent[0], sent[0]]);
    expect((await leased(user, sent[0] ?? "")).lease).toBe(before.lease + 1);
  });
});

describe("a lease whose answer was lost", () => {
  it("is answered again to the consumer that asks again, and to no other", async () => {
    const { user, sent } = await listedUser(3);
    const [jobId = ""] = sent;
    const first = await lease(user, jobId, "consumer 1");
    expect(await lease(user, jobId, "consumer 1")).toEqual(first);
    expect(await lease(user, jobId, "consumer 2")).toEqual({ kind: "drop", jobId });
    const job = await lease(user, jobId, "consumer 1");
    if (job?.kind !== "leased") throw new Error("The job was not leased.");
    expect(job.lease).toBe(1);
    await user.stub.settle(settlement(job, await store(user, job)));
    await alarm(user);
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
  });

  it("is the same one where both questions are under way at once, and its job is not sent again meanwhile", async () => {
    const { user, sent } = await listedUser(3);
    const [jobId = ""] = sent;
    const [one, other] = await Promise.all([lease(user, jobId, "consumer 1"), lease(user, jobId, "consumer 1")]);
    expect(one?.kind).toBe("leased");
    expect(other).toEqual(one);
    await alarm(user);
    expect(sent).toEqual([jobId]);
  });

  it("of two consumers that ask at once only one has it, and the job is not sent again meanwhile", async () => {
    const { user, sent } = await listedUser(3);
    const [jobId = ""] = sent;
    const answers = await Promise.all([lease(user, jobId, "consumer 1"), lease(user, jobId, "consumer 2")]);
    expect(answers.map((answer) => answer?.kind).toSorted()).toEqual(["drop", "leased"]);
    await alarm(user);
    expect(sent).toEqual([jobId]);
    expect(await lease(user, jobId, "consumer 3")).toEqual({ kind: "drop", jobId });
  });
});

describe("a settlement", () => {
  it("that comes after its run was cancelled is counted though the object is killed when the catalogue has it", async () => {
    const { user, sent } = await listedUser(1);
    const job = await leased(user, sent[0] ?? "");
    unwrap(await user.stub.cancel(user.syncId));
    const results = await store(user, job);
    const { fired } = await arm(user, { after: 0, effect: true });
    await user.stub.settle(settlement(job, results));
    await alarm(user).catch(() => undefined);
    disarm();
    expect(fired()).toBe(true);
    await alarm(user);
    unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
    await alarm(user);
    const { said, counted } = await totalsOf(user);
    expect(said).toEqual(counted);
    expect(said).toMatchObject({ stored: 1 });
  });

  it("that is repeated, before and after it was drained, keeps what it stored", async () => {
    const { user, sent } = await listedUser(3);
    const job = await leased(user, sent[0] ?? "");
    const results = await store(user, job);
    const answers = [await user.stub.settle(settlement(job, results)), await user.stub.settle(settlement(job, results))];
    await alarm(user);
    answers.push(await user.stub.settle(settlement(job, results)));
    expect(answers.map((answer) => answer.discard)).toEqual([[], [], []]);
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
  });

  it("of a lease that was given to another is refused, and what it stored is to be deleted", async () => {
    const { user, sent } = await listedUser(3);
    const jobId = sent[0] ?? "";
    const first = await leased(user, jobId);
    const late = await store(user, first);
    vi.setSystemTime(Date.now() + 60_000);
    const second = await leased(user, jobId);
    expect(second.orphanKeys).toEqual(first.files.map((file) => contentKey(user.userId, user.syncId, file.storedId)));
    expect(second.files.map((file) => file.storedId)).not.toEqual(first.files.map((file) => file.storedId));
    await user.stub.settle(settlement(second, await store(user, second)));
    await alarm(user);
    const answer = await user.stub.settle(settlement(first, late));
    expect(answer).toEqual({ accepted: false, discard: first.files.map((file) => file.storedId) });
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
  });

  it("of a content that the source has replaced meanwhile does not count, and leaves nothing in the bucket", async () => {
    const { user, sent } = await listedUser(1);
    const job = await leased(user, sent[0] ?? "");
    const results = await store(user, job);
    user.drive.put("/0.txt", "replaced");
    unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
    await alarm(user);
    await user.stub.settle(settlement(job, results));
    // Settlements are gathered for a while, as long as another job is out.
    vi.setSystemTime(Date.now() + 30_000);
    await alarm(user);
    expect(await mirrorOf(user)).toEqual([]);
    expect(await storedKeys(user)).toEqual([]);
    const next = await leased(user, sent.at(-1) ?? "");
    await user.stub.settle(settlement(next, await store(user, next)));
    await alarm(user);
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
  });

  it("of a stale job that is drained together with the newer one's counts once, and leaves nothing in the bucket", async () => {
    const { user, sent } = await listedUser(1);
    const stale = await leased(user, sent[0] ?? "");
    const staleResults = await store(user, stale);
    user.drive.put("/0.txt", "replaced");
    unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
    await alarm(user);
    const newer = await leased(user, sent.at(-1) ?? "");
    await user.stub.settle(settlement(stale, staleResults));
    await user.stub.settle(settlement(newer, await store(user, newer)));
    await alarm(user);
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
    expect(await storedKeys(user)).toHaveLength(1);
    expect(await env.DB.prepare("SELECT stored_count, stored_bytes FROM syncs WHERE id = ?").bind(user.syncId).first()).toEqual({
      stored_count: 1,
      stored_bytes: "replaced".length,
    });
  });

  it("without results for some files gives them back to the ledger", async () => {
    const { user, sent } = await listedUser(3);
    const job = await leased(user, sent[0] ?? "");
    const results = await store(user, job);
    await user.stub.settle(settlement(job, results.slice(0, 1)));
    await alarm(user);
    expect(await mirrorOf(user)).toHaveLength(1);
    // What was put and never reported is not left behind.
    expect(await storedKeys(user)).toHaveLength(1);
    const rest = await leased(user, sent.at(-1) ?? "");
    expect(rest.files).toHaveLength(2);
    await user.stub.settle(settlement(rest, await store(user, rest)));
    await alarm(user);
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
  });

  it("that is repeated after its job went back to the ledger says nothing of the files that are left", async () => {
    const { user, sent } = await listedUser(3);
    const job = await leased(user, sent[0] ?? "");
    const results = await store(user, job);
    const request = settlement(job, results.slice(0, 1));
    await user.stub.settle(request);
    await alarm(user);
    expect(await user.stub.settle(request)).toMatchObject({ accepted: false, discard: [] });
    await alarm(user);
    const rest = await leased(user, sent.at(-1) ?? "");
    await user.stub.settle(settlement(rest, await store(user, rest)));
    await alarm(user);
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
  });

  it("that says what the source has now does not bring back what was removed meanwhile", async () => {
    const { user, sent } = await listedUser(1);
    const job = await leased(user, sent[0] ?? "");
    const [file] = job.files;
    const entry = { id: file?.remoteId ?? "", kind: "file" as const, name: "0.txt", parentId: user.drive.rootId, size: 5 };
    user.drive.delete("/0.txt");
    unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
    await alarm(user);
    await user.stub.settle(settlement(job, [{ index: 0, outcome: "changed", entry }]));
    vi.setSystemTime(Date.now() + 30_000);
    await alarm(user);
    const row = await env.DB.prepare("SELECT state FROM items WHERE sync_id = ? AND kind = 1").bind(user.syncId).first("state");
    expect(row).toBe("removed");
  });

  it("that says what the source has now leaves marked what the change feed has marked as removed", async () => {
    const { user, sent } = await listedUser(1);
    const job = await leased(user, sent[0] ?? "");
    const remoteId = job.files[0]?.remoteId ?? "";
    const marks = () =>
      runInDurableObject(user.stub, (_instance, { storage }) => storage.sql.exec("SELECT remote_id FROM removals").toArray());
    await runInDurableObject(user.stub, (_instance, { storage }) => {
      storage.sql.exec("INSERT INTO removals (sync_id, feed_id, remote_id) VALUES (?, ?, ?)", user.syncId, user.drive.id, remoteId);
    });
    const entry = { id: remoteId, kind: "file" as const, name: "0.txt", parentId: user.drive.rootId, size: 5 };
    await user.stub.settle(settlement(job, [{ index: 0, outcome: "changed", entry }]));
    await alarm(user);
    expect(await env.DB.prepare("SELECT size FROM items WHERE sync_id = ? AND kind = 1").bind(user.syncId).first("size")).toBe(5);
    expect(await marks()).toEqual([{ remote_id: remoteId }]);
  });

  it("that says what the source has now does not overwrite what its change feed has said since", async () => {
    const { user, sent } = await listedUser(1);
    const job = await leased(user, sent[0] ?? "");
    const [file] = job.files;
    const entry = { id: file?.remoteId ?? "", kind: "file" as const, name: "0.txt", parentId: user.drive.rootId, size: 5 };
    user.drive.put("/0.txt", "replaced");
    user.drive.rename("/0.txt", "renamed.txt");
    unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
    await alarm(user);
    await user.stub.settle(settlement(job, [{ index: 0, outcome: "changed", entry }]));
    vi.setSystemTime(Date.now() + 30_000);
    await alarm(user);
    const next = await leased(user, sent.at(-1) ?? "");
    expect(next.files).toMatchObject([{ name: "renamed.txt", size: "replaced".length }]);
    await user.stub.settle(settlement(next, await store(user, next)));
    await alarm(user);
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
  });

  it("that comes in parts survives a consumer that dies between them", async () => {
    const { user, sent } = await listedUser(3);
    const jobId = sent[0] ?? "";
    const job = await leased(user, jobId);
    const results = await store(user, job);
    await user.stub.settle(settlement(job, results.slice(0, 2), false));
    vi.setSystemTime(Date.now() + 60_000);
    expect((await lease(user, jobId))?.kind).toBe("drop");
    await alarm(user);
    expect(await mirrorOf(user)).toHaveLength(2);
    const rest = await leased(user, jobId);
    expect(rest.files).toHaveLength(1);
  });
});

describe("what is looked for of a lease that broke off", () => {
  it("is deleted though its sync was erased meanwhile, and its consumer died with it", async () => {
    const { user, sent } = await listedUser(1);
    const job = await leased(user, sent[0] ?? "");
    unwrap(await user.stub.deleteSync(user.syncId));
    for (let round = 0; round < 5; round += 1) await alarm(user);
    expect(await user.stub.statuses()).toEqual([]);
    await store(user, job);
    expect(await storedKeys(user)).toHaveLength(1);
    vi.setSystemTime(Date.now() + 30 * 60_000);
    await user.stub.wake({ reason: "watchdog" });
    await alarm(user);
    expect(await storedKeys(user)).toEqual([]);
  });

  it("is not deleted where the catalogue has it, however long the item's id", async () => {
    const { user, sent } = await listedUser(1, (drive) => drive.misreport("/0.txt", { entry: { id: "i".repeat(2_000) } }));
    const jobId = sent[0] ?? "";
    const job = await leased(user, jobId);
    const [file] = job.files;
    if (!file) throw new Error("The job has no file.");
    const key = contentKey(user.userId, user.syncId, file.storedId);
    await env.CONTENT.put(key, "content 0", contentMetadata(file, 9, "0".repeat(64)));
    const { remoteId, storedId } = file;
    const result: FileResult = { index: 0, outcome: "stored", remoteId, storedId, size: 9, sha256: "0".repeat(64), differs: false };
    await user.stub.settle(settlement(job, [result], false));
    vi.setSystemTime(Date.now() + 60_000);
    expect((await lease(user, jobId))?.kind).toBe("drop");
    await alarm(user);
    expect(await env.DB.prepare("SELECT state FROM items WHERE sync_id = ? AND kind = 1").bind(user.syncId).first("state")).toBe("stored");
    vi.setSystemTime(Date.now() + 30 * 60_000);
    await user.stub.wake({ reason: "watchdog" });
    await alarm(user);
    await runInDurableObject(user.stub, (_instance, { storage }) => {
      expect(storage.sql.exec("SELECT * FROM litter").toArray()).toEqual([]);
    });
    expect(await storedKeys(user)).toEqual([key]);
  });
});

describe("a job whose files are no longer wanted", () => {
  it("is not leased with those that were removed", async () => {
    const { user, sent } = await listedUser(2);
    user.drive.delete(user.drive.put("/0.txt", "content 0"));
    unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
    await alarm(user);
    const job = await leased(user, sent[0] ?? "");
    expect(job.files.map((file) => file.name)).toEqual(["1.txt"]);
  });

  it("is not leased while the sync is paused, and is when it is resumed", async () => {
    const { user, sent } = await listedUser(2);
    unwrap(await user.stub.pause(user.syncId));
    expect((await lease(user, sent[0] ?? ""))?.kind).toBe("drop");
    unwrap(await user.stub.resume(user.syncId));
    await alarm(user);
    expect(sent.length).toBe(2);
    expect((await lease(user, sent[0] ?? ""))?.kind).toBe("leased");
  });
});

describe("a failure", () => {
  async function fail(
    user: MemoryUser,
    jobId: string,
    kind: Extract<FileResult, { outcome: "failed" }>["kind"],
    retryAfterSeconds?: number,
  ) {
    const job = await leased(user, jobId);
    const results = job.files.map((file): FileResult => ({
      index: file.index,
      outcome: "failed",
      kind,
      message: "no",
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    }));
    await user.stub.settle(settlement(job, results));
    await alarm(user);
  }

  async function logOf(user: MemoryUser): Promise<unknown[]> {
    const lines = env.DB.prepare("SELECT message FROM run_events JOIN runs ON runs.id = run_id WHERE sync_id = ? ORDER BY number");
    return (await lines.bind(user.syncId).all()).results.map((row) => row["message"]);
  }

  it("that passes is tried again, later each time, and then given up with a reason and a next attempt", async () => {
    const { user, sent } = await listedUser(1);
    for (let attempt = 0; attempt < 5; attempt += 1) {
      await fail(user, sent.at(-1) ?? "", "transient");
      vi.setSystemTime(Date.now() + 400_000);
      await alarm(user);
    }
    const row = await env.DB.prepare("SELECT state, reason, attempts, next_attempt_at FROM items WHERE sync_id = ? AND kind = 1")
      .bind(user.syncId)
      .first();
    expect(row).toMatchObject({ state: "failed", reason: "transient", attempts: 5 });
    expect(row?.["next_attempt_at"]).toBeGreaterThan(Date.now());
    const run = await env.DB.prepare("SELECT status, failed FROM runs WHERE sync_id = ?").bind(user.syncId).first();
    expect(run).toEqual({ status: "incomplete", failed: 1 });
    expect(await logOf(user)).toContain("“0.txt” could not be kept. The source could not hand it out just then. (no)");

    // Its time comes: it is tried again by itself.
    vi.setSystemTime(Date.now() + 5_000_000);
    await alarm(user);
    const job = await leased(user, sent.at(-1) ?? "");
    await user.stub.settle(settlement(job, await store(user, job)));
    await alarm(user);
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
  });

  it("by throttling makes the whole connection wait, and counts no attempt", async () => {
    const { user, sent } = await listedUser(1);
    const before = sent.length;
    await fail(user, sent[0] ?? "", "throttled", 120);
    const status = unwrap(await user.stub.status(user.syncId));
    expect(status.waitingFor?.reason).toBe("throttled");
    expect(sent.length).toBe(before);
    vi.setSystemTime(Date.now() + 200_000);
    await alarm(user);
    expect(sent.length).toBe(before + 1);
    const job = await leased(user, sent.at(-1) ?? "");
    expect(job.files[0]?.attempts).toBe(0);
  });

  it("by malware is skipped with that reason, and the run completes", async () => {
    const { user, sent } = await listedUser(1);
    await fail(user, sent[0] ?? "", "blocked");
    const row = await env.DB.prepare("SELECT state, reason FROM items WHERE sync_id = ? AND kind = 1").bind(user.syncId).first();
    expect(row).toEqual({ state: "skipped", reason: "malware" });
    expect(await logOf(user)).toContain("Skipped “0.txt”. The source marks it as malware and does not hand it out.");
    expect(await env.DB.prepare("SELECT status FROM runs WHERE sync_id = ?").bind(user.syncId).first("status")).toBe("completed");
  });
});
