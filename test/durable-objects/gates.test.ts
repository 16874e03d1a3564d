import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import { ProviderError } from "../../worker/providers/errors.ts";
import type { FileResult, JobLease, SettleAnswer } from "../../worker/sync/job.ts";
import type { MemoryUser } from "../support/memory-user.ts";
import { createMemoryUser, mirrorOf, sourceOf } from "../support/memory-user.ts";

// A source that has had enough, or says that it soon will have: everybody leaves it alone, and nothing is lost by it.

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() }));
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

type Leased = Extract<JobLease, { kind: "leased" }>;

/** A user with three jobs out, and pages of the source still to be read. The queue is the test's. */
async function busyUser(): Promise<{ user: MemoryUser; sent: string[] }> {
  const sent: string[] = [];
  const user = await createMemoryUser((drive) => {
    drive.settings.pageSize = 40;
    for (let n = 0; n < 110; n += 1) drive.put(`/${n}.txt`, `content ${100 + n}`);
  });
  await runInDurableObject(user.stub, (instance) => {
    const outside = (instance as unknown as { env: Env }).env;
    vi.spyOn(outside.DOWNLOADS, "sendBatch").mockImplementation(async (messages) => {
      for (const message of messages) sent.push((message.body as { jobId: string }).jobId);
      return { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };
    });
  });
  await alarm(user);
  expect(sent).toHaveLength(3);
  return { user, sent };
}

const alarm = (user: MemoryUser) => runDurableObjectAlarm(user.stub);

function asked({ drive }: MemoryUser): number {
  const { changes, lookup, account, feeds, open, subscribe, renew } = drive.requests;
  return changes + lookup + account + feeds + open + subscribe + renew;
}

async function lease(user: MemoryUser, jobId = ""): Promise<JobLease | undefined> {
  return (await user.stub.lease({ jobIds: [jobId], requestId: crypto.randomUUID() })).jobs[0];
}

async function leased(user: MemoryUser, jobId?: string): Promise<Leased> {
  const job = await lease(user, jobId);
  if (job?.kind !== "leased") throw new Error("The job was not leased.");
  return job;
}

function tell(user: MemoryUser, job: Leased, results: FileResult[], more: { done?: boolean; budget?: object } = {}): Promise<SettleAnswer> {
  const usage = { providerRequests: 0, storagePuts: 0 };
  const { syncId, jobId, lease: number } = job;
  return user.stub.settle({ syncId, jobId, lease: number, results, done: false, usage, requestId: "test", ...more } as never);
}

function throttled(index: number, retryAfterSeconds?: number): FileResult {
  return { index, outcome: "failed", kind: "throttled", message: "Later.", ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) };
}

function stored(job: Leased, index: number): FileResult {
  const { remoteId, storedId } = job.files[index] ?? { remoteId: "", storedId: "" };
  return { index, outcome: "stored", remoteId, storedId, size: 1, sha256: "", differs: false };
}

async function waitSeconds(user: MemoryUser): Promise<number> {
  const { waitingFor } = unwrap(await user.stub.status(user.syncId));
  expect(waitingFor?.reason).toBe("throttled");
  return (Date.parse(waitingFor?.until ?? "") - Date.now()) / 1000;
}

async function workOff(user: MemoryUser): Promise<void> {
  vi.restoreAllMocks();
  for (let round = 0; round < 200; round += 1) {
    await user.stub.wake({ reason: "watchdog" });
    await alarm(user);
    const status = unwrap(await user.stub.status(user.syncId));
    if (status.activeRun === null && status.backlog.files === 0 && status.checkedAt !== null) return;
    vi.setSystemTime(Date.now() + 10_000);
    await new Promise((resume) => setTimeout(resume, 5));
  }
  throw new Error(`Not idle: ${JSON.stringify(unwrap(await user.stub.status(user.syncId)))}`);
}

describe("a consumer that is throttled", () => {
  it("gates the connection for all: others stop, none is given work, the listing waits, no attempt is counted", async () => {
    const { user, sent } = await busyUser();
    const [first, second, third] = [await leased(user, sent[0]), await leased(user, sent[1]), sent[2]];
    expect(await tell(user, second, [])).toEqual({ accepted: true, discard: [] });
    expect(await tell(user, first, [throttled(0, 120)])).toMatchObject({ accepted: true, stop: "connection" });
    expect(await tell(user, second, []), "its next sign of life").toMatchObject({ accepted: true, stop: "connection" });
    expect((await lease(user, third))?.kind).toBe("drop");
    expect(await waitSeconds(user)).toBeGreaterThanOrEqual(120);

    await tell(user, first, [], { done: true });
    await tell(user, second, [], { done: true });
    const before = asked(user);
    unwrap(await user.stub.run(user.syncId, { full: true, trigger: "manual" }));
    for (let passed = 0; passed < 110; passed += 10) {
      await user.stub.wake({ reason: "watchdog" });
      await user.stub.wake({ reason: "webhook", connectionId: user.connectionId, feedId: "" });
      await alarm(user);
      vi.setSystemTime(Date.now() + 10_000);
    }
    expect(asked(user), "asked between the refusal and the end of the gate").toBe(before);
    expect(sent).toHaveLength(3);

    vi.setSystemTime(Date.now() + 60_000);
    await alarm(user);
    const again = await leased(user, sent.at(-1));
    expect(again.files.map((file) => file.attempts)).toEqual(again.files.map(() => 0));
    await workOff(user);
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
  });

  it("with all its requests at once is refused once: the wait does not grow with their number", async () => {
    const { user, sent } = await busyUser();
    const job = await leased(user, sent[0]);
    await tell(
      user,
      job,
      job.files.slice(0, 10).map((file) => throttled(file.index)),
    );
    expect(await waitSeconds(user)).toBeLessThan(40);
    vi.setSystemTime(Date.now() + 40_000);
    await tell(user, job, [throttled(20)]);
    expect(await waitSeconds(user), "the second in a row waits longer").toBeGreaterThanOrEqual(60);
  });

  it("now and then, with files stored in between, is never refused in a row: the wait stays what it is at first", async () => {
    const { user, sent } = await busyUser();
    const job = await leased(user, sent[0]);
    for (let refusal = 0; refusal < 8; refusal += 1) {
      await tell(user, job, [stored(job, refusal), throttled(20 + refusal)]);
      expect(await waitSeconds(user), `after refusal ${refusal}`).toBeLessThan(40);
      vi.setSystemTime(Date.now() + 40_000);
    }
  });

  it("is let go on in an hour at the latest, whatever it was told", async () => {
    const { user, sent } = await busyUser();
    await tell(user, await leased(user, sent[0]), [throttled(0, 99_999_999_999)]);
    expect(await waitSeconds(user)).toBe(3_600);
  });
});

describe("while a connection is gated", () => {
  it("a test of it by a person is answered without asking the source, and does not prolong the wait", async () => {
    const { user, sent } = await busyUser();
    await tell(user, await leased(user, sent[0]), [throttled(0, 120)]);
    const before = { asked: asked(user), until: unwrap(await user.stub.status(user.syncId)).waitingFor?.until };
    expect(unwrap(await user.stub.testConnection(user.connectionId))).toMatchObject({
      ok: false,
      message: "The source has asked to wait.",
    });
    expect({ asked: asked(user), until: unwrap(await user.stub.status(user.syncId)).waitingFor?.until }).toEqual(before);
  });

  it("signing in again does not open the gate", async () => {
    const { user, sent } = await busyUser();
    await tell(user, await leased(user, sent[0]), [throttled(0, 120)]);
    const row = await env.DB.prepare("SELECT provider, account_id FROM connections WHERE id = ?")
      .bind(user.connectionId)
      .first<{ provider: string; account_id: string }>();
    const account = { id: row?.account_id ?? "", label: "Memory", email: null };
    const tokens = { accessToken: "new", refreshToken: "new", expiresAt: Date.now() + 86_400_000 };
    unwrap(await user.stub.addConnection({ provider: row?.provider ?? "", account, scopes: [], tokens, homeShard: 0 }));
    expect(await waitSeconds(user)).toBeGreaterThanOrEqual(120);
  });

  it("the syncs of another connection go on", async () => {
    const { user, sent } = await busyUser();
    await tell(user, await leased(user, sent[0]), [throttled(0, 600)]);
    const other = await createMemoryUser((drive) => drive.put("/other.txt", "other"));
    const account = { id: "another", label: "Other", email: null };
    const tokens = { accessToken: "t", refreshToken: "r", expiresAt: Date.now() + 86_400_000 };
    const connection = unwrap(
      await user.stub.addConnection({ provider: `memory-${other.userId}`, account, scopes: [], tokens, homeShard: 0 }),
    );
    const second = await env.DB.prepare("SELECT id FROM syncs WHERE connection_id = ?").bind(connection.id).first<string>("id");
    vi.restoreAllMocks();
    const neighbour = { ...user, syncId: second ?? "", drive: other.drive, stub: user.stub };
    for (let round = 0; round < 100 && (await mirrorOf(neighbour)).length === 0; round += 1) {
      await alarm(user);
      vi.setSystemTime(Date.now() + 1_000);
      await new Promise((resume) => setTimeout(resume, 20));
    }
    expect(await mirrorOf(neighbour)).toHaveLength(1);
    expect(await waitSeconds(user)).toBeGreaterThan(400);
  });
});

describe("an allowance that is all but used up", () => {
  it("has the listing rest before it is refused, until it is renewed", async () => {
    const user = await createMemoryUser((drive) => {
      drive.settings.pageSize = 10;
      for (let n = 0; n < 100; n += 1) drive.put(`/${n}.txt`, `${n}`);
    });
    user.drive.settings.budget = { limit: 1_250, remaining: 60, resetSeconds: 45 };
    await alarm(user);
    const before = asked(user);
    expect(await waitSeconds(user)).toBeGreaterThanOrEqual(45);
    expect(await waitSeconds(user)).toBeLessThanOrEqual(50);
    vi.setSystemTime(Date.now() + 44_000);
    await user.stub.wake({ reason: "watchdog" });
    await alarm(user);
    expect(asked(user)).toBe(before);
    user.drive.settings.budget = { limit: 1_250, remaining: 1_000, resetSeconds: 60 };
    await workOff(user);
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
    const { gates } = await runInDurableObject(user.stub, (_instance, { storage }) => ({
      gates: storage.sql.exec("SELECT gate_count FROM connections").one()["gate_count"],
    }));
    expect(gates, "a rest is no refusal").toBe(0);
  });

  it("that a consumer hears of gates the connection for all, and counts as no refusal", async () => {
    const { user, sent } = await busyUser();
    const [first, second] = [await leased(user, sent[0]), await leased(user, sent[1])];
    expect(await tell(user, first, [], { budget: { limit: 1_000, remaining: 600, resetSeconds: 20 } })).not.toHaveProperty("stop");
    expect(await tell(user, first, [], { budget: { limit: 1_000, remaining: 20, resetSeconds: 20 } })).toMatchObject({
      stop: "connection",
    });
    expect(await tell(user, second, [])).toMatchObject({ stop: "connection" });
    expect(await waitSeconds(user)).toBeLessThanOrEqual(22);
  });

  it("makes the time left what it lets through", async () => {
    const { user, sent } = await busyUser();
    expect(unwrap(await user.stub.status(user.syncId)).secondsLeft, "before anything was measured").toBeNull();
    const job = await leased(user, sent[0]);
    vi.setSystemTime(Date.now() + 5_000);
    const results = job.files.map((file): FileResult => {
      const { index, remoteId, storedId } = file;
      return { index, outcome: "stored", remoteId, storedId, size: file.size ?? 0, sha256: "0".repeat(64), differs: false };
    });
    await tell(user, job, results, { done: true });
    vi.setSystemTime(Date.now() + 5_000);
    await alarm(user);
    const { backlog, secondsLeft } = unwrap(await user.stub.status(user.syncId));
    expect(backlog.files).toBe(110 - job.files.length);
    // As many as came in ten seconds.
    expect(secondsLeft).toBe(Math.round(backlog.files / (job.files.length / 10)));
    vi.setSystemTime(Date.now() + 40_000);
    expect(unwrap(await user.stub.status(user.syncId)).secondsLeft, "between two settlements nothing is forgotten").toBe(secondsLeft);

    await tell(user, await leased(user, sent[1]), [], { budget: { limit: 30, remaining: 25, resetSeconds: 40 } });
    // 25 now, and 30 each minute from the fortieth second on.
    expect(unwrap(await user.stub.status(user.syncId)).secondsLeft).toBe(40 + 60 * (Math.ceil((backlog.files - 25) / 30) - 1));
  });
});

describe("a subscription", () => {
  it("that is throttled gates the connection too", async () => {
    const user = await createMemoryUser((drive) => {
      drive.put("/a.txt", "a");
      drive.fail("subscribe", new ProviderError("throttled", "Later.", { retryAfterSeconds: 90 }));
    });
    for (let round = 0; round < 20 && user.drive.requests.subscribe === 0; round += 1) await alarm(user);
    expect(await waitSeconds(user)).toBeGreaterThanOrEqual(90);
  });
});
