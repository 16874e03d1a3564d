import { updateSync } from "../worker/db/syncs.ts";
import { isMassChange } from "../worker/sync/mass-change.ts";
import type { Engine } from "./engine.ts";
import { announce } from "./run.ts";
import { logEvents } from "./run-log.ts";
import type { RunState, SyncState } from "./user-sync-schema.ts";

/**
 * Raises the sync's alarm, once a run, where most stored files have changed in it. To be called before the step's transaction;
 * what it answers is to be called in it. Nothing is purged while the alarm stands, until a person confirms the changes.
 */
export async function noteChanged(engine: Engine, sync: SyncState, run: RunState, changed: number): Promise<() => void> {
  const total = (run.changed ?? 0) + changed;
  // Files stored in this run before they changed once more make the total larger, never smaller.
  const stored = run.storedBefore ?? sync.stats.stored + total;
  const raised = changed > 0 && run.alarmed !== true && isMassChange(stored, total);
  const at = sync.alarmedAt ?? engine.now();
  if (raised) {
    await announce(engine, run);
    await updateSync(engine.db(), engine.userId, sync.id, { alarmedAt: at, alarmedCount: total });
    await logEvents(engine, run, [alarmNote(total, stored)]);
    engine.log.warn("sync.alarmed", { syncId: sync.id, runId: run.id, changed: total, stored });
  }
  return () => {
    if (changed > 0) run.changed = (run.changed ?? 0) + changed;
    if (!raised) return;
    run.alarmed = true;
    engine.store.updateSync(sync.id, { alarmedAt: at });
  };
}

function alarmNote(changed: number, stored: number) {
  const message = `At least ${changed} of ${stored} files have new content all at once, as if something had encrypted them. They are being copied, and every earlier content stays until you confirm that the changes are meant.`;
  return { remoteId: null, level: "warn" as const, message };
}
