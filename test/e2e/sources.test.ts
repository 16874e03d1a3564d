import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { browserMissing, newVisitor, openBrowser, problemsOf } from "./support/browser.ts";
import { Client } from "./support/client.ts";
import { Tidemark } from "./support/tidemark.ts";

const ALICE = "alice@contoso.example";
const RUN_SECONDS = 120;
/** Two folders of the drive that alice begins with. */
const CHOSEN = ["/Clients/", "/Projects/"];

const missing = browserMissing();

describe.skipIf(missing !== undefined)(`sources in a browser${missing ? ` (${missing})` : ""}`, () => {
  let tidemark: Tidemark;
  let browser: Browser;

  beforeAll(async () => {
    [tidemark, browser] = await Promise.all([Tidemark.start(), openBrowser()]);
  });

  afterAll(async () => {
    await browser?.close();
    await tidemark?.stop();
  });

  it("who adds a source chooses two folders, by keyboard and by mouse, and only these are kept", async () => {
    const { page, context } = await newVisitor(browser, tidemark.origin);
    await page.goto(`/auth/microsoft/login?provider=onedrive&login_hint=${ALICE}`);
    await page.waitForURL("**/app");
    const client = Client.withCookies(tidemark.origin, await context.cookies());

    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Settings" }).click();
    await page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name: "Connections" }).click();
    await page.getByRole("button", { name: "Test" }).click();
    await page.getByText("It works.").waitFor();
    await page.getByText(`Signed in as ${ALICE}.`).waitFor();
    expect(await problemsOf(page, "account-tested")).toEqual([]);

    await page.getByRole("link", { name: "Add a source" }).click();
    await page.getByRole("heading", { name: "Add a source" }).waitFor();
    await page.getByRole("link", { name: `Choose folders of ${ALICE}` }).waitFor();
    expect(await problemsOf(page, "source-new")).toEqual([]);
    // The account that is connected already: the sign-in leads back to it, and on to its folders.
    await page.getByRole("button", { name: "OneDrive: Sign in with Microsoft account" }).click();
    await page.waitForURL(`${tidemark.sandboxOrigin}/**`);
    await page.getByRole("link", { name: ALICE }).click();
    await page.waitForURL("**/app/sources/*/choose");
    expect(await connections(client)).toHaveLength(1);

    const keep = page.getByRole("button", { name: "Keep it" });
    const drive = page.getByRole("treeitem", { name: "OneDrive" });
    await drive.waitFor();
    expect(await keep.isDisabled()).toBe(true);
    const clients = page.getByRole("treeitem", { name: "Clients" });
    await clients.waitFor();
    await drive.focus();
    await page.keyboard.press("c");
    await page.keyboard.press("Space");
    expect(await clients.getAttribute("aria-checked")).toBe("true");
    expect(await drive.getAttribute("aria-checked")).toBe("mixed");
    await page.getByRole("treeitem", { name: "Projects" }).click();
    const leftOut = await leaveOutFirstIn(page, "Clients");
    expect(await clients.getAttribute("aria-checked")).toBe("mixed");
    expect(await problemsOf(page, "source-choose")).toEqual([]);

    await page.getByLabel("Name", { exact: true }).fill("Work only");
    await page.getByLabel("Looks for changes").selectOption("every 6 hours");
    await keep.click();
    await page.waitForURL("**/app/syncs/*");
    await page.getByText("Work only").first().waitFor();

    const syncId = new URL(page.url()).pathname.split("/").at(-1) ?? "";
    expect(await client.untilIdle(syncId, RUN_SECONDS)).toMatchObject({ status: "completed" });
    expect(await client.get(`/api/v1/syncs/${syncId}`)).toMatchObject({
      schedule: { kind: "interval", minutes: 360 },
      selection: [{ mode: "include" }, { mode: "include" }, { mode: "exclude" }],
    });
    const stored = (await client.items(syncId)).filter(({ kind, state }) => kind === "file" && state === "stored");
    const wanted = (await tidemark.sandbox.tree(ALICE)).filter(
      ({ path }) => CHOSEN.some((folder) => path.startsWith(folder)) && path !== leftOut && !path.startsWith(`${leftOut}/`),
    );
    expect(wanted.length).toBeGreaterThan(1);
    expect(stored.map(({ path, sha256 }) => `${path} ${sha256}`).sort()).toEqual(
      wanted.map(({ path, sha256 }) => `${path} ${sha256}`).sort(),
    );

    // What is kept can be changed where it is shown: one folder more, and no pictures.
    await page.getByRole("tab", { name: "What is kept" }).click();
    await page.getByRole("treeitem", { name: "Finance" }).waitFor();
    expect(await clients.getAttribute("aria-checked")).toBe("mixed");
    expect(await page.getByRole("treeitem", { name: "Projects" }).getAttribute("aria-checked")).toBe("true");
    await page.getByRole("treeitem", { name: "Finance" }).click();
    await page.getByRole("group", { name: "Never these kinds" }).getByRole("button", { name: "Pictures" }).click();
    await page.getByText(/would come in/).waitFor();
    expect(await problemsOf(page, "sync-kept")).toEqual([]);
    await page.getByRole("button", { name: "Save the rules" }).click();
    const paths = async () => {
      const items = (await client.items(syncId)).filter(({ kind, state }) => kind === "file" && state === "stored");
      return items.map(({ path }) => path).sort();
    };
    const more = (await tidemark.sandbox.tree(ALICE)).filter(({ path }) => path.startsWith("/Finance/"));
    const isPicture = ({ path }: { path: string }) => /\.(png|jpe?g|svg)$/.test(path);
    await expect
      .poll(paths, { timeout: RUN_SECONDS * 1000, interval: 1000 })
      .toEqual([...wanted, ...more].filter((file) => !isPicture(file)).map(({ path }) => path).sort()); // prettier-ignore

    // Who comes again sees nothing move when the two sources are there. A run would have its progress shown.
    for (const id of [await client.firstSync(), syncId]) await client.untilIdle(id, RUN_SECONDS);
    await page.goto("/app");
    await page.getByRole("link", { name: "Browse files" }).nth(1).waitFor();
    const answers = Promise.withResolvers<void>();
    await page.route("**/api/v1/dashboard", (route) => answers.promise.then(() => route.continue()));
    await page.reload();
    const below = page.getByRole("term").filter({ hasText: "Earlier versions" });
    await below.waitFor();
    const before = await below.boundingBox();
    answers.resolve();
    await page.getByRole("link", { name: "Browse files" }).nth(1).waitFor();
    expect(Math.abs(((await below.boundingBox())?.y ?? NaN) - (before?.y ?? NaN))).toBeLessThan(10);
    await context.close();
  });
});

/** Opens a chosen folder with the arrow keys and leaves out the first thing in it; that thing's path. */
async function leaveOutFirstIn(page: Page, folder: string): Promise<string> {
  await page.getByRole("treeitem", { name: folder }).focus();
  await page.keyboard.press("ArrowRight");
  const first = page.locator('[role="treeitem"][aria-level="3"][aria-checked]').first();
  await first.waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Space");
  expect(await first.getAttribute("aria-checked")).toBe("false");
  return `/${folder}/${await first.locator("[title]").getAttribute("title")}`;
}

async function connections(client: Client): Promise<unknown[]> {
  const { items } = await client.get<{ items: unknown[] }>("/api/v1/connections");
  return items;
}
