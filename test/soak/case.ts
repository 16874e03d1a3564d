import fc from "fast-check";
import { Clock, hasten, silence } from "./clock.ts";
import type { Command } from "./commands.ts";
import { changeSource, commandsArbitrary, LASTING_PATH } from "./commands.ts";
import type { Source } from "./source.ts";
import { catalogueOf, looksEqual, whatIsWrong } from "./truth.ts";
import { FAULT_KINDS, Weather } from "./weather.ts";
import type { FaultKind } from "./weather.ts";
import { World } from "./world.ts";

// One case: a source, a first sync of it in bad weather, everything that people do meanwhile; then the weather clears, and
// the copy must come true by itself.

/** In fake time: the longest wait after failures is a day and a quarter; the rest is for what is only found by looking. */
const SETTLE_HOURS_MAX = 60;
const TURNS_MAX = 20_000;
/** The year is one in which no alarm of the test's machine goes off. */
const FIRST_MOMENT = Date.UTC(2031, 2, 3, 4, 5);
/** Of two parts, and a little more. */
const LARGE_BYTES = 10.5 * 1024 ** 2;
const USUAL_RATES = [0.01, 0.02, 0.04];

export interface Case {
  weatherSeed: number;
  usualRate: number;
  heavy: readonly FaultKind[];
  pageSize: number;
  /** Bytes of the files that are created as large ones. */
  largeBytes: number;
  /** What is there before the first listing. */
  before: readonly Command[];
  commands: readonly Command[];
}

export interface Outcome {
  /** Empty: all is true. */
  wrong: string[];
  struck: ReadonlyMap<FaultKind, number>;
  operations: number;
  /** Between the end of the bad weather and the truth. */
  hours: number;
}

export const caseArbitrary: fc.Arbitrary<Case> = fc.record({
  weatherSeed: fc.noShrink(fc.nat(0x7fffffff)),
  usualRate: fc.constantFrom(...USUAL_RATES),
  heavy: fc.subarray([...FAULT_KINDS], { maxLength: 2 }),
  pageSize: fc.constantFrom(3, 7, 50),
  largeBytes: fc.oneof({ weight: 12, arbitrary: fc.constant(1_000) }, { weight: 1, arbitrary: fc.constant(LARGE_BYTES) }),
  before: commandsArbitrary(14),
  commands: commandsArbitrary(14),
});

/** Plays a case. `aloud`: what the engine logs is shown. */
export async function play(given: Case, createSource: (weather: Weather) => Promise<Source>, aloud: boolean): Promise<Outcome> {
  const slowDown = hasten();
  const speakUp = aloud ? () => undefined : silence();
  const clock = new Clock(FIRST_MOMENT);
  const weather = new Weather(given.weatherSeed, { usual: given.usualRate, heavy: given.heavy, heavyRate: 0.2 });
  const source = await createSource(weather);
  const world = new World(weather, clock, source);
  try {
    await live(world, given);
    const calmAt = clock.now;
    await source.calm();
    weather.bad = false;
    const wrong = await settle(world, calmAt);
    const hours = Math.round((clock.now - calmAt) / 3_600_000);
    if (wrong.length === 0) wrong.push(...(await quietly(world)));
    return { wrong, struck: weather.struck, operations: given.before.length + given.commands.length, hours };
  } finally {
    await world.end();
    speakUp();
    slowDown();
  }
}

async function live(world: World, given: Case): Promise<void> {
  await world.source.mutate({ op: "create", path: LASTING_PATH, bytes: 9 });
  const numbered = [...given.before, ...given.commands].map((command, index) => ({ command, name: `n${index}` }));
  for (const { command, name } of numbered.slice(0, given.before.length)) {
    if (command.on === "source") await changeSource(world.source, command, name, given.largeBytes);
  }
  await world.begin();
  for (const { command, name } of numbered.slice(given.before.length)) {
    if (command.on === "source") await changeSource(world.source, command, name, given.largeBytes);
    else if (command.on === "sync") await world.deed(command.deed);
    else world.clock.forward(command.seconds);
    if (command.notify && command.on === "source") await world.notify();
    for (let turn = 0; turn < command.turns; turn += 1) await world.turn();
  }
}

/** Lets everything go on by itself until the copy is true. Only a sync that a person has paused is resumed by them. */
async function settle(world: World, calmAt: number): Promise<string[]> {
  if (await world.isPaused()) await world.deed("resume");
  let wrong = ["nothing was looked at"];
  let looked = "";
  for (let turn = 0; turn < TURNS_MAX && world.clock.now - calmAt < SETTLE_HOURS_MAX * 3_600_000; turn += 1) {
    await world.turn();
    if (world.isCarrying || world.nextAt <= world.clock.now) continue;
    const { activeRun, backlog, checkedAt } = await world.status();
    if (activeRun !== null || backlog.files > 0 || checkedAt === null || checkedAt === looked) continue;
    looked = checkedAt;
    if (!(await looksEqual(world))) continue;
    wrong = await whatIsWrong(world);
    if (wrong.length === 0) return [];
  }
  const status = JSON.stringify(await world.status());
  return [
    ...(wrong.length > 0 && looked !== "" ? await whatIsWrong(world) : wrong),
    `after ${Math.round((world.clock.now - calmAt) / 3_600_000)} hours: ${status}`,
  ];
}

/** A run that finds nothing costs one request, and no row. One in a day lists everything, so that of two runs one may cost more. */
async function quietly(world: World): Promise<string[]> {
  const first = await quietRun(world);
  return first.length === 0 ? first : quietRun(world);
}

async function quietRun(world: World): Promise<string[]> {
  const before = { rows: await catalogueOf(world), requests: await world.source.requests() };
  const { checkedAt } = await world.status();
  for (let turn = 0; turn < 100 && (await world.status()).checkedAt === checkedAt; turn += 1) await world.turn();
  for (let turn = 0; turn < 50 && (await world.status()).activeRun !== null; turn += 1) await world.turn();
  const after = { rows: await catalogueOf(world), requests: await world.source.requests() };
  return [
    ...(after.requests === before.requests + 1 ? [] : [`a quiet run asked the source ${after.requests - before.requests} times`]),
    ...(after.rows === before.rows ? [] : ["a quiet run wrote rows"]),
  ];
}
