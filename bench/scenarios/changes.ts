import type { Cost, Person } from "../measure.ts";
import { costOf, sum } from "../measure.ts";
import type { Figure, Section } from "../report.ts";
import type { Tidemark } from "../tidemark.ts";

// A hundred changes, and none at all, in a drive that is known.

const PLANTED = 100;
const BYTES = 2_000;
const QUIET_RUNS = 20;
/** "Does not grow": by how the changes happen to fall on pages, a little. */
const GROWTH_MAX = 1.1;

const pathOf = (index: number) => `/bench/file ${index}.txt`;

/** Puts files of known names into a drive, before it is listed, to be changed later. */
export async function plantBenchFiles({ sandbox }: Tidemark, { account }: Person): Promise<void> {
  const ops = Array.from({ length: PLANTED }, (_one, index) => ({ op: "create", path: pathOf(index), bytes: BYTES }));
  await sandbox.mutate(account, ops);
}

/** 40 updated, 20 renamed, 10 moved, 10 deleted, 20 created. */
export function hundredChanges(): object[] {
  return Array.from({ length: PLANTED }, (_one, index) => {
    if (index < 40) return { op: "update", path: pathOf(index), bytes: BYTES };
    if (index < 60) return { op: "rename", path: pathOf(index), name: `renamed ${index}.txt` };
    if (index < 70) return { op: "move", path: pathOf(index), to: "/bench/moved" };
    if (index < 80) return { op: "delete", path: pathOf(index) };
    return { op: "create", path: `/bench/new ${index}.txt`, bytes: BYTES };
  });
}

export interface RunCost {
  seconds: number;
  requests: number;
  d1Rows: number;
  objectRows: number;
  /** Times that the object made something durable in one go. */
  steps: number;
  d1Statements: number;
  cpuMilliseconds: number;
}

/** What a run brought by the clock costs after these changes. The source does not notify: one run is what is measured. */
export async function costOfRun(tidemark: Tidemark, person: Person, ops: readonly object[]): Promise<{ run: RunCost; cost: Cost }> {
  await tidemark.sandbox.call("POST", "/notifications", { mode: "suppress" });
  if (ops.length > 0) await tidemark.sandbox.mutate(person.account, ops);
  await person.makeDue();
  const cost = await costOf(tidemark, () => person.runBySchedule());
  await tidemark.sandbox.call("POST", "/notifications", { mode: "normal" });
  const run = {
    seconds: cost.seconds,
    requests: cost.requests.total,
    d1Rows: sum(cost.counts, /^d1\.rows$/),
    objectRows: sum(cost.counts, /^object\.rows$/),
    steps: sum(cost.counts, /^object\.transactions$/),
    d1Statements: sum(cost.counts, /^d1\..*\.statements$/),
    cpuMilliseconds: cost.cpu.workerd,
  };
  return { run, cost };
}

/** Runs that the clock brings and that find nothing, on the average of a few. */
export async function quietRuns(tidemark: Tidemark, person: Person): Promise<Section> {
  await tidemark.sandbox.call("POST", "/notifications", { mode: "suppress" });
  const cost = await costOf(tidemark, async () => {
    for (let run = 0; run < QUIET_RUNS; run += 1) {
      await person.makeDue();
      await person.runBySchedule();
    }
  });
  await tidemark.sandbox.call("POST", "/notifications", { mode: "normal" });
  const each = (names: RegExp) => sum(cost.counts, names) / QUIET_RUNS;
  return {
    title: `a run that finds nothing, the mean of ${QUIET_RUNS}`,
    figures: [
      { name: "provider requests", value: cost.requests.total / QUIET_RUNS, unit: "", goal: 1 },
      { name: "D1 rows", value: each(/^d1\.rows$/), unit: "", goal: 0 },
      { name: "D1 rows read", value: each(/^d1\.rowsRead$/), unit: "", note: "with those of the bench's own questions" },
      // One is the bench's, which makes the sync due.
      { name: "object rows", value: each(/^object\.rows$/) - 1, unit: "" },
      { name: "object calls", value: each(/^object\.(wake|alarm)\.calls$/), unit: "" },
      { name: "object's time", value: each(/^object\.active\.ms$/), unit: "ms" },
      { name: "CPU of workerd", value: cost.cpu.workerd / QUIET_RUNS, unit: "ms", note: "with the bench's own questions" },
    ],
    details: cost,
  };
}

/** A run's figures; beside an earlier one's, that of a smaller drive, also by how much they have grown. */
export function figuresOf(run: RunCost, smaller?: RunCost): Figure[] {
  const figure = (name: string, field: keyof RunCost, held: boolean): Figure => {
    const growth = smaller && smaller[field] > 0 ? run[field] / smaller[field] : undefined;
    return {
      name,
      value: run[field],
      unit: "",
      ...(held && smaller ? { goal: smaller[field] * GROWTH_MAX } : {}),
      ...(growth === undefined ? {} : { note: `${growth.toFixed(2)} times the smaller drive's` }),
    };
  };
  return [
    figure("provider requests", "requests", true),
    figure("D1 rows", "d1Rows", true),
    figure("object rows", "objectRows", true),
    figure("durable steps", "steps", true),
    figure("D1 statements", "d1Statements", true),
    figure("seconds", "seconds", false),
  ];
}
