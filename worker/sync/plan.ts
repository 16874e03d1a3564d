import type { JobFile } from "./job.ts";
import type { Change, Entry } from "../providers/provider.ts";
import type { Job } from "./bundle.ts";
import { Bundler } from "./bundle.ts";
import { sameContent } from "./content.ts";
import { skippedNote } from "./explain-words.ts";
import type { ItemRow, SyncMode } from "./item.ts";
import { FILE, HELD_EXCLUSION, rowOf, sourceMarks, stateOf } from "./item.ts";
import type { Ruling } from "./ruling.ts";
import { hasContent, staysThoughUnwanted, upsetsBelow } from "./ruling.ts";
import type { Room } from "./quota.ts";
import { QUOTA_RETRY_MILLISECONDS } from "./quota.ts";
import { unreadableSeconds } from "./retry.ts";
import type { Stats } from "./stats.ts";
import { add, difference, NO_STATS } from "./stats.ts";

// What one page of changes means for the catalogue and the ledger. No I/O, no `this`.
//
// Planning goes by state: an item is due when it is wanted and what is stored is not what the source has. A page that
// is planned again, after a crash anywhere, ends the same.

export interface PlanInput {
  changes: readonly Change[];
  /** Rows of the ids that the page names, as far as there are any. */
  known: ReadonlyMap<string, ItemRow>;
  /** Jobs that the ledger still has, of those that known rows name. */
  liveJobs: ReadonlySet<string>;
  mode: SyncMode;
  ruling: Ruling;
  /** Contents that may still leave the mirror in this round since the rules no longer want them; absent: any number. */
  dropsLeft?: number;
  runId: string | null;
  now: number;
  mintJobId: () => string;
  /** What is left of the user's quota; absent: no limit. */
  room?: Room;
  /** From this size on a file has a job of its own. */
  largeBytes?: number;
}

/** What planning needs beside the entries themselves. */
export type Terms = Omit<PlanInput, "changes" | "known" | "dropsLeft">;

/** One line for the run's log. */
export interface Note {
  remoteId: string | null;
  level: "info" | "warn" | "error";
  message: string;
}

export interface Plan {
  /** Rows that differ from what is known. */
  rows: ItemRow[];
  jobs: Job[];
  /** Ids that the source says are gone; to be marked until the round ends. */
  removals: string[];
  /** Ids that the source says are there: an earlier mark of theirs is void, and a sweep passes them by. */
  present: string[];
  stats: Stats;
  /** New or changed items. */
  discovered: number;
  /** What a run's log should name: entries that were skipped or could not be read. */
  notes: Note[];
  /** Entries that could not be read at all: without an id there is no row to say so. */
  malformed: number;
  /** Whether items that the page does not name may be wanted otherwise now: a folder above them has moved, or is known at last. */
  upsets: boolean;
  /** Contents that leave the mirror by the rules, and those that are held instead. */
  dropped: number;
  held: number;
}

export function planPage(input: PlanInput): Plan {
  const plan: Plan = {
    rows: [],
    jobs: [],
    removals: [],
    present: [],
    stats: NO_STATS,
    discovered: 0,
    notes: [],
    malformed: 0,
    upsets: false,
    dropped: 0,
    held: 0,
  };
  const bundler = new Bundler(input.mintJobId, input.largeBytes);
  for (const change of lastOccurrences(input.changes)) {
    if (change.type === "removal") plan.removals.push(change.id);
    else if (change.type === "malformed") planMalformed(change, input, plan);
    else planEntry(change.entry, input, bundler, plan);
  }
  plan.jobs = bundler.jobs;
  return plan;
}

/** A change of one item. What a folder holds in all is compared with the catalogue once its rows are written. */
type OfOne = Exclude<Change, { type: "children" }>;

/** The last occurrence of an id wins; entries without one stay. */
function lastOccurrences(changes: readonly Change[]): OfOne[] {
  const last = new Map<string, OfOne>();
  const nameless: OfOne[] = [];
  for (const change of changes) {
    if (change.type === "children") continue;
    const id = change.type === "upsert" ? change.entry.id : change.id;
    if (id === undefined) nameless.push(change);
    else {
      last.delete(id);
      last.set(id, change);
    }
  }
  return [...last.values(), ...nameless];
}

function planEntry(entry: Entry, input: PlanInput, bundler: Bundler, plan: Plan): void {
  const known = input.known.get(entry.id);
  const row = rowOf(entry, known, input.now);
  const wanted = input.ruling.wanted(row);
  Object.assign(row, staysThoughUnwanted(known, wanted) ?? stateOf(row, input.mode, entry.skip, wanted));
  if (row.state === "excluded" && !wanted.wanted && known && hasContent(known)) {
    if (plan.dropped < (input.dropsLeft ?? Infinity)) plan.dropped += 1;
    else {
      plan.held += 1;
      Object.assign(row, { state: "held", reason: HELD_EXCLUSION });
    }
  }
  plan.upsets ||= upsetsBelow(row, known, wanted, input.ruling);
  plan.present.push(entry.id);
  if (row.state === "pending" && !keepAsPlanned(row, known, input, input.now)) {
    queue(row, entry.download ?? null, input, bundler);
  }
  if (isUnchanged(known, row)) return;
  row.runId = input.runId;
  plan.rows.push(row);
  plan.stats = add(plan.stats, difference(known, row));
  plan.discovered += 1;
  if (row.state === "skipped" && known?.state !== "skipped") {
    plan.notes.push({ remoteId: row.remoteId, level: "info", message: skippedNote(row.name, row.reason) });
  }
}

/** Gives the row to a job; or, where there is no room for it, has it fail, and wait. */
export function queue(row: ItemRow, download: JobFile["download"], terms: Pick<Terms, "room" | "now">, bundler: Bundler): void {
  if (terms.room?.take(row.size ?? 0) === false) {
    Object.assign(row, { state: "failed", reason: "quota", nextAttemptAt: terms.now + QUOTA_RETRY_MILLISECONDS });
    return;
  }
  row.pendingJob = bundler.add(jobFile(row, download));
}

/**
 * A due item keeps the job, or the wait after a failure, that it already has for this very content. False where it has
 * none: it is to be queued. Failures that wait until `retryBefore` or earlier wait no longer.
 */
export function keepAsPlanned(row: ItemRow, known: ItemRow | undefined, terms: Terms, retryBefore: number): boolean {
  if (!known || known.reason === "malformed" || !sameContent(sourceMarks(row), sourceMarks(known))) return false;
  if (known.state === "pending" && known.pendingJob !== null && terms.liveJobs.has(known.pendingJob)) {
    row.pendingJob = known.pendingJob;
    row.attempts = known.attempts;
    return true;
  }
  if (known.state !== "failed") return false;
  const waits = known.nextAttemptAt === null ? retryBefore !== Infinity : known.nextAttemptAt > retryBefore;
  row.attempts = retryBefore === Infinity ? 0 : known.attempts;
  if (!waits) return false;
  row.state = "failed";
  row.reason = known.reason;
  row.nextAttemptAt = known.nextAttemptAt;
  return true;
}

function jobFile(row: ItemRow, download: JobFile["download"]): JobFile {
  return {
    remoteId: row.remoteId,
    name: row.name,
    size: row.size,
    hash: row.hash,
    contentTag: row.contentTag,
    modifiedAt: row.modifiedAt,
    mimeType: row.mimeType,
    download,
    attempts: row.attempts,
  };
}

const COMPARED = [
  "parentId",
  "kind",
  "name",
  "size",
  "mimeType",
  "webUrl",
  "createdAt",
  "modifiedAt",
  "hash",
  "contentTag",
  "state",
  "reason",
  "pendingJob",
  "nextAttemptAt",
  "attempts",
  "kept",
] as const satisfies readonly (keyof ItemRow)[];

export function isUnchanged(known: ItemRow | undefined, row: ItemRow): boolean {
  return known !== undefined && COMPARED.every((field) => known[field] === row[field]);
}

function planMalformed(change: Extract<Change, { type: "malformed" }>, input: PlanInput, plan: Plan): void {
  plan.malformed += 1;
  plan.notes.push({ remoteId: change.id ?? null, level: "error", message: `An entry could not be read: ${change.reason}.` });
  if (change.id === undefined) return;
  plan.present.push(change.id);
  const known = input.known.get(change.id);
  const row: ItemRow = {
    ...rowOf({ id: change.id }, known, input.now),
    kind: known?.kind ?? FILE,
    size: known?.size ?? null,
    modifiedAt: known?.modifiedAt ?? null,
    state: "failed",
    reason: "malformed",
    attempts: known?.reason === "malformed" ? known.attempts + 1 : 1,
    runId: input.runId,
  };
  row.nextAttemptAt = input.now + unreadableSeconds(row.attempts) * 1000;
  if (isUnchanged(known, row)) return;
  plan.rows.push(row);
  plan.stats = add(plan.stats, difference(known, row));
}
