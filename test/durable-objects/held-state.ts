import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { pathsOf } from "../../worker/db/browse.ts";
import { catalogue } from "../../worker/db/client.ts";
import type { SyncOptions } from "../../worker/sync/rules.ts";
import { DEFAULT_OPTIONS } from "../../worker/sync/rules.ts";
import type { MemoryUser } from "../support/memory-user.ts";

// What tests about held removals read.

export async function runRow(runId: string): Promise<{ status: string; held: number; removed: number; changed: number } | null> {
  return env.DB.prepare("SELECT status, held, removed, changed, error_code FROM runs WHERE id = ?").bind(runId).first();
}

export async function itemsOf(user: MemoryUser, where: string): Promise<{ remote_id: string; name: string; reason: string | null }[]> {
  const statement = env.DB.prepare(`SELECT remote_id, name, reason FROM items WHERE sync_id = ? AND ${where} ORDER BY remote_id`);
  return (await statement.bind(user.syncId).all<{ remote_id: string; name: string; reason: string | null }>()).results;
}

/** Paths of the held files. */
export async function heldPaths(user: MemoryUser): Promise<string[]> {
  const ids = (await itemsOf(user, "state = 'held' AND kind = 1")).map((row) => row.remote_id);
  return [...(await pathsOf(catalogue(env, 0), user.userId, user.syncId, ids)).values()].toSorted();
}

export async function applyOptions(user: MemoryUser, options: Partial<SyncOptions>): Promise<void> {
  await runInDurableObject(user.stub, (_instance, state) => {
    state.storage.sql.exec("UPDATE syncs SET options = ?", JSON.stringify({ ...DEFAULT_OPTIONS, ...options }));
  });
}
