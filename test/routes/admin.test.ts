import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { hashOfToken, makeToken } from "../../worker/auth/token.ts";
import { randomId, timeId } from "../../worker/ids.ts";
import { metricsText } from "../../worker/routes/metrics-text.ts";
import type { JobMessage } from "../../worker/sync/job.ts";
import type { WakeMessage } from "../../worker/webhooks/wake-message.ts";
import { DELIVERIES_MAX } from "../../worker/webhooks/deliveries.ts";
import { consumeDead, consumeWakes } from "../../worker/webhooks/wakes.ts";
import type { AdminRuns, AdminStatus, AdminUser, AdminUserDetail, DeadLetter, Redriven } from "../../worker/wire/admin.ts";
import { adminStatus, adminUser, adminUserDetail, deadLetter } from "../../worker/wire/admin.ts";
import { call, callJson, errorCode } from "./client.ts";
import { seedConnection, seedIdentity, seedRun, seedSession, seedSync, seedToken, seedUser } from "./seed.ts";

const HOUR = 3_600_000;
const settings = { ADMIN_SUBJECTS: "https://issuer.example/v2.0 the-admin" };
const ROUTES = ["/admin/status", "/admin/users", "/admin/users/x", "/admin/dead-letters"];

let admin: string;
let cookie: string;
let userId: string;
let name: string;

beforeEach(async () => {
  await env.DB.batch([
    env.DB.prepare("DELETE FROM dead_letters"),
    env.DB.prepare("DELETE FROM runs"),
    env.DB.prepare("DELETE FROM connections"),
  ]);
  admin = await seedUser({ name: "Root" });
  await seedIdentity(admin, { issuer: "https://issuer.example/v2.0", subject: "the-admin" });
  cookie = await seedSession(admin);
  name = `Zoë ${randomId()}`;
  userId = await seedUser({ name, email: `${randomId()}@Contoso.example` });
});

const ask = (path: string, options: Parameters<typeof call>[1] = {}) => call(`/api/v1${path}`, { cookie, env: settings, ...options });
const askJson = <T>(path: string, options: Parameters<typeof call>[1] = {}) =>
  callJson<T>(`/api/v1${path}`, { cookie, env: settings, ...options });

describe("who is no administrator", () => {
  it.each([...ROUTES, "/metrics"])("gets none of %s, by session or by a token with every other scope", async (route) => {
    const path = route === "/metrics" ? route : `/api/v1${route}`;
    const stranger = await seedSession(userId);
    const refused = await call(path, { cookie: stranger, env: settings });
    expect([refused.status, await errorCode(refused)]).toEqual([403, "auth.admin_required"]);
    const program = await call(path, {
      origin: null,
      headers: { authorization: `Bearer ${await tokenOf(admin, ["read", "run", "write"])}` },
      env: settings,
    });
    expect([program.status, await errorCode(program)]).toEqual([403, "auth.scope_missing"]);
    expect((await call(path, { env: settings })).status).toBe(401);
  });

  it("changes and runs nothing", async () => {
    const stranger = await seedSession(userId);
    for (const [method, path] of [
      ["PATCH", `/admin/users/${userId}`],
      ["POST", `/admin/users/${userId}/run`],
      ["POST", "/admin/dead-letters/redrive"],
    ] as const)
      // prettier-ignore
      expect((await ask(path, { method, cookie: stranger, json: {} })).status).toBe(403);
  });
});

describe("users", () => {
  it("are found by id, and by a part of their name or address, whatever its case", async () => {
    const found = async (search: string) =>
      (await askJson<{ items: AdminUser[] }>(`/admin/users?search=${encodeURIComponent(search)}`)).items;
    for (const search of [userId, name.slice(4).toUpperCase(), "@contoso.EXAMPLE"])
      expect(
        (await found(search)).map(({ id }) => id),
        search,
      ).toContain(userId);
    expect(await found("% nobody")).toEqual([]);
    expect(await found("' OR 1=1 --")).toEqual([]);
  });

  it("come page by page, each once, who signed in last first", async () => {
    const marker = randomId();
    const ids = await Promise.all(
      [1, 2, 3, 4, 5].map((n) => seedUser({ name: marker, signedInAt: 1_700_000_000_000 + Math.floor(n / 2) })),
    );
    const seen: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const page: { items: AdminUser[]; cursor: string | null } = await askJson(
        `/admin/users?search=${marker}&limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`,
      );
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.cursor;
    }
    expect(seen.toSorted()).toEqual(ids.toSorted());
    expect(seen[0] === ids[4] || seen[0] === ids[3]).toBe(true);
    expect((await ask("/admin/users?cursor=nonsense")).status).toBe(400);
  });

  it("are shown with what they keep and what waits for somebody, and nothing of anybody else's", async () => {
    await seedSync({ userId, storedBytes: 70, versionBytes: 5, itemCount: 9, failedCount: 2, heldCount: 3 });
    await seedSync({ userId, storedBytes: 30, alarmedAt: 1 });
    await seedSync({ userId: await seedUser(), storedBytes: 1_000, failedCount: 50 });
    await seedConnection(userId, { status: "needs_reconnect" });
    await seedConnection(userId);
    const { items } = await askJson<{ items: AdminUser[] }>(`/admin/users?search=${userId}`);
    expect(items.map((item) => adminUser.parse(item))).toMatchObject([
      {
        id: userId,
        usage: { bytes: 100, versionBytes: 5, items: 9, syncs: 2 },
        health: "attention",
        problems: { connections: 1, failedFiles: 2, heldFiles: 3, alarmedSyncs: 1 },
      },
    ]);
    const [healthy] = (await askJson<{ items: AdminUser[] }>(`/admin/users?search=${await seedUser()}`)).items;
    expect(healthy).toMatchObject({ health: "ok", usage: { bytes: 0, syncs: 0 } });
  });

  it("are shown in detail: no rules, no names of files", async () => {
    const syncId = await seedSync({ userId, name: "Work", selection: [{ itemId: "x", path: "/Secret plans", mode: "include" }] as never });
    await seedRun({ userId, syncId, status: "failed", errorCode: "provider.failed", errorMessage: "The source is away." });
    await seedIdentity(userId, { issuer: "https://issuer.example/v2.0", subject: userId });
    const text = await (await ask(`/admin/users/${userId}`)).text();
    expect(text).not.toContain("Secret");
    const detail = adminUserDetail.parse(JSON.parse(text));
    expect(detail).toMatchObject({
      admin: false,
      identities: [{ subject: userId }],
      quota: { bytes: null },
      syncs: [{ id: syncId, name: "Work", lastRun: { status: "failed", error: { message: "The source is away." } } }],
    });
    expect(await askJson<AdminUserDetail>(`/admin/users/${admin}`)).toMatchObject({ admin: true });
  });

  it("get limits of their own, which are changed one by one, and go back to the operator's", async () => {
    const patch = (quota: object) => askJson<AdminUserDetail>(`/admin/users/${userId}`, { method: "PATCH", json: { quota } });
    expect(await patch({ bytes: 1_000, syncs: 0 })).toMatchObject({
      ownQuota: { bytes: 1_000, items: null, syncs: 0 },
      quota: { bytes: 1_000, syncs: null },
    });
    expect(await patch({ items: 5 })).toMatchObject({ ownQuota: { bytes: 1_000, items: 5, syncs: 0 } });
    expect(await patch({ bytes: null })).toMatchObject({ ownQuota: { bytes: null, items: 5 } });
    for (const quota of [{ bytes: -1 }, { bytes: 1.5 }, { bytes: "1" }, { files: 1 }])
      expect((await ask(`/admin/users/${userId}`, { method: "PATCH", json: { quota } })).status).toBe(400);
  });

  it("have their syncs run; what cannot run is said with its reason", async () => {
    const paused = await seedSync({ userId, status: "paused" });
    const unknown = await seedSync({ userId });
    const answer = await askJson<AdminRuns>(`/admin/users/${userId}/run`, { method: "POST" });
    expect(answer).toMatchObject({ started: 0, refused: [{ syncId: unknown, code: "sync.not_found" }] });
    expect(JSON.stringify(answer)).not.toContain(paused);
  });

  it("that there are not get 404", async () => {
    for (const [method, path] of [
      ["GET", ""],
      ["PATCH", ""],
      ["POST", "/run"],
    ] as const) {
      const response = await ask(`/admin/users/${randomId()}${path}`, { method, ...(method === "PATCH" && { json: { quota: {} } }) });
      expect([response.status, await errorCode(response)]).toEqual([404, "user.not_found"]);
    }
  });
});

describe("the state of the system", () => {
  it("names who is overdue, which runs go on and which connections need their people", async () => {
    const now = Date.now();
    const late = await seedSync({ userId, nextDueAt: now - HOUR });
    await seedSync({ userId, nextDueAt: now - 60_000 });
    await seedSync({ userId, nextDueAt: now - HOUR, status: "paused" });
    const runId = await seedRun({ userId, syncId: late, status: "running", finishedAt: null });
    const broken = await seedConnection(userId, { status: "needs_reconnect" });
    await env.DB.prepare("INSERT OR REPLACE INTO ticks (name, at) VALUES ('wakes', ?)")
      .bind(now - 60_000)
      .run();
    const state = adminStatus.parse(await askJson<AdminStatus>("/admin/status"));
    expect(state.overdue.items).toContainEqual({ userId, syncId: late, dueAt: new Date(now - HOUR).toISOString() });
    expect(state.overdue).toMatchObject({ count: 1 });
    expect(state.unfinishedRuns).toMatchObject({ count: 1, items: [{ id: runId, userId, status: "running" }] });
    expect(state.connections).toMatchObject({ count: 1, items: [{ id: broken, userId, status: "needs_reconnect" }] });
    expect(state).toMatchObject({
      cron: { late: false },
      throttled: [],
      unreachable: [],
      queues: [{ name: "downloads" }, { name: "wakes" }],
    });
    await env.DB.prepare("UPDATE ticks SET at = ?")
      .bind(now - 10 * 60_000)
      .run();
    expect((await askJson<AdminStatus>("/admin/status")).cron.late).toBe(true);
  });

  it("tells which sources slow people down, and whose object does not answer", async () => {
    for (const user of ["slow", "silent"]) await seedRun({ userId: user, syncId: "s", status: "running", finishedAt: null });
    const until = new Date(Date.now() + HOUR).toISOString();
    const getByName = (user: string) => ({
      statuses: async () => {
        if (user === "silent") throw new Error("It is away.");
        return [
          { syncId: "s", waitingFor: { reason: "throttled", until } },
          { syncId: "t", waitingFor: { reason: "paused", until: null } },
        ];
      },
    });
    const bindings = { ...settings, USER_SYNC: { getByName } as unknown as Env["USER_SYNC"] };
    expect(await askJson<AdminStatus>("/admin/status", { env: bindings })).toMatchObject({
      throttled: [{ userId: "slow", syncId: "s", until }],
      unreachable: ["silent"],
    });
  });
});

describe("dead letters", () => {
  const job = (jobId = "job1"): JobMessage => ({ userId, jobId });
  const wake: () => WakeMessage = () => ({ userId, wake: { reason: "schedule" }, requestId: randomId() });
  const letters = async () =>
    (await askJson<{ items: DeadLetter[] }>("/admin/dead-letters")).items.map((letter) => deadLetter.parse(letter));

  it("are none while nothing dies, and cost no row", async () => {
    await deliver(consumeWakes, "tidemark-wakes", [wake()], { attempts: 1, objects: away() });
    expect(await letters()).toEqual([]);
  });

  it("are noted with why and how often, handed back at once, and shown as that", async () => {
    await deliver(consumeWakes, "tidemark-wakes", [wake()], { attempts: DELIVERIES_MAX.wakes, objects: away() });
    const objects = recording();
    await deliver(consumeDead, "tidemark-dead", [wake(), job(), job()], { objects });
    expect(objects.told.toSorted()).toEqual([`${userId} returns job1`, `${userId} wakes schedule`]);
    const found = await letters();
    expect(found.toSorted((one, other) => one.queue.localeCompare(other.queue))).toMatchObject([
      { queue: "downloads", userId, about: "job1", reason: null, count: 1, state: "returned" },
      { queue: "wakes", userId, about: "schedule", reason: "The object is away.", count: 1, state: "returned" },
    ]);
    await deliver(consumeDead, "tidemark-dead", [wake()], { objects });
    expect((await letters())[0]).toMatchObject({ queue: "wakes", count: 2, reason: "The object is away." });
  });

  it("that could not be handed back wait, come again by themselves, and can be sent by hand", async () => {
    const result = await deliver(consumeDead, "tidemark-dead", [job("a"), job("b")], { objects: away() });
    expect(result.retryMessages).toHaveLength(2);
    const waiting = await letters();
    expect(waiting).toMatchObject([{ state: "waiting" }, { state: "waiting" }]);
    expect((await askJson<AdminStatus>("/admin/status")).queues).toMatchObject([
      { name: "downloads", dead: { waiting: 2, returned: 0 } },
      { dead: { waiting: 0 } },
    ]);

    const still = await redrive({}, away());
    expect(still).toEqual({ returned: 0, failed: 2, left: false });
    const objects = recording();
    const id = waiting.find(({ about }) => about === "a")?.id;
    expect(await redrive({ ids: [id] }, objects)).toEqual({ returned: 1, failed: 0, left: false });
    expect(objects.told).toEqual([`${userId} returns a`]);
    expect(await redrive({}, objects)).toEqual({ returned: 1, failed: 0, left: false });
    expect(objects.told).toEqual([`${userId} returns a`, `${userId} returns b`]);
    // None waits: nothing is sent.
    expect(await redrive({}, objects)).toEqual({ returned: 0, failed: 0, left: false });
    expect((await letters()).map(({ state }) => state)).toEqual(["returned", "returned"]);
  });

  it("are handed back even where they cannot be noted", async () => {
    const objects = recording();
    const broken = { prepare: () => { throw new Error("The database is away."); } } as unknown as D1Database; // prettier-ignore
    const result = await deliver(consumeDead, "tidemark-dead", [job()], { objects, db: broken });
    expect([objects.told, result.explicitAcks.length]).toEqual([[`${userId} returns job1`], 1]);
  });

  const redrive = (json: object, objects: Objects) =>
    askJson<Redriven>("/admin/dead-letters/redrive", { json, env: { ...settings, USER_SYNC: objects.binding } });
});

describe("metrics", () => {
  it("are Prometheus's text, true, and of nobody in particular", async () => {
    await seedSync({ userId, status: "paused", storedBytes: 11, storedCount: 2, failedCount: 1 });
    await seedConnection(userId, { provider: "dropbox", status: "error", label: "Zoë's secret" });
    await deliver(consumeDead, "tidemark-dead", [{ userId, jobId: "j" }], { objects: away() });
    const response = await call("/metrics", {
      origin: null,
      headers: { authorization: `Bearer ${await tokenOf(admin, ["admin"])}` },
      env: settings,
    });
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/plain; version=0.0.4; charset=utf-8"]);
    const text = await response.text();
    const samples = parseMetrics(text);
    expect(samples.get('tidemark_connections{provider="dropbox",status="error"}')).toBe(1);
    expect(samples.get('tidemark_dead_letters{queue="downloads",state="waiting"}')).toBe(1);
    const { total } = (await env.DB.prepare("SELECT sum(stored_bytes) AS total FROM syncs").first<{ total: number }>()) ?? { total: -1 };
    expect(samples.get("tidemark_stored_bytes")).toBe(total);
    expect(
      samples.get('tidemark_syncs{mode="content",status="paused"}') ?? samples.get('tidemark_syncs{status="paused",mode="content"}'),
    ).toBeGreaterThan(0);
    for (const secret of [userId, admin, "Zoë", "contoso"]) expect(text).not.toContain(secret);
  });

  it("keep what is odd within its label", () => {
    const text = metricsText([
      { name: "odd", help: "One\nline \\ more", samples: [{ labels: { name: 'a"b\\c\nd' }, value: 1.5 }] },
      { name: "none", help: "Nothing.", samples: [] },
    ]);
    expect(parseMetrics(text)).toEqual(new Map([['odd{name="a\\"b\\\\c\\nd"}', 1.5]]));
  });
});

interface Objects {
  binding: Env["USER_SYNC"];
  told: string[];
}

/** Objects that note what they are told. */
function recording(): Objects {
  const told: string[] = [];
  const getByName = (user: string) => ({
    wake: async ({ reason }: { reason: string }) => void told.push(`${user} wakes ${reason}`),
    returnJobs: async (jobIds: string[]) => void told.push(...jobIds.map((jobId) => `${user} returns ${jobId}`)),
  });
  return { binding: { getByName } as unknown as Env["USER_SYNC"], told };
}

function away(): Objects {
  const fail = async () => {
    throw new Error("The object is away.");
  };
  const getByName = () => ({ wake: fail, returnJobs: fail, statuses: fail });
  return { binding: { getByName } as unknown as Env["USER_SYNC"], told: [] };
}

async function deliver<T>(
  consume: (batch: MessageBatch<T>, env: Env) => Promise<void>,
  queue: string,
  bodies: T[],
  options: { attempts?: number; objects: Objects; db?: D1Database },
) {
  const messages = bodies.map((body, n) => ({ id: `m${n}`, timestamp: new Date(), attempts: options.attempts ?? 1, body }));
  const batch = createMessageBatch<T>(queue, messages);
  await consume(batch, { ...env, USER_SYNC: options.objects.binding, ...(options.db && { DB: options.db }) });
  return getQueueResult(batch, createExecutionContext());
}

/** Prometheus's text format, strictly: each metric with its help and its type before its samples, and once. */
function parseMetrics(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  const told = new Set<string>();
  let current = "";
  expect(text.endsWith("\n")).toBe(true);
  const lines = text.slice(0, -1).split("\n");
  for (const [index, line] of lines.entries()) {
    const [, help] = /^# HELP ([a-z_]+) \S.*$/.exec(line) ?? [];
    if (help !== undefined) {
      expect(told.has(help), `${help} twice`).toBe(false);
      told.add(help);
      expect(lines[index + 1]).toBe(`# TYPE ${help} gauge`);
      current = help;
      continue;
    }
    if (line.startsWith("# TYPE ")) continue;
    const label = String.raw`[a-z_]+="(?:[^"\\\n]|\\[\\"n])*"`;
    const [, name = "", labels = "", value = ""] =
      new RegExp(`^([a-z_]+)(\\{${label}(?:,${label})*\\})? (-?\\d+(?:\\.\\d+)?(?:e[+-]?\\d+)?)$`).exec(line) ?? [];
    expect(name, line).toBe(current);
    expect(samples.has(name + labels), `${name}${labels} twice`).toBe(false);
    samples.set(name + labels, Number(value));
  }
  return samples;
}

async function tokenOf(ofUser: string, scopes: ("read" | "run" | "write" | "admin")[]): Promise<string> {
  const id = timeId(Date.now());
  const made = makeToken(id);
  await seedToken({ id, userId: ofUser, hash: hashOfToken(made), scopes });
  return made;
}
