import { accounts } from "../worker/db/client.ts";
import { readAccount } from "../worker/db/rebuild.ts";
import { saveAccount } from "../worker/rebuild/accounts.ts";
import type { Engine } from "./engine.ts";

// The user's account in the bucket, from which the catalogue can be built again: written in the background after each change
// of connections or syncs, again and again until the bucket takes it.

const CHANGES_SETTING = "account_changes";
const SAVED_SETTING = "account_saved";

/** Connections or syncs changed: open pages are told, and the bucket is, in its time. */
export async function accountChanged(engine: Engine): Promise<void> {
  const { store } = engine;
  store.saveSetting(CHANGES_SETTING, String(Number(store.setting(CHANGES_SETTING) ?? 0) + 1));
  engine.live.emit({ type: "account" });
  await engine.wakeBy(engine.now());
}

/** Whether the bucket does not have the account as it is now. */
export function accountIsDue({ store }: Engine): boolean {
  return store.setting(SAVED_SETTING) !== (store.setting(CHANGES_SETTING) ?? "0") && store.connections().length > 0;
}

/** False where there is nothing to do. */
export async function stepAccount(engine: Engine): Promise<boolean> {
  if (!accountIsDue(engine)) return false;
  const { store, env, userId } = engine;
  const changes = store.setting(CHANGES_SETTING) ?? "0";
  const rows = await readAccount(accounts(env), engine.db(), userId);
  // A catalogue that was lost must not overwrite what it is to be built from.
  if (rows && rows.connections.length > 0) await saveAccount(env.CONTENT, rows);
  store.saveSetting(SAVED_SETTING, changes);
  return true;
}
