import type { Account } from "../accounts.ts";
import type { Site } from "../sites.ts";
import { JqlError, parseJql, type Condition, type Operand, type Query } from "./jql-parse.ts";
import { STATUSES, TYPES, PRIORITIES, textOf, type Choice } from "./fields.ts";
import type { Issue, Store } from "./store.ts";
import { dateOf } from "./zones.ts";

const MINUTE_MS = 60_000;
const UNITS: Readonly<Record<string, number>> = { m: 1, h: 60, d: 1440, w: 10_080 };

/** Who asks, when, and of which site. */
export type Asker = { store: Store; site: Site; account: Account; zone: string; now: number };

export type Matcher = { matches: (issue: Issue) => boolean; compare: (one: Issue, other: Issue) => number; bounded: boolean };

/** Makes sense of a query for somebody. Throws a JqlError, in Jira's words. */
export function understand(text: string, asker: Asker): Matcher {
  const query = parseJql(text);
  const { where } = query;
  const matches = where === undefined ? () => true : toTest(where, asker);
  return { matches, compare: toOrder(query), bounded: where !== undefined };
}

type Test = (issue: Issue) => boolean;

function toTest(condition: Condition, asker: Asker): Test {
  if (condition.kind === "not") {
    const test = toTest(condition.one, asker);
    return (issue) => !test(issue);
  }
  if (condition.kind !== "clause") {
    const tests = condition.all.map((one) => toTest(one, asker));
    return condition.kind === "and" ? (issue) => tests.every((test) => test(issue)) : (issue) => tests.some((test) => test(issue));
  }
  const { field, operator, operands } = condition;
  const negated = operator === "!=" || operator === "not in" || operator === "is not" || operator === "!~";
  const test = ofField(field, operator, operands, asker);
  return negated ? (issue) => !test(issue) : test;
}

function ofField(field: string, operator: string, operands: readonly Operand[], asker: Asker): Test {
  const { store, site, account } = asker;
  const given = operands.map(({ text, quoted }) => (text === "currentUser()" && !quoted ? account.accountId : text));
  const isEmpty = given.length === 1 && !operands[0]?.quoted && /^(empty|null)$/i.test(given[0] ?? "");
  const among = (values: (issue: Issue) => readonly string[]): Test => {
    if (isEmpty) return (issue) => values(issue).length === 0;
    const wanted = new Set(given.map((one) => one.toLowerCase()));
    return (issue) => values(issue).some((value) => wanted.has(value.toLowerCase()));
  };
  const choice = (name: string, choices: readonly Choice[]): Test => {
    if (!isEmpty) for (const one of given) if (!choices.some((each) => each.id === one || same(each.name, one))) throw noValue(one, name);
    return among((issue) => idAndName(issue.fields[name]));
  };
  switch (field.toLowerCase()) {
    case "project": {
      const projects = new Set<number>();
      for (const one of given) {
        const project = store.project(site, one, true);
        if (project === undefined || !store.mayBrowse(project, account)) throw noValue(one, "project");
        projects.add(project.id);
      }
      return (issue) => projects.has(issue.project.id);
    }
    case "id":
    case "key":
    case "issue":
    case "issuekey": {
      const ids = new Set<number>();
      for (const one of given) {
        const issue = store.issue(site, one);
        if (issue === undefined) throw new JqlError(`An issue with key '${one}' does not exist for field '${field}'.`);
        ids.add(issue.id);
      }
      return (issue) => ids.has(issue.id);
    }
    case "created":
    case "updated":
      return ofTime(field.toLowerCase() as "created" | "updated", operator, given[0] ?? "", asker);
    case "summary":
    case "text":
      return (issue) =>
        textOf(issue.fields["summary"])
          .toLowerCase()
          .includes((given[0] ?? "").toLowerCase());
    case "status":
      return choice("status", STATUSES);
    case "type":
    case "issuetype":
      return choice("issuetype", TYPES);
    case "priority":
      return choice("priority", PRIORITIES);
    case "labels":
      return among((issue) => (issue.fields["labels"] as string[] | undefined) ?? []);
    case "assignee":
      return among((issue) => (typeof issue.fields["assignee"] === "string" ? [issue.fields["assignee"]] : []));
    case "resolution":
      return isEmpty || given.every((one) => same(one, "Unresolved"))
        ? (issue) => issue.fields["resolution"] == null
        : choice("resolution", []);
    default:
      throw new JqlError(`Field '${field}' does not exist or you do not have permission to view it.`);
  }
}

/** To the minute, as Jira sees times. Numbers are milliseconds since 1970; dates are in the asker's zone. */
function ofTime(field: "created" | "updated", operator: string, given: string, { zone, now }: Asker): Test {
  const [, count, unit = ""] = /^(-\d+)([mhdw])$/.exec(given) ?? [];
  const at =
    count !== undefined
      ? now + Number(count) * (UNITS[unit] ?? 0) * MINUTE_MS
      : /^\d{5,}$/.test(given)
        ? Number(given)
        : given === "now()"
          ? now
          : dateOf(given, zone);
  if (at === undefined)
    throw new JqlError(
      `Date value '${given}' for field '${field}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'.`,
    );
  const minute = (time: number): number => Math.floor(time / MINUTE_MS);
  const tests: Readonly<Record<string, (time: number) => boolean>> = {
    "=": (time) => minute(time) === minute(at),
    ">": (time) => minute(time) > minute(at),
    ">=": (time) => minute(time) >= minute(at),
    "<": (time) => minute(time) < minute(at),
    "<=": (time) => minute(time) <= minute(at),
  };
  const test = tests[operator];
  if (test === undefined) throw new JqlError(`The operator '${operator}' is not supported by the '${field}' field.`);
  return (issue) => test(issue[field]);
}

function toOrder({ order }: Query): (one: Issue, other: Issue) => number {
  const by = order.map(({ field, descending }) => {
    const value = SORTED_BY[field];
    if (value === undefined) throw new JqlError(`Field '${field}' does not exist or you do not have permission to view it.`);
    return { value, sign: descending ? -1 : 1 };
  });
  return (one, other) => {
    for (const { value, sign } of by) {
      const [first, second] = [value(one), value(other)];
      if (first !== second) return (first < second ? -1 : 1) * sign;
    }
    return other.id - one.id;
  };
}

const keyOf = ({ project, number }: Issue): string => `${project.key} ${String(number).padStart(9, "0")}`;
const SORTED_BY: Readonly<Record<string, (issue: Issue) => string | number>> = {
  created: ({ created }) => created,
  updated: ({ updated }) => updated,
  key: keyOf,
  issuekey: keyOf,
  id: keyOf,
  summary: ({ fields }) => textOf(fields["summary"]),
  project: ({ project }) => project.name,
};

function idAndName(value: unknown): string[] {
  const { id, name } = (value ?? {}) as Partial<Choice>;
  return [...(id === undefined ? [] : [id]), ...(name === undefined ? [] : [name])];
}

const same = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();
const noValue = (value: string, field: string): JqlError => new JqlError(`The value '${value}' does not exist for the field '${field}'.`);
