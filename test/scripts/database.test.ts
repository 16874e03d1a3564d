import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isMigrated } from "../../scripts/local/database.ts";

let folder: string;
let state: string;
let migrations: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tidemark-database-"));
  state = join(folder, "state");
  migrations = join(folder, "migrations");
  mkdirSync(migrations);
  for (const name of ["0000_first.sql", "0001_second.sql"]) writeFileSync(join(migrations, name), "");
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A local database as wrangler leaves it. */
function databaseWith(...applied: string[]): void {
  const path = join(state, "v3/d1/miniflare-D1DatabaseObject");
  mkdirSync(path, { recursive: true });
  const database = new DatabaseSync(join(path, "ab12.sqlite"));
  database.exec("CREATE TABLE d1_migrations (id INTEGER PRIMARY KEY, name TEXT UNIQUE)");
  for (const name of applied) database.prepare("INSERT INTO d1_migrations (name) VALUES (?)").run(name);
  database.close();
  new DatabaseSync(join(path, "metadata.sqlite")).close();
}

test("a database that has every migration needs nothing", () => {
  databaseWith("0000_first.sql", "0001_second.sql");
  expect(isMigrated(state, migrations)).toBe(true);
});

test("one that lacks the newest does", () => {
  databaseWith("0000_first.sql");
  expect(isMigrated(state, migrations)).toBe(false);
});

test("so does none at all, and one that no migration was ever applied to", () => {
  expect(isMigrated(state, migrations)).toBe(false);
  const path = join(state, "v3/d1/miniflare-D1DatabaseObject");
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, "ab12.sqlite"), "");
  expect(isMigrated(state, migrations)).toBe(false);
});
