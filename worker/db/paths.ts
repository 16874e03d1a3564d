import { sql } from "drizzle-orm";
import type { KnownItem } from "../providers/provider.ts";
import type { Database } from "./client.ts";
import type { ItemScope } from "./items.ts";
import { owned } from "./items.ts";

// Items by their paths, for sources whose changes come by path. Level by level from the root: a statement each, or two where
// names have other letters than the basic ones, whose case SQLite does not know.

/** Levels of folders that are followed; what lies deeper is not found. */
const DEPTH_MAX = 200;

interface Place extends KnownItem {
  above: Place | null;
}

interface Child extends KnownItem {
  parentId: string;
  name: string;
}

/**
 * What is at these paths below the root, by path: small letters, each name with a slash before it. Several items may be, since some
 * of them are gone. `outdated` says which of the items on the ways are to be passed by, with all below them.
 */
export async function itemsAtPaths(
  db: Database,
  scope: ItemScope,
  rootId: string,
  paths: readonly string[],
  outdated: (ids: readonly string[]) => ReadonlySet<string> = () => new Set(),
): Promise<Map<string, KnownItem[]>> {
  const places = new Map<string, Place[]>([["", [{ id: rootId, kind: "folder", above: null }]]]);
  for (const level of levelsOf(paths)) {
    const folders = level.flatMap((path) => (places.get(parentOf(path)) ?? []).filter(({ kind }) => kind === "folder").map((above) => ({ path, above }))); // prettier-ignore
    const asked = folders.map(({ path, above }) => ({ parentId: above.id, name: nameOf(path) }));
    const children = Map.groupBy(await childrenNamed(db, scope, asked), keyOf);
    for (const { path, above } of folders) {
      const found = children.get(keyOf({ parentId: above.id, name: nameOf(path) })) ?? [];
      places.set(path, [...(places.get(path) ?? []), ...found.map(({ id, kind }) => ({ id, kind, above }))]);
    }
  }
  const passed = outdated([...places.values()].flat().flatMap(({ id }) => (id === rootId ? [] : id)));
  const holds = (place: Place): boolean => !passed.has(place.id) && (place.above === null || holds(place.above));
  return new Map(
    paths.flatMap((path) => {
      const found = (places.get(path) ?? []).filter(holds).map(({ id, kind }) => ({ id, kind }));
      return found.length > 0 ? [[path, found]] : [];
    }),
  );
}

/** The paths and all above them, by their number of names. */
function levelsOf(paths: readonly string[]): string[][] {
  const levels: Set<string>[] = [];
  for (const path of paths) {
    for (let at = path; at !== ""; at = parentOf(at)) {
      const level = (levels[at.split("/").length - 2] ??= new Set());
      if (level.has(at)) break;
      level.add(at);
    }
  }
  return levels.slice(0, DEPTH_MAX).map((level) => [...level]);
}

/** What is in these folders under these names, whatever their case; `name` is as it was asked for. */
async function childrenNamed(db: Database, scope: ItemScope, asked: readonly { parentId: string; name: string }[]): Promise<Child[]> {
  if (asked.length === 0) return [];
  // The index is named, and the order of the joins with it: one seek for each name.
  const rows = await db.all<{ parentId: string; name: string; id: string; kind: number }>(sql`
    SELECT asked.value->>'parentId' AS parentId, asked.value->>'name' AS name, items.remote_id AS id, items.kind
    FROM json_each(${JSON.stringify(asked)}) AS asked CROSS JOIN items INDEXED BY items_by_parent
      ON items.sync_id = ${scope.syncId} AND items.parent_id = asked.value->>'parentId' AND items.kind IN (0, 1)
      AND items.name COLLATE NOCASE = asked.value->>'name'
    WHERE ${atSource} AND ${owned(scope)}`);
  const found = rows.map(toChild);
  const isFound = new Set(found.map(keyOf));
  const others = asked.filter((one) => !isBasic(one.name) && !isFound.has(keyOf(one)));
  return [...found, ...(await childrenSpelled(db, scope, others))];
}

/** The same, of names whose case has to be compared here: among those of the folder that have such letters too. */
async function childrenSpelled(db: Database, scope: ItemScope, asked: readonly { parentId: string; name: string }[]): Promise<Child[]> {
  if (asked.length === 0) return [];
  const wanted = new Set(asked.map(keyOf));
  const parents = [...new Set(asked.map(({ parentId }) => parentId))];
  const rows = await db.all<{ parentId: string; name: string; id: string; kind: number }>(sql`
    SELECT items.parent_id AS parentId, items.name, items.remote_id AS id, items.kind
    FROM json_each(${JSON.stringify(parents)}) AS folder CROSS JOIN items INDEXED BY items_by_parent
      ON items.sync_id = ${scope.syncId} AND items.parent_id = folder.value AND items.kind IN (0, 1)
    WHERE items.name GLOB '*[^ -~]*' AND ${atSource} AND ${owned(scope)}`);
  return rows.map((row) => toChild({ ...row, name: row.name.toLowerCase() })).filter((child) => wanted.has(keyOf(child)));
}

/** Not what is gone there, whether it is still here or not. */
const atSource = sql`items.state <> 'removed' AND items.kept IS NULL AND (items.state <> 'held' OR items.reason IS 'excluded')`;

function toChild({ kind, ...rest }: { parentId: string; name: string; id: string; kind: number }): Child {
  return { ...rest, kind: kind === 0 ? "folder" : "file" };
}

function keyOf({ parentId, name }: { parentId: string; name: string }): string {
  return `${parentId}/${name}`;
}

function isBasic(name: string): boolean {
  return /^[ -~]*$/.test(name);
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
