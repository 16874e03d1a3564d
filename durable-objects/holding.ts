import { chainsOf } from "../worker/db/browse.ts";
import { showKept, toBeShown } from "../worker/db/going.ts";
import { countHeld, excludeHeld, hasHeld, heldItems, keepItems, placeOfUnplaced } from "../worker/db/held.ts";
import { countItems, removeItems } from "../worker/db/items.ts";
import { appendRunEvents, lastRunEvent } from "../worker/db/run-events.ts";
import { closeHeldRuns, getRun, toRun } from "../worker/db/runs.ts";
import { updateSync } from "../worker/db/syncs.ts";
import type { Result } from "../worker/errors.ts";
import { failure, success } from "../worker/errors.ts";
import { timeId } from "../worker/ids.ts";
import { errorFields } from "../worker/log.ts";
import { isKeepable } from "../worker/sync/guard.ts";
import type { ItemRow } from "../worker/sync/item.ts";
import { FOLDER } from "../worker/sync/item.ts";
import type { Run } from "../worker/wire.ts";
import { accountChanged } from "./account.ts";
import { firstPurgeAt } from "./purge.ts";
import { showTotals } from "./totals.ts";
import type { Engine } from "./engine.ts";
import { scopeOf } from "./engine.ts";
import type { DecisionState, SyncState } from "./user-sync-schema.ts";

// Held removals and a person's decision about them: recorded first, then carried out by the alarm, a chunk of held rows a
// step. What is decided is held no longer, so a step that is repeated after a crash goes on where the catalogue is.

/** Held rows gone through, a step. */
const HELD_ROWS_MAX = 500;
/** Decisions that wait, of one sync. */
const DECISIONS_MAX = 100;
/** After a step that the catalogue did not take. */
const RETRY_SECONDS = 15;

/** Records a decision about what the sync of this run holds. `folders` are remote ids; none means everything. */
export async function decide(
  engine: Engine,
  runId: string,
  action: DecisionState["action"],
  folders: readonly string[],
): Promise<Result<Run>> {
  const { store, userId } = engine;
  const row = await getRun(engine.db(), userId, runId);
  const sync = row && store.sync(row.syncId);
  if (!row || !sync || sync.status === "deleting") return failure("run.not_found", "There is no such run.");
  const scope = scopeOf(engine, sync.id);
  if (!(await hasHeld(engine.db(), scope))) return failure("run.nothing_held", "No removal waits for a decision.");
  const heldBefore = await countHeld(engine.db(), scope);
  const lastEvent = await lastRunEvent(engine.db(), userId, runId);
  const waiting = store.decisions.count(sync.id);
  if (waiting >= DECISIONS_MAX) return failure("request.rate_limited", "Earlier decisions are still being carried out.");
  const event = lastEvent + waiting + 1;
  store.decisions.insert({ id: timeId(engine.now()), syncId: sync.id, runId, action, folders: [...folders], heldBefore, event });
  engine.log.info("removals.decided", { syncId: sync.id, runId, action, folders: folders.length });
  await engine.wakeBy(engine.now());
  return success(toRun(row));
}

/** Carries out a chunk of the decision. Where the catalogue does not answer it waits; runs are not touched by that. */
export async function stepDecision(engine: Engine, sync: SyncState, decision: DecisionState): Promise<void> {
  try {
    await carryOut(engine, sync, decision);
  } catch (error) {
    engine.store.updateSync(sync.id, { dueAt: engine.now() + RETRY_SECONDS * 1000 });
    engine.log.error("decision.failed", { syncId: sync.id, ...errorFields(error) });
  }
}

async function carryOut(engine: Engine, sync: SyncState, decision: DecisionState): Promise<void> {
  const scope = scopeOf(engine, sync.id);
  const after = { parentId: decision.afterParent, remoteId: decision.afterId };
  const rows = await heldItems(engine.db(), scope, after, HELD_ROWS_MAX);
  const meant = await meantBy(engine, sync, decision, rows);
  if (meant.length > 0) {
    engine.store.touchDigest(sync.id, meant.map((row) => row.remoteId)); // prettier-ignore
    if (decision.action === "approve") await approve(engine, sync, decision, meant);
    else await discard(engine, sync, decision, meant);
  }
  const last = rows.at(-1);
  if (last && rows.length === HELD_ROWS_MAX) {
    engine.store.decisions.moveOn(decision.id, { parentId: last.parentId ?? "", remoteId: last.remoteId });
    return;
  }
  await end(engine, sync, decision);
}

/** Rows that the decision is about: all, or those in or below its folders; of a source's root, those directly in it. */
async function meantBy(engine: Engine, sync: SyncState, decision: DecisionState, rows: readonly ItemRow[]): Promise<ItemRow[]> {
  if (decision.folders.length === 0) return [...rows];
  const folders = new Set(decision.folders);
  const unplaced = await placeOfUnplaced(engine.db(), scopeOf(engine, sync.id));
  const parentOf = (row: ItemRow) => row.parentId || unplaced;
  const chains = await chainsOf(engine.db(), engine.userId, sync.id, [...new Set(rows.map(parentOf))]);
  return rows.filter((row) => {
    const above = (chains.get(parentOf(row)) ?? []).slice(0, -1);
    return [row.remoteId, parentOf(row), ...above].some((id) => folders.has(id));
  });
}

async function approve(engine: Engine, sync: SyncState, decision: DecisionState, rows: readonly ItemRow[]): Promise<void> {
  const scope = scopeOf(engine, sync.id);
  const at = engine.now();
  const gone = rows.filter((row) => row.reason !== "excluded").map((row) => row.remoteId);
  const excluded = rows.filter((row) => row.reason === "excluded").map((row) => row.remoteId);
  await excludeHeld(engine.db(), scope, excluded, { at, runId: decision.runId });
  await removeItems(engine.db(), scope, gone, { at, runId: decision.runId });
  const folders = rows.filter((row) => row.kind === FOLDER).map((row) => row.remoteId);
  engine.store.touchDigest(sync.id, await toBeShown(engine.db(), scope, folders));
  await showKept(engine.db(), scope, folders, { at, runId: decision.runId });
}

/** What there is nothing of to keep goes all the same. */
async function discard(engine: Engine, sync: SyncState, decision: DecisionState, rows: readonly ItemRow[]): Promise<void> {
  const scope = scopeOf(engine, sync.id);
  const idsOf = (keepable: boolean) => rows.filter((row) => isKeepable(row, sync.mode) === keepable).map((row) => row.remoteId);
  await keepItems(engine.db(), scope, idsOf(true), { kept: "discarded", runId: decision.runId });
  await removeItems(engine.db(), scope, idsOf(false), { at: engine.now(), runId: decision.runId });
}

/** Every held row has been gone through. The totals are counted: exact, however often a step was repeated. */
async function end(engine: Engine, sync: SyncState, decision: DecisionState): Promise<void> {
  const { store, userId } = engine;
  const db = engine.db();
  const scope = scopeOf(engine, sync.id);
  const left = await hasHeld(db, scope);
  const message = await outcomeOf(engine, sync, decision);
  const line = { number: decision.event, at: engine.now(), level: "info" as const, message, remoteId: null };
  await appendRunEvents(db, userId, decision.runId, [line]);
  const stats = await countItems(db, scope);
  await showTotals(engine, sync.id, stats);
  if (!left) await closeHeldRuns(db, userId, sync.id);
  const purgeDueAt = firstPurgeAt(engine, sync);
  if (purgeDueAt !== undefined) await updateSync(db, userId, sync.id, { purgeDueAt });
  store.transaction(() => {
    store.decisions.delete(decision.id);
    store.updateSync(sync.id, { stats, heldOpen: left ? 1 : 0, ...(purgeDueAt === undefined ? {} : { purgeDueAt }) });
  });
  engine.log.info("decision.done", { syncId: sync.id, runId: decision.runId, action: decision.action, left });
  engine.live.emit({ type: "items", syncId: sync.id });
  await accountChanged(engine);
}

async function outcomeOf(engine: Engine, sync: SyncState, decision: DecisionState): Promise<string> {
  const decided = decision.heldBefore - (await countHeld(engine.db(), scopeOf(engine, sync.id)));
  const files = decided === 1 ? "1 file" : `${decided} files`;
  return decision.action === "approve"
    ? `Approved: ${files} removed. Their content can be restored for ${sync.options.retentionDays} days.`
    : `Discarded: ${files} kept, though the source no longer has them.`;
}
