import type { AppContext, UserEnv } from "../context.ts";
import { userObject } from "../context.ts";
import { catalogue } from "../db/client.ts";
import type { RunRow } from "../db/runs.ts";
import { getRun, lastRuns, toRun } from "../db/runs.ts";
import type { SyncRow } from "../db/syncs.ts";
import { getSync, toSync } from "../db/syncs.ts";
import { AppError } from "../errors.ts";
import type { Run, Sync, SyncStatus } from "../wire.ts";

// What several routes read: rows of the signed-in user, completed by what only the object knows while a run is active.

export async function loadSync(c: AppContext<UserEnv>, syncId: string): Promise<SyncRow> {
  const { id, homeShard } = c.var.user;
  const row = await getSync(catalogue(c.env, homeShard), id, syncId);
  if (!row) throw new AppError("sync.not_found", "There is no such sync.");
  return row;
}

export async function loadRun(c: AppContext<UserEnv>, runId: string): Promise<RunRow> {
  const { id, homeShard } = c.var.user;
  const row = await getRun(catalogue(c.env, homeShard), id, runId);
  if (!row) throw new AppError("run.not_found", "There is no such run.");
  return row;
}

/** Syncs as the API shows them, each with its last run. */
export async function withLastRuns(c: AppContext<UserEnv>, rows: readonly SyncRow[], known?: readonly SyncStatus[]): Promise<Sync[]> {
  const { id, homeShard } = c.var.user;
  const ids = rows.map((row) => row.id);
  const last = await lastRuns(catalogue(c.env, homeShard), id, ids);
  const runs = new Map((await withLiveNumbers(c, [...last.values()], known)).map((run) => [run.syncId, run]));
  return rows.map((row) => toSync(row, runs.get(row.id) ?? null, Date.now()));
}

/**
 * Runs as the API shows them. A run's row is written at its start and its end: between them the object has the numbers, `known` where
 * it was asked already.
 */
export async function withLiveNumbers(c: AppContext<UserEnv>, rows: readonly RunRow[], known?: readonly SyncStatus[]): Promise<Run[]> {
  if (rows.every((row) => row.finishedAt !== null)) return rows.map(toRun);
  const statuses = known ?? (await userObject(c.env, c.var.user.id).statuses());
  const live = new Map(statuses.flatMap(({ activeRun }) => (activeRun ? [[activeRun.id, activeRun] as const] : [])));
  return rows.map((row) => (row.finishedAt === null ? (live.get(row.id) ?? toRun(row)) : toRun(row)));
}
