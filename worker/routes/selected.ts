import type { AppContext, UserEnv } from "../context.ts";
import { chainsOf, getItems } from "../db/browse.ts";
import { catalogue } from "../db/client.ts";
import type { SyncRow } from "../db/syncs.ts";
import type { SelectedEntry } from "../wire/selected.ts";

/** What the sync's selection names, with names and with what is above: so that a tree can show it without opening every folder. */
export async function selectedEntries(c: AppContext<UserEnv>, { id: syncId, selection }: SyncRow): Promise<SelectedEntry[]> {
  const { id: userId, homeShard } = c.var.user;
  const db = catalogue(c.env, homeShard);
  const ids = selection.flatMap(({ itemId }) => itemId ?? []);
  const [found, chains] = await Promise.all([getItems(db, userId, syncId, ids), chainsOf(db, userId, syncId, ids)]);
  const names = new Map(found.map(({ remoteId, name }) => [remoteId, name]));
  return selection.map(({ feed, itemId, path, mode }) => ({
    feed: feed ?? null,
    itemId,
    path: path ?? null,
    mode,
    name: names.get(itemId ?? "") ?? null,
    // The first of a chain is the item itself.
    above: (chains.get(itemId ?? "") ?? []).slice(1),
  }));
}
