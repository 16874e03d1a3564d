import { describe, expect, it } from "vitest";
import type { Change } from "../../worker/providers/provider.ts";
import type { LoopState } from "../../worker/sync/loop.ts";
import { afterPage } from "../../worker/sync/loop.ts";

const entry = (id: string): Change => ({ type: "upsert", entry: { id, download: { url: `https://x/${Math.random()}`, at: 0 } } });

/** How many pages are read until a circle is found; null where none is within `pages`. */
function foundAfter(pages: number, page: (n: number) => { cursor: string; changes: Change[] }): number | null {
  let state: LoopState | null = null;
  for (let n = 0; n < pages; n += 1) {
    const next = afterPage(state, page(n));
    if (next === "loop") return n + 1;
    state = next;
  }
  return null;
}

describe("a circle of cursors", () => {
  it.each([
    { lead: 0, length: 1 },
    { lead: 0, length: 2 },
    { lead: 5, length: 1 },
    { lead: 3, length: 7 },
    { lead: 100, length: 40 },
    { lead: 1, length: 1000 },
  ])("of $length after $lead pages is found within three times that", ({ lead, length }) => {
    const cursor = (n: number) => `c${n < lead ? n : lead + ((n - lead) % length)}`;
    const found = foundAfter(10_000, (n) => ({ cursor: cursor(n), changes: [entry(`item ${n}`)] }));
    expect(found).toBeGreaterThan(lead);
    expect(found).toBeLessThanOrEqual(3 * (lead + length) + 2);
  });

  it("is not seen where there is none, however long the list", () => {
    expect(foundAfter(20_000, (n) => ({ cursor: `c${n}`, changes: [entry(`item ${n}`)] }))).toBeNull();
  });
});

describe("the same page", () => {
  it("under fresh cursors is found, though its download addresses are new each time", () => {
    expect(foundAfter(100, (n) => ({ cursor: `c${n}`, changes: [entry("a"), entry("b")] }))).toBe(5);
  });

  it("may come a few times, and an empty one more often, but not for ever", () => {
    expect(foundAfter(100, (n) => ({ cursor: `c${n}`, changes: [entry(`item ${Math.floor(n / 4)}`)] }))).toBeNull();
    expect(foundAfter(400, (n) => ({ cursor: `c${n}`, changes: [] }))).toBeNull();
    expect(foundAfter(1000, (n) => ({ cursor: `c${n}`, changes: [] }))).toBe(500);
  });
});
