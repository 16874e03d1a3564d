import { noteStorage } from "../worker/db/storage-days.ts";
import type { SyncRowPatch } from "../worker/db/syncs.ts";
import { totalsOf, updateSync } from "../worker/db/syncs.ts";
import { dayOf } from "../worker/sync/storage-days.ts";
import type { Stats } from "../worker/sync/stats.ts";
import type { Engine } from "./engine.ts";
import { scopeOf } from "./engine.ts";
import type { SyncState } from "./user-sync-schema.ts";

// A sync's totals as D1 shows them. What D1 was last told is noted, since what changes the totals need not end with a run
// that says so: a settlement comes after its run was cancelled, a doubtful count is made by a quiet run.

/** Tells D1 a sync's totals. */
export async function showTotals(engine: Engine, syncId: string, stats: Stats): Promise<void> {
  const { store } = engine;
  if (store.sync(syncId)?.statsShown !== "") store.updateSync(syncId, { statsShown: "" });
  await writeTotals(engine, syncId, stats);
  store.updateSync(syncId, { statsShown: noteOf(stats) });
}

/** Writes a sync's totals, with what else changes of its row, and what is kept of it today. */
export async function writeTotals(engine: Engine, syncId: string, stats: Stats, patch: SyncRowPatch = {}): Promise<void> {
  await updateSync(engine.db(), engine.userId, syncId, { ...totalsOf(stats), ...patch });
  await noteStorage(engine.db(), scopeOf(engine, syncId), dayOf(engine.now()), stats);
}

/** Whether D1 has other totals, or may have. */
export function owesTotals(sync: SyncState, stats: Stats): boolean {
  return sync.statsShown !== noteOf(stats);
}

/** What is noted of totals that D1 was told. */
export function noteOf(stats: Stats): string {
  return JSON.stringify(Object.values(totalsOf(stats)));
}
