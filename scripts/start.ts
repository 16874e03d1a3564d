import type { ChildProcess } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import {
  buildWeb,
  localSettings,
  migrate,
  requireFreePort,
  ROOT,
  startSandboxProcess,
  startWorker,
  untilAnswers,
  writeVars,
} from "./local.ts";

// `npm start`: builds the UI, migrates the local database, starts the sandbox and the Worker, ticks cron.

const START_SECONDS = 90;
const MINUTE_MILLISECONDS = 60_000;
const STOP_MILLISECONDS = 5_000;

const { values } = parseArgs({ options: { drive: { type: "string" } } });
const children: ChildProcess[] = [];
let stopping = false;

try {
  await start();
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : String(error)}\n`);
  await stop(1);
}

async function start(): Promise<void> {
  process.once("SIGINT", () => void stop(0));
  process.once("SIGTERM", () => void stop(0));
  const settings = localSettings();
  const drive = values.drive === undefined ? undefined : resolve(process.env["INIT_CWD"] ?? process.cwd(), values.drive);
  if (drive !== undefined && !existsSync(drive)) throw new Error(`There is no folder ${drive}.`);
  if (drive !== undefined && !settings.sandbox) throw new Error("--drive is for the sandbox, and .dev.vars names a real app registration.");
  if (!existsSync(join(ROOT, "node_modules", ".bin", "wrangler"))) throw new Error("Packages are missing. Run: npm ci");
  await requireFreePort(settings.port, "PORT");
  if (settings.sandbox) {
    await requireFreePort(settings.sandboxPort, "SANDBOX_PORT");
    await requireFreePort(settings.mailPort, "MAIL_PORT");
  }

  mkdirSync(settings.stateDir, { recursive: true });
  const logTo = (name: string) => (line: string) => appendFileSync(join(settings.stateDir, `${name}.log`), `${line}\n`);
  const varsFile = writeVars(settings);
  console.log("Building the web app and preparing the database …");
  await Promise.all([buildWeb(), migrate(settings)]);

  if (settings.sandbox) {
    const sandbox = watch(
      startSandboxProcess(settings, drive === undefined ? [] : ["--drive", drive], logTo("sandbox")),
      "The sandbox",
      settings.stateDir,
    );
    await untilAnswers(`http://localhost:${settings.sandboxPort}/`, sandbox, START_SECONDS);
  }
  const worker = watch(startWorker(settings, varsFile, logTo("worker")), "The Worker", settings.stateDir);
  const local = `http://localhost:${settings.port}`;
  await untilAnswers(`${local}/health`, worker, START_SECONDS);
  tickEveryMinute(local);

  console.log(`\n  Tidemark is ready: ${settings.origin}\n`);
  if (settings.sandbox) console.log(`  The vendors are played by the sandbox: http://localhost:${settings.sandboxPort}`);
  console.log(`  Logs and state: ${settings.stateDir}\n  Stop with Ctrl-C.\n`);
}

function watch(child: ChildProcess, name: string, stateDir: string): ChildProcess {
  children.push(child);
  child.once("exit", (code) => {
    if (stopping) return;
    console.error(`${name} has ended (${code ?? "killed"}). Its log is in ${stateDir}.`);
    void stop(1);
  });
  return child;
}

/** `wrangler dev` does not run Cron Triggers by itself. */
function tickEveryMinute(local: string): void {
  const tick = () => {
    fetch(`${local}/cdn-cgi/local/scheduled?cron=*+*+*+*+*`).catch((error: unknown) => {
      if (!stopping) console.error(`Cron could not be ticked: ${String(error)}`);
    });
    setTimeout(tick, MINUTE_MILLISECONDS - (Date.now() % MINUTE_MILLISECONDS));
  };
  tick();
}

async function stop(code: number): Promise<void> {
  if (stopping) return;
  stopping = true;
  const ended = children.filter((child) => child.exitCode === null).map((child) => new Promise((end) => child.once("exit", end)));
  for (const child of children) child.kill("SIGTERM");
  await Promise.race([Promise.all(ended), new Promise((end) => setTimeout(end, STOP_MILLISECONDS))]);
  for (const child of children) if (child.exitCode === null) child.kill("SIGKILL");
  process.exit(code);
}
