import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createClient } from "webdav";
import type { Client } from "./support/client.ts";
import { fillFolder, filesOf, ODD_NAMES } from "./support/folder.ts";
import { programMissing } from "./support/programs.ts";
import { Tidemark } from "./support/tidemark.ts";

const ACCOUNT = "alice@contoso.example";
const FILES = 200;
const RUN_SECONDS = 240;
const PROGRAM_MILLISECONDS = 240_000;
const RCLONE = "/usr/bin/rclone";
const CADAVER = "/usr/bin/cadaver";

const missing = programMissing(RCLONE, "rclone") ?? programMissing(CADAVER, "cadaver");
const run = promisify(execFile);

describe.skipIf(missing !== undefined)(`a mirror, read by other people's WebDAV clients${missing ? ` (${missing})` : ""}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "tidemark-dav-"));
  const source = join(folder, "source");
  let tidemark: Tidemark;
  let client: Client;
  let token: string;
  let address: string;

  beforeAll(async () => {
    fillFolder(source, FILES);
    tidemark = await Tidemark.start(["--drive", source]);
    let syncId: string;
    ({ client, syncId } = await tidemark.signIn(ACCOUNT));
    const { status } = await client.untilIdle(syncId, RUN_SECONDS);
    if (status !== "completed") throw new Error(`The first run ended ${status}.\n${tidemark.logs()}`);
    await client.send("PATCH", `/api/v1/syncs/${syncId}`, { name: "Zoë's 100% #1" });
    token = (await client.send<{ token: string }>("POST", "/api/v1/tokens", { name: "rclone", scopes: ["read"] })).token;
    address = `${tidemark.origin}/dav/${encodeURIComponent("Zoë's 100% #1")}/`;
  });

  afterAll(async () => {
    await tidemark?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const rclone = async (...args: string[]) => {
    const { stdout } = await run(RCLONE, ["obscure", token]);
    const remote = `:webdav,url="${address}",user=anyone,pass="${stdout.trim()}",vendor=other:`;
    const all = args.map((arg) => arg.replace(/^MIRROR/, remote));
    return run(RCLONE, [...all, "--config", "/dev/null", "--retries", "1"], { timeout: PROGRAM_MILLISECONDS, maxBuffer: 64 * 1024 ** 2 });
  };

  it("rclone copies all of it: every file, to the byte, with its time", async () => {
    const copy = join(folder, "copy");
    await rclone("copy", "MIRROR", copy);
    const byPath = (root: string) => filesOf(root).map(({ path, sha256 }) => `${path} ${sha256}`).sort(); // prettier-ignore
    const expected = byPath(source);
    expect(expected.length).toBe(FILES + ODD_NAMES.length + 1);
    expect(byPath(copy)).toEqual(expected);
    // Again, by size and time: nothing is copied twice.
    const { stderr } = await rclone("copy", "MIRROR", copy, "-v", "--stats-one-line");
    expect(stderr).not.toContain("Copied (");
  });

  it("rclone check finds no difference to the source, reading both, and one where there is one", async () => {
    const only = ["--filter", "+ /Odd/*.txt", "--filter", "+ /Folder 1/**", "--filter", "- *"];
    const forbidden = ["what?.txt", "a:b.txt"].flatMap((name) => ["--filter", `- /Odd/${name.replace("?", "\\?")}`]);
    await rclone("check", source, "MIRROR", "--download", ...forbidden, ...only);
    const file = join(source, "Folder 1", "even", "file 100.txt");
    const content = readFileSync(file);
    writeFileSync(
      file,
      content.map((byte) => byte ^ 1),
    );
    try {
      await expect(rclone("check", source, "MIRROR", "--download", ...forbidden, ...only)).rejects.toThrow("1 differences found");
    } finally {
      writeFileSync(file, content);
    }
  });

  it("rclone can change nothing", async () => {
    await expect(rclone("copyto", join(source, "Odd", ".hidden"), "MIRRORnew.txt", "--low-level-retries", "1")).rejects.toThrow("405");
    await expect(rclone("purge", "MIRROROdd")).rejects.toThrow("405");
  });

  it("cadaver walks and fetches, where it is let in", async () => {
    const home = mkdtempSync(join(folder, "home-"));
    writeFileSync(join(home, ".netrc"), `machine localhost login anyone password ${token}\n`, { mode: 0o600 });
    const cadaver = (lines: string[]) => {
      const going = run(CADAVER, [address], { cwd: home, env: { ...process.env, HOME: home }, timeout: PROGRAM_MILLISECONDS });
      going.child.stdin?.end(`${[...lines, "quit"].join("\n")}\n`);
      return going;
    };
    const { stdout } = await cadaver(["ls", "cd Odd", "ls", 'get "Отчёт.txt" fetched.txt', "put fetched.txt new.txt"]);
    expect(stdout).toMatch(/Coll: +Folder 0/);
    for (const name of ["two  spaces.txt", "%2e%2e%2f.txt"]) expect(stdout).toContain(name);
    expect(readFileSync(join(home, "fetched.txt"), "utf8")).toBe("Отчёт.txt");
    expect(stdout).toMatch(/Uploading .* failed/s);
  });

  it("the webdav package reads names, a part and a digest; no other token's user finds any of it", async () => {
    const dav = createClient(`${tidemark.origin}/dav`, { username: "anyone", password: token });
    const top = "/Zoë's 100% #1";
    const names = (await dav.getDirectoryContents(`${top}/Odd`)).map(({ basename }) => basename);
    expect(names.sort()).toEqual([...ODD_NAMES, "empty.bin"].sort());
    for (const name of ODD_NAMES) expect(await dav.getFileContents(`${top}/Odd/${name}`, { format: "text" }), name).toBe(name);
    expect(await dav.exists(`${top}/Odd/what?.txt`)).toBe(false);

    const { client: bob } = await tidemark.signIn("bob@outlook.example");
    const bobs = (await bob.send<{ token: string }>("POST", "/api/v1/tokens", { name: "mine", scopes: ["read"] })).token;
    const stranger = createClient(`${tidemark.origin}/dav`, { username: ACCOUNT, password: bobs });
    expect(await stranger.exists(top)).toBe(false);
    expect(await stranger.exists(`${top}/Odd/.hidden`)).toBe(false);
  });
});
