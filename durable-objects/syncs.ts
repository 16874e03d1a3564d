import { idsAtPaths } from "../worker/db/folders.ts";
import { z } from "zod";
import { getConnection } from "../worker/db/connections.ts";
import { hasFailed } from "../worker/db/failures.ts";
import { knownItems, makeDue, makeReasonDue } from "../worker/db/items.ts";
import { closeLostRuns, getRun, lastRuns, toRun } from "../worker/db/runs.ts";
import type { SyncRowPatch } from "../worker/db/syncs.ts";
import { deleteSync, getSync, insertSync, SYNCS_MAX, toSync, updateSync } from "../worker/db/syncs.ts";
import type { Result } from "../worker/errors.ts";
import { failure, success } from "../worker/errors.ts";
import { randomId } from "../worker/ids.ts";
import type { ProviderOptions } from "../worker/providers/options.ts";
import { providers } from "../worker/providers/registry.ts";
import { mergeOptions, toFilters, toSelection } from "../worker/sync/given-rules.ts";
import type { SelectionEntry } from "../worker/sync/rules.ts";
import { DEFAULT_OPTIONS } from "../worker/sync/rules.ts";
import { chosenFeeds, resolvePaths, unresolvedPaths } from "../worker/sync/selection.ts";
import { scheduleProblem, wakeColumns } from "../worker/sync/schedule.ts";
import type { Run, Sync, SyncPatch } from "../worker/wire.ts";
import { accountChanged } from "./account.ts";
import type { Engine } from "./engine.ts";
import { beingErased, isGone } from "./erasure.ts";
import { scopeOf } from "./engine.ts";
import { requestReplan } from "./replanning.ts";
import type { SyncRequest } from "./rpc.ts";
import { announce, finishRun, newRun, toWireRun } from "./run.ts";
import { purgeSoon } from "./purge.ts";
import { reviewSubscriptions } from "./subscribing.ts";
import type { SyncState } from "./user-sync-schema.ts";

// What a person, or a program in their name, does with syncs and their runs. Each call writes D1's row and the object's.

/** An unfinished run that the object does not know is lost after this. */
const LOST_MILLISECONDS = 60_000;
/** Names the syncs that are being made: one that broke off has a row in D1, and nobody to do its work. */
const MAKING_SETTING = "making_sync";

export async function createSync(engine: Engine, request: SyncRequest): Promise<Result<Sync>> {
  const { store, userId } = engine;
  const db = engine.db();
  if (isGone(engine)) return beingErased();
  const connection = store.connection(request.connectionId);
  const row = await getConnection(db, userId, request.connectionId);
  if (!connection || !row) return failure("connection.not_found", "There is no such connection.");
  if (connection.status !== "active") return failure("connection.not_active", "This connection needs the person to sign in first.");
  if (store.syncs().length >= SYNCS_MAX) return failure("sync.exists", `A user has ${SYNCS_MAX} syncs at most.`);
  const quota = await engine.quotas.get();
  if (store.syncs().length >= quota.syncs) return failure("quota.syncs", `You can have ${quota.syncs} syncs at most.`);
  const problem = scheduleProblem(request.schedule, engine.now());
  if (problem !== null) return failure("request.invalid", `schedule: ${problem}`);
  const misfit = optionsProblem(connection.provider, request.options?.providerOptions);
  if (misfit !== null) return failure("request.invalid", misfit);
  await dropUnmade(engine);
  const id = randomId();
  const options = mergeOptions(DEFAULT_OPTIONS, request.options ?? {});
  const selection = await withKnownIds(engine, connection.id, toSelection(request.selection ?? []));
  const rules = { selection, filters: toFilters(request.filters ?? {}), options };
  const columns = wakeColumns(request.schedule, userId, engine.now());
  engine.making.add(id);
  saveMaking(engine, [...making(engine), id]);
  try {
    await insertSync(db, userId, {
      id,
      connectionId: connection.id,
      name: request.name ?? providers.get(connection.provider)?.name ?? connection.provider,
      mode: request.mode,
      schedule: request.schedule,
      labels: request.labels,
      selection: rules.selection,
      filters: rules.filters,
      options: rules.options,
      status: "active",
      ...columns,
      createdAt: engine.now(),
    });
    store.transaction(() => {
      store.insertSync({
        id,
        connectionId: connection.id,
        mode: request.mode,
        status: "active",
        schedule: request.schedule,
        selection: rules.selection,
        filters: rules.filters,
        options,
        nextDueAt: columns.nextDueAt,
      });
      store.updateSync(id, { wakes: 1, wakeTrigger: "created" });
      saveMaking(engine, making(engine).filter((each) => each !== id)); // prettier-ignore
    });
  } finally {
    engine.making.delete(id);
  }
  await accountChanged(engine);
  await engine.wakeBy(engine.now());
  return wireSync(engine, id);
}

/** Has D1 forget syncs that were never made to their end. */
export async function dropUnmade(engine: Engine): Promise<void> {
  const unmade = making(engine).filter((id) => !engine.making.has(id));
  for (const id of unmade) await deleteSync(engine.db(), engine.userId, id);
  if (unmade.length > 0) saveMaking(engine, making(engine).filter((id) => !unmade.includes(id))); // prettier-ignore
}

function making(engine: Engine): string[] {
  return JSON.parse(engine.store.setting(MAKING_SETTING) ?? "[]") as string[];
}

function saveMaking(engine: Engine, ids: readonly string[]): void {
  engine.store.saveSetting(MAKING_SETTING, JSON.stringify(ids));
}

export async function changeSync(engine: Engine, syncId: string, patch: SyncPatch): Promise<Result<Sync>> {
  const { store, userId } = engine;
  const sync = liveSync(engine, syncId);
  if (!sync) return noSync();
  const problem = patch.schedule ? scheduleProblem(patch.schedule, engine.now()) : null;
  if (problem !== null) return failure("request.invalid", `schedule: ${problem}`);
  const misfit = optionsProblem(store.connection(sync.connectionId)?.provider ?? "", patch.options?.providerOptions);
  if (misfit !== null) return failure("request.invalid", misfit);
  const columns = patch.schedule ? wakeColumns(patch.schedule, userId, engine.now()) : null;
  const { name, mode, schedule, labels } = patch;
  const rules = await changeRules(engine, sync, patch);
  const row: SyncRowPatch = { ...defined({ name, mode, schedule, labels }), ...rules, ...columns };
  if (Object.keys(row).length > 0) await updateSync(engine.db(), userId, syncId, row);
  if (schedule && columns) store.updateSync(syncId, { schedule, nextDueAt: columns.nextDueAt });
  if (schedule) reviewSubscriptions(engine);
  await accountChanged(engine);
  await engine.wakeBy(engine.now());
  return wireSync(engine, syncId);
}

/**
 * The object's word counts: it works by the new rules from here on. Should this break off before the catalogue has them too,
 * then the caller hears of it, and asks again. Answers what was given of them.
 */
async function changeRules(
  engine: Engine,
  sync: SyncState,
  patch: SyncPatch,
): Promise<Pick<SyncRowPatch, "selection" | "filters" | "options">> {
  const { store } = engine;
  const rules = defined({
    selection: patch.selection && (await withKnownIds(engine, sync.connectionId, toSelection(patch.selection))),
    filters: patch.filters && toFilters(patch.filters),
    options: patch.options && mergeOptions(sync.options, patch.options),
    mode: patch.mode,
  });
  const judging = { selection: sync.selection, filters: sync.filters, mode: sync.mode };
  const { options: _, ...judged } = rules;
  store.transaction(() => {
    store.updateSync(sync.id, rules);
    const feedsBefore = JSON.stringify(chosenFeeds(sync.selection));
    if (rules.selection && JSON.stringify(chosenFeeds(rules.selection)) !== feedsBefore) {
      store.updateSync(sync.id, { feedsDue: 1, wakes: sync.wakes + 1 });
    }
    // What the provider makes of a file may be something else now: everything is compared once.
    if (rules.options && JSON.stringify(rules.options.providerOptions) !== JSON.stringify(sync.options.providerOptions)) {
      store.updateSync(sync.id, { enumerateNext: 1, wakes: sync.wakes + 1, wakeTrigger: "manual" });
    }
    if (rules.options && rules.options.retentionDays < sync.options.retentionDays) purgeSoon(engine, sync.id);
    if (JSON.stringify({ ...judging, ...judged }) === JSON.stringify(judging)) return;
    requestReplan(engine, sync.id, { afresh: true });
    store.updateSync(sync.id, { wakeTrigger: "manual" });
    // The run is there when the call answers, unless it has to wait.
    if (sync.status === "active" && store.connection(sync.connectionId)?.status === "active" && !store.run(sync.id)) {
      newRun(engine, sync, "manual", false);
    }
  });
  return rules;
}

/** Why the provider does not take these options; null where it does. */
function optionsProblem(provider: string, options: ProviderOptions | undefined): string | null {
  if (options === undefined) return null;
  const schema = providers.get(provider)?.options;
  if (!schema) return Object.keys(options).length === 0 ? null : "options.providerOptions: this provider has none";
  const parsed = schema.safeParse(options);
  return parsed.success ? null : `options.providerOptions: ${z.prettifyError(parsed.error)}`;
}

/** Selected paths by their ids, as far as any sync of the connection knows them. The others are found as they are listed. */
async function withKnownIds(engine: Engine, connectionId: string, selection: SelectionEntry[]): Promise<SelectionEntry[]> {
  let found = selection;
  for (const sync of engine.store.syncs()) {
    if (sync.connectionId !== connectionId) continue;
    const paths = unresolvedPaths(found);
    if (paths.length === 0) break;
    found = resolvePaths(found, await idsAtPaths(engine.db(), scopeOf(engine, sync.id), paths));
  }
  return found;
}

/** Only what was given: an absent field changes nothing. */
function defined<T extends object>(patch: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

export async function eraseSync(engine: Engine, syncId: string): Promise<Result<null>> {
  if (!engine.store.sync(syncId)) return noSync();
  await updateSync(engine.db(), engine.userId, syncId, { status: "deleting" });
  engine.store.updateSync(syncId, { status: "deleting" });
  reviewSubscriptions(engine);
  await accountChanged(engine);
  await engine.wakeBy(engine.now());
  return success(null);
}

export async function setPaused(engine: Engine, syncId: string, paused: boolean): Promise<Result<Sync>> {
  if (!liveSync(engine, syncId)) return noSync();
  // The object's word counts. Should this break off in between, then where the catalogue still says `active`: the next wake mends that.
  if (paused) engine.store.updateSync(syncId, { status: "paused" });
  await updateSync(engine.db(), engine.userId, syncId, { status: paused ? "paused" : "active" });
  if (!paused) goOn(engine, syncId);
  reviewSubscriptions(engine);
  await accountChanged(engine);
  await engine.wakeBy(engine.now());
  return wireSync(engine, syncId);
}

/** What came while the sync was paused was not followed: it is looked for now. */
function goOn(engine: Engine, syncId: string): void {
  const sync = liveSync(engine, syncId);
  if (sync?.status !== "paused") return;
  engine.store.updateSync(syncId, { status: "active", wakes: sync.wakes + 1, wakeTrigger: "manual", dueAt: 0 });
}

/** A person says that the many changes are meant: old contents are purged again in their time. */
export async function confirmChanges(engine: Engine, syncId: string): Promise<Result<Sync>> {
  const sync = liveSync(engine, syncId);
  if (!sync) return noSync();
  if (sync.alarmedAt === null) return failure("sync.nothing_to_confirm", "No changes of this sync wait to be confirmed.");
  await updateSync(engine.db(), engine.userId, syncId, { alarmedAt: null, alarmedCount: null });
  engine.store.updateSync(syncId, { alarmedAt: null });
  await accountChanged(engine);
  await engine.wakeBy(engine.now());
  return wireSync(engine, syncId);
}

/** Begins a run, or answers the active one. */
export async function runNow(engine: Engine, syncId: string, options: { full: boolean; trigger: Run["trigger"] }): Promise<Result<Run>> {
  const sync = liveSync(engine, syncId);
  if (!sync) return noSync();
  const connection = engine.store.connection(sync.connectionId);
  if (sync.status !== "active" || connection?.status !== "active") {
    return failure(
      "sync.not_active",
      sync.status === "paused" ? "This sync is paused. Resume it first." : "This sync's connection needs the person to sign in.",
    );
  }
  engine.store.updateSync(syncId, {
    wakes: sync.wakes + 1,
    wakeTrigger: options.trigger,
    dueAt: 0,
    attempts: 0,
    ...(options.full ? { enumerateNext: 1 } : {}),
  });
  const run = engine.store.run(syncId) ?? newRun(engine, sync, options.trigger, options.full);
  await announce(engine, run);
  await engine.wakeBy(engine.now());
  return success(toWireRun(run, engine.store.jobs.backlog(syncId).files, []));
}

export async function cancelRun(engine: Engine, syncId: string): Promise<Result<Run>> {
  const sync = liveSync(engine, syncId);
  if (!sync) return noSync();
  const run = engine.store.run(syncId);
  if (!run || engine.ending.has(run.id)) return failure("run.none_active", "No run of this sync is active.");
  // At once: a step that is under way ends, and no other follows. What the catalogue does not hear now, the watchdog tells it.
  engine.store.transaction(() => {
    engine.store.deleteRun(run);
    engine.store.updateSync(syncId, { wakesTaken: sync.wakes, restsAtWakes: sync.wakes, recheckAt: null });
  });
  await announce(engine, run);
  await finishRun(engine, sync, run, { status: "cancelled" });
  const row = await getRun(engine.db(), engine.userId, run.id);
  return row ? success(toRun(row)) : failure("run.not_found", "There is no such run.");
}

/** Tries a run's failed files again: all that the sync has, as if for the first time. */
export async function retryFailed(engine: Engine, runId: string): Promise<Result<Run>> {
  const row = await getRun(engine.db(), engine.userId, runId);
  const sync = row && liveSync(engine, row.syncId);
  if (!sync) return failure("run.not_found", "There is no such run.");
  engine.store.updateSync(sync.id, { replanAfter: sync.replanAfter ?? "", replanForced: 1, replan: { ...sync.replan, failedAfter: "" } });
  return runNow(engine, sync.id, { full: false, trigger: "retry" });
}

/** Makes these items due now, those that have failed; answers which. */
export function retryItems(engine: Engine, syncId: string, remoteIds: readonly string[]): Promise<Result<string[]>> {
  return engine.catalogueLock.hold(async () => {
    const scope = scopeOf(engine, syncId);
    if (!liveSync(engine, syncId)) return noSync();
    const failed = [...(await knownItems(engine.db(), scope, remoteIds)).values()].filter((row) => row.state === "failed");
    if (failed.length === 0) return success([]);
    // The run takes no step before the lock is free.
    const run = await runNow(engine, syncId, { full: false, trigger: "retry" });
    if (!run.ok) return run;
    const due = await makeDue(engine.db(), scope, failed.map((row) => row.remoteId), engine.now()); // prettier-ignore
    engine.store.updateSync(syncId, { retryAt: engine.now() });
    return success(due);
  });
}

/** Makes all items due now that failed for this reason, and no others. */
export function retryReason(engine: Engine, syncId: string, reason: string | null): Promise<Result<Run>> {
  return engine.catalogueLock.hold(async () => {
    const scope = scopeOf(engine, syncId);
    if (!liveSync(engine, syncId)) return noSync();
    if (!(await hasFailed(engine.db(), scope, reason))) return failure("item.not_failed", "No file is there that failed for this reason.");
    // The run takes no step before the lock is free.
    const run = await runNow(engine, syncId, { full: false, trigger: "retry" });
    if (!run.ok) return run;
    await makeReasonDue(engine.db(), scope, reason, engine.now());
    engine.store.updateSync(syncId, { retryAt: engine.now() });
    return run;
  });
}

/** Runs that the catalogue believes active, and the object does not know, are no more. */
export async function closeLost(engine: Engine): Promise<void> {
  const goingOn = engine.store.syncs().flatMap((sync) => engine.store.run(sync.id)?.id ?? []);
  const now = engine.now();
  // One that has just begun may be on its way into the catalogue.
  await closeLostRuns(engine.db(), engine.userId, { goingOn, before: now - LOST_MILLISECONDS, now });
}

async function wireSync(engine: Engine, syncId: string): Promise<Result<Sync>> {
  const db = engine.db();
  const row = await getSync(db, engine.userId, syncId);
  if (!row) return noSync();
  const last = (await lastRuns(db, engine.userId, [syncId])).get(syncId);
  return success(toSync(row, last ? toRun(last) : null, engine.now()));
}

function liveSync(engine: Engine, syncId: string): SyncState | null {
  const sync = engine.store.sync(syncId);
  return sync && sync.status !== "deleting" ? sync : null;
}

function noSync(): Result<never> {
  return failure("sync.not_found", "There is no such sync.");
}
