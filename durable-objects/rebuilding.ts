import { deleteConnection, insertConnection, listConnections, updateConnection } from "../worker/db/connections.ts";
import { countItems } from "../worker/db/items.ts";
import { deleteSync, insertSync, listSyncs, updateSync } from "../worker/db/syncs.ts";
import { providers } from "../worker/providers/registry.ts";
import { wakeColumns } from "../worker/sync/schedule.ts";
import { accountChanged } from "./account.ts";
import type { Engine } from "./engine.ts";
import { scopeOf } from "./engine.ts";
import { purgeSoon } from "./purge.ts";
import { showTotals } from "./totals.ts";

// The object's part in building a lost catalogue again: it rests until the contents are back, then compares everything with
// the source. Its credentials, cursors and settings were never lost. Both calls may be repeated.

const RESTS_SETTING = "rebuilding";

/** Whether the catalogue is being built again: nothing may be planned, fetched or deleted by what it says now. */
export function isRebuilding({ store }: Pick<Engine, "store">): boolean {
  return store.setting(RESTS_SETTING) === "1";
}

/** Rests from here on. Which connections and syncs there are, and their settings, is the object's word. */
export async function rebuildBegins(engine: Engine): Promise<void> {
  const { store, userId } = engine;
  store.saveSetting(RESTS_SETTING, "1");
  // An object that knows of nothing was lost as well: what the bucket says is all that there is.
  if (store.connections().length === 0) return;
  await rebuildConnections(engine);
  const db = engine.db();
  const shown = new Map((await listSyncs(db, userId)).map((row) => [row.id, row]));
  for (const { id, connectionId, mode, status, schedule, selection, filters, options } of store.syncs()) {
    const known = { mode, status, schedule, selection, filters, options, ...wakeColumns(schedule, userId, engine.now()) };
    if (shown.delete(id)) await updateSync(db, userId, id, known);
    else await insertSync(db, userId, { id, connectionId, ...known, name: nameOf(engine, connectionId), labels: {}, createdAt: engine.now() }); // prettier-ignore
  }
  for (const id of shown.keys()) if (!engine.making.has(id)) await deleteSync(db, userId, id);
}

async function rebuildConnections(engine: Engine): Promise<void> {
  const { store, userId } = engine;
  const db = engine.db();
  const shown = new Set((await listConnections(db, userId)).map((row) => row.id));
  for (const { id, provider, accountId, status } of store.connections()) {
    const row = { id, provider, accountId, status, label: nameOf(engine, id), accountEmail: null, authType: "oauth2", scopes: [], lastValidatedAt: null, createdAt: engine.now() } as const; // prettier-ignore
    if (shown.delete(id)) await updateConnection(db, userId, id, { status });
    else await insertConnection(db, userId, { ...row, scopes: [] });
  }
  for (const id of shown) await deleteConnection(db, userId, id);
}

function nameOf({ store }: Engine, connectionId: string): string {
  const provider = store.connection(connectionId)?.provider ?? "";
  return providers.get(provider)?.name ?? provider;
}

/** The contents are back: everything that was believed of the catalogue is forgotten, and the source is listed once more. */
export async function rebuildEnds(engine: Engine): Promise<void> {
  const { store } = engine;
  for (const sync of store.syncs()) {
    const stats = await countItems(engine.db(), scopeOf(engine, sync.id));
    await showTotals(engine, sync.id, stats);
    store.transaction(() => {
      const run = store.run(sync.id);
      if (run) store.saveRun({ ...run, announced: false });
      store.digest.forget(sync.id);
      store.updateSync(sync.id, { stats, enumerateNext: 1, wakes: sync.wakes + 1, wakeTrigger: "schedule", retryAt: null });
      // What is old among the contents that came back is as old as it was.
      if (stats.versions > 0) purgeSoon(engine, sync.id);
    });
  }
  store.saveSetting(RESTS_SETTING, "");
  await accountChanged(engine);
}
