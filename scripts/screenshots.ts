import { spawnSync } from "node:child_process";
import { globSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { browserMissing } from "../test/e2e/support/browser.ts";
import { ROOT } from "./local.ts";

// `npm run screenshots [-- FOLDER]`: every page in each of its states, light, dark and on a phone, as the end-to-end tests see it.

const folder = resolve(process.argv[2] ?? ".state/screenshots");
const missing = browserMissing();
if (missing !== undefined) throw new Error(missing);
mkdirSync(folder, { recursive: true });
const tests = globSync("test/e2e/*.test.ts", { cwd: ROOT }).filter((file) => /openBrowser/.test(readFileSync(join(ROOT, file), "utf8")));
const { status } = spawnSync(join(ROOT, "node_modules/.bin/vitest"), ["run", "--project", "e2e", ...tests], {
  cwd: ROOT,
  env: { ...process.env, E2E_SCREENSHOTS: folder },
  stdio: "inherit",
});
console.log(`${readdirSync(folder).filter((name) => name.endsWith(".png")).length} pictures are in ${folder}`);
process.exitCode = status ?? 1;
