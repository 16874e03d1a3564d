import { spawn, type ChildProcess } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { MIGRATED_STATE } from "./build.ts";
import { Client, SandboxControl } from "./client.ts";

// A Tidemark of its own for each test file: started as a newcomer starts it, killed as a power cut kills it.

const ROOT = resolve(import.meta.dirname, "../../..");
const READY = "Tidemark is ready";
const START_SECONDS = 170;
const STOP_SECONDS = 20;
const LOG_LINES_SHOWN = 60;

export class Tidemark {
  readonly stateDir = mkdtempSync(join(tmpdir(), "tidemark-e2e-"));
  readonly origin: string;
  readonly sandboxOrigin: string;
  readonly sandbox: SandboxControl;
  readonly #ports: { PORT: string; SANDBOX_PORT: string; MAIL_PORT: string };
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;
  #output = "";

  private constructor(ports: readonly number[], args: readonly string[]) {
    const [port = 0, sandboxPort = 0, mailPort = 0] = ports;
    this.#ports = { PORT: String(port), SANDBOX_PORT: String(sandboxPort), MAIL_PORT: String(mailPort) };
    this.#args = args;
    this.origin = `http://localhost:${port}`;
    this.sandboxOrigin = `http://localhost:${sandboxPort}`;
    this.sandbox = new SandboxControl(this.sandboxOrigin);
    const migrated = process.env[MIGRATED_STATE];
    if (migrated !== undefined) cpSync(migrated, join(this.stateDir, "worker"), { recursive: true });
    process.once("exit", () => this.#kill("SIGKILL"));
  }

  /** `npm start -- …args`, on free ports and with empty state. Ready when this answers. */
  static async start(args: readonly string[] = []): Promise<Tidemark> {
    const tidemark = new Tidemark(await freePorts(3), args);
    await tidemark.start();
    return tidemark;
  }

  /** Starts it, again after a kill, with the state that it has. */
  async start(): Promise<void> {
    const env = { ...process.env, ...this.#ports, STATE_DIR: this.stateDir };
    const child = spawn(process.execPath, [join(ROOT, "scripts", "start.ts"), ...this.#args], {
      cwd: ROOT,
      env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    this.#output = "";
    await new Promise<void>((ready, fail) => {
      const timer = setTimeout(() => fail(new Error(`Not ready after ${START_SECONDS} s.\n${this.logs()}`)), START_SECONDS * 1000);
      const read = (chunk: Buffer) => {
        this.#output += chunk.toString();
        if (this.#output.includes(READY)) end(ready);
      };
      const end = (then: () => void) => {
        clearTimeout(timer);
        then();
      };
      child.stdout.on("data", read);
      child.stderr.on("data", read);
      child.once("exit", (code) => end(() => fail(new Error(`It ended (${code ?? "killed"}) before it was ready.\n${this.logs()}`))));
    });
  }

  /** kill -9 of every process of it at once. */
  async kill9(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Stops it as Ctrl-C does, and forgets its state, unless E2E_KEEP_STATE asks for it to be looked at. */
  async stop(): Promise<void> {
    await this.#end("SIGINT");
    if (process.env["E2E_KEEP_STATE"]) return console.log(`Kept: ${this.stateDir}`);
    rmSync(this.stateDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  async signIn(account: string): Promise<{ client: Client; syncId: string }> {
    const client = new Client(this.origin);
    const landed = await client.signIn(account);
    if (!landed.ok) throw new Error(`The sign-in ended with ${landed.status}.\n${this.logs()}`);
    await landed.body?.cancel();
    return { client, syncId: await client.firstSync() };
  }

  /** One tick of the clock, as Cloudflare would give it at `at`. */
  async tick(at = Date.now()): Promise<void> {
    const response = await fetch(`${this.origin}/cdn-cgi/local/scheduled?cron=*+*+*+*+*&time=${at}`);
    if (!response.ok) throw new Error(`The tick was answered with ${response.status}: ${await response.text()}`);
  }

  /** The ends of its logs, for a failure's message. */
  logs(): string {
    const parts = ["sandbox.log", "worker.log"].map((name) => {
      const file = join(this.stateDir, name);
      return `--- ${name}\n${existsSync(file) ? lastLines(readFileSync(file, "utf8")) : "(none)"}`;
    });
    return [`--- output`, lastLines(this.#output), ...parts].join("\n");
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child) return;
    const ended =
      child.exitCode === null && child.signalCode === null
        ? new Promise<void>((end) => child.once("exit", () => end()))
        : Promise.resolve();
    this.#kill(signal);
    const timer = setTimeout(() => this.#kill("SIGKILL"), STOP_SECONDS * 1000);
    await ended;
    clearTimeout(timer);
    this.#kill("SIGKILL");
    this.#child = undefined;
    await this.#portsFree();
  }

  /** The group outlives its first process for a moment; a restart needs its ports. */
  async #portsFree(): Promise<void> {
    for (const port of Object.values(this.#ports)) {
      while (!(await isFree(Number(port)))) await new Promise((resume) => setTimeout(resume, 50));
    }
  }

  #kill(signal: NodeJS.Signals): void {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
    }
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports: number[] = [];
  for (const server of servers) {
    await new Promise<void>((listening) => server.listen(0, "localhost", listening));
    const address = server.address();
    if (address !== null && typeof address === "object") ports.push(address.port);
  }
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return ports;
}

async function isFree(port: number): Promise<boolean> {
  return new Promise((answer) => {
    const server = createServer()
      .once("error", () => answer(false))
      .once("listening", () => server.close(() => answer(true)))
      .listen(port, "localhost");
  });
}

function lastLines(text: string): string {
  return stripVTControlCharacters(text).split("\n").slice(-LOG_LINES_SHOWN).join("\n");
}
