import { isHeld } from "./guard.ts";
import type { ItemRow, SyncMode } from "./item.ts";
import { FILE, HELD_EXCLUSION } from "./item.ts";
import { judgeAgain } from "./replan.ts";
import type { Ruling } from "./ruling.ts";
import { hasContent } from "./ruling.ts";
import type { SyncOptions } from "./rules.ts";

// What a sync would keep under other rules, and what would change, row by row of what is known: by the very decision that
// planning the catalogue again comes to. No I/O.

/** Files shown of each reason. */
export const SAMPLES_MAX = 10;

export interface Tally {
  files: number;
  bytes: number;
}

export class Preview {
  readonly total: Tally = { files: 0, bytes: 0 };
  /** What would be in the mirror, now or once it is fetched. */
  readonly kept: Tally = { files: 0, bytes: 0 };
  /** What would not, by reason, with ids of some. */
  readonly leftOut = new Map<string, Tally & { samples: string[] }>();
  /** Newly wanted; `fetched` of these, the others are taken back from the trash. */
  readonly added: Tally = { files: 0, bytes: 0 };
  readonly fetched: Tally = { files: 0, bytes: 0 };
  /** What would leave the mirror, or not be fetched any more. */
  readonly dropped: Tally = { files: 0, bytes: 0 };
  readonly unchanged: Tally = { files: 0, bytes: 0 };
  #contents = 0;
  #drops = 0;
  readonly #judging: { ruling: Ruling; mode: SyncMode; afresh: true };

  constructor(ruling: Ruling, mode: SyncMode) {
    this.#judging = { ruling, mode, afresh: true };
  }

  /** Takes a row as it is now. Folders count for nothing: what is in them does. */
  add(row: ItemRow): void {
    if (row.kind !== FILE || row.state === "removed") return;
    const verdict = judgeAgain(row, this.#judging);
    const state = verdict?.state ?? row.state;
    const bytes = row.size ?? 0;
    count(this.total, bytes);
    if (hasContent(row)) this.#contents += 1;
    if (verdict?.drop) this.#drops += 1;
    const isIn = isInMirror(row, state);
    if (isIn) count(this.kept, bytes);
    else this.#leaveOut(row, (verdict ?? row).reason ?? state, bytes);
    if (isIn === isInMirror(row, row.state)) count(this.unchanged, bytes);
    else if (isIn) count(this.added, bytes);
    else count(this.dropped, bytes);
    if (isIn && row.state === "excluded" && state === "pending") count(this.fetched, bytes);
  }

  #leaveOut(row: ItemRow, reason: string, bytes: number): void {
    let tally = this.leftOut.get(reason);
    if (!tally) this.leftOut.set(reason, (tally = { files: 0, bytes: 0, samples: [] }));
    count(tally, bytes);
    if (tally.samples.length < SAMPLES_MAX) tally.samples.push(row.remoteId);
  }

  /** Whether what would be dropped is so much that it would wait for a decision. */
  isHeld(limit: SyncOptions["removalLimit"]): boolean {
    return isHeld(limit, this.#contents, this.#drops);
  }
}

/** Whether the row's content is in the mirror in this state, or will be once it is fetched. */
function isInMirror(row: ItemRow, state: ItemRow["state"]): boolean {
  if (state === "unreachable") return row.storedId !== null;
  if (state === "failed") return row.reason !== "malformed";
  return state === "stored" || state === "pending" || state === "held";
}

/** The row as a sync would find it that begins now; null where the source no longer has it. */
export function asNew(row: ItemRow): ItemRow | null {
  if (row.kept !== null || (row.state === "held" && row.reason !== HELD_EXCLUSION)) return null;
  const fresh = { ...row, storedId: null, pendingJob: null };
  const isFixed = row.state === "skipped" || row.state === "unreachable" || row.reason === "malformed";
  return isFixed ? fresh : { ...fresh, state: "pending", reason: null };
}

function count(tally: Tally, bytes: number): void {
  tally.files += 1;
  tally.bytes += bytes;
}
