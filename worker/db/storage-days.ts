import { sql } from "drizzle-orm";
import type { Stats } from "../sync/stats.ts";
import type { StorageDay } from "../sync/storage-days.ts";
import type { Database } from "./client.ts";
import type { ItemScope } from "./items.ts";
import { storageDays } from "./schema.ts";

// What was kept, by day: a row of a sync for each day on which it changed.

/** Notes what is kept of a sync on this day. Where that is noted already nothing is written. */
export async function noteStorage(db: Database, scope: ItemScope, day: number, stats: Stats): Promise<void> {
  await db.run(sql`
    INSERT INTO storage_days (user_id, sync_id, day, files, bytes, version_bytes)
    SELECT ${scope.userId}, ${scope.syncId}, ${day}, ${stats.stored + stats.held}, ${stats.bytes}, ${stats.versionBytes}
    WHERE EXISTS (SELECT 1 FROM syncs WHERE id = ${scope.syncId} AND user_id = ${scope.userId})
      AND (${stats.stored + stats.held}, ${stats.bytes}, ${stats.versionBytes}) IS NOT (
        SELECT files, bytes, version_bytes FROM storage_days
        WHERE user_id = ${scope.userId} AND sync_id = ${scope.syncId} AND day <= ${day} ORDER BY day DESC LIMIT 1)
    ON CONFLICT (user_id, sync_id, day) DO UPDATE
    SET files = excluded.files, bytes = excluded.bytes, version_bytes = excluded.version_bytes`);
}

/** The rows of the user's syncs, or of one of them, from this day on, and for each sync the last one before. In order of days. */
export async function listStorageDays(db: Database, userId: string, from: number, syncId?: string): Promise<StorageDay[]> {
  const chosen = syncId === undefined ? sql`TRUE` : sql`syncs.id = ${syncId}`;
  return db.all<StorageDay>(sql`
    SELECT days.sync_id AS syncId, days.day, days.files, days.bytes, days.version_bytes AS versionBytes
    FROM syncs CROSS JOIN storage_days AS days ON days.user_id = syncs.user_id AND days.sync_id = syncs.id
    WHERE syncs.user_id = ${userId} AND ${chosen} AND days.day >= ifnull(
      (SELECT max(day) FROM storage_days WHERE user_id = syncs.user_id AND sync_id = syncs.id AND day <= ${from}), ${from})
    ORDER BY days.day`);
}

/** Erases what is noted of a sync. */
export async function deleteStorageDays(db: Database, scope: ItemScope): Promise<void> {
  await db.delete(storageDays).where(sql`user_id = ${scope.userId} AND sync_id = ${scope.syncId}`);
}
