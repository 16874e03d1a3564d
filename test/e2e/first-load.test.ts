import { expect, it } from "vitest";
import { FIRST_LOAD_KILOBYTES_MAX, firstLoads } from "../../scripts/first-load.ts";

it("no page needs more JavaScript at first than it may", () => {
  const loads = Object.entries(firstLoads());
  expect(loads.map(([address]) => address)).toEqual(expect.arrayContaining(["/", "/app", "/app/syncs/[id]"]));
  expect(loads.filter(([, kilobytes]) => kilobytes > FIRST_LOAD_KILOBYTES_MAX)).toEqual([]);
});
