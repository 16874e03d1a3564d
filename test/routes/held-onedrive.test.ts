import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { HeldFolder, Item, Run, Sync } from "../../worker/wire.ts";
import { Browser } from "../auth/browser.ts";

// A OneDrive that suddenly is empty, through the API alone.

const account = `emptied-${Date.now()}@contoso.example`;
const browser = new Browser();
const FILES = 6;
let sync: Sync;

beforeAll(async () => {
  const ops = Array.from({ length: FILES }, (_, n) => ({ op: "create", path: `/Papers/${n}.txt`, bytes: `paper ${n}` }));
  await sandbox(`drives/${account}/mutate`, { ops });
  await browser.visit(`/auth/microsoft/login?login_hint=${account}`, (url) => url.pathname === "/app");
  sync = await until(
    async () => (await get<{ items: Sync[] }>("/syncs")).items[0],
    (found) => found?.lastRun?.status === "completed",
  );
}, 30_000);

async function sandbox(path: string, body: object): Promise<void> {
  const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(`https://sandbox.test/_sandbox/${path}`, init);
  if (!response.ok) throw new Error(await response.text());
}

async function get<T>(path: string): Promise<T> {
  const response = await browser.fetch(`/api/v1${path}`);
  if (!response.ok) throw new Error(await response.text());
  return response.json<T>();
}

async function post<T>(path: string, body: object = {}): Promise<T> {
  const headers = { origin: env.ORIGIN, "content-type": "application/json" };
  const response = await browser.fetch(`/api/v1${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  expect(response.status).toBe(202);
  return response.json<T>();
}

async function until<T>(look: () => Promise<T>, good: (value: T) => boolean): Promise<NonNullable<T>> {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    const value = await look();
    if (good(value) && value !== null && value !== undefined) return value;
    await scheduler.wait(50);
  }
  throw new Error(`It did not come to that: ${JSON.stringify(await look())}`);
}

describe("a OneDrive that lists nothing but its root", () => {
  it("has nothing removed here until the person says so", async () => {
    const { items } = await get<{ items: Item[] }>(`/syncs/${sync.id}/items`);
    const children = await get<{ items: Item[] }>(`/syncs/${sync.id}/items?parent=${items[0]?.id}`);
    await sandbox(`drives/${account}/mutate`, { ops: [{ op: "delete", path: "/Papers" }] });
    await sandbox(`cursors/${account}/expire`, {});
    const { id } = await post<Run>(`/syncs/${sync.id}/run`);
    const run = await until(
      () => get<Run>(`/runs/${id}`),
      ({ finishedAt }) => finishedAt !== null,
    );
    expect(run).toMatchObject({ status: "held", type: "full", progress: { held: FILES, removed: 0 } });
    const held = await get<{ items: HeldFolder[] }>(`/runs/${id}/held`);
    expect(held.items).toMatchObject([{ path: "/Papers", files: FILES, folders: 1, reasons: ["emptied"] }]);
    const first = children.items[0];
    expect(await (await browser.fetch(`/api/v1/items/${first?.id}/content`)).text()).toBe("paper 0");

    await post(`/runs/${id}/approve`, { folders: [held.items[0]?.folderId] });
    await until(
      () => get<Run>(`/runs/${id}`),
      ({ status }) => status === "completed",
    );
    expect((await get<{ items: Item[] }>(`/syncs/${sync.id}/items`)).items).toEqual([]);
    expect(await get<Item>(`/items/${first?.id}`)).toMatchObject({ state: "removed" });
  });
});
