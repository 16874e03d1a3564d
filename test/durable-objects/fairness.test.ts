import { createExecutionContext, createMessageBatch, getQueueResult, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { consumeDownloads } from "../../worker/content/consumer.ts";
import { unwrap } from "../../worker/errors.ts";
import { ProviderError } from "../../worker/providers/errors.ts";
import { createMemoryDrive, memoryProvider } from "../../worker/providers/memory.ts";
import type { MemoryDrive } from "../../worker/providers/memory-drive.ts";
import { providers } from "../../worker/providers/registry.ts";
import type { JobMessage } from "../../worker/sync/job.ts";
import type { MemoryUser } from "../support/memory-user.ts";
import { createMemoryUser, mirrorOf, sourceOf } from "../support/memory-user.ts";

// One queue for everybody, worked off a message at a time in the order of arrival, which is the worst case: one consumer.
// What is counted are jobs and steps, not seconds.

const BIG_FILES = 2_000;
const SMALL_FILES = 120;
const JOBS_IN_FLIGHT = Number(env.USER_JOBS_IN_FLIGHT);

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() }));
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** The one queue. Messages wait until the test delivers them. */
async function sharedQueue(users: readonly MemoryUser[]) {
  const waiting: JobMessage[] = [];
  for (const user of users) {
    await runInDurableObject(user.stub, (instance) => {
      vi.spyOn((instance as unknown as { env: Env }).env.DOWNLOADS, "sendBatch").mockImplementation(async (messages) => {
        for (const message of messages) waiting.push(message.body as JobMessage);
        return { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };
      });
    });
  }
  return waiting;
}

async function deliver(body: JobMessage): Promise<void> {
  const batch = createMessageBatch<JobMessage>("tidemark-downloads", [{ id: body.jobId, timestamp: new Date(), attempts: 1, body }]);
  await consumeDownloads(batch, env);
  await getQueueResult(batch, createExecutionContext());
}

/** Another drive of the user, with a connection and a sync of its own. */
async function addDrive(user: MemoryUser, name: string, fill: (drive: MemoryDrive) => void): Promise<MemoryUser> {
  const drive = createMemoryDrive(`${name}-${user.userId}`);
  fill(drive);
  const provider = `${name}-${user.userId}`;
  providers.set(provider, { ...memoryProvider(drive), id: provider });
  const account = { id: provider, label: name, email: null };
  const tokens = { accessToken: "t", refreshToken: "r", expiresAt: Date.now() + 365 * 86_400_000 };
  const connection = unwrap(await user.stub.addConnection({ provider, account, scopes: [], tokens, homeShard: 0 }));
  const syncId = (await env.DB.prepare("SELECT id FROM syncs WHERE connection_id = ?").bind(connection.id).first<string>("id")) ?? "";
  const { userId } = user;
  return { userId, drive, connectionId: connection.id, syncId, get stub() { return env.USER_SYNC.getByName(userId); } }; // prettier-ignore
}

const fill = (files: number) => (drive: MemoryDrive) => {
  for (let n = 0; n < files; n += 1) drive.put(`/${n}.txt`, `${n}`);
};

async function isDone(user: MemoryUser): Promise<boolean> {
  const { activeRun, backlog, checkedAt } = unwrap(await user.stub.status(user.syncId));
  return activeRun === null && backlog.files === 0 && checkedAt !== null;
}

it("one user's big source starves neither their other source nor another user", { timeout: 240_000 }, async () => {
  const first = await createMemoryUser(fill(BIG_FILES));
  const second = await createMemoryUser(fill(SMALL_FILES));
  const waiting = await sharedQueue([first, second]);
  // The big one has a head start: its jobs fill all the places that its user has.
  await runDurableObjectAlarm(first.stub);
  expect(waiting).toHaveLength(JOBS_IN_FLIGHT);
  const sibling = await addDrive(first, "sibling", fill(SMALL_FILES));
  const names = new Map([
    [first.syncId, "big"],
    [sibling.syncId, "sibling"],
    [second.syncId, "neighbour"],
  ]);
  const served: string[] = [];
  const bigJobsBefore: Record<string, number> = {};
  const jobs = { small: 0, big: 0 };
  for (let turn = 0; turn < 2_000 && !(await isDone(first)); turn += 1) {
    for (const user of [first, second]) {
      await user.stub.wake({ reason: "watchdog" });
      await runDurableObjectAlarm(user.stub);
    }
    for (const [name, user] of [
      ["sibling", sibling],
      ["neighbour", second],
    ] as const) {
      if (bigJobsBefore[name] === undefined && (await isDone(user))) bigJobsBefore[name] = jobs.big;
    }
    const next = waiting.shift();
    if (next) {
      const job = await runInDurableObject(env.USER_SYNC.getByName(next.userId), (_instance, { storage }) =>
        storage.sql.exec<{ syncId: string }>("SELECT sync_id AS syncId FROM jobs WHERE id = ?", next.jobId).toArray(),
      );
      const name = names.get(job[0]?.syncId ?? "") ?? "nobody's";
      served.push(name);
      jobs[name === "big" ? "big" : "small"] += 1;
      await deliver(next);
    }
    vi.setSystemTime(Date.now() + 1_000);
  }
  const smallJobs = served.filter((name) => name === "sibling").length;
  expect(smallJobs).toBeGreaterThanOrEqual(Math.ceil(SMALL_FILES / 50));
  expect(served.filter((name) => name === "big").length).toBeGreaterThanOrEqual(BIG_FILES / 50);
  // At most what was in the queue before them, and then one of the big one's for each of theirs; and the same again for
  // messages that came while settlements were drained.
  const bound = JOBS_IN_FLIGHT + 2 * smallJobs + JOBS_IN_FLIGHT;
  expect(bigJobsBefore["sibling"], served.join()).toBeLessThanOrEqual(bound);
  expect(bigJobsBefore["neighbour"], served.join()).toBeLessThanOrEqual(bound);
  expect(bound, "while the big one is under way").toBeLessThan(BIG_FILES / 50);
  for (const user of [first, sibling, second]) expect(await mirrorOf(user)).toEqual(sourceOf(user));
});

it.each([
  ["fails over and over", (drive: MemoryDrive) => drive.fail("changes", new ProviderError("transient", "No."), 1_000)],
  ["is throttled", (drive: MemoryDrive) => drive.fail("changes", new ProviderError("throttled", "No.", { retryAfterSeconds: 900 }), 1_000)],
  ["lists without end", (drive: MemoryDrive) => void (drive.settings.pageSize = 2)],
])("a source that %s holds up no other of the same user", async (_what, spoil) => {
  const bad = await createMemoryUser((drive) => {
    fill(400)(drive);
    spoil(drive);
  });
  const good = await addDrive(bad, "good", fill(SMALL_FILES));
  const order: string[] = [];
  for (const [name, { drive }] of [
    ["bad", bad],
    ["good", good],
  ] as const) {
    const meet = drive.meet.bind(drive);
    drive.meet = (method, id) => {
      if (method === "changes") order.push(name);
      return meet(method, id);
    };
  }
  for (let round = 0; round < 60 && !(await isDone(good)); round += 1) {
    await runDurableObjectAlarm(bad.stub);
    vi.setSystemTime(Date.now() + 1_000);
    await new Promise((resume) => setTimeout(resume, 10));
  }
  expect(await mirrorOf(good)).toEqual(sourceOf(good));
  const listed = order.slice(0, order.lastIndexOf("good") + 1);
  expect(listed.filter((name) => name === "good").length).toBeGreaterThanOrEqual(2);
  // A step of the one for a step of the other; a step need not ask for a page.
  expect(listed.filter((name) => name === "bad").length, listed.join()).toBeLessThan(10);
});
