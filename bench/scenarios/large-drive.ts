import { costOf, Person, sum } from "../measure.ts";
import type { Figure, Section } from "../report.ts";
import type { Tidemark } from "../tidemark.ts";
import type { RunCost } from "./changes.ts";
import { costOfRun, figuresOf, hundredChanges, plantBenchFiles } from "./changes.ts";

// A drive whose metadata alone is kept: how fast it is listed, in how much memory, and what a few changes in it cost.

const FILES_PER_FOLDER = 50;
/** Small: the sandbox computes what it lists the hash of. */
const MEAN_BYTES = 1_000;
/** Settings of the Worker: no drive is small enough for its content to follow by itself. */
export const METADATA_ONLY = { AUTO_START_BYTES: "1" };
const MIB = 1024 * 1024;

export async function largeDrive(tidemark: Tidemark, files: number, smaller?: RunCost): Promise<{ section: Section; run: RunCost }> {
  const person = new Person(tidemark, `large-${files}`);
  await tidemark.sandbox.generate(person.account, { files, folders: Math.ceil(files / FILES_PER_FOLDER), meanBytes: MEAN_BYTES, seed: 2 });
  await plantBenchFiles(tidemark, person);
  const listing = await costOf(tidemark, async () => {
    const startedAt = Date.now();
    await person.signIn();
    await person.untilChecked(startedAt);
  });
  const { items } = await person.stats();
  const { run, cost } = await costOfRun(tidemark, person, hundredChanges());
  const { memory } = listing;
  const figures: Figure[] = [
    { name: "items listed", value: items / listing.seconds, unit: "items/s" },
    { name: "provider requests", value: (listing.requests.total / items) * 1000, unit: "per 1000 items" },
    { name: "D1 rows", value: sum(listing.counts, /^d1\.rows$/) / items, unit: "per item" },
    { name: "object rows", value: sum(listing.counts, /^object\.rows$/) / items, unit: "per item" },
    { name: "CPU of workerd", value: listing.cpu.workerd / items, unit: "ms/item" },
    { name: "memory before", value: memory.before / MIB, unit: "MiB" },
    { name: "memory at most", value: memory.peak / MIB, unit: "MiB" },
    { name: "memory after", value: memory.after / MIB, unit: "MiB" },
    ...figuresOf(run, smaller).map((figure) => ({ ...figure, name: `100 changes: ${figure.name}` })),
  ];
  return { section: { title: `a drive of ${items} items, metadata only`, figures, details: { listing, changes: cost } }, run };
}
