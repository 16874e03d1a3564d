import { readFile } from "node:fs/promises";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { browserMissing, newVisitor, openBrowser, problemsOf } from "./support/browser.ts";
import { Client } from "./support/client.ts";
import { leftOf } from "./support/local-state.ts";
import { Tidemark } from "./support/tidemark.ts";

// A person's account from its settings: a program's token, a forgotten browser, everything taken along, and the end.

const ALICE = "alice@contoso.example";
const CAROL = "carol@gmail.example";
const RUN_SECONDS = 120;
const ERASED_SECONDS = 60;
const FACTS = ["profile", "identity", "session", "token", "audit", "connection", "sync", "item", "run"];

const missing = browserMissing();

describe.skipIf(missing !== undefined)(`an account${missing ? ` (${missing})` : ""}`, () => {
  let tidemark: Tidemark;
  let browser: Browser;
  let page: Page;
  let context: BrowserContext;
  let client: Client;
  let userId: string;

  beforeAll(async () => {
    [tidemark, browser] = await Promise.all([Tidemark.start(), openBrowser()]);
    ({ page, context } = await newVisitor(browser, tidemark.origin));
    await page.goto(`/auth/microsoft/login?login_hint=${ALICE}`);
    await page.waitForURL("**/app");
    client = Client.withCookies(tidemark.origin, await context.cookies());
    ({ id: userId } = await client.get<{ id: string }>("/api/v1/me"));
    const google = await client.connectBySignIn("google-drive", CAROL);
    for (const syncId of [await client.firstSync(), await client.syncOf(google)]) await client.untilIdle(syncId, RUN_SECONDS);
  });

  afterAll(async () => {
    await browser?.close();
    await tidemark?.stop();
  });

  const settings = (name: string) => page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name, exact: true }).click();

  it("is found where it once was, and every page of it can be used by everybody", async () => {
    await page.goto("/app/account");
    await page.waitForURL("**/app/settings");
    await page.getByText(ALICE).first().waitFor();
    expect(await problemsOf(page, "settings-profile")).toEqual([]);
    await settings("Connections");
    await page.getByRole("heading", { name: "Connections" }).waitFor();
    await page.getByText(CAROL).first().waitFor();
    expect(await problemsOf(page, "settings-connections")).toEqual([]);
    await settings("Your data");
    await page.getByRole("heading", { name: "Take everything along" }).waitFor();
    expect(await problemsOf(page, "settings-data")).toEqual([]);
  });

  it("has a token made, which works until it is revoked", async () => {
    await settings("API tokens");
    await page.getByText("There are no API tokens.").waitFor();
    await page.getByRole("button", { name: "Make a token" }).click();
    await page.getByLabel("Name").fill("backup script");
    expect(await problemsOf(page, "settings-token-form")).toEqual([]);
    await page.getByRole("dialog").getByRole("button", { name: "Make a token" }).click();
    const token = await page.getByLabel("The new token").inputValue();
    await page.getByRole("button", { name: "Done" }).click();
    await page.getByText("backup script", { exact: true }).waitFor();
    const ask = () => fetch(`${tidemark.origin}/api/v1/me`, { headers: { authorization: `Bearer ${token}` } });
    expect(await (await ask()).json()).toMatchObject({ id: userId, token: { name: "backup script", scopes: ["read"] } });
    expect(await problemsOf(page, "settings-tokens")).toEqual([]);
    await page.getByRole("button", { name: "Revoke backup script" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
    await page.getByText("There are no API tokens.").waitFor();
    expect((await ask()).status).toBe(401);
    await client.send("POST", "/api/v1/tokens", { name: "another", scopes: ["read"] });
  });

  it("shows a browser that was forgotten, ends its session, and remembers that it did", async () => {
    const { client: forgotten } = await tidemark.signIn(ALICE);
    await settings("Sign-in");
    await page.getByText("This browser").waitFor();
    await page.getByText("Source connected: ").first().waitFor();
    expect(await problemsOf(page, "settings-sign-in")).toEqual([]);
    await page.getByRole("button", { name: "Sign out node" }).click();
    await page.getByText("You are signed in nowhere else.").waitFor();
    expect((await forgotten.raw("/api/v1/me")).status).toBe(401);
    expect((await client.raw("/api/v1/me")).status).toBe(200);
    await page.getByText(/^Signed out: node/).waitFor();
  });

  it("is no longer signed in to by what was unlinked", async () => {
    await page.getByRole("button", { name: `Unlink Google (${CAROL})` }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Unlink" }).click();
    await page.getByText("The only one left cannot be unlinked", { exact: false }).waitFor();
    const { items } = await client.get<{ items: { email: string }[] }>("/api/v1/identities");
    expect(items.map(({ email }) => email)).toEqual([ALICE]);
  });

  it("is taken along whole", async () => {
    await settings("Your data");
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download the export" }).click()]);
    const lines = (await readFile(await download.path(), "utf8")).trimEnd().split("\n").map((line) => JSON.parse(line) as { type: string; lines?: number }); // prettier-ignore
    expect([...new Set(lines.map(({ type }) => type))]).toEqual(expect.arrayContaining(FACTS));
    expect(lines.at(-1)).toEqual({ type: "end", whole: true, lines: lines.length });
  });

  it("is erased: nothing is left of it here, and the sources were told", { timeout: 180_000 }, async () => {
    for (const account of [ALICE, CAROL]) await tidemark.sandbox.forgetRequests(account);
    expect(leftOf(tidemark.stateDir, userId).objects.length).toBeGreaterThan(10);
    await page.getByRole("button", { name: "Erase my account…" }).click();
    await page.getByLabel(`Type “${ALICE}” to confirm`).fill(ALICE);
    await page.getByRole("button", { name: "Erase everything" }).click();
    await page.waitForURL("**/goodbye");
    expect(await problemsOf(page, "goodbye")).toEqual([]);
    expect((await client.raw("/api/v1/me")).status).toBe(401);

    await expect.poll(() => leftOf(tidemark.stateDir, userId), { timeout: ERASED_SECONDS * 1000, interval: 500 }).toEqual({ objects: [], rows: { erasures: 1 } }); // prettier-ignore
    const deleted = async (account: string) => (await tidemark.sandbox.requests(account)).routes.filter(({ status }) => status < 300);
    expect(await deleted(ALICE)).toContainEqual(
      expect.objectContaining({ method: "DELETE", route: expect.stringContaining("subscriptions") }),
    );
    expect(await deleted(CAROL)).toContainEqual(
      expect.objectContaining({ method: "POST", route: expect.stringContaining("channels/stop") }),
    );
    expect(await deleted(CAROL)).toContainEqual(expect.objectContaining({ method: "POST", route: expect.stringContaining("revoke") }));
    // The sources are as they were.
    expect((await tidemark.sandbox.places(ALICE)).length).toBeGreaterThan(0);

    const { client: anew } = await tidemark.signIn(ALICE);
    const me = await anew.get<{ id: string }>("/api/v1/me");
    expect(me.id).not.toBe(userId);
    await context.close();
  });
});
