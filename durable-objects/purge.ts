import { countItems } from "../worker/db/items.ts";
import { deleteRemoved, deleteVersions, oldestRemoval, scanVersions } from "../worker/db/purging.ts";
import { knownContents } from "../worker/db/settlement.ts";
import { listSyncs, updateSync } from "../worker/db/syncs.ts";
import { contentKey } from "../worker/sync/job.ts";
import type { Engine } from "./engine.ts";
import { scopeOf } from "./engine.ts";
import { tryForRoom } from "./quota.ts";
import { showTotals } from "./totals.ts";
import type { DoomedContent, PurgeState, SyncState } from "./user-sync-schema.ts";

// Versions that have outlived their retention, deleted a chunk a step: what is to go is noted here first, then its rows go,
// then the objects that no row names any more, then the note. So a crash leaves neither a row without its object nor an
// object without a row. Nothing is purged while an alarm stands, or while a folder of the sync is being restored.

const DAY_MILLISECONDS = 86_400_000;
/** Versions gone through, a step: also the most keys of one R2 delete. */
const VERSIONS_MAX = 1000;
/** Rows of removed items deleted, a step. */
const ITEMS_MAX = 1000;
/** Between two purges of a sync. */
const PURGE_DAYS_MIN = 1;

/** When a purge is due for the first time, now that there is something to purge; undefined where one is due already. */
export function firstPurgeAt(engine: Engine, sync: SyncState): number | undefined {
  const isDue = sync.purgeDueAt !== null || engine.store.purges.get(sync.id) !== null;
  return isDue ? undefined : engine.now() + retention(sync);
}

/** Has the sync's versions gone through now: what is to be kept, or for how long, has changed. */
export function purgeSoon(engine: Engine, syncId: string): void {
  engine.store.updateSync(syncId, { purgeDueAt: engine.now() });
}

/** What cron found due and this object does not know of is due here too. */
export async function wakePurge(engine: Engine): Promise<void> {
  const now = engine.now();
  for (const row of await listSyncs(engine.db(), engine.userId)) {
    const sync = row.purgeDueAt !== null && row.purgeDueAt <= now ? engine.store.sync(row.id) : null;
    if (sync && sync.purgeDueAt === null) engine.store.updateSync(sync.id, { purgeDueAt: now });
  }
}

/** Whether a step of a purge is due. */
export function isPurgeDue(engine: Engine): boolean {
  return dueSync(engine) !== undefined;
}

/** One step of the purge that is due. False where none is. */
export async function stepPurge(engine: Engine): Promise<boolean> {
  const { store } = engine;
  const sync = dueSync(engine);
  if (!sync) return false;
  const purge = store.purges.get(sync.id);
  if (!purge) {
    store.transaction(() => {
      store.purges.begin(sync.id);
      store.updateSync(sync.id, { purgeDueAt: null });
    });
    return true;
  }
  if (purge.doomed.length > 0) await deleteDoomed(engine, sync, purge);
  else if (purge.phase === "versions") await findDoomed(engine, sync, purge);
  else await deleteRows(engine, sync, purge);
  return true;
}

function dueSync(engine: Engine): SyncState | undefined {
  const { store, now } = engine;
  return store.syncs().find((sync) => {
    if (sync.status === "deleting" || sync.alarmedAt !== null || store.restorations.isUnderWay(sync.id)) return false;
    return (sync.purgeDueAt !== null && sync.purgeDueAt <= now()) || store.purges.get(sync.id) !== null;
  });
}

async function findDoomed(engine: Engine, sync: SyncState, purge: PurgeState): Promise<void> {
  const after = { id: purge.afterId, number: purge.afterNumber };
  const versions = await scanVersions(engine.db(), scopeOf(engine, sync.id), after, VERSIONS_MAX);
  const cutoff = engine.now() - retention(sync);
  const doomed = versions.filter((version) => version.endedBy === "damaged" || version.endedAt <= cutoff);
  const staying = versions.filter((version) => !doomed.includes(version)).map((version) => version.endedAt);
  const last = versions.at(-1);
  const done = versions.length < VERSIONS_MAX;
  engine.store.purges.update(sync.id, {
    doomed: doomed.map(({ remoteId, number, storedId }) => ({ remoteId, number, storedId })),
    oldestAt: earliest(purge.oldestAt, ...staying),
    ...(last ? { afterId: last.remoteId, afterNumber: last.number } : {}),
    ...(done ? { phase: "items" as const } : {}),
  });
}

async function deleteDoomed(engine: Engine, sync: SyncState, purge: PurgeState): Promise<void> {
  const { store } = engine;
  const db = engine.db();
  const scope = scopeOf(engine, sync.id);
  // Should this break off in between, the totals are counted anew.
  store.updateSync(sync.id, { statsDoubtful: 1 });
  const written = await deleteVersions(db, scope, purge.doomed, engine.now() - retention(sync));
  store.transaction(() => {
    store.addStats(sync.id, written.versions);
    store.updateSync(sync.id, { statsDoubtful: sync.statsDoubtful });
    store.purges.update(sync.id, { freedBytes: purge.freedBytes - written.versions.versionBytes });
  });
  await deleteUnnamed(engine, sync, purge.doomed);
  store.purges.update(sync.id, { doomed: [] });
}

/** A content that another row of its item names stays. */
async function deleteUnnamed(engine: Engine, sync: SyncState, doomed: readonly DoomedContent[]): Promise<void> {
  const named = await knownContents(engine.db(), scopeOf(engine, sync.id), doomed);
  const ids = new Set(doomed.map((content) => content.storedId).filter((id) => !named.has(id)));
  if (ids.size === 0) return;
  await engine.env.CONTENT.delete([...ids].map((id) => contentKey(engine.userId, sync.id, id)));
}

async function deleteRows(engine: Engine, sync: SyncState, purge: PurgeState): Promise<void> {
  const db = engine.db();
  const scope = scopeOf(engine, sync.id);
  const deleted = await deleteRemoved(db, scope, engine.now() - retention(sync), ITEMS_MAX);
  if (deleted === ITEMS_MAX) return;
  const oldestAt = earliest(purge.oldestAt, await oldestRemoval(db, scope));
  await endPurge(engine, sync, purge, oldestAt);
}

async function endPurge(engine: Engine, sync: SyncState, purge: PurgeState, oldestAt: number | null): Promise<void> {
  const { store } = engine;
  const db = engine.db();
  const idle = store.run(sync.id) === null;
  const counts = idle && sync.statsDoubtful === 1 ? await countItems(db, scopeOf(engine, sync.id)) : null;
  const stats = counts ?? sync.stats;
  const next = oldestAt === null ? null : Math.max(oldestAt + retention(sync), engine.now() + PURGE_DAYS_MIN * DAY_MILLISECONDS);
  // What has become due meanwhile is due all the same.
  const purgeDueAt = earliest(next, store.sync(sync.id)?.purgeDueAt ?? null);
  await showTotals(engine, sync.id, stats);
  await updateSync(db, engine.userId, sync.id, { purgeDueAt });
  store.transaction(() => {
    if (counts) store.updateSync(sync.id, { stats: counts, statsDoubtful: 0 });
    store.updateSync(sync.id, { purgeDueAt });
    store.purges.end(sync.id);
  });
  if (purge.freedBytes > 0) await tryForRoom(engine);
  engine.log.info("versions.purged", { syncId: sync.id, bytes: purge.freedBytes });
}

function retention(sync: SyncState): number {
  return sync.options.retentionDays * DAY_MILLISECONDS;
}

function earliest(...times: (number | null)[]): number | null {
  const known = times.filter((at) => at !== null);
  return known.length > 0 ? Math.min(...known) : null;
}
