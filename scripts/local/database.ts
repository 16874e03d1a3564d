import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Where workerd keeps local databases, within its state. */
const DATABASES = "v3/d1/miniflare-D1DatabaseObject";

/** Whether the local database has every migration there is: asking wrangler takes seconds of each start. */
export function isMigrated(workerState: string, migrations: string): boolean {
  const folder = join(workerState, DATABASES);
  if (!existsSync(folder)) return false;
  const files = readdirSync(folder).filter((name) => name.endsWith(".sqlite") && name !== "metadata.sqlite");
  const applied = new Set(files.flatMap((name) => appliedTo(join(folder, name))));
  return readdirSync(migrations)
    .filter((name) => name.endsWith(".sql"))
    .every((name) => applied.has(name));
}

/** Of a file that cannot be read so, wrangler has something to say. */
function appliedTo(file: string): string[] {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return database
      .prepare("SELECT name FROM d1_migrations")
      .all()
      .map((row) => String(row["name"]));
  } catch {
    return [];
  } finally {
    database.close();
  }
}
