import { and, desc, eq, inArray, isNull, lt, lte, or, sql } from "drizzle-orm";
import type { Database } from "./client.ts";
import { deadLetters } from "./schema.ts";

// Messages that failed every delivery: what administrators see of them. They are handed back to their users' objects whether
// they could be noted here or not.

export type DeadLetterRow = typeof deadLetters.$inferSelect;
type DeadQueue = DeadLetterRow["queue"];

/** What a message says, without which request sent it. */
export type DeadMessage = DeadLetterRow["message"];

export interface DeadLetter {
  /** The same for messages that say the same. */
  id: string;
  queue: DeadQueue;
  userId: string;
  message: DeadMessage;
}

interface LetterPlace {
  lastAt: number;
  id: string;
}

/** That messages died: a row for each different one, once more where it did before. Then it waits again. */
export async function noteDead(db: Database, letters: readonly DeadLetter[], now: number): Promise<void> {
  await db.run(sql`
    INSERT INTO dead_letters (id, queue, user_id, message, count, first_at, last_at)
    SELECT value->>'id', value->>'queue', value->>'userId', value->'message', 1, ${now}, ${now}
    FROM json_each(${JSON.stringify(letters)}) WHERE TRUE
    ON CONFLICT (id) DO UPDATE SET count = count + 1, last_at = excluded.last_at, returned_at = NULL`);
}

/** Why a message failed its last delivery: it dies, and is noted as dead when it arrives there. */
export async function noteReason(db: Database, letter: DeadLetter, reason: string, now: number): Promise<void> {
  await db
    .insert(deadLetters)
    .values({ ...letter, reason, count: 0, firstAt: now, lastAt: now })
    .onConflictDoUpdate({ target: deadLetters.id, set: { reason, lastAt: now } });
}

/** That these were handed back to their users' objects. */
export async function noteReturned(db: Database, ids: readonly string[], now: number): Promise<void> {
  await db.run(sql`
    UPDATE dead_letters SET returned_at = ${now} WHERE id IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`);
}

/** All, those that wait no longer too; the last ones first. */
export function listDead(db: Database, page: { after: LetterPlace | null; limit: number }): Promise<DeadLetterRow[]> {
  const { after, limit } = page;
  return db
    .select()
    .from(deadLetters)
    .where(
      after ? or(lt(deadLetters.lastAt, after.lastAt), and(eq(deadLetters.lastAt, after.lastAt), lt(deadLetters.id, after.id))) : undefined,
    )
    .orderBy(desc(deadLetters.lastAt), desc(deadLetters.id))
    .limit(limit);
}

/** Those of these ids, or those that wait. */
export function findDead(db: Database, which: { ids: readonly string[] } | "waiting", limit: number): Promise<DeadLetterRow[]> {
  const named =
    which === "waiting" ? isNull(deadLetters.returnedAt) : sql`id IN (SELECT value FROM json_each(${JSON.stringify(which.ids)}))`;
  return db.select().from(deadLetters).where(named).orderBy(deadLetters.id).limit(limit);
}

/** How many there are of each queue. */
export function countDead(db: Database): Promise<{ queue: DeadQueue; waiting: number; returned: number }[]> {
  return db.all(sql`
    SELECT queue, sum(returned_at IS NULL) AS waiting, sum(returned_at IS NOT NULL) AS returned FROM dead_letters GROUP BY queue`);
}

/** Deletes up to `limit` of those that were last heard of before this time. */
export async function purgeDead(db: Database, before: number, limit: number): Promise<void> {
  const old = db.select({ id: deadLetters.id }).from(deadLetters).where(lte(deadLetters.lastAt, before)).limit(limit);
  await db.delete(deadLetters).where(inArray(deadLetters.id, old));
}
