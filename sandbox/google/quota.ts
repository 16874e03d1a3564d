import { Refusal } from "../answers.ts";
import type { Clock } from "../clock.ts";
import type { Asked } from "../fault-kinds.ts";
import { usageLimit } from "./drive-error.ts";
import type { Faults } from "./fault-table.ts";
import type { Grant } from "./grants.ts";

const WINDOW_MS = 60_000;
/** Of one person with one project. */
const UNITS_PER_MINUTE = 325_000;
const UNITS_PER_MINUTE_WHEN_LIMITED = 1_000;
const COUNTERS_MAX = 10_000;
const UNITS: Readonly<Record<string, number>> = { list: 100, content: 200, other: 5 };

export type Quota = {
  /** Charges a request; throws 403 where the minute's units are used up. */
  charge: (grant: Grant, asked: Asked, kind: keyof typeof UNITS) => void;
};

/** Google's quota units, per person, project and minute. */
export function createQuota(faults: Faults, now: Clock): Quota {
  const counters = new Map<string, { window: number; units: number }>();
  return {
    charge: (grant, asked, kind) => {
      const window = Math.floor(now() / WINDOW_MS);
      const limited = faults.strike("google-quota", asked);
      const limit = limited === undefined ? UNITS_PER_MINUTE : (limited.unitsPerMinute ?? UNITS_PER_MINUTE_WHEN_LIMITED);
      const key = `${grant.client} ${grant.account.no}`;
      if (counters.size > COUNTERS_MAX) counters.clear();
      let counter = counters.get(key);
      if (counter?.window !== window) counters.set(key, (counter = { window, units: 0 }));
      counter.units += UNITS[kind] ?? 0;
      if (counter.units > limit) throw new Refusal(usageLimit(403, "userRateLimitExceeded", "User Rate Limit Exceeded"));
    },
  };
}
