import { join } from "node:path";
import type { DeployConfig } from "../doctor/settings.ts";

// What a deployment consists of, in order. No I/O.

export interface Step {
  title: string;
  command: string;
  args: string[];
  /** Below the project's folder. */
  folder?: string;
}

export interface DeployOptions {
  dryRun: boolean;
  secretsFile: string | undefined;
}

/** A dry run builds everything and asks nobody: it needs no account. Tables change before the Worker that needs them arrives. */
export function deploySteps(options: DeployOptions, config: DeployConfig): Step[] {
  const build: Step = { title: "Building the web app", command: "vite", args: ["build"], folder: "web" };
  if (options.dryRun) {
    const outdir = join("dist", "worker");
    return [build, { title: "Bundling the Worker", command: "wrangler", args: ["deploy", "--dry-run", "--outdir", outdir] }];
  }
  const secrets = options.secretsFile === undefined ? [] : ["--secrets-file", options.secretsFile];
  return [
    { title: "Checking the code", command: "npm", args: ["run", "check"] },
    build,
    { title: "Migrating the database", command: "wrangler", args: ["d1", "migrations", "apply", "DB", "--remote"] },
    { title: "Deploying the Worker", command: "wrangler", args: ["deploy", ...domainOf(config), ...secrets] },
  ];
}

/** Without routes of its own, the Worker gets ORIGIN's host as a custom domain. */
function domainOf({ origin, routes }: DeployConfig): string[] {
  const host = URL.parse(origin ?? "")?.hostname ?? "";
  return routes.length > 0 || host === "" || host.endsWith(".workers.dev") ? [] : ["--domain", host];
}
