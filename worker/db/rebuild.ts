import { asc, eq, gt, sql } from "drizzle-orm";
import { runBatch } from "./batch.ts";
import { record } from "./changes.ts";
import type { Database } from "./client.ts";
import type { ItemScope } from "./items.ts";
import { owned } from "./items.ts";
import { connections, identities, syncs, users } from "./schema.ts";

// Building the catalogue again from what lies in the bucket. Every call may be repeated: rows that are there stay.

/** What the bucket keeps of a user beside the contents. No secrets. */
export interface AccountRows {
  user: typeof users.$inferSelect;
  identities: (typeof identities.$inferSelect)[];
  connections: (typeof connections.$inferSelect)[];
  syncs: (typeof syncs.$inferSelect)[];
}

/** Whether nobody is known: the catalogue is lost, or new. */
export async function isEmpty(accounts: Database): Promise<boolean> {
  return (await accounts.select({ id: users.id }).from(users).limit(1).get()) === undefined;
}

/** Null where the user is not known. */
export async function readAccount(accounts: Database, db: Database, userId: string): Promise<AccountRows | null> {
  const user = await accounts.select().from(users).where(eq(users.id, userId)).get();
  if (!user) return null;
  return {
    user,
    identities: await accounts.select().from(identities).where(eq(identities.userId, userId)),
    connections: await db.select().from(connections).where(eq(connections.userId, userId)),
    syncs: await db.select().from(syncs).where(eq(syncs.userId, userId)),
  };
}

/** Rows that are there stay as they are. Totals begin at nothing: they are counted when the contents are known. */
export async function writeAccount(accounts: Database, db: Database, rows: AccountRows): Promise<void> {
  await accounts.insert(users).values(rows.user).onConflictDoNothing();
  for (const row of rows.identities) await accounts.insert(identities).values(row).onConflictDoNothing();
  for (const row of rows.connections) await db.insert(connections).values(row).onConflictDoNothing();
  for (const row of rows.syncs) await db.insert(syncs).values({ ...row, ...NO_TOTALS }).onConflictDoNothing(); // prettier-ignore
}

const NO_TOTALS = { itemCount: 0, fileCount: 0, storedCount: 0, failedCount: 0, skippedCount: 0, storedBytes: 0, sourceBytes: 0, excludedCount: 0, heldCount: 0, versionCount: 0, versionBytes: 0, purgeDueAt: null, upToDateAt: null } as const; // prettier-ignore

/** Users in order of their ids, after this one. */
export async function usersAfter(accounts: Database, afterId: string, limit: number): Promise<string[]> {
  const rows = await accounts.select({ id: users.id }).from(users).where(gt(users.id, afterId)).orderBy(asc(users.id)).limit(limit);
  return rows.map((row) => row.id);
}

/** A content of an item, as the bucket tells it. */
export interface FoundContent {
  remoteId: string;
  parentId: string | null;
  name: string;
  folderName: string | null;
  mimeType: string | null;
  size: number;
  modifiedAt: number | null;
  hash: string | null;
  contentTag: string | null;
  sha256: string;
  storedAt: number;
  /** The last part of its key: of two contents of an item the one with the greater id is the newer. */
  storedId: string;
}

/**
 * Takes contents into the catalogue, at most one of each item: the newest that is known is current, older ones are versions.
 * Of folders no more is known than their id and name; the source's next listing says where they are.
 */
export async function addContents(db: Database, scope: ItemScope, contents: readonly FoundContent[], at: number): Promise<void> {
  const found = sql`WITH found AS MATERIALIZED (
    SELECT value->>'remoteId' AS remote_id, value->>'parentId' AS parent_id, value->>'name' AS name,
      value->>'folderName' AS folder_name, value->>'mimeType' AS mime_type, value->>'size' AS size,
      value->>'modifiedAt' AS modified_at, value->>'hash' AS hash, value->>'contentTag' AS content_tag,
      value->>'sha256' AS sha256, value->>'storedAt' AS stored_at, value->>'storedId' AS stored_id
    FROM json_each(${JSON.stringify(contents)}))`;
  const known = sql`items.sync_id = ${scope.syncId} AND items.remote_id = found.remote_id`;
  const older = sql`items.stored_id IS NOT NULL AND items.stored_id < found.stored_id`;
  await runBatch(db, [
    record(
      scope,
      at,
      sql`${found}
      SELECT 'created' AS type, remote_id FROM found WHERE NOT EXISTS (SELECT 1 FROM items WHERE ${known})
      UNION ALL SELECT 'content', remote_id FROM found
        WHERE NOT EXISTS (SELECT 1 FROM items WHERE ${known} AND items.stored_id >= found.stored_id)`,
    ),
    sql`${found}
      INSERT OR IGNORE INTO items (sync_id, remote_id, parent_id, kind, name, seen_at, state)
      SELECT ${scope.syncId}, parent_id, iif(folder_name IS NULL, NULL, ''), 0, ifnull(folder_name, 'root'), stored_at, 'stored'
      FROM found WHERE parent_id <> '' AND ${owned(scope)}`,
    sql`${found}
      INSERT OR IGNORE INTO versions (sync_id, remote_id, number, stored_id, size, sha256, stored_at, ended_at, ended_by)
      SELECT items.sync_id, items.remote_id, items.stored_number, items.stored_id, items.stored_size, items.stored_sha256, items.stored_at,
        found.stored_at, 'superseded'
      FROM found CROSS JOIN items ON ${known} WHERE ${older} AND ${owned(scope)}`,
    sql`${found}
      INSERT INTO items (sync_id, remote_id, parent_id, kind, name, size, mime_type, modified_at, seen_at, hash, content_tag, state,
        stored_id, stored_number, stored_size, stored_sha256, stored_at, stored_hash, stored_tag, stored_source_size, stored_modified_at)
      SELECT ${scope.syncId}, remote_id, ifnull(parent_id, ''), 1, name, size, mime_type, modified_at, stored_at, hash, content_tag, 'stored',
        stored_id, 1, size, sha256, stored_at, hash, content_tag, size, modified_at
      FROM found WHERE ${owned(scope)}
      ON CONFLICT (sync_id, remote_id) DO UPDATE SET
        parent_id = excluded.parent_id, name = excluded.name, size = excluded.size, mime_type = excluded.mime_type,
        modified_at = excluded.modified_at, seen_at = excluded.seen_at, hash = excluded.hash, content_tag = excluded.content_tag,
        state = 'stored', stored_id = excluded.stored_id, stored_number = items.stored_number + 1, stored_size = excluded.stored_size,
        stored_sha256 = excluded.stored_sha256, stored_at = excluded.stored_at, stored_hash = excluded.stored_hash,
        stored_tag = excluded.stored_tag, stored_source_size = excluded.stored_source_size,
        stored_modified_at = excluded.stored_modified_at
      WHERE items.kind = 1 AND (items.stored_id IS NULL OR items.stored_id < excluded.stored_id)`,
  ]);
}
