import { and, eq, gt, inArray, lte } from "drizzle-orm";
import type { Database } from "./client.ts";
import { sessions, users } from "./schema.ts";

type SessionRow = typeof sessions.$inferSelect;

/** The person behind a session. */
export interface SessionUser {
  id: string;
  name: string;
  email: string | null;
  homeShard: number;
  createdAt: number;
}

export async function insertSession(db: Database, row: SessionRow): Promise<void> {
  await db.insert(sessions).values(row);
}

/** The session with this hash and its user, unless it has expired. */
export function findSession(db: Database, hash: string, now: number): Promise<{ expiresAt: number; user: SessionUser } | undefined> {
  return db
    .select({
      expiresAt: sessions.expiresAt,
      user: { id: users.id, name: users.name, email: users.email, homeShard: users.homeShard, createdAt: users.createdAt },
    })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(and(eq(sessions.hash, hash), gt(sessions.expiresAt, now)))
    .get();
}

export async function extendSession(db: Database, hash: string, expiresAt: number): Promise<void> {
  await db.update(sessions).set({ expiresAt }).where(eq(sessions.hash, hash));
}

export async function deleteSession(db: Database, hash: string): Promise<void> {
  await db.delete(sessions).where(eq(sessions.hash, hash));
}

/** Signs the user out everywhere. */
export async function deleteSessions(db: Database, userId: string): Promise<void> {
  await db.delete(sessions).where(eq(sessions.userId, userId));
}

/** Deletes up to `limit` expired sessions, the oldest first. */
export async function purgeSessions(db: Database, now: number, limit: number): Promise<void> {
  const expired = db
    .select({ hash: sessions.hash })
    .from(sessions)
    .where(lte(sessions.expiresAt, now))
    .orderBy(sessions.expiresAt)
    .limit(limit);
  await db.delete(sessions).where(inArray(sessions.hash, expired));
}
