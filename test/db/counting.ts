import { env } from "cloudflare:workers";
import { drizzle } from "drizzle-orm/d1";
import type { Database } from "../../worker/db/client.ts";

/** The real database, counting the rows that statements read, and measuring the longest text that is bound to one. */
export function countingDatabase(): { db: Database; rowsRead: () => number; longestText: () => number } {
  let read = 0;
  let longest = 0;
  const bound = (statement: D1PreparedStatement, values: unknown[]) => {
    longest = Math.max(longest, ...values.map((value) => (typeof value === "string" ? value.length : 0)));
    return counted(statement.bind(...values));
  };
  const counted = (statement: D1PreparedStatement): D1PreparedStatement =>
    ({
      bind: (...values: unknown[]) => bound(statement, values),
      first: statement.first.bind(statement),
      // The driver reads mapped rows this way; its answer has no count.
      raw: async () => (await noted(statement.all<Record<string, unknown>>())).results.map((row) => Object.values(row)),
      run: () => noted(statement.run()),
      all: () => noted(statement.all()),
    }) as D1PreparedStatement;
  const noted = async <T>(pending: Promise<D1Result<T>>): Promise<D1Result<T>> => {
    const result = await pending;
    read += result.meta.rows_read;
    return result;
  };
  const binding = {
    prepare: (query: string) => counted(env.DB.prepare(query)),
    // One after another: what is counted is the same.
    batch: async (statements: readonly D1PreparedStatement[]) => {
      const results = [];
      for (const statement of statements) results.push(await statement.all());
      return results;
    },
  } as unknown as D1Database;
  return { db: drizzle(binding), rowsRead: () => read, longestText: () => longest };
}
