import { describe, expect, it } from "vitest";
import type { Schedule } from "../../worker/sync/schedule.ts";
import { isDue, nextCronAt, scheduleProblem, wakeColumns } from "../../worker/sync/schedule.ts";

const at = (text: string) => Date.parse(text);
const hourly: Schedule = { kind: "interval", minutes: 60 };

describe("an interval sync", () => {
  it.each([
    [null, true],
    [at("2026-11-20T11:00:00Z"), true],
    // A slot is a whole minute: a wake may come a little early.
    [at("2026-11-20T11:01:00Z"), true],
    [at("2026-11-20T11:30:00Z"), false],
  ])("last checked at %s is due at noon: %s", (checkedAt, due) => {
    expect(isDue(hourly, checkedAt, null, at("2026-11-20T12:00:00Z"))).toBe(due);
  });

  it("has a slot in its interval, the same for all syncs of a user", () => {
    const { wakeSlot, intervalMinutes, nextDueAt } = wakeColumns(hourly, "user", 0);
    expect([intervalMinutes, nextDueAt]).toEqual([60, null]);
    expect(wakeSlot).toBeGreaterThanOrEqual(0);
    expect(wakeSlot).toBeLessThan(60);
    expect(wakeColumns(hourly, "user", 5_000_000).wakeSlot).toBe(wakeSlot);
  });
});

describe("a cron sync", () => {
  it("is due by the wall clock of its time zone, also when that clock is changed", () => {
    const morning: Schedule = { kind: "cron", cron: "30 7 * * *", timeZone: "Europe/Berlin" };
    expect(nextCronAt(morning, at("2026-10-24T12:00:00Z"))).toBe(at("2026-10-25T06:30:00Z"));
    expect(nextCronAt(morning, at("2026-10-23T12:00:00Z"))).toBe(at("2026-10-24T05:30:00Z"));
  });

  it("is due once its stored time has come", () => {
    const cron: Schedule = { kind: "cron", cron: "0 * * * *", timeZone: "UTC" };
    expect([isDue(cron, null, 1_000, 999), isDue(cron, null, 1_000, 1_000), isDue(cron, null, null, 1_000)]).toEqual([false, true, false]);
  });

  it.each(["61 * * * *", "not cron", "* * * * * *", "0 0 31 2 *"])("with the expression %s is refused in words", (cron) => {
    expect(scheduleProblem({ kind: "cron", cron, timeZone: "UTC" }, 0)).toMatch(/cron expression/);
  });

  it("with a time zone that does not exist is refused in words", () => {
    expect(scheduleProblem({ kind: "cron", cron: "0 0 * * *", timeZone: "Europe/Atlantis" }, 0)).toMatch(/time zone/);
  });
});

it("a manual sync is never due", () => {
  expect(isDue({ kind: "manual" }, null, null, 1)).toBe(false);
});
