import type { SQL } from "drizzle-orm";
import { sql } from "drizzle-orm";
import { runBatch } from "./batch.ts";
import type { Database } from "./client.ts";
import type { ItemScope } from "./items.ts";
import { owned } from "./items.ts";

// What the WebDAV door reads of items: files whose content is here, and the folders that lead to them, by name. The index is named,
// and the order of the joins with it: without statistics the planner goes through all of a sync.

/** So many rows below a folder that the rules leave out are looked at for one that they do not; beyond, it is shown. */
const LOOKED_BELOW_MAX = 2_000;

const FOLDER = 0;
const FILE = 1;

export interface DavEntry {
  remoteId: string;
  kind: number;
  name: string;
  /** 0: an item before it, by kind and id, has the same name in the same folder. */
  isFirst: number;
  mimeType: string | null;
  createdAt: number | null;
  /** Of the stored content, where the source told it. */
  modifiedAt: number | null;
  storedId: string | null;
  size: number | null;
  sha256: string | null;
  /** 1: the stored bytes are known to be other ones. */
  damaged: number;
}

export interface DavCursor {
  kind: number;
  name: string;
  remoteId: string;
}

/** The children of these folders, which are shown as one: a sync's roots, or a single one. */
interface Children {
  parents: readonly string[];
  after: DavCursor | null;
  limit: number;
}

/** A page of children, folders first, and the number of the newest change that it knows of: all in one look. */
export async function davChildren(
  db: Database,
  scope: ItemScope,
  { parents, after, limit }: Children,
): Promise<{ entries: DavEntry[]; newestChange: number }> {
  const among = isAmong(parents);
  const page = (kind: number, from: DavCursor | null) => sql`
    SELECT ${entryColumns(among(sql`twin.parent_id`))} FROM items INDEXED BY items_by_parent
    WHERE items.sync_id = ${scope.syncId} AND ${among(sql`items.parent_id`)} AND items.kind = ${kind} ${beyond(from)}
      AND ${isLive(sql`items`)} AND (items.state <> 'excluded' OR ${leadsToShown}) AND ${owned(scope)}
    ORDER BY items.name COLLATE NOCASE, items.remote_id
    LIMIT ${limit}`;
  const pages = after?.kind === FILE ? [page(FILE, after)] : [page(FOLDER, after), page(FILE, null)];
  const newest = sql`SELECT ifnull(max(number), 0) AS number FROM changes WHERE user_id = ${scope.userId}`;
  const [changes, ...found] = await runBatch(db, [newest, ...pages]);
  const entries = found.flatMap(({ results }) => results as unknown as DavEntry[]).slice(0, limit);
  return { entries, newestChange: Number(changes?.results[0]?.["number"]) };
}

/** Whether anything came into these folders, or got another name there, after this change: a list in pages may have missed it. */
export async function davMoved(db: Database, scope: ItemScope, parents: readonly string[], afterChange: number): Promise<boolean> {
  const row = await db.get<{ moved: number }>(sql`
    SELECT EXISTS (
      SELECT 1 FROM changes CROSS JOIN json_each(changes.items, '$.moved') AS moved
        CROSS JOIN items ON items.sync_id = ${scope.syncId} AND items.remote_id = moved.value
      WHERE changes.user_id = ${scope.userId} AND changes.number > ${afterChange} AND changes.sync_id = ${scope.syncId}
        AND ${isAmong(parents)(sql`items.parent_id`)} AND ${isLive(sql`items`)}
    ) AS moved`);
  return row?.moved === 1;
}

export interface DavStep {
  /** How many names lead here. */
  place: number;
  parentId: string;
  remoteId: string;
  kind: number;
}

/** What is on the way along these names from these folders, in the order of places, kinds and ids. Several may have one name. */
export async function davWalk(db: Database, scope: ItemScope, parents: readonly string[], names: readonly string[]): Promise<DavStep[]> {
  return db.all<DavStep>(sql`
    WITH RECURSIVE asked AS MATERIALIZED (SELECT ${JSON.stringify(names)} AS names, ${names.length} AS depth),
    walk(place, parent_id, remote_id, kind) AS (
      SELECT 0, NULL, value, ${FOLDER} FROM json_each(${JSON.stringify(parents)})
      UNION ALL
      SELECT walk.place + 1, walk.remote_id, child.remote_id, child.kind
      FROM walk CROSS JOIN asked CROSS JOIN items AS child INDEXED BY items_by_parent
        ON child.sync_id = ${scope.syncId} AND child.parent_id = walk.remote_id AND child.kind IN (${FOLDER}, ${FILE})
        AND child.name COLLATE NOCASE = asked.names->>walk.place
      WHERE walk.place < asked.depth AND walk.kind = ${FOLDER} AND child.name = asked.names->>walk.place AND ${isLive(sql`child`)}
    )
    SELECT place, parent_id AS parentId, remote_id AS remoteId, kind FROM walk
    WHERE place > 0 AND ${owned(scope)}
    ORDER BY place, kind, remote_id`);
}

/** What has this very name in these folders, in the order of kinds and ids. */
export function davNamed(db: Database, scope: ItemScope, parents: readonly string[], name: string): Promise<DavEntry[]> {
  const among = isAmong(parents);
  return db.all<DavEntry>(sql`
    SELECT ${entryColumns(among(sql`twin.parent_id`))} FROM items INDEXED BY items_by_parent
    WHERE items.sync_id = ${scope.syncId} AND ${among(sql`items.parent_id`)} AND items.kind IN (${FOLDER}, ${FILE})
      AND items.name COLLATE NOCASE = ${name} AND items.name = ${name} AND ${isLive(sql`items`)} AND ${owned(scope)}
    ORDER BY items.kind, items.remote_id`);
}

/** What has a name like this glob's, or one of these, in these folders: by id, after `afterId`. Goes through all of the folder. */
export function davNamedLike(
  db: Database,
  scope: ItemScope,
  parents: readonly string[],
  names: { glob: string; others: readonly string[]; afterId: string; limit: number },
): Promise<DavEntry[]> {
  const among = isAmong(parents);
  return db.all<DavEntry>(sql`
    SELECT ${entryColumns(among(sql`twin.parent_id`))} FROM items INDEXED BY items_by_parent
    WHERE items.sync_id = ${scope.syncId} AND ${among(sql`items.parent_id`)} AND items.kind IN (${FOLDER}, ${FILE})
      AND (items.name GLOB ${names.glob} OR items.name IN (SELECT value FROM json_each(${JSON.stringify(names.others)})))
      AND items.remote_id > ${names.afterId} AND ${isLive(sql`items`)} AND ${owned(scope)}
    ORDER BY items.remote_id LIMIT ${names.limit}`);
}

export async function davEntry(db: Database, scope: ItemScope, remoteId: string): Promise<DavEntry | undefined> {
  const rows = await db.all<DavEntry>(sql`
    SELECT ${entryColumns(sql`FALSE`)} FROM items
    WHERE items.sync_id = ${scope.syncId} AND items.remote_id = ${remoteId} AND ${isLive(sql`items`)} AND ${owned(scope)}`);
  return rows[0];
}

/** `twins`: which rows of `twin` are in the same folder. */
function entryColumns(twins: SQL): SQL {
  return sql`
    items.remote_id AS remoteId, items.kind, items.name, items.mime_type AS mimeType, items.created_at AS createdAt,
    iif(items.kind = ${FILE}, coalesce(items.stored_modified_at, items.modified_at, items.stored_at), items.modified_at) AS modifiedAt,
    items.stored_id AS storedId, items.stored_size AS size, items.stored_sha256 AS sha256,
    items.kind = ${FILE} AND coalesce(items.stored_hash, items.stored_tag, items.stored_source_size, items.stored_modified_at) IS NULL AS damaged,
    NOT EXISTS (
      SELECT 1 FROM items AS twin INDEXED BY items_by_parent
      WHERE twin.sync_id = items.sync_id AND ${twins} AND twin.kind IN (${FOLDER}, ${FILE})
        AND twin.name COLLATE NOCASE = items.name AND twin.name = items.name AND ${isLive(sql`twin`)}
        AND (twin.kind < items.kind OR (twin.kind = items.kind AND twin.remote_id < items.remote_id))
    ) AS isFirst`;
}

/** Whether a row can be in the mirror: a file whose content is here, or any folder that was not removed. */
function isLive(row: SQL): SQL {
  return sql`(${row}.state <> 'removed' AND (${row}.kind = ${FOLDER} OR (${row}.state <> 'excluded'
    AND ${row}.stored_id IS NOT NULL AND ${row}.stored_size IS NOT NULL AND ${row}.stored_sha256 IS NOT NULL)))`;
}

/** Whether below a folder that the rules leave out there is something that they do not: what is chosen lies deeper as a rule. */
const leadsToShown = sql`(
  WITH RECURSIVE below(id, passed, shown) AS (
    SELECT items.remote_id, TRUE, FALSE
    UNION
    SELECT child.remote_id, child.kind = ${FOLDER} AND child.state = 'excluded', child.state <> 'excluded' AND ${isLive(sql`child`)}
    FROM below CROSS JOIN items AS child INDEXED BY items_by_parent
      ON child.sync_id = items.sync_id AND child.parent_id = below.id AND child.kind IN (${FOLDER}, ${FILE})
    WHERE below.passed AND child.state <> 'removed'
    LIMIT ${LOOKED_BELOW_MAX}
  )
  SELECT max(shown) OR count(*) = ${LOOKED_BELOW_MAX} FROM below)`;

/** Whether a column is one of these ids: of one, as an equation, which keeps the order of the index. */
function isAmong(ids: readonly string[]): (column: SQL) => SQL {
  return (column) =>
    ids.length === 1 ? sql`${column} = ${ids[0]}` : sql`${column} IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`;
}

function beyond(after: DavCursor | null): SQL {
  if (!after) return sql``;
  return sql`AND items.name COLLATE NOCASE >= ${after.name}
    AND (items.name COLLATE NOCASE > ${after.name} OR items.remote_id > ${after.remoteId})`;
}
