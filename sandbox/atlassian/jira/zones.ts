// Jira's times are those of whoever asks: in what it answers, and in what it is asked.

/** The time zone of everybody's profile here, unless a control call says otherwise. */
export const USUAL_ZONE = "Europe/Berlin";

/** As the API writes it: `2026-03-01T10:00:00.000+0100`. */
export function written(at: number, zone: string): string {
  const offset = offsetMinutes(at, zone);
  const local = new Date(at + offset * 60_000).toISOString().slice(0, -1);
  const sign = offset < 0 ? "-" : "+";
  const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
  return `${local}${sign}${String(hours).padStart(2, "0")}${String(minutes).padStart(2, "0")}`;
}

/** A date of a query, in a zone; undefined where it is none. */
export function dateOf(text: string, zone: string): number | undefined {
  const [, year, month, day, hour = "0", minute = "0"] = /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?: (\d{1,2}):(\d{2}))?$/.exec(text) ?? [];
  if (year === undefined) return undefined;
  const local = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute));
  return local - offsetMinutes(local - offsetMinutes(local, zone) * 60_000, zone) * 60_000;
}

function offsetMinutes(at: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset" }).formatToParts(at);
  const [, sign, hours, minutes = "0"] =
    /GMT([+-])(\d+)(?::(\d+))?/.exec(parts.find(({ type }) => type === "timeZoneName")?.value ?? "") ?? [];
  return hours === undefined ? 0 : (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}
