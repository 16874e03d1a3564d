import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { browserMissing, newVisitor, openBrowser, problemsOf } from "./support/browser.ts";
import { Client } from "./support/client.ts";
import { Tidemark } from "./support/tidemark.ts";

const ALICE = "alice@contoso.example";
const BOB = "bob@outlook.example";
const CAROL = "carol@contoso.example";
const SIGN_IN = "Continue with Microsoft";
const ALL_HERE = /^Everything the source (had|could hand out)/;
const RUN_SECONDS = 120;
/** A change in the drive is on an open page "within seconds"; on a busy machine that is some more. */
const CHANGE_SHOWN_MILLISECONDS = 30_000;

const missing = browserMissing();

describe.skipIf(missing !== undefined)(`in a browser${missing ? ` (${missing})` : ""}`, () => {
  let tidemark: Tidemark;
  let browser: Browser;

  beforeAll(async () => {
    [tidemark, browser] = await Promise.all([Tidemark.start(), openBrowser()]);
  });

  afterAll(async () => {
    await browser?.close();
    await tidemark?.stop();
  });

  it("a newcomer signs in, watches the drive arrive, takes a file home, sees a change come in, and signs out", async () => {
    const { page, context } = await newVisitor(browser, tidemark.origin);
    // Slow enough to be watched.
    await tidemark.sandbox.fault(ALICE, { match: { path: "download" }, delayMs: 150 });

    await page.goto("/");
    expect(await problemsOf(page, "landing")).toEqual([]);
    await page.getByRole("link", { name: SIGN_IN }).click();
    await page.getByRole("link", { name: ALICE }).click();

    await page.waitForURL("**/app");
    await page.getByRole("progressbar").waitFor();
    await page.getByText("Stored in this run", { exact: true }).waitFor();
    expect(await problemsOf(page, "overview-running")).toEqual([]);
    await tidemark.sandbox.noFaults(ALICE);
    await page.getByText(ALL_HERE).waitFor({ timeout: RUN_SECONDS * 1000 });
    expect(await problemsOf(page, "overview")).toEqual([]);

    const client = Client.withCookies(tidemark.origin, await context.cookies());
    const syncId = await client.firstSync();
    expect(await client.untilIdle(syncId, RUN_SECONDS)).toMatchObject({ status: "completed" });
    const source = await tidemark.sandbox.tree(ALICE);
    expect(await client.differences(syncId, source)).toEqual([]);

    await page.getByRole("link", { name: "Browse files" }).click();
    const file = source.find(({ path, size }) => path.split("/").length === 3 && size > 1000);
    const [, folder = "", name = ""] = file?.path.split("/") ?? [];
    await page.getByRole("grid").getByRole("link", { name: folder, exact: true }).click();
    await page.getByRole("grid").getByText(name, { exact: true }).click();
    const details = page.getByRole("complementary");
    await details.getByText(file?.sha256 ?? "").waitFor();
    expect(await problemsOf(page, "files")).toEqual([]);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      details.getByRole("link", { name: "Download", exact: true }).click(),
    ]);
    expect(download.suggestedFilename()).toBe(name);
    expect(sha256(await readFile(await download.path()))).toBe(file?.sha256);

    await stayOn(page, async () => {
      await tidemark.sandbox.mutate(ALICE, [{ op: "create", path: `/${folder}/Came in by itself.txt`, bytes: "new" }]);
      const row = page.getByRole("row", { name: "Came in by itself.txt" });
      await row.getByText("Stored").waitFor({ timeout: CHANGE_SHOWN_MILLISECONDS });
    });
    expect(await client.differences(syncId, await tidemark.sandbox.tree(ALICE))).toEqual([]);

    await page.goto(`/app/syncs/${syncId}`);
    await page.getByText("announced by the source").first().waitFor();
    expect(await problemsOf(page, "sync-history")).toEqual([]);
    for (const tab of ["Failed", "Skipped", "Settings"]) {
      await page.getByRole("tab", { name: tab }).click();
      expect(await problemsOf(page, `sync-${tab.toLowerCase()}`)).toEqual([]);
    }
    const [run] = await client.runs(syncId);
    await page.goto(`/app/runs/${run?.id}`);
    await page.getByText("announced by the source").first().waitFor();
    expect(await problemsOf(page, "run")).toEqual([]);

    await page.goto("/app/account");
    await page.getByText(ALICE).first().waitFor();
    expect(await problemsOf(page, "account")).toEqual([]);
    await page.getByRole("button", { name: "Sign out here" }).click();
    await page.getByRole("link", { name: SIGN_IN }).waitFor();
    expect((await client.raw("/api/v1/me")).status).toBe(401);
    await page.goto("/app");
    await page.getByRole("link", { name: SIGN_IN }).waitFor();
    await context.close();
  });

  it("who declines at Microsoft is told what happened, and can try again", async () => {
    const { page, context } = await newVisitor(browser, tidemark.origin);
    await page.goto("/");
    await page.getByRole("link", { name: SIGN_IN }).click();
    await page.getByRole("link", { name: "Cancel" }).click();
    await page.getByRole("heading", { name: "Access was not given" }).waitFor();
    expect(await problemsOf(page, "declined")).toEqual([]);
    await page.getByRole("link", { name: "Try again" }).click();
    await page.getByRole("link", { name: BOB }).waitFor();
    await context.close();
  });

  it("who loses most files at once is asked before any goes, and one button takes a version back", async () => {
    const { page, context } = await newVisitor(browser, tidemark.origin);
    await page.goto(`/auth/microsoft/login?provider=onedrive&login_hint=${CAROL}`);
    await page.waitForURL("**/app");
    const client = Client.withCookies(tidemark.origin, await context.cookies());
    const syncId = await client.firstSync();
    const files = Array.from({ length: 24 }, (_file, n) => ({ op: "create", path: `/Plans/${n}.txt`, bytes: `plan ${n}` }));
    await tidemark.sandbox.mutate(CAROL, [...files, { op: "create", path: "/Diary.txt", bytes: "first" }]);
    await client.untilEqual(syncId, () => tidemark.sandbox.tree(CAROL), RUN_SECONDS);
    await tidemark.sandbox.mutate(CAROL, [
      { op: "update", path: "/Diary.txt", bytes: "second" },
      { op: "delete", path: "/Plans" },
    ]);

    await page.goto(`/app/syncs/${syncId}`);
    await page.getByText("24 files wait for your decision").waitFor({ timeout: RUN_SECONDS * 1000 });
    await client.untilIdle(syncId, RUN_SECONDS);
    expect(await problemsOf(page, "sync-held")).toEqual([]);
    await page.getByRole("link", { name: "Review" }).click();
    await page.getByRole("button", { name: "Remove all" }).waitFor();
    expect(await problemsOf(page, "run-held")).toEqual([]);
    await page.getByRole("button", { name: "Remove all" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Remove", exact: true }).click();
    await client.untilEqual(syncId, () => tidemark.sandbox.tree(CAROL), RUN_SECONDS);

    await page.goto(`/app/syncs/${syncId}/files`);
    await page.getByRole("grid").getByText("Diary.txt", { exact: true }).click();
    await page.getByRole("button", { name: "Why?" }).click();
    await page.getByText("It is here, as the source has it.").waitFor();
    await page.getByRole("button", { name: "Restore version 1" }).waitFor();
    expect(await problemsOf(page, "item-versions")).toEqual([]);
    await page.getByRole("button", { name: "Restore version 1" }).click();
    await page.getByText("3, current, restored from 1").waitFor();
    await context.close();
  });

  it("who withdraws the permission sees why nothing arrives any more, and one button heals it", async () => {
    const { page, context } = await newVisitor(browser, tidemark.origin);
    await page.goto("/");
    await page.getByRole("link", { name: SIGN_IN }).click();
    await page.getByRole("link", { name: BOB }).click();
    await page.getByText(/^(Everything the source|The source was empty)/).waitFor({ timeout: RUN_SECONDS * 1000 });
    const reconnect = page.getByRole("button", { name: "Reconnect" });

    await stayOn(page, async () => {
      await tidemark.sandbox.call("POST", `/grants/${BOB}/revoke`);
      await page.getByRole("button", { name: "Sync now" }).click();
      await reconnect.waitFor({ timeout: CHANGE_SHOWN_MILLISECONDS });
    });
    expect(await problemsOf(page, "needs-reconnect")).toEqual([]);

    await tidemark.sandbox.mutate(BOB, [{ op: "create", path: "/While nobody looked.txt", bytes: "new" }]);
    await reconnect.click();
    const account = page.getByRole("link", { name: BOB });
    await account
      .or(page.getByRole("link", { name: "Browse files" }))
      .first()
      .waitFor();
    if (await account.isVisible()) await account.click();
    await page.waitForURL("**/app");
    await page.getByText(ALL_HERE).waitFor({ timeout: RUN_SECONDS * 1000 });
    expect(await reconnect.isVisible()).toBe(false);
    const client = Client.withCookies(tidemark.origin, await context.cookies());
    await client.untilEqual(await client.firstSync(), () => tidemark.sandbox.tree(BOB), RUN_SECONDS);
    await context.close();
  });

  it("an address that leads nowhere says so", async () => {
    const { page, context } = await newVisitor(browser, tidemark.origin);
    await page.goto("/there/is/nothing");
    await page.getByRole("heading").first().waitFor();
    expect(await problemsOf(page, "not-found")).toEqual([]);
    await context.close();
  });
});

/** Holds what happens to happen on the page as it is: it is not loaded again. */
async function stayOn(page: Page, what: () => Promise<void>): Promise<void> {
  await page.evaluate(() => Object.assign(window, { sameDocument: true }));
  await what();
  expect(await page.evaluate(() => "sameDocument" in window)).toBe(true);
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
