import { sql } from "drizzle-orm";
import type { ItemState } from "../sync/item.ts";
import type { Database } from "./client.ts";
import type { ItemScope } from "./items.ts";
import { owned } from "./items.ts";

// The mirror as the digest and a listing see it: in byte order of the ids, which is the order of the primary key.

export interface MirrorRow {
  id: string;
  parent: string | null;
  name: string;
  /** 0 folder, 1 file. */
  kind: number;
  state: ItemState;
  kept: string | null;
  restoredFrom: number | null;
  /** 1: a folder that the source has, or a file whose content is here, unless left out or removed. */
  inMirror: number;
  /** Of the content in the mirror; null for folders and for files that have none there. */
  size: number | null;
  sha256: string | null;
  /** The last part of the content's key. */
  storedId: string | null;
}

// Contents that are known to be damaged have lost what the source announced of them: they prove nothing.
const IN_MIRROR = sql.raw(`state NOT IN ('removed', 'excluded') AND (kind = 0 OR (stored_id IS NOT NULL
  AND coalesce(stored_hash, stored_tag, stored_source_size, stored_modified_at) IS NOT NULL))`);

/** What is shown of a row, over the columns of `SOURCE`. */
const SHOWN = sql.raw(`id, parent, name, kind, state, kept, restoredFrom, inMirror, iif(inMirror, size, NULL) AS size,
  iif(inMirror, sha256, NULL) AS sha256, iif(inMirror, storedId, NULL) AS storedId`);
const SOURCE = sql`remote_id AS id, parent_id AS parent, name, kind, state, kept, restored_from AS restoredFrom, (${IN_MIRROR}) AS inMirror,
  iif(kind = 1, stored_size, NULL) AS size, iif(kind = 1, stored_sha256, NULL) AS sha256, iif(kind = 1, stored_id, NULL) AS storedId`;
/** Greater than every id. */
const BEYOND = "\u{10FFFF}";

/** Rows that are not removed, from `from` on (or after it), before `before`. */
export async function mirrorRows(
  db: Database,
  scope: ItemScope,
  range: { from: string; including: boolean; before: string | null; limit: number },
): Promise<MirrorRow[]> {
  const from = range.including ? sql`remote_id >= ${range.from}` : sql`remote_id > ${range.from}`;
  const before = range.before === null ? sql`TRUE` : sql`remote_id < ${range.before}`;
  return db.all<MirrorRow>(sql`
    SELECT ${SHOWN} FROM (
      SELECT ${SOURCE} FROM items
      WHERE sync_id = ${scope.syncId} AND ${from} AND ${before} AND state <> 'removed' AND ${owned(scope)}
      ORDER BY remote_id LIMIT ${range.limit})`);
}

/** Rows that are not removed of several ranges, each with its place among them; in order within their range. At most `limit`. */
export async function rowsOfRanges(
  db: Database,
  scope: ItemScope,
  ranges: readonly { start: string; before: string | null }[],
  limit: number,
): Promise<(MirrorRow & { range: number })[]> {
  const bounds = JSON.stringify(ranges.map(({ start, before }) => [start, before ?? BEYOND]));
  // CROSS JOIN: left to itself the planner might go through all of the sync's items for each range.
  return db.all<MirrorRow & { range: number }>(sql`
    SELECT range, ${SHOWN} FROM (
      SELECT bounds.key AS range, ${SOURCE} FROM json_each(${bounds}) AS bounds
        CROSS JOIN items ON items.sync_id = ${scope.syncId} AND items.remote_id >= bounds.value->>0 AND items.remote_id < bounds.value->>1
      WHERE state <> 'removed' AND ${owned(scope)}
      LIMIT ${limit})
    ORDER BY range, id`);
}
