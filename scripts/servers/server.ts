import { type ChildProcess, spawn } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

// Real WebDAV servers of Debian's, each on a free port of this machine, with files of its own that go with it.

const START_MILLISECONDS = 15_000;
const LOOK_AGAIN_MILLISECONDS = 50;
export const PASSWORD = "low tide";
export const USER = "alice";

export interface RunningServer {
  /** The folder that is served, as WebDAV clients address it. */
  url: string;
  user: string;
  password: string;
  /** The same folder, on this machine. */
  folder: string;
  close: () => void;
}

export class ServerMissing extends Error {}

/** Throws where the program is not installed, and says how to install it. */
export function requireProgram(path: string, debianPackage: string): void {
  if (!existsSync(path)) throw new ServerMissing(`${path} is missing. On Debian: apt-get install ${debianPackage}`);
}

export async function freePort(): Promise<number> {
  return new Promise((answer, fail) => {
    const server = createServer().once("error", fail);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => answer(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

/** A folder for a server and its files. `owner`: who the server reads them as, where it is started as root. */
export function makeFolder(name: string, owner?: { uid: number; gid: number }): string {
  const folder = mkdtempSync(join(tmpdir(), `tidemark-${name}-`));
  if (owner) chownSync(folder, owner.uid, owner.gid);
  return folder;
}

/** Starts a program and waits until it answers. It ends with this process, whatever ends it in an orderly way. */
export async function startServer(
  command: readonly [string, ...string[]],
  server: Omit<RunningServer, "close">,
  scratch: string,
): Promise<RunningServer> {
  const [program, ...args] = command;
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
  let complaints = "";
  child.stderr.on("data", (chunk: Buffer) => (complaints = (complaints + chunk.toString()).slice(-2_000)));
  child.once("error", (error) => (complaints += error.message));
  const close = (): void => {
    process.off("exit", close);
    child.kill("SIGTERM");
    rmSync(scratch, { recursive: true, force: true });
  };
  process.once("exit", close);
  try {
    await untilAnswers(server.url, child);
  } catch (error) {
    close();
    throw new Error(`${program} did not start: ${complaints}`, { cause: error });
  }
  // A test process may end while it runs.
  child.unref();
  child.stderr.destroy();
  return { ...server, close };
}

async function untilAnswers(url: string, child: ChildProcess): Promise<void> {
  for (const until = Date.now() + START_MILLISECONDS; Date.now() < until; await later()) {
    if (child.exitCode !== null) throw new Error(`It ended with ${child.exitCode}.`);
    try {
      if ((await fetch(url)).status === 401) return;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  }
  throw new Error("It does not answer.");
}

const later = (): Promise<void> => new Promise((resume) => setTimeout(resume, LOOK_AGAIN_MILLISECONDS));
