import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { hc } from "hono/client";
import { describe, expect, it } from "vitest";
import type { AppType } from "../../worker/app.ts";
import { createApp } from "../../worker/app.ts";
import type { Item, Sync } from "../../worker/wire.ts";
import { ORIGIN } from "./client.ts";
import { seedItem, seedRoot, seedSession, seedSync, seedUser } from "./seed.ts";

describe("a client typed by the routes", () => {
  it("knows paths, parameters and answers", async () => {
    const userId = await seedUser();
    const syncId = await seedSync({ userId });
    await seedRoot(syncId);
    await seedItem({ syncId, remoteId: "x", name: "x.txt" });
    const app = createApp();
    const client = hc<AppType>(ORIGIN, {
      headers: { cookie: await seedSession(userId), origin: ORIGIN },
      fetch: (input: RequestInfo | URL, init?: RequestInit) => app.fetch(new Request(input, init), env, createExecutionContext()),
    });
    const { v1 } = client.api;
    const syncs: { items: Sync[] } = await (await v1.syncs.$get()).json();
    expect(syncs.items.map(({ id }) => id)).toEqual([syncId]);
    const page: { items: Item[] } = await (await v1.syncs[":id"].items.$get({ param: { id: syncId }, query: { limit: "5" } })).json();
    expect(page.items.map(({ name }) => name)).toEqual(["x.txt"]);
    const response = await v1.syncs[":id"].run.$post({ param: { id: "nothing" }, json: { full: true } });
    expect(response.status).toBe(404);
  });
});
