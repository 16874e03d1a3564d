import { upsertItems } from "../worker/db/items.ts";
import { forgetContents, markDamaged } from "../worker/db/verify.ts";
import type { ItemRow } from "../worker/sync/item.ts";
import { noteDrift } from "./drift.ts";
import type { Engine } from "./engine.ts";
import { scopeOf } from "./engine.ts";
import { planAgain } from "./replanning.ts";
import type { RunState, SyncState } from "./user-sync-schema.ts";

// Items whose content is not what was stored, or not there, are set so that planning fetches them again. May be repeated.

export interface Stored {
  remoteId: string;
  storedId: string;
  size: number;
}

/** Contents of items that are gone: they become no versions, and are fetched again. */
export async function mendMissing(engine: Engine, sync: SyncState, run: RunState, rows: readonly ItemRow[]): Promise<void> {
  if (rows.length === 0) return;
  const scope = scopeOf(engine, sync.id);
  await noteDrift(engine, run, "missing", rows);
  engine.store.touchDigest(sync.id, rows.map((row) => row.remoteId)); // prettier-ignore
  run.usage.rowsWritten += await forgetContents(engine.db(), scope, rows.map(storedOf).filter((content) => content !== null)); // prettier-ignore
  // The stored size stays, so that the totals lose what they had counted.
  await fetchAgain(engine, sync, run, rows.map((row) => ({ ...row, storedId: null }))); // prettier-ignore
}

/** Contents that are not what was stored stay until another one takes their place, and end as damaged then. */
export async function mendDamaged(engine: Engine, sync: SyncState, run: RunState, rows: readonly ItemRow[]): Promise<void> {
  if (rows.length === 0) return;
  await noteDrift(engine, run, "damaged", rows);
  engine.store.touchDigest(sync.id, rows.map((row) => row.remoteId)); // prettier-ignore
  run.usage.rowsWritten += await markDamaged(engine.db(), scopeOf(engine, sync.id), rows.map(storedOf).filter((content) => content !== null)); // prettier-ignore
  const unmarked = { storedHash: null, storedTag: null, storedSourceSize: null, storedModifiedAt: null };
  await fetchAgain(engine, sync, run, rows.map((row) => ({ ...row, ...unmarked }))); // prettier-ignore
}

/** Rows that say that they are stored and are not, or that wait for a job that is not in the ledger. */
export async function mendStuck(engine: Engine, sync: SyncState, run: RunState, rows: readonly ItemRow[]): Promise<void> {
  const live = engine.store.jobs.live(rows.flatMap((row) => row.pendingJob ?? []));
  const stuck = rows.filter((row) =>
    row.state === "pending" ? row.pendingJob === null || !live.has(row.pendingJob) : row.state === "stored" && row.storedId === null,
  );
  if (stuck.length === 0) return;
  await noteDrift(engine, run, "stuck", stuck);
  await fetchAgain(engine, sync, run, stuck);
}

/** Items that the source has are planned; of those that it has no longer nothing can be fetched: they say so. */
async function fetchAgain(engine: Engine, sync: SyncState, run: RunState, rows: readonly ItemRow[]): Promise<void> {
  const planned = await planAgain(engine, sync, run, rows.filter((row) => row.kept === null), engine.now()); // prettier-ignore
  const lost = rows.flatMap((row) =>
    row.kept === null
      ? []
      : {
          ...row,
          state: "failed" as const,
          reason: row.storedId === null ? "lost" : "damaged",
          pendingJob: null,
          nextAttemptAt: null,
          runId: run.id,
        },
  );
  const written = await upsertItems(engine.db(), scopeOf(engine, sync.id), lost, engine.now());
  engine.store.transaction(() => {
    planned.commit();
    run.usage.rowsWritten += written.rows;
    if (lost.length > 0) engine.store.updateSync(sync.id, { statsDoubtful: 1 });
    engine.store.saveRun(run);
  });
}

export function storedOf({ remoteId, storedId, storedSize }: ItemRow): Stored | null {
  return storedId === null || storedSize === null ? null : { remoteId, storedId, size: storedSize };
}
