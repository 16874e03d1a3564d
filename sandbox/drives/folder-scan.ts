import { createHash } from "node:crypto";
import { constants, type BigIntStats, type Dirent } from "node:fs";
import { access, lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { DriveRules } from "./names.ts";
import { foldName } from "./store.ts";

const DEPTH_MAX = 100;
const LEFT_OUT_MAX = 1000;

/** A file or folder of a real folder; `inode` is the same for as long as it exists, whatever it is called. */
export type DiskEntry = {
  name: string;
  folder: boolean;
  inode: string;
  size: number;
  modifiedNs: string;
  modified: number;
  created: number;
  entries: DiskEntry[];
};
export type LeftOut = { path: string; why: string };
export type Scan = { entries: DiskEntry[]; leftOut: LeftOut[]; leftOutCount: number; fingerprint: string };

/** Reads a whole folder. Symbolic links are not followed; what the drive could not hold, or nobody can read, is left out and listed. */
export async function scanFolder(root: string, rules: DriveRules): Promise<Scan> {
  const fingerprint = createHash("sha1");
  const leftOut: LeftOut[] = [];
  let leftOutCount = 0;
  const leave = (path: string, why: string): void => {
    leftOutCount += 1;
    if (leftOut.length < LEFT_OUT_MAX) leftOut.push({ path, why });
  };

  async function read(folder: string, path: string, depth: number): Promise<DiskEntry[]> {
    const listing = await readdir(folder, { withFileTypes: true });
    const taken = new Set<string>();
    const wanted: Dirent[] = [];
    for (const entry of listing.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const why =
        refusal(rules, entry, `${path}/${entry.name}`, depth) ??
        (!rules.caseSensitive && taken.has(foldName(entry.name)) ? "its name differs from another's in case only" : undefined);
      if (why === undefined) wanted.push(entry);
      else leave(`${path}/${entry.name}`, why);
      taken.add(foldName(entry.name));
    }
    const entries: DiskEntry[] = [];
    for (const { entry, stats } of await Promise.all(wanted.map((one) => inspect(folder, one)))) {
      const at = `${path}/${entry.name}`;
      if (stats === "unreadable") leave(at, "it cannot be read");
      if (stats === "gone" || stats === "unreadable") continue;
      const made = toEntry(entry.name, stats);
      if (made.folder) {
        const below = await read(join(folder, entry.name), at, depth + 1).catch((error: unknown) => unreadable(error));
        if (below === "unreadable") leave(at, "it cannot be read");
        if (typeof below === "string") continue;
        made.entries = below;
      }
      fingerprint.update(`${at}\0${made.inode}\0${made.folder ? "" : `${made.size} ${made.modifiedNs}`}\n`);
      entries.push(made);
    }
    return entries;
  }
  const entries = await read(root, "", 1);
  return { entries, leftOut, leftOutCount, fingerprint: fingerprint.digest("hex") };
}

function refusal(rules: DriveRules, entry: Dirent, path: string, depth: number): string | undefined {
  if (entry.isSymbolicLink()) return "it is a symbolic link";
  if (!entry.isFile() && !entry.isDirectory()) return "it is neither a file nor a folder";
  if (entry.name.includes("\ufffd")) return "its name is not valid UTF-8";
  const problem = rules.nameProblem(entry.name);
  if (problem !== undefined) return `it has ${problem}`;
  if (path.length - 1 > rules.pathLengthMax) return `its path is longer than ${rules.pathLengthMax} characters`;
  return depth > DEPTH_MAX ? "it is too deep" : undefined;
}

async function inspect(folder: string, entry: Dirent): Promise<{ entry: Dirent; stats: BigIntStats | "gone" | "unreadable" }> {
  const path = join(folder, entry.name);
  try {
    const stats = await lstat(path, { bigint: true });
    if (entry.isFile()) await access(path, constants.R_OK);
    return { entry, stats };
  } catch (error) {
    return { entry, stats: unreadable(error) };
  }
}

// Files come and go while a folder is read.
function unreadable(error: unknown): "gone" | "unreadable" {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT" || code === "ENOTDIR") return "gone";
  if (code === "EACCES" || code === "EPERM" || code === "EIO") return "unreadable";
  throw error;
}

function toEntry(name: string, stats: BigIntStats): DiskEntry {
  const folder = stats.isDirectory();
  const modified = Number(stats.mtimeMs);
  return {
    name,
    folder,
    // File systems give the number of a deleted file to the next new one: the time of birth tells them apart.
    inode: `${stats.dev}:${stats.ino}:${stats.birthtimeNs}`,
    size: folder ? 0 : Number(stats.size),
    modifiedNs: String(stats.mtimeNs),
    modified,
    created: Math.min(Number(stats.birthtimeMs) || modified, modified),
    entries: [],
  };
}
