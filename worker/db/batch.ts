import type { SQL } from "drizzle-orm";
import { SQLiteAsyncDialect } from "drizzle-orm/sqlite-core";
import type { Database } from "./client.ts";

/** Runs statements in one round trip and one transaction. Drizzle's own batch does not bind the parameters of raw SQL. */
export function runBatch(db: Database, statements: readonly SQL[]): Promise<D1Result<Record<string, unknown>>[]> {
  const dialect = new SQLiteAsyncDialect();
  const client = (db as Database & { $client: D1Database }).$client;
  return client.batch(
    statements.map((statement) => {
      const query = dialect.sqlToQuery(statement);
      return client.prepare(query.sql).bind(...query.params);
    }),
  );
}
