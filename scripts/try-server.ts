import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startApache } from "./servers/apache.ts";
import { startRclone } from "./servers/rclone.ts";

// `npm run try:apache`, `npm run try:rclone`: a real WebDAV server on this machine, to be connected to a Tidemark that runs here too.

const SERVERS = { apache: startApache, rclone: startRclone } as const;
const name = process.argv[2] ?? "";

try {
  if (!isServer(name)) throw new Error(`Name a server: ${Object.keys(SERVERS).join(" or ")}.`);
  const server = await SERVERS[name]();
  const notes = join(server.folder, "Notes");
  mkdirSync(notes);
  writeFileSync(join(notes, "Tide table.txt"), "High water at noon.\n");
  writeFileSync(join(server.folder, "Read me.txt"), "Change the files of this folder, and see Tidemark follow.\n");
  console.log(`Address:  ${server.url}\nUser:     ${server.user}\nPassword: ${server.password}\nFiles:    ${server.folder}\n`);
  console.log("Connect it in a Tidemark that was started with npm start. Ctrl-C ends the server, and removes its files.");
  const stop = (): void => {
    server.close();
    process.exit(0);
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  // The server does not keep this process alive.
  setInterval(() => undefined, 2 ** 30);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

function isServer(given: string): given is keyof typeof SERVERS {
  return Object.hasOwn(SERVERS, given);
}
