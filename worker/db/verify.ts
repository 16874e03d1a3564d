import type { SQL } from "drizzle-orm";
import { sql } from "drizzle-orm";
import type { VersionEnd } from "../sync/rules.ts";
import type { Database } from "./client.ts";
import type { ItemScope } from "./items.ts";
import type { Written } from "./versions.ts";
import { changeVersions, NOTHING_WRITTEN } from "./versions.ts";

// What a verify run asks of the catalogue, and mends in it.

/** Of these contents, those that any row of the sync refers to. Goes through all of the sync: for what is about to be deleted. */
export async function referredContents(db: Database, scope: ItemScope, storedIds: readonly string[]): Promise<Set<string>> {
  if (storedIds.length === 0) return new Set();
  const mine = sql`sync_id = ${scope.syncId} AND stored_id IN (SELECT value FROM json_each(${JSON.stringify(storedIds)})) AND ${owned(scope)}`;
  const rows = await db.all<{ storedId: string }>(sql`
    SELECT stored_id AS storedId FROM items WHERE ${mine} UNION SELECT stored_id FROM versions WHERE ${mine}`);
  return new Set(rows.map((row) => row.storedId));
}

interface Content {
  remoteId: string;
  storedId: string;
}

/** Forgets contents that are no more, as what is stored of these items. Where an item has another by now, nothing happens. */
export async function forgetContents(db: Database, scope: ItemScope, contents: readonly Content[]): Promise<number> {
  if (contents.length === 0) return 0;
  return (await db.run(forgetting(scope, contents))).meta.rows_written;
}

/**
 * Marks contents that are not what was stored: without what the source announced of them they are not current, in no digest, and end as
 * damaged once another content takes their place.
 */
export async function markDamaged(db: Database, scope: ItemScope, contents: readonly Content[]): Promise<number> {
  if (contents.length === 0) return 0;
  const result = await db.run(sql`
    ${listed(contents)}
    UPDATE items SET stored_hash = NULL, stored_tag = NULL, stored_source_size = NULL, stored_modified_at = NULL
    FROM listed WHERE ${isListed(scope)}`);
  return result.meta.rows_written;
}

/** What is stored of these items. */
export async function storedContents(
  db: Database,
  scope: ItemScope,
  remoteIds: readonly string[],
): Promise<(Content & { name: string; size: number; sha256: string })[]> {
  if (remoteIds.length === 0) return [];
  return db.all(sql`
    SELECT remote_id AS remoteId, name, stored_id AS storedId, stored_size AS size, stored_sha256 AS sha256 FROM items
    WHERE sync_id = ${scope.syncId} AND remote_id IN (SELECT value FROM json_each(${JSON.stringify(remoteIds)}))
      AND stored_id IS NOT NULL AND ${owned(scope)}`);
}

export interface VersionContent extends Content {
  number: number;
  size: number;
  endedBy: VersionEnd;
}

/** Versions in the order of their key, after the given one. */
export async function scanVersions(
  db: Database,
  scope: ItemScope,
  after: { remoteId: string; number: number },
  limit: number,
): Promise<VersionContent[]> {
  return db.all<VersionContent>(sql`
    SELECT remote_id AS remoteId, number, stored_id AS storedId, size, ended_by AS endedBy FROM versions
    WHERE sync_id = ${scope.syncId} AND (remote_id, number) > (${after.remoteId}, ${after.number}) AND ${owned(scope)}
    ORDER BY remote_id, number LIMIT ${limit}`);
}

/** Deletes versions whose contents are no more, and forgets these as what a removed item could be taken back with. */
export async function deleteVersions(db: Database, scope: ItemScope, versions: readonly VersionContent[]): Promise<Written> {
  if (versions.length === 0) return NOTHING_WRITTEN;
  const remoteIds = [...new Set(versions.map(({ remoteId }) => remoteId))];
  const { written } = await changeVersions(db, scope, remoteIds, [
    sql`
      DELETE FROM versions WHERE sync_id = ${scope.syncId} AND ${owned(scope)} AND (remote_id, number) IN (
        SELECT value->>'remoteId', value->>'number' FROM json_each(${JSON.stringify(versions)}))`,
    forgetting(scope, versions),
  ]);
  return written;
}

function forgetting(scope: ItemScope, contents: readonly Content[]): SQL {
  return sql`
    ${listed(contents)}
    UPDATE items SET stored_id = NULL, stored_size = NULL, stored_sha256 = NULL, stored_at = NULL, stored_hash = NULL,
      stored_tag = NULL, stored_source_size = NULL, stored_modified_at = NULL, stored_differs = NULL, restored_from = NULL
    FROM listed WHERE ${isListed(scope)}`;
}

/** Materialized: with a bare json_each the planner goes through all of the sync's items. */
function listed(contents: readonly Content[]): SQL {
  return sql`
    WITH listed AS MATERIALIZED (
      SELECT value->>'remoteId' AS remote_id, value->>'storedId' AS stored_id FROM json_each(${JSON.stringify(contents)}))`;
}

function isListed(scope: ItemScope): SQL {
  return sql`items.sync_id = ${scope.syncId} AND items.remote_id = listed.remote_id AND items.stored_id = listed.stored_id AND ${owned(scope)}`;
}

function owned(scope: ItemScope): SQL {
  return sql`EXISTS (SELECT 1 FROM syncs WHERE id = ${scope.syncId} AND user_id = ${scope.userId})`;
}
