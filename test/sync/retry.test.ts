import { expect, test } from "vitest";
import { type FailureKind, retryDecision, type RetryDecision } from "../../worker/sync/retry.ts";

const HOUR = 3_600;

const cases: [FailureKind, number, number | undefined, RetryDecision][] = [
  ["transient", 0, undefined, { action: "again", delaySeconds: 5, countsAttempt: true }],
  ["transient", 1, undefined, { action: "again", delaySeconds: 20, countsAttempt: true }],
  ["transient", 2, undefined, { action: "again", delaySeconds: 60, countsAttempt: true }],
  ["transient", 3, undefined, { action: "again", delaySeconds: 240, countsAttempt: true }],
  ["transient", 4, undefined, { action: "fail", reason: "transient", nextAttemptSeconds: HOUR }],
  ["transient", 5, undefined, { action: "fail", reason: "transient", nextAttemptSeconds: 4 * HOUR }],
  ["transient", 6, undefined, { action: "fail", reason: "transient", nextAttemptSeconds: 24 * HOUR }],
  ["transient", 99, undefined, { action: "fail", reason: "transient", nextAttemptSeconds: 24 * HOUR }],
  ["transient", 0, 90, { action: "again", delaySeconds: 90, countsAttempt: true }],
  ["transient", 0, 500_000, { action: "again", delaySeconds: HOUR, countsAttempt: true }],
  ["fatal", 0, undefined, { action: "again", delaySeconds: 5, countsAttempt: true }],
  ["fatal", 4, undefined, { action: "fail", reason: "fatal", nextAttemptSeconds: HOUR }],
  ["storage", 0, undefined, { action: "again", delaySeconds: 5, countsAttempt: true }],
  ["storage", 4, undefined, { action: "fail", reason: "storage", nextAttemptSeconds: HOUR }],
  ["not_found", 0, undefined, { action: "again", delaySeconds: 5, countsAttempt: true }],
  ["not_found", 1, undefined, { action: "again", delaySeconds: 20, countsAttempt: true }],
  ["not_found", 2, undefined, { action: "fail", reason: "not_found", nextAttemptSeconds: HOUR }],
  ["expired_url", 0, undefined, { action: "again", delaySeconds: 5, countsAttempt: true }],
  ["expired_url", 4, undefined, { action: "fail", reason: "expired_url", nextAttemptSeconds: HOUR }],
  ["forbidden", 0, undefined, { action: "again", delaySeconds: 5, countsAttempt: true }],
  ["forbidden", 2, undefined, { action: "fail", reason: "forbidden", nextAttemptSeconds: HOUR }],
  ["forbidden", 9, undefined, { action: "fail", reason: "forbidden", nextAttemptSeconds: 24 * HOUR }],
  ["unsupported", 0, undefined, { action: "fail", reason: "unsupported", nextAttemptSeconds: null }],
  ["not_exportable", 0, undefined, { action: "skip", reason: "not_exportable" }],
  ["blocked", 0, undefined, { action: "skip", reason: "malware" }],
  ["too_large", 7, undefined, { action: "skip", reason: "too_large" }],
  ["operator", 50, undefined, { action: "again", delaySeconds: 900, countsAttempt: false }],
  ["auth", 0, undefined, { action: "reconnect" }],
  ["cursor_expired", 3, undefined, { action: "enumerate" }],
  ["throttled", 0, undefined, { action: "gate", seconds: 30 }],
  ["throttled", 2, undefined, { action: "gate", seconds: 120 }],
  ["throttled", 2_000, undefined, { action: "gate", seconds: HOUR }],
  ["throttled", 3, 12, { action: "gate", seconds: 12 }],
  ["throttled", 0, 0, { action: "gate", seconds: 1 }],
  ["throttled", 0, 90_000, { action: "gate", seconds: HOUR }],
];

test.each(cases)("%s after %i failures, asked to wait %s s", (kind, attempts, retryAfterSeconds, decision) => {
  expect(retryDecision(kind, attempts, retryAfterSeconds)).toEqual(decision);
});

test("waits spread to both sides, a quarter at most", () => {
  expect(retryDecision("transient", 2, undefined, 0)).toMatchObject({ delaySeconds: 45 });
  expect(retryDecision("transient", 2, undefined, 1)).toMatchObject({ delaySeconds: 75 });
  expect(retryDecision("transient", 4, undefined, 0)).toMatchObject({ nextAttemptSeconds: 2_700 });
});

test("a throttled connection never comes back before it was told to", () => {
  expect(retryDecision("throttled", 0, 100, 0)).toEqual({ action: "gate", seconds: 100 });
  expect(retryDecision("throttled", 0, 100, 1)).toEqual({ action: "gate", seconds: 125 });
});
