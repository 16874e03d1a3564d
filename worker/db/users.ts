import { and, eq } from "drizzle-orm";
import type { Database } from "./client.ts";
import { identities, users } from "./schema.ts";

export type UserRow = typeof users.$inferSelect;

/** What a person signs in with. Never an address: those change hands. */
export interface Identity {
  issuer: string;
  subject: string;
}

export async function findUserByIdentity(db: Database, identity: Identity): Promise<UserRow | undefined> {
  const row = await db
    .select({ user: users })
    .from(identities)
    .innerJoin(users, eq(users.id, identities.userId))
    .where(and(eq(identities.issuer, identity.issuer), eq(identities.subject, identity.subject)))
    .get();
  return row?.user;
}

/** Adds a user with a first identity, both or neither. Where somebody was faster, the user whom the identity belongs to. */
export async function createUser(db: Database, user: UserRow, identity: Identity): Promise<UserRow> {
  try {
    await db.batch([
      db.insert(identities).values({ ...identity, userId: user.id, createdAt: user.createdAt }),
      db.insert(users).values(user),
    ]);
    return user;
  } catch (error) {
    const found = await findUserByIdentity(db, identity);
    if (!found) throw error;
    return found;
  }
}

/** Makes the identity one that this user signs in with. One that belongs to somebody already stays theirs. */
export async function claimIdentity(db: Database, userId: string, identity: Identity, now: number): Promise<void> {
  await db
    .insert(identities)
    .values({ ...identity, userId, createdAt: now })
    .onConflictDoNothing();
}

export function listIdentities(db: Database, userId: string): Promise<Identity[]> {
  return db.select({ issuer: identities.issuer, subject: identities.subject }).from(identities).where(eq(identities.userId, userId));
}

/** What the authority says about the person now, and when it said so. */
export async function updateUser(
  db: Database,
  userId: string,
  patch: Partial<Pick<UserRow, "name" | "email" | "signedInAt">>,
): Promise<void> {
  await db.update(users).set(patch).where(eq(users.id, userId));
}
