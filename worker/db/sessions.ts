import { sha256 } from "@oslojs/crypto/sha2";
import { encodeHexLowerCase } from "@oslojs/encoding";
import { and, desc, eq, gt, inArray, lte, ne } from "drizzle-orm";
import { agentInWords } from "../audit.ts";
import type { Session } from "../wire/account.ts";
import type { Database } from "./client.ts";
import { toInstant } from "./instant.ts";
import { sessions, users } from "./schema.ts";

const ID_HEX_CHARACTERS = 32;
/** Sessions of one answer: those of one person are far fewer. */
const SESSIONS_MAX = 500;

export type SessionRow = typeof sessions.$inferSelect;

/** The person behind a session. */
export interface SessionUser {
  id: string;
  name: string;
  email: string | null;
  homeShard: number;
  createdAt: number;
}

/** What a session is called. It follows from what is kept of its secret, and leads back to neither. */
export function sessionId({ hash }: Pick<SessionRow, "hash">): string {
  return encodeHexLowerCase(sha256(new TextEncoder().encode(`session ${hash}`))).slice(0, ID_HEX_CHARACTERS);
}

export async function insertSession(db: Database, row: SessionRow): Promise<void> {
  await db.insert(sessions).values(row);
}

/** The session with this hash and its user, unless it has expired. */
export function findSession(
  db: Database,
  hash: string,
  now: number,
): Promise<(Pick<SessionRow, "expiresAt" | "lastUsedAt"> & { user: SessionUser }) | undefined> {
  return db
    .select({
      expiresAt: sessions.expiresAt,
      lastUsedAt: sessions.lastUsedAt,
      user: { id: users.id, name: users.name, email: users.email, homeShard: users.homeShard, createdAt: users.createdAt },
    })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(and(eq(sessions.hash, hash), gt(sessions.expiresAt, now)))
    .get();
}

export async function updateSession(
  db: Database,
  hash: string,
  patch: Partial<Pick<SessionRow, "expiresAt" | "lastUsedAt">>,
): Promise<void> {
  await db.update(sessions).set(patch).where(eq(sessions.hash, hash));
}

/** A user's sessions that have not expired, the one that began last first. */
export function listSessions(db: Database, userId: string, now: number): Promise<SessionRow[]> {
  return db
    .select()
    .from(sessions)
    .where(and(eq(sessions.userId, userId), gt(sessions.expiresAt, now)))
    .orderBy(desc(sessions.createdAt))
    .limit(SESSIONS_MAX);
}

/** Ends all sessions of a user but one; how many there were. */
export async function deleteOtherSessions(db: Database, userId: string, hash: string): Promise<number> {
  const gone = await db
    .delete(sessions)
    .where(and(eq(sessions.userId, userId), ne(sessions.hash, hash)))
    .returning({ hash: sessions.hash });
  return gone.length;
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

/** A session as the API shows it: neither its secret nor what is kept of that. */
export function toSession(row: SessionRow, currentId: string | null): Session {
  const id = sessionId(row);
  return {
    id,
    current: id === currentId,
    agent: agentInWords(row.userAgent),
    createdAt: toInstant(row.createdAt),
    lastUsedAt: toInstant(row.lastUsedAt ?? row.createdAt),
    expiresAt: toInstant(row.expiresAt),
  };
}
