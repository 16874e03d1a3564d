import { chainsOf } from "../worker/db/browse.ts";
import type { ItemRow } from "../worker/sync/item.ts";
import type { Engine } from "./engine.ts";
import type { SyncState } from "./user-sync-schema.ts";

// Which feed of a sync an item came by: the one whose root it lies under. Only that feed's source can be asked about it.

type Placed = Pick<ItemRow, "remoteId" | "parentId">;

/** The feeds of these rows, by remote id, as far as their places are known. To be asked where a sync has several feeds. */
export async function feedsOf(engine: Engine, sync: SyncState, rows: readonly Placed[]): Promise<Map<string, string>> {
  const feedOfRoot = new Map(engine.store.feeds(sync.id).map((feed) => [feed.rootId, feed.feedId]));
  const folders = [...new Set(rows.map(folderOf))];
  const chains = await chainsOf(engine.db(), engine.userId, sync.id, folders);
  return new Map(
    rows.flatMap((row) => {
      const feedId = feedOfRoot.get(chains.get(folderOf(row))?.at(-1) ?? "");
      return feedId === undefined ? [] : [[row.remoteId, feedId]];
    }),
  );
}

/** These rows by their feeds; those whose place is not known with the first that is offered. */
export async function byFeed<T extends Placed>(engine: Engine, sync: SyncState, rows: readonly T[]): Promise<Map<string, T[]>> {
  const feeds = engine.store.feeds(sync.id);
  const first = (feeds.find((feed) => feed.missingSince === null) ?? feeds[0])?.feedId ?? "";
  if (feeds.length <= 1 || rows.length === 0) return new Map([[first, [...rows]]]);
  const known = await feedsOf(engine, sync, rows);
  return Map.groupBy(rows, (row) => known.get(row.remoteId) ?? first);
}

function folderOf({ remoteId, parentId }: Placed): string {
  return parentId ?? remoteId;
}
