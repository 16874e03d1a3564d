import { Cron } from "croner";
import { wakeSlot } from "./slot.ts";

// When a sync is next due. No I/O.

export type Schedule = { kind: "interval"; minutes: number } | { kind: "cron"; cron: string; timeZone: string } | { kind: "manual" };

const MINUTE_MILLISECONDS = 60_000;
/** A wake may come this much before its interval is over: slots are whole minutes. */
const EARLY_MILLISECONDS = 90_000;

/** What is wrong with a schedule, in words; null where nothing is. */
export function scheduleProblem(schedule: Schedule, now: number): string | null {
  if (schedule.kind !== "cron") return null;
  try {
    const next = nextCronAt(schedule, now);
    return next === null ? "This cron expression never comes due." : null;
  } catch (error) {
    return `This cron expression or time zone cannot be used: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** How cron finds a sync: an interval's slot, or the time that a cron expression is next due. */
export function wakeColumns(schedule: Schedule, userId: string, now: number) {
  return {
    intervalMinutes: schedule.kind === "interval" ? schedule.minutes : null,
    wakeSlot: schedule.kind === "interval" ? wakeSlot(userId, schedule.minutes) : null,
    nextDueAt: schedule.kind === "cron" ? nextCronAt(schedule, now) : null,
  };
}

/** Whether a wake by the clock concerns this sync. `nextDueAt` is a cron expression's stored due time. */
export function isDue(schedule: Schedule, checkedAt: number | null, nextDueAt: number | null, now: number): boolean {
  switch (schedule.kind) {
    case "manual":
      return false;
    case "interval":
      return checkedAt === null || now - checkedAt >= schedule.minutes * MINUTE_MILLISECONDS - EARLY_MILLISECONDS;
    case "cron":
      return nextDueAt !== null && nextDueAt <= now;
  }
}

/** The first time after `now` that matches; null where there is none. Throws on an expression that is none. */
export function nextCronAt(schedule: Extract<Schedule, { kind: "cron" }>, now: number): number | null {
  return new Cron(schedule.cron, { timezone: schedule.timeZone, mode: "5-part" }).nextRun(new Date(now))?.getTime() ?? null;
}
