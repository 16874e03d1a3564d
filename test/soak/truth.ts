import { env } from "cloudflare:workers";
import { encodeHexLowerCase } from "@oslojs/encoding";
import type { Stats } from "../../worker/sync/stats.ts";
import type { Tree } from "./source.ts";
import type { World } from "./world.ts";

// What must be true once nothing goes wrong any more. Each check answers what it found wrong, in words; nothing is right.

interface ItemRecord {
  remote_id: string;
  parent_id: string | null;
  kind: number;
  name: string;
  state: string;
  reason: string | null;
  pending_job: string | null;
  stored_id: string | null;
  stored_number: number;
  stored_size: number | null;
  stored_sha256: string | null;
  size: number | null;
}

interface VersionRecord {
  remote_id: string;
  number: number;
  stored_id: string;
  size: number;
}

/** Of a copy that has come to rest. */
export async function whatIsWrong(world: World): Promise<string[]> {
  const tree = await world.source.tree();
  const items = await rows<ItemRecord>("SELECT * FROM items WHERE sync_id = ?", world.syncId);
  const versions = await rows<VersionRecord>("SELECT * FROM versions WHERE sync_id = ?", world.syncId);
  const placed = placesOf(items.filter((item) => item.state !== "removed"));
  return [
    ...differences(tree, items, placed),
    ...states(items),
    ...(await contents(world, items, versions)),
    ...(await totals(world, items, versions)),
    ...(await leftovers(world)),
    ...(await runsOf(world)),
  ];
}

/** Whether the copy looks like the source, without reading a byte: what is asked often. */
export async function looksEqual(world: World): Promise<boolean> {
  const tree = await world.source.tree();
  const items = await rows<ItemRecord>("SELECT * FROM items WHERE sync_id = ? AND state <> 'removed'", world.syncId);
  return differences(tree, items, placesOf(items)).length === 0;
}

/** Every row that a quiet run must leave as it is. */
export async function catalogueOf(world: World): Promise<string> {
  const tables = await Promise.all([
    rows("SELECT * FROM items WHERE sync_id = ?", world.syncId),
    rows("SELECT * FROM versions WHERE sync_id = ?", world.syncId),
    rows("SELECT * FROM runs WHERE sync_id = ?", world.syncId),
    rows("SELECT * FROM syncs WHERE id = ?", world.syncId),
    rows("SELECT * FROM changes WHERE user_id = ?", world.userId),
  ]);
  return JSON.stringify(tables);
}

function differences(tree: Tree, items: readonly ItemRecord[], placed: ReadonlyMap<string, string>): string[] {
  const source = new Map([
    ...tree.files.map((file) => [file.id, `${file.path} ${file.sha256}`] as const),
    ...tree.folders.map((folder) => [folder.id, `${folder.path}/`] as const),
  ]);
  const mirror = new Map(
    items
      .filter((item) => item.state !== "removed" && item.parent_id !== null)
      .map((item) => {
        const path = placed.get(item.remote_id) ?? "nowhere";
        return [item.remote_id, item.kind === 0 ? `${path}/` : `${path} ${item.stored_sha256}`] as const;
      }),
  );
  const missing = [...source].filter(([id, what]) => mirror.get(id) !== what).map(([id, what]) => `${id} is ${mirror.get(id) ?? "not here"}, at the source ${what}`); // prettier-ignore
  const tooMuch = [...mirror].filter(([id]) => !source.has(id)).map(([id, what]) => `${id} is here as ${what}, and not at the source`);
  return [...missing, ...tooMuch];
}

function placesOf(items: readonly ItemRecord[]): Map<string, string> {
  const byId = new Map(items.map((item) => [item.remote_id, item]));
  const pathOf = (id: string | null, depth = 0): string => {
    const item = id === null ? undefined : byId.get(id);
    if (!item || depth > 500) return `?${id}`;
    return item.parent_id === null ? "" : `${pathOf(item.parent_id, depth + 1)}/${item.name}`;
  };
  return new Map(items.map((item) => [item.remote_id, pathOf(item.remote_id)]));
}

function states(items: readonly ItemRecord[]): string[] {
  return items.flatMap((item) => {
    const what = `${item.remote_id} (${item.name})`;
    return [
      ...(item.state === "stored" || item.state === "removed" ? [] : [`${what} is ${item.state}: ${item.reason}`]),
      ...(item.pending_job === null ? [] : [`${what} waits for a job that there is not`]),
      ...(item.state === "stored" && item.kind === 1 && item.stored_id === null ? [`${what} is stored without content`] : []),
    ];
  });
}

/** Bytes are read again; nothing is in the bucket that the catalogue does not know, and nothing is missing there. */
async function contents(world: World, items: readonly ItemRecord[], versions: readonly VersionRecord[]): Promise<string[]> {
  const prefix = `content/${world.userId}/`;
  const inBucket = new Set<string>();
  let cursor: string | undefined;
  do {
    const page = await env.CONTENT.list({ prefix, ...(cursor === undefined ? {} : { cursor }) });
    for (const { key } of page.objects) inBucket.add(key.slice(`${prefix}${world.syncId}/`.length));
    cursor = page.truncated ? page.cursor : undefined;
  } while (cursor !== undefined);
  const current = items.filter((item) => item.stored_id !== null && item.state !== "removed");
  const known = new Map([
    ...current.map((item) => [item.stored_id ?? "", item.remote_id] as const),
    ...versions.map((version) => [version.stored_id, `${version.remote_id}#${version.number}`] as const),
  ]);
  const orphans = [...inBucket].filter((id) => !known.has(id)).map((id) => `${id} is in the bucket, and in no row`);
  const lost = [...known].filter(([id]) => !inBucket.has(id)).map(([id, of]) => `${id} of ${of} is not in the bucket`);
  const spoilt = await Promise.all(
    current.map(async (item) => {
      const object = await env.CONTENT.get(`${prefix}${world.syncId}/${item.stored_id}`);
      if (!object) return [];
      const digest = encodeHexLowerCase(new Uint8Array(await crypto.subtle.digest("SHA-256", await object.arrayBuffer())));
      return digest === item.stored_sha256 ? [] : [`${item.remote_id}: the bucket has ${digest}, the catalogue ${item.stored_sha256}`];
    }),
  );
  const open = [...world.uploads].filter(([, { told }]) => told).map(([id]) => `the upload ${id} is still open`);
  return [...orphans, ...lost, ...spoilt.flat(), ...open];
}

/** The totals of the object and of D1 are what a count over the rows says. */
async function totals(world: World, items: readonly ItemRecord[], versions: readonly VersionRecord[]): Promise<string[]> {
  const live = items.filter((item) => item.state !== "removed");
  const files = live.filter((item) => item.kind === 1);
  const stored = files.filter((item) => item.state === "stored");
  const counted: Stats = {
    items: live.length,
    files: files.length,
    stored: stored.length,
    failed: live.filter((item) => item.state === "failed").length,
    skipped: live.filter((item) => item.state === "skipped").length,
    bytes: sum(files.filter((item) => item.state === "stored" || item.state === "held").map((item) => item.stored_size)),
    sourceBytes: sum(files.map((item) => item.size)),
    excluded: files.filter((item) => item.state === "excluded").length,
    held: files.filter((item) => item.state === "held").length,
    versions: versions.length,
    versionBytes: sum(versions.map((version) => version.size)),
  };
  const kept = await world.inObject<{ stats: string }>("SELECT stats FROM syncs");
  const shown = await env.DB.prepare(
    `SELECT item_count AS items, file_count AS files, stored_count AS stored, failed_count AS failed, skipped_count AS skipped, stored_bytes AS bytes,
       source_bytes AS sourceBytes, excluded_count AS excluded, held_count AS held, version_count AS versions, version_bytes AS versionBytes
     FROM syncs WHERE id = ?`,
  )
    .bind(world.syncId)
    .first<Stats>();
  return [...unlike("the object's totals", JSON.parse(kept[0]?.stats ?? "{}") as Stats, counted), ...unlike("D1's totals", shown, counted)];
}

function unlike(whose: string, said: Partial<Stats> | null, counted: Stats): string[] {
  const names = Object.keys(counted) as (keyof Stats)[];
  return names
    .filter((name) => said?.[name] !== counted[name])
    .map((name) => `${whose} say ${name} ${said?.[name]}, there are ${counted[name]}`);
}

/** What only work that is not finished leaves behind. */
async function leftovers(world: World): Promise<string[]> {
  const tables = ["jobs", "removals", "seen", "runs"];
  const left: string[] = [];
  for (const table of tables) {
    const [row] = await world.inObject<{ count: number }>(`SELECT count(*) AS count FROM ${table}`);
    if (row?.count !== 0) left.push(`${row?.count} rows are left in the object's ${table}`);
  }
  const shown = await rows<{ id: string }>("SELECT id FROM syncs WHERE user_id = ?", world.userId);
  if (shown.length !== 1) left.push(`D1 shows ${shown.length} syncs`);
  const feeds = await world.inObject<{ phase: string }>("SELECT phase FROM feeds");
  if (feeds.length === 0) left.push("no feed was found");
  return [...left, ...feeds.filter(({ phase }) => phase !== "idle").map(({ phase }) => `a feed is ${phase}`)];
}

async function runsOf(world: World): Promise<string[]> {
  const runs = await rows<Record<string, number | string | null>>("SELECT * FROM runs WHERE sync_id = ?", world.syncId);
  return runs.flatMap((run) => {
    const what = `run ${run["id"]} (${run["status"]})`;
    const counts = ["discovered", "pending", "stored", "skipped", "failed", "removed", "held", "changed", "bytes"];
    const ended = ["completed", "incomplete", "failed", "cancelled"].includes(String(run["status"]));
    return [
      ...(ended && run["finished_at"] !== null ? [] : [`${what} has not ended`]),
      ...counts.filter((count) => Number(run[count]) < 0).map((count) => `${what} has ${count} ${run[count]}`),
    ];
  });
}

async function rows<T>(statement: string, id: string): Promise<T[]> {
  return (await env.DB.prepare(statement).bind(id).all<T>()).results;
}

function sum(values: readonly (number | null)[]): number {
  return values.reduce<number>((total, value) => total + (value ?? 0), 0);
}
