import { scanItems, upsertItems } from "../worker/db/items.ts";
import type { VersionContent } from "../worker/db/verify.ts";
import { deleteVersions, forgetContents, markDamaged, scanVersions } from "../worker/db/verify.ts";
import type { ItemRow } from "../worker/sync/item.ts";
import { FILE } from "../worker/sync/item.ts";
import { contentKey } from "../worker/sync/job.ts";
import { partOfId, SeenIds } from "../worker/sync/seen.ts";
import type { VerifyState } from "../worker/sync/verifying.ts";
import { objectMark } from "../worker/sync/verifying.ts";
import { noteDrift } from "./drift.ts";
import type { Engine } from "./engine.ts";
import { scopeOf } from "./engine.ts";
import { planAgain } from "./replanning.ts";
import type { RunState, SyncState } from "./user-sync-schema.ts";
import { BUCKET } from "./verify-bucket.ts";

// Contents that the catalogue knows and the listing of the bucket did not have, at least not in this size: each is asked for
// once more, and what is not there is fetched again, or, being a version, lost.

/** Rows a step. */
const ROWS_MAX = 500;
/** Objects asked for one by one, a step. */
const HEADS_MAX = 50;
/** Noted objects looked up at a time: eight bytes each. */
const SEEN_OBJECTS_MAX = 1_000_000;
const SEEN_OBJECT_BYTES = 8;

interface Stored {
  remoteId: string;
  storedId: string;
  size: number;
}

/** A chunk of the items. True after the last one. */
export async function compareItems(engine: Engine, sync: SyncState, run: RunState, verify: VerifyState): Promise<boolean> {
  const scanned = await scanItems(engine.db(), scopeOf(engine, sync.id), verify.after, ROWS_MAX);
  const { found, looked } = await compareObjects(engine, sync.id, verify.part, scanned.map(currentOf)); // prettier-ignore
  const rows = scanned.slice(0, looked);
  const files = rows.filter((row) => row.kind === FILE);
  const by = (finding: Finding | undefined) => files.filter((row) => found.get(row.storedId ?? "") === finding);
  await mendMissing(engine, sync, run, by("missing"));
  await mendDamaged(engine, sync, run, by("damaged"));
  if (verify.part === 0) await mendStuck(engine, sync, run, by(undefined));
  const done = looked === scanned.length && scanned.length < ROWS_MAX;
  return goOn(engine, run, sync.id, { after: rows.at(-1)?.remoteId ?? verify.after, done });
}

/** Contents of items that are gone: they become no versions, and are fetched again. */
async function mendMissing(engine: Engine, sync: SyncState, run: RunState, rows: readonly ItemRow[]): Promise<void> {
  if (rows.length === 0) return;
  const scope = scopeOf(engine, sync.id);
  await noteDrift(engine, run, "missing", rows);
  engine.store.touchDigest(sync.id, rows.map((row) => row.remoteId)); // prettier-ignore
  run.usage.rowsWritten += await forgetContents(engine.db(), scope, rows.map(storedOf).filter((content) => content !== null)); // prettier-ignore
  // The stored size stays, so that the totals lose what they had counted.
  await fetchAgain(engine, sync, run, rows.map((row) => ({ ...row, storedId: null }))); // prettier-ignore
}

/** Contents that are not what was stored stay until another one takes their place, and end as damaged then. */
export async function mendDamaged(engine: Engine, sync: SyncState, run: RunState, rows: readonly ItemRow[]): Promise<void> {
  if (rows.length === 0) return;
  await noteDrift(engine, run, "damaged", rows);
  engine.store.touchDigest(sync.id, rows.map((row) => row.remoteId)); // prettier-ignore
  run.usage.rowsWritten += await markDamaged(engine.db(), scopeOf(engine, sync.id), rows.map(storedOf).filter((content) => content !== null)); // prettier-ignore
  const unmarked = { storedHash: null, storedTag: null, storedSourceSize: null, storedModifiedAt: null };
  await fetchAgain(engine, sync, run, rows.map((row) => ({ ...row, ...unmarked }))); // prettier-ignore
}

/** Rows that say that they are stored and are not, or that wait for a job that is not in the ledger. */
async function mendStuck(engine: Engine, sync: SyncState, run: RunState, rows: readonly ItemRow[]): Promise<void> {
  const live = engine.store.jobs.live(rows.flatMap((row) => row.pendingJob ?? []));
  const stuck = rows.filter((row) =>
    row.state === "pending" ? row.pendingJob === null || !live.has(row.pendingJob) : row.state === "stored" && row.storedId === null,
  );
  if (stuck.length === 0) return;
  await noteDrift(engine, run, "stuck", stuck);
  await fetchAgain(engine, sync, run, stuck);
}

/** Items that the source has are planned; of those that it has no longer nothing can be fetched: they say so. */
async function fetchAgain(engine: Engine, sync: SyncState, run: RunState, rows: readonly ItemRow[]): Promise<void> {
  const planned = await planAgain(engine, sync, run, rows.filter((row) => row.kept === null), engine.now()); // prettier-ignore
  const lost = rows.flatMap((row) =>
    row.kept === null
      ? []
      : {
          ...row,
          state: "failed" as const,
          reason: row.storedId === null ? "lost" : "damaged",
          pendingJob: null,
          nextAttemptAt: null,
          runId: run.id,
        },
  );
  const written = await upsertItems(engine.db(), scopeOf(engine, sync.id), lost, engine.now());
  engine.store.transaction(() => {
    planned.commit();
    run.usage.rowsWritten += written.rows;
    if (lost.length > 0) engine.store.updateSync(sync.id, { statsDoubtful: 1 });
    engine.store.saveRun(run);
  });
}

/** A chunk of the versions. True after the last one. */
export async function compareVersions(engine: Engine, sync: SyncState, run: RunState, verify: VerifyState): Promise<boolean> {
  const scope = scopeOf(engine, sync.id);
  const [remoteId = "", number = "0"] = verify.after === "" ? [] : (JSON.parse(verify.after) as [string, string]);
  const rows = await scanVersions(engine.db(), scope, { remoteId, number: Number(number) }, ROWS_MAX);
  const { found, looked } = await compareObjects(engine, sync.id, verify.part, rows);
  const useless = rows.slice(0, looked).filter((row) => found.has(row.storedId) || row.endedBy === "damaged");
  await forgetVersions(engine, sync, run, useless);
  const last = rows[looked - 1];
  const after = last ? JSON.stringify([last.remoteId, String(last.number)]) : verify.after;
  return goOn(engine, run, sync.id, { after, done: looked === rows.length && rows.length < ROWS_MAX });
}

/** Versions whose content is gone, or not what it was; that of a damaged one was said when it was found. */
async function forgetVersions(engine: Engine, sync: SyncState, run: RunState, useless: readonly VersionContent[]): Promise<void> {
  if (useless.length === 0) return;
  const lost = useless.filter(({ endedBy }) => endedBy !== "damaged");
  await noteDrift(engine, run, "lost", lost.map(({ remoteId, number }) => ({ remoteId, name: `this item, number ${number},` }))); // prettier-ignore
  const written = await deleteVersions(engine.db(), scopeOf(engine, sync.id), useless);
  await engine.env.CONTENT.delete(useless.map(({ storedId }) => contentKey(engine.userId, sync.id, storedId)));
  run.usage.rowsWritten += written.rows;
  engine.store.addStats(sync.id, written.versions);
}

type Finding = "missing" | "damaged";

/**
 * Of these contents, those that the bucket does not have, or not in their size: neither in its listing nor when asked for. `looked`:
 * how many of them it came to, where there were too many to ask for.
 */
async function compareObjects(
  engine: Engine,
  syncId: string,
  part: number,
  contents: readonly (Stored | null)[],
): Promise<{ found: Map<string, Finding>; looked: number }> {
  const parts = partsOf(engine, syncId);
  const seen = seenObjects(engine, syncId, part, parts);
  const unseen = contents.flatMap((content, index) => {
    const mark = content && objectMark(content.storedId, content.size);
    return content && mark !== null && partOfId(mark, parts) === part && !seen.has(mark) ? { ...content, index } : [];
  });
  const found = new Map<string, Finding>();
  const ask = async ({ storedId, size }: Stored) => {
    const object = await engine.env.CONTENT.head(contentKey(engine.userId, syncId, storedId));
    if (object?.size !== size) found.set(storedId, object ? "damaged" : "missing");
  };
  await Promise.all(unseen.slice(0, HEADS_MAX).map(ask));
  return { found, looked: unseen[HEADS_MAX]?.index ?? contents.length };
}

function seenObjects(engine: Engine, syncId: string, part: number, parts: number): SeenIds {
  const key = JSON.stringify(["bucket", syncId, part, parts]);
  if (engine.sweep?.key !== key) engine.sweep = { key, seen: new SeenIds(engine.store.seen(BUCKET(syncId)), part, parts) };
  return engine.sweep.seen;
}

function partsOf(engine: Engine, syncId: string): number {
  return Math.max(1, Math.ceil(engine.store.seenBytes(BUCKET(syncId)) / SEEN_OBJECT_BYTES / SEEN_OBJECTS_MAX));
}

/** Notes how far it came; at the end of a share, the next one begins. True where none is left. */
function goOn(engine: Engine, run: RunState, syncId: string, { after, done }: { after: string; done: boolean }): boolean {
  if (!run.verify) return true;
  if (done && run.verify.part + 1 >= partsOf(engine, syncId)) return true;
  run.verify = done ? { ...run.verify, after: "", part: run.verify.part + 1 } : { ...run.verify, after };
  engine.store.saveRun(run);
  return false;
}

/** What is left out is a version, and is compared as one. */
function currentOf(row: ItemRow): Stored | null {
  return row.state === "excluded" ? null : storedOf(row);
}

function storedOf({ remoteId, storedId, storedSize }: ItemRow): Stored | null {
  return storedId === null || storedSize === null ? null : { remoteId, storedId, size: storedSize };
}
