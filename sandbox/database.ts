import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

// What all vendors share; a vendor makes its own tables when it is started. With the write-ahead log and `synchronous = normal`, what is
// committed survives a kill of the process.
const SCHEMA = `
PRAGMA journal_mode = wal;
PRAGMA synchronous = normal;
PRAGMA busy_timeout = 5000;

CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS accounts (
  no INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  drive_id TEXT NOT NULL UNIQUE,
  created INTEGER NOT NULL,
  grant_generation INTEGER NOT NULL DEFAULT 1,
  epoch TEXT NOT NULL,
  seq INTEGER NOT NULL DEFAULT 0,
  next_n INTEGER NOT NULL DEFAULT 1,
  folder TEXT
);

CREATE TABLE IF NOT EXISTS items (
  drive INTEGER NOT NULL, n INTEGER NOT NULL, parent INTEGER, name TEXT NOT NULL, folded TEXT NOT NULL,
  folder INTEGER NOT NULL, size INTEGER NOT NULL, children INTEGER NOT NULL DEFAULT 0,
  revision INTEGER NOT NULL DEFAULT 1, content_revision INTEGER NOT NULL DEFAULT 1,
  created INTEGER NOT NULL, modified INTEGER NOT NULL,
  source TEXT, seed INTEGER, quick_xor TEXT, sha1 TEXT, sha256 TEXT,
  seq INTEGER NOT NULL, changed INTEGER NOT NULL, deleted_by INTEGER,
  PRIMARY KEY (drive, n)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS items_by_name ON items (drive, parent, folded);
CREATE INDEX IF NOT EXISTS items_by_seq ON items (drive, seq);

CREATE TABLE IF NOT EXISTS literals (drive INTEGER NOT NULL, n INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (drive, n));

CREATE TABLE IF NOT EXISTS disk_files (
  drive INTEGER NOT NULL, n INTEGER NOT NULL, inode TEXT NOT NULL, modified_ns TEXT NOT NULL, PRIMARY KEY (drive, n)
) WITHOUT ROWID;
`;

/** Opens the sandbox's database: a file below `stateDir`, or memory where there is none. */
export function openDatabase(stateDir: string | undefined): DatabaseSync {
  if (stateDir !== undefined) mkdirSync(stateDir, { recursive: true });
  const db = new DatabaseSync(stateDir === undefined ? ":memory:" : join(stateDir, "sandbox.db"));
  db.exec(SCHEMA);
  return db;
}

/** Runs `work` as one transaction. It must not be asynchronous: nothing else may come between. */
export function transaction<T>(db: DatabaseSync, work: () => T): T {
  if (db.isTransaction) return work();
  db.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    db.exec("COMMIT");
    return result;
  } catch (error) {
    db.exec("ROLLBACK");
    throw error;
  }
}

/** Values kept by name: keys, the clock's offset, settings. */
export type Meta = { get: (key: string) => string | undefined; set: (key: string, value: string) => void };

export function createMeta(db: DatabaseSync): Meta {
  const read = db.prepare("SELECT value FROM meta WHERE key = ?");
  const write = db.prepare("INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value");
  return {
    get: (key) => read.get(key)?.["value"] as string | undefined,
    set: (key, value) => void write.run(key, value),
  };
}

/** Forgets everything, keys and what vendors keep in tables of their own included. */
export function clearDatabase(db: DatabaseSync): void {
  transaction(db, () => {
    const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").all();
    for (const { name } of tables) db.exec(`DELETE FROM "${String(name)}"`);
  });
}
