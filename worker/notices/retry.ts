// When a notice is tried again. Pure.

const RETRY_SECONDS_BASE = 10;
const RETRY_FACTOR = 5;
const RETRY_SECONDS_MAX = 12 * 3600;
/** With the waits between them, 10 seconds to 12 hours, these take 23 hours. */
export const ATTEMPTS_MAX = 8;
/** Waits differ by up to this share, so that those of one outage do not all end at once. */
const JITTER = 0.1;
/** A receiver cannot have itself left alone for longer. */
const RETRY_AFTER_SECONDS_MAX = RETRY_SECONDS_MAX;
/** An endpoint at which nothing has arrived for so long is disabled when the next delivery is given up. */
export const FAILING_DAYS_MAX = 3;

/** Seconds until the next attempt, after so many failed ones; null: there is none. `random`: 0 to 1. */
export function retrySeconds(attempts: number, retryAfterSeconds: number | null, random: number): number | null {
  if (attempts >= ATTEMPTS_MAX) return null;
  const wait = Math.min(RETRY_SECONDS_BASE * RETRY_FACTOR ** (attempts - 1), RETRY_SECONDS_MAX);
  const asked = Math.min(retryAfterSeconds ?? 0, RETRY_AFTER_SECONDS_MAX);
  return Math.round(Math.max(wait * (1 + JITTER * (2 * random - 1)), asked));
}

/** Whether an endpoint is to be disabled, now that a delivery to it was given up. */
export function isDead(failingSince: number | null, now: number): boolean {
  return failingSince !== null && now - failingSince >= FAILING_DAYS_MAX * 86_400_000;
}
