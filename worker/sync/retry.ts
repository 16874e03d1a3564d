import type { ProviderErrorKind } from "../providers/errors.ts";
import type { SkipReason } from "../providers/provider.ts";

/** Waits between the attempts that belong to one run. */
const AGAIN_DELAYS_SECONDS = [5, 20, 60, 240] as const;
/** A refusal is seldom a fault that passes: it is asked again this often only. */
const FORBIDDEN_ATTEMPTS_MAX = 2;
/** A file that was listed and is not there has most likely been removed, which the next listing tells. */
const NOT_FOUND_ATTEMPTS_MAX = 2;
/** Waits after a run has given something up; the last one repeats. */
const FAILED_DELAYS_SECONDS = [3_600, 14_400, 86_400] as const;
/** How long a connection waits where a throttled answer names no time; doubled for each one in a row. */
const THROTTLE_DEFAULT_SECONDS = 30;
/** A longer wait is asked for again at its end: sources have been seen to name days. */
const THROTTLE_SECONDS_MAX = 3_600;
/** While our own registration or secret is at fault: nothing is lost by waiting, and nobody is disconnected. */
const OPERATOR_DELAY_SECONDS = 900;
/** Waits spread by this share to both sides, so that what failed together does not come back together. */
const JITTER_SHARE = 0.25;

export type FailureKind = ProviderErrorKind | "too_large" | "storage";

export type RetryDecision =
  /** The same work again, after a delay. */
  | { action: "again"; delaySeconds: number; countsAttempt: boolean }
  /** Given up for this run. `null`: not before the source, or a person, changes something. */
  | { action: "fail"; reason: FailureKind; nextAttemptSeconds: number | null }
  /** Never tried again: the content cannot be kept. */
  | { action: "skip"; reason: SkipReason }
  /** The whole connection waits; the work goes back unharmed and no attempt is counted. */
  | { action: "gate"; seconds: number }
  /** The person must sign in again. */
  | { action: "reconnect" }
  /** The feed is enumerated from its beginning, over the existing state. */
  | { action: "enumerate" };

/**
 * What to do about a failure, for a step of a run and for a download alike. Pure.
 *
 * `attempts` counts the failures before this one (of the file or the step; of throttled answers in a row for `throttled`).
 * `jitter` is a random number from 0 to 1; a half means none.
 */
export function retryDecision(kind: FailureKind, attempts: number, retryAfterSeconds?: number, jitter = 0.5): RetryDecision {
  switch (kind) {
    case "auth":
      return { action: "reconnect" };
    case "cursor_expired":
      return { action: "enumerate" };
    case "throttled":
      return { action: "gate", seconds: throttleSeconds(attempts, retryAfterSeconds, jitter) };
    case "blocked":
      return { action: "skip", reason: "malware" };
    case "not_exportable":
      return { action: "skip", reason: "not_exportable" };
    case "too_large":
      return { action: "skip", reason: "too_large" };
    case "unsupported":
    case "loop":
      return { action: "fail", reason: kind, nextAttemptSeconds: null };
    case "operator":
      return { action: "again", delaySeconds: spread(OPERATOR_DELAY_SECONDS, jitter), countsAttempt: false };
    case "forbidden":
      return againOrFail(kind, attempts, FORBIDDEN_ATTEMPTS_MAX, retryAfterSeconds, jitter);
    case "not_found":
      return againOrFail(kind, attempts, NOT_FOUND_ATTEMPTS_MAX, retryAfterSeconds, jitter);
    case "expired_url":
    case "transient":
    case "storage":
    case "fatal":
      return againOrFail(kind, attempts, AGAIN_DELAYS_SECONDS.length, retryAfterSeconds, jitter);
  }
}

/** How long until an item is asked for whose entry could not be read, so many times by now. */
export function unreadableSeconds(times: number): number {
  return FAILED_DELAYS_SECONDS[Math.min(times, FAILED_DELAYS_SECONDS.length) - 1] ?? FAILED_DELAYS_SECONDS[0];
}

/** Never shorter than the source asks, unless that is beyond reason. */
function throttleSeconds(attempts: number, retryAfterSeconds: number | undefined, jitter: number): number {
  const asked = retryAfterSeconds ?? THROTTLE_DEFAULT_SECONDS * 2 ** attempts;
  return Math.min(Math.max(1, Math.ceil(asked * (1 + JITTER_SHARE * Math.max(0, 2 * jitter - 1)))), THROTTLE_SECONDS_MAX);
}

function againOrFail(
  kind: FailureKind,
  attempts: number,
  attemptsMax: number,
  retryAfterSeconds: number | undefined,
  jitter: number,
): RetryDecision {
  const delay = attempts < attemptsMax ? AGAIN_DELAYS_SECONDS[attempts] : undefined;
  if (delay !== undefined) {
    const asked = Math.min(retryAfterSeconds ?? 0, THROTTLE_SECONDS_MAX);
    return { action: "again", delaySeconds: Math.max(spread(delay, jitter), asked), countsAttempt: true };
  }
  const given = Math.min(attempts - attemptsMax, FAILED_DELAYS_SECONDS.length - 1);
  return { action: "fail", reason: kind, nextAttemptSeconds: spread(FAILED_DELAYS_SECONDS[given] ?? FAILED_DELAYS_SECONDS[0], jitter) };
}

function spread(seconds: number, jitter: number): number {
  return Math.round(seconds * (1 + JITTER_SHARE * (2 * jitter - 1)));
}
