import { existsSync } from "node:fs";
import { APACHE, APACHE_PACKAGE, startApache } from "../../../scripts/servers/apache.ts";
import { RCLONE, RCLONE_PACKAGE, startRclone } from "../../../scripts/servers/rclone.ts";
import type { RunningServer } from "../../../scripts/servers/server.ts";

// Real servers, for tests in workerd: by the names that they have there, each started when it is first asked.

interface RealServer {
  start: () => Promise<RunningServer>;
  running?: Promise<RunningServer>;
}

const SERVERS: Readonly<Record<string, RealServer>> = { "apache.test": { start: startApache }, "rclone.test": { start: startRclone } };

/** By host: why tests cannot use it; null where they can. */
export const serverProblems: Readonly<Record<string, string | null>> = {
  "apache.test": existsSync(APACHE) ? null : `Apache is not installed: apt-get install ${APACHE_PACKAGE}`,
  "rclone.test": existsSync(RCLONE) ? null : `rclone is not installed: apt-get install ${RCLONE_PACKAGE}`,
};

export const isRealServer = (host: string): boolean => Object.hasOwn(SERVERS, host);

/** Passes a request on. `https://apache.test/x` is there what `http://127.0.0.1:PORT/x` is here; so are addresses in the headers of both. */
export async function forward(request: Request): Promise<Response> {
  const asked = new URL(request.url);
  const server = SERVERS[asked.hostname];
  if (!server) throw new Error(`There is no server ${asked.hostname}.`);
  const here = new URL((await (server.running ??= server.start())).url).origin;
  const headers = new Headers(request.headers);
  const destination = headers.get("Destination");
  if (destination !== null) headers.set("Destination", destination.replace(asked.origin, here));
  const body = request.body === null ? null : await request.arrayBuffer();
  const response = await fetch(here + asked.pathname + asked.search, { method: request.method, headers, body, redirect: "manual" });
  const location = response.headers.get("Location");
  if (location === null) return response;
  const answered = new Headers(response.headers);
  answered.set("Location", location.replace(here, asked.origin));
  return new Response(response.body, { status: response.status, headers: answered });
}
