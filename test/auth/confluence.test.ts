import { beforeEach, describe, expect, it } from "vitest";
import { SandboxConfluence } from "../providers/sandbox-confluence.ts";
import { Browser, isApp, myConnections, post } from "./browser.ts";

// Connecting Confluence by Atlassian's sign-in, as a browser goes through it.

let browser: Browser;

beforeEach(async () => {
  browser = new Browser();
  await browser.visit(`/auth/microsoft/login?login_hint=p-${crypto.randomUUID()}@contoso.example`, isApp);
});

/** From the button in Tidemark over the page of consent, and back. */
async function connect(site: SandboxConfluence, choice: Record<string, string> = { account: site.account }, more: object = {}) {
  const begun = await post(browser, "/api/v1/connections", { provider: "confluence", returnTo: "/app/account", ...more });
  const url = new URL((await begun.json<{ authorizeUrl: string }>()).authorizeUrl);
  expect(await (await browser.fetch(url.href)).text()).toContain("Pick an account");
  url.pathname = "/authorize/submit";
  for (const [name, value] of Object.entries(choice)) url.searchParams.set(name, value);
  return browser.visit(url.href, isApp);
}

const confluences = async () => (await myConnections(browser)).filter(({ provider }) => provider === "confluence");

describe("a sign-in with Atlassian", () => {
  it("connects the person's sites, with all scopes, and anew after it was taken back", async () => {
    const site = await SandboxConfluence.open();
    expect((await connect(site)).url.pathname).toBe("/app/account");
    const [connection] = await confluences();
    expect(connection).toMatchObject({ status: "active", account: { email: site.account, id: expect.stringMatching(/^712020:/) } });
    expect(connection?.scopes).toEqual(expect.arrayContaining(["read:me", "read:page:confluence", "search:confluence"]));
    await site.revoke();
    const test = await post(browser, `/api/v1/connections/${connection?.id}/test`);
    expect(await test.json()).toMatchObject({ ok: false });
    expect(await confluences()).toMatchObject([{ status: "needs_reconnect" }]);
    await connect(site, { account: site.account }, { connectionId: connection?.id });
    expect(await confluences()).toMatchObject([{ id: connection?.id, status: "active" }]);
  });

  it("that is declined connects nothing, and says so", async () => {
    const { url, response } = await connect(await SandboxConfluence.open(), { declined: "1" });
    expect(`${url.pathname}${url.search} ${await response.text()}`).toMatch(/declin|consent/i);
    expect(await confluences()).toEqual([]);
  });
});
