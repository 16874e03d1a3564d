import { afterAll, beforeAll, expect, it } from "vitest";
import type { Client } from "./support/client.ts";
import { objectsNobodyKnows } from "./support/local-state.ts";
import { Tidemark } from "./support/tidemark.ts";

const ACCOUNT = "alice@contoso.example";
const FILES = process.env["E2E_FULL"] === "1" ? 5_000 : 300;
/** How far the first run is when all is killed: as its list begins, early and late in its downloads. */
const KILLED_AT_STORED = [0, Math.floor(FILES / 10), Math.floor(FILES / 2)];
const SECONDS_MAX = 280;

let tidemark: Tidemark;

beforeAll(async () => {
  tidemark = await Tidemark.start();
  await tidemark.sandbox.generate(ACCOUNT, { files: FILES, folders: 30, meanBytes: 20_000, seed: 11 });
});

afterAll(() => tidemark.stop());

it("a first run that is killed again and again goes on by itself and ends equal", { timeout: 4 * SECONDS_MAX * 1000 }, async () => {
  // Slow enough that no moment is missed.
  await tidemark.sandbox.fault(ACCOUNT, { match: { path: "download\\.aspx" }, delayMs: 150 });
  const { client, syncId } = await tidemark.signIn(ACCOUNT);
  for (const stored of KILLED_AT_STORED) {
    await client.until(
      syncId,
      (status) => (status.activeRun?.progress.discovered ?? 0) > 0 && (status.activeRun?.progress.stored ?? 0) >= stored,
      SECONDS_MAX,
    );
    await tidemark.kill9();
    await tidemark.start();
  }
  await untilAskedAgain();
  await tidemark.sandbox.noFaults(ACCOUNT);

  expect(await client.untilIdle(syncId, SECONDS_MAX)).toMatchObject({ type: "full", status: "completed" });
  expect(await client.runs(syncId)).toHaveLength(1);
  expect(await client.differences(syncId, await tidemark.sandbox.tree(ACCOUNT))).toEqual([]);
  expect(await statsOf(client, syncId)).toMatchObject({ files: FILES, stored: FILES, failed: 0 });

  await tidemark.kill9();
  expect(objectsNobodyKnows(tidemark.stateDir)).toEqual([]);
});

/** Nothing but Tidemark itself can have asked the restarted sandbox for anything. */
async function untilAskedAgain(): Promise<void> {
  const until = Date.now() + SECONDS_MAX * 1000;
  while ((await tidemark.sandbox.requests(ACCOUNT)).total === 0) {
    if (Date.now() > until) throw new Error(`It does not go on by itself.\n${tidemark.logs()}`);
    await new Promise((resume) => setTimeout(resume, 200));
  }
}

async function statsOf(client: Client, syncId: string): Promise<unknown> {
  return (await client.get<{ stats: unknown }>(`/api/v1/syncs/${syncId}`)).stats;
}
