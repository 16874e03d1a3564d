import { and, asc, eq } from "drizzle-orm";
import type { Connection } from "../wire.ts";
import type { Database } from "./client.ts";
import { toInstant, toInstantOrNull } from "./instant.ts";
import { connections } from "./schema.ts";

export type ConnectionRow = typeof connections.$inferSelect;
type ConnectionPatch = Partial<Omit<ConnectionRow, "id" | "userId" | "provider" | "accountId" | "createdAt">>;

/** Most connections of one user: a list of them is never paged. */
export const CONNECTIONS_MAX = 100;

/** All of a user's connections, oldest first. */
export function listConnections(db: Database, userId: string): Promise<ConnectionRow[]> {
  return db
    .select()
    .from(connections)
    .where(eq(connections.userId, userId))
    .orderBy(asc(connections.createdAt), asc(connections.id))
    .limit(CONNECTIONS_MAX);
}

export function getConnection(db: Database, userId: string, connectionId: string): Promise<ConnectionRow | undefined> {
  return db.select().from(connections).where(owned(userId, connectionId)).get();
}

/** Adds a connection. One that is there already, by id, stays as it is: a repeated call changes nothing. */
export async function insertConnection(db: Database, userId: string, row: Omit<ConnectionRow, "userId">): Promise<void> {
  await db
    .insert(connections)
    .values({ ...row, userId })
    .onConflictDoNothing({ target: connections.id });
}

/** The row after the change; undefined where the user has no such connection. */
export function updateConnection(
  db: Database,
  userId: string,
  connectionId: string,
  patch: ConnectionPatch,
): Promise<ConnectionRow | undefined> {
  return db.update(connections).set(patch).where(owned(userId, connectionId)).returning().get();
}

export async function deleteConnection(db: Database, userId: string, connectionId: string): Promise<void> {
  await db.delete(connections).where(owned(userId, connectionId));
}

/** A connection as the API shows it. */
export function toConnection(row: ConnectionRow): Connection {
  return {
    id: row.id,
    provider: row.provider,
    label: row.label,
    account: { id: row.accountId, email: row.accountEmail },
    authType: row.authType,
    status: row.status,
    scopes: row.scopes,
    lastValidatedAt: toInstantOrNull(row.lastValidatedAt),
    createdAt: toInstant(row.createdAt),
  };
}

function owned(userId: string, connectionId: string) {
  return and(eq(connections.id, connectionId), eq(connections.userId, userId));
}
