import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { catalogue } from "../../worker/db/client.ts";
import { appendRunEvents, listRunEvents, RUN_EVENTS_MAX } from "../../worker/db/run-events.ts";
import { insertRun, lastRuns, unfinishedRuns, updateRun } from "../../worker/db/runs.ts";
import { seedRun, seedSync, seedUser } from "../routes/seed.ts";
import { countingDatabase } from "./counting.ts";

const db = catalogue(env, 0);
const line = (number: number) => ({ number, at: 1, level: "info" as const, message: `line ${number}`, remoteId: null });

describe("the last runs", () => {
  it("are the newest of each sync, found without reading the others", async () => {
    const userId = await seedUser();
    const [one, two, none] = [await seedSync({ userId }), await seedSync({ userId }), await seedSync({ userId })];
    for (let n = 100; n < 160; n += 1) await seedRun({ userId, syncId: one, id: `one${n}` });
    await seedRun({ userId, syncId: two, id: "two1" });
    const counting = countingDatabase();
    const found = await lastRuns(counting.db, userId, [one, two, none]);
    expect([...found.values()].map((run) => run.id).toSorted()).toEqual(["one159", "two1"]);
    expect(counting.rowsRead()).toBeLessThan(20);
    expect((await lastRuns(db, await seedUser(), [one])).size).toBe(0);
  });

  it("are found for more syncs than a statement has parameters", async () => {
    const userId = await seedUser();
    const syncIds = Array.from({ length: 150 }, (_, n) => `many${n}`);
    for (const syncId of syncIds) await seedRun({ userId, syncId });
    expect((await lastRuns(db, userId, syncIds)).size).toBe(150);
  });
});

describe("a run", () => {
  it("that is written twice is there once, as it was", async () => {
    const userId = await seedUser();
    const row = { id: "twice", syncId: "s", type: "full", status: "running", trigger: "manual", phase: "listing", createdAt: 1 } as const;
    await insertRun(db, userId, row);
    await insertRun(db, userId, { ...row, status: "pending" });
    expect(await updateRun(db, userId, "twice", { stored: 3 })).toMatchObject({ status: "running", stored: 3 });
  });

  it("is nobody else's to change", async () => {
    const userId = await seedUser();
    const id = await seedRun({ userId, syncId: "s" });
    expect(await updateRun(db, await seedUser(), id, { stored: 3 })).toBeUndefined();
  });

  it("that has not ended has its user watched, once, in order", async () => {
    const before = await unfinishedRuns(db, "zz", 10);
    for (const userId of ["zz2", "zz1", "zz1"]) await seedRun({ userId, syncId: "s", id: `${userId}${Math.random()}`, finishedAt: null });
    expect([before, await unfinishedRuns(db, "zz", 10), await unfinishedRuns(db, "zz1", 10)]).toEqual([[], ["zz1", "zz2"], ["zz2"]]);
  });
});

describe("a run's log", () => {
  it("keeps each line once, in order, up to its limit", async () => {
    const userId = await seedUser();
    const id = await seedRun({ userId, syncId: "s" });
    await appendRunEvents(db, userId, id, [line(2), line(1)]);
    await appendRunEvents(db, userId, id, [line(2), line(3), line(RUN_EVENTS_MAX + 1)]);
    const stored = await listRunEvents(db, userId, id, { afterNumber: 0, limit: 2000 });
    expect(stored.map(({ number, message, at }) => [number, message, at])).toEqual([
      [1, "line 1", 1],
      [2, "line 2", 1],
      [3, "line 3", 1],
    ]);
  });

  it("takes nothing from somebody else and shows them nothing", async () => {
    const userId = await seedUser();
    const stranger = await seedUser();
    const id = await seedRun({ userId, syncId: "s" });
    await appendRunEvents(db, stranger, id, [line(1)]);
    await appendRunEvents(db, userId, id, [line(2)]);
    expect(await listRunEvents(db, stranger, id, { afterNumber: 0, limit: 10 })).toEqual([]);
    expect((await listRunEvents(db, userId, id, { afterNumber: 0, limit: 10 })).map(({ number }) => number)).toEqual([2]);
  });
});
