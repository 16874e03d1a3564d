import { refuseV1 } from "./answers.ts";
import type { Content, Space } from "./store.ts";

// As much of the Confluence Query Language as programs that follow changes use: conditions joined by "and", and one order.

const TIME = /^(\d{4})[-/](\d{2})[-/](\d{2})(?: (\d{2}):(\d{2}))?$/;
const CONDITION = /^(type|space|id|lastmodified|created)\s*(>=|<=|!=|=|>|<|\bin\b)\s*(\(.*\)|"[^"]*"|\S+)$/i;

export type Found = { content: Content; space: Space };

/** What a query wants. Times are at the minute, and in the time zone of the person who asks. */
export type Query = { suits: (found: Found) => boolean; order: (found: Found) => string };

/** Refused, as by the API v1, where it makes no sense. */
export function parseCql(cql: string, timeZone: string): Query {
  const [, conditions = "", , field = "id", direction = "asc"] =
    /^(.*?)(\s+order\s+by\s+(\w+)(?:\s+(asc|desc))?)?$/i.exec(cql.trim()) ?? [];
  if (direction.toLowerCase() === "desc") refuse(cql);
  const tests = conditions.split(/\s+and\s+/i).map((text) => condition(text.trim(), timeZone, cql));
  return { suits: (found) => tests.every((test) => test(found)), order: (found) => orderOf(field.toLowerCase(), found, cql) };
}

function condition(text: string, timeZone: string, cql: string): (found: Found) => boolean {
  const [, field = "", operator = "", value = ""] = CONDITION.exec(text) ?? refuse(cql);
  const values = (value.startsWith("(") ? value.slice(1, -1).split(",") : [value]).map((one) => one.trim().replace(/^"(.*)"$/, "$1"));
  switch (field.toLowerCase()) {
    case "type":
      return (found) => among(operator, values, found.content.kind);
    case "space":
      return (found) => among(operator, values, found.space.key);
    case "id":
      return (found) => among(operator, values, String(found.content.id));
    default: {
      const at = timeOf(values[0] ?? "", timeZone) ?? refuse(cql);
      const own = field.toLowerCase() === "created" ? "created" : "modified";
      return ({ content }) => compare(operator, Math.floor(content[own] / 60_000) * 60_000, at);
    }
  }
}

function among(operator: string, values: readonly string[], own: string): boolean {
  const is = values.includes(own);
  return operator === "!=" ? !is : is;
}

function compare(operator: string, own: number, at: number): boolean {
  if (operator === ">=") return own >= at;
  if (operator === ">") return own > at;
  if (operator === "<=") return own <= at;
  return operator === "<" ? own < at : own === at;
}

/** When a clock on a wall in this zone shows that. */
function timeOf(text: string, timeZone: string): number | undefined {
  const [, year, month, day, hour = "0", minute = "0"] = TIME.exec(text) ?? [];
  if (year === undefined) return undefined;
  const utc = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute));
  const parts = new Intl.DateTimeFormat("en", { timeZone, timeZoneName: "longOffset" }).formatToParts(utc);
  const [, sign, hours = "0", minutes = "0"] = /GMT([+-])(\d{2}):(\d{2})/.exec(parts.find(({ type }) => type === "timeZoneName")?.value ?? "") ?? []; // prettier-ignore
  const offset = (Number(hours) * 60 + Number(minutes)) * 60_000;
  return sign === "-" ? utc + offset : utc - offset;
}

function orderOf(field: string, { content }: Found, cql: string): string {
  const id = String(content.id).padStart(15, "0");
  if (field === "id") return id;
  if (field !== "lastmodified" && field !== "created") refuse(cql);
  return `${String(field === "created" ? content.created : content.modified).padStart(15, "0")} ${id}`;
}

function refuse(cql: string): never {
  return refuseV1(400, `com.atlassian.confluence.api.service.exceptions.BadRequestException: Could not parse cql : ${cql}`);
}
