import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { ROOT } from "../scripts/local.ts";
import { isMet, type Section, table } from "./report.ts";
import { bytesAlone, bytesOf, sizeClasses, throwContentsAway } from "./scenarios/bytes.ts";
import { costOfRun, figuresOf, hundredChanges, quietRuns, type RunCost } from "./scenarios/changes.ts";
import { firstSync } from "./scenarios/first-sync.ts";
import { hashes } from "./scenarios/hashes.ts";
import { largeDrive, METADATA_ONLY } from "./scenarios/large-drive.ts";
import { deepFolder, wideFolder } from "./scenarios/shapes.ts";
import { startTidemark, type Tidemark } from "./tidemark.ts";

// `npm run bench`: the real Worker in workerd, against the sandbox. A table to the terminal, everything that was counted to a file.

const FIRST_FILES = 10_000;
const QUICK_FIRST_FILES = 1_000;
const DRIVES = [10_000, 100_000];
const QUICK_DRIVES = [2_000, 10_000];
const MILLION = 1_000_000;
/** Of one folder. */
const CHILDREN = 50_000;
const QUICK_CHILDREN = 2_000;

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    million: { type: "boolean", default: false },
    only: { type: "string" },
    out: { type: "string", default: join(ROOT, ".state", "bench.json") },
    files: { type: "string" },
    "throw-away": { type: "boolean", default: false },
  },
});

/** Settings of the Worker that a scenario needs. */
const SETTINGS: Record<string, Record<string, string>> = { drives: METADATA_ONLY, shapes: METADATA_ONLY };

/** In the order in which they run; each in a Tidemark of its own, so that none is measured beside another's memory. */
const SCENARIOS: Record<string, (tidemark: Tidemark) => AsyncGenerator<Section>> = {
  async *hash(tidemark) {
    yield await hashes(tidemark);
  },

  async *first(tidemark) {
    const { section, person } = await firstSync(tidemark, Number(values.files ?? (values.quick ? QUICK_FIRST_FILES : FIRST_FILES)));
    yield section;
    yield await quietRuns(tidemark, person);
    const changes = await costOfRun(tidemark, person, hundredChanges());
    yield { title: "100 changes in it, with their content", figures: figuresOf(changes.run), details: changes.cost };
  },

  async *drives(tidemark) {
    let smaller: RunCost | undefined;
    for (const files of [...(values.quick ? QUICK_DRIVES : DRIVES), ...(values.million ? [MILLION] : [])]) {
      const { section, run } = await largeDrive(tidemark, files, smaller);
      yield section;
      smaller ??= run;
    }
  },

  async *shapes(tidemark) {
    const usual = values.quick ? QUICK_CHILDREN : CHILDREN;
    yield await wideFolder(tidemark, Number(values.files ?? (values.million ? MILLION / 2 : usual)));
    yield await deepFolder(tidemark);
  },

  async *bytes(tidemark) {
    for (const sizeClass of sizeClasses(values.quick)) yield await bytesOf(tidemark, sizeClass);
  },

  async *stream(tidemark) {
    yield* bytesAlone(tidemark, values.quick);
  },
};

const names = Object.keys(SCENARIOS).filter((name) => values.only === undefined || name === values.only);
if (names.length === 0) throw new Error(`There is no "${values.only}". There are: ${Object.keys(SCENARIOS).join(", ")}.`);

const machine = `${cpus()[0]?.model ?? "unknown CPU"}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
console.log(`${machine}\n`);
const sections: Section[] = [];
for (const name of names) await run(name);
mkdirSync(dirname(values.out), { recursive: true });
writeFileSync(values.out, `${JSON.stringify({ at: new Date().toISOString(), machine, sections }, null, 2)}\n`);
console.log(`\n${table(sections)}\n\nEverything that was counted: ${values.out}`);
const missed = sections.flatMap((section) =>
  section.figures.filter((figure) => isMet(figure) === false).map((figure) => `${section.title}: ${figure.name}`),
);
if (missed.length > 0) console.log(`\nMissed:\n${missed.map((line) => `  ${line}`).join("\n")}`);

async function run(name: string): Promise<void> {
  const tidemark = await startTidemark(SETTINGS[name]);
  const stop = () => void tidemark.stop().then(() => process.exit(130));
  process.once("SIGINT", stop).once("SIGTERM", stop);
  try {
    if (values["throw-away"]) await throwContentsAway(tidemark);
    for await (const section of SCENARIOS[name]?.(tidemark) ?? []) {
      sections.push(section);
      console.log(`${table([section])}\n`);
    }
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
    await tidemark.stop();
  }
}
