import { expect, test } from "vitest";
import { takeTurns } from "../../worker/sync/turns.ts";

const jobs = (name: string, count: number) => Array.from({ length: count }, (_none, place) => `${name}${place}`);
const chosen = (...given: Parameters<typeof takeTurns<string>>) => takeTurns(...given).map(({ job }) => job);

test("syncs take turns, and each one's jobs go in their order", () => {
  const waiting = [
    { syncId: "a", inFlight: 0, jobs: jobs("a", 10) },
    { syncId: "b", inFlight: 0, jobs: jobs("b", 2) },
  ];
  expect(chosen(waiting, 5, "")).toEqual(["a0", "b0", "a1", "b1", "a2"]);
});

test("the one free place is not always the same sync's", () => {
  const waiting = ["a", "b", "c"].map((syncId) => ({ syncId, inFlight: 1, jobs: jobs(syncId, 9) }));
  expect([chosen(waiting, 1, ""), chosen(waiting, 1, "a"), chosen(waiting, 1, "b"), chosen(waiting, 1, "c")]).toEqual([
    ["a0"],
    ["b0"],
    ["c0"],
    ["a0"],
  ]);
});

test("a sync that has little out comes before one that has much", () => {
  const waiting = [
    { syncId: "a", inFlight: 7, jobs: jobs("a", 100) },
    { syncId: "b", inFlight: 0, jobs: jobs("b", 3) },
  ];
  expect(chosen(waiting, 4, "b")).toEqual(["b0", "b1", "b2", "a0"]);
});

test("where nothing waits, or nothing is free, nothing is chosen", () => {
  expect(chosen([{ syncId: "a", inFlight: 0, jobs: [] }], 3, "")).toEqual([]);
  expect(chosen([{ syncId: "a", inFlight: 0, jobs: jobs("a", 1) }], 0, "")).toEqual([]);
  expect(chosen([], 3, "")).toEqual([]);
});
