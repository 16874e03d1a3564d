// Whose job goes out next. No I/O.

/** What waits of one sync, oldest first, and how much of it is out already. */
export interface Waiting<T> {
  syncId: string;
  inFlight: number;
  jobs: readonly T[];
}

/**
 * Chooses up to `free` jobs: each time of the sync that has the fewest out, and among equals of the one that comes after the
 * sync served last. So a large source takes what others leave, and no more.
 */
export function takeTurns<T>(waiting: readonly Waiting<T>[], free: number, servedLast: string): { syncId: string; job: T }[] {
  const queues = waiting.map((queue) => ({ ...queue, taken: 0 })).toSorted((one, other) => (one.syncId < other.syncId ? -1 : 1));
  const chosen: { syncId: string; job: T }[] = [];
  let last = servedLast;
  while (chosen.length < free) {
    const open = queues.filter((queue) => queue.taken < queue.jobs.length);
    const fewest = Math.min(...open.map((queue) => queue.inFlight));
    const equals = open.filter((queue) => queue.inFlight === fewest);
    const next = equals.find((queue) => queue.syncId > last) ?? equals[0];
    const job = next?.jobs[next.taken];
    if (!next || job === undefined) break;
    chosen.push({ syncId: next.syncId, job });
    next.taken += 1;
    next.inFlight += 1;
    last = next.syncId;
  }
  return chosen;
}
