import { wakeSlot } from "./slot.ts";

// When a source is listed from its beginning though its change feed works: removals that it never told are found so. No I/O.

/** Unless a provider says otherwise. */
export const RECONCILE_DAYS = 30;
/** Users are spread over half of that, from three quarters to one and a quarter. */
const SPREAD_SHARE = 0.5;
const DAY_MILLISECONDS = 86_400_000;
const SLOTS = 10_000;

/** When a sync that was last listed whole at `enumeratedAt` is due again. */
export function reconcileAt(enumeratedAt: number, userId: string, days = RECONCILE_DAYS): number {
  const share = wakeSlot(userId, SLOTS) / SLOTS;
  return enumeratedAt + days * DAY_MILLISECONDS * (1 - SPREAD_SHARE / 2 + SPREAD_SHARE * share);
}
