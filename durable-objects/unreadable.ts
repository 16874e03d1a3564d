import { postponeUnreadable, unreadableItems } from "../worker/db/items.ts";
import type { Change } from "../worker/providers/provider.ts";
import { applyChanges, idOf } from "./apply.ts";
import type { Engine } from "./engine.ts";
import { scopeOf } from "./engine.ts";
import { sourceOf } from "./source.ts";
import type { RunState, SyncState } from "./user-sync-schema.ts";

// Items whose entry could not be read. The change feed tells of them again only when they change: so they are asked for by
// their ids, and where that tells no more, again a day later.

/** Questions to the source about each feed, a step. */
const LOOKUPS_MAX = 5;
const AGAIN_SECONDS = 86_400;

/** Asks for those that are due. */
export async function lookAtUnreadable(engine: Engine, sync: SyncState, run: RunState): Promise<void> {
  const scope = scopeOf(engine, sync.id);
  const provider = sourceOf(engine, sync, run);
  const { lookupMax } = provider.facts;
  const now = engine.now();
  const ids = await unreadableItems(engine.db(), scope, now, lookupMax * LOOKUPS_MAX);
  let left = ids;
  for (const { feedId, missingSince } of engine.store.feeds(sync.id)) {
    if (missingSince !== null) continue;
    const changes: Change[] = [];
    for (let start = 0; start < left.length; start += lookupMax) {
      const answers = await provider.lookup(feedId, left.slice(start, start + lookupMax));
      // What is gone, or refused, is left to the feed, and to the next listing of everything.
      for (const found of answers) if (found.status === "found") changes.push({ type: "upsert", entry: found.entry });
    }
    if (changes.length === 0) continue;
    const found = new Set(changes.map(idOf));
    left = left.filter((id) => !found.has(id));
    const { commit } = await applyChanges(engine, sync, feedId, run, changes);
    engine.store.transaction(() => {
      commit();
      engine.store.saveRun(run);
    });
  }
  if (left.length > 0) await postponeUnreadable(engine.db(), scope, now, now + AGAIN_SECONDS * 1000);
}
