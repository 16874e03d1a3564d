import { spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Step } from "./deploy/steps.ts";
import { deploySteps } from "./deploy/steps.ts";
import { toText } from "./doctor/finding.ts";
import { checkDeployConfig, checkSettings } from "./doctor/settings.ts";
import { deploySource, readWrangler } from "./doctor/sources.ts";
import { ROOT } from "./local.ts";

// `npm run deploy`: checks, builds, migrates the database, deploys.
//   --dry-run            builds the web app and bundles the Worker; needs no account and no secrets
//   --secrets-file FILE  secrets to set with the deployment: the first one needs them

const { values } = parseArgs({ options: { "dry-run": { type: "boolean" }, "secrets-file": { type: "string" } } });

try {
  await deploy();
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function deploy(): Promise<void> {
  const dryRun = values["dry-run"] === true;
  const file = values["secrets-file"];
  const secretsFile = file === undefined ? undefined : resolve(process.env["INIT_CWD"] ?? process.cwd(), file);
  const { vars, deploy: config } = readWrangler();
  if (!dryRun) {
    const findings = [...(await checkSettings(deploySource(vars, secretsFile), "deployed")), ...checkDeployConfig(config)];
    const problems = findings.filter((finding) => finding.verdict === "problem");
    if (problems.length > 0) throw new Error(`This cannot be deployed yet:\n${problems.map(toText).join("\n")}`);
  }
  for (const step of deploySteps({ dryRun, secretsFile }, config)) await run(step);
  if (dryRun) console.log("\nEverything builds. Nothing was deployed.\n");
  else console.log(`\nDeployed to ${config.origin}. To see whether it works: npm run doctor -- --deploy\n`);
}

async function run({ title, command, args, folder }: Step): Promise<void> {
  console.log(`\n${title} …`);
  const env = {
    ...process.env,
    PATH: `${join(ROOT, "node_modules", ".bin")}:${process.env["PATH"] ?? ""}`,
    WRANGLER_SEND_METRICS: "false",
  };
  const child = spawn(command, args, { cwd: join(ROOT, folder ?? "."), env, stdio: "inherit" });
  const code = await new Promise<number | null>((end, fail) => child.once("error", fail).once("close", end));
  if (code !== 0) throw new Error(`${title} failed: ${command} ${args.join(" ")}`);
}
