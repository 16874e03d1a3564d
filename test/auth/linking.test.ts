import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createMemoryDrive } from "../../worker/providers/memory.ts";
import { providers } from "../../worker/providers/registry.ts";
import { Browser, isApp, me, myConnections, post } from "./browser.ts";
import { driveAt, SmallAuthorities } from "../support/small-authorities.ts";

// Authorities that do not say who somebody is: whose account it is, the source is asked.

const SOURCES = [
  { authority: "dropbox", id: "dropbox-files", scopes: ["account_info.read", "files.content.read"] },
  { authority: "atlassian", id: "atlassian-pages", scopes: ["read:page:confluence"] },
  { authority: "autodesk", id: "autodesk-projects", scopes: ["data:read"] },
] as const;

const authorities = new SmallAuthorities();
let restore: () => void;
let people = 0;
const newAccount = () => `linked-${Date.now()}-${(people += 1)}@somewhere.example`;

beforeAll(() => {
  restore = authorities.play();
  for (const source of SOURCES) providers.set(source.id, driveAt(createMemoryDrive(source.id), source));
});
afterAll(() => {
  restore();
  for (const { id } of SOURCES) providers.delete(id);
});

/** Somebody who has signed in, and connected nothing. */
async function somebody(settings: Partial<Env> = {}): Promise<Browser> {
  const browser = new Browser(settings);
  await browser.visit(`/auth/google/login?login_hint=${newAccount()}`, isApp);
  return browser;
}

async function connect(browser: Browser, provider: string, account: string, more: Record<string, string> = {}, body: object = {}) {
  const begun = await post(browser, "/api/v1/connections", { provider, returnTo: "/app/account", ...body });
  const { authorizeUrl } = await begun.json<{ authorizeUrl: string }>();
  const url = new URL(authorizeUrl);
  for (const [name, value] of Object.entries({ login_hint: account, ...more })) url.searchParams.set(name, value);
  return browser.visit(url.href, isApp);
}

const countOf = async (table: "syncs" | "identities", userId: string) =>
  (await env.DB.prepare(`SELECT count(*) AS count FROM ${table} WHERE user_id = ?`).bind(userId).first<{ count: number }>())?.count;

describe.each(SOURCES)("connecting by $authority", ({ authority, id: provider, scopes }) => {
  it("finds the account at the source, and makes it no way to sign in", async () => {
    const browser = await somebody();
    const account = newAccount();
    const { url } = await connect(browser, provider, account);
    expect(url.pathname).toBe("/app/account");
    const [connection] = await myConnections(browser);
    expect(connection).toMatchObject({ provider, status: "active", account: { id: `id of ${account}`, email: account } });
    expect(connection?.scopes).toEqual(expect.arrayContaining([...scopes]));
    const { id } = await me(browser);
    expect([await countOf("identities", id), await countOf("syncs", id)]).toEqual([1, 0]);
  });

  it("is possible for two users with one account", async () => {
    const account = newAccount();
    for (const browser of [await somebody(), await somebody()]) {
      await connect(browser, provider, account);
      expect(await myConnections(browser)).toHaveLength(1);
    }
  });

  it("sends no nonce, since nothing would carry it back", async () => {
    const begun = await post(await somebody(), "/api/v1/connections", { provider });
    const { searchParams } = new URL((await begun.json<{ authorizeUrl: string }>()).authorizeUrl);
    expect([searchParams.has("nonce"), searchParams.get("code_challenge")]).toEqual([false, expect.stringMatching(/^[\w-]{43}$/)]);
  });

  it("anew is only for the same account", async () => {
    const browser = await somebody();
    const account = newAccount();
    await connect(browser, provider, account);
    const [connection] = await myConnections(browser);
    const { response } = await connect(browser, provider, newAccount(), {}, { connectionId: connection?.id });
    expect([response.status, await response.text()]).toEqual([409, expect.stringContaining("connection.other_account")]);
    await connect(browser, provider, account, {}, { connectionId: connection?.id });
    expect(await myConnections(browser)).toMatchObject([{ id: connection?.id, status: "active" }]);
  });

  it("leads back where it began when the person declines", async () => {
    const browser = await somebody();
    const { response } = await connect(browser, provider, newAccount(), { declined: "true" });
    const page = await response.text();
    expect([response.status, page]).toEqual([403, expect.stringContaining("auth.consent_declined")]);
    expect(page).toContain('href="/app/account"');
    expect(page).not.toContain("Microsoft");
    expect(await myConnections(browser)).toEqual([]);
  });

  it("tells a wrong secret from what the person did", async () => {
    const browser = await somebody({ [`${authority.toUpperCase()}_CLIENT_SECRET`]: "wrong" });
    const { response } = await connect(browser, provider, newAccount());
    expect([response.status, await response.text()]).toEqual([503, expect.stringContaining("auth.not_configured")]);
  });

  it("is refused in words where this deployment is not registered there", async () => {
    const browser = await somebody({ [`${authority.toUpperCase()}_CLIENT_ID`]: "" });
    const response = await post(browser, "/api/v1/connections", { provider });
    expect([response.status, await response.json()]).toMatchObject([503, { error: { code: "auth.not_configured" } }]);
  });
});

describe("a scope that was unticked", () => {
  it("is named where the authority says what was granted", async () => {
    const browser = await somebody();
    const { response } = await connect(browser, "dropbox-files", newAccount(), { untick: "files.content.read" });
    expect([response.status, await response.text()]).toEqual([403, expect.stringContaining("&quot;files.content.read&quot;")]);
    expect(await myConnections(browser)).toEqual([]);
  });
});

describe("a source that does not say whose account it is", () => {
  it("is not connected", async () => {
    const browser = await somebody();
    const source = { ...SOURCES[0], id: "dropbox-silent" };
    const mute = driveAt(createMemoryDrive("mute"), source);
    providers.set(source.id, {
      ...mute,
      create: (...given) => Object.assign(mute.create(...given), { account: () => Promise.reject(new TypeError("fetch failed")) }),
    });
    const { response } = await connect(browser, source.id, newAccount());
    providers.delete(source.id);
    expect([response.status, await response.text()]).toEqual([502, expect.stringContaining("did not say whose account this is")]);
    expect(await myConnections(browser)).toEqual([]);
  });
});

describe("disconnecting", () => {
  it.each([
    ["dropbox-files", /^access-/],
    ["autodesk-projects", /^refresh-/],
  ])("%s ends the grant at its authority, by the token that names it", async (provider, token) => {
    const browser = await somebody();
    await connect(browser, provider, newAccount());
    const before = authorities.revoked.length;
    await disconnect(browser);
    expect(authorities.revoked.slice(before)).toEqual([expect.stringMatching(token)]);
  });

  it("goes on where the authority does not answer", async () => {
    const browser = await somebody();
    await connect(browser, "autodesk-projects", newAccount());
    const before = authorities.revoked.length;
    const playing = globalThis.fetch;
    globalThis.fetch = (input, init) =>
      new URL(input instanceof Request ? input.url : input).pathname.endsWith("/revoke")
        ? Promise.reject(new TypeError("fetch failed"))
        : playing(input, init);
    await disconnect(browser);
    globalThis.fetch = playing;
    expect([await myConnections(browser), authorities.revoked.length]).toEqual([[], before]);
  });

  it("is told beforehand to end it, where it does", async () => {
    const { items } = await (
      await (await somebody()).fetch("/api/v1/providers")
    ).json<{
      items: { id: string; capabilities: { revoke: boolean } }[];
    }>();
    const revocable = Object.fromEntries(items.map(({ id, capabilities }) => [id, capabilities.revoke]));
    expect(revocable).toMatchObject({ onedrive: false, "dropbox-files": true, "atlassian-pages": false, "autodesk-projects": true });
  });

  async function disconnect(browser: Browser): Promise<void> {
    const [connection] = await myConnections(browser);
    const headers = { origin: "https://tidemark.example" };
    const response = await browser.fetch(`/api/v1/connections/${connection?.id}`, { method: "DELETE", headers });
    expect(response.ok).toBe(true);
  }
});
