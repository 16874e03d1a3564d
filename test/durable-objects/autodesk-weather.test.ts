import fc from "fast-check";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import { createAutodeskUser, type AutodeskUser, sourceOf } from "../support/autodesk-user.ts";
import { workOff } from "../support/kill.ts";
import { mirrorOf } from "../support/memory-user.ts";

// A project of Autodesk's in bad weather: whatever is done to it, and however it answers, nothing is lost on the way, and in the end
// the mirror is the source.

const RUNS = 2;
const TOP = "/Project Files";
const FAULTS = [
  "autodesk-contents-partial",
  "autodesk-short-pages",
  "autodesk-forbidden",
  "autodesk-malformed",
  "autodesk-processing",
  "autodesk-server-error",
  "autodesk-rollup-stale",
  "autodesk-url-expired",
  "autodesk-object-gone",
  "autodesk-chunked",
] as const;

const PASSING: ReadonlySet<string> = new Set(["autodesk-server-error", "autodesk-url-expired", "autodesk-object-gone"]);

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() }));
afterEach(() => void vi.useRealTimers());

const folder = fc.constantFrom("", "/a", "/a/b", "/c");
const name = fc.constantFrom("1.txt", "2.txt", "3.txt", "x");
const path = fc.tuple(folder, name).map(([at, leaf]) => `${TOP}${at}/${leaf}`);
const op = fc.oneof(
  { weight: 4, arbitrary: fc.record({ op: fc.constant("create"), path, bytes: fc.string({ maxLength: 6 }) }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("update"), path }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("rename"), path, name }) },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant("move"),
      path: fc.oneof(path, fc.constantFrom(`${TOP}/a`, `${TOP}/a/b`)),
      to: folder.map((at) => `${TOP}${at}`),
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("delete"), path: fc.oneof(path, fc.constantFrom(`${TOP}/a`, `${TOP}/c`)) }) },
);
const weather = fc.uniqueArray(fc.constantFrom(...FAULTS), { maxLength: 3 });
const step = fc.record({ ops: fc.array(op, { maxLength: 8 }), weather, full: fc.boolean(), aged: fc.boolean() });

it("ends equal to its source", { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 3 }), fc.nat(), async (steps, seed) => {
      const user = await createAutodeskUser((drive) =>
        drive.mutate(...["/a/1.txt", "/a/b/2.txt", "/c/3.txt"].map((at) => ({ op: "create" as const, path: `${TOP}${at}`, bytes: at }))),
      );
      await workOff(user);
      for (const { ops, weather: faults, full, aged } of steps) {
        for (const each of ops) await attempt(user, each);
        if (aged) await user.drive.age();
        // So few that no file is given up for an hour.
        for (const fault of faults) await user.drive.fault({ name: fault, rate: 0.4, seed, ...(PASSING.has(fault) && { times: 3 }) });
        await runOnce(user, full);
        await expectNothingLost(user);
        await user.drive.mend();
      }
      // What was given up is tried again after a day at the latest.
      vi.setSystemTime(Date.now() + 86_400_000);
      await runOnce(user, true);
      await runOnce(user, false);
      expect(await mirrorOf(user)).toEqual(await sourceOf(user));
    }),
    { numRuns: RUNS },
  );
});

/** What is impossible is not done. */
async function attempt(user: AutodeskUser, each: object): Promise<void> {
  await user.drive.mutate(each as Parameters<AutodeskUser["drive"]["mutate"]>[0]).catch(() => undefined);
}

async function runOnce(user: AutodeskUser, full: boolean): Promise<void> {
  unwrap(await user.stub.run(user.syncId, { full, trigger: "manual" }));
  await workOff(user);
}

/** A file that is still there, and was copied as it is, is in the mirror: no answer of the source was taken for its removal. */
async function expectNothingLost(user: AutodeskUser): Promise<void> {
  const mirror = await mirrorOf(user, ["stored", "held", "unreachable", "pending", "failed", "skipped"]);
  const known = new Set(mirror.map(({ sha256 }) => sha256));
  const lost = (await sourceOf(user)).filter(({ sha256 }) => !known.has(sha256) && copied.get(user.userId)?.has(sha256) === true);
  expect(lost).toEqual([]);
  copied.set(user.userId, new Set([...(copied.get(user.userId) ?? []), ...known]));
}

const copied = new Map<string, Set<string>>();
