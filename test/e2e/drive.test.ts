import { appendFileSync, chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Client } from "./support/client.ts";
import { fillFolder, filesOf, ODD_NAMES } from "./support/folder.ts";
import { Tidemark } from "./support/tidemark.ts";

const ACCOUNT = "alice@contoso.example";
const FULL = process.env["E2E_FULL"] === "1";
const FILES = FULL ? 20_000 : 1_000;
const SECONDS_MAX = FULL ? 2400 : 280;

describe(`npm start -- --drive, with a folder of ${FILES} files`, { timeout: SECONDS_MAX * 1000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "tidemark-drive-"));
  const source = async () => filesOf(folder);
  let tidemark: Tidemark;
  let client: Client;
  let syncId: string;

  beforeAll(async () => {
    fillFolder(folder, FILES);
    writeFileSync(join(folder, "Odd", "unreadable.txt"), "for nobody");
    chmodSync(join(folder, "Odd", "unreadable.txt"), 0);
    tidemark = await Tidemark.start(["--drive", folder]);
  });

  afterAll(async () => {
    await tidemark?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("mirrors what OneDrive could hold, to the byte", async () => {
    ({ client, syncId } = await tidemark.signIn(ACCOUNT));
    const run = await client.untilIdle(syncId, SECONDS_MAX);
    const files = await source();
    expect(files.length).toBeGreaterThanOrEqual(FILES + ODD_NAMES.length + 1);
    expect(run).toMatchObject({ status: "completed", progress: { stored: files.length, failed: 0 } });
    expect(await client.differences(syncId, files)).toEqual([]);
  });

  it("says what it left out, and why", async () => {
    const page = await (await fetch(tidemark.sandboxOrigin)).text();
    for (const said of ["what?.txt", "link to a folder", "it is a symbolic link", "a reserved name"]) expect(page).toContain(said);
  });

  it("follows edits, renames and deletions made in it, and downloads only what is new", async () => {
    await tidemark.sandbox.forgetRequests(ACCOUNT);
    renameSync(join(folder, "Folder 0"), join(folder, "Renamed 改名"));
    appendFileSync(join(folder, "Renamed 改名", "even", "file 0.txt"), "more");
    renameSync(join(folder, "Folder 1", "odd", "file 101.txt"), join(folder, "moved to the top.txt"));
    rmSync(join(folder, "Folder 1", "even"), { recursive: true });
    rmSync(join(folder, "Odd", "empty.bin"));
    truncateSync(join(folder, "Odd", ".hidden"));
    mkdirSync(join(folder, "New", "folder"), { recursive: true });
    writeFileSync(join(folder, "New", "folder", "new.txt"), "new");

    await client.untilEqual(syncId, source, SECONDS_MAX);
    await client.untilIdle(syncId, SECONDS_MAX);
    expect(await client.differences(syncId, await source(), ({ path }) => !path.startsWith("/Folder "))).toEqual([]);
    // The file that grew and the new one: what is empty needs no download.
    expect(await tidemark.sandbox.downloads(ACCOUNT)).toBe(2);
  });

  it("follows a file that is written again and again", async () => {
    for (let round = 1; round <= 5; round += 1) {
      writeFileSync(join(folder, "New", "folder", "new.txt"), "again ".repeat(round));
      writeFileSync(join(folder, "New", `round ${round}.txt`), String(round));
      await client.untilEqual(syncId, source, SECONDS_MAX);
    }
  });
});
