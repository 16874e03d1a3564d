import { and, count, desc, eq, inArray, lt, lte } from "drizzle-orm";
import type { Token } from "../wire.ts";
import type { AuditRecord } from "./audit.ts";
import { auditInsert } from "./audit.ts";
import type { Database } from "./client.ts";
import { toInstant, toInstantOrNull } from "./instant.ts";
import { tokens, users } from "./schema.ts";
import type { SessionUser } from "./sessions.ts";

export type TokenRow = typeof tokens.$inferSelect;

interface TokenPage {
  items: TokenRow[];
  /** Continues after the last item; null at the end. */
  cursor: string | null;
}

/** Adds a token, and the record that it was made, both or neither. */
export async function insertToken(db: Database, row: TokenRow, made: AuditRecord): Promise<void> {
  await db.batch([db.insert(tokens).values(row), auditInsert(db, made)]);
}

/** A token, expired ones too, with its user. */
export function findToken(db: Database, tokenId: string): Promise<{ token: TokenRow; user: SessionUser } | undefined> {
  return db
    .select({
      token: tokens,
      user: { id: users.id, name: users.name, email: users.email, homeShard: users.homeShard, createdAt: users.createdAt },
    })
    .from(tokens)
    .innerJoin(users, eq(users.id, tokens.userId))
    .where(eq(tokens.id, tokenId))
    .get();
}

/** A user's tokens, newest first. */
export async function listTokens(db: Database, userId: string, page: { limit: number; cursor?: string | undefined }): Promise<TokenPage> {
  const found = await db
    .select()
    .from(tokens)
    .where(and(eq(tokens.userId, userId), page.cursor === undefined ? undefined : lt(tokens.id, page.cursor)))
    .orderBy(desc(tokens.id))
    .limit(page.limit + 1);
  const items = found.slice(0, page.limit);
  return { items, cursor: found.length > page.limit ? (items.at(-1)?.id ?? null) : null };
}

export async function countTokens(db: Database, userId: string): Promise<number> {
  const row = await db.select({ tokens: count() }).from(tokens).where(eq(tokens.userId, userId)).get();
  return row?.tokens ?? 0;
}

export async function recordUse(db: Database, tokenId: string, lastUsedAt: number): Promise<void> {
  await db.update(tokens).set({ lastUsedAt }).where(eq(tokens.id, tokenId));
}

/** The token that is no more; undefined where the user had no such token. */
export function deleteToken(db: Database, userId: string, tokenId: string): Promise<TokenRow | undefined> {
  return db
    .delete(tokens)
    .where(and(eq(tokens.id, tokenId), eq(tokens.userId, userId)))
    .returning()
    .get();
}

/** Deletes up to `limit` tokens that had expired by `before`, the oldest first. */
export async function purgeTokens(db: Database, before: number, limit: number): Promise<void> {
  const expired = db.select({ id: tokens.id }).from(tokens).where(lte(tokens.expiresAt, before)).orderBy(tokens.expiresAt).limit(limit);
  await db.delete(tokens).where(inArray(tokens.id, expired));
}

/** A token as the API shows it: never the token itself, nor its hash. */
export function toToken(row: TokenRow): Token {
  return {
    id: row.id,
    name: row.name,
    scopes: row.scopes,
    createdAt: toInstant(row.createdAt),
    expiresAt: toInstantOrNull(row.expiresAt),
    lastUsedAt: toInstantOrNull(row.lastUsedAt),
  };
}
