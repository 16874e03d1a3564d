import { scanItems } from "../worker/db/items.ts";
import type { VersionContent } from "../worker/db/verify.ts";
import { deleteVersions, scanVersions } from "../worker/db/verify.ts";
import type { ItemRow } from "../worker/sync/item.ts";
import { FILE } from "../worker/sync/item.ts";
import { contentKey } from "../worker/sync/job.ts";
import { partOfId, SeenIds } from "../worker/sync/seen.ts";
import type { VerifyState } from "../worker/sync/verifying.ts";
import { objectMark } from "../worker/sync/verifying.ts";
import { noteDrift } from "./drift.ts";
import type { Engine } from "./engine.ts";
import { scopeOf } from "./engine.ts";
import { mendDamaged, mendMissing, mendStuck, storedOf } from "./mending.ts";
import type { Stored } from "./mending.ts";
import type { RunState, SyncState } from "./user-sync-schema.ts";
import { BUCKET } from "./verify-bucket.ts";
import { planReads } from "./verify-reads.ts";

// Contents that the catalogue knows and the listing of the bucket did not have, at least not in this size: each is asked for
// once more, and what is not there is fetched again, or, being a version, lost.

/** Rows a step. */
const ROWS_MAX = 500;
/** Objects asked for one by one, a step. */
const HEADS_MAX = 50;
/** Noted objects looked up at a time: eight bytes each. */
const SEEN_OBJECTS_MAX = 1_000_000;
const SEEN_OBJECT_BYTES = 8;

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
  const whole = by(undefined).filter((row) => row.state !== "excluded" && isInPart(engine, sync.id, verify.part, storedOf(row)));
  const jobs = await planReads(engine, sync, run, verify, whole);
  const done = looked === scanned.length && scanned.length < ROWS_MAX;
  return engine.store.transaction(() => {
    const feedId = engine.store.feeds(sync.id)[0]?.feedId ?? "";
    for (const job of jobs) engine.store.jobs.insert({ ...job, syncId: sync.id, feedId, dueAt: engine.now() });
    return goOn(engine, run, sync.id, { after: rows.at(-1)?.remoteId ?? verify.after, done });
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

function isInPart(engine: Engine, syncId: string, part: number, content: Stored | null): boolean {
  return content !== null && partOfId(objectMark(content.storedId, content.size), partsOf(engine, syncId)) === part;
}

function seenObjects(engine: Engine, syncId: string, part: number, parts: number): SeenIds {
  const key = JSON.stringify(["bucket", syncId, part, parts]);
  if (engine.sweep?.key !== key) engine.sweep = { key, seen: new SeenIds(engine.store.seen.blocks(BUCKET(syncId)), part, parts) };
  return engine.sweep.seen;
}

function partsOf(engine: Engine, syncId: string): number {
  return Math.max(1, Math.ceil(engine.store.seen.bytes(BUCKET(syncId)) / SEEN_OBJECT_BYTES / SEEN_OBJECTS_MAX));
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
