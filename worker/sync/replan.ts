import { Bundler } from "./bundle.ts";
import type { ItemRow } from "./item.ts";
import { FOLDER, HELD_EXCLUSION, stateOf } from "./item.ts";
import type { Plan, Terms } from "./plan.ts";
import { isUnchanged, keepAsPlanned, queue } from "./plan.ts";
import { hasContent } from "./ruling.ts";
import type { Stats } from "./stats.ts";
import { add, difference, NO_STATS } from "./stats.ts";

// Rows of the catalogue, planned again by what is wanted now: after a change of the rules or the mode, after a folder has
// moved, or to try what failed. The source is not asked. No I/O.

export interface ReplanTerms extends Terms {
  /** Failures that wait until then or earlier are queued; `Infinity` queues them all, as if for the first time. */
  retryBefore: number;
  /** What becomes of contents that the rules no longer want: they go, or wait for a decision. */
  drops: "exclude" | "hold";
  /** Whether a person has changed the rules: what they decided to keep under the old ones is judged anew. */
  afresh: boolean;
}

export interface Replanned extends Pick<Plan, "rows" | "jobs" | "stats"> {
  /** Whether any row's place is still not known. */
  unplaced: boolean;
}

type Judging = Pick<ReplanTerms, "ruling" | "mode" | "afresh">;
interface Verdict extends Pick<ItemRow, "state" | "reason"> {
  /** Whether a content leaves the mirror. */
  drop: boolean;
}

/** States that depend on what is wanted, stored and tried; the others only the source can change. */
const REPLANNED: ReadonlySet<ItemRow["state"]> = new Set(["excluded", "pending", "stored", "failed", "held"]);

/** Until a failure is looked at again that is due and cannot be tried. */
const POSTPONED_MILLISECONDS = 86_400_000;

export function replan(known: readonly ItemRow[], terms: ReplanTerms): Replanned {
  const bundler = new Bundler(terms.mintJobId, terms.largeBytes);
  const rows: ItemRow[] = [];
  let stats: Stats = NO_STATS;
  let unplaced = false;
  for (const before of known) {
    const verdict = judgeAgain(before, terms);
    unplaced ||= isUnplaced(before, terms);
    if (!verdict) {
      // It cannot be tried for now, as where its place is not known: it is due again later, not at once.
      if (isDue(before, terms)) rows.push({ ...before, nextAttemptAt: terms.now + POSTPONED_MILLISECONDS });
      continue;
    }
    const { drop, ...target } = verdict;
    const outcome = drop && terms.drops === "hold" ? { state: "held" as const, reason: HELD_EXCLUSION } : target;
    const row: ItemRow = { ...before, pendingJob: null, nextAttemptAt: null, ...outcome };
    if (row.state === "pending" && !keepAsPlanned(row, before, terms, terms.retryBefore)) queue(row, null, terms, bundler);
    if (isUnchanged(before, row)) continue;
    row.runId = terms.runId;
    rows.push(row);
    stats = add(stats, difference(before, row));
  }
  return { rows, jobs: bundler.jobs, stats, unplaced };
}

/** Of these rows, how many have a content in the mirror, and how many would lose it. */
export function countDrops(known: readonly ItemRow[], judging: Judging): { contents: number; drops: number } {
  return {
    contents: known.filter(hasContent).length,
    drops: known.filter((row) => judgeAgain(row, judging)?.drop).length,
  };
}

/** What a row is to become by the rules alone; null where they leave it as it is. */
export function judgeAgain(before: ItemRow, { ruling, mode, afresh }: Judging): Verdict | null {
  if (!REPLANNED.has(before.state) || before.reason === "malformed") return null;
  if (before.state === "held" && before.reason !== HELD_EXCLUSION) return null;
  const wanted = ruling.wanted(before);
  if (!wanted.wanted) {
    // A place that is not known for the moment takes nothing out of the mirror.
    if (wanted.reason === "unplaced" && hasContent(before)) return null;
    if (before.kept === "discarded" && before.state === "stored" && !afresh) return null;
    return { state: "excluded", reason: wanted.reason, drop: hasContent(before) };
  }
  // The source has it no longer: it can be taken back from the trash, and not fetched.
  if (before.kept !== null) return isTakenBack(before) ? { state: "stored", reason: null, drop: false } : null;
  return { ...stateOf(before, mode, undefined, wanted), drop: false };
}

function isDue({ state, reason, nextAttemptAt }: ItemRow, { retryBefore }: ReplanTerms): boolean {
  return state === "failed" && reason !== "malformed" && nextAttemptAt !== null && nextAttemptAt <= retryBefore;
}

function isTakenBack(row: ItemRow): boolean {
  return (row.state === "excluded" || row.state === "held") && (row.kind === FOLDER || row.storedId !== null);
}

function isUnplaced(row: ItemRow, { ruling }: Judging): boolean {
  const wanted = ruling.wanted(row);
  return !wanted.wanted && wanted.reason === "unplaced";
}
