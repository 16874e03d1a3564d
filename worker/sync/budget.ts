import type { RequestBudget } from "../providers/provider.ts";

// What a source says it will still answer. No I/O.

/** The last part of an allowance is left for requests that are under way, and for other programs of the same person. */
const RESERVE_SHARE = 0.05;
/** Longer than this an allowance is not waited for in one go. */
const REST_SECONDS_MAX = 3_600;
/** Over this an allowance is taken to be renewed where the source names no window. */
export const WINDOW_SECONDS = 60;

/** How long to ask nothing more: until the allowance is renewed, where it is all but used up; else 0. */
export function restSeconds({ limit, remaining, resetSeconds }: RequestBudget): number {
  if (remaining > Math.ceil(limit * RESERVE_SHARE)) return 0;
  return Math.min(Math.max(1, Math.ceil(resetSeconds)), REST_SECONDS_MAX);
}
