import { and, asc, desc, eq, gt, inArray, isNull, lt, sql } from "drizzle-orm";
import type { Run } from "../wire.ts";
import type { Database } from "./client.ts";
import { toInstant, toInstantOrNull } from "./instant.ts";
import { runs } from "./schema.ts";

export type RunRow = typeof runs.$inferSelect;
type NewRunRow = Omit<typeof runs.$inferInsert, "userId">;
type RunRowPatch = Partial<Omit<RunRow, "id" | "userId" | "syncId" | "createdAt">>;

interface RunPage {
  items: RunRow[];
  /** Continues after the last item; null at the end. */
  cursor: string | null;
}

/** Ids of one statement: D1 binds at most 100 parameters. */
const IDS_MAX = 90;

/** Adds a run. One that is there already, by id, stays as it is: a repeated call changes nothing. */
export async function insertRun(db: Database, userId: string, row: NewRunRow): Promise<void> {
  await db
    .insert(runs)
    .values({ ...row, userId })
    .onConflictDoNothing({ target: runs.id });
}

/** The row after the change; undefined where the user has no such run. */
export function updateRun(db: Database, userId: string, runId: string, patch: RunRowPatch): Promise<RunRow | undefined> {
  return db
    .update(runs)
    .set(patch)
    .where(and(eq(runs.id, runId), eq(runs.userId, userId)))
    .returning()
    .get();
}

/** Nothing of the sync is held any more: runs that ended as held have come to their proper end. */
export async function closeHeldRuns(db: Database, userId: string, syncId: string): Promise<void> {
  await db
    .update(runs)
    .set({ status: sql`CASE WHEN ${runs.failed} > 0 THEN 'incomplete' ELSE 'completed' END` })
    .where(and(eq(runs.syncId, syncId), eq(runs.userId, userId), eq(runs.status, "held")));
}

/** Ends, as cancelled, the user's unfinished runs that were created before `before` and are none of those that go on. */
export async function closeLostRuns(
  db: Database,
  userId: string,
  { goingOn, before, now }: { goingOn: readonly string[]; before: number; now: number },
): Promise<void> {
  const active = sql`(SELECT value FROM json_each(${JSON.stringify(goingOn)}))`;
  await db
    .update(runs)
    .set({ status: "cancelled", finishedAt: now })
    .where(and(eq(runs.userId, userId), isNull(runs.finishedAt), lt(runs.createdAt, before), sql`${runs.id} NOT IN ${active}`));
}

export function getRun(db: Database, userId: string, runId: string): Promise<RunRow | undefined> {
  return db
    .select()
    .from(runs)
    .where(and(eq(runs.id, runId), eq(runs.userId, userId)))
    .get();
}

/** A sync's runs, newest first. */
export async function listRuns(
  db: Database,
  userId: string,
  syncId: string,
  page: { limit: number; cursor?: string | undefined },
): Promise<RunPage> {
  const found = await db
    .select()
    .from(runs)
    .where(and(eq(runs.syncId, syncId), eq(runs.userId, userId), page.cursor === undefined ? undefined : lt(runs.id, page.cursor)))
    .orderBy(desc(runs.id))
    .limit(page.limit + 1);
  const items = found.slice(0, page.limit);
  return { items, cursor: found.length > page.limit ? (items.at(-1)?.id ?? null) : null };
}

/** The newest runs over all of a user's syncs. */
export function recentRuns(db: Database, userId: string, limit: number): Promise<RunRow[]> {
  return db.select().from(runs).where(eq(runs.userId, userId)).orderBy(desc(runs.id)).limit(limit);
}

/** The newest run of each of these syncs, by sync id. */
export async function lastRuns(db: Database, userId: string, syncIds: readonly string[]): Promise<Map<string, RunRow>> {
  // A grouped maximum would read all runs of each sync; this reads one index entry for each.
  const newest = sql`(
    SELECT (SELECT newest.id FROM runs AS newest WHERE newest.sync_id = given.value ORDER BY newest.id DESC LIMIT 1)
    FROM json_each(${JSON.stringify(syncIds)}) AS given
  )`;
  const rows = await db
    .select()
    .from(runs)
    .where(and(sql`${runs.id} IN ${newest}`, eq(runs.userId, userId)));
  return new Map(rows.map((row) => [row.syncId, row]));
}

/** Erases runs. Their events go first, see `deleteRunEvents`. */
export async function deleteRuns(db: Database, userId: string, runIds: readonly string[]): Promise<void> {
  for (let start = 0; start < runIds.length; start += IDS_MAX) {
    await db.delete(runs).where(and(inArray(runs.id, runIds.slice(start, start + IDS_MAX)), eq(runs.userId, userId)));
  }
}

/** Users with a run that has not ended, in order of their ids, after `afterUserId`: for the watchdog. */
export async function unfinishedRuns(db: Database, afterUserId: string, limit: number): Promise<string[]> {
  const rows = await db
    .selectDistinct({ userId: runs.userId })
    .from(runs)
    .where(and(isNull(runs.finishedAt), gt(runs.userId, afterUserId)))
    .orderBy(asc(runs.userId))
    .limit(limit);
  return rows.map((row) => row.userId);
}

/** A run as the API shows it. The row lags behind while the run is active: the object has the live one. */
export function toRun(row: RunRow): Run {
  return {
    id: row.id,
    syncId: row.syncId,
    type: row.type,
    status: row.status,
    trigger: row.trigger,
    phase: row.phase,
    createdAt: toInstant(row.createdAt),
    startedAt: toInstantOrNull(row.startedAt),
    finishedAt: toInstantOrNull(row.finishedAt),
    progress: {
      discovered: row.discovered,
      pending: row.pending,
      stored: row.stored,
      skipped: row.skipped,
      failed: row.failed,
      removed: row.removed,
      held: row.held,
      changed: row.changed,
      bytes: row.bytes,
      recent: [],
    },
    usage: {
      providerRequests: row.providerRequests,
      rowsWritten: row.rowsWritten,
      queueOperations: row.queueOperations,
      storagePuts: row.storagePuts,
    },
    drift: row.drift,
    error: row.errorCode === null ? null : { code: row.errorCode, message: row.errorMessage ?? "" },
  };
}
