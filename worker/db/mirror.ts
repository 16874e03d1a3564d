import { sql } from "drizzle-orm";
import type { ItemState } from "../sync/item.ts";
import type { Database } from "./client.ts";
import type { ItemScope } from "./items.ts";

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

/** Rows that are not removed, from `from` on (or after it), before `before`. */
export async function mirrorRows(
  db: Database,
  scope: ItemScope,
  range: { from: string; including: boolean; before: string | null; limit: number },
): Promise<MirrorRow[]> {
  const from = range.including ? sql`remote_id >= ${range.from}` : sql`remote_id > ${range.from}`;
  const before = range.before === null ? sql`TRUE` : sql`remote_id < ${range.before}`;
  return db.all<MirrorRow>(sql`
    SELECT id, parent, name, kind, state, kept, restoredFrom, inMirror, iif(inMirror, size, NULL) AS size,
      iif(inMirror, sha256, NULL) AS sha256, iif(inMirror, storedId, NULL) AS storedId
    FROM (
      SELECT remote_id AS id, parent_id AS parent, name, kind, state, kept, restored_from AS restoredFrom, (${IN_MIRROR}) AS inMirror,
        iif(kind = 1, stored_size, NULL) AS size, iif(kind = 1, stored_sha256, NULL) AS sha256, iif(kind = 1, stored_id, NULL) AS storedId
      FROM items
      WHERE sync_id = ${scope.syncId} AND ${from} AND ${before} AND state <> 'removed'
        AND EXISTS (SELECT 1 FROM syncs WHERE id = ${scope.syncId} AND user_id = ${scope.userId})
      ORDER BY remote_id LIMIT ${range.limit})`);
}
