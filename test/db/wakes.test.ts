import { env } from "cloudflare:workers";
import { reset } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { catalogue } from "../../worker/db/client.ts";
import { usersWithDueSlots, usersWithDueSyncs } from "../../worker/db/wakes.ts";
import { nextSlotAt, wakeSlot } from "../../worker/sync/slot.ts";
import { countingDatabase } from "./counting.ts";
import { applyMigrations, seedSync, seedSyncs } from "../routes/seed.ts";

const db = catalogue(env, 0);
const page = { afterUserId: "", limit: 100 };

beforeEach(applyMigrations);
afterEach(reset);

describe("the slots that are due", () => {
  it.each([
    { from: 599, to: 600, slots: [0], title: "the minute of this tick" },
    { from: 600, to: 603, slots: [1, 2, 3], title: "the minutes since the last tick" },
    { from: 658, to: 661, slots: [59, 0, 1], title: "minutes that wrap round the interval" },
    { from: 600, to: 600, slots: [], title: "nothing, within the same minute" },
    { from: 0, to: 100_000, slots: [0, 1, 2, 3, 30, 59], title: "everybody once, after a long outage" },
  ])("are $title", async ({ from, to, slots }) => {
    for (const slot of [0, 1, 2, 3, 30, 59]) await seedSync({ userId: `u${slot}`, intervalMinutes: 60, wakeSlot: slot });
    const due = await usersWithDueSlots(db, { fromMinute: from, toMinute: to }, page);
    expect(due.toSorted()).toEqual(slots.map((slot) => `u${slot}`).toSorted());
  });

  it("are those of every interval, and each user comes once", async () => {
    await seedSync({ userId: "a", intervalMinutes: 5, wakeSlot: 0 });
    await seedSync({ userId: "a", intervalMinutes: 60, wakeSlot: 0 });
    await seedSync({ userId: "b", intervalMinutes: 1440, wakeSlot: 600 });
    await seedSync({ userId: "c", intervalMinutes: 15, wakeSlot: 1 });
    expect(await usersWithDueSlots(db, { fromMinute: 599, toMinute: 600 }, page)).toEqual(["a", "b"]);
  });

  it("leave out paused syncs and those without an interval", async () => {
    await seedSync({ userId: "a", intervalMinutes: 5, wakeSlot: 0, status: "paused" });
    await seedSync({ userId: "b", intervalMinutes: null, wakeSlot: null });
    expect(await usersWithDueSlots(db, { fromMinute: 0, toMinute: 10_000 }, page)).toEqual([]);
  });

  it("come in pages, by user", async () => {
    for (const userId of ["a", "b", "c"]) await seedSync({ userId, intervalMinutes: 5, wakeSlot: 0 });
    const minutes = { fromMinute: 599, toMinute: 600 };
    expect(await usersWithDueSlots(db, minutes, { afterUserId: "", limit: 2 })).toEqual(["a", "b"]);
    expect(await usersWithDueSlots(db, minutes, { afterUserId: "b", limit: 2 })).toEqual(["c"]);
  });

  it("are found through the index, not by reading every sync", async () => {
    await seedSyncs(Array.from({ length: 500 }, (_, n) => ({ userId: `u${n}`, intervalMinutes: 60, wakeSlot: 30 })));
    await seedSync({ userId: "due", intervalMinutes: 60, wakeSlot: 0 });
    const counting = countingDatabase();
    expect(await usersWithDueSlots(counting.db, { fromMinute: 599, toMinute: 600 }, page)).toEqual(["due"]);
    expect(counting.rowsRead()).toBeLessThan(30);
  });
});

describe("cron syncs", () => {
  it("are due from their time on", async () => {
    await seedSync({ userId: "a", nextDueAt: 1000 });
    await seedSync({ userId: "b", nextDueAt: 1001 });
    expect(await usersWithDueSyncs(db, 1000, page)).toEqual(["a"]);
  });
});

describe("a wake slot", () => {
  it("lies within its interval and spreads users evenly", () => {
    const counts = new Map<number, number>();
    for (let n = 0; n < 6000; n += 1) {
      const slot = wakeSlot(`user${n}`, 60);
      counts.set(slot, (counts.get(slot) ?? 0) + 1);
    }
    expect([...counts.keys()].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, minute) => minute));
    expect(Math.max(...counts.values())).toBeLessThan(160);
  });

  it.each([
    { slot: 5, minutes: 60, now: "2026-01-01T10:00:30Z", next: "2026-01-01T10:05:00Z" },
    { slot: 5, minutes: 60, now: "2026-01-01T10:05:00Z", next: "2026-01-01T11:05:00Z" },
    { slot: 0, minutes: 5, now: "2026-01-01T10:59:59Z", next: "2026-01-01T11:00:00Z" },
  ])("$slot of $minutes comes after $now at $next", ({ slot, minutes, now, next }) => {
    expect(new Date(nextSlotAt(slot, minutes, Date.parse(now))).toISOString()).toBe(new Date(next).toISOString());
  });
});
