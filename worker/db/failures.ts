import { sql } from "drizzle-orm";
import type { Database } from "./client.ts";
import type { ItemScope } from "./items.ts";

export interface FailureRow {
  reason: string | null;
  files: number;
  bytes: number;
  nextAttemptAt: number | null;
}

/** Whether anything failed for this reason. */
export async function hasFailed(db: Database, { userId, syncId }: ItemScope, reason: string | null): Promise<boolean> {
  const row = await db.get<{ failed: number }>(sql`
    SELECT EXISTS (
      SELECT 1 FROM items INDEXED BY items_failed
      WHERE sync_id = ${syncId} AND state = 'failed' AND reason IS ${reason}
        AND EXISTS (SELECT 1 FROM syncs WHERE id = ${syncId} AND user_id = ${userId})
    ) AS failed`);
  return row?.failed === 1;
}

/** The failed items of a sync by their reason, most first. Reads those that failed, and no others. */
export function failuresByReason(db: Database, { userId, syncId }: ItemScope): Promise<FailureRow[]> {
  return db.all<FailureRow>(sql`
    SELECT reason, count(*) AS files, ifnull(sum(size), 0) AS bytes, min(next_attempt_at) AS nextAttemptAt
    FROM items INDEXED BY items_failed
    WHERE sync_id = ${syncId} AND state = 'failed'
      AND EXISTS (SELECT 1 FROM syncs WHERE id = ${syncId} AND user_id = ${userId})
    GROUP BY reason ORDER BY files DESC, reason`);
}
