import { describe, expect, it } from "vitest";
import { RECONCILE_DAYS, reconcileAt } from "../../worker/sync/reconcile.ts";

const DAY = 86_400_000;

describe("a source is listed from its beginning again", () => {
  it("after about a month, users spread over half of that", () => {
    const days = Array.from({ length: 2_000 }, (_, n) => reconcileAt(0, `user ${n}`) / DAY);
    expect(Math.min(...days)).toBeGreaterThanOrEqual(RECONCILE_DAYS * 0.75);
    expect(Math.max(...days)).toBeLessThanOrEqual(RECONCILE_DAYS * 1.25);
    expect(new Set(days.map(Math.floor)).size).toBeGreaterThan(10);
  });

  it("as often as its provider says", () => {
    expect(reconcileAt(0, "user", 2)).toBeCloseTo((reconcileAt(0, "user") / RECONCILE_DAYS) * 2);
  });
});
