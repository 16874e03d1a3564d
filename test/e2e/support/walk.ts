import type { Browser, Page } from "playwright-core";
import { newVisitor } from "./browser.ts";
import { Client } from "./client.ts";
import type { Tidemark } from "./tidemark.ts";

// Every page that belongs to no single subject, in each of its states.

const ALICE = "alice@contoso.example";
const BOB = "bob@outlook.example";
const RUN_SECONDS = 120;
const ALL_HERE = /^Everything the source (had|could hand out)/;

/** Goes through them, one after another; `visit` is called while each is on show. */
export async function walk(tidemark: Tidemark, browser: Browser, visit: (page: Page, name: string) => Promise<void>): Promise<void> {
  await publicPages(tidemark, browser, visit);
  await withFiles(tidemark, browser, visit);
  await withNothing(tidemark, browser, visit);
}

async function publicPages(tidemark: Tidemark, browser: Browser, visit: (page: Page, name: string) => Promise<void>): Promise<void> {
  const { page, context } = await newVisitor(browser, tidemark.origin);
  await page.goto("/");
  await page.getByRole("link", { name: "Continue with Google" }).waitFor();
  await visit(page, "landing");
  await page.getByRole("link", { name: "Privacy" }).click();
  await page.getByText("[name of the operator]").first().waitFor();
  await visit(page, "privacy");
  await page.getByRole("link", { name: "Terms" }).click();
  await page.getByRole("heading", { name: "Terms of use" }).waitFor();
  await visit(page, "terms");
  await page.goto("/no/such/page");
  await page.getByRole("heading", { name: "No such page" }).waitFor();
  await visit(page, "not-found");
  await context.close();
}

async function withFiles(tidemark: Tidemark, browser: Browser, visit: (page: Page, name: string) => Promise<void>): Promise<void> {
  const { page, context } = await newVisitor(browser, tidemark.origin);
  await tidemark.sandbox.fault(ALICE, { match: { path: "download" }, delayMs: 150 });
  await page.goto(`/auth/microsoft/login?provider=onedrive&login_hint=${ALICE}`);
  await page.waitForURL("**/app");
  await page.getByRole("progressbar").waitFor();
  await visit(page, "overview-running");
  await tidemark.sandbox.noFaults(ALICE);
  await page.getByText(ALL_HERE).waitFor({ timeout: RUN_SECONDS * 1000 });
  const client = Client.withCookies(tidemark.origin, await context.cookies());
  const syncId = await client.firstSync();
  await client.untilIdle(syncId, RUN_SECONDS);
  await tidemark.sandbox.mutate(ALICE, [{ op: "create", path: "/Reports/Second run.txt", bytes: "second" }]);
  await client.untilEqual(syncId, () => tidemark.sandbox.tree(ALICE), RUN_SECONDS);
  await client.untilIdle(syncId, RUN_SECONDS);

  await page.goto("/app");
  await page.getByText("Second run.txt").first().waitFor();
  await page.getByRole("slider", { name: "Day" }).waitFor();
  await visit(page, "overview");

  await page.keyboard.press("Control+k");
  const palette = page.getByRole("dialog", { name: "Search and commands" });
  await palette.getByRole("option", { name: "Sync OneDrive now" }).waitFor();
  await visit(page, "palette");
  await page.keyboard.type("activ");
  await palette.getByRole("option", { name: "Activity" }).waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL("**/app/activity");
  await page.getByText("Second run.txt").first().waitFor();
  await visit(page, "activity");
  await page.getByLabel("Kind").selectOption({ label: "Removed" });
  await page.getByText("Nothing like that changed").waitFor();
  await visit(page, "activity-empty");

  await page.locator("main").press("?");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  await visit(page, "shortcuts");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await page.keyboard.press("g");
  await page.keyboard.press("o");
  await page.waitForURL((url) => url.pathname === "/app");

  await page.goto(`/app/syncs/${syncId}`);
  await page.getByText("The last 2 runs").waitFor();
  await visit(page, "sync-history");
  await page.getByRole("tab", { name: "What is kept" }).click();
  await page.getByLabel("Only these types").fill("pdf");
  await page.getByText(/would go, and stay restorable/).waitFor();
  await visit(page, "sync-rules");
  await page.getByRole("tab", { name: "Settings" }).click();
  await page.getByLabel("by a cron expression").check();
  await page.getByLabel("Cron expression", { exact: true }).fill("30 6 * * 1-5");
  await page.getByText("At 06:30, from Monday to Friday").waitFor();
  await visit(page, "sync-cron");

  const [run, first] = await client.runs(syncId);
  await page.goto(`/app/runs/${run?.id}`);
  await page.getByLabel("Compare with the run of").selectOption(first?.id ?? "");
  // A run that found nothing is not listed, and may have come between.
  await page.getByText("The later receipt names the earlier one").waitFor();
  await visit(page, "run-receipts");

  const answers = Promise.withResolvers<void>();
  await page.route("**/api/v1/dashboard", async (route) => {
    await answers.promise;
    await route.fulfill({ status: 503, json: { error: { code: "internal", message: "It is out of order.", requestId: "0" } } });
  });
  await page.goto("/app");
  await page.getByText("Last runs").waitFor();
  await visit(page, "overview-loading");
  answers.resolve();
  await page.getByRole("button", { name: "Try again" }).waitFor();
  await visit(page, "overview-error");
  await page.unroute("**/api/v1/dashboard");

  await page.goto("/app/no-such-page");
  await page.getByRole("heading", { name: "No such page" }).waitFor();
  await visit(page, "app-not-found");
  await page.goto("/app");
  await page.getByText(ALL_HERE).waitFor();
  await context.setOffline(true);
  await page.getByText("This device is offline").waitFor();
  await visit(page, "offline");
  await context.setOffline(false);

  await context.clearCookies();
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Activity" }).click();
  await page.getByText("You are signed out").waitFor();
  await visit(page, "signed-out");
  await page.goto("/?return_to=/app/activity&ended");
  await page.getByText("Your session has ended").waitFor();
  await visit(page, "session-ended");
  await context.close();
}

async function withNothing(tidemark: Tidemark, browser: Browser, visit: (page: Page, name: string) => Promise<void>): Promise<void> {
  const { page, context } = await newVisitor(browser, tidemark.origin);
  await page.goto(`/auth/microsoft/login?provider=onedrive&login_hint=${BOB}`);
  await page.waitForURL("**/app");
  const client = Client.withCookies(tidemark.origin, await context.cookies());
  const syncId = await client.firstSync();
  const { items } = await client.get<{ items: { id: string }[] }>("/api/v1/connections");
  const remove = (path: string) => client.raw(path, { method: "DELETE", headers: { origin: tidemark.origin } });
  await remove(`/api/v1/syncs/${syncId}`);
  // With the sync's last row gone, the connection goes too.
  await page.getByText("nothing of it is kept yet").waitFor({ timeout: RUN_SECONDS * 1000 });
  await visit(page, "overview-unused");
  await remove(`/api/v1/connections/${items[0]?.id}`);
  await page.getByRole("heading", { name: "Nothing is connected" }).waitFor();
  await visit(page, "overview-empty");
  await page.goto("/app/activity");
  await page.getByText("Nothing has changed").waitFor();
  await context.close();
}
