import { createExecutionContext, createMessageBatch, getQueueResult, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { consumeDownloads } from "../../worker/content/consumer.ts";
import { tick as cronTick } from "../../worker/cron.ts";
import { accounts } from "../../worker/db/client.ts";
import { recordAudit } from "../../worker/db/audit.ts";
import { beginErasure } from "../../worker/db/erasures.ts";
import { ProviderError } from "../../worker/providers/errors.ts";
import { createLogger } from "../../worker/log.ts";
import type { JobMessage } from "../../worker/sync/job.ts";
import { seedIdentity, seedRun, seedSession, seedToken } from "../routes/seed.ts";
import { arm, boundaries, disarm } from "../support/kill.ts";
import type { MemoryUser } from "../support/memory-user.ts";
import { createMemoryUser, mirrorOf } from "../support/memory-user.ts";
import { workOff } from "../support/versions.ts";

// A user is erased: wherever the object is killed meanwhile, and whatever comes late, nothing of them is left in the end.

const BOUNDARIES_MAX = 60;
const ROUNDS_MAX = 400;
const LAST_LOOK_MILLISECONDS = 21 * 60_000;
const log = createLogger(env, {});

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() }));
afterEach(() => {
  disarm();
  vi.useRealTimers();
});

const pass = (milliseconds: number) => void vi.setSystemTime(Date.now() + milliseconds);

/** Somebody with files, versions unless left out, a run's log, and everything that a person has. */
async function somebody({ versions = true } = {}): Promise<MemoryUser> {
  const user = await createMemoryUser((drive) => {
    for (let n = 0; n < 2; n += 1) drive.put(`/docs/${n}.txt`, `first ${n}`);
  });
  await workOff(user);
  if (versions) {
    user.drive.put("/docs/1.txt", "replaced");
    await user.stub.run(user.syncId, { full: false, trigger: "manual" });
    await workOff(user);
  }
  await seedIdentity(user.userId, { issuer: "issuer", subject: user.userId });
  await seedSession(user.userId);
  await seedToken({ userId: user.userId });
  await recordAudit(accounts(env), { userId: user.userId, actor: "session:x", action: "token.made", at: Date.now() });
  await deadLetterOf(user.userId);
  expect(await mirrorOf(user)).toHaveLength(2);
  expect(await env.CONTENT.head(`accounts/${user.userId}.json`)).not.toBeNull();
  return user;
}

function deadLetterOf(userId: string): Promise<D1Result> {
  return env.DB.prepare("INSERT INTO dead_letters VALUES (?1, 'wakes', ?1, '{}', NULL, 1, 1, 1, NULL)").bind(userId).run();
}

/** As the route does it. `kill`: the object, at one of its calls. */
async function erase(user: MemoryUser, kill?: Parameters<typeof arm>[1]): Promise<{ fired: () => boolean }> {
  await beginErasure(accounts(env), { userId: user.userId, actor: "session:x", action: "account.erasure_begun", at: Date.now() });
  const armed = kill ? await arm(user, kill) : { fired: () => false };
  await user.stub.wake({ reason: "erasure" });
  return armed;
}

/** By a statement that no kill counts. */
function endedAt({ userId }: MemoryUser): Promise<number | null> {
  const prepare = Object.getPrototypeOf(env.DB).prepare as D1Database["prepare"];
  return prepare.call(env.DB, "SELECT ended_at FROM erasures WHERE user_id = ?").bind(userId).first<number>("ended_at");
}

/** Lets the object go on until the catalogue says that it is done; as cron does, it is told again meanwhile. */
async function untilErased(user: MemoryUser, { cron = true } = {}): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    try {
      if (cron) await user.stub.wake({ reason: "erasure" });
      await runDurableObjectAlarm(user.stub);
    } catch (error) {
      if (!/killed/i.test(String(error))) throw error;
    }
    if ((await endedAt(user)) !== null) return;
    pass(5 * 60_000);
    await new Promise((resume) => setTimeout(resume, 2));
  }
  throw new Error("It has not ended.");
}

/** Rows of the user in every table that can have some, by table: those of tables to come as well. */
async function rowsLeft({ userId, syncId }: MemoryUser): Promise<Record<string, unknown[]>> {
  const { results } = await env.DB.prepare(
    `SELECT m.name AS name, group_concat(c.name) AS columns FROM sqlite_master m JOIN pragma_table_info(m.name) c
     WHERE m.type = 'table' AND m.name NOT LIKE 'd1_%' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE '\\_%' ESCAPE '\\' GROUP BY m.name`,
  ).all<{ name: string; columns: string }>();
  const left: Record<string, unknown[]> = {};
  for (const { name, columns } of results) {
    const of = columns.split(",");
    const mine = of.includes("user_id") ? "user_id = ?1" : of.includes("sync_id") ? "sync_id = ?2" : name === "users" ? "id = ?1" : null;
    const where = name === "run_events" ? "run_id NOT IN (SELECT id FROM runs)" : mine;
    if (where === null) continue;
    const found = await env.DB.prepare(`SELECT * FROM ${name} WHERE ${where.replace("?2", "?1")}`).bind(...(where.includes("?") ? [where.includes("?2") ? syncId : userId] : [])).all(); // prettier-ignore
    if (found.results.length > 0) left[name] = found.results;
  }
  return left;
}

async function keysLeft({ userId }: MemoryUser): Promise<string[]> {
  const lists = await Promise.all([`content/${userId}/`, `accounts/${userId}`].map((prefix) => env.CONTENT.list({ prefix })));
  return lists.flatMap(({ objects }) => objects.map(({ key }) => key));
}

/** What the object's storage has: rows by table, tables without any left out. */
async function storageOf(user: MemoryUser): Promise<Record<string, unknown[]>> {
  return runInDurableObject(user.stub, (_instance, { storage }) => {
    const tables = storage.sql.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite%'").toArray(); // prettier-ignore
    const rows = tables.map(({ name }) => [name, storage.sql.exec(`SELECT * FROM ${name}`).toArray()] as const);
    return Object.fromEntries(rows.filter(([name, found]) => name !== "migrations" && found.length > 0));
  });
}

async function expectNothing(user: MemoryUser): Promise<void> {
  expect(await keysLeft(user), "in the bucket").toEqual([]);
  expect(await rowsLeft(user), "in the catalogue").toEqual({
    erasures: [{ user_id: user.userId, begun_at: expect.any(Number), ended_at: expect.any(Number) }],
  });
  expect(await storageOf(user), "in the object").toEqual({ settings: [{ name: "erased_at", value: expect.any(String) }] });
  expect(await runInDurableObject(user.stub, (_instance, { storage }) => storage.getAlarm())).toBeNull();
}

describe("an erasure", () => {
  it("has nobody signed in, and no job given out, from the first moment on", async () => {
    const user = await somebody();
    user.drive.put("/docs/more.txt", "more");
    await erase(user);
    expect(Object.keys(await rowsLeft(user))).not.toEqual(expect.arrayContaining(["users"]));
    for (const table of ["users", "identities", "sessions", "tokens"]) expect(await rowsLeft(user)).not.toHaveProperty(table);
    expect(await user.stub.accessToken(user.connectionId, { renew: false })).toMatchObject({ ok: false, code: "account.being_erased" });
    expect(await user.stub.run(user.syncId, { full: false, trigger: "manual" })).toMatchObject({ ok: false, code: "sync.not_found" });
  });

  it("has contents and rows gone at once, and its own storage when nothing can come any more", async () => {
    const user = await somebody();
    await erase(user);
    await runDurableObjectAlarm(user.stub);
    expect(await keysLeft(user)).toEqual([]);
    expect(Object.keys(await rowsLeft(user))).toEqual(["erasures"]);
    expect(Object.keys(await storageOf(user))).toEqual(["settings"]);
    expect(await endedAt(user)).toBeNull();
    pass(LAST_LOOK_MILLISECONDS);
    await runDurableObjectAlarm(user.stub);
    await expectNothing(user);
  });

  it("asks a source that does not answer again to end its subscription, and goes on without it", async () => {
    const user = await somebody();
    let asked = 0;
    await runInDurableObject(user.stub, (_instance, { storage }) => {
      storage.sql.exec("DELETE FROM subscriptions");
      storage.sql.exec("INSERT INTO subscriptions (connection_id, feed_id, subscription_id, expires_at, due_at) VALUES (?, 'f', 's', 1, 1)", user.connectionId); // prettier-ignore
    });
    const provider = await import("../../worker/providers/registry.ts").then(({ providers }) => providers.get(`memory-${user.userId}`));
    if (!provider) throw new Error("There is no such provider.");
    const create = provider.create.bind(provider);
    provider.create = (...given) => ({
      ...create(...given),
      webhook: {
        lifetimeSeconds: 3600,
        subscribe: () => Promise.reject(new ProviderError("transient", "Down.")),
        unsubscribe: () => Promise.reject(new ProviderError("transient", `Down ${(asked += 1)}.`)),
      },
    });
    await erase(user);
    await runDurableObjectAlarm(user.stub);
    expect(asked).toBe(1);
    expect(await keysLeft(user), "the rest does not wait for it").toEqual([]);
    await untilErased(user, { cron: false });
    expect(asked).toBe(4);
    await expectNothing(user);
  });

  it("goes on where the object never heard of it, since cron tells it", async () => {
    const user = await somebody();
    await beginErasure(accounts(env), { userId: user.userId, actor: "session:x", action: "account.erasure_begun", at: Date.now() });
    const sent: unknown[] = [];
    const WAKES = { sendBatch: async (batch: Iterable<{ body: unknown }>) => void sent.push(...[...batch].map(({ body }) => body)) };
    await cronTick({ ...env, WAKES: WAKES as unknown as Queue }, log, Date.now());
    pass(6 * 60_000);
    await cronTick({ ...env, WAKES: WAKES as unknown as Queue }, log, Date.now());
    expect(sent).toContainEqual({ userId: user.userId, wake: { reason: "erasure" }, requestId: expect.any(String) });
  });
});

describe("what comes late", () => {
  it("of downloads is turned away, and its objects are deleted", async () => {
    const user = await somebody();
    user.drive.put("/docs/late.txt", "late");
    await user.stub.run(user.syncId, { full: false, trigger: "manual" });
    let jobId = "";
    for (let round = 0; jobId === "" && round < 50; round += 1) {
      jobId = await runInDurableObject(user.stub, async (instance, { storage }) => {
        const outside = (instance as unknown as { env: Env }).env;
        // Messages that are on their way for long.
        Object.defineProperty(outside.DOWNLOADS, "sendBatch", { configurable: true, value: async () => undefined });
        await instance.alarm();
        Reflect.deleteProperty(outside.DOWNLOADS, "sendBatch");
        return storage.sql.exec<{ id: string }>("SELECT id FROM jobs").toArray()[0]?.id ?? "";
      });
    }
    const [leased] = (await user.stub.lease({ jobIds: [jobId], requestId: "r", large: true })).jobs;
    if (leased?.kind !== "leased") throw new Error("The job was not leased.");
    await erase(user);
    await untilErased(user);

    const storedId = leased.files[0]?.storedId ?? "";
    const result = { index: 0, outcome: "stored", remoteId: "x", storedId, size: 4, sha256: "00", differs: false } as const;
    const answer = await user.stub.settle({
      syncId: user.syncId, jobId, lease: leased.lease, results: [result], done: true, requestId: "r",
      usage: { providerRequests: 0, storagePuts: 1 },
    }); // prettier-ignore
    expect(answer).toMatchObject({ accepted: false, discard: [storedId] });
    const batch = createMessageBatch<JobMessage>("tidemark-downloads", [{ id: "1", timestamp: new Date(), attempts: 1, body: { userId: user.userId, jobId } }]); // prettier-ignore
    await consumeDownloads(batch, env);
    expect((await getQueueResult(batch, createExecutionContext())).explicitAcks).toEqual(["1"]);
    await user.stub.returnJobs([jobId]);
    await user.stub.wake({ reason: "webhook", connectionId: user.connectionId, feedId: "f" });
    await expectNothing(user);
  });

  it("makes no connection and no sync", async () => {
    const user = await somebody();
    await erase(user);
    const account = { id: "other", label: "Other", email: null };
    const request = { provider: `memory-${user.userId}`, account, scopes: [], tokens: { accessToken: "a", refreshToken: "r", expiresAt: 1 }, homeShard: 0 }; // prettier-ignore
    const refused = { ok: false, code: "account.being_erased" };
    expect(await user.stub.addConnection(request)).toMatchObject(refused);
    await untilErased(user);
    expect(await user.stub.addConnection(request)).toMatchObject(refused);
    await user.stub.accountChanged();
    await expectNothing(user);
  });

  it("by a dead consumer or a call that was under way is found by the last look", async () => {
    const user = await somebody();
    await erase(user);
    await runDurableObjectAlarm(user.stub);
    await env.CONTENT.put(`content/${user.userId}/${user.syncId}/late-1-0`, "late");
    await env.CONTENT.put(`accounts/${user.userId}.json`, "{}");
    await seedSession(user.userId);
    await seedRun({ userId: user.userId, syncId: user.syncId });
    await untilErased(user, { cron: false });
    await expectNothing(user);
  });

  it("out of a backup of the catalogue is erased again by the clock's next wake", async () => {
    const user = await somebody();
    const row = await env.DB.prepare("SELECT id, name, created_at FROM users WHERE id = ?").bind(user.userId).first<{ name: string }>();
    await erase(user);
    await untilErased(user);
    await env.DB.prepare("INSERT INTO users (id, name, created_at, signed_in_at) VALUES (?, ?, 1, 1)").bind(user.userId, row?.name).run();
    await seedIdentity(user.userId, { issuer: "issuer", subject: user.userId });
    await user.stub.wake({ reason: "schedule" });
    await runDurableObjectAlarm(user.stub);
    pass(LAST_LOOK_MILLISECONDS);
    await runDurableObjectAlarm(user.stub);
    await expectNothing(user);
  });
});

describe.each([
  { effect: false, when: "before" },
  { effect: true, when: "right after" },
])("killed $when a call to the outside", ({ effect }) => {
  it("at any boundary of an erasure, nothing is left", { timeout: 240_000 }, async () => {
    let kills = 0;
    for (const after of boundaries(effect, BOUNDARIES_MAX)) {
      const user = await somebody({ versions: false });
      const { fired } = await erase(user, { after, effect });
      await untilErased(user);
      disarm();
      await expectNothing(user);
      if (!fired()) break;
      kills += 1;
    }
    expect(kills, "boundaries that were met").toBeGreaterThan(5);
    expect(kills, "every boundary was met").toBeLessThan(boundaries(effect, BOUNDARIES_MAX).length);
  });

  it.each(["deleted", "tombstone"])("or between the end of its storage and its tombstone (%s), nothing is left", async (point) => {
    const user = await somebody();
    await erase(user);
    await runDurableObjectAlarm(user.stub);
    pass(LAST_LOOK_MILLISECONDS);
    await runInDurableObject(user.stub, (_instance, state) => {
      const deleteAll = state.storage.deleteAll.bind(state.storage);
      Object.defineProperty(state.storage, "deleteAll", {
        configurable: true,
        value: async () => {
          if (effect) await deleteAll();
          if (point === "tombstone" && !effect) await state.storage.sync();
          state.abort("killed");
          return new Promise(() => undefined);
        },
      });
    });
    await untilErased(user);
    await expectNothing(user);
  });
});
