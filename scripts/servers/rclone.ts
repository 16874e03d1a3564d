import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { freePort, makeFolder, PASSWORD, requireProgram, type RunningServer, startServer, USER } from "./server.ts";

export const RCLONE = "/usr/bin/rclone";
export const RCLONE_PACKAGE = "rclone";

/** `rclone serve webdav` over a folder of its own, behind a password: the WebDAV of Go's library, which many servers are made with. */
export async function startRclone(): Promise<RunningServer> {
  requireProgram(RCLONE, RCLONE_PACKAGE);
  const scratch = makeFolder("rclone");
  const folder = join(scratch, "files");
  mkdirSync(folder);
  const port = await freePort();
  const options = ["--addr", `127.0.0.1:${port}`, "--user", USER, "--pass", PASSWORD, "--dir-cache-time", "0s", "--config", "/dev/null"];
  const server = { url: `http://127.0.0.1:${port}/`, user: USER, password: PASSWORD, folder };
  return startServer([RCLONE, "serve", "webdav", folder, ...options], server, scratch);
}
