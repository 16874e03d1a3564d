#!/usr/bin/env node
// Plain JavaScript, which any Node can read: the rest is TypeScript, which an old one stumbles over without saying why.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const NODE_MAJOR_MIN = 24;
/** The Node that `npm ci` brings. */
const OWN_NODE = fileURLToPath(new URL("../node_modules/node/bin/node", import.meta.url));

if (Number(process.versions.node.split(".")[0]) >= NODE_MAJOR_MIN) {
  await import("./main.ts");
} else if (existsSync(OWN_NODE)) {
  const main = fileURLToPath(new URL("main.ts", import.meta.url));
  const { status, error } = spawnSync(OWN_NODE, [main, ...process.argv.slice(2)], { stdio: "inherit" });
  if (error) throw error;
  process.exitCode = status ?? 1;
} else {
  console.error(`tidemark needs Node ${NODE_MAJOR_MIN} or newer, and this is ${process.versions.node}. Run npm ci, which brings one.`);
  process.exitCode = 1;
}
