import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildWeb, localSettings, migrate, workerState } from "../../../scripts/local.ts";

/** Where files find it that start a Tidemark each. */
export const MIGRATED_STATE = "E2E_MIGRATED_STATE";

/** What every Tidemark begins with is made once, before files that start one each run side by side: the web app, and an empty database. */
export async function setup(): Promise<() => void> {
  const stateDir = mkdtempSync(join(tmpdir(), "tidemark-e2e-new-"));
  const settings = localSettings({ STATE_DIR: stateDir });
  await Promise.all([buildWeb(), migrate(settings)]);
  process.env[MIGRATED_STATE] = workerState(settings);
  return () => rmSync(stateDir, { recursive: true, force: true });
}
