import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { unstable_readConfig as readConfig } from "wrangler";
import type { LocalSettings } from "../local.ts";
import { ownVars, ROOT } from "../local.ts";
import type { DeployConfig, Settings } from "./settings.ts";

// Where settings come from. What is named later wins.

/** wrangler.toml's plain settings, and what a deployment depends on. */
export function readWrangler(): { vars: Settings; deploy: DeployConfig } {
  const config = readConfig({ config: join(ROOT, "wrangler.toml") }, { hideWarnings: true });
  const vars = { ...config.vars } as Settings;
  const routes = [...(config.routes ?? []), ...(config.route === undefined ? [] : [config.route])];
  return {
    vars,
    deploy: {
      databaseId: config.d1_databases.find((database: { binding: string }) => database.binding === "DB")?.database_id,
      origin: vars["ORIGIN"],
      routes: routes.map((route) => (typeof route === "string" ? route : route.pattern)),
      workersDev: config.workers_dev === true,
    },
  };
}

/** As `npm start` gives them to the Worker: wrangler.toml, then `.dev.vars`. */
export function localSource(vars: Settings, local: LocalSettings): Settings {
  return { ...vars, ORIGIN: local.origin, ...ownVars() };
}

/** As the last `npm start` gave them to the Worker; null where there was none. */
export function runningSource(vars: Settings, local: LocalSettings): Settings | null {
  const file = join(local.stateDir, "worker.env");
  return existsSync(file) ? { ...vars, ...parseEnv(readFileSync(file, "utf8")) } : null;
}

/** For Cloudflare: wrangler.toml, then the secrets of a file. */
export function deploySource(vars: Settings, secretsFile: string | undefined): Settings {
  if (secretsFile === undefined) return vars;
  if (!existsSync(secretsFile)) throw new Error(`There is no file ${secretsFile}.`);
  const text = readFileSync(secretsFile, "utf8");
  return { ...vars, ...(text.trimStart().startsWith("{") ? (JSON.parse(text) as Settings) : parseEnv(text)) };
}
