import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { databaseFile, isMigrated } from "../../scripts/local/database.ts";

const ID = "00000000-0000-0000-0000-000000000000";

let folder: string;
let file: string;
let migrations: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tidemark-database-"));
  file = databaseFile(join(folder, "state"), ID);
  mkdirSync(dirname(file), { recursive: true });
  migrations = join(folder, "migrations");
  mkdirSync(migrations);
  for (const name of ["0000_first.sql", "0001_second.sql"]) writeFileSync(join(migrations, name), "");
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A local database as wrangler leaves it. */
function databaseWith(...applied: string[]): void {
  const database = new DatabaseSync(file);
  database.exec("CREATE TABLE d1_migrations (id INTEGER PRIMARY KEY, name TEXT UNIQUE)");
  for (const name of applied) database.prepare("INSERT INTO d1_migrations (name) VALUES (?)").run(name);
  database.close();
}

test("a database that has every migration needs nothing", () => {
  databaseWith("0000_first.sql", "0001_second.sql");
  expect(isMigrated(file, migrations)).toBe(true);
});

test("one that lacks the newest does", () => {
  databaseWith("0000_first.sql");
  expect(isMigrated(file, migrations)).toBe(false);
});

test("so does none at all, and one that no migration was ever applied to", () => {
  expect(isMigrated(file, migrations)).toBe(false);
  writeFileSync(file, "");
  expect(isMigrated(file, migrations)).toBe(false);
});

test("and so does the one of another id, which is another database", () => {
  databaseWith("0000_first.sql", "0001_second.sql");
  expect(isMigrated(databaseFile(join(folder, "state"), "6731de76-14a6-49ae-97bc-6eba6914391e"), migrations)).toBe(false);
});

test("its file is where the local runtime keeps it", () => {
  expect(file).toMatch(/\/v3\/d1\/miniflare-D1DatabaseObject\/9ba2b04bf514d9facfd57ed57d849e77241a7adc99d1c1545d06688b43d84248\.sqlite$/);
});
