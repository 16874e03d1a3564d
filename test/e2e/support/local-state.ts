import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

// What a stopped Tidemark has on this machine, read from the files that its local bucket and database keep.

/** Keys in the bucket that no item and no version names. */
export function objectsNobodyKnows(stateDir: string): string[] {
  const keys = rows(stateDir, "r2/miniflare-R2BucketObject", "SELECT key AS value FROM _mf_objects WHERE key LIKE 'content/%'");
  const known = rows(
    stateDir,
    "d1/miniflare-D1DatabaseObject",
    `SELECT sync_id || '/' || stored_id AS value FROM items WHERE stored_id IS NOT NULL
     UNION SELECT sync_id || '/' || stored_id FROM versions`,
  );
  if (known.length === 0) throw new Error(`There is no catalogue in ${stateDir}.`);
  const expected = new Set(known);
  // content/{user}/{sync}/{version id}
  return keys.filter((key) => !expected.has(key.split("/").slice(2).join("/")));
}

/** What there is of a user while it runs: keys in the bucket, and how many rows in each table that has some. */
export function leftOf(stateDir: string, userId: string): { objects: string[]; rows: Record<string, number> } {
  const of = `key LIKE 'content/${userId}/%' OR key = 'accounts/${userId}.json'`;
  const objects = rows(stateDir, "r2/miniflare-R2BucketObject", `SELECT key AS value FROM _mf_objects WHERE ${of}`);
  const counts: Record<string, number> = {};
  const folder = "d1/miniflare-D1DatabaseObject";
  const columns = rows(stateDir, folder, `SELECT m.name || '.' || c.name AS value FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND (c.name IN ('user_id', 'sync_id') OR m.name = 'users' AND c.name = 'id')`); // prettier-ignore
  for (const [table = "", column = ""] of columns.map((name) => name.split("."))) {
    // Rows of a sync that nobody has are of the only user whose syncs were erased.
    const where = column === "sync_id" ? "sync_id NOT IN (SELECT id FROM syncs)" : `${column} = '${userId}'`;
    const [count = "0"] = rows(stateDir, folder, `SELECT count(*) AS value FROM ${table} WHERE ${where}`);
    if (count !== "0") counts[table] = (counts[table] ?? 0) + Number(count);
  }
  return { objects, rows: counts };
}

/** Empties every table of the catalogue, as a loss would; the migrations stay. */
export function loseCatalogue(stateDir: string): void {
  for (const database of databases(stateDir, "d1/miniflare-D1DatabaseObject")) {
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all().map((row) => String(row["name"])); // prettier-ignore
    if (!tables.includes("items")) continue;
    for (const table of tables) if (!/^(_|d1_|sqlite_)/.test(table)) database.exec(`DELETE FROM ${table}`);
    database.close();
  }
}

function rows(stateDir: string, folder: string, query: string): string[] {
  return databases(stateDir, folder).flatMap((database) => {
    try {
      return database
        .prepare(query)
        .all()
        .map((row) => String(row["value"]));
    } finally {
      database.close();
    }
  });
}

function databases(stateDir: string, folder: string): DatabaseSync[] {
  const path = join(stateDir, "worker", "v3", folder);
  const files = readdirSync(path).filter((name) => name.endsWith(".sqlite") && name !== "metadata.sqlite");
  return files.map((name) => new DatabaseSync(join(path, name)));
}
