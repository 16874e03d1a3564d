import { expect, test } from "vitest";
import { restSeconds } from "../../worker/sync/budget.ts";

test.each([
  [{ limit: 1_250, remaining: 250, resetSeconds: 30 }, 0, "with a fifth left one goes on"],
  [{ limit: 1_250, remaining: 64, resetSeconds: 30 }, 0, "as long as more than the reserve is left"],
  [{ limit: 1_250, remaining: 63, resetSeconds: 30 }, 30, "the reserve is left alone"],
  [{ limit: 1_250, remaining: 0, resetSeconds: 30.2 }, 31, "a second is waited for whole"],
  [{ limit: 10, remaining: 1, resetSeconds: 5 }, 5, "of a small allowance the last request is left"],
  [{ limit: 10, remaining: 0, resetSeconds: 0 }, 1, "a moment is waited for in any case"],
  [{ limit: 10, remaining: 0, resetSeconds: 86_400 }, 3_600, "no allowance is waited for longer than an hour in one go"],
])("of %j one rests %d seconds: %s", (budget, seconds) => {
  expect(restSeconds(budget)).toBe(seconds);
});
