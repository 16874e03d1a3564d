import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { Connection, ConnectionTest, Dashboard, Item, Me, Run, Status, Sync, SyncStatus } from "../../worker/wire.ts";
import { connection as connectionShape, dashboard as dashboardShape, status as statusShape, sync as syncShape } from "../../worker/wire.ts";
import { Browser } from "../auth/browser.ts";
import { readEvents } from "./read-events.ts";

// A person with a drive of a few files, from sign-in on, through the API alone.

const account = `routes-${Date.now()}@contoso.example`;
const browser = new Browser();
let sync: Sync;

beforeAll(async () => {
  await sandbox(`drives/${account}/mutate`, {
    ops: [
      { op: "create", path: "/Notes/a.txt", bytes: "aaa" },
      { op: "create", path: "/b.txt", bytes: "bb" },
    ],
  });
  await browser.visit(`/auth/microsoft/login?login_hint=${account}`, (url) => url.pathname === "/app");
  sync = await until(
    async () => (await get<{ items: Sync[] }>("/syncs")).items[0],
    (found) => found?.lastRun?.status === "completed",
  );
}, 30_000);

async function sandbox(path: string, body: object): Promise<void> {
  const response = await fetch(`https://sandbox.test/_sandbox/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(await response.text());
}

function send(method: string, path: string, body?: object): Promise<Response> {
  const headers = { origin: "https://tidemark.example", "content-type": "application/json" };
  return browser.fetch(`/api/v1${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
}

async function get<T>(path: string): Promise<T> {
  return expectJson<T>(await browser.fetch(`/api/v1${path}`), 200);
}

async function expectJson<T>(response: Response, status: number): Promise<T> {
  const text = await response.text();
  expect([response.status, text]).toEqual([status, text]);
  return JSON.parse(text) as T;
}

async function until<T>(look: () => Promise<T>, good: (value: T) => boolean): Promise<NonNullable<T>> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const value = await look();
    if (good(value) && value !== null && value !== undefined) return value;
    await scheduler.wait(50);
  }
  throw new Error(`It did not come to that: ${JSON.stringify(await look())}`);
}

describe("after the first sign-in", () => {
  it("everything is here, with its bytes", async () => {
    expect(syncShape.parse(sync)).toMatchObject({
      status: "active",
      stats: { files: 2, stored: 2, bytes: 5 },
      lastRun: { type: "full", trigger: "created" },
    });
    const { items } = await get<{ items: Item[] }>(`/syncs/${sync.id}/items`);
    expect(items.map((item) => item.path)).toEqual(["/Notes", "/b.txt"]);
    const content = await browser.fetch(`/api/v1/items/${items[1]?.id}/content`);
    expect(await content.text()).toBe("bb");
  });

  it("the dashboard, the status and the providers say so", async () => {
    const dashboard = dashboardShape.parse(await get<Dashboard>("/dashboard"));
    expect(dashboard.totals).toMatchObject({ files: 2, stored: 2 });
    expect(dashboard.recentRuns[0]).toMatchObject({ syncId: sync.id });
    const status = statusShape.parse(await get<Status>("/status"));
    expect(status.syncs).toMatchObject([{ id: sync.id, name: sync.name, live: { backlog: { files: 0 } } }]);
    const onedrive = { id: "onedrive", methods: [expect.objectContaining({ authority: "microsoft", available: true })] };
    expect(await get("/providers")).toMatchObject({ items: expect.arrayContaining([expect.objectContaining(onedrive)]) });
  });
});

describe("a connection", () => {
  it("is shown, named, tested and renewed", async () => {
    const { items } = await get<{ items: Connection[] }>("/connections");
    const [connection] = connectionShape.array().parse(items);
    const path = `/connections/${connection?.id}`;
    expect(await get(path)).toEqual(connection);
    expect(await expectJson(await send("PATCH", path, { label: " Work " }), 200)).toMatchObject({ label: "Work" });
    expect(await expectJson<ConnectionTest>(await send("POST", `${path}/test`), 200)).toMatchObject({
      ok: true,
      account: { email: account },
    });
    expect(await expectJson(await send("POST", `${path}/refresh`), 200)).toMatchObject({ status: "active" });
  });

  it("with syncs stays, revoked, when it is deleted", async () => {
    const other = new Browser();
    await other.visit(`/auth/microsoft/login?login_hint=revoked-${account}`, (url) => url.pathname === "/app");
    const [connection] = (await (await other.fetch("/api/v1/connections")).json<{ items: Connection[] }>()).items;
    const response = await other.fetch(`/api/v1/connections/${connection?.id}`, {
      method: "DELETE",
      headers: { origin: "https://tidemark.example" },
    });
    expect(await expectJson(response, 200)).toMatchObject({ id: connection?.id, status: "revoked" });
  });
});

describe("a sync", () => {
  it("is run on demand, one run at a time", async () => {
    const run = await expectJson<Run>(await send("POST", `/syncs/${sync.id}/run`, { full: true }), 202);
    expect(run).toMatchObject({ syncId: sync.id, type: "full", trigger: "manual" });
    expect(await get(`/runs/${run.id}`)).toMatchObject({ id: run.id });
    const done = await until(
      () => get<Run>(`/runs/${run.id}`),
      ({ finishedAt }) => finishedAt !== null,
    );
    expect(done.status).toBe("completed");
    expect((await get<{ items: Run[] }>(`/syncs/${sync.id}/runs`)).items[0]).toMatchObject({ id: run.id });
  });

  it("is run with all the others", async () => {
    const { items } = await expectJson<{ items: Run[] }>(await send("POST", "/syncs/run"), 202);
    expect(items).toMatchObject([{ syncId: sync.id }]);
  });

  it("is renamed, labelled and scheduled", async () => {
    const patch = { name: "Mine", labels: { team: "a" }, schedule: { kind: "cron", cron: "0 3 * * *", timeZone: "Europe/Berlin" } };
    expect(await expectJson(await send("PATCH", `/syncs/${sync.id}`, patch), 200)).toMatchObject(patch);
    expect((await get<Sync>(`/syncs/${sync.id}`)).nextRunAt).toMatch(/T0[12]:00:00/);
    expect((await send("PATCH", `/syncs/${sync.id}`, { schedule: { kind: "cron", cron: "never" } })).status).toBe(400);
  });

  it("is paused and resumed", async () => {
    expect(await expectJson(await send("POST", `/syncs/${sync.id}/pause`), 200)).toMatchObject({ status: "paused", nextRunAt: null });
    expect((await send("POST", `/syncs/${sync.id}/run`)).status).toBe(409);
    expect(await expectJson(await send("POST", `/syncs/${sync.id}/resume`), 200)).toMatchObject({ status: "active" });
    expect((await get<SyncStatus>(`/syncs/${sync.id}/status`)).status).toBe("active");
  });

  it("without an active run has none to cancel", async () => {
    await until(
      () => get<SyncStatus>(`/syncs/${sync.id}/status`),
      ({ activeRun }) => activeRun === null,
    );
    expect((await send("POST", `/syncs/${sync.id}/cancel`)).status).toBe(409);
  });

  it("is made and erased", async () => {
    const other = new Browser();
    await other.visit(`/auth/microsoft/login?login_hint=erased-${account}`, (url) => url.pathname === "/app");
    const headers = { origin: "https://tidemark.example", "content-type": "application/json" };
    const [first] = (await (await other.fetch("/api/v1/syncs")).json<{ items: Sync[] }>()).items;
    expect((await other.fetch(`/api/v1/syncs/${first?.id}`, { method: "DELETE", headers })).status).toBe(204);
    const gone = await until(
      () => other.fetch(`/api/v1/syncs/${first?.id}`),
      (response) => response.status === 404,
    );
    expect(gone.status).toBe(404);
    const body = JSON.stringify({ connectionId: first?.connectionId, name: "Again", mode: "metadata", schedule: { kind: "manual" } });
    expect(await expectJson(await other.fetch("/api/v1/syncs", { method: "POST", headers, body }), 201)).toMatchObject({
      name: "Again",
      nextRunAt: null,
    });
  });
});

describe("live events", () => {
  it("tell what happens, while it happens", async () => {
    const response = await browser.fetch("/api/v1/events");
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    const reading = readEvents(response, (events) => events.some(({ event }) => event === "run"));
    const run = await expectJson<Run>(await send("POST", `/syncs/${sync.id}/run`, { full: true }), 202);
    const events = await reading;
    expect(events.find(({ event }) => event === "run")?.data).toMatchObject({ run: { id: run.id } });
    expect(events.every(({ id }) => id !== undefined)).toBe(true);
  });

  it("leave no socket at the object once the reader is gone, however it went", async () => {
    const sockets = async () => {
      const { id } = await get<Me>("/me");
      return runInDurableObject(env.USER_SYNC.getByName(id), (_, state) => state.getWebSockets().length);
    };
    const gone = new AbortController();
    const response = await browser.fetch("/api/v1/events", { signal: gone.signal });
    const cancelled = await browser.fetch("/api/v1/events");
    await until(sockets, (open) => open >= 2);
    gone.abort();
    await cancelled.body?.cancel();
    await until(sockets, (open) => open === 0);
    expect(response.status).toBe(200);
  });

  it("that are no longer known ask for a fresh start", async () => {
    const response = await browser.fetch("/api/v1/events", { headers: { "last-event-id": "unknown-1" } });
    const events = await readEvents(response, (seen) => seen.length > 0);
    expect(events[0]).toMatchObject({ event: "reset" });
  });

  it("of a run's log are followed to its end", async () => {
    const run = await expectJson<Run>(await send("POST", `/syncs/${sync.id}/run`, { full: true }), 202);
    const events = await readEvents(await browser.fetch(`/api/v1/runs/${run.id}/logs`));
    expect(events.at(-1)?.event).toBe("end");
    const numbers = events.filter(({ event }) => event === "log").map(({ id }) => Number(id));
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(new Set(numbers).size).toBe(numbers.length);
  });
});
