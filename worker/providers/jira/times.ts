// Jira writes times with the offset of the time zone of whoever asks, without a colon: `2026-03-01T10:00:00.000+0100`.

const OFFSET = /([+-]\d{2})(\d{2})$/;

/** Milliseconds since 1970; undefined where it is no time. */
export function timeOf(value: unknown): number | undefined {
  const at = typeof value === "string" ? Date.parse(value.replace(OFFSET, "$1:$2")) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}

/** The same in UTC, whoever asks. */
export function instantOf(value: unknown): string | undefined {
  const at = timeOf(value);
  return at === undefined ? undefined : new Date(at).toISOString();
}
