import { readdirSync, readFileSync, writeFileSync } from "node:fs";

// What a process uses, as Linux tells it.

/** USER_HZ is 100 on every Linux that Node runs on. */
const TICK_MILLISECONDS = 10;
const KIB = 1024;

export interface Process {
  pid: number;
  name: string;
}

/** All processes that this one started, and those that they started. */
export function processesBelow(pid: number): Process[] {
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => stat(Number(name)) ?? []);
  const below = all.filter((one) => one.parent === pid);
  return below.flatMap((one) => [{ pid: one.pid, name: one.name }, ...processesBelow(one.pid)]);
}

/** CPU time so far, in user and system mode, of all threads. Milliseconds. */
export function cpuOf({ pid }: Process): number {
  return stat(pid)?.cpuMilliseconds ?? 0;
}

/** Memory in use now, and the most since `forgetPeak`. Bytes. */
export function memoryOf({ pid }: Process): { now: number; peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0);
  return { now: kib("VmRSS") * KIB, peak: kib("VmHWM") * KIB };
}

/** Has the peak counted from now on. */
export function forgetPeak({ pid }: Process): void {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}

function stat(pid: number): { pid: number; name: string; parent: number; cpuMilliseconds: number } | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    // It has ended.
    return null;
  }
  // The name stands in brackets and may hold anything.
  const end = text.lastIndexOf(")");
  const fields = text.slice(end + 2).split(" ");
  const cpuMilliseconds = (Number(fields[11]) + Number(fields[12])) * TICK_MILLISECONDS;
  return { pid, name: text.slice(text.indexOf("(") + 1, end), parent: Number(fields[1]), cpuMilliseconds };
}
