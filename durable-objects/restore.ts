import { getVersion, listVersions } from "../worker/db/history.ts";
import { knownItems } from "../worker/db/items.ts";
import { removedAncestors, removedWith, restoreContent, takeBackRemoved } from "../worker/db/restoring.ts";
import type { Written } from "../worker/db/versions.ts";
import type { Result } from "../worker/errors.ts";
import { failure, success } from "../worker/errors.ts";
import type { ItemRow } from "../worker/sync/item.ts";
import { FOLDER } from "../worker/sync/item.ts";
import type { Stats } from "../worker/sync/stats.ts";
import { add, difference, NO_STATS } from "../worker/sync/stats.ts";
import { showTotals } from "./totals.ts";
import type { Engine } from "./engine.ts";
import { scopeOf } from "./engine.ts";
import type { RestorationState } from "./user-sync-schema.ts";

// Taking earlier contents and removed items back. A restored content is pinned over what the source has until the source's
// content changes; a restored item stays until the source has it again. Each change holds the catalogue's lock: neither
// planning nor a purge comes in between.

/** Folders taken up, a step. */
const FOLDERS_MAX = 50;
/** Rows taken back, a step. */
const ROWS_MAX = 500;

/** Makes the content of this version the item's current one. */
export function restoreVersion(engine: Engine, syncId: string, remoteId: string, number: number): Promise<Result<null>> {
  return engine.catalogueLock.hold(async () => {
    const scope = scopeOf(engine, syncId);
    const row = await liveRow(engine, syncId, remoteId);
    if (!row) return noItem();
    const version = await getVersion(engine.db(), scope, remoteId, number);
    if (!version) return failure("version.not_found", "There is no such version, or it has outlived its retention time.");
    if (version.endedAt === null) return success(null);
    if (version.endedBy === "damaged") return failure("version.damaged", "This content is damaged and cannot be restored.");
    if (row.state === "excluded") return failure("item.excluded", "The sync's rules leave this item out. Change them to have it back.");
    const [last] = await listVersions(engine.db(), scope, remoteId, { before: null, limit: 1 });
    const isLast = row.state === "removed" && row.storedId === version.storedId && last?.number === number;
    const restored = { remoteId, number, at: engine.now() };
    await change(engine, syncId, [remoteId], (db) =>
      isLast ? takeBackRemoved(db, scope, [remoteId], engine.now()) : restoreContent(db, scope, restored),
    );
    return success(null);
  });
}

/** Takes a removed item back: a file with what was last stored of it, a folder with all that was removed with it. */
export function restoreItem(engine: Engine, syncId: string, remoteId: string): Promise<Result<null>> {
  return engine.catalogueLock.hold(async () => {
    const row = await liveRow(engine, syncId, remoteId);
    if (!row) return noItem();
    if (row.state !== "removed") return failure("item.not_removed", "This item has not been removed.");
    if (row.kind !== FOLDER && row.storedId === null) {
      return failure("item.not_stored", "Nothing of this item is stored: it never was, or has outlived its retention time.");
    }
    if (row.kind !== FOLDER) {
      await change(engine, syncId, [remoteId], (db) => takeBackRemoved(db, scopeOf(engine, syncId), [remoteId], engine.now()));
      return success(null);
    }
    engine.store.restorations.add([{ syncId, remoteId, runId: row.runId, removedAt: row.seenAt }]);
    await engine.wakeBy(engine.now());
    await restoreChunk(engine, engine.store.restorations.first(FOLDERS_MAX));
    return success(null);
  });
}

/** One step of the folders that are being restored. False where there are none. */
export async function stepRestoring(engine: Engine): Promise<boolean> {
  const folders = engine.store.restorations.first(FOLDERS_MAX);
  if (folders.length === 0) return false;
  await restoreChunk(engine, folders);
  return true;
}

async function restoreChunk(engine: Engine, folders: readonly RestorationState[]): Promise<void> {
  const { store } = engine;
  const [first] = folders;
  if (!first) return;
  const { syncId } = first;
  const scope = scopeOf(engine, syncId);
  const below = await removedWith(engine.db(), scope, folders, ROWS_MAX);
  const byId = new Map(folders.map((folder) => [folder.remoteId, folder]));
  // Noted before they are back in the mirror: a crash in between must not forget what is below them.
  store.restorations.add(
    below.flatMap(({ remoteId, kind, folderId }) => {
      const folder = byId.get(folderId);
      return kind === FOLDER && folder ? [{ ...folder, remoteId }] : [];
    }),
  );
  const folderIds = folders.map((folder) => folder.remoteId);
  const ids = [...new Set([...folderIds, ...below.map((row) => row.remoteId)])];
  await change(engine, syncId, ids, (db) => takeBackRemoved(db, scope, ids, engine.now()));
  if (below.length < ROWS_MAX) store.restorations.drop(syncId, folderIds);
}

/** Changes what is stored of these items, and whether they are in the mirror; then counts what that did. */
async function change(
  engine: Engine,
  syncId: string,
  remoteIds: readonly string[],
  apply: (db: ReturnType<Engine["db"]>) => Promise<Written>,
): Promise<void> {
  const { store } = engine;
  const db = engine.db();
  const scope = scopeOf(engine, syncId);
  const ids = [...remoteIds, ...(await removedAncestors(db, scope, remoteIds))];
  const before = await knownItems(db, scope, ids);
  const doubtful = store.sync(syncId)?.statsDoubtful ?? 0;
  store.touchDigest(syncId, ids);
  // Should this break off in between, the totals are counted anew.
  store.updateSync(syncId, { statsDoubtful: 1 });
  const written = await apply(db);
  const after = await knownItems(db, scope, ids);
  store.transaction(() => {
    store.touchDigest(syncId, ids);
    store.addStats(syncId, differences(before, after), written.versions);
    store.updateSync(syncId, { statsDoubtful: doubtful });
  });
  const sync = store.sync(syncId);
  if (sync) await showTotals(engine, syncId, sync.stats);
  engine.live.emit({ type: "items", syncId });
  const toldAt = engine.notices.nextAt();
  if (toldAt !== null) await engine.wakeBy(toldAt);
}

function differences(before: ReadonlyMap<string, ItemRow>, after: ReadonlyMap<string, ItemRow>): Stats {
  return [...after].reduce((sum, [id, row]) => add(sum, difference(before.get(id), row)), NO_STATS);
}

async function liveRow(engine: Engine, syncId: string, remoteId: string): Promise<ItemRow | undefined> {
  const sync = engine.store.sync(syncId);
  if (!sync || sync.status === "deleting") return undefined;
  return (await knownItems(engine.db(), scopeOf(engine, syncId), [remoteId])).get(remoteId);
}

function noItem(): Result<never> {
  return failure("item.not_found", "There is no such item.");
}
