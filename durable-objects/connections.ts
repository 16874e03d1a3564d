import { CONNECTIONS_MAX, deleteConnection, insertConnection, toConnection, updateConnection } from "../worker/db/connections.ts";
import type { Result } from "../worker/errors.ts";
import { failure, success } from "../worker/errors.ts";
import { randomId } from "../worker/ids.ts";
import { asProviderError } from "../worker/providers/errors.ts";
import type { AuthMethod, BrowseEntry } from "../worker/providers/provider.ts";
import { providers } from "../worker/providers/registry.ts";
import type { Schedule } from "../worker/sync/schedule.ts";
import type { BrowsePage, Connection, ConnectionTest } from "../worker/wire.ts";
import { accountChanged } from "./account.ts";
import type { Credential } from "./credentials.ts";
import type { Engine } from "./engine.ts";
import { beingErased, isGone } from "./erasure.ts";
import { connectionFailed, needsReconnect, signInAgain } from "./failing.ts";
import type { BrowseRequest, ConnectRequest } from "./rpc.ts";
import { finishRun } from "./run.ts";
import { reviewSubscriptions, unsubscribe } from "./subscribing.ts";
import { createSync } from "./syncs.ts";

// What a person, or a program in their name, does with connections. Each call writes D1's row and the object's.

/** Names the connection whose first sync is still to be made: a sign-in that broke off is finished by the next one. */
const FIRST_SYNC_SETTING = "first_sync_of";
const FIRST_SCHEDULE: Schedule = { kind: "interval", minutes: 60 };

export async function addConnection(engine: Engine, request: ConnectRequest): Promise<Result<Connection>> {
  const { store } = engine;
  if (isGone(engine)) return beingErased();
  store.saveSetting("homeShard", String(request.homeShard));
  const existing = store.connections().find((row) => row.provider === request.provider && row.accountId === request.account.id);
  if (request.connectionId !== undefined && existing?.id !== request.connectionId) {
    return failure(
      "connection.other_account",
      "This is another account than the one that this connection belongs to. Sign in with that one.",
    );
  }
  if (!existing && store.connections().length >= CONNECTIONS_MAX) {
    return failure("connection.unsupported", `A user has ${CONNECTIONS_MAX} connections at most.`);
  }
  const id = existing?.id ?? randomId();
  const method = methodOf(request);
  const sealed = await engine.credentials.seal(id, credentialOf(request, method.id));
  if (!existing && (request.firstSync ?? true)) store.saveSetting(FIRST_SYNC_SETTING, id);
  store.saveConnection({
    id,
    provider: request.provider,
    accountId: request.account.id,
    status: "active",
    sealed,
    generation: (existing?.generation ?? 0) + 1,
    gateUntil: existing?.gateUntil ?? 0,
    gateCount: existing?.gateCount ?? 0,
    renewingUntil: null,
  });
  const db = engine.db();
  await insertConnection(db, engine.userId, {
    id,
    provider: request.provider,
    accountId: request.account.id,
    accountEmail: request.account.email,
    label: request.account.label,
    authType: method.type,
    status: "active",
    scopes: request.scopes,
    lastValidatedAt: engine.now(),
    createdAt: engine.now(),
  });
  const row = await updateConnection(db, engine.userId, id, {
    status: "active",
    authType: method.type,
    scopes: request.scopes,
    accountEmail: request.account.email,
    lastValidatedAt: engine.now(),
  });
  if (!row) throw new Error("The connection's row is missing right after it was written.");
  if (store.setting(FIRST_SYNC_SETTING) === id) await firstSync(engine, id);
  else
    for (const sync of store.syncs())
      if (sync.connectionId === id) store.updateSync(sync.id, { wakes: sync.wakes + 1, wakeTrigger: "schedule", dueAt: 0 });
  reviewSubscriptions(engine);
  await accountChanged(engine);
  engine.log.info("connection.active", { connectionId: id, provider: request.provider, known: existing !== undefined });
  await engine.wakeBy(engine.now());
  return success(toConnection(row));
}

function methodOf({ provider, method }: ConnectRequest): AuthMethod {
  const methods = providers.get(provider)?.methods;
  const found = method === undefined ? methods?.[0] : methods?.find(({ id }) => id === method);
  if (!found) throw new Error(`There is no way "${method}" to connect "${provider}".`);
  return found;
}

function credentialOf({ tokens, fields }: ConnectRequest, method: string): Credential {
  if (tokens) return { kind: "oauth2", method, tokens };
  if (fields) return { kind: "form", method, values: fields };
  throw new Error("A connection needs tokens, or the fields of its form.");
}

/** A new connection begins with a sync of everything; above the operator's limit, of the metadata until the person says more. */
async function firstSync(engine: Engine, connectionId: string): Promise<void> {
  // A sign-in that broke off may have made it already.
  if (engine.store.syncs().some((sync) => sync.connectionId === connectionId)) return engine.store.saveSetting(FIRST_SYNC_SETTING, "");
  const limit = Number(engine.env.AUTO_START_BYTES);
  let usedBytes = 0;
  try {
    usedBytes = (await engine.provider(connectionId).account()).quota?.used ?? 0;
  } catch (error) {
    engine.log.warn("account.unknown_size", { connectionId, kind: asProviderError(error).kind });
  }
  await createSync(engine, {
    connectionId,
    mode: usedBytes > limit ? "metadata" : "content",
    schedule: FIRST_SCHEDULE,
    labels: {},
    selection: [],
    filters: {},
    options: {},
  });
  engine.store.saveSetting(FIRST_SYNC_SETTING, "");
}

export async function labelConnection(engine: Engine, connectionId: string, label: string): Promise<Result<Connection>> {
  const row = await updateConnection(engine.db(), engine.userId, connectionId, { label });
  if (!row) return noConnection();
  await accountChanged(engine);
  return success(toConnection(row));
}

export async function disconnect(engine: Engine, connectionId: string): Promise<Result<Connection | null>> {
  const { store } = engine;
  const connection = store.connection(connectionId);
  if (!connection) return noConnection();
  await unsubscribe(engine, connectionId);
  if (connection.sealed !== null) await endGrant(engine, connectionId);
  const used = store.syncs().some((sync) => sync.connectionId === connectionId);
  if (!used) {
    store.deleteConnection(connectionId);
    await deleteConnection(engine.db(), engine.userId, connectionId);
    await accountChanged(engine);
    return success(null);
  }
  const generation = (store.connection(connectionId) ?? connection).generation + 1;
  store.saveConnection({ ...connection, status: "revoked", sealed: null, generation, renewingUntil: null });
  const row = await updateConnection(engine.db(), engine.userId, connectionId, { status: "revoked" });
  for (const sync of store.syncs()) {
    const run = sync.connectionId === connectionId ? store.run(sync.id) : null;
    if (run) await finishRun(engine, sync, run, { status: "cancelled" });
  }
  await accountChanged(engine);
  return row ? success(toConnection(row)) : noConnection();
}

/** At the authority, where it can. The credential is destroyed here whatever they answer. */
async function endGrant(engine: Engine, connectionId: string): Promise<void> {
  try {
    await engine.credentials.revoke(connectionId);
  } catch (error) {
    const { kind, status } = asProviderError(error);
    engine.log.warn("connection.not_revoked", { connectionId, kind, status });
  }
}

export async function testConnection(engine: Engine, connectionId: string): Promise<Result<ConnectionTest>> {
  if (!engine.store.connection(connectionId)) return noConnection();
  try {
    const provider = engine.provider(connectionId);
    const account = await provider.account();
    const checks = [
      { name: "Account", ok: true, message: `Signed in as ${account.email ?? account.label}.` },
      ...((await provider.checks?.()) ?? []),
    ];
    const failed = checks.filter(({ ok }) => !ok);
    await updateConnection(engine.db(), engine.userId, connectionId, { lastValidatedAt: engine.now() });
    return success({
      ok: failed.length === 0,
      account: { id: account.id, label: account.label, email: account.email ?? null, usedBytes: account.quota?.used ?? null },
      message: failed[0]?.message ?? "The source answers.",
      checks,
    });
  } catch (error) {
    const problem = asProviderError(error);
    await connectionFailed(engine, connectionId, problem);
    return success({
      ok: false,
      account: null,
      message: problem.message,
      checks: [{ name: "Account", ok: false, message: problem.message }],
    });
  }
}

/** What the source has to pick from, just now: nothing of it is kept. */
export async function browse(engine: Engine, connectionId: string, { parent, search, cursor }: BrowseRequest): Promise<Result<BrowsePage>> {
  const connection = engine.store.connection(connectionId);
  if (!connection) return noConnection();
  if (connection.status !== "active") return failure("connection.not_active", "This connection needs the person to sign in first.");
  const { browse: capability } = engine.provider(connectionId);
  if (!capability || (search !== undefined && !capability.search)) {
    return failure("connection.unsupported", `This source cannot be ${search === undefined ? "browsed" : "searched"}.`);
  }
  try {
    const page = search === undefined ? await capability.list(parent, cursor) : await capability.search?.(search, cursor);
    return success({ items: (page?.entries ?? []).map(toWireEntry), cursor: page?.cursor ?? null });
  } catch (error) {
    const problem = asProviderError(error);
    await connectionFailed(engine, connectionId, problem);
    if (problem.kind === "auth") return failure("connection.not_active", "The source asks the person to sign in again.");
    return failure(problem.kind === "not_found" ? "item.not_found" : "provider.failed", problem.message);
  }
}

function toWireEntry(entry: BrowseEntry): BrowsePage["items"][number] {
  const { id, name, kind, hasChildren } = entry;
  return {
    id,
    feedId: entry.feedId ?? null,
    whole: entry.whole ?? false,
    name,
    kind,
    hasChildren,
    size: entry.size ?? null,
    items: entry.items ?? null,
    modifiedAt: entry.modifiedAt === undefined ? null : new Date(entry.modifiedAt).toISOString(),
    webUrl: entry.webUrl ?? null,
  };
}

export async function refreshConnection(engine: Engine, connectionId: string): Promise<Result<Connection>> {
  const connection = engine.store.connection(connectionId);
  if (!connection) return noConnection();
  if (connection.status === "revoked") return failure("connection.not_active", "This connection was disconnected. Connect it again.");
  try {
    await engine.credentials.renew(connectionId);
  } catch (error) {
    const problem = asProviderError(error);
    if (problem.kind === "auth") await needsReconnect(engine, connectionId, problem.advice);
    return problem.kind === "auth"
      ? failure("connection.not_active", signInAgain(problem.advice))
      : failure("provider.failed", problem.message);
  }
  const row = await updateConnection(engine.db(), engine.userId, connectionId, { lastValidatedAt: engine.now() });
  return row ? success(toConnection(row)) : noConnection();
}

function noConnection(): Result<never> {
  return failure("connection.not_found", "There is no such connection.");
}
