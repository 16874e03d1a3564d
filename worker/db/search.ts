import type { SQL } from "drizzle-orm";
import { sql } from "drizzle-orm";
import type { ItemState } from "../sync/item.ts";
import type { Database } from "./client.ts";
import type { ItemScope } from "./items.ts";
import { owned } from "./items.ts";

// Searching goes through the index of folders, which has every name: no index of its own, and no row more for each file.
// docs/decisions/018-search-without-an-index.md says why. A stretch of it at a time, so that nobody waits for a large sync.

/** An item's place in the index: folder by folder, in the order of their ids. */
export interface NamePlace {
  parentId: string;
  kind: number;
  name: string;
  remoteId: string;
}

export interface NamesQuery {
  /** Small letters, and only basic ones; null: names with other characters than the basic ones. */
  text: string | null;
  foldersOnly: boolean;
  /** Undefined: every state but `removed`. */
  state: ItemState | undefined;
}

/** Characters that a basic letter may be written as: with an accent of its own, or before one. */
const ACCENTED = "*[\u00c0-\u024f\u0300-\u036f\u1e00-\u1eff\u212a\u212b]*";
const NOT_BASIC = "*[^ -~]*";

/** The place `rows` rows after this one; null where there are not as many. */
export async function placeAfter(db: Database, scope: ItemScope, after: NamePlace | null, rows: number): Promise<NamePlace | null> {
  const found = await db.all<NamePlace>(sql`
    SELECT parent_id AS parentId, kind, name, remote_id AS remoteId FROM items INDEXED BY items_by_parent
    WHERE sync_id = ${scope.syncId} AND ${beyond(after)} AND ${owned(scope)}
    ORDER BY parent_id, kind, name COLLATE NOCASE, remote_id LIMIT 1 OFFSET ${rows - 1}`);
  return found[0] ?? null;
}

/** Items after one place, up to and with another, whose names may fit: the caller compares them. In the order of the index. */
export function candidates(
  db: Database,
  scope: ItemScope,
  stretch: { after: NamePlace | null; to: NamePlace | null },
  { text, foldersOnly, state }: NamesQuery,
  limit: number,
): Promise<NamePlace[]> {
  const { to } = stretch;
  const upTo = to
    ? sql`parent_id <= ${to.parentId} AND (parent_id, kind, name COLLATE NOCASE, remote_id) <= (${to.parentId}, ${to.kind}, ${to.name}, ${to.remoteId})`
    : sql`TRUE`;
  const fits = text === null ? sql`name GLOB ${NOT_BASIC}` : sql`(instr(lower(name), ${text}) > 0 OR name GLOB ${ACCENTED})`;
  return db.all<NamePlace>(sql`
    SELECT parent_id AS parentId, kind, name, remote_id AS remoteId FROM items INDEXED BY items_by_parent
    WHERE sync_id = ${scope.syncId} AND ${beyond(stretch.after)} AND ${upTo} AND ${foldersOnly ? sql`kind = 0` : sql`TRUE`} AND ${fits}
      AND EXISTS (SELECT 1 FROM items AS row WHERE row.sync_id = items.sync_id AND row.remote_id = items.remote_id
        AND ${state === undefined ? sql`row.state <> 'removed'` : sql`row.state = ${state}`})
      AND ${owned(scope)}
    ORDER BY parent_id, kind, name COLLATE NOCASE, remote_id LIMIT ${limit}`);
}

/** The first condition is what the index can seek. A root has no parent, and is not found. */
function beyond(after: NamePlace | null): SQL {
  if (after === null) return sql`parent_id >= ''`;
  const { parentId, kind, name, remoteId } = after;
  return sql`parent_id >= ${parentId} AND (parent_id, kind, name COLLATE NOCASE, remote_id) > (${parentId}, ${kind}, ${name}, ${remoteId})`;
}
