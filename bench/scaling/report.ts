import {
  type Assumptions,
  changesMonth,
  type Dollars,
  dollarsOfKeeping,
  dollarsOfUse,
  firstSyncs,
  kept,
  type Limit,
  limits,
  newFilesPerSecond,
  providerCeilings,
  quietMonth,
  total,
} from "./model.ts";

// The arithmetic, as Markdown.

export function scalingReport(assumed: Assumptions): string {
  return [
    section("Assumed", ["", ""], Object.entries(assumed).map(([name, value]) => [name, number(value)])), // prettier-ignore
    section("Kept", ["", ""], [...keptRows(assumed)]),
    section("Used", ["", "first syncs, once", "a month of quiet runs", "a month of changes"], usedRows(assumed)),
    section("Dollars", ["", "once", "a month"], dollarRows(assumed)),
    section("What breaks, the first one first", ["limit", "use", "limit", "breaks at", "what to do"], limits(assumed).map(limitRow)), // prettier-ignore
    section("What the source lets through", ["", ""], providerRows(assumed)),
  ].join("\n\n");
}

function* keptRows(assumed: Assumptions): Generator<string[]> {
  const { files, folders, catalogueBytes, objectBytes, contentBytes } = kept(assumed);
  yield ["files, folders", `${number(files)}, ${number(folders)}`];
  yield ["catalogue in D1", bytes(catalogueBytes)];
  yield ["objects' SQLite", bytes(objectBytes)];
  yield ["content in R2", bytes(contentBytes)];
  yield ["new files, on the average", `${number(newFilesPerSecond(assumed))} a second`];
}

function usedRows(assumed: Assumptions): string[][] {
  const [first, quiet, changes] = [firstSyncs(assumed), quietMonth(assumed), changesMonth(assumed)];
  const row = (name: string, field: keyof typeof first) => [name, number(first[field]), number(quiet[field]), number(changes[field])];
  return [
    ["runs, changes", "", number(quiet.runs), number(changes.changes)],
    row("requests to the provider", "providerRequests"),
    row("D1 rows written", "rows"),
    row("D1 rows read", "rowsRead"),
    row("object rows written", "objectRows"),
    row("object calls", "objectCalls"),
    row("objects at work, seconds", "objectSeconds"),
    row("queue messages", "messages"),
    row("R2 class A operations", "classA"),
    row("Worker invocations", "invocations"),
    row("CPU, milliseconds", "cpuMilliseconds"),
  ];
}

function dollarRows(assumed: Assumptions): string[][] {
  const once = dollarsOfUse(firstSyncs(assumed));
  const monthly: [string, Dollars][] = [
    ["keeping it: ", dollarsOfKeeping(assumed)],
    ["quiet runs: ", dollarsOfUse(quietMonth(assumed))],
    ["changes: ", dollarsOfUse(changesMonth(assumed))],
  ];
  const months = monthly.flatMap(([of, dollars]) => Object.entries(dollars).map(([name, value]): [string, number] => [of + name, value]));
  const sum = months.reduce((soFar, [, value]) => soFar + value, 0);
  return [
    ...Object.entries(once).map(([name, value]) => [`first syncs: ${name}`, money(value), ""]),
    ["**first syncs**", `**${money(total(once))}**`, ""],
    ...months.filter(([, value]) => value > 0).toSorted((one, other) => other[1] - one[1]).map(([name, value]) => [name, "", money(value)]), // prettier-ignore
    ["**a month**", "", `**${money(sum)}**`],
    ["a month, for a user", "", `$${(sum / assumed.users).toFixed(4)}`],
  ];
}

function limitRow({ name, unit, use, limit, breaksAt, remedy }: Limit): string[] {
  return [name, `${number(use)} ${unit}`, number(limit), `${number(breaksAt)} times this size`, remedy];
}

function providerRows(assumed: Assumptions): string[][] {
  const { user, tenant } = providerCeilings(assumed);
  return [
    ["a user's first sync, by requests", `${number(user.hoursByRequests)} hours`],
    ["a user's first sync, by bytes", `${number(user.hoursByBytes)} hours`],
    [`a tenant of ${number(assumed.tenantUsers)}: by units a minute`, `${number(tenant.daysByMinutes)} days`],
    ["such a tenant: by units a day", `${number(tenant.daysByUnits)} days`],
    ["such a tenant: by bytes", `${number(tenant.daysByBytes)} days`],
    ["such a tenant's quiet runs, of its units a minute", `${number(tenant.quietShare * 100)} %`],
  ];
}

function section(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [`## ${title}`, "", line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** Three digits that count, and a word for the size. */
function number(value: number): string {
  const sizes: [number, string][] = [[1e12, " trillion"], [1e9, " billion"], [1e6, " million"], [1e4, " thousand"]]; // prettier-ignore
  const [least, word] = sizes.find(([each]) => Math.abs(value) >= each) ?? [1, ""];
  const size = least === 1e4 ? 1e3 : least;
  return `${Number((value / size).toPrecision(3))}${word}`;
}

function bytes(value: number): string {
  const sizes: [number, string][] = [[1e15, "PB"], [1e12, "TB"], [1e9, "GB"], [1e6, "MB"]]; // prettier-ignore
  const [size, word] = sizes.find(([least]) => value >= least) ?? [1, "bytes"];
  return `${Number((value / size).toPrecision(3))} ${word}`;
}

function money(value: number): string {
  return `$${value.toLocaleString("en-US", { maximumFractionDigits: value < 10 ? 2 : 0 })}`;
}
