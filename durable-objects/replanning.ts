import { idsAtPaths } from "../worker/db/folders.ts";
import { countHeld } from "../worker/db/held.ts";
import { failedItems, postponeUnreadable, scanFailed, scanItems, upsertItems } from "../worker/db/items.ts";
import { updateSync } from "../worker/db/syncs.ts";
import { timeId } from "../worker/ids.ts";
import { ProviderError } from "../worker/providers/errors.ts";
import { isHeld } from "../worker/sync/guard.ts";
import type { ItemRow } from "../worker/sync/item.ts";
import { largeLimits } from "../worker/sync/large.ts";
import type { Note, Plan } from "../worker/sync/plan.ts";
import type { Replanned, ReplanTerms } from "../worker/sync/replan.ts";
import { countDrops, replan } from "../worker/sync/replan.ts";
import type { ReplanState } from "../worker/sync/replan-state.ts";
import { requested } from "../worker/sync/replan-state.ts";
import { resolvePaths, unresolvedPaths } from "../worker/sync/selection.ts";
import { compileRules } from "../worker/sync/wanted.ts";
import type { Engine } from "./engine.ts";
import { scopeOf } from "./engine.ts";
import { byFeed } from "./feed-of.ts";
import { noteOverQuota, QuotaReached, roomLeft } from "./quota.ts";
import { rulingOn } from "./ruling.ts";
import { announce } from "./run.ts";
import { logEvents } from "./run-log.ts";
import type { RunState, SyncState } from "./user-sync-schema.ts";

// Items that are planned again without a word from the source: since what is wanted has changed, or to try what failed.
// First what would leave the mirror is counted, and then, in a second pass, it goes or is held for a decision.

/** Rows planned again, a step. */
const REPLAN_ROWS_MAX = 500;
/** Rows judged, a step of the counting. */
const COUNTED_ROWS_MAX = 2_000;

/**
 * Has the whole catalogue planned again, from the beginning. `afresh`: a person has changed the rules. To be called in the
 * transaction that changes what is wanted.
 */
export function requestReplan(engine: Engine, syncId: string, { scan = true, afresh = false } = {}): void {
  const sync = engine.store.sync(syncId);
  // A run that was cancelled before does not hold up what a person wants now.
  const rest = afresh ? { restsAtWakes: -1 } : {};
  if (sync) engine.store.updateSync(syncId, { replanAfter: "", replan: requested(sync.replan, { scan, afresh }), ...rest });
}

/**
 * Notes what a page means for items that it does not name. To be called before the page is written: planned again after a
 * crash, its rows differ no longer.
 */
export function noteUpset(engine: Engine, syncId: string, plan: Pick<Plan, "upsets" | "rows">): void {
  const sync = engine.store.sync(syncId);
  if (!sync) return;
  const { atRoundsEnd } = sync.replan;
  const pathsMayAppear = plan.rows.length > 0 && unresolvedPaths(sync.selection).length > 0;
  const noted = plan.upsets || atRoundsEnd === "all" ? "all" : pathsMayAppear ? "paths" : atRoundsEnd;
  if (noted !== atRoundsEnd) engine.store.updateSync(syncId, { replan: { ...sync.replan, atRoundsEnd: noted } });
}

/** Counts, in the transaction of a page, what left the mirror by it. */
export function noteDrops(engine: Engine, syncId: string, drops: number): void {
  const sync = engine.store.sync(syncId);
  if (!sync || drops === 0) return;
  engine.store.updateSync(syncId, { replan: { ...sync.replan, roundDrops: sync.replan.roundDrops + drops } });
}

/** In the transaction that ends a round: all of its folders are known now. */
export function roundEnded(engine: Engine, syncId: string): void {
  const sync = engine.store.sync(syncId);
  if (!sync) return;
  const { atRoundsEnd, roundDrops } = sync.replan;
  if (roundDrops > 0) engine.store.updateSync(syncId, { replan: { ...sync.replan, roundDrops: 0 } });
  if (atRoundsEnd !== "nothing") requestReplan(engine, syncId, { scan: atRoundsEnd === "all" });
}

/**
 * A step that takes up what failed, or what was found damaged. Once the catalogue has that queued it is found no more as such:
 * where such a step was cut short, its jobs may never have been made, and everything is planned again.
 */
export async function trying(engine: Engine, syncId: string, step: () => Promise<void>): Promise<void> {
  const { store } = engine;
  const note = (isTrying: boolean) => {
    const sync = store.sync(syncId);
    if (sync) store.updateSync(syncId, { replan: { ...sync.replan, trying: isTrying } });
  };
  if (store.sync(syncId)?.replan.trying) requestReplan(engine, syncId);
  note(true);
  try {
    await step();
  } catch (error) {
    // The source is asked, and the quota looked at, before anything is written.
    if (error instanceof ProviderError || error instanceof QuotaReached) note(false);
    throw error;
  }
  note(false);
}

/** A chunk of the catalogue by what is wanted now; or, forced, of what failed. */
export async function replanChunk(engine: Engine, sync: SyncState, run: RunState): Promise<void> {
  if (sync.replanForced === 1) return trying(engine, sync.id, () => replanFailed(engine, sync, run));
  switch (sync.replan.phase) {
    case "none":
      return requestReplan(engine, sync.id);
    case "resolving":
      return resolve(engine, sync);
    case "counting":
      return countChunk(engine, sync);
    case "dropping":
    case "holding":
      return planChunk(engine, sync, run);
  }
}

/** Moves on, unless the catalogue is to be planned by newer rules meanwhile: then from the beginning. */
function moveOn(engine: Engine, sync: SyncState, replanAfter: string | null, patch: Partial<ReplanState> = {}): void {
  const { replan } = engine.store.sync(sync.id) ?? sync;
  if (replan.version === sync.replan.version) engine.store.updateSync(sync.id, { replanAfter, replan: { ...replan, ...patch } });
}

/** Selected paths that are known by now are named by their ids from here on. */
async function resolve(engine: Engine, sync: SyncState): Promise<void> {
  const ids = await idsAtPaths(engine.db(), scopeOf(engine, sync.id), unresolvedPaths(sync.selection));
  const isChanged = () => engine.store.sync(sync.id)?.replan.version !== sync.replan.version;
  if (ids.size > 0) {
    if (isChanged()) return;
    const selection = resolvePaths(sync.selection, ids);
    engine.store.updateSync(sync.id, { selection });
    await updateSync(engine.db(), engine.userId, sync.id, { selection });
    // A newer selection may have been written first, and be overwritten now.
    if (isChanged()) await updateSync(engine.db(), engine.userId, sync.id, { selection: engine.store.sync(sync.id)?.selection ?? [] });
  }
  if (ids.size === 0 && !sync.replan.scan) return moveOn(engine, sync, null, { phase: "none" });
  const next = compileRules(sync).none ? ({ phase: "dropping", unplaced: false } as const) : ({ phase: "counting" } as const);
  moveOn(engine, sync, "", next);
}

async function countChunk(engine: Engine, sync: SyncState): Promise<void> {
  const rows = await scanItems(engine.db(), scopeOf(engine, sync.id), sync.replanAfter ?? "", COUNTED_ROWS_MAX);
  const ruling = await rulingOn(engine, sync, rows);
  const counted = countDrops(rows, { ruling, mode: sync.mode, afresh: sync.replan.afresh });
  const contents = sync.replan.contents + counted.contents;
  const drops = sync.replan.drops + counted.drops;
  if (rows.length === COUNTED_ROWS_MAX) return moveOn(engine, sync, rows.at(-1)?.remoteId ?? "", { contents, drops });
  const phase = isHeld(sync.options.removalLimit, contents, drops) ? "holding" : "dropping";
  moveOn(engine, sync, "", { phase, contents, drops, unplaced: false });
}

async function planChunk(engine: Engine, sync: SyncState, run: RunState): Promise<void> {
  const rows = await scanItems(engine.db(), scopeOf(engine, sync.id), sync.replanAfter ?? "", REPLAN_ROWS_MAX);
  const { planned, commit } = await planAgain(engine, sync, run, rows, engine.now());
  const done = rows.length < REPLAN_ROWS_MAX;
  const holding = sync.replan.phase === "holding";
  if (done && holding) await logEvents(engine, run, [heldNote(sync.replan)]);
  // Counted by the rows: exact, however often a chunk was repeated.
  const held = done && holding ? await countHeld(engine.db(), scopeOf(engine, sync.id), run.id) : null;
  engine.store.transaction(() => {
    if (holding) Object.assign(run, { holds: true, ...(held === null ? {} : { held }) });
    commit();
    const unplaced = sync.replan.unplaced || planned.unplaced;
    if (done) moveOn(engine, sync, null, { phase: "none", afresh: false, unplaced });
    else moveOn(engine, sync, rows.at(-1)?.remoteId ?? "", { unplaced });
  });
}

function heldNote({ drops }: ReplanState): Note {
  const files = drops === 1 ? "1 file" : `${drops} files`;
  return {
    remoteId: null,
    level: "warn",
    message: `By the new rules ${files} would go. That is more than may go at once, so nothing was removed here: everything stays, and can be downloaded, until you approve or discard the removal.`,
  };
}

/** What failed, all of it as if for the first time, and each row once: some fail again at once. */
async function replanFailed(engine: Engine, sync: SyncState, run: RunState): Promise<void> {
  const rows = await scanFailed(engine.db(), scopeOf(engine, sync.id), sync.replan.failedAfter, REPLAN_ROWS_MAX);
  const { commit } = await planAgain(engine, sync, run, rows, Infinity);
  const unreadable = await postponeUnreadable(engine.db(), scopeOf(engine, sync.id), Infinity, engine.now());
  engine.store.transaction(() => {
    commit();
    const { replan } = engine.store.sync(sync.id) ?? sync;
    const done = rows.length < REPLAN_ROWS_MAX;
    engine.store.updateSync(sync.id, { replan: { ...replan, failedAfter: done ? "" : (rows.at(-1)?.remoteId ?? "") } });
    if (!done) return;
    if (unreadable) engine.store.updateSync(sync.id, { retryAt: engine.now() });
    engine.store.updateSync(sync.id, { replanForced: 0, ...(replan.phase === "none" ? { replanAfter: null } : {}) });
  });
}

/** What failed and has waited long enough. */
export async function retryDue(engine: Engine, sync: SyncState, run: RunState): Promise<void> {
  const rows = await failedItems(engine.db(), scopeOf(engine, sync.id), engine.now(), REPLAN_ROWS_MAX);
  const { commit } = await planAgain(engine, sync, run, rows, engine.now());
  engine.store.transaction(() => {
    commit();
    if (rows.length < REPLAN_ROWS_MAX) engine.store.updateSync(sync.id, { retryAt: null });
  });
}

/** Plans these rows again and writes them to the catalogue; what is left is to be called in the step's transaction. */
export async function planAgain(
  engine: Engine,
  sync: SyncState,
  run: RunState,
  known: readonly ItemRow[],
  retryBefore: number,
): Promise<{ planned: Pick<Replanned, "rows" | "unplaced">; commit: () => void }> {
  const now = engine.now();
  const terms: ReplanTerms = {
    liveJobs: engine.store.jobs.live(known.flatMap((row) => row.pendingJob ?? [])),
    mode: sync.mode,
    ruling: await rulingOn(engine, sync, known),
    drops: sync.replan.phase === "holding" ? "hold" : "exclude",
    afresh: sync.replan.afresh,
    runId: run.id,
    now,
    mintJobId: () => timeId(now),
    largeBytes: largeLimits(engine.env).largeBytes,
    room: await roomLeft(engine),
    retryBefore,
  };
  const parts = [...(await byFeed(engine, sync, known))].map(([feedId, rows]) => ({ feedId, ...replan(rows, terms) }));
  const planned = { rows: parts.flatMap(({ rows }) => rows), unplaced: parts.some(({ unplaced }) => unplaced) };
  const overQuota = noteOverQuota(engine, sync, run, planned.rows);
  if (planned.rows.length > 0) await announce(engine, run);
  engine.store.touchDigest(sync.id, planned.rows.map((row) => row.remoteId)); // prettier-ignore
  const written = await upsertItems(engine.db(), scopeOf(engine, sync.id), planned.rows, now);
  await logEvents(engine, run, overQuota.notes);
  const commit = () => {
    overQuota.commit();
    for (const { feedId, jobs } of parts) for (const job of jobs) engine.store.jobs.insert({ ...job, syncId: sync.id, feedId, dueAt: now });
    run.usage.rowsWritten += written.rows;
    engine.store.addStats(sync.id, ...parts.map(({ stats }) => stats), written.versions);
    engine.store.saveRun(run);
  };
  return { planned, commit };
}
