import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Client, SourceFile } from "./support/client.ts";
import { Tidemark } from "./support/tidemark.ts";

const ACCOUNT = "alice@contoso.example";
const FULL = process.env["E2E_FULL"] === "1";
const FILES = FULL ? 10_000 : 800;
/** At least this many files are in the folder that is renamed. */
const RENAMED_FILES_MIN = FILES / 2;
const CHANGED_FILES = FULL ? 100 : 20;
const SECONDS_MAX = FULL ? 1200 : 280;
const LARGE = "/The large folder";

describe(`a drive of ${FILES} files`, { timeout: SECONDS_MAX * 1000 }, () => {
  let tidemark: Tidemark;
  let client: Client;
  let syncId: string;
  const tree = () => tidemark.sandbox.tree(ACCOUNT);

  beforeAll(async () => {
    tidemark = await Tidemark.start();
    await tidemark.sandbox.generate(ACCOUNT, { files: FILES, folders: 60, meanBytes: 4096, seed: 7 });
    await tidemark.sandbox.mutate(
      ACCOUNT,
      foldersFor(await tree()).map((path) => ({ op: "move", path, to: LARGE })),
    );
  });

  afterAll(() => tidemark.stop());

  it("is stored by the run that the sign-in begins", async () => {
    ({ client, syncId } = await tidemark.signIn(ACCOUNT));
    const run = await client.untilIdle(syncId, SECONDS_MAX);
    expect(run).toMatchObject({ type: "full", status: "completed", progress: { stored: FILES, failed: 0, skipped: 0 } });
  });

  it("is there to the byte, each file read back", async () => {
    expect(await client.differences(syncId, await tree())).toEqual([]);
  });

  it("costs one request where nothing has changed, asked by hand or by the clock", async () => {
    await tidemark.sandbox.forgetRequests(ACCOUNT);
    await client.send("POST", `/api/v1/syncs/${syncId}/run`, {});
    expect(await client.untilIdle(syncId, 60)).toMatchObject({ type: "incremental", status: "completed", progress: { discovered: 0 } });
    expect(await tidemark.sandbox.requests(ACCOUNT)).toMatchObject({
      total: 1,
      routes: [{ method: "GET", route: "/v1.0/drives/{id}/root/delta" }],
    });

    const runs = await client.runs(syncId);
    const checked = (await client.status(syncId)).checkedAt ?? "";
    await client.send("PATCH", `/api/v1/syncs/${syncId}`, { schedule: { kind: "cron", cron: "* * * * *", timeZone: "UTC" } });
    await tidemark.sandbox.forgetRequests(ACCOUNT);
    await client.until(syncId, (status) => status.activeRun === null && (status.checkedAt ?? "") > checked, 150);
    expect(await tidemark.sandbox.requests(ACCOUNT)).toMatchObject({ total: 1 });
    expect(await client.runs(syncId)).toEqual(runs);
    await client.send("PATCH", `/api/v1/syncs/${syncId}`, { schedule: { kind: "interval", minutes: 60 } });
  });

  it("follows a renamed folder, new, changed, moved and deleted files, and downloads only what is new", async () => {
    const before = await tree();
    const inside = before.filter((file) => file.path.startsWith(`${LARGE}/`));
    expect(inside.length).toBeGreaterThanOrEqual(RENAMED_FILES_MIN);
    const chosen = everyNth(inside, 3 * CHANGED_FILES);
    const updated = chosen.slice(0, CHANGED_FILES);
    const moved = chosen.slice(CHANGED_FILES, 2 * CHANGED_FILES);
    const deleted = chosen.slice(2 * CHANGED_FILES);
    const sibling = before.find((file) => file.path.split("/").length === 2);
    await tidemark.sandbox.forgetRequests(ACCOUNT);

    await tidemark.sandbox.mutate(ACCOUNT, [
      ...updated.map(({ path }) => ({ op: "update", path })),
      ...moved.map(({ path }, index) => ({ op: "move", path, to: `/Moved/${index}` })),
      ...deleted.map(({ path }) => ({ op: "delete", path })),
      ...Array.from({ length: CHANGED_FILES }, (_, index) => ({
        op: "create",
        path: `${LARGE}/New/new ${index}.txt`,
        bytes: 100 + index * 100,
      })),
      { op: "rename", path: LARGE, name: "Der große Ordner 📁" },
      ...(sibling ? [{ op: "rename", path: sibling.path, name: sibling.path.slice(1).toUpperCase() }] : []),
    ]);
    await client.untilEqual(syncId, tree, SECONDS_MAX);
    await client.untilIdle(syncId, SECONDS_MAX);

    expect(await client.differences(syncId, await tree())).toEqual([]);
    expect(await tidemark.sandbox.downloads(ACCOUNT)).toBe(2 * CHANGED_FILES);
  });
});

/** Folders at the top that together hold enough files; the chain of longest names has no room for another folder above it. */
function foldersFor(files: readonly SourceFile[]): string[] {
  const counts = new Map<string, number>();
  for (const { path } of files) {
    const [, top = "", ...rest] = path.split("/");
    if (rest.length > 0 && !top.startsWith("level 1 ")) counts.set(top, (counts.get(top) ?? 0) + 1);
  }
  const chosen: string[] = [];
  let sum = 0;
  for (const [top, count] of counts) {
    if (sum >= RENAMED_FILES_MIN + 2 * CHANGED_FILES) break;
    chosen.push(`/${top}`);
    sum += count;
  }
  return chosen;
}

function everyNth<T>(list: readonly T[], count: number): T[] {
  const step = Math.floor(list.length / count);
  return list.filter((_, index) => index % step === 0).slice(0, count);
}
