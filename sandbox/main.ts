import { parseArgs } from "node:util";
import { resolve } from "node:path";
import { startSandbox } from "./server.ts";

const { values } = parseArgs({ options: { drive: { type: "string" } } });
const port = Number(process.env["SANDBOX_PORT"] ?? 8790);
const stateDir = resolve(process.env["STATE_DIR"] ?? ".state");

try {
  const sandbox = await startSandbox({
    port,
    stateDir,
    settings: process.env,
    ...(values.drive === undefined ? {} : { driveDir: resolve(values.drive) }),
  });
  console.log(`Sandbox: ${sandbox.url}`);
  const stop = (): void => {
    void sandbox.close().then(() => process.exit(0));
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
