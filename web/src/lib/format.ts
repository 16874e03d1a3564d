// Sizes, rates, durations and times in words. Pure but for the locale, which is the reader's unless it is given.

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;
const MONTH = 30 * DAY;
const YEAR = 365 * DAY;

const BYTE_UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte", "petabyte"] as const;

/** The texts are English, so another language's dates and numbers would not fit in. */
export function textLocale(languages: readonly string[]): string {
  return languages.find((language) => language === "en" || language.startsWith("en-")) ?? "en-GB";
}

// Where there is no browser around, nothing is preferred.
function readerLocale(): string {
  return textLocale(globalThis.navigator?.languages ?? []);
}

// Making a formatter takes a hundred times as long as using it, and a list that is scrolled uses some for each row.
const numberFormat = remembered((locale: string, options: Intl.NumberFormatOptions) => new Intl.NumberFormat(locale, options));
const dateFormat = remembered((locale: string, options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, options));
const relativeFormat = remembered(
  (locale: string, options: Intl.RelativeTimeFormatOptions) => new Intl.RelativeTimeFormat(locale, options),
);

/** The same formatter again for the same locale and options: there are as many as forms in this file. */
function remembered<Options, Format>(make: (locale: string, options: Options) => Format): (locale: string, options: Options) => Format {
  const made = new Map<string, Format>();
  return (locale, options) => {
    const key = `${locale} ${JSON.stringify(options)}`;
    const known = made.get(key) ?? make(locale, options);
    made.set(key, known);
    return known;
  };
}

/** Decimal units, as storage is billed: 1 kB = 1000 bytes. Three significant digits. */
export function formatBytes(bytes: number, locale = readerLocale()): string {
  let unit = 0;
  let value = bytes;
  // 999.5 would be written as 1,000.
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const name = BYTE_UNITS[unit] ?? "byte";
  return numberFormat(locale, {
    style: "unit",
    unit: name,
    unitDisplay: unit === 0 ? "long" : "short",
    ...(unit === 0 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 }),
  }).format(value);
}

export function formatCount(count: number, locale = readerLocale()): string {
  return numberFormat(locale, {}).format(count);
}

/** "1 file", "2,000 files". */
export function formatNumberOf(count: number, one: string, many = `${one}s`, locale = readerLocale()): string {
  return `${formatCount(count, locale)} ${count === 1 ? one : many}`;
}

/** Files per second: one decimal below ten. */
export function formatPerSecond(rate: number, locale = readerLocale()): string {
  return numberFormat(locale, { maximumFractionDigits: rate < 10 ? 1 : 0 }).format(rate);
}

/** A length of time as an estimate: its two largest units at most, rounded up. */
export function formatEstimate(seconds: number): string {
  if (seconds < 10) return "a few seconds";
  if (seconds < 60) return `${Math.ceil(seconds / 10) * 10} seconds`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return formatNumberOf(minutes, "minute");
  if (minutes < 24 * 60) return two(Math.floor(minutes / 60), "hour", minutes % 60, "min");
  const hours = Math.ceil(minutes / 60);
  return two(Math.floor(hours / 24), "day", hours % 24, "h");
}

/** How long something took, exactly enough: "0.4 s", "12 s", "3 min 20 s", "2 h 5 min". */
export function formatTook(milliseconds: number): string {
  if (milliseconds < 9_950) return `${Math.max(0.1, Math.round(milliseconds / 100) / 10)} s`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return parts(Math.floor(seconds / 60), "min", seconds % 60, "s");
  const minutes = Math.round(seconds / 60);
  return parts(Math.floor(minutes / 60), "h", minutes % 60, "min");
}

/** "just now", "now", "3 minutes ago", "in 2 hours". */
export function formatRelative(at: Date, now: Date, locale = readerLocale()): string {
  const difference = at.getTime() - now.getTime();
  const distance = Math.abs(difference);
  if (distance < 10 * SECOND) return difference > 0 ? "now" : "just now";
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
  const zone = timeZone === undefined ? {} : { timeZone };
  const time = dateFormat(locale, { hour: "2-digit", minute: "2-digit", ...zone }).format(at);
  const day = (date: Date) => dateFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit", ...zone }).format(date);
  if (day(at) === day(now)) return time;
  if (day(at) === day(new Date(now.getTime() - DAY))) return `yesterday at ${time}`;
  if (day(at) === day(new Date(now.getTime() + DAY))) return `tomorrow at ${time}`;
  const sameYear = day(at).slice(0, 4) === day(now).slice(0, 4);
  const date = dateFormat(locale, { day: "numeric", month: "short", ...(sameYear ? {} : { year: "numeric" }), ...zone });
  return `${date.format(at)} at ${time}`;
}

/** A date for a column: always as wide, always sortable by eye. */
export function formatDate(at: Date, locale = readerLocale()): string {
  return dateFormat(locale, { day: "2-digit", month: "short", year: "numeric" }).format(at);
}

/** A day of a calendar, given as "2026-11-28", whatever the zone: "28 Nov 2026". */
export function formatDay(day: string, locale = readerLocale()): string {
  if (day === "") return "";
  return dateFormat(locale, { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" }).format(new Date(day));
}

/** Everything, to the second, with the zone. */
export function formatFull(at: Date, locale = readerLocale()): string {
  return dateFormat(locale, { dateStyle: "full", timeStyle: "long" }).format(at);
}

function two(large: number, largeName: string, small: number, smallName: string): string {
  const first = formatNumberOf(large, largeName);
  return small === 0 ? first : `${first} ${small} ${smallName}`;
}

function parts(large: number, largeName: string, small: number, smallName: string): string {
  return small === 0 ? `${large} ${largeName}` : `${large} ${largeName} ${small} ${smallName}`;
}
