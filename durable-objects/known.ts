import { treeTags } from "../worker/db/items.ts";
import { itemsAtPaths } from "../worker/db/paths.ts";
import type { KnownItems } from "../worker/providers/provider.ts";
import { seenAmong } from "../worker/sync/seen.ts";
import type { Engine } from "./engine.ts";
import { scopeOf } from "./engine.ts";
import type { FeedState, SyncState } from "./user-sync-schema.ts";

/** What a page of a feed's round may ask of the catalogue. */
export function knownItemsOf(engine: Engine, sync: SyncState, feed: FeedState): KnownItems {
  const scope = scopeOf(engine, sync.id);
  return {
    // Of a page that is read again after it was cut short they say nothing: what they stand for may be missing.
    treeTags: async (folderIds) => (feed.tagsDoubtful === 1 ? new Map() : treeTags(engine.db(), scope, folderIds)),
    itemsAtPaths: (rootId, paths) => itemsAtPaths(engine.db(), scope, rootId, paths, (ids) => outdated(engine, feed, ids)),
  };
}

/** What may no longer be where its row says: marked as gone, or not told of yet by an enumeration over what was there before. */
function outdated(engine: Engine, feed: FeedState, ids: readonly string[]): Set<string> {
  const gone = engine.store.markedAmong(feed.syncId, ids);
  if (feed.enumeration !== "over") return gone;
  const seen = seenAmong(engine.store.seen.blocks(feed), ids);
  return new Set(ids.filter((id) => gone.has(id) || !seen.has(id)));
}
