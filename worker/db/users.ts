import { sha256 } from "@oslojs/crypto/sha2";
import { encodeHexLowerCase } from "@oslojs/encoding";
import { and, asc, eq, sql } from "drizzle-orm";
import type { Database } from "./client.ts";
import { identities, users } from "./schema.ts";

const ID_HEX_CHARACTERS = 32;

export type UserRow = typeof users.$inferSelect;
export type IdentityRow = typeof identities.$inferSelect;

/** What a person signs in with. Never an address: those change hands. */
export interface Identity {
  issuer: string;
  subject: string;
}

/** What a person is called there: for show. */
export type IdentityLabel = Pick<IdentityRow, "name" | "email">;

/** What an identity is called in the API. */
export function identityId({ issuer, subject }: Identity): string {
  return encodeHexLowerCase(sha256(new TextEncoder().encode(`identity ${issuer} ${subject}`))).slice(0, ID_HEX_CHARACTERS);
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
export async function createUser(db: Database, user: UserRow, { issuer, subject }: Identity): Promise<UserRow> {
  try {
    await db.batch([
      db.insert(identities).values({ issuer, subject, userId: user.id, createdAt: user.createdAt, name: user.name, email: user.email }),
      db.insert(users).values(user),
    ]);
    return user;
  } catch (error) {
    const found = await findUserByIdentity(db, { issuer, subject });
    if (!found) throw error;
    return found;
  }
}

/** Makes the identity one that this user signs in with: true where it was none yet. One that belongs to somebody already stays theirs. */
export async function claimIdentity(
  db: Database,
  userId: string,
  { issuer, subject }: Identity,
  { name, email }: IdentityLabel,
  now: number,
): Promise<boolean> {
  const made = await db
    .insert(identities)
    .values({ issuer, subject, userId, createdAt: now, name, email })
    .onConflictDoNothing()
    .returning({ subject: identities.subject });
  if (made.length > 0) return true;
  await db
    .update(identities)
    .set({ name, email })
    .where(and(eq(identities.issuer, issuer), eq(identities.subject, subject), eq(identities.userId, userId)));
  return false;
}

/** What a user signs in with, the oldest first. */
export function listIdentities(db: Database, userId: string): Promise<IdentityRow[]> {
  return db.select().from(identities).where(eq(identities.userId, userId)).orderBy(asc(identities.createdAt), asc(identities.subject));
}

/** Makes the identity none of the user's, unless it is their last: nobody could sign in any more. Whether it did. */
export async function unlinkIdentity(db: Database, userId: string, { issuer, subject }: Identity): Promise<boolean> {
  const isNotTheLast = sql`(SELECT count(*) FROM identities AS theirs WHERE theirs.user_id = ${userId}) > 1`;
  const gone = await db
    .delete(identities)
    .where(and(eq(identities.issuer, issuer), eq(identities.subject, subject), eq(identities.userId, userId), isNotTheLast))
    .returning({ subject: identities.subject });
  return gone.length > 0;
}

/** What the authority says about the person now, and when it said so. */
export async function updateUser(
  db: Database,
  userId: string,
  patch: Partial<Pick<UserRow, "name" | "email" | "signedInAt">>,
): Promise<void> {
  await db.update(users).set(patch).where(eq(users.id, userId));
}
