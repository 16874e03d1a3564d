import { failedItems, scanItems, upsertItems } from "../worker/db/items.ts";
import { timeId } from "../worker/ids.ts";
import type { ItemRow } from "../worker/sync/item.ts";
import { replan } from "../worker/sync/plan.ts";
import { add } from "../worker/sync/stats.ts";
import type { Engine } from "./engine.ts";
import { scopeOf } from "./engine.ts";
import { announce } from "./run.ts";
import type { RunState, SyncState } from "./user-sync-schema.ts";

// Items that are planned again without a word from the source: since what is wanted has changed, or to try what failed.

/** Rows planned again, a step. */
const REPLAN_ROWS_MAX = 500;

/** A chunk of the catalogue by what is wanted now; or, forced, of what failed. */
export async function replanChunk(engine: Engine, sync: SyncState, run: RunState): Promise<void> {
  const scope = scopeOf(engine, sync.id);
  const forced = sync.replanForced === 1;
  const rows = forced
    ? await failedItems(engine.db(), scope, Infinity, REPLAN_ROWS_MAX)
    : await scanItems(engine.db(), scope, sync.replanAfter ?? "", REPLAN_ROWS_MAX);
  await queueAgain(engine, sync, run, rows, forced ? Infinity : engine.now());
  const done = rows.length < REPLAN_ROWS_MAX;
  // What failed and is queued fails no longer: the next chunk of a forced pass begins where this one did.
  const replanAfter = forced ? "" : (rows.at(-1)?.remoteId ?? "");
  engine.store.updateSync(sync.id, done ? { replanAfter: null, replanForced: 0 } : { replanAfter });
}

/** What failed and has waited long enough. */
export async function retryDue(engine: Engine, sync: SyncState, run: RunState): Promise<void> {
  const rows = await failedItems(engine.db(), scopeOf(engine, sync.id), engine.now(), REPLAN_ROWS_MAX);
  await queueAgain(engine, sync, run, rows, engine.now());
  if (rows.length < REPLAN_ROWS_MAX) engine.store.updateSync(sync.id, { retryAt: null });
}

async function queueAgain(engine: Engine, sync: SyncState, run: RunState, known: readonly ItemRow[], retryBefore: number): Promise<void> {
  const now = engine.now();
  const planned = replan(known, {
    liveJobs: engine.store.jobs.live(known.flatMap((row) => row.pendingJob ?? [])),
    mode: sync.mode,
    runId: run.id,
    now,
    mintJobId: () => timeId(now),
    retryBefore,
  });
  if (planned.rows.length > 0) await announce(engine, run);
  engine.store.touchDigest(sync.id, planned.rows.map((row) => row.remoteId)); // prettier-ignore
  const written = await upsertItems(engine.db(), scopeOf(engine, sync.id), planned.rows);
  const feedId = engine.store.feeds(sync.id)[0]?.feedId ?? "";
  engine.store.transaction(() => {
    for (const job of planned.jobs) engine.store.jobs.insert({ ...job, syncId: sync.id, feedId, dueAt: now });
    run.usage.rowsWritten += written;
    engine.store.updateSync(sync.id, { stats: add(sync.stats, planned.stats) });
    engine.store.saveRun(run);
  });
}
