// What was kept, day by day, out of rows for the days on which it changed. No I/O.

const DAY_MILLISECONDS = 86_400_000;

/** What was kept of a sync at the end of a day. */
export interface StorageDay extends StorageAmount {
  syncId: string;
  /** Days since 1970, UTC. */
  day: number;
}

export interface StorageAmount {
  /** Files whose content is kept. */
  files: number;
  bytes: number;
  /** Of contents that are kept as versions. */
  versionBytes: number;
}

/** The day that a time lies in, in days since 1970, UTC. */
export function dayOf(at: number): number {
  return Math.floor(at / DAY_MILLISECONDS);
}

/** A day as a date: "2026-11-28". */
export function dateOf(day: number): string {
  return new Date(day * DAY_MILLISECONDS).toISOString().slice(0, 10);
}

/**
 * The sum over all syncs on each day, gaps filled from the day before. Begins with the first day that anything is known of, at `from`
 * or later. `rows` are in the order of their days, and have for each sync the last one before `from`.
 */
export function seriesOf(rows: readonly StorageDay[], from: number, to: number): ({ day: number } & StorageAmount)[] {
  const series: ({ day: number } & StorageAmount)[] = [];
  const current = new Map<string, StorageAmount>();
  let next = 0;
  for (let day = Math.max(from, rows[0]?.day ?? Infinity); day <= to; day += 1) {
    for (let row = rows[next]; row !== undefined && row.day <= day; row = rows[++next]) current.set(row.syncId, row);
    series.push({ day, ...sumOf(current.values()) });
  }
  return series;
}

function sumOf(amounts: Iterable<StorageAmount>): StorageAmount {
  const sum = { files: 0, bytes: 0, versionBytes: 0 };
  for (const { files, bytes, versionBytes } of amounts) {
    sum.files += files;
    sum.bytes += bytes;
    sum.versionBytes += versionBytes;
  }
  return sum;
}
