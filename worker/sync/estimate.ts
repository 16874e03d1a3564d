// How long it will take. No I/O.

/** A guess beyond this is none. */
const ESTIMATE_SECONDS_MAX = 60 * 86_400;

export interface Ahead {
  files: number;
  bytes: number;
  /** What was measured lately; null while that is not known. */
  rate: { filesPerSecond: number; bytesPerSecond: number } | null;
  /** Nothing happens for so long. */
  waitSeconds: number;
  /** What the source will still answer, a request a file; null where it does not say. */
  budget: { remaining: number; limit: number; resetSeconds: number; windowSeconds: number } | null;
}

/**
 * Seconds until this work is done, as far as can be said: the slowest of what the rate, the bytes and the source's allowance
 * let through, after any wait. Null where nothing is known, or what is known means nothing.
 */
export function secondsLeft(ahead: Ahead): number | null {
  const { files, bytes, rate, waitSeconds, budget } = ahead;
  if (files === 0) return Math.round(waitSeconds);
  if (!rate || (rate.filesPerSecond <= 0 && rate.bytesPerSecond <= 0)) return null;
  // Small files cost time each, large ones by the byte: the slower of the two.
  const byFiles = rate.filesPerSecond > 0 ? files / rate.filesPerSecond : 0;
  const byBytes = rate.bytesPerSecond > 0 ? bytes / rate.bytesPerSecond : 0;
  const seconds = Math.max(waitSeconds + Math.max(byFiles, byBytes), budget ? secondsForRequests(files, budget) : 0);
  return Number.isFinite(seconds) && seconds <= ESTIMATE_SECONDS_MAX ? Math.round(seconds) : null;
}

/** Until an allowance has let this many requests through: what it has left at once, then a window's worth each window. */
function secondsForRequests(requests: number, budget: NonNullable<Ahead["budget"]>): number {
  const later = requests - budget.remaining;
  if (later <= 0) return 0;
  const windows = Math.max(0, Math.ceil(later / budget.limit) - 1);
  return budget.resetSeconds + windows * budget.windowSeconds;
}
