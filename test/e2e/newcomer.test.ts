import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { browserMissing, newPhone, openBrowser, shoot } from "./support/browser.ts";
import { Client } from "./support/client.ts";
import { Tidemark } from "./support/tidemark.ts";

// Somebody who was never here, on a phone, from the first page to the last: with the three pages used most, the overview, a sync and
// its files.

const PERSON = "carol@gmail.example";
const DRIVE = "alice@contoso.example";
const RUN_SECONDS = 120;
/** Two folders of the drive, and how many files of one of them go at once later. */
const [KEPT, EMPTIED] = ["/Projects", "/Clients"];
const GOING = 24;

const missing = browserMissing();

describe.skipIf(missing !== undefined)(`a newcomer with a phone${missing ? ` (${missing})` : ""}`, () => {
  let tidemark: Tidemark;
  let browser: Browser;
  let page: Page;
  let context: BrowserContext;
  let client: Client;
  let syncId: string;

  beforeAll(async () => {
    [tidemark, browser] = await Promise.all([Tidemark.start(), openBrowser()]);
    ({ page, context } = await newPhone(browser, tidemark.origin));
    await tidemark.sandbox.mutate(DRIVE, [
      { op: "create", path: `${KEPT}/Launch.mp4`, bytes: "a film" },
      { op: "create", path: `${KEPT}/Launch plan.txt`, bytes: "first plan" },
      ...Array.from({ length: GOING }, (_, n) => ({ op: "create", path: `${EMPTIED}/Letters/letter ${n}.txt`, bytes: `letter ${n}` })),
    ]);
  });

  afterAll(async () => {
    await browser?.close();
    await tidemark?.stop();
  });

  const place = (name: string) => page.getByRole("navigation", { name: "Main" }).getByRole("link", { name, exact: true });

  it("signs in, and is led to a first source", async () => {
    await page.goto("/");
    await shoot(page, "1-start");
    await page.getByRole("link", { name: "Continue with Google" }).tap();
    await page.getByRole("link", { name: PERSON }).tap();
    await page.getByRole("heading", { name: "Nothing is connected" }).waitFor();
    await shoot(page, "2-empty");
    client = Client.withCookies(tidemark.origin, await context.cookies());
    await page.getByRole("main").getByRole("link", { name: "Add a source" }).tap();
    await page.getByRole("heading", { name: "Add a source" }).waitFor();
    await shoot(page, "3-sources");
    await page.getByRole("button", { name: "OneDrive: Sign in with Microsoft account" }).tap();
    await page.getByRole("link", { name: DRIVE }).tap();
    await page.waitForURL("**/app/sources/*/choose");
  });

  it("keeps two folders of it, without videos, and watches them arrive", async () => {
    await page.getByLabel("Only what I choose").tap();
    for (const folder of [KEPT, EMPTIED]) await page.getByRole("treeitem", { name: folder.slice(1) }).tap();
    await page.getByText("Leave some files out").tap();
    await page.getByRole("group", { name: "Never these kinds" }).getByRole("button", { name: "Videos" }).tap();
    await shoot(page, "4-choose");
    // Slow enough to be watched.
    await tidemark.sandbox.fault(DRIVE, { match: { path: "download" }, delayMs: 300 });
    await page.getByRole("button", { name: "Keep it" }).tap();
    await page.waitForURL("**/app/syncs/*");
    syncId = new URL(page.url()).pathname.split("/").at(-1) ?? "";
    await page.getByRole("progressbar").waitFor();
    await shoot(page, "5-running");
    await tidemark.sandbox.noFaults(DRIVE);
    await page.getByText(/^Everything (chosen that )?the source (had|could hand out)/).waitFor({ timeout: RUN_SECONDS * 1000 });
    await shoot(page, "6-here");
    const wanted = (await tidemark.sandbox.tree(DRIVE)).filter(
      ({ path }) => [KEPT, EMPTIED].some((folder) => path.startsWith(`${folder}/`)) && !path.endsWith(".mp4"),
    );
    const stored = (await client.items(syncId)).filter(({ kind, state }) => kind === "file" && state === "stored");
    const told = (files: readonly { path: string; sha256: string | null }[]) => files.map(({ path, sha256 }) => `${path} ${sha256}`).sort();
    expect(told(stored)).toEqual(told(wanted));
  });

  it("holds it up and lets it go on, from its page", async () => {
    await page.getByRole("button", { name: "More actions for Projects and Clients" }).tap();
    await page.getByRole("menuitem", { name: "Pause" }).tap();
    await page.getByRole("heading", { name: "Paused" }).waitFor();
    await shoot(page, "7-paused");
    await page.getByRole("button", { name: "Resume" }).tap();
    await page.getByRole("button", { name: "Sync now" }).waitFor();
    // On the overview the button is so far to the left that its menu would not fit before it.
    await place("Overview").tap();
    await page.getByRole("button", { name: "More actions for Projects and Clients" }).tap();
    await page.getByRole("menuitem", { name: "Pause" }).waitFor();
    expect((await page.getByRole("menu").boundingBox())?.x).toBeGreaterThanOrEqual(0);
    await page.keyboard.press("Escape");
  });

  it("finds a file, and takes its earlier version back", async () => {
    await tidemark.sandbox.mutate(DRIVE, [{ op: "update", path: `${KEPT}/Launch plan.txt`, bytes: "second plan" }]);
    await place("Files").tap();
    await page.getByRole("textbox", { name: "Search files and folders" }).fill("launch");
    const row = page.getByRole("row", { name: /Launch plan\.txt/ });
    await row.waitFor();
    await shoot(page, "8-found");
    await row.getByText("Launch plan.txt").tap();
    await page.getByRole("button", { name: "Restore version 1" }).waitFor({ timeout: RUN_SECONDS * 1000 });
    await shoot(page, "9-file");
    await page.getByRole("button", { name: "Restore version 1" }).tap();
    await page.getByText("3, current, restored from 1").waitFor();
    await shoot(page, "10-restored");
    const [found] = (await client.get<{ items: { id: string }[] }>("/api/v1/search?q=launch%20plan")).items;
    expect(await (await client.raw(`/api/v1/items/${found?.id}/content`)).text()).toBe("first plan");
    await page.getByRole("complementary").getByRole("button", { name: "Close the details" }).tap();
  });

  it("is asked before most of a folder goes, and agrees", async () => {
    await tidemark.sandbox.mutate(DRIVE, [{ op: "delete", path: EMPTIED }]);
    await place("Overview").tap();
    const review = page.getByRole("link", { name: "Review" });
    await review.waitFor({ timeout: RUN_SECONDS * 1000 });
    await shoot(page, "11-held");
    await review.tap();
    await page.getByRole("button", { name: "Remove all" }).waitFor();
    await shoot(page, "12-review");
    await page.getByRole("button", { name: "Remove all" }).tap();
    await page.getByRole("dialog").getByRole("button", { name: "Remove", exact: true }).tap();
    await page.getByRole("button", { name: "Remove all" }).waitFor({ state: "hidden" });
    await page.getByText("a decision was asked for. It was made.").waitFor();
    await shoot(page, "13-agreed");
    const there = async () =>
      (await client.items(syncId)).filter(({ path, state }) => path.startsWith(EMPTIED) && state === "stored").length;
    await expect.poll(there, { timeout: RUN_SECONDS * 1000, interval: 500 }).toBe(0);
  });

  it("leaves, and takes everything along out of here", async () => {
    await place("Settings").tap();
    await page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name: "Your data" }).tap();
    await page.getByRole("button", { name: "Erase my account…" }).tap();
    await page.getByLabel(`Type “${PERSON}” to confirm`).fill(PERSON);
    await shoot(page, "14-erase");
    await page.getByRole("button", { name: "Erase everything" }).tap();
    await page.waitForURL("**/goodbye");
    await page.getByRole("heading", { level: 1 }).waitFor();
    await shoot(page, "15-goodbye");
    expect((await client.raw("/api/v1/me")).status).toBe(401);
    await context.close();
  });
});
