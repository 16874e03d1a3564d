import { accounts } from "../worker/db/client.ts";
import { endErasure, eraseAccountRows, eraseCatalogueRows } from "../worker/db/erasures.ts";
import { listSyncs } from "../worker/db/syncs.ts";
import type { Result } from "../worker/errors.ts";
import { failure } from "../worker/errors.ts";
import { asProviderError } from "../worker/providers/errors.ts";
import { accountKey } from "../worker/rebuild/accounts.ts";
import type { Engine } from "./engine.ts";
import { eraseChunk } from "./erase.ts";
import { OVER_SECONDS } from "./litter.ts";
import type { ConnectionState } from "./user-sync-schema.ts";

// Erasing a user: access first, then contents and rows, a chunk a step; each step finds for itself what is left, so that it may
// break off anywhere. When nothing can come any more of what was under way everything is looked through once more, and the
// object's own storage goes. What stays in it is a tombstone.

/** JSON while the user is being erased; empty, or not there, otherwise. */
const ERASING_SETTING = "erasing";
const ERASED_SETTING = "erased_at";

const ERASED_OBJECTS_MAX = 1000;
const ERASED_ROWS_MAX = 2000;
/** An authority, or a source, that does not answer is asked again; the credential is destroyed in the end whatever it says. */
const TRIES_MAX = 4;
const TRY_AGAIN_SECONDS = 60;

interface Erasure {
  begunAt: number;
  /** By connections whose grants could not be ended yet. */
  tries: Record<string, { count: number; dueAt: number }>;
  /** Nothing was left when it was last looked through. */
  rests: boolean;
}

/** Whether the user is being erased: nothing but that is done. */
export function isErasing(engine: Pick<Engine, "store">): boolean {
  return erasureOf(engine) !== null;
}

/** Whether the user is being erased, or is no more: nothing is taken in. */
export function isGone(engine: Pick<Engine, "store">): boolean {
  return isErasing(engine) || isErased(engine);
}

/** Whether there is nothing but a tombstone. */
export function isErased({ store }: Pick<Engine, "store">): boolean {
  return store.setting(ERASED_SETTING) !== null;
}

export function beingErased(): Result<never> {
  return failure("account.being_erased", "This account is erased.");
}

/** From here on no job is given out, and nothing is taken in. May be repeated: also of a user whom a backup has brought back. */
export async function beginErasure(engine: Engine): Promise<void> {
  const { store, now, live, log } = engine;
  if (!isErasing(engine)) {
    store.transaction(() => {
      save(engine, { begunAt: now(), tries: {}, rests: false });
      for (const { id } of store.syncs()) store.updateSync(id, { status: "deleting", dueAt: 0 });
    });
    log.info("user.erasing");
  }
  live.close();
  await engine.wakeBy(now());
}

/** When the erasure is to go on; null where there is none. */
export function erasureAt(engine: Engine): number | null {
  const erasure = erasureOf(engine);
  if (!erasure) return null;
  const { now, store } = engine;
  if (!erasure.rests) return now();
  const times = store.connections().map(({ id }) => erasure.tries[id]?.dueAt ?? 0);
  return Math.max(now(), times.length > 0 ? Math.min(...times) : lastLookAt(erasure));
}

/** Erases a chunk. False where nothing is to be done now. */
export async function stepErasure(engine: Engine): Promise<boolean> {
  const erasure = erasureOf(engine);
  if (!erasure) return false;
  const isLastLook = engine.now() >= lastLookAt(erasure);
  const found =
    (await endConnection(engine, erasure)) || (await eraseSync(engine)) || (await eraseContents(engine)) || (await eraseRows(engine));
  if (found) return true;
  if (isLastLook && engine.store.connections().length === 0) await finish(engine);
  else if (!erasure.rests) save(engine, { ...erasure, rests: true });
  return false;
}

/** A consumer that was at work when it began may leave something until then. */
function lastLookAt({ begunAt }: Erasure): number {
  return begunAt + OVER_SECONDS * 1000;
}

/** Of one connection: its subscriptions, its grant, its credential. */
async function endConnection(engine: Engine, erasure: Erasure): Promise<boolean> {
  const { store, now, log } = engine;
  const due = store.connections().find(({ id }) => (erasure.tries[id]?.dueAt ?? 0) <= now());
  if (!due) return false;
  const count = (erasure.tries[due.id]?.count ?? 0) + 1;
  const isLast = count >= TRIES_MAX;
  if ((await endSubscriptions(engine, due, isLast)) && (await endGrant(engine, due, isLast))) {
    store.deleteConnection(due.id);
    log.info("connection.erased", { connectionId: due.id, provider: due.provider });
  } else {
    const dueAt = now() + TRY_AGAIN_SECONDS * 2 ** (count - 1) * 1000;
    save(engine, { ...erasure, tries: { ...erasure.tries, [due.id]: { count, dueAt } } });
  }
  return true;
}

/** False where one is to be tried again. */
async function endSubscriptions(engine: Engine, { id }: ConnectionState, isLast: boolean): Promise<boolean> {
  const { store, log } = engine;
  for (const row of store.subscriptions().filter(({ connectionId }) => connectionId === id)) {
    try {
      if (row.subscriptionId !== null) await engine.provider(id).webhook?.unsubscribe(row.subscriptionId);
    } catch (error) {
      if (mayPass(error) && !isLast) continue;
      // It expires by itself, and what it sends meanwhile is about nobody.
      log.info("subscription.left", { connectionId: id, message: asProviderError(error).message });
    }
    store.deleteSubscription(row.connectionId, row.feedId);
  }
  return !store.subscriptions().some(({ connectionId }) => connectionId === id);
}

/** False where it is to be tried again. */
async function endGrant(engine: Engine, { id, sealed }: ConnectionState, isLast: boolean): Promise<boolean> {
  if (sealed === null) return true;
  try {
    await engine.credentials.revoke(id);
  } catch (error) {
    if (mayPass(error) && !isLast) return false;
    const { kind, status } = asProviderError(error);
    engine.log.warn("connection.not_revoked", { connectionId: id, kind, status });
  }
  return true;
}

function mayPass(error: unknown): boolean {
  const { kind } = asProviderError(error);
  return kind === "transient" || kind === "throttled";
}

/** A chunk of the next sync that the object, or the catalogue, knows. */
async function eraseSync(engine: Engine): Promise<boolean> {
  const sync = engine.store.syncs()[0] ?? (await listSyncs(engine.db(), engine.userId))[0];
  if (!sync) return false;
  await eraseChunk(engine, sync.id);
  return true;
}

/** Contents that no sync has any more, and what the catalogue could be built again from. */
async function eraseContents({ env, userId }: Engine): Promise<boolean> {
  await env.CONTENT.delete(accountKey(userId));
  const { objects } = await env.CONTENT.list({ prefix: `content/${userId}/`, limit: ERASED_OBJECTS_MAX });
  if (objects.length === 0) return false;
  await env.CONTENT.delete(objects.map(({ key }) => key));
  return true;
}

async function eraseRows(engine: Engine): Promise<boolean> {
  const { userId, env } = engine;
  const more = await eraseCatalogueRows(engine.db(), userId, ERASED_ROWS_MAX);
  return (await eraseAccountRows(accounts(env), userId, ERASED_ROWS_MAX)) || more;
}

/** Should it break off before cron has heard of its end, then cron has it done once more. */
async function finish(engine: Engine): Promise<void> {
  const { store, env, userId, now, log } = engine;
  await engine.wipe();
  store.saveSetting(ERASED_SETTING, String(now()));
  await endErasure(accounts(env), userId, now());
  log.info("user.erased");
}

function erasureOf({ store }: Pick<Engine, "store">): Erasure | null {
  const text = store.setting(ERASING_SETTING) ?? "";
  return text === "" ? null : (JSON.parse(text) as Erasure);
}

function save({ store }: Engine, erasure: Erasure): void {
  store.saveSetting(ERASING_SETTING, JSON.stringify(erasure));
}
