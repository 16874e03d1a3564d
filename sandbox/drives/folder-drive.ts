import { watch, type FSWatcher } from "node:fs";
import { stat } from "node:fs/promises";
import type { Account } from "../accounts.ts";
import type { DriveTools } from "./drive.ts";
import { reconcile } from "./folder-reconcile.ts";
import { scanFolder, type LeftOut } from "./folder-scan.ts";
import { emptyDrive } from "./generate.ts";

const SETTLE_MS = 250;
// The file system tells of most changes; reading the folder again finds the others, in at most a tenth of the time.
const RESCAN_MS = 1500;
const RESCAN_TO_SCAN_TIME = 10;

/** `product`: what the drive is called. */
export type FolderDrive = { path: string; product: string; leftOut: () => { listed: LeftOut[]; count: number }; close: () => void };

/** Makes a folder of this machine an account's drive, and keeps it so as the folder changes. It is never written to. */
export async function openFolderDrive(tools: DriveTools, account: Account, path: string, onChanged: () => void): Promise<FolderDrive> {
  const stats = await stat(path).catch(() => undefined);
  if (stats?.isDirectory() !== true) throw new Error(`${path} is not a folder that can be read.`);
  if (tools.accounts.state(account).folder !== path) {
    emptyDrive(tools, account);
    tools.accounts.setFolder(account, path);
  }
  let closed = false;
  const rules = tools.accounts.rules(account);
  let last = await scanFolder(path, rules);
  reconcile(tools, account, last.entries);

  const rescan = async (): Promise<void> => {
    const next = await scanFolder(path, rules);
    if (closed || next.fingerprint === last.fingerprint) return;
    last = next;
    if (reconcile(tools, account, next.entries) > 0) onChanged();
  };

  let timer: NodeJS.Timeout | undefined;
  let running = false;
  let touched = false;
  const plan = (delayMs: number): void => {
    clearTimeout(timer);
    if (!closed) timer = setTimeout(() => void run(), delayMs).unref();
  };
  async function run(): Promise<void> {
    running = true;
    touched = false;
    const begun = performance.now();
    try {
      await rescan();
    } catch (error) {
      console.error(`The folder ${path} could not be read; its drive stays as it was.`, error);
    }
    running = false;
    plan(touched ? SETTLE_MS : Math.max(RESCAN_MS, (performance.now() - begun) * RESCAN_TO_SCAN_TIME));
  }
  const watcher = watchFolder(path, () => {
    if (running) touched = true;
    else if (!touched) {
      touched = true;
      plan(SETTLE_MS);
    }
  });
  plan(RESCAN_MS);
  return {
    path,
    product: rules.product,
    leftOut: () => ({ listed: last.leftOut, count: last.leftOutCount }),
    close: () => {
      closed = true;
      clearTimeout(timer);
      watcher?.close();
    },
  };
}

// A folder that cannot be watched, for there are too many below it, is read again and again.
function watchFolder(path: string, onEvent: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(path, { recursive: true, persistent: false }, onEvent);
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch (error) {
    console.error(`Changes in ${path} are found by reading it again:`, error instanceof Error ? error.message : error);
    return undefined;
  }
}
