import { Refusal } from "../answers.ts";
import type { Clock } from "../clock.ts";
import type { Address } from "./address.ts";
import { throttledAnswer } from "./fault-answers.ts";
import type { Asked } from "../fault-kinds.ts";
import type { Faults } from "./fault-table.ts";
import type { Grant } from "./grants.ts";

const WINDOW_MS = 60_000;
/** Beyond what one machine can ask for: throttling is switched on by its fault. */
const UNITS_PER_MINUTE = 1_000_000;
const UNITS_PER_MINUTE_WHEN_LIMITED = 1250;
const SHOWN_FROM_SHARE = 0.8;
const COUNTERS_MAX = 10_000;

export type Throttle = {
  /** Charges a request; throws 429 where the minute's units are used up. Answers the headers that tell of it. */
  charge: (grant: Grant, asked: Asked, units: number) => Record<string, string>;
};

/** Microsoft's resource units, per application and tenant and minute. */
export function createThrottle(faults: Faults, now: Clock): Throttle {
  const counters = new Map<string, { window: number; units: number }>();
  return {
    charge: (grant, asked, units) => {
      // A batch itself is free: its parts are charged.
      if (units === 0) return {};
      const window = Math.floor(now() / WINDOW_MS);
      const limited = faults.strike("throttle", asked);
      const limit = limited === undefined ? UNITS_PER_MINUTE : (limited.unitsPerMinute ?? UNITS_PER_MINUTE_WHEN_LIMITED);
      const owner = limited?.match.account === undefined ? "" : grant.account.name;
      const key = `${grant.client} ${grant.account.tenant} ${owner}`;
      if (counters.size > COUNTERS_MAX) counters.clear();
      let counter = counters.get(key);
      if (counter?.window !== window) counters.set(key, (counter = { window, units: 0 }));
      // Throttled requests count as well.
      counter.units += units;
      const resetSeconds = Math.max(1, Math.ceil(((window + 1) * WINDOW_MS - now()) / 1000));
      if (counter.units > limit) throw new Refusal(throttledAnswer(resetSeconds, { limit, resetSeconds }));
      if (counter.units < limit * SHOWN_FROM_SHARE) return {};
      return {
        "RateLimit-Limit": String(limit),
        "RateLimit-Remaining": String(limit - counter.units),
        "RateLimit-Reset": String(resetSeconds),
      };
    },
  };
}

const LISTS: ReadonlySet<Address["kind"]> = new Set(["children", "drives", "libraries", "subsites", "site-search", "followed-sites"]);

/** What a request costs. */
export function resourceUnits(address: Address, method: string, hasToken: boolean): number {
  if (LISTS.has(address.kind)) return 2;
  if (address.kind === "delta") return hasToken ? 1 : 2;
  if (address.kind === "batch") return 0;
  return method === "GET" ? 1 : 2;
}
