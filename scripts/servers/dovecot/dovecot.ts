import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, chown, mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { dovecotConfig, mailOwner, oauthConfig, type DovecotPlace } from "./config.ts";

// A real IMAP server for tests: Debian's Dovecot, run from a folder of its own on free ports of this machine.

const DOVECOT = "/usr/sbin/dovecot";
const START_SECONDS = 20;
const LOOKED_AT_MILLISECONDS = 1_100;
const run = promisify(execFile);

export const hasDovecot = (): boolean => existsSync(DOVECOT);

export class Dovecot {
  readonly place: DovecotPlace;
  readonly #accounts = new Set<string>();

  private constructor(place: DovecotPlace) {
    this.place = place;
  }

  /** `certificate`: what it proves itself with. It ends with whoever started it. */
  static async start(certificate: { cert: string; key: string }, tokenInfoUrl: string): Promise<Dovecot> {
    const dir = await mkdtemp(join(tmpdir(), "dovecot-"));
    const place = { dir, plainPort: await freePort(), tlsPort: await freePort() };
    const files = {
      "cert.pem": certificate.cert,
      "key.pem": certificate.key,
      "dovecot.conf": dovecotConfig(place),
      "oauth2.conf": oauthConfig(tokenInfoUrl),
    };
    for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text);
    await mkdir(join(dir, "mail"));
    await mkdir(join(dir, "accounts"));
    await chmod(dir, 0o755);
    const { uid, gid } = mailOwner();
    await chown(join(dir, "mail"), uid, gid);
    startIn(dir);
    const until = Date.now() + START_SECONDS * 1000;
    while (!(await listens(place.plainPort))) {
      const log = () => readFile(join(dir, "dovecot.log"), "utf8").catch(() => "It has no log.");
      if (Date.now() > until) throw new Error(`Dovecot does not answer: ${await log()}`);
      await new Promise((resume) => setTimeout(resume, 50));
    }
    return new Dovecot(place);
  }

  /** Makes an account, or gives it another password. */
  async setPassword(user: string, password: string): Promise<void> {
    await writeFile(join(this.place.dir, "accounts", user), `${user}:${password}::::::\n`);
    // A file that it knows is looked at once a second.
    if (this.#accounts.has(user)) await new Promise((resume) => setTimeout(resume, LOOKED_AT_MILLISECONDS));
    this.#accounts.add(user);
  }

  async doveadm(...args: string[]): Promise<string> {
    return (await run("/usr/bin/doveadm", ["-c", join(this.place.dir, "dovecot.conf"), ...args])).stdout;
  }
}

/** The shell that is its parent ends it when its own standard input does, which is with this process, however that ends. */
function startIn(dir: string): void {
  const script = `"$0" -F -c "$1/dovecot.conf" </dev/null & pid=$!; read -r _; kill $pid; wait $pid; rm -rf "$1"`;
  const child = spawn("/bin/sh", ["-c", script, DOVECOT, dir], { stdio: ["pipe", "ignore", "ignore"], detached: true });
  child.unref();
  (child.stdin as unknown as { unref(): void }).unref();
}

function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const server = createServer().once("error", failed);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => found(port));
    });
  });
}

function listens(port: number): Promise<boolean> {
  return new Promise((answer) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("data", () => answer(true)).once("error", () => answer(false));
    socket.once("data", () => socket.destroy());
  });
}
