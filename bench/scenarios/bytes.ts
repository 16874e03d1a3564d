import { costOf, Person } from "../measure.ts";
import type { Figure, Section } from "../report.ts";
import type { Tidemark } from "../tidemark.ts";

// What a megabyte costs in CPU, by the size of its file, and what memory large files take.

const MIB = 1024 * 1024;
/** More than one put takes: a file of many parts, read back at its end. */
const FIVE_GB = 5_000_000_000;

interface SizeClass {
  name: string;
  files: number;
  bytes: number;
}

export function sizeClasses(quick: boolean): SizeClass[] {
  return quick
    ? [
        { name: "1 MiB", files: 100, bytes: MIB },
        { name: "512 MiB", files: 1, bytes: 512 * MIB },
      ]
    : [
        { name: "100 KiB", files: 1000, bytes: MIB / 10 },
        { name: "1 MiB", files: 400, bytes: MIB },
        { name: "16 MiB", files: 40, bytes: 16 * MIB },
        { name: "5 GB", files: 1, bytes: FIVE_GB },
      ];
}

/** Without what plays R2, which takes more time and memory than all else. */
export async function* bytesAlone(tidemark: Tidemark, quick: boolean): AsyncGenerator<Section> {
  await throwContentsAway(tidemark);
  for (const sizeClass of sizeClasses(quick)) {
    const section = await bytesOf(tidemark, sizeClass);
    yield { ...section, title: `${section.title}, thrown away instead of put` };
  }
}

/** From now on contents are read to their end, and not put. */
export function throwContentsAway(tidemark: Tidemark): Promise<void> {
  return tidemark.post("/_bench/sink", {});
}

export async function bytesOf(tidemark: Tidemark, { name, files, bytes }: SizeClass): Promise<Section> {
  const size = Math.floor(bytes);
  const person = new Person(tidemark, `bytes-${size}-${files}`);
  const ops = Array.from({ length: files }, (_one, index) => ({ op: "create", path: `/file ${index}.bin`, bytes: size }));
  await tidemark.sandbox.mutate(person.account, ops);
  const cost = await costOf(tidemark, async () => {
    const startedAt = Date.now();
    await person.signIn();
    await person.untilChecked(startedAt);
  });
  const stats = await person.stats();
  if (stats.bytes !== size * files) throw new Error(`Not everything is stored: ${JSON.stringify(stats)}`);
  const mebibytes = stats.bytes / MIB;
  const { before, peak, after } = cost.memory;
  const figures: Figure[] = [
    { name: "bytes stored", value: mebibytes / cost.seconds, unit: "MiB/s" },
    { name: "CPU of workerd", value: cost.cpu.workerd / mebibytes, unit: "ms/MiB" },
    { name: "CPU of the sandbox", value: cost.cpu.sandbox / mebibytes, unit: "ms/MiB" },
    { name: "memory before", value: before / MIB, unit: "MiB" },
    { name: "memory at most", value: peak / MIB, unit: "MiB" },
    { name: "memory after", value: after / MIB, unit: "MiB" },
    { name: "of it the Worker's isolate, at most", value: cost.isolate.peak / MIB, unit: "MiB" },
    { name: "the Worker's isolate after", value: cost.isolate.after / MIB, unit: "MiB" },
  ];
  return { title: `${files === 1 ? "one file" : `${files} files`} of ${name}`, figures, details: cost };
}
