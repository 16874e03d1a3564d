import type { Database } from "../db/client.ts";
import { takeOut } from "../db/take-out.ts";

// The take-out as JSON lines: what it is, everything, and a last line that says how many there were. An answer without that line
// broke off. docs/storage.md says what each kind of row is.

const FORMAT = 1;

/** Lines, many at a time. Memory does not grow with what there is. */
export async function* exportLines(accounts: Database, db: Database, userId: string, now: number): AsyncGenerator<string> {
  yield lineOf({ type: "export", format: FORMAT, user: userId, exportedAt: new Date(now).toISOString() });
  let lines = 1;
  for await (const { type, rows } of takeOut(accounts, db, userId)) {
    lines += rows.length;
    yield rows.map((row) => lineOf({ type, row: shown(row) })).join("");
  }
  yield lineOf({ type: "end", whole: true, lines: lines + 1 });
}

function lineOf(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

/** Times as people and programs read them. */
function shown(row: Record<string, unknown>): Record<string, unknown> {
  const isTime = (name: string, value: unknown): value is number => /(^at|At)$/.test(name) && typeof value === "number";
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, isTime(name, value) ? new Date(value).toISOString() : value]),
  );
}
