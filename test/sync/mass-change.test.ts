import { describe, expect, it } from "vitest";
import type { ItemRow } from "../../worker/sync/item.ts";
import { countChanged, isMassChange } from "../../worker/sync/mass-change.ts";

describe("a mass change", () => {
  it.each([
    { stored: 1000, changed: 500, mass: false, because: "half" },
    { stored: 1000, changed: 501, mass: true, because: "more than half" },
    { stored: 60, changed: 49, mass: false, because: "too few to mean much" },
    { stored: 60, changed: 50, mass: true, because: "enough" },
    { stored: 0, changed: 0, mass: false, because: "nothing" },
  ])("of $changed files among $stored is one: $mass, $because", ({ stored, changed, mass }) => {
    expect(isMassChange(stored, changed)).toBe(mass);
  });
});

describe("changed files are counted", () => {
  const row = (patch: Partial<ItemRow>) => ({ remoteId: "a", state: "pending", storedId: "s", pendingJob: "new", ...patch }) as ItemRow;
  const count = (before: Partial<ItemRow> | null, after: Partial<ItemRow>, jobs: string[] = []) =>
    countChanged([row(after)], new Map(before ? [["a", row(before)]] : []), new Set(jobs));

  it("where what is stored is not what the source has any more", () => {
    expect(count({ state: "stored", pendingJob: null }, {})).toBe(1);
    expect(count({ state: "held", pendingJob: null }, {})).toBe(1);
  });

  it("not where they are new, were excluded or failed, or only renamed", () => {
    expect(count(null, { storedId: null })).toBe(0);
    expect(count({ state: "excluded", pendingJob: null }, {})).toBe(0);
    expect(count({ state: "failed", pendingJob: null }, {})).toBe(0);
    expect(count({ state: "stored", pendingJob: null }, { state: "stored", pendingJob: null })).toBe(0);
  });

  it("once: not again while their job is known, but after a crash that came before it was", () => {
    expect(count({ pendingJob: "old" }, {}, ["old"])).toBe(0);
    expect(count({ pendingJob: "lost" }, {})).toBe(1);
  });
});
