import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Browser } from "playwright-core";
import { createClient } from "webdav";
import { browserMissing, newVisitor, openBrowser, problemsOf } from "./support/browser.ts";
import { Client } from "./support/client.ts";
import { fillFolder, filesOf, ODD_NAMES } from "./support/folder.ts";
import { programMissing } from "./support/programs.ts";
import { Tidemark } from "./support/tidemark.ts";

const ACCOUNT = "alice@contoso.example";
const OPERATOR = "operator@contoso.example";
const FILES = 200;
const SYNC = "Zoë's 100% #1";
const RUN_SECONDS = 240;
const PROGRAM_MILLISECONDS = 240_000;
const RCLONE = "/usr/bin/rclone";
const CADAVER = "/usr/bin/cadaver";

const missing = programMissing(RCLONE, "rclone") ?? programMissing(CADAVER, "cadaver");
const noBrowser = browserMissing();
const run = promisify(execFile);

describe("a Tidemark", () => {
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
    await client.send("PATCH", `/api/v1/syncs/${syncId}`, { name: SYNC });
    token = (await client.send<{ token: string }>("POST", "/api/v1/tokens", { name: "rclone", scopes: ["read"] })).token;
    address = `${tidemark.origin}/dav/${encodeURIComponent(SYNC)}/`;
  });

  afterAll(async () => {
    await tidemark?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  describe.skipIf(missing !== undefined)(`read by other people's WebDAV clients${missing ? ` (${missing})` : ""}`, () => {
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

    it("rclone check finds no difference to what was copied, reading both, and one where there is one", async () => {
      const odd = ["--filter", "+ /Odd/**", "--filter", "- *"];
      await rclone("check", join(folder, "copy"), "MIRROR", "--download", ...odd);
      const file = join(folder, "copy", "Odd", "no extension");
      writeFileSync(
        file,
        readFileSync(file).map((byte) => byte ^ 1),
      );
      await expect(rclone("check", join(folder, "copy"), "MIRROR", "--download", ...odd)).rejects.toThrow("1 differences found");
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
      const top = `/${SYNC}`;
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

  describe.skipIf(noBrowser !== undefined)(`administered in a browser${noBrowser ? ` (${noBrowser})` : ""}`, () => {
    let browser: Browser;

    beforeAll(async () => {
      browser = await openBrowser();
    });
    afterAll(() => browser?.close());

    it("an administrator finds a user, runs their syncs, sets a limit, and sees whether all is well", async () => {
      const { page, context } = await newVisitor(browser, tidemark.origin);
      await page.goto(`/auth/microsoft/login?login_hint=${OPERATOR}`);
      await page.waitForURL("**/app");
      await page.goto("/app/admin");
      await page.getByRole("link", { name: "Alice Contoso" }).waitFor();
      expect(await problemsOf(page, "admin-users")).toEqual([]);
      await page.getByRole("main").getByLabel("Search").fill("nobody at all");
      await page.getByText("Nobody is found by “nobody at all”.").waitFor();
      await page.getByRole("main").getByLabel("Search").fill("ALICE@");
      await page.getByRole("link", { name: "Alice Contoso" }).click();

      await page.getByRole("heading", { name: "Alice Contoso" }).waitFor();
      await page.getByText(SYNC, { exact: true }).waitFor();
      expect(await problemsOf(page, "admin-user")).toEqual([]);
      await page.getByRole("button", { name: "Run all syncs" }).click();
      await page.getByText("Started: 1 sync.").waitFor();
      await page.getByLabel("Gigabytes, with versions").fill("many");
      await page.getByText("A number from 0 on").waitFor();
      expect(await page.getByRole("button", { name: "Save the limits" }).isDisabled()).toBe(true);
      await page.getByLabel("Gigabytes, with versions").fill("2.5");
      await page.getByRole("button", { name: "Save the limits" }).click();
      await page.getByText("In force: 2.5 GB").waitFor();
      expect(await client.get("/api/v1/me")).toMatchObject({ quota: { bytes: 2_500_000_000 } });

      await tidemark.tick();
      await page.getByRole("main").getByRole("link", { name: "Administration" }).click();
      await page.getByRole("tab", { name: "System" }).click();
      await page.getByText("Everything runs").waitFor();
      expect(await problemsOf(page, "admin-system")).toEqual([]);
      await page.getByRole("tab", { name: "Dead letters" }).click();
      await page.getByText("No message has failed in the last 30 days.").waitFor();
      expect(await problemsOf(page, "admin-letters")).toEqual([]);
      await context.close();
    });

    it("who is no administrator is told so, and shown nothing", async () => {
      const { page, context } = await newVisitor(browser, tidemark.origin);
      await page.goto(`/auth/microsoft/login?login_hint=${ACCOUNT}`);
      await page.waitForURL("**/app");
      await page.goto("/app/admin");
      await page.getByRole("heading", { name: "This page is for administrators" }).waitFor();
      expect(await page.getByRole("tab").count()).toBe(0);
      expect(await problemsOf(page, "admin-refused")).toEqual([]);
      const asked = await Client.withCookies(tidemark.origin, await context.cookies()).raw("/metrics");
      expect(asked.status).toBe(403);
      await context.close();
    });

    it("the API's reference is read on any screen", async () => {
      const { page, context } = await newVisitor(browser, tidemark.origin);
      await page.goto("/api/docs");
      await page.getByRole("navigation").getByRole("link", { name: "POST /syncs/{id}/run" }).click();
      await page.locator("#post-syncs-id-run").getByText("curl").waitFor();
      expect(await problemsOf(page, "reference")).toEqual([]);
      await context.close();
    });
  });
});
