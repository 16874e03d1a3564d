import type { SQL } from "drizzle-orm";
import { sql } from "drizzle-orm";
import type { ChangeType, StreamPlace } from "../sync/changes.ts";
import { beforeNumber, CHANGE_TYPES } from "../sync/changes.ts";
import type { ItemRow } from "../sync/item.ts";
import type { Database } from "./client.ts";
import type { ItemScope } from "./items.ts";

// The change stream: rows of `changes`, each with the ids that one step changed. They are written in the transaction that
// changes the items, before it does, by comparing what is there with what comes: a step that is repeated finds no
// difference, and writes no row.

/** Bytes of ids in one row; a step that names more has several. */
const ROW_ID_BYTES_MAX = 60_000;

/**
 * Whether an item is in the mirror: what the rules leave out is not, and comes into it as `created`, leaves it as `removed`.
 * Files that are listed only are in it.
 */
function inMirror(state: SQL, reason: SQL): SQL {
  return sql`(${state} <> 'removed' AND (${state} <> 'excluded' OR ${reason} IS 'metadata_only'))`;
}

/** What an upsert of these rows changes: to be run before it, in its transaction. */
export function upsertChanges(scope: ItemScope, rows: readonly ItemRow[], at: number): SQL {
  return record(
    scope,
    at,
    sql`
    WITH compared AS MATERIALIZED (
      SELECT value->>'remoteId' AS remote_id,
        ${inMirror(sql`value->>'state'`, sql`value->>'reason'`)} AS comes,
        items.remote_id IS NOT NULL AND ${inMirror(sql`items.state`, sql`items.reason`)} AS is_there,
        items.stored_id IS NOT NULL AS has_content,
        items.parent_id IS NOT value->>'parentId' OR items.name IS NOT value->>'name' AS moves,
        items.kind IS NOT value->>'kind' OR items.size IS NOT value->>'size' OR items.mime_type IS NOT value->>'mimeType'
          OR items.web_url IS NOT value->>'webUrl' OR items.created_at IS NOT value->>'createdAt'
          OR items.modified_at IS NOT value->>'modifiedAt' OR items.hash IS NOT value->>'hash'
          OR items.content_tag IS NOT value->>'contentTag' AS differs
      FROM json_each(${JSON.stringify(rows)})
        LEFT JOIN items ON items.sync_id = ${scope.syncId} AND items.remote_id = value->>'remoteId'
    )
    SELECT 'created' AS type, remote_id FROM compared WHERE comes AND NOT is_there
    UNION ALL SELECT 'content', remote_id FROM compared WHERE comes AND NOT is_there AND has_content
    UNION ALL SELECT 'metadata', remote_id FROM compared WHERE comes AND is_there AND differs
    UNION ALL SELECT 'moved', remote_id FROM compared WHERE comes AND is_there AND moves
    UNION ALL SELECT 'removed', remote_id FROM compared WHERE is_there AND NOT comes`,
  );
}

/**
 * That these items, as far as they are in the mirror, leave it: to be run before they do, in the same transaction. `among`
 * narrows the rows of `items`.
 */
export function removalChanges(scope: ItemScope, remoteIds: readonly string[], at: number, among: SQL = sql`TRUE`): SQL {
  return record(
    scope,
    at,
    sql`
    SELECT 'removed' AS type, remote_id FROM items
    WHERE sync_id = ${scope.syncId} AND remote_id IN (SELECT value FROM json_each(${JSON.stringify(remoteIds)}))
      AND ${inMirror(sql`state`, sql`reason`)} AND ${among}`,
  );
}

/** Rows of `changes` for what `changed` selects: (type, remote_id). */
export function record(scope: ItemScope, at: number, changed: SQL): SQL {
  // Numbers are no smaller than their time: those of a catalogue that was lost and built again do not begin anew.
  return sql`
    INSERT INTO changes (user_id, number, at, sync_id, items)
    SELECT ${scope.userId}, max(ifnull((SELECT max(number) FROM changes WHERE user_id = ${scope.userId}), 0) + 1, ${at}) + part,
      ${at}, ${scope.syncId}, json_group_object(type, json(ids))
    FROM (
      SELECT part, type, json_group_array(remote_id) AS ids FROM (
        SELECT type, remote_id, CAST(sum(length(remote_id)) OVER (ROWS UNBOUNDED PRECEDING) / ${ROW_ID_BYTES_MAX} AS INTEGER) AS part
        FROM (${changed})
      ) GROUP BY part, type
    )
    WHERE EXISTS (SELECT 1 FROM syncs WHERE id = ${scope.syncId} AND user_id = ${scope.userId})
    GROUP BY part`;
}

/** One change, as it is stored. */
export interface ChangeRow extends StreamPlace {
  at: number;
  syncId: string;
  remoteId: string;
}

const TYPES = JSON.stringify(CHANGE_TYPES);

/** The changes after this place, in order. */
export async function listChanges(db: Database, userId: string, after: StreamPlace, limit: number): Promise<ChangeRow[]> {
  return db.all<ChangeRow>(sql`
    SELECT changes.number, changes.at, changes.sync_id AS syncId, types.key AS type, ids.key AS "index", ids.value AS remoteId
    FROM changes CROSS JOIN json_each(${TYPES}) AS types CROSS JOIN json_each(changes.items, '$.' || types.value) AS ids
    WHERE changes.user_id = ${userId} AND changes.number >= ${after.number}
      AND (changes.number > ${after.number} OR (types.key, ids.key) > (${after.type}, ${after.index}))
    ORDER BY changes.number, types.key, ids.key
    LIMIT ${limit}`);
}

export interface RecentQuery {
  /** Null: from the newest one on. */
  before: StreamPlace | null;
  syncId?: string | undefined;
  type?: ChangeType | undefined;
  /** Most rows of steps that are looked at, of which what is asked for may be few. */
  rowsMax: number;
  limit: number;
}

/** The changes before this place, newest first. `to`: where those that were looked at end, null where there are no others. */
export async function listRecentChanges(
  db: Database,
  userId: string,
  { before, syncId, type, rowsMax, limit }: RecentQuery,
): Promise<{ changes: ChangeRow[]; to: StreamPlace | null }> {
  const { number, type: typeBefore, index } = before ?? { number: Number.MAX_SAFE_INTEGER, type: 0, index: 0 };
  const rows = sql`SELECT * FROM changes WHERE user_id = ${userId} AND number <= ${number} ORDER BY number DESC LIMIT ${rowsMax}`;
  const changes = await db.all<ChangeRow>(sql`
    SELECT rows.number, rows.at, rows.sync_id AS syncId, types.key AS type, ids.key AS "index", ids.value AS remoteId
    FROM (${rows}) AS rows CROSS JOIN json_each(${TYPES}) AS types CROSS JOIN json_each(rows.items, '$.' || types.value) AS ids
    WHERE (rows.number < ${number} OR (types.key, ids.key) < (${typeBefore}, ${index}))
      AND ${syncId === undefined ? sql`TRUE` : sql`rows.sync_id = ${syncId}`}
      AND ${type === undefined ? sql`TRUE` : sql`types.value = ${type}`}
    ORDER BY rows.number DESC, types.key DESC, ids.key DESC
    LIMIT ${limit}`);
  const last = changes.at(-1);
  if (last && changes.length === limit) return { changes, to: last };
  const end = await db.get<{ count: number; number: number | null }>(sql`SELECT count(*) AS count, min(number) AS number FROM (${rows})`);
  return { changes, to: end?.number != null && end.count === rowsMax ? beforeNumber(end.number) : null };
}

/** The numbers of the oldest and the newest row that are kept; null where there is none. */
export async function changesKept(db: Database, userId: string): Promise<{ oldest: number | null; newest: number | null }> {
  const row = await db.get<{ oldest: number | null; newest: number | null }>(sql`
    SELECT (SELECT min(number) FROM changes WHERE user_id = ${userId}) AS oldest,
      (SELECT max(number) FROM changes WHERE user_id = ${userId}) AS newest`);
  return row ?? { oldest: null, newest: null };
}

/** Deletes rows from before this time, but the newest of them: by it a reader that has read it is known to have missed nothing. */
export async function trimChanges(db: Database, userId: string, before: number, limit: number): Promise<void> {
  await db.run(sql`
    DELETE FROM changes WHERE user_id = ${userId} AND number IN (
      SELECT number FROM (
        SELECT number, lead(at) OVER (ORDER BY number) AS next_at FROM (
          SELECT number, at FROM changes WHERE user_id = ${userId} ORDER BY number LIMIT ${limit}
        )
      ) WHERE next_at < ${before}
    )`);
}

/** Empties rows of this sync, which is being erased; false where none had anything. The rows stay: readers follow by their numbers. */
export async function forgetChanges(db: Database, { userId, syncId }: ItemScope, limit: number): Promise<boolean> {
  const emptied = await db.all(sql`
    UPDATE changes SET items = '{}' WHERE user_id = ${userId} AND number IN (
      SELECT number FROM changes WHERE user_id = ${userId} AND sync_id = ${syncId} AND items <> '{}' LIMIT ${limit}
    ) RETURNING number`);
  return emptied.length > 0;
}

export function typeOf(change: Pick<ChangeRow, "type">): ChangeType {
  const type = CHANGE_TYPES[change.type];
  if (!type) throw new Error(`There is no type ${change.type} of changes.`);
  return type;
}
