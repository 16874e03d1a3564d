import { execFile } from "node:child_process";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { loseCatalogue } from "./support/local-state.ts";
import { Tidemark } from "./support/tidemark.ts";

const ACCOUNT = "alice@contoso.example";
const FILES = 300;
const SECONDS_MAX = 280;
const SCRIPT = resolve(import.meta.dirname, "../../scripts/rebuild-catalogue.ts");

let tidemark: Tidemark;

beforeAll(async () => {
  tidemark = await Tidemark.start();
  await tidemark.sandbox.generate(ACCOUNT, { files: FILES, folders: 20, meanBytes: 20_000, seed: 5 });
});

afterAll(() => tidemark.stop());

async function rebuild(...args: string[]): Promise<string> {
  const env = { ...process.env, STATE_DIR: tidemark.stateDir, MASTER_KEYS: undefined };
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, "--url", tidemark.origin, ...args], {
    cwd: join(SCRIPT, "../.."),
    env,
  });
  return stdout;
}

it(
  "a OneDrive whose catalogue is lost is there again after one command, and nothing is downloaded twice",
  { timeout: 3 * SECONDS_MAX * 1000 },
  async () => {
    const { client, syncId } = await tidemark.signIn(ACCOUNT);
    await client.untilIdle(syncId, SECONDS_MAX);
    await expect(rebuild()).rejects.toThrow(/rebuild.not_empty/);

    await tidemark.kill9();
    loseCatalogue(tidemark.stateDir);
    await tidemark.start();
    await tidemark.sandbox.forgetRequests(ACCOUNT);
    expect(await rebuild()).toContain(`1 accounts, ${FILES} contents.`);

    const again = await tidemark.signIn(ACCOUNT);
    expect(again.syncId).toBe(syncId);
    await again.client.untilIdle(syncId, SECONDS_MAX);
    expect(await again.client.differences(syncId, await tidemark.sandbox.tree(ACCOUNT))).toEqual([]);
    expect(await tidemark.sandbox.downloads(ACCOUNT)).toBe(0);
  },
);
