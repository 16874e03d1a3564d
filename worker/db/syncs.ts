import { and, asc, eq, sql } from "drizzle-orm";
import type { Run, Sync } from "../wire.ts";
import type { Filters } from "../sync/rules.ts";
import { DEFAULT_OPTIONS } from "../sync/rules.ts";
import { nextSlotAt } from "../sync/slot.ts";
import type { Stats } from "../sync/stats.ts";
import type { Database } from "./client.ts";
import { toInstant, toInstantOrNull } from "./instant.ts";
import { syncs } from "./schema.ts";

export type SyncRow = typeof syncs.$inferSelect;
type NewSyncRow = Omit<typeof syncs.$inferInsert, "userId">;
export type SyncRowPatch = Partial<Omit<SyncRow, "id" | "userId" | "connectionId" | "createdAt">>;

/** Most syncs of one user: a list of them is never paged. */
export const SYNCS_MAX = 200;

/** All of a user's syncs, oldest first. */
export function listSyncs(db: Database, userId: string): Promise<SyncRow[]> {
  return db.select().from(syncs).where(eq(syncs.userId, userId)).orderBy(asc(syncs.createdAt), asc(syncs.id)).limit(SYNCS_MAX);
}

export function getSync(db: Database, userId: string, syncId: string): Promise<SyncRow | undefined> {
  return db.select().from(syncs).where(owned(userId, syncId)).get();
}

/** Adds a sync. One that is there already, by id, stays as it is: a repeated call changes nothing. */
export async function insertSync(db: Database, userId: string, row: NewSyncRow): Promise<void> {
  await db
    .insert(syncs)
    .values({ ...row, userId })
    .onConflictDoNothing({ target: syncs.id });
}

/** The row after the change; undefined where the user has no such sync. */
export function updateSync(db: Database, userId: string, syncId: string, patch: SyncRowPatch): Promise<SyncRow | undefined> {
  return db.update(syncs).set(patch).where(owned(userId, syncId)).returning().get();
}

/** Has these syncs shown as paused, those that are shown as active. */
export async function markPaused(db: Database, userId: string, syncIds: readonly string[]): Promise<void> {
  if (syncIds.length === 0) return;
  const given = sql`(SELECT value FROM json_each(${JSON.stringify(syncIds)}))`;
  await db
    .update(syncs)
    .set({ status: "paused" })
    .where(and(sql`${syncs.id} IN ${given}`, eq(syncs.userId, userId), eq(syncs.status, "active")));
}

export async function deleteSync(db: Database, userId: string, syncId: string): Promise<void> {
  await db.delete(syncs).where(owned(userId, syncId));
}

/** A sync's totals as its columns. */
export function totalsOf(stats: Stats): SyncRowPatch {
  return {
    itemCount: stats.items,
    fileCount: stats.files,
    storedCount: stats.stored,
    failedCount: stats.failed,
    skippedCount: stats.skipped,
    storedBytes: stats.bytes,
    sourceBytes: stats.sourceBytes,
    excludedCount: stats.excluded,
    heldCount: stats.held,
    versionCount: stats.versions,
    versionBytes: stats.versionBytes,
  };
}

/** A sync as the API shows it. `now` places the next run. */
export function toSync(row: SyncRow, lastRun: Run | null, now: number): Sync {
  return {
    id: row.id,
    connectionId: row.connectionId,
    name: row.name,
    mode: row.mode,
    schedule: row.schedule,
    labels: row.labels,
    selection: row.selection,
    filters: toWireFilters(row.filters),
    options: { ...DEFAULT_OPTIONS, ...row.options },
    alarm: row.alarmedAt === null ? null : { kind: "mass_change", since: toInstant(row.alarmedAt), files: row.alarmedCount ?? 0 },
    status: row.status,
    nextRunAt: toInstantOrNull(nextRunAt(row, now)),
    lastRun,
    upToDateAt: toInstantOrNull(row.upToDateAt),
    stats: {
      items: row.itemCount,
      files: row.fileCount,
      stored: row.storedCount,
      failed: row.failedCount,
      skipped: row.skippedCount,
      excluded: row.excludedCount,
      held: row.heldCount,
      bytes: row.storedBytes,
      sourceBytes: row.sourceBytes,
      versions: row.versionCount,
      versionBytes: row.versionBytes,
    },
    createdAt: toInstant(row.createdAt),
  };
}

function toWireFilters({ modifiedAfter, modifiedBefore, ...filters }: Filters): Sync["filters"] {
  return {
    ...filters,
    ...(modifiedAfter !== undefined && { modifiedAfter: toInstant(modifiedAfter) }),
    ...(modifiedBefore !== undefined && { modifiedBefore: toInstant(modifiedBefore) }),
  };
}

function nextRunAt(row: SyncRow, now: number): number | null {
  if (row.status !== "active") return null;
  if (row.intervalMinutes !== null && row.wakeSlot !== null) return nextSlotAt(row.wakeSlot, row.intervalMinutes, now);
  return row.nextDueAt;
}

function owned(userId: string, syncId: string) {
  return and(eq(syncs.id, syncId), eq(syncs.userId, userId));
}
