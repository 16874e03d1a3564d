import { and, asc, eq, gt, isNotNull, lte, sql } from "drizzle-orm";
import type { Database } from "./client.ts";
import { syncs, ticks } from "./schema.ts";

// Who is due, for cron, and whom a source's notification is about: the only queries that go over all users. Answers are user ids in their order, paged by the last.

/** Connections that one notification wakes; the schedule finds what is beyond that. */
const ACCOUNT_CONNECTIONS_MAX = 20_000;

/** The periodic work that is the clock itself. */
export const TICK = "wakes";

export interface DuePage {
  afterUserId: string;
  limit: number;
}

/**
 * Users with an interval sync whose slot lies in the minutes after `fromMinute`, up to `toMinute`. After a gap longer
 * than its interval a sync is due once.
 *
 * The intervals in use are found by skipping through the index, one step each; then each one's slots are a range of it,
 * or two where the minutes wrap round.
 */
export async function usersWithDueSlots(db: Database, minutes: { fromMinute: number; toMinute: number }, page: DuePage): Promise<string[]> {
  const { fromMinute, toMinute } = minutes;
  const scheduled = sql`interval_minutes IS NOT NULL AND status = 'active'`;
  const rows = await db.all<{ userId: string }>(sql`
    WITH RECURSIVE intervals(minutes) AS (
      SELECT min(interval_minutes) FROM syncs WHERE ${scheduled}
      UNION ALL
      SELECT (SELECT min(interval_minutes) FROM syncs WHERE interval_minutes > minutes AND ${scheduled})
      FROM intervals WHERE minutes IS NOT NULL
    ),
    spans(minutes, first, length) AS (
      SELECT minutes, (${fromMinute} + 1) % minutes, min(${toMinute} - ${fromMinute}, minutes) FROM intervals WHERE minutes IS NOT NULL
    ),
    due(userId) AS (
      SELECT user_id FROM spans JOIN syncs ON interval_minutes = minutes
        AND wake_slot BETWEEN first AND min(first + length, minutes) - 1 WHERE ${scheduled}
      UNION
      SELECT user_id FROM spans JOIN syncs ON interval_minutes = minutes
        AND wake_slot BETWEEN 0 AND first + length - minutes - 1 WHERE ${scheduled}
    )
    SELECT userId FROM due WHERE userId > ${page.afterUserId} ORDER BY userId LIMIT ${page.limit}`);
  return rows.map((row) => row.userId);
}

/** Users with a cron sync that is due. The object moves its time on; until then the user is found again. */
export async function usersWithDueSyncs(db: Database, now: number, page: DuePage): Promise<string[]> {
  const rows = await db
    .selectDistinct({ userId: syncs.userId })
    .from(syncs)
    .where(and(isNotNull(syncs.nextDueAt), lte(syncs.nextDueAt, now), eq(syncs.status, sql`'active'`), gt(syncs.userId, page.afterUserId)))
    .orderBy(asc(syncs.userId))
    .limit(page.limit);
  return rows.map((row) => row.userId);
}

/** Users with a sync whose versions may have outlived their retention, whatever its schedule or status. */
export async function usersWithDuePurges(db: Database, now: number, page: DuePage): Promise<string[]> {
  const rows = await db.all<{ userId: string }>(sql`
    SELECT DISTINCT user_id AS userId FROM syncs INDEXED BY syncs_by_purge
    WHERE purge_due_at <= ${now} AND status <> 'deleting' AND user_id > ${page.afterUserId}
    ORDER BY user_id LIMIT ${page.limit}`);
  return rows.map((row) => row.userId);
}

/** Active connections of these accounts of a provider, whoever made them. */
export async function connectionsOfAccounts(
  db: Database,
  provider: string,
  accountIds: readonly string[],
): Promise<{ userId: string; connectionId: string }[]> {
  // The index is named, and the order of the joins with it: one seek for each account.
  return db.all(sql`
    SELECT connections.user_id AS userId, connections.id AS connectionId
    FROM json_each(${JSON.stringify(accountIds)}) AS account CROSS JOIN connections INDEXED BY connections_at_source
      ON connections.provider = ${provider} AND connections.account_id = account.value
    WHERE connections.status = 'active' LIMIT ${ACCOUNT_CONNECTIONS_MAX}`);
}

/** When this piece of periodic work last ran; undefined before the first time. */
export async function lastTick(db: Database, name: string): Promise<number | undefined> {
  const row = await db.select({ at: ticks.at }).from(ticks).where(eq(ticks.name, name)).get();
  return row?.at;
}

export async function recordTick(db: Database, name: string, at: number): Promise<void> {
  await db.insert(ticks).values({ name, at }).onConflictDoUpdate({ target: ticks.name, set: { at } });
}
