import { spawn, type ChildProcess } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SandboxControl } from "../test/e2e/support/client.ts";
import {
  type LocalSettings,
  migrate,
  ownVars,
  ROOT,
  runTool,
  startSandboxProcess,
  untilAnswers,
  workerState,
  writeVars,
} from "../scripts/local.ts";
import { Isolate } from "./inspector.ts";
import { cpuOf, processesBelow, type Process } from "./processes.ts";
import type { Counts } from "./worker/tally.ts";

// A Tidemark and a sandbox of the bench's own: free ports, a temporary state, bindings that count.

const START_SECONDS = 90;
const STOP_MILLISECONDS = 5_000;
/** Of the Worker's log, shown where it does not start. */
const LOG_CHARACTERS_MAX = 2_000;

export interface Tidemark {
  origin: string;
  sandbox: SandboxControl;
  /** workerd, which runs the Worker, its objects, and what plays D1, R2 and the queues. */
  workerd: Process;
  sandboxProcess: Process;
  /** The Worker's own isolate, in workerd. */
  isolate: Isolate;
  /** How often and how much, by name, since the start. */
  counts(): Promise<Counts>;
  post(path: string, body: unknown): Promise<void>;
  stop(): Promise<void>;
}

export async function startTidemark(vars: Record<string, string> = {}): Promise<Tidemark> {
  if (ownVars()["MICROSOFT_CLIENT_ID"])
    throw new Error("`.dev.vars` names a real app registration, and the bench is for the sandbox. Move it away.");
  const stateDir = mkdtempSync(join(process.env["BENCH_DIR"] ?? tmpdir(), "tidemark-bench-"));
  const port = await freePort();
  const settings: LocalSettings = {
    port,
    sandboxPort: await freePort(),
    mailPort: await freePort(),
    stateDir,
    sandbox: true,
    origin: `http://localhost:${port}`,
  };
  const children: ChildProcess[] = [];
  let disconnect: () => void = () => undefined;
  const stop = async () => {
    disconnect();
    await Promise.all(children.map(end));
    rmSync(stateDir, { recursive: true, force: true });
  };
  try {
    await migrate(settings);
    const varsFile = writeVars(settings, vars);
    const logTo = (name: string) => (line: string) => appendFileSync(join(stateDir, `${name}.log`), `${line}\n`);
    const sandboxUrl = `http://localhost:${settings.sandboxPort}`;
    const sandbox = startSandboxProcess(settings, [], logTo("sandbox"));
    children.push(sandbox);
    await untilAnswers(`${sandboxUrl}/`, sandbox, START_SECONDS);
    const inspectorPort = await freePort();
    const worker = await startCountingWorker(settings, varsFile, inspectorPort, logTo("worker"));
    children.push(worker);
    await untilAnswers(`${settings.origin}/health`, worker, START_SECONDS);
    const isolate = new Isolate(inspectorPort);
    disconnect = () => isolate.close();
    const post = async (path: string, body: unknown) => {
      const response = await fetch(settings.origin + path, { method: "POST", body: JSON.stringify(body) });
      if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${await response.text()}`);
    };
    return {
      origin: settings.origin,
      sandbox: new SandboxControl(sandboxUrl),
      workerd: await workerProcess(worker.pid ?? 0, settings.origin),
      sandboxProcess: processOf(sandbox.pid ?? 0),
      isolate,
      counts: async () => (await fetch(`${settings.origin}/_bench/counts`)).json() as Promise<Counts>,
      post,
      stop,
    };
  } catch (error) {
    const log = join(stateDir, "worker.log");
    if (existsSync(log)) console.error(readFileSync(log, "utf8").slice(-LOG_CHARACTERS_MAX));
    await stop();
    throw error;
  }
}

function processOf(pid: number): Process {
  return { pid, name: "node" };
}

/** `wrangler dev` runs two: one hands requests to the other. The one that hashes is the Worker's. */
async function workerProcess(wranglerPid: number, origin: string): Promise<Process> {
  const candidates = processesBelow(wranglerPid).filter(({ name }) => name === "workerd");
  const before = candidates.map(cpuOf);
  await (await fetch(`${origin}/_bench/hash?with=quickXorHash&times=60`)).arrayBuffer();
  const used = candidates.map((one, index) => cpuOf(one) - (before[index] ?? 0));
  const found = candidates[used.indexOf(Math.max(...used))];
  if (!found) throw new Error("There is no workerd.");
  return found;
}

/** With the configuration that ships, but for the entry, and without the UI's files. Bundled first: edits meanwhile change nothing. */
async function startCountingWorker(
  settings: LocalSettings,
  varsFile: string,
  inspectorPort: number,
  log: (line: string) => void,
): Promise<ChildProcess> {
  const { stateDir, port } = settings;
  const assets = join(stateDir, "assets");
  mkdirSync(assets);
  writeFileSync(join(assets, "index.html"), "");
  const bundle = join(stateDir, "bundle");
  const build = writeConfig(stateDir, "build.toml", assets, join(ROOT, "bench", "worker", "index.ts"));
  await runTool("wrangler", ["deploy", "--dry-run", "--config", build, "--outdir", bundle]);
  const config = writeConfig(stateDir, "wrangler.toml", assets, join(bundle, "index.js"), "no_bundle = true\n");
  const args = ["dev", "--config", config, "--ip", "localhost", "--port", String(port), "--inspector-port", String(inspectorPort)];
  const bin = join(ROOT, "node_modules", ".bin");
  const path = `${bin}:${process.env["PATH"] ?? ""}`;
  const child = spawn(
    join(bin, "wrangler"),
    [...args, "--persist-to", workerState(settings), "--env-file", varsFile, "--show-interactive-dev-session=false", "--log-level", "log"],
    {
      cwd: ROOT,
      env: { ...process.env, PATH: path, WRANGLER_SEND_METRICS: "false", CI: "1", NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => log(chunk.toString().trimEnd()));
  return child;
}

function writeConfig(stateDir: string, name: string, assets: string, main: string, more = ""): string {
  let config = more + readFileSync(join(ROOT, "wrangler.toml"), "utf8");
  config = replaced(config, 'main = "worker/index.ts"', `main = ${JSON.stringify(main)}`);
  config = replaced(config, 'directory = "web/build"', `directory = ${JSON.stringify(assets)}`);
  config = replaced(config, 'migrations_dir = "migrations"', `migrations_dir = ${JSON.stringify(join(ROOT, "migrations"))}`);
  const file = join(stateDir, name);
  writeFileSync(file, config);
  return file;
}

function replaced(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`wrangler.toml has no line \`${from}\`.`);
  return text.replace(from, to);
}

export function freePort(): Promise<number> {
  return new Promise((answer, fail) => {
    const server = createServer()
      .once("error", fail)
      .listen(0, "localhost", () => {
        const address = server.address();
        server.close(() => answer(typeof address === "object" && address !== null ? address.port : 0));
      });
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MILLISECONDS);
  await ended;
  clearTimeout(timer);
}
