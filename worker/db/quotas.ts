import { sql } from "drizzle-orm";
import { eq } from "drizzle-orm";
import type { Database } from "./client.ts";
import type { ItemScope } from "./items.ts";
import { owned } from "./items.ts";
import { users } from "./schema.ts";

/** A user's own limits; null where the operator's hold. */
export async function userQuotas(db: Database, userId: string) {
  const row = await db
    .select({ quotaBytes: users.quotaBytes, quotaItems: users.quotaItems, quotaSyncs: users.quotaSyncs })
    .from(users)
    .where(eq(users.id, userId))
    .get();
  return row ?? { quotaBytes: null, quotaItems: null, quotaSyncs: null };
}

/** Whether any file of the sync waits for room. */
export async function waitsForRoom(db: Database, scope: ItemScope): Promise<boolean> {
  const row = await db.get<{ waits: number }>(sql`
    SELECT EXISTS (SELECT 1 FROM items INDEXED BY items_failed
      WHERE sync_id = ${scope.syncId} AND state = 'failed' AND reason = 'quota' AND ${owned(scope)}) AS waits`);
  return row?.waits === 1;
}

/** Makes files that wait for room due at this time, at most `limit`. */
export async function hastenWaiting(db: Database, scope: ItemScope, at: number, limit: number): Promise<void> {
  await db.run(sql`
    UPDATE items SET next_attempt_at = ${at}
    WHERE sync_id = ${scope.syncId} AND remote_id IN (
      SELECT remote_id FROM items INDEXED BY items_failed
      WHERE sync_id = ${scope.syncId} AND state = 'failed' AND reason = 'quota' AND ${owned(scope)} LIMIT ${limit})`);
}
