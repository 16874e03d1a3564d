import { describe, expect, it } from "vitest";
import { heldFrom, isHeld } from "../../worker/sync/guard.ts";

const DEFAULT = { share: 0.25, count: 1000 };

describe("removals are held", () => {
  it.each([
    { files: 1_000_000, removals: 1000, held: false, because: "as many as the limit" },
    { files: 1_000_000, removals: 1001, held: true, because: "more than the limit" },
    { files: 100, removals: 25, held: false, because: "a quarter" },
    { files: 100, removals: 26, held: true, because: "more than a quarter" },
    { files: 19, removals: 19, held: false, because: "too few for a share to mean much" },
    { files: 20, removals: 20, held: true, because: "everything" },
    { files: 0, removals: 0, held: false, because: "nothing" },
  ])("$held where $removals of $files go: $because", ({ files, removals, held }) => {
    expect(isHeld(DEFAULT, files, removals)).toBe(held);
  });

  it("always, and never, as the limits say", () => {
    expect(isHeld({ share: 1, count: 0 }, 10, 1)).toBe(true);
    expect(isHeld({ share: 0, count: 1000 }, 10_000, 20)).toBe(true);
    expect(isHeld({ share: 1, count: 100_000 }, 90_000, 90_000)).toBe(false);
  });

  it("from the number on that is told beforehand", () => {
    for (const share of [0, 0.25, 0.29, 0.5, 1]) {
      for (const files of [0, 10, 19, 20, 77, 100, 5000]) {
        const from = heldFrom({ share, count: 1000 }, files);
        expect(isHeld({ share, count: 1000 }, files, from)).toBe(true);
        expect(isHeld({ share, count: 1000 }, files, from - 1)).toBe(false);
      }
    }
  });
});
