import { describe, expect, it } from "vitest";
import { Pace } from "../../durable-objects/pace.ts";
import { type Ahead, secondsLeft } from "../../worker/sync/estimate.ts";

const HOUR = 3_600;
const RATE = { filesPerSecond: 10, bytesPerSecond: 1_000_000 };

const left = (given: Partial<Ahead>) => secondsLeft({ files: 0, bytes: 0, rate: RATE, waitSeconds: 0, budget: null, ...given });

describe("the time left", () => {
  it.each<[string, Partial<Ahead>, number | null]>([
    ["nothing to do", {}, 0],
    ["by the number of small files", { files: 600, bytes: 600 }, 60],
    ["by the bytes of large ones", { files: 2, bytes: 90_000_000 }, 90],
    ["a wait comes first", { files: 600, waitSeconds: 30 }, 90],
    ["nothing measured yet", { files: 600, rate: null }, null],
    ["measured, and nothing came", { files: 600, rate: { filesPerSecond: 0, bytesPerSecond: 0 } }, null],
    ["too far away to mean anything", { files: 1e12 }, null],
    ["a month is still a word", { files: 30 * 86_400 * 10 }, 30 * 86_400],
  ])("%s", (_case, given, expected) => {
    expect(left(given)).toBe(expected);
  });

  it("is no shorter than the source's allowance makes it", () => {
    const budget = { limit: 100, remaining: 40, resetSeconds: 20, windowSeconds: 60 };
    const fast = { filesPerSecond: 1_000, bytesPerSecond: 0 };
    expect(left({ files: 40, rate: fast, budget })).toBe(0);
    expect(left({ files: 41, rate: fast, budget })).toBe(20);
    expect(left({ files: 140, rate: fast, budget })).toBe(20);
    expect(left({ files: 141, rate: fast, budget })).toBe(80);
    expect(left({ files: 1_040, rate: fast, budget })).toBe(20 + 9 * 60);
    expect(left({ files: 41, rate: { filesPerSecond: 1, bytesPerSecond: 0 }, budget }), "the slower of the two counts").toBe(41);
  });
});

describe("a pace", () => {
  it("is not known before anything was measured, nor long after", () => {
    const pace = new Pace();
    expect(pace.expected(0)).toBeNull();
    pace.begin(0);
    expect(pace.expected(60_000)).toBeNull();
    pace.note(60_000, 600, 0, []);
    expect(pace.expected(60_000)?.filesPerSecond).toBeCloseTo(10);
    expect(pace.expected(60_000 + 601_000)).toBeNull();
  });

  it("does not count the time in which there was nothing to do", () => {
    const pace = new Pace();
    pace.begin(0);
    pace.note(10_000, 100, 0, []);
    pace.rest();
    expect(pace.expected(11_000)).toBeNull();
    pace.begin(HOUR * 1_000);
    pace.note(HOUR * 1_000 + 10_000, 50, 0, []);
    expect(pace.expected(HOUR * 1_000 + 10_000)?.filesPerSecond).toBeCloseTo(5);
    expect(pace.rate(HOUR * 1_000 + 10_000).filesPerSecond).toBeCloseTo(5);
  });

  it("foretells without jumps, though settlements come in bursts of very different sizes", () => {
    const pace = new Pace();
    const all = 20_000;
    let stored = 0;
    let carried = 0;
    let last: number | null = null;
    let known = 0;
    pace.begin(0);
    // Ten files a second, told of every 1 to 20 seconds.
    for (let second = 1; stored < all - 2_000; second += 1) {
      carried += 10;
      if ((second * 7) % 13 > 1 && second % 20 !== 0) continue;
      pace.note(second * 1_000, carried, 0, []);
      stored += carried;
      carried = 0;
      const seconds = left({ files: all - stored, rate: pace.expected(second * 1_000) });
      const truth = (all - stored) / 10;
      expect(seconds, `after ${second} s`).toBeGreaterThan(truth * 0.7);
      expect(seconds, `after ${second} s`).toBeLessThan(truth * 1.4);
      if (last !== null && seconds !== null) expect(Math.abs(seconds - last), `step at ${second} s`).toBeLessThan(last * 0.3);
      last = seconds;
      known += 1;
    }
    expect(known).toBeGreaterThan(50);
  });

  it("keeps its word while the source makes it wait, and the wait is added", () => {
    const pace = new Pace();
    pace.begin(0);
    for (let second = 5; second <= 100; second += 5) pace.note(second * 1_000, 50, 0, []);
    const before = left({ files: 1_000, rate: pace.expected(100_000) });
    const waiting = left({ files: 1_000, rate: pace.expected(300_000), waitSeconds: 40 });
    expect(waiting).toBe((before ?? 0) + 40);
  });
});
