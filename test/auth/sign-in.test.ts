import { env } from "cloudflare:workers";
import { drizzle } from "drizzle-orm/d1";
import { eq } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { connections, identities, sessions } from "../../worker/db/schema.ts";
import { Browser, isApp, me, myConnections, post } from "./browser.ts";

const db = drizzle(env.DB);
const SESSION = "__Host-tidemark";
let accounts = 0;
const newAccount = (domain = "contoso.example") => `person-${Date.now()}-${(accounts += 1)}@${domain}`;
const login = (account: string, more = "") => `/auth/microsoft/login?login_hint=${encodeURIComponent(account)}${more}`;

async function signIn(browser: Browser, account: string, more = ""): Promise<URL> {
  const { url, response } = await browser.visit(login(account, more), isApp);
  if (!isApp(url)) throw new Error(`The sign-in ended at ${url.pathname}: ${await response.text()}`);
  return url;
}

/** Connects an account as the UI does: asks where to, and goes there. */
async function connect(browser: Browser, account: string, body: object = {}): Promise<{ url: URL; response: Response }> {
  const response = await post(browser, "/api/v1/connections", { provider: "onedrive", returnTo: "/app/account", ...body });
  const { authorizeUrl } = await response.json<{ authorizeUrl: string }>();
  const chosen = new URL(authorizeUrl);
  chosen.searchParams.set("login_hint", account);
  return browser.visit(chosen.href, isApp);
}

describe("signing in", () => {
  it.each(["contoso.example", "outlook.example"])("for the first time at %s makes a user with a connection", async (domain) => {
    const browser = new Browser();
    const account = newAccount(domain);
    const url = await signIn(browser, account, "&return_to=/app/welcome%3Fa=1");
    expect(url.pathname + url.search).toBe("/app/welcome?a=1");
    expect(await me(browser)).toMatchObject({ email: account, admin: false });
    const [connection] = await myConnections(browser);
    expect(connection).toMatchObject({ provider: "onedrive", status: "active", account: { email: account } });
    expect(connection?.scopes).toContain("Files.Read");
  });

  it("again is the same user, in a new session that ends the old one", async () => {
    const browser = new Browser();
    const account = newAccount();
    await signIn(browser, account);
    const first = await me(browser);
    const old = new Browser();
    old.setCookie(SESSION, browser.cookie(SESSION) ?? "");
    await signIn(browser, account);
    expect((await me(browser)).id).toBe(first.id);
    expect(await myConnections(browser)).toHaveLength(1);
    expect((await old.fetch("/api/v1/me")).status).toBe(401);
  });

  it("as somebody else signs the first one out", async () => {
    const browser = new Browser();
    await signIn(browser, newAccount());
    const first = await me(browser);
    await signIn(browser, newAccount());
    expect((await me(browser)).id).not.toBe(first.id);
  });

  it("leaves no flow behind, and no secret but the session", async () => {
    const browser = new Browser();
    await signIn(browser, newAccount());
    expect(browser.cookies()).toEqual([SESSION]);
  });

  it("keeps a session only as its hash", async () => {
    const browser = new Browser();
    await signIn(browser, newAccount());
    const rows = await db.select().from(sessions);
    expect(JSON.stringify(rows)).not.toContain(browser.cookie(SESSION));
  });

  it("makes an administrator of who is named by issuer and subject", async () => {
    const browser = new Browser();
    const account = newAccount();
    await signIn(browser, account);
    const { id } = await me(browser);
    const [identity] = await db.select().from(identities).where(eq(identities.userId, id));
    const admin = new Browser({ ADMIN_SUBJECTS: `https://x y, ${identity?.issuer} ${identity?.subject}` });
    await signIn(admin, account);
    expect((await me(admin)).admin).toBe(true);
  });

  it("is closed to strangers where the operator names who may sign up, and open to who is in already", async () => {
    const account = newAccount();
    await signIn(new Browser(), account);
    const closed = { ALLOWED_TENANTS: "00000000-0000-0000-0000-000000000000" };
    await signIn(new Browser(closed), account);
    const { response } = await new Browser(closed).visit(login(newAccount()), isApp);
    expect([response.status, await response.text()]).toEqual([403, expect.stringContaining("auth.sign_up_closed")]);
  });
});

describe("signing out", () => {
  it("ends this session and no other", async () => {
    const account = newAccount();
    const [here, there] = [new Browser(), new Browser()];
    await signIn(here, account);
    await signIn(there, account);
    expect((await post(here, "/auth/logout")).status).toBe(204);
    expect(here.cookies()).toEqual([]);
    expect((await here.fetch("/api/v1/me")).status).toBe(401);
    expect((await there.fetch("/api/v1/me")).status).toBe(200);
  });

  it("everywhere ends them all", async () => {
    const account = newAccount();
    const [here, there] = [new Browser(), new Browser()];
    await signIn(here, account);
    await signIn(there, account);
    await post(here, "/auth/logout?everywhere=true");
    expect((await there.fetch("/api/v1/me")).status).toBe(401);
  });

  it("is not for other sites to do", async () => {
    const browser = new Browser();
    await signIn(browser, newAccount());
    const response = await browser.fetch("/auth/logout", { method: "POST", headers: { origin: "https://evil.example" } });
    expect(response.status).toBe(403);
    expect((await browser.fetch("/api/v1/me")).status).toBe(200);
  });
});

describe("connecting another account", () => {
  it("adds it to who is signed in, who can sign in with either from then on", async () => {
    const browser = new Browser();
    const second = newAccount("outlook.example");
    await signIn(browser, newAccount());
    const user = await me(browser);
    const { url } = await connect(browser, second);
    expect(url.pathname).toBe("/app/account");
    expect((await myConnections(browser)).map((one) => one.account.email)).toContain(second);
    const other = new Browser();
    await signIn(other, second);
    expect((await me(other)).id).toBe(user.id);
  });

  it("that belongs to another user is refused", async () => {
    const [alice, bob] = [new Browser(), new Browser()];
    const taken = newAccount();
    await signIn(alice, taken);
    await signIn(bob, newAccount());
    const { response } = await connect(bob, taken);
    expect([response.status, await response.text()]).toEqual([409, expect.stringContaining("auth.identity_taken")]);
    expect(await myConnections(bob)).toHaveLength(1);
  });

  it("is not done once somebody else has signed in", async () => {
    const browser = new Browser();
    await signIn(browser, newAccount());
    const { authorizeUrl } = await (await post(browser, "/api/v1/connections", { provider: "onedrive" })).json<{ authorizeUrl: string }>();
    await signIn(browser, newAccount());
    const chosen = new URL(authorizeUrl);
    chosen.searchParams.set("login_hint", newAccount());
    const { response } = await browser.visit(chosen.href, isApp);
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining("Nothing was connected")]);
  });
});

describe("reconnecting", () => {
  it("with the same account makes the connection active again", async () => {
    const browser = new Browser();
    const account = newAccount();
    await signIn(browser, account);
    const [connection] = await myConnections(browser);
    await db
      .update(connections)
      .set({ status: "needs_reconnect" })
      .where(eq(connections.id, connection?.id ?? ""));
    await connect(browser, account, { connectionId: connection?.id });
    expect(await myConnections(browser)).toMatchObject([{ id: connection?.id, status: "active" }]);
  });

  it("with another account is refused, and makes it no way to sign in", async () => {
    const browser = new Browser();
    const [account, other] = [newAccount(), newAccount()];
    await signIn(browser, account);
    const [connection] = await myConnections(browser);
    const { response } = await connect(browser, other, { connectionId: connection?.id });
    const elsewhere = new Browser();
    await signIn(elsewhere, other);
    expect((await me(elsewhere)).id).not.toBe((await me(browser)).id);
    expect([response.status, await response.text()]).toEqual([409, expect.stringContaining("connection.other_account")]);
  });

  it("somebody else's connection is not possible", async () => {
    const [alice, bob] = [new Browser(), new Browser()];
    await signIn(alice, newAccount());
    await signIn(bob, newAccount());
    const [connection] = await myConnections(alice);
    const response = await post(bob, "/api/v1/connections", { provider: "onedrive", connectionId: connection?.id });
    expect(response.status).toBe(404);
  });
});
