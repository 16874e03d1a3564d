import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

// What a stopped Tidemark has on this machine, read from the files that its local bucket and database keep.

/** Keys in the bucket that no item and no version names. */
export function objectsNobodyKnows(stateDir: string): string[] {
  const keys = rows(stateDir, "r2/miniflare-R2BucketObject", "SELECT key AS value FROM _mf_objects");
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

function rows(stateDir: string, folder: string, query: string): string[] {
  const path = join(stateDir, "worker", "v3", folder);
  const files = readdirSync(path).filter((name) => name.endsWith(".sqlite") && name !== "metadata.sqlite");
  return files.flatMap((name) => {
    const database = new DatabaseSync(join(path, name));
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
