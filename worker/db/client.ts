import { drizzle } from "drizzle-orm/d1";
import type { DrizzleD1Database } from "drizzle-orm/d1";

/** A database that queries run on. Made per request: it holds no connection. */
export type Database = DrizzleD1Database;

type Databases = Pick<Env, "DB">;

/** Users, identities and sessions: known before it is known whose catalogue is needed. */
export function accounts(env: Databases): Database {
  return drizzle(env.DB);
}

/** The catalogue database that a user's `homeShard` names: connections, syncs, items, versions, runs. */
export function catalogue(env: Databases, homeShard: number): Database {
  const found = catalogues(env)[homeShard];
  if (!found) throw new Error(`There is no catalogue database ${homeShard}.`);
  return found;
}

/** Every catalogue database, in the order of the shards that name them: what cron goes through. */
export function catalogues(env: Databases): Database[] {
  return [drizzle(env.DB)];
}

/** Throws where the database does not answer. */
export async function ping(db: Database): Promise<void> {
  await db.run("SELECT 1");
}
