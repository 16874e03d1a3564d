import { runToEnd } from "./local.ts";

// `npm run check`: all that reads the code without running it, side by side. What each says is shown when it ends.

const CHECKS = ["check:web", "check:types", "check:lint"];

async function check(name: string): Promise<boolean> {
  const { code, output } = await runToEnd("npm", ["run", "--silent", name]);
  console.log(`\n== ${name}: ${code === 0 ? "good" : `failed (${code ?? "killed"})`}\n${output.trim()}`);
  return code === 0;
}

const good = await Promise.all(CHECKS.map(check));
process.exitCode = good.every(Boolean) ? 0 : 1;
