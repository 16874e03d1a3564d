// Times and lengths of time in words. Pure but for the locale, which is the reader's unless it is given.
import { dateFormat, readerLocale, remembered } from "./format.ts";
import { m } from "./messages.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;
const MONTH = 30 * DAY;
const YEAR = 365 * DAY;

const relativeFormat = remembered(
  (locale: string, options: Intl.RelativeTimeFormatOptions) => new Intl.RelativeTimeFormat(locale, options),
);

/** A length of time as an estimate: its two largest units at most, rounded up. */
export function formatEstimate(seconds: number): string {
  if (seconds < 10) return m.time.fewSeconds;
  if (seconds < 60) return m.time.seconds(Math.ceil(seconds / 10) * 10);
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return m.time.minutes(minutes);
  if (minutes < 24 * 60) return m.time.hours(Math.floor(minutes / 60), minutes % 60);
  const hours = Math.ceil(minutes / 60);
  return m.time.days(Math.floor(hours / 24), hours % 24);
}

/** How long something took, exactly enough: "0.4 s", "12 s", "3 min 20 s", "2 h 5 min". */
export function formatTook(milliseconds: number): string {
  if (milliseconds < 9_950) return m.time.tookSeconds(Math.max(0.1, Math.round(milliseconds / 100) / 10));
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return m.time.tookSeconds(seconds);
  if (seconds < 3600) return m.time.tookMinutes(Math.floor(seconds / 60), seconds % 60);
  const minutes = Math.round(seconds / 60);
  return m.time.tookHours(Math.floor(minutes / 60), minutes % 60);
}

/** "just now", "now", "3 minutes ago", "in 2 hours". */
export function formatRelative(at: Date, now: Date, locale = readerLocale()): string {
  const difference = at.getTime() - now.getTime();
  const distance = Math.abs(difference);
  if (distance < 10 * SECOND) return difference > 0 ? m.time.now : m.time.justNow;
  const [unit, length] = relativeUnit(distance);
  const count = Math.max(1, Math.round(distance / length));
  return relativeFormat(locale, { numeric: "auto" }).format(difference < 0 ? -count : count, unit);
}

function relativeUnit(distance: number): [Intl.RelativeTimeFormatUnit, number] {
  if (distance < MINUTE) return ["second", SECOND];
  if (distance < HOUR) return ["minute", MINUTE];
  if (distance < DAY) return ["hour", HOUR];
  if (distance < 2 * WEEK) return ["day", DAY];
  if (distance < 2 * MONTH) return ["week", WEEK];
  if (distance < YEAR) return ["month", MONTH];
  return ["year", YEAR];
}

/** The time of day where that is enough: "14:32", "yesterday at 14:32", "3 Nov at 14:32", "3 Nov 2024 at 14:32". */
export function formatMoment(at: Date, now: Date, locale = readerLocale(), timeZone?: string): string {
  return sayMoment(m.time.moment, at, now, locale, timeZone);
}

/** The same within a sentence: "at 14:32", "on 3 Nov at 14:32". */
export function formatWhen(at: Date, now: Date, locale = readerLocale()): string {
  return sayMoment(m.time.when, at, now, locale);
}

function sayMoment(say: (typeof m.time)["moment"], at: Date, now: Date, locale: string, timeZone?: string): string {
  const zone = timeZone === undefined ? {} : { timeZone };
  const time = dateFormat(locale, { hour: "2-digit", minute: "2-digit", ...zone }).format(at);
  const day = (date: Date) => dateFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit", ...zone }).format(date);
  if (day(at) === day(now)) return say.today(time);
  if (day(at) === day(new Date(now.getTime() - DAY))) return say.yesterday(time);
  if (day(at) === day(new Date(now.getTime() + DAY))) return say.tomorrow(time);
  const sameYear = day(at).slice(0, 4) === day(now).slice(0, 4);
  const date = dateFormat(locale, { day: "numeric", month: "short", ...(sameYear ? {} : { year: "numeric" }), ...zone });
  return say.day(date.format(at), time);
}
