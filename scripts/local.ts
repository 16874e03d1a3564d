import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { parseEnv } from "node:util";
import { databaseFile, isMigrated } from "./local/database.ts";
import { sandboxVars } from "./local/sandbox-vars.ts";
import { localWranglerConfig } from "./local/wrangler-config.ts";

// A Tidemark on this machine: where its state lives, which settings it gets, and the processes that make it up.

export const ROOT = resolve(import.meta.dirname, "..");
const BIN = join(ROOT, "node_modules", ".bin");
/** One of these in `.dev.vars` means real vendors. */
const REGISTRATIONS = ["MICROSOFT_CLIENT_ID", "GOOGLE_CLIENT_ID", "DROPBOX_CLIENT_ID", "ATLASSIAN_CLIENT_ID", "AUTODESK_CLIENT_ID"];

export interface LocalSettings {
  port: number;
  sandboxPort: number;
  /** Where the sandbox's mail provider is read by IMAP. */
  mailPort: number;
  stateDir: string;
  /** True: the sandbox plays the vendors. False: `.dev.vars` names a real app registration. */
  sandbox: boolean;
  origin: string;
}

export function localSettings(env: NodeJS.ProcessEnv = process.env): LocalSettings {
  const port = portOf(env["PORT"], "PORT", 8787);
  const own = ownVars();
  return {
    port,
    sandboxPort: portOf(env["SANDBOX_PORT"], "SANDBOX_PORT", 8790),
    mailPort: portOf(env["MAIL_PORT"], "MAIL_PORT", 8143),
    stateDir: resolve(ROOT, env["STATE_DIR"] ?? ".state"),
    sandbox: !REGISTRATIONS.some((name) => own[name]),
    origin: own["ORIGIN"] ?? `http://localhost:${port}`,
  };
}

function portOf(value: string | undefined, name: string, fallback: number): number {
  const port = value === undefined || value === "" ? fallback : Number(value);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new Error(`${name} is "${value}", which is no port. Use a number from 1 to 65535.`);
  return port;
}

/** The operator's own settings for this machine, from `.dev.vars`. */
export function ownVars(): Record<string, string | undefined> {
  const file = join(ROOT, ".dev.vars");
  return existsSync(file) ? parseEnv(readFileSync(file, "utf8")) : {};
}

/** Throws, in words, where a port is taken. */
export async function requireFreePort(port: number, name: string): Promise<void> {
  const free = await new Promise<boolean>((answer) => {
    const server = createServer()
      .once("error", () => answer(false))
      .once("listening", () => server.close(() => answer(true)))
      .listen(port, "localhost");
  });
  if (!free) throw new Error(`Port ${port} is in use. Stop what uses it, or choose another: ${name}=${port + 10} npm start`);
}

/** Writes the Worker's settings for this machine to a file that only its owner can read; answers its path. */
export function writeVars(settings: LocalSettings, more: Record<string, string> = {}): string {
  mkdirSync(settings.stateDir, { recursive: true });
  const vars: Record<string, string> = {
    ORIGIN: settings.origin,
    MASTER_KEYS: masterKeys(settings.stateDir),
    // The local runtime sends no mail: it lists what it was given.
    ...(settings.sandbox ? { MAIL_FROM: "Tidemark <tidemark@tidemark.example>", ...sandboxVars(settings.sandboxPort) } : {}),
    ...definedOf(ownVars()),
    ...more,
  };
  const file = join(settings.stateDir, "worker.env");
  const lines = Object.entries(vars).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  writeFileSync(file, `${lines.join("\n")}\n`, { mode: 0o600 });
  return file;
}

function definedOf(vars: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(vars).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

/** This machine's master key: made once, and kept as long as the state that it seals. */
function masterKeys(stateDir: string): string {
  const file = join(stateDir, "master-keys");
  if (!existsSync(file)) writeFileSync(file, `local:${randomBytes(32).toString("base64url")}`, { mode: 0o600 });
  return readFileSync(file, "utf8").trim();
}

/** Runs a tool of the project to its end. Throws with its output where it fails. */
export async function runTool(name: string, args: readonly string[], cwd = ROOT): Promise<string> {
  const { code, output } = await runToEnd(join(BIN, name), args, { cwd, env: toolEnv() });
  if (code !== 0) throw new Error(`${name} ${args[0] ?? ""} failed:\n${output}`);
  return output;
}

/** Runs a program; all that it said, and what it ended with: null where it was killed. */
export async function runToEnd(
  command: string,
  args: readonly string[],
  { cwd = ROOT, env = process.env }: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<{ code: number | null; output: string }> {
  const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((end, fail) => child.once("error", fail).once("close", end));
  return { code, output };
}

/** Builds the UI, unless it was built after the last change of anything that goes into it. */
export async function buildWeb(): Promise<void> {
  const web = join(ROOT, "web");
  // The last file that a build writes: where it is missing, the build was not finished.
  const built = lastChange(join(web, "build", "fallback.html"));
  const sources = [...["src", "static", "vite.config.ts", "package.json"].map((name) => join(web, name)), join(ROOT, "package-lock.json")];
  if (built > Math.max(...sources.map(lastChange))) return;
  await runTool("vite", ["build"], web);
}

/** When a file, or anything in a folder, changed last; 0 where there is none. A folder changes when a file of it goes. */
function lastChange(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) return 0;
  return stats.isDirectory() ? Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => lastChange(join(path, name)))) : stats.mtimeMs;
}

export async function migrate(settings: LocalSettings): Promise<void> {
  const [, id = ""] = /^database_id = "(.+)"$/m.exec(readFileSync(join(ROOT, "wrangler.toml"), "utf8")) ?? [];
  if (isMigrated(databaseFile(workerState(settings), id), join(ROOT, "migrations"))) return;
  await runTool("wrangler", [
    "d1",
    "migrations",
    "apply",
    "DB",
    "--local",
    "--persist-to",
    workerState(settings),
    "--env-file",
    writeVars(settings),
  ]);
}

export function workerState(settings: LocalSettings): string {
  return join(settings.stateDir, "worker");
}

/** Starts the Worker in workerd. Its logs go to `log`. */
export function startWorker(settings: LocalSettings, varsFile: string, log: (line: string) => void): ChildProcess {
  const config = join(settings.stateDir, "wrangler.toml");
  const vars = definedOf(parseEnv(readFileSync(varsFile, "utf8")));
  writeFileSync(config, localWranglerConfig(readFileSync(join(ROOT, "wrangler.toml"), "utf8"), ROOT, vars));
  const args = [
    "dev",
    "--config",
    config,
    "--ip",
    "localhost",
    "--port",
    String(settings.port),
    "--inspector-port",
    "0",
    "--persist-to",
    workerState(settings),
  ];
  const child = spawn(
    join(BIN, "wrangler"),
    [...args, "--env-file", varsFile, "--show-interactive-dev-session=false", "--log-level", "log"],
    {
      cwd: ROOT,
      env: toolEnv(),
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  forwardLines(child, log);
  return child;
}

export function startSandboxProcess(settings: LocalSettings, args: readonly string[], log: (line: string) => void): ChildProcess {
  const child = spawn(process.execPath, [join(ROOT, "sandbox", "main.ts"), ...args], {
    cwd: ROOT,
    env: {
      ...process.env,
      SANDBOX_PORT: String(settings.sandboxPort),
      MAIL_PORT: String(settings.mailPort),
      STATE_DIR: settings.stateDir,
      DROPBOX_WEBHOOK_URL: `${settings.origin}/webhooks/dropbox`,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  forwardLines(child, log);
  return child;
}

function forwardLines(child: ChildProcess, log: (line: string) => void): void {
  for (const stream of [child.stdout, child.stderr]) {
    let rest = "";
    stream?.on("data", (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split("\n");
      rest = lines.pop() ?? "";
      lines.forEach(log);
    });
  }
}

/** Waits until an address answers. Throws after the given time, or when the process behind it ends. */
export async function untilAnswers(url: string, child: ChildProcess, seconds: number): Promise<void> {
  const until = Date.now() + seconds * 1000;
  while (Date.now() < until) {
    if (child.exitCode !== null) throw new Error(`It ended before it answered at ${url}.`);
    try {
      if ((await fetch(url)).status < 500) return;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
    await new Promise((resume) => setTimeout(resume, 200));
  }
  throw new Error(`Nothing answers at ${url} after ${seconds} seconds.`);
}

/** Wrangler neither phones home nor asks questions. */
/** What is built from within a test is what is deployed, and no build for tests. */
function toolEnv(): NodeJS.ProcessEnv {
  const path = `${BIN}:${process.env["PATH"] ?? ""}`;
  return { ...process.env, PATH: path, NODE_ENV: "production", WRANGLER_SEND_METRICS: "false", CI: "1", NO_COLOR: "1" };
}
