import { accounts } from "../worker/db/client.ts";
import { hastenWaiting, userQuotas, waitsForRoom } from "../worker/db/quotas.ts";
import type { SettledItem } from "../worker/db/settlement.ts";
import type { ItemRow } from "../worker/sync/item.ts";
import type { Note } from "../worker/sync/plan.ts";
import type { Quota } from "../worker/sync/quota.ts";
import { QUOTA_RETRY_MILLISECONDS, quotaOf, Room } from "../worker/sync/quota.ts";
import type { Engine } from "./engine.ts";
import { scopeOf } from "./engine.ts";
import { tellQuotaReached } from "./telling.ts";
import type { RunState, SyncState } from "./user-sync-schema.ts";

// Quotas in the engine. Files that find no room fail, and wait; a listing that finds too many items stops where it is.

/** How long the limits that were read last are taken for true. */
const LIMITS_MILLISECONDS = 60_000;
/** Files made due at once when there is room again; the others follow within a day. */
const HASTENED_MAX = 1000;

/** A listing found more items than the user may keep. */
export class QuotaReached extends Error {}

export class Quotas {
  readonly #env: Env;
  readonly #userId: string;
  readonly #now: () => number;
  #read: { at: number; quota: Quota } | null = null;

  constructor(env: Env, userId: string, now: () => number) {
    this.#env = env;
    this.#userId = userId;
    this.#now = now;
  }

  /** The user's limits, read at most once a minute. */
  async get(): Promise<Quota> {
    if (this.#read && this.#now() - this.#read.at < LIMITS_MILLISECONDS) return this.#read.quota;
    const quota = quotaOf(await userQuotas(accounts(this.#env), this.#userId), this.#env);
    this.#read = { at: this.#now(), quota };
    return quota;
  }
}

/** The bytes that are left: of what is stored, and of what is planned already. */
export async function roomLeft(engine: Engine): Promise<Room> {
  const { bytes } = await engine.quotas.get();
  if (bytes === Infinity) return new Room(Infinity);
  return new Room(bytes - storedBytes(engine) - sum(engine, (sync) => engine.store.jobs.backlog(sync.id).bytes));
}

/** Throws `QuotaReached` where so many more items are more than the user may keep. */
export async function checkItems(engine: Engine, more: number): Promise<void> {
  if (more <= 0) return;
  const { items } = await engine.quotas.get();
  if (items === Infinity || sum(engine, (sync) => sync.stats.items) + more <= items) return;
  throw new QuotaReached(`More than ${items} items cannot be kept here. Nothing was dropped; the listing goes on when there is room.`);
}

/** Contents whose sizes were not known, or not true, when they were planned: those that exceed the quota fail. */
export async function refuseOverQuota(engine: Engine, settled: SettledItem[]): Promise<SettledItem[]> {
  const { bytes } = await engine.quotas.get();
  if (bytes === Infinity) return settled;
  const room = new Room(bytes - storedBytes(engine));
  const nextAttemptAt = engine.now() + QUOTA_RETRY_MILLISECONDS;
  return settled.map((item) =>
    item.state !== "stored" || room.take(item.storedSize ?? 0)
      ? item
      : { ...item, state: "failed", reason: "quota", nextAttemptAt, storedId: null, storedSize: null, storedSha256: null },
  );
}

/** Notes files that found no room, named once a run; the answer is to be called in the step's transaction. */
export function noteOverQuota(
  engine: Engine,
  sync: SyncState,
  run: RunState,
  rows: readonly Pick<ItemRow, "state" | "reason">[],
): { notes: Note[]; commit: () => void } {
  const count = rows.filter((row) => row.state === "failed" && row.reason === "quota").length;
  const isFirst = count > 0 && (run.overQuota ?? 0) === 0;
  return {
    notes: isFirst ? [NOTE] : [],
    commit: () => {
      if (count === 0) return;
      run.overQuota = (run.overQuota ?? 0) + count;
      tellQuotaReached(engine, sync.id, "bytes");
      engine.store.updateSync(sync.id, { quotaReachedAt: sync.quotaReachedAt ?? engine.now() });
    },
  };
}

const NOTE: Note = {
  remoteId: null,
  level: "error",
  message: "The quota is reached: files that find no room are not kept. They are tried again each day, and when there is room.",
};

/** At a run's end: whether anything of the sync still waits for room. */
export async function stillWaits(engine: Engine, sync: SyncState, run: RunState): Promise<boolean> {
  if ((run.overQuota ?? 0) > 0) return true;
  return sync.quotaReachedAt !== null && waitsForRoom(engine.db(), scopeOf(engine, sync.id));
}

/** Something was deleted: what waits for room is tried again. */
export async function tryForRoom(engine: Engine): Promise<void> {
  const { store, now } = engine;
  for (const sync of store.syncs()) {
    if (sync.quotaReachedAt === null || sync.status === "deleting") continue;
    await hastenWaiting(engine.db(), scopeOf(engine, sync.id), now(), HASTENED_MAX);
    store.updateSync(sync.id, { retryAt: now() });
  }
}

function storedBytes(engine: Engine): number {
  return sum(engine, ({ stats }) => stats.bytes + stats.versionBytes);
}

function sum(engine: Engine, of: (sync: SyncState) => number): number {
  return engine.store.syncs().reduce((total, sync) => total + of(sync), 0);
}
