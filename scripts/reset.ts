import { rmSync } from "node:fs";
import { localSettings, requireFreePort } from "./local.ts";

// `npm run reset`: forgets the local state.

try {
  const settings = localSettings();
  await requireFreePort(settings.port, "PORT");
  rmSync(settings.stateDir, { recursive: true, force: true });
  console.log(`Forgotten: ${settings.stateDir}`);
} catch (error) {
  console.error(error instanceof Error ? `${error.message}\n(Nothing was deleted: a running Tidemark keeps its state.)` : error);
  process.exitCode = 1;
}
