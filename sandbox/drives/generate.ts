import { z } from "zod";
import { transaction } from "../database.ts";
import { createRoot, type Account } from "../accounts.ts";
import { DriveError, type DriveTools } from "./drive.ts";
import { fileName, folderName, longNames } from "./generated-names.ts";
import { combine, randomFrom } from "./random.ts";
import { ROOT_N } from "./store.ts";

const FILES_MAX = 5_000_000;
const FOLDERS_MAX = 500_000;
const MEAN_BYTES_MAX = 10 * 1024 ** 3;
const EMPTY_FILES_SHARE = 0.01;
// Sizes are spread around the mean as waiting times are; the tail is cut here.
const SIZE_TO_MEAN_MAX = 8;
const DEPTH_MAX = 12;
const DAY_MS = 86_400_000;
const AGE_DAYS_MAX = 3000;

export const generateSchema = z.strictObject({
  files: z.number().int().min(0).max(FILES_MAX).default(1000),
  folders: z.number().int().min(0).max(FOLDERS_MAX).default(20),
  meanBytes: z.number().int().min(0).max(MEAN_BYTES_MAX).default(4096),
  seed: z.number().int().min(0).max(0xffff_ffff).default(1),
});
export type GenerateOptions = z.infer<typeof generateSchema>;
export type DriveCounts = { files: number; folders: number; bytes: number };

type Tree = { parents: number[]; names: string[]; depths: number[] };

/** Replaces what is in a drive by files that the options alone decide: same names, places and bytes each time. */
export function generateDrive(tools: DriveTools, account: Account, options: GenerateOptions): DriveCounts {
  if (tools.accounts.state(account).folder !== null)
    throw new DriveError(409, "This drive is a folder of your machine: it is not replaced.");
  return transaction(tools.db, () => {
    const now = tools.now();
    emptyDrive(tools, account);
    const tree = folderTree(options);
    const first = tools.accounts.takeNumbers(account, options.folders + options.files);
    let seq = tools.accounts.takeSeqs(account, options.folders + options.files);
    const numberOf = (folder: number): number => (folder < 0 ? ROOT_N : first + folder);
    const files = planFiles(options, tree);

    const sizes = new Float64Array(options.folders);
    const children = new Float64Array(options.folders);
    let rootBytes = 0;
    let rootChildren = 0;
    const add = (folder: number, bytes: number): void => {
      if (folder < 0) {
        rootBytes += bytes;
        rootChildren += 1;
      } else {
        sizes[folder] = (sizes[folder] ?? 0) + bytes;
        children[folder] = (children[folder] ?? 0) + 1;
      }
    };
    for (let i = 0; i < options.files; i++) add(files.folders[i] ?? -1, files.sizes[i] ?? 0);
    for (let i = options.folders - 1; i >= 0; i--) add(tree.parents[i] ?? -1, sizes[i] ?? 0);

    for (let i = 0; i < options.folders; i++) {
      const time = now - Math.floor((combine(options.seed, i) / 2 ** 32) * AGE_DAYS_MAX) * DAY_MS;
      const folder = {
        n: first + i,
        parent: numberOf(tree.parents[i] ?? -1),
        name: tree.names[i] ?? "",
        folder: true,
        size: sizes[i] ?? 0,
      };
      tools.drives.insert(
        account.no,
        { ...folder, children: children[i] ?? 0, created: time, modified: time, source: null, seed: null },
        now,
        seq++,
      );
    }
    const named = new Uint8Array(options.folders + 1);
    for (let i = 0; i < options.files; i++) {
      const folder = files.folders[i] ?? -1;
      const isFirst = named[folder + 1] === 0;
      named[folder + 1] = 1;
      const seed = combine(options.seed + 1, i);
      const time = now - Math.floor((seed / 2 ** 32) * AGE_DAYS_MAX) * DAY_MS;
      const name = i === files.deepest ? (longNames(PARENT_CHAIN + 1).at(-1) ?? "") : fileName(i, combine(options.seed + 2, i), isFirst);
      const file = { n: first + options.folders + i, parent: numberOf(folder), name, folder: false, size: files.sizes[i] ?? 0 };
      tools.drives.insert(account.no, { ...file, created: time, modified: time, source: "computed", seed }, now, seq++);
    }
    tools.drives.grow(account.no, ROOT_N, rootBytes, rootChildren);
    return { files: options.files, folders: options.folders, bytes: rootBytes };
  });
}

/** Takes everything out of a drive and makes its delta tokens worthless, as when a drive is rebuilt. */
export function emptyDrive(tools: DriveTools, account: Account): void {
  tools.drives.clear(account.no);
  tools.accounts.newEpoch(account);
  createRoot(tools.accounts, tools.drives, account, tools.now());
}

// The first folders of a drive that has enough of them are a chain whose path comes near OneDrive's limit.
const PARENT_CHAIN = 5;
const FOLDERS_FOR_CHAIN = 8;

function folderTree(options: GenerateOptions): Tree {
  const random = randomFrom(options.seed);
  const tree: Tree = { parents: [], names: [], depths: [] };
  const chain = options.folders >= FOLDERS_FOR_CHAIN ? longNames(PARENT_CHAIN + 1) : [];
  const chained = chain.length === 0 ? 0 : PARENT_CHAIN;
  for (let i = 0; i < options.folders; i++) {
    // -1 is the root. Nothing but the chain itself goes into the chain: paths there are as long as may be.
    let parent = i < chained ? i - 1 : -1;
    if (i > chained && random() > 0.15) parent = chained + Math.floor(random() * (i - chained));
    if (parent >= 0 && i >= chained && (tree.depths[parent] ?? 0) >= DEPTH_MAX) parent = -1;
    tree.parents.push(parent);
    tree.depths.push(parent < 0 ? 1 : (tree.depths[parent] ?? 0) + 1);
    tree.names.push(i < chained ? (chain[i] ?? "") : folderName(i, combine(options.seed, i)));
  }
  return tree;
}

function planFiles(options: GenerateOptions, tree: Tree): { folders: Int32Array; sizes: Float64Array; deepest: number } {
  const random = randomFrom(options.seed + 3);
  const folders = new Int32Array(options.files);
  const sizes = new Float64Array(options.files);
  const hasChain = tree.parents.length >= FOLDERS_FOR_CHAIN;
  const firstFree = hasChain ? PARENT_CHAIN : 0;
  const free = tree.parents.length - firstFree;
  const deepest = hasChain && options.files > 0 ? options.files - 1 : -1;
  for (let i = 0; i < options.files; i++) {
    const choice = Math.floor(random() * (free + 1)) - 1;
    folders[i] = i === deepest ? PARENT_CHAIN - 1 : choice < 0 ? -1 : firstFree + choice;
    const size = Math.floor(-Math.log(1 - random()) * options.meanBytes);
    sizes[i] = random() < EMPTY_FILES_SHARE ? 0 : Math.min(size, options.meanBytes * SIZE_TO_MEAN_MAX);
  }
  return { folders, sizes, deepest };
}
