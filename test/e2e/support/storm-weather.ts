import type { Fault } from "./client.ts";

// All that goes wrong at Microsoft for a while, for one account, by chance.
//
// Left out are faults that do not pass, or not soon: refusals and malware, dead grants, what is not said until a month is over
// (missing tombstones, names in another form), and waits of an hour; those of ranges and of tombstones, which a storm of minutes
// over small files hardly meets; and files without a hash, since nothing would tell that their bytes came damaged.
// `faults.test.ts`, `providers/` and `durable-objects/` have those.

export interface StormOptions {
  /** The share of requests, or of items, that each common fault strikes. */
  rate: number;
  /** How often a fault strikes that is about what is rarely asked for, or that holds up all else for long. */
  times: number;
}

/** Where common faults strike: not the sign-in, which a person would repeat. */
const AT_WORK = "delta|download|items";
/** The same, but for the parts of batches: what becomes of a connection is asked of the batch. */
const CONNECTIONS = "delta|download|batch";
/** Pages of the list are few, and every other one that is refused begins the list anew: each of these strikes soon, and then ends. */
const LIST_RATE = 0.12;
/** Each throttled answer stops everything for seconds: after some more strikes than others it leaves time for the rest. */
const THROTTLED_TIMES_FACTOR = 5;
const SLOW_MILLISECONDS = 2_000;

const COMMON: readonly string[] = [
  // Downloads.
  "download-expired",
  "download-not-found",
  "download-gone",
  "download-html",
  "truncated-body",
  "short-body",
  "corrupt-body",
  "chunked-body",
  "locked",
  // Any request.
  "bad-gateway",
  // Of Graph alone.
  "server-error",
  "transient-not-found",
  "item-lag",
  // What a list says of an item.
  "missing-download-url",
  "missing-ctag",
  "missing-size",
  "size-mismatch",
  "hash-mismatch",
];

const OF_THE_LIST: readonly string[] = [
  "duplicate-items",
  "empty-page",
  "delta-lag",
  "resync-required",
  "resync-apply-differences",
  "resync-upload-differences",
  "resync-inner-code",
  "resync-without-location",
  "resync-broken-location",
  "sync-state-not-found",
  "token-not-found",
  "token-refused",
  "token-timeout",
  "snapshot-failed",
];

const THROTTLED: readonly string[] = ["throttled", "server-busy", "throttled-rate-limit"];

/** Each of these strikes the first notifications there are. */
const OF_NOTIFICATIONS: readonly string[] = [
  "notification-duplicate",
  "notification-late",
  "notification-mixed",
  "notification-old-form",
  "notification-without-client-state",
  "lifecycle-missed",
];

/** The weather, each fault with a chance of its own. */
export function stormWeather({ rate, times }: StormOptions): Fault[] {
  const faults: Fault[] = [
    ...COMMON.map((name) => ({ name, match: { path: AT_WORK }, rate })),
    { drop: true, match: { path: CONNECTIONS }, rate },
    { delayMs: SLOW_MILLISECONDS, match: { path: CONNECTIONS }, rate },
    ...THROTTLED.map((name) => ({ name, match: { path: AT_WORK }, rate, times: times * THROTTLED_TIMES_FACTOR })),
    // Without these words it would be an hour.
    { name: "bandwidth-exceeded", headers: { "Retry-After": "2" }, rate, times: times * THROTTLED_TIMES_FACTOR },
    // Half a minute each, or ten seconds: not so often that nothing else would happen.
    { name: "throttled-without-retry-after", match: { path: AT_WORK }, rate, times },
    { name: "throttled-front-door", match: { path: AT_WORK }, rate, times },
    // Twice in a row it means that the person must sign in again.
    { name: "access-token-expired", match: { path: AT_WORK }, rate, times },
    ...OF_THE_LIST.map((name) => ({ name, rate: LIST_RATE, times })),
    ...OF_NOTIFICATIONS.map((name) => ({ name, rate: 1, times })),
  ];
  return faults.map((fault, index) => ({ ...fault, seed: index + 1 }));
}

/** How a fault is named in figures. */
export function faultName(fault: Fault): string {
  return fault.name ?? (fault.drop === true ? "dropped-connection" : "slow-answer");
}
