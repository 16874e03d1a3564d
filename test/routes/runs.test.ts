import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { Item, Run, RunEvent } from "../../worker/wire.ts";
import { timeId } from "../../worker/ids.ts";
import { encodeItemId } from "../../worker/item-id.ts";
import { run as runShape } from "../../worker/wire.ts";
import { call, callJson, errorCode } from "./client.ts";
import { seedItem, seedRoot, seedRun, seedRunEvent, seedSession, seedSync, seedUser } from "./seed.ts";
import { readEvents } from "./read-events.ts";

let userId: string;
let cookie: string;
let syncId: string;

beforeAll(async () => {
  userId = await seedUser();
  cookie = await seedSession(userId);
  syncId = await seedSync({ userId });
  await seedRoot(syncId);
});

describe("a run", () => {
  it("is shown with its numbers", async () => {
    const id = await seedRun({
      userId,
      syncId,
      stored: 7,
      bytes: 700,
      providerRequests: 3,
      errorCode: "provider.failed",
      errorMessage: "No.",
    });
    const run = await callJson<Run>(`/api/v1/runs/${id}`, { cookie });
    expect(runShape.parse(run)).toMatchObject({
      id,
      syncId,
      progress: { stored: 7, bytes: 700 },
      usage: { providerRequests: 3 },
      error: { code: "provider.failed", message: "No." },
    });
  });

  it("lists the files that it was the last to change, by state and in pages", async () => {
    const id = await seedRun({ userId, syncId });
    for (let n = 0; n < 5; n += 1)
      await seedItem({ syncId, remoteId: `f${n}`, name: `f${n}.txt`, runId: id, state: n < 3 ? "failed" : "stored" });
    const files = (search: string) => callJson<{ items: Item[]; cursor: string | null }>(`/api/v1/runs/${id}/files${search}`, { cookie });
    expect((await files("")).items.map((item) => item.path)).toEqual(["/f0.txt", "/f1.txt", "/f2.txt", "/f3.txt", "/f4.txt"]);
    const first = await files("?state=failed&limit=2");
    expect(first.items).toHaveLength(2);
    expect((await files(`?state=failed&limit=2&cursor=${first.cursor}`)).items.map((item) => item.name)).toEqual(["f2.txt"]);
  });
});

describe("a sync's runs", () => {
  it("come newest first, in pages that join up", async () => {
    const sync = await seedSync({ userId });
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) ids.unshift(await seedRun({ userId, syncId: sync, id: timeId(n) }));
    const seen: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const page: { items: Run[]; cursor: string | null } = await callJson(
        `/api/v1/syncs/${sync}/runs?limit=2${cursor && `&cursor=${cursor}`}`,
        { cookie },
      );
      seen.push(...page.items.map((run) => run.id));
      ({ cursor } = page);
    }
    expect(seen).toEqual(ids);
  });
});

it.each(["nonsense", "-1", "a".repeat(26), "%00"])("the cursor %s is none of a list of runs", async (cursor) => {
  const response = await call(`/api/v1/syncs/${syncId}/runs?cursor=${cursor}`, { cookie });
  expect([response.status, await errorCode(response)]).toEqual([400, "request.invalid"]);
});

describe("a run's log", () => {
  it("of a finished run is its stored lines, and an end", async () => {
    const id = await seedRun({ userId, syncId });
    await seedRunEvent({ runId: id, number: 2, level: "error", message: "second", remoteId: "f0" });
    await seedRunEvent({ runId: id, number: 1, message: "first" });
    const response = await call(`/api/v1/runs/${id}/logs`, { cookie });
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    const events = await readEvents(response);
    expect(events.map((event) => [event.id, event.event])).toEqual([
      ["1", "log"],
      ["2", "log"],
      [undefined, "end"],
    ]);
    expect(events[1]?.data).toMatchObject({ itemId: encodeItemId(syncId, "f0") } satisfies Partial<RunEvent>);
  });

  it("of a run that ends while its log is being opened has an end, too", async () => {
    const id = await seedRun({ userId, syncId, finishedAt: null });
    await seedRunEvent({ runId: id, number: 1, message: "first" });
    const stub = env.USER_SYNC.getByName(userId);
    const fetch = async (...request: Parameters<typeof stub.fetch>) => {
      await seedRunEvent({ runId: id, number: 2, message: "ended" });
      await env.DB.prepare("UPDATE runs SET finished_at = ? WHERE id = ?").bind(Date.now(), id).run();
      return stub.fetch(...request);
    };
    const USER_SYNC = { getByName: () => ({ fetch }) } as unknown as Env["USER_SYNC"];
    const events = await readEvents(await call(`/api/v1/runs/${id}/logs`, { cookie, env: { USER_SYNC } }));
    expect(events.map((event) => [event.id, event.event])).toEqual([
      ["1", "log"],
      ["2", "log"],
      [undefined, "end"],
    ]);
  }, 5_000);

  it("that breaks off for a fault of ours ends, to be asked for again, and the fault is logged", async () => {
    const id = await seedRun({ userId, syncId, finishedAt: null });
    const lines = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const fetch = () => Promise.reject(new Error("The object is not there."));
    const USER_SYNC = { getByName: () => ({ fetch }) } as unknown as Env["USER_SYNC"];
    expect(await readEvents(await call(`/api/v1/runs/${id}/logs`, { cookie, env: { USER_SYNC } }))).toEqual([]);
    expect(lines.mock.calls.join("\n")).toMatch(/"event":"events.broken".*The object is not there/);
    lines.mockRestore();
  });

  it("goes on after the last line that was read", async () => {
    const id = await seedRun({ userId, syncId });
    for (const number of [1, 2, 3]) await seedRunEvent({ runId: id, number });
    const events = await readEvents(await call(`/api/v1/runs/${id}/logs`, { cookie, headers: { "last-event-id": "2" } }));
    expect(events.map((event) => event.id)).toEqual(["3", undefined]);
  });
});
