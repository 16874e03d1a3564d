import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { getTableColumns, getTableName, is } from "drizzle-orm";
import { SQLiteTable } from "drizzle-orm/sqlite-core";
import { expect, test } from "vitest";

// What the documents name is there, and what is there they name.

const ROOT = join(import.meta.dirname, "..", "..");
// By path, since the Worker's types are workerd's.
const schema = (await import(join(ROOT, "worker/db/schema.ts"))) as Record<string, unknown>;
const { MIGRATIONS } = (await import(join(ROOT, "durable-objects/user-sync-schema.ts"))) as { MIGRATIONS: readonly string[] };
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const sources = ["worker", "durable-objects"]
  .flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((file) => `${folder}/${file}`))
  .filter((file) => file.endsWith(".ts"))
  .map(read)
  .join("\n");

/** Words in backticks. */
function named(text: string): Set<string> {
  return new Set([...text.matchAll(/`([^`]+)`/g)].map(([, word = ""]) => word));
}

test("storage.md names every table and column of D1", () => {
  const sections = new Map(read("docs/storage.md").split(/^### /m).map((section) => [section.split("\n")[0] ?? "", named(section)])); // prettier-ignore
  const tables = Object.values(schema).filter((value): value is SQLiteTable => is(value, SQLiteTable));
  expect(tables.length).toBeGreaterThan(10);
  for (const table of tables) {
    const columns = Object.values(getTableColumns(table)).map(({ name }) => name);
    const missing = columns.filter((column) => !sections.get(getTableName(table))?.has(column));
    expect([getTableName(table), missing]).toEqual([getTableName(table), []]);
  }
});

test("storage.md names every table and column of a user's object", () => {
  const rows = new Map(read("docs/storage.md").split("\n").map((row) => [/^\| `(\w+)` \|/.exec(row)?.[1], named(row)])); // prettier-ignore
  const sql = MIGRATIONS.join("\n");
  const created = [...sql.matchAll(/CREATE TABLE (\w+) \((.*?)\)\s*WITHOUT ROWID/gs)].flatMap(
    ([, table = "", body = ""]) =>
    body.replace(/PRIMARY KEY \(.*?\)/, "").split(",").map((part) => [table, part.trim().split(/\s+/)[0] ?? ""] as const), // prettier-ignore
  );
  const added = [...sql.matchAll(/ALTER TABLE (\w+) ADD COLUMN (\w+)/g)].map(([, table = "", column = ""]) => [table, column] as const);
  const columns = [...created, ...added].filter(([, column]) => column !== "");
  expect(columns.length).toBeGreaterThan(100);
  expect(columns.filter(([table, column]) => !rows.get(table)?.has(column))).toEqual([]);
});

test("operations.md names every event of the log, and none that is never written", () => {
  const written = new Set([...sources.matchAll(/(?:\blog|\))(?:\.\w+|\[\w+\])\(\s*"([a-z_]+\.[a-z_]+)"/g)].map(([, event = ""]) => event));
  const table = read("docs/operations.md").split("## Logs")[1]?.split("\n## ")[0] ?? "";
  const told = [...table.matchAll(/^\| (`.*?`) \| (?:debug|info|warn|error)/gm)].flatMap(([, events = ""]) => [...named(events)]);
  expect(written.size).toBeGreaterThan(40);
  expect(told.toSorted()).toEqual([...written].toSorted());
});

test("operations.md names every setting", () => {
  const settings = [...read("wrangler.toml").matchAll(/^([A-Z][A-Z_]+) = /gm)].map(([, name = ""]) => name);
  const told = named(read("docs/operations.md"));
  expect(settings.filter((name) => !told.has(name))).toEqual([]);
});

test("every command that a document tells is one, and CONTRIBUTING.md has them all", () => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
  const documents = ["README.md", "CONTRIBUTING.md", ...readdirSync(join(ROOT, "docs")).filter((file) => file.endsWith(".md")).map((file) => `docs/${file}`)]; // prettier-ignore
  const told = documents.flatMap((file) => [...read(file).matchAll(/\bnpm run ([\w:-]+)/g)].map(([, name = ""]) => name));
  expect(told.filter((name) => !(name in scripts))).toEqual([]);
  const inTable = [...read("CONTRIBUTING.md").matchAll(/^\| `npm (?:run )?([\w:-]+)/gm)].map(([, name = ""]) => name);
  expect(inTable.toSorted()).toEqual([...new Set(inTable)].toSorted());
  const forPeople = Object.keys(scripts).filter((name) => !name.includes(":") && !["prepare", "build", "format"].includes(name));
  expect(forPeople.filter((name) => !inTable.includes(name))).toEqual([]);
});

test("every source file that a document names is there", () => {
  const documents = ["README.md", "CONTRIBUTING.md", ...["architecture", "operations", "storage", "receipts", "scaling"].map((name) => `docs/${name}.md`)]; // prettier-ignore
  const files = documents.flatMap((file) => [...named(read(file))].filter((word) => /^[\w.-]+\/[\w./-]+\.(ts|md|toml|sql)$/.test(word)));
  expect(files.length).toBeGreaterThan(20);
  expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
});
