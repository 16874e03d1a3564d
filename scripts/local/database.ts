import { createHash, createHmac } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** What workerd keeps local databases under, and derives their files' names from. */
const DATABASES = "miniflare-D1DatabaseObject";

/** The file of a local database, by the `database_id` of wrangler.toml: another id is another database. */
export function databaseFile(workerState: string, databaseId: string): string {
  const key = createHash("sha256").update(DATABASES).digest();
  const sign = (data: string | Buffer) => createHmac("sha256", key).update(data).digest().subarray(0, 16);
  const name = sign(databaseId);
  return join(workerState, "v3/d1", DATABASES, `${Buffer.concat([name, sign(name)]).toString("hex")}.sqlite`);
}

/** Whether a local database has every migration there is: asking wrangler takes seconds of each start. */
export function isMigrated(file: string, migrations: string): boolean {
  if (!existsSync(file)) return false;
  const applied = appliedTo(file);
  return readdirSync(migrations)
    .filter((name) => name.endsWith(".sql"))
    .every((name) => applied.has(name));
}

/** Of a file that cannot be read so, wrangler has something to say. */
function appliedTo(file: string): Set<string> {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const rows = database.prepare("SELECT name FROM d1_migrations").all();
    return new Set(rows.map((row) => String(row["name"])));
  } catch {
    return new Set();
  } finally {
    database.close();
  }
}
