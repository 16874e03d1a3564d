import type { SQL } from "drizzle-orm";
import { sql } from "drizzle-orm";
import type { Stats } from "../sync/stats.ts";
import type { Database } from "./client.ts";
import { runBatch } from "./batch.ts";
import type { ItemScope } from "./items.ts";

// Contents that are no longer current. An item's row keeps what is stored of it also after it was removed or left out: that
// content is then a version as well, under the item's own number, until the item comes back or the version is purged.
//
// One content may be known under several numbers of its item, since a restored one goes on under a new number.

/** How many contents are kept as versions, and their bytes: each content counts once, and not at all while it is current. */
export type VersionTotals = Pick<Stats, "versions" | "versionBytes">;

/** What a change of items did. */
export interface Written {
  /** Rows as D1 bills them. */
  rows: number;
  /** How the totals of versions have changed. */
  versions: VersionTotals;
}

export const NOTHING_WRITTEN: Written = { rows: 0, versions: { versions: 0, versionBytes: 0 } };

type Answers = D1Result<Record<string, unknown>>[];

/** Statements that may add or delete versions of these items, in one transaction, and what they did to the totals. */
export async function changeVersions(
  db: Database,
  scope: ItemScope,
  remoteIds: readonly string[],
  statements: readonly SQL[],
): Promise<{ answers: Answers; written: Written }> {
  const totals = totalsOf(scope, remoteIds);
  const results = await runBatch(db, [totals, ...statements, totals]);
  const [before, after] = [results[0], results.at(-1)].map((result) => result?.results[0] as VersionTotals | undefined);
  const difference = (name: keyof VersionTotals) => (after?.[name] ?? 0) - (before?.[name] ?? 0);
  const answers = results.slice(1, -1);
  return {
    answers,
    written: { rows: rowsWritten(answers), versions: { versions: difference("versions"), versionBytes: difference("versionBytes") } },
  };
}

export function rowsWritten(answers: readonly D1Result[]): number {
  return answers.reduce((sum, answer) => sum + answer.meta.rows_written, 0);
}

/** Of these items, what is stored becomes a version, unless it is one already. `among` narrows the rows of `items`. */
export function keepAsVersions(scope: ItemScope, remoteIds: readonly string[], end: { at: number; by: string }, among: SQL): SQL {
  return sql`
    INSERT OR IGNORE INTO versions (sync_id, remote_id, number, stored_id, size, sha256, stored_at, ended_at, ended_by, restored_from)
    SELECT sync_id, remote_id, stored_number, stored_id, stored_size, stored_sha256, stored_at, ${end.at}, ${end.by}, restored_from
    FROM items WHERE sync_id = ${scope.syncId} AND remote_id IN (SELECT value FROM json_each(${JSON.stringify(remoteIds)}))
      AND stored_id IS NOT NULL AND ${among} AND ${owned(scope)}`;
}

/** Items that have come back: what is stored of them is no version any more. */
export function takeBack(scope: ItemScope, remoteIds: readonly string[]): SQL {
  return sql`
    DELETE FROM versions WHERE sync_id = ${scope.syncId} AND ended_by IN ('removed', 'excluded')
      AND remote_id IN (SELECT value FROM json_each(${JSON.stringify(remoteIds)}))
      AND number = (SELECT stored_number FROM items WHERE items.sync_id = versions.sync_id AND items.remote_id = versions.remote_id)
      AND ${owned(scope)}`;
}

function totalsOf(scope: ItemScope, remoteIds: readonly string[]): SQL {
  const versions = sql`json_each(${JSON.stringify(remoteIds)}) AS named
    CROSS JOIN versions ON sync_id = ${scope.syncId} AND remote_id = named.value`;
  return sql`SELECT ${totalColumns(scope, versions)}`;
}

/** The totals of all of a sync's versions, counted: two columns of a SELECT. */
export function countedTotals(scope: ItemScope): SQL {
  return totalColumns(scope, sql`versions WHERE sync_id = ${scope.syncId}`);
}

function totalColumns(scope: ItemScope, versions: SQL): SQL {
  return sql`
    (SELECT count(*) FROM ${versions}) AS versions,
    (SELECT ifnull(sum(size), 0) FROM (SELECT remote_id, stored_id, max(size) AS size FROM ${versions} GROUP BY remote_id, stored_id) AS kept
      WHERE NOT EXISTS (SELECT 1 FROM items
        WHERE items.sync_id = ${scope.syncId} AND items.remote_id = kept.remote_id AND items.stored_id = kept.stored_id
          AND NOT EXISTS (SELECT 1 FROM versions AS same
            WHERE same.sync_id = ${scope.syncId} AND same.remote_id = items.remote_id AND same.number = items.stored_number))
    ) AS versionBytes`;
}

function owned(scope: ItemScope): SQL {
  return sql`EXISTS (SELECT 1 FROM syncs WHERE id = ${scope.syncId} AND user_id = ${scope.userId})`;
}
