import { spawn } from "node:child_process";
import { ROOT } from "./local.ts";

// `npm run check`: all that reads the code without running it, side by side. What each says is shown when it ends.

const CHECKS = ["check:web", "check:types", "check:lint"];

async function check(name: string): Promise<boolean> {
  const child = spawn("npm", ["run", "--silent", name], { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((end, fail) => child.once("error", fail).once("close", end));
  console.log(`\n== ${name}: ${code === 0 ? "good" : `failed (${code ?? "killed"})`}\n${output.trim()}`);
  return code === 0;
}

const good = await Promise.all(CHECKS.map(check));
process.exitCode = good.every(Boolean) ? 0 : 1;
