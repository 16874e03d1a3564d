// Numbers, sizes and dates in the form of the reader. Pure but for the locale, which is the reader's unless it is given.

const BYTE_UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte", "petabyte"] as const;

/** The texts are English, so another language's dates and numbers would not fit in. */
export function textLocale(languages: readonly string[]): string {
  return languages.find((language) => language === "en" || language.startsWith("en-")) ?? "en-GB";
}

// Where there is no browser around, nothing is preferred.
export function readerLocale(): string {
  return textLocale(globalThis.navigator?.languages ?? []);
}

// Making a formatter takes a hundred times as long as using it, and a list that is scrolled uses some for each row.
const numberFormat = remembered((locale: string, options: Intl.NumberFormatOptions) => new Intl.NumberFormat(locale, options));
export const dateFormat = remembered((locale: string, options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, options));

/** The same formatter again for the same locale and options: there are as many as forms. */
export function remembered<Options, Format>(
  make: (locale: string, options: Options) => Format,
): (locale: string, options: Options) => Format {
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
