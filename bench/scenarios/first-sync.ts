import type { Cost } from "../measure.ts";
import { costOf, Person, sum } from "../measure.ts";
import { bucketOperations, dollars, queueOperations } from "../prices.ts";
import type { Figure, Section } from "../report.ts";
import type { Tidemark } from "../tidemark.ts";
import { plantBenchFiles } from "./changes.ts";

// The first sync of a drive of small files, from the click to the last byte.

const FILES_PER_FOLDER = 50;
const MEAN_BYTES = 20_000;
const MIB = 1024 * 1024;

export async function firstSync(tidemark: Tidemark, files: number): Promise<{ section: Section; person: Person }> {
  const person = new Person(tidemark, `first-${files}`);
  const folders = Math.ceil(files / FILES_PER_FOLDER);
  await tidemark.sandbox.generate(person.account, { files, folders, meanBytes: MEAN_BYTES, seed: 1 });
  await plantBenchFiles(tidemark, person);
  const cost = await costOf(tidemark, async () => {
    const startedAt = Date.now();
    await person.signIn();
    await person.untilChecked(startedAt);
  });
  const stats = await person.stats();
  if (stats.stored !== stats.files || stats.failed > 0) throw new Error(`Not everything is stored: ${JSON.stringify(stats)}`);
  return {
    person,
    section: {
      title: `first sync of ${stats.files} files of ${MEAN_BYTES / 1000} kB`,
      figures: [...speed(cost, stats), ...perFile(cost, stats), ...money(cost, stats.files)],
      details: { stats, cost },
    },
  };
}

interface Stats {
  items: number;
  files: number;
  bytes: number;
}

function speed({ seconds, cpu }: Cost, { files, bytes }: Stats): Figure[] {
  return [
    { name: "files stored", value: files / seconds, unit: "files/s", note: "a floor: local queues hand over one batch after another" },
    { name: "bytes stored", value: bytes / MIB / seconds, unit: "MiB/s", note: "a floor, as above" },
    { name: "CPU of workerd", value: cpu.workerd / files, unit: "ms/file", note: "with what plays D1, R2 and the queues" },
    { name: "CPU of the sandbox", value: cpu.sandbox / files, unit: "ms/file" },
  ];
}

function perFile(cost: Cost, { files, items }: Stats): Figure[] {
  const { counts } = cost;
  const changes = sum(counts, /^d1\.insert items\.changes$/);
  const inserted = sum(counts, /^d1\.insert items\.rows$/);
  const settled = sum(counts, /^d1\.update items\.rows$/);
  const all = sum(counts, /^d1\.rows$/);
  const ofFiles = (inserted * files) / items + settled;
  const bucket = bucketOperations(cost);
  return [
    { name: "provider requests", value: cost.requests.total / files, unit: "per file", goal: 1.02 },
    { name: "queue operations", value: queueOperations(cost) / files, unit: "per file" },
    { name: "D1 rows: item", value: changes / items, unit: "per item" },
    { name: "D1 rows: parent index", value: (inserted - changes) / items, unit: "per item" },
    { name: "D1 rows: settlement", value: settled / files, unit: "per file" },
    { name: "D1 rows", value: ofFiles / files, unit: "per file", goal: 3, note: "these three" },
    { name: "D1 rows: all else", value: all - inserted - settled, unit: "in all", note: "sign-in, run, log, totals" },
    { name: "D1 size", value: sum(counts, /^d1\.bytes$/) / items, unit: "bytes per item" },
    { name: "object's size", value: sum(counts, /^object\.bytes$/) / 1000, unit: "kB", note: "at the end, without its jobs" },
    { name: "D1 rows read", value: sum(counts, /^d1\.rowsRead$/) / files, unit: "per file" },
    { name: "object rows", value: sum(counts, /^object\.rows$/) / files, unit: "per file", goal: 0.1 },
    { name: "R2 class A", value: bucket.classA / files, unit: "per file" },
    { name: "R2 class B", value: bucket.classB / files, unit: "per file" },
    { name: "R2 deletes", value: bucket.free / files, unit: "per file", note: "free" },
  ];
}

function money(cost: Cost, files: number): Figure[] {
  const million = Object.entries(dollars(cost)).map(([name, value]) => ({
    name: `cost: ${name}`,
    value: (value / files) * 1e6,
    unit: "$ per million files",
  }));
  const total = million.reduce((sumSoFar, { value }) => sumSoFar + value, 0);
  return [
    ...million,
    { name: "cost of a million new files", value: total, unit: "$", goal: 8, note: "without keeping them: $15 a TB and month" },
  ];
}
