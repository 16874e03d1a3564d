import { env } from "cloudflare:workers";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { Case } from "./case.ts";
import { caseArbitrary, play } from "./case.ts";
import { MemorySource } from "./memory-source.ts";
import { Progress } from "./progress.ts";

// The engine in bad weather: however a case goes, once the weather has cleared the copy comes true by itself. `npm run soak`
// has it go on for longer; a failure names the command that plays it again.

/** What `npm run soak` asks for; alone, a budget that CI can afford. */
interface Asked {
  seconds: number;
  /** Which cases. Undefined: fixed ones, and one round of others that is told. */
  seed?: number;
  /** Of one case of that seed. */
  path?: string;
  /** Whether what the engine logs is shown. */
  verbose?: boolean;
}

const CI_SECONDS = 30;
const FIXED_SEEDS = [1, 2];
const CASES_A_SEED = 12;
/** Shrinking stops after this long: what was found by then is what is told. */
const SHRINK_SECONDS_MAX = 120;
/** A soak of this length in which some kind of fault never struck has not tested it. */
const COMPLETE_SECONDS = 10 * 60;
const LAST_CASE_SECONDS = 300;

const asked = JSON.parse((env as Env & { SOAK?: string }).SOAK ?? "{}") as Partial<Asked>;
const seconds = asked.seconds ?? CI_SECONDS;

it("a copy comes true by itself once nothing goes wrong any more", { timeout: (seconds + LAST_CASE_SECONDS) * 1000 }, async () => {
  const progress = new Progress(performance.now());
  for (const seed of seeds()) {
    if (progress.seconds > seconds) break;
    const failure = await failureOf(seed, progress);
    if (failure !== null) expect.fail(failure);
  }
  progress.tell();
  if (seconds >= COMPLETE_SECONDS) expect(progress.neverStruck()).toEqual([]);
});

function* seeds(): Generator<number> {
  if (asked.seed !== undefined) return yield asked.seed;
  if (asked.seconds === undefined) yield* FIXED_SEEDS;
  for (;;) yield Math.floor(Math.random() * 0x7fffffff);
}

/** Plays the cases of a seed. Null where all of them came true. */
async function failureOf(seed: number, progress: Progress): Promise<string | null> {
  const property = fc.asyncProperty(caseArbitrary, async (given: Case) => {
    const outcome = await play(given, async (weather) => new MemorySource(weather, given.pageSize), asked.verbose === true);
    progress.add(outcome);
    if (outcome.wrong.length > 0) throw new Error(outcome.wrong.join("\n"));
  });
  const result = await fc.check(property, {
    seed,
    numRuns: asked.path === undefined ? CASES_A_SEED : 1,
    ...(asked.path === undefined ? {} : { path: asked.path, endOnFailure: true }),
    interruptAfterTimeLimit: SHRINK_SECONDS_MAX * 1000,
  });
  if (!result.failed || result.counterexample === null) return null;
  return [
    `Not true: ${String(result.errorInstance instanceof Error ? result.errorInstance.message : result.errorInstance)}`,
    JSON.stringify(result.counterexample[0]),
    `To play it again: npm run soak -- --seed ${seed} --path ${result.counterexamplePath}`,
  ].join("\n");
}
