import { MIGRATIONS } from "../../durable-objects/user-sync-schema.ts";

// An object's storage as the release before this one left it: its tables, and what was in their JSON.

const TABLES = ["settings", "connections", "syncs", "feeds", "runs", "jobs", "removals", "seen", "subscriptions"];

const STATS = ["items", "files", "stored", "failed", "skipped", "bytes", "sourceBytes"];
const RUN =
  "id syncId type trigger phase createdAt startedAt announced discovered stored skipped failed removed bytes unreadable events usage".split(
    " ",
  );
const JOB_FILE = ["remoteId", "name", "size", "hash", "contentTag", "modifiedAt", "mimeType", "download", "attempts"];

type Row = Record<string, SqlStorageValue>;

/** Puts the storage back to what the earlier release would have left at this point. Synchronous: it is done as a whole. */
export function toEarlierRelease(storage: DurableObjectStorage): void {
  const { sql } = storage;
  storage.transactionSync(() => {
    const rows = new Map(TABLES.map((table) => [table, sql.exec<Row>(`SELECT * FROM ${table}`).toArray()]));
    const present = sql.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite%'").toArray(); // prettier-ignore
    for (const { name } of present) sql.exec(`DROP TABLE ${name}`);
    sql.exec(MIGRATIONS[0] ?? "");
    sql.exec("CREATE TABLE migrations (number INTEGER PRIMARY KEY)");
    sql.exec("INSERT INTO migrations (number) VALUES (1)");
    for (const [table, found] of rows) for (const row of found) insert(sql, table, earlier(table, row));
  });
}

function insert(sql: SqlStorage, table: string, row: Row): void {
  const columns = sql.exec<{ name: string }>(`SELECT name FROM pragma_table_info('${table}')`).toArray().map(({ name }) => name); // prettier-ignore
  const values = columns.map((name) => row[name] ?? null);
  sql.exec(`INSERT INTO ${table} (${columns.join()}) VALUES (${columns.map(() => "?").join()})`, ...values);
}

function earlier(table: string, row: Row): Row {
  switch (table) {
    case "syncs":
      return { ...row, stats: only(row["stats"], STATS) };
    case "runs":
      return { ...row, run: only(row["run"], RUN) };
    case "jobs":
      return { ...row, files: JSON.stringify((parse(row["files"]) as object[]).map((file) => pick(file, JOB_FILE))) };
    default:
      return row;
  }
}

function only(json: SqlStorageValue | undefined, keys: readonly string[]): string {
  return JSON.stringify(pick(parse(json) as object, keys));
}

function pick(given: object, keys: readonly string[]): object {
  return Object.fromEntries(Object.entries(given).filter(([key]) => keys.includes(key)));
}

function parse(json: SqlStorageValue | undefined): unknown {
  return JSON.parse(typeof json === "string" ? json : "null");
}
