import { buildWeb } from "../../../scripts/local.ts";

/** The web app is built once, before files that start a Tidemark each run side by side. */
export async function setup(): Promise<void> {
  await buildWeb();
}
