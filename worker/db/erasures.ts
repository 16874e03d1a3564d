import { and, asc, eq, gt, isNull, lte, sql } from "drizzle-orm";
import type { AuditRecord } from "./audit.ts";
import { auditInsert } from "./audit.ts";
import type { Database } from "./client.ts";
import { auditEvents, changes, connections, deadLetters, erasures, identities, runs, sessions, tokens, users } from "./schema.ts";

// The end of a user. Their row here comes first and stays longest: whatever breaks off, cron finds by it whose erasure is to go on.

/**
 * From here on nobody is this user: sessions, tokens and identities go in one transaction with the note that the rest is to
 * follow. Who signs in again is somebody new.
 */
export async function beginErasure(db: Database, record: AuditRecord): Promise<void> {
  const { userId, at } = record;
  await db.batch([
    db.insert(erasures).values({ userId, begunAt: at }).onConflictDoNothing(),
    auditInsert(db, record),
    ...personRows(db, userId),
  ]);
}

function personRows(db: Database, userId: string) {
  return [
    db.delete(sessions).where(eq(sessions.userId, userId)),
    db.delete(tokens).where(eq(tokens.userId, userId)),
    db.delete(identities).where(eq(identities.userId, userId)),
    db.delete(users).where(eq(users.id, userId)),
  ] as const;
}

/** Deletes up to `limit` rows each of what a user's syncs do not have with them. True while there may be more. */
export async function eraseCatalogueRows(db: Database, userId: string, limit: number): Promise<boolean> {
  const [, gone] = await db.batch([
    db.delete(connections).where(eq(connections.userId, userId)),
    db
      .delete(changes)
      .where(and(eq(changes.userId, userId), sql`number IN (SELECT number FROM changes WHERE user_id = ${userId} LIMIT ${limit})`))
      .returning({ number: changes.number }),
    // Of a sync that is no more: a run that was announced while it went.
    db.delete(runs).where(eq(runs.userId, userId)),
  ]);
  return gone.length === limit;
}

/** The same of the accounts. */
export async function eraseAccountRows(db: Database, userId: string, limit: number): Promise<boolean> {
  const [gone] = await db.batch([
    db
      .delete(auditEvents)
      .where(and(eq(auditEvents.userId, userId), sql`id IN (SELECT id FROM audit_events WHERE user_id = ${userId} LIMIT ${limit})`))
      .returning({ id: auditEvents.id }),
    db.delete(deadLetters).where(eq(deadLetters.userId, userId)),
    ...personRows(db, userId),
  ]);
  return gone.length === limit;
}

export async function endErasure(db: Database, userId: string, at: number): Promise<void> {
  await db.update(erasures).set({ endedAt: at }).where(eq(erasures.userId, userId));
}

/** Users whose erasure has not come to its end, in the order of their ids. */
export async function erasuresUnderWay(db: Database, page: { afterUserId: string; limit: number }): Promise<string[]> {
  const rows = await db
    .select({ userId: erasures.userId })
    .from(erasures)
    .where(and(isNull(erasures.endedAt), gt(erasures.userId, page.afterUserId)))
    .orderBy(asc(erasures.userId))
    .limit(page.limit);
  return rows.map(({ userId }) => userId);
}

/** Forgets up to `limit` erasures that had ended by `before`. */
export async function purgeErasures(db: Database, before: number, limit: number): Promise<void> {
  await db
    .delete(erasures)
    .where(
      and(
        lte(erasures.endedAt, before),
        sql`user_id IN (SELECT user_id FROM erasures WHERE ended_at <= ${before} ORDER BY ended_at LIMIT ${limit})`,
      ),
    );
}
