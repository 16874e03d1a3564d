import { eq, sql } from "drizzle-orm";
import { runBatch } from "./batch.ts";
import type { Database } from "./client.ts";
import { users } from "./schema.ts";
import type { UserRow } from "./users.ts";

// What administrators and the metrics ask over all users. Counts and states; nothing of what people keep.

/** A cron sync is moved on by its object in the same minute; after this long nobody did. */
const OVERDUE_MILLISECONDS = 15 * 60_000;
const NEED_PEOPLE = sql`status IN ('needs_reconnect', 'error')`;

export interface UserPlace {
  signedInAt: number;
  id: string;
}

/** Users whose id is this, or whose name or address has it in it, regardless of case; who signed in last comes first. */
export function searchUsers(db: Database, query: { search: string; after: UserPlace | null; limit: number }): Promise<UserRow[]> {
  const { search, after, limit } = query;
  const text = search.toLowerCase();
  const matches = sql`(${text} = '' OR ${users.id} = ${text} OR instr(lower(${users.email}), ${text}) > 0 OR instr(lower(${users.name}), ${text}) > 0)`;
  const position = after
    ? sql`(${users.signedInAt} < ${after.signedInAt} OR (${users.signedInAt} = ${after.signedInAt} AND ${users.id} > ${after.id}))`
    : sql`TRUE`;
  return db
    .select()
    .from(users)
    .where(sql`${matches} AND ${position}`)
    .orderBy(sql`${users.signedInAt} DESC`, users.id)
    .limit(limit);
}

export function findUser(db: Database, userId: string): Promise<UserRow | undefined> {
  return db.select().from(users).where(eq(users.id, userId)).get();
}

/** A user's own limits; what is left out stays. False where there is no such user. */
export async function setQuotas(
  db: Database,
  userId: string,
  quota: Partial<Pick<UserRow, "quotaBytes" | "quotaItems" | "quotaSyncs">>,
): Promise<boolean> {
  const found = await db.update(users).set(quota).where(eq(users.id, userId)).returning({ id: users.id });
  return found.length > 0;
}

export interface UserTotals {
  userId: string;
  bytes: number;
  versionBytes: number;
  items: number;
  syncs: number;
  failedFiles: number;
  heldFiles: number;
  alarmedSyncs: number;
  brokenConnections: number;
}

/** What this catalogue has of these users, in no order; those of whom it has nothing are left out. */
export async function totalsOfUsers(db: Database, userIds: readonly string[]): Promise<UserTotals[]> {
  const asked = JSON.stringify(userIds);
  return db.all<UserTotals>(sql`
    SELECT asked.value AS userId, ifnull(sum(stored_bytes), 0) AS bytes, ifnull(sum(version_bytes), 0) AS versionBytes,
      ifnull(sum(item_count), 0) AS items, count(syncs.id) AS syncs, ifnull(sum(failed_count), 0) AS failedFiles,
      ifnull(sum(held_count), 0) AS heldFiles, count(alarmed_at) AS alarmedSyncs,
      (SELECT count(*) FROM connections WHERE user_id = asked.value AND ${NEED_PEOPLE}) AS brokenConnections
    FROM json_each(${asked}) AS asked LEFT JOIN syncs INDEXED BY syncs_by_user ON syncs.user_id = asked.value
    GROUP BY asked.value`);
}

export interface CatalogueState {
  overdue: { userId: string; syncId: string; dueAt: number }[];
  overdueCount: number;
  unfinished: { id: string; userId: string; syncId: string; type: string; status: string; since: number }[];
  unfinishedCount: number;
  broken: { id: string; userId: string; provider: string; status: string; lastValidatedAt: number | null }[];
  brokenCount: number;
}

/** What is not as it should be in a catalogue: the first `limit` of each kind, and how many there are. */
export async function catalogueState(db: Database, now: number, limit: number): Promise<CatalogueState> {
  const overdue = sql`FROM syncs INDEXED BY syncs_by_due WHERE next_due_at IS NOT NULL AND next_due_at <= ${now - OVERDUE_MILLISECONDS} AND status = 'active'`;
  const unfinished = sql`FROM runs INDEXED BY runs_unfinished WHERE finished_at IS NULL`;
  const broken = sql`FROM connections WHERE ${NEED_PEOPLE}`;
  const answers = await runBatch(db, [
    sql`SELECT user_id AS userId, id AS syncId, next_due_at AS dueAt ${overdue} ORDER BY next_due_at LIMIT ${limit}`,
    sql`SELECT id, user_id AS userId, sync_id AS syncId, type, status, created_at AS since ${unfinished} ORDER BY id LIMIT ${limit}`,
    sql`SELECT id, user_id AS userId, provider, status, last_validated_at AS lastValidatedAt ${broken} ORDER BY user_id, id LIMIT ${limit}`,
    sql`SELECT (SELECT count(*) ${overdue}) AS overdue, (SELECT count(*) ${unfinished}) AS unfinished, (SELECT count(*) ${broken}) AS broken`,
  ]);
  const rows = <T>(index: number) => (answers[index]?.results ?? []) as T[];
  const [counts] = rows<{ overdue: number; unfinished: number; broken: number }>(3);
  return {
    overdue: rows(0),
    overdueCount: counts?.overdue ?? 0,
    unfinished: rows(1),
    unfinishedCount: counts?.unfinished ?? 0,
    broken: rows(2),
    brokenCount: counts?.broken ?? 0,
  };
}

export interface CatalogueCounts {
  syncs: { status: string; mode: string; count: number }[];
  connections: { provider: string; status: string; count: number }[];
  runs: { type: string; status: string; count: number }[];
  totals: Record<"files" | "stored" | "failed" | "skipped" | "excluded" | "held" | "bytes" | "versionBytes" | "alarmed", number>;
}

/** The totals of a catalogue: over its syncs and connections, never over its items. */
export async function catalogueCounts(db: Database): Promise<CatalogueCounts> {
  const answers = await runBatch(db, [
    sql`SELECT status, mode, count(*) AS count FROM syncs GROUP BY status, mode`,
    sql`SELECT provider, status, count(*) AS count FROM connections GROUP BY provider, status`,
    sql`SELECT type, status, count(*) AS count FROM runs INDEXED BY runs_unfinished WHERE finished_at IS NULL GROUP BY type, status`,
    sql`SELECT ifnull(sum(file_count), 0) AS files, ifnull(sum(stored_count), 0) AS stored, ifnull(sum(failed_count), 0) AS failed,
      ifnull(sum(skipped_count), 0) AS skipped, ifnull(sum(excluded_count), 0) AS excluded, ifnull(sum(held_count), 0) AS held,
      ifnull(sum(stored_bytes), 0) AS bytes, ifnull(sum(version_bytes), 0) AS versionBytes, count(alarmed_at) AS alarmed FROM syncs`,
  ]);
  const rows = <T>(index: number) => (answers[index]?.results ?? []) as T[];
  const [totals] = rows<CatalogueCounts["totals"]>(3);
  if (!totals) throw new Error("The catalogue's totals have no row.");
  return { syncs: rows(0), connections: rows(1), runs: rows(2), totals };
}

/** How many people there are, and how many of them signed in after this time. */
export async function countUsers(db: Database, since: number): Promise<{ users: number; recent: number }> {
  const row = await db.get<{ users: number; recent: number }>(
    sql`SELECT count(*) AS users, ifnull(sum(signed_in_at >= ${since}), 0) AS recent FROM users`,
  );
  return row ?? { users: 0, recent: 0 };
}
