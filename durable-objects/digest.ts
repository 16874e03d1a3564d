import type { MirrorRow } from "../worker/db/mirror.ts";
import { mirrorRows, rowsOfRanges } from "../worker/db/mirror.ts";
import type { MirrorCounts } from "../worker/sync/counts.ts";
import { addCounts, countItem, NO_COUNTS } from "../worker/sync/counts.ts";
import { DigestRoot, RangeWalk } from "../worker/sync/digest.ts";
import type { ComputedRange, RangeBounds } from "./digest-store.ts";
import type { Engine } from "./engine.ts";
import { scopeOf } from "./engine.ts";

// The digest of the mirror is computed at the end of a run, where steps have marked ranges of ids since the last time. What
// is computed is durable range by range: after a kill it goes on where it was.

/** Rows of one statement. */
const READ_ROWS_MAX = 8_000;
/** Ranges that one statement reads together. */
const RANGES_MAX = 24;
/** Rows a step: the range that is begun is finished all the same, however long it is. */
const STEP_ROWS_MAX = 24_000;

export interface MirrorDigest {
  entries: number;
  root: string;
  counts: MirrorCounts;
}

/** Whether a step of `computeDigest` is needed. */
export function digestDue(engine: Engine, syncId: string): boolean {
  return !engine.store.digest.isComplete(syncId);
}

/** One step: ranges are computed, the last ones first, so that one that merges is read once. */
export async function computeDigest(engine: Engine, syncId: string): Promise<void> {
  const { digest } = engine.store;
  for (let rows = 0; rows < STEP_ROWS_MAX;) {
    const ranges = digest.dirty(syncId, RANGES_MAX);
    const [last] = ranges;
    if (!last) return;
    const together = ranges.length > 1 ? await computeTogether(engine, syncId, ranges) : null;
    rows += 1 + (together ?? (await computeRange(engine, syncId, last, STEP_ROWS_MAX - rows)));
  }
}

/** Computes ranges that one statement has read. Answers how many rows that were; null where they are too many for one. */
async function computeTogether(engine: Engine, syncId: string, ranges: readonly RangeBounds[]): Promise<number | null> {
  const { store } = engine;
  const { touches } = store.digest;
  const rows = await rowsOfRanges(engine.db(), scopeOf(engine, syncId), ranges, READ_ROWS_MAX);
  if (rows.length === READ_ROWS_MAX) return null;
  // Something changed while the rows were read: they may be older than that. The next step reads them again.
  if (store.digest.touches !== touches) return STEP_ROWS_MAX;
  const byRange = Map.groupBy(rows, (row) => row.range);
  store.transaction(() => {
    for (const [index, { start }] of ranges.entries()) {
      const own = byRange.get(index) ?? [];
      // The range before takes over what is left of it, and has been read without that.
      if (start !== "" && !beginsWith(own, start)) return store.digest.merge(syncId, start);
      for (const range of rangesOf(start, own)) store.digest.save(syncId, range);
    }
  });
  return rows.length;
}

function rangesOf(start: string, rows: readonly MirrorRow[]): ComputedRange[] {
  const walk = new CountingWalk(start);
  for (const row of rows) walk.add(row);
  return walk.finish();
}

/** A walk over rows that counts, range by range, what it passes. */
class CountingWalk {
  /** The ranges that have ended. */
  readonly computed: ComputedRange[] = [];
  readonly #walk: RangeWalk;
  #counts = { ...NO_COUNTS };

  constructor(start: string) {
    this.#walk = new RangeWalk(start);
  }

  /** Where the range begins that has not ended. */
  get start(): string {
    return this.#walk.start;
  }

  add(row: MirrorRow): void {
    const ended = row.inMirror ? this.#walk.add(row) : null;
    if (ended) {
      this.computed.push({ ...ended, counts: this.#counts });
      this.#counts = { ...NO_COUNTS };
    }
    countItem(this.#counts, { ...row, folder: row.kind === 0 });
  }

  finish(): ComputedRange[] {
    return [...this.computed, { ...this.#walk.finish(), counts: this.#counts }];
  }
}

/** Computes what lies from `start` to the next range, as far as the rows go. Answers how many were read. */
async function computeRange(engine: Engine, syncId: string, range: RangeBounds, rowsMax: number): Promise<number> {
  const { store } = engine;
  const { touches } = store.digest;
  const walk = new CountingWalk(range.start);
  let read = 0;
  let at = { from: range.start, including: true };
  for (;;) {
    const rows = await mirrorRows(engine.db(), scopeOf(engine, syncId), { ...at, before: range.before, limit: READ_ROWS_MAX });
    if (read === 0 && range.start !== "" && !beginsWith(rows, range.start)) {
      store.transaction(() => store.digest.merge(syncId, range.start));
      return rows.length;
    }
    for (const row of rows) walk.add(row);
    read += rows.length;
    const done = rows.length < READ_ROWS_MAX;
    const computed = done ? walk.finish() : walk.computed;
    if (done || (read >= rowsMax && computed.length > 0)) {
      // Something changed while the rows were read: they may be older than that. The next step reads them again.
      if (store.digest.touches !== touches) return rowsMax;
      store.transaction(() => {
        for (const each of computed) store.digest.save(syncId, each);
        if (!done) store.digest.leave(syncId, walk.start);
      });
      return read;
    }
    at = { from: rows.at(-1)?.id ?? range.start, including: false };
  }
}

function beginsWith([first]: readonly MirrorRow[], start: string): boolean {
  return first?.id === start && first.inMirror === 1;
}

/** The digest, once it is computed. */
export function mirrorDigest(engine: Engine, syncId: string): MirrorDigest {
  const root = new DigestRoot();
  let counts = NO_COUNTS;
  for (const range of engine.store.digest.ranges(syncId)) {
    root.add(range);
    counts = addCounts(counts, range.counts);
  }
  return { ...root.finish(), counts };
}
