import { and, asc, eq, exists, gt, sql } from "drizzle-orm";
import type { Database } from "./client.ts";
import { runEvents, runs } from "./schema.ts";

export type RunEventRow = typeof runEvents.$inferSelect;

/** Most lines of one run: a run that fails everywhere does not fill the database with saying so. */
export const RUN_EVENTS_MAX = 1000;

/** Adds lines to a run's log. The caller numbers them, from 1; a repeated call changes nothing. */
export async function appendRunEvents(
  db: Database,
  userId: string,
  runId: string,
  events: readonly Omit<RunEventRow, "runId">[],
): Promise<void> {
  const rows = events.filter((event) => event.number <= RUN_EVENTS_MAX);
  if (rows.length === 0) return;
  // One statement however many lines: D1 binds at most 100 parameters.
  await db.run(sql`
    INSERT INTO run_events (run_id, number, at, level, message, remote_id)
    SELECT ${runId}, value->>'number', value->>'at', value->>'level', value->>'message', value->>'remoteId'
    FROM json_each(${JSON.stringify(rows)})
    WHERE EXISTS (SELECT 1 FROM runs WHERE runs.id = ${runId} AND runs.user_id = ${userId})
    ON CONFLICT (run_id, number) DO NOTHING`);
}

/** The number of the run's last line; 0 where it has none. */
export async function lastRunEvent(db: Database, userId: string, runId: string): Promise<number> {
  const row = await db
    .select({ number: sql<number | null>`max(${runEvents.number})` })
    .from(runEvents)
    .where(and(eq(runEvents.runId, runId), ownedRun(db, userId, runId)))
    .get();
  return row?.number ?? 0;
}

/** A run's log in order, after line `afterNumber`. */
export function listRunEvents(
  db: Database,
  userId: string,
  runId: string,
  page: { afterNumber: number; limit: number },
): Promise<RunEventRow[]> {
  return db
    .select()
    .from(runEvents)
    .where(and(eq(runEvents.runId, runId), gt(runEvents.number, page.afterNumber), ownedRun(db, userId, runId)))
    .orderBy(asc(runEvents.number))
    .limit(page.limit);
}

export async function deleteRunEvents(db: Database, userId: string, runId: string): Promise<void> {
  await db.delete(runEvents).where(and(eq(runEvents.runId, runId), ownedRun(db, userId, runId)));
}

function ownedRun(db: Database, userId: string, runId: string) {
  return exists(
    db
      .select({ one: sql`1` })
      .from(runs)
      .where(and(eq(runs.id, runId), eq(runs.userId, userId))),
  );
}
