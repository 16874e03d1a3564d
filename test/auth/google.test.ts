import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createMemoryDrive } from "../../worker/providers/memory.ts";
import { providers } from "../../worker/providers/registry.ts";
import { Browser, isApp, me, myConnections, post } from "./browser.ts";
import { driveAt, SmallAuthorities } from "../support/small-authorities.ts";

const DRIVE_SCOPE = "https://www.googleapis.com/auth/drive.readonly";
const SOURCE = "google-files";

const authorities = new SmallAuthorities();
let restore: () => void;
let people = 0;
const newAccount = () => `person-${(people += 1)}@gmail.com`;
const login = (account: string, more = "") => `/auth/google/login?login_hint=${encodeURIComponent(account)}${more}`;

beforeAll(() => {
  restore = authorities.play();
  const source = { id: SOURCE, authority: "google", scopes: [DRIVE_SCOPE] };
  providers.set(SOURCE, driveAt(createMemoryDrive("google-drive"), source));
});
afterAll(() => {
  restore();
  providers.delete(SOURCE);
});

async function signIn(browser: Browser, account: string, more = ""): Promise<URL> {
  const { url, response } = await browser.visit(login(account, more), isApp);
  if (!isApp(url)) throw new Error(`The sign-in ended at ${url.pathname}: ${await response.text()}`);
  return url;
}

/** Begins to connect an account, as the UI does; where the browser is sent. */
async function begin(browser: Browser, body: object = {}): Promise<URL> {
  const response = await post(browser, "/api/v1/connections", { provider: SOURCE, returnTo: "/app/account", ...body });
  const { authorizeUrl } = await response.json<{ authorizeUrl: string }>();
  return new URL(authorizeUrl);
}

async function connect(browser: Browser, account: string, more: Record<string, string> = {}, body: object = {}) {
  const url = await begin(browser, body);
  for (const [name, value] of Object.entries({ login_hint: account, ...more })) url.searchParams.set(name, value);
  return browser.visit(url.href, isApp);
}

const syncsOf = async (userId: string) =>
  (await env.DB.prepare("SELECT connection_id FROM syncs WHERE user_id = ?").bind(userId).all()).results;

describe("signing in with Google", () => {
  it("begins at Google, for who the person is and nothing else", async () => {
    const response = await new Browser().fetch("/auth/google/login");
    const url = new URL(response.headers.get("location") ?? "");
    expect(url.origin + url.pathname).toBe("https://accounts.google.com/o/oauth2/v2/auth");
    const { state, nonce, code_challenge: challenge, ...rest } = Object.fromEntries(url.searchParams);
    for (const random of [state, nonce, challenge]) expect(random).toMatch(/^[\w-]{43}$/);
    expect(rest).toEqual({
      client_id: env.GOOGLE_CLIENT_ID,
      response_type: "code",
      redirect_uri: "https://tidemark.example/auth/google/callback",
      scope: "openid email profile",
      code_challenge_method: "S256",
      prompt: "select_account",
    });
  });

  it("makes a user, and neither a connection nor a sync", async () => {
    const browser = new Browser();
    const account = newAccount();
    const url = await signIn(browser, account, "&return_to=/app/account");
    expect(url.pathname).toBe("/app/account");
    const user = await me(browser);
    expect(user.email).toBe(account);
    expect([await myConnections(browser), await syncsOf(user.id)]).toEqual([[], []]);
  });

  it("again is the same user", async () => {
    const [here, there] = [new Browser(), new Browser()];
    const account = newAccount();
    await signIn(here, account);
    await signIn(there, account);
    expect((await me(there)).id).toBe((await me(here)).id);
  });

  it("can bring a connection, which is synced at once", async () => {
    const browser = new Browser();
    const account = newAccount();
    await signIn(browser, account, `&provider=${SOURCE}`);
    const [connection] = await myConnections(browser);
    expect(connection).toMatchObject({ provider: SOURCE, status: "active", account: { id: `subject of ${account}`, email: account } });
    expect(connection?.scopes).toContain(DRIVE_SCOPE);
    expect(await syncsOf((await me(browser)).id)).toEqual([{ connection_id: connection?.id }]);
  });

  it("is refused where the nonce is another sign-in's", async () => {
    const browser = new Browser();
    const begun = new URL((await browser.fetch(login(newAccount()))).headers.get("location") ?? "");
    begun.searchParams.set("nonce", "foreign");
    const { response } = await browser.visit(begun.href, isApp);
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining("auth.token_rejected")]);
  });

  it("ends on a page with a way to be asked again where the person declines, in words about who they are", async () => {
    const browser = new Browser();
    const begun = new URL((await browser.fetch(login(newAccount()))).headers.get("location") ?? "");
    begun.searchParams.set("declined", "true");
    const { response } = await browser.visit(begun.href);
    const page = await response.text();
    expect([response.status, page]).toEqual([403, expect.stringContaining("not allowed to know who you are")]);
    expect(page).toContain('href="/auth/google/login?prompt=consent"');
    expect(page).not.toContain("Microsoft");
  });

  it("says so where this deployment is not registered with Google", async () => {
    const response = await new Browser({ GOOGLE_CLIENT_ID: "" }).fetch("/auth/google/login");
    expect([response.status, await response.text()]).toEqual([503, expect.stringContaining("not registered with Google yet")]);
  });

  it.each([
    ["a hosted domain on the list", { hd: "contoso.example" }, 302],
    ["another hosted domain", { hd: "other.example" }, 403],
    ["an address that Google does not vouch for", {}, 403],
    ["an address that is not verified", { hd: undefined, email_verified: false }, 403],
  ])("with %s, where domains are listed, answers %i", async (_, claims, status) => {
    const account = `person-${(people += 1)}@${"hd" in claims && claims.hd !== undefined ? claims.hd : "contoso.example"}`;
    authorities.claims.set(account, JSON.parse(JSON.stringify(claims)) as object);
    const { response } = await new Browser({ ALLOWED_EMAIL_DOMAINS: "contoso.example" }).visit(login(account), isApp);
    expect(response.status).toBe(status);
  });

  it("is closed to new people where only Microsoft's tenants are listed", async () => {
    const { response } = await new Browser({ ALLOWED_TENANTS: "6731de76-14a6-49ae-97bc-6eba6914391e" }).visit(login(newAccount()), isApp);
    expect([response.status, await response.text()]).toEqual([403, expect.stringContaining("auth.sign_up_closed")]);
  });
});

describe("connecting a Google account", () => {
  it("asks for lasting access, and for consent, without which there is none", async () => {
    const browser = new Browser();
    await signIn(browser, newAccount());
    const { searchParams } = await begin(browser);
    expect(Object.fromEntries(searchParams)).toMatchObject({
      scope: `openid email profile ${DRIVE_SCOPE}`,
      access_type: "offline",
      prompt: "select_account consent",
    });
  });

  it("adds it, starts nothing where the source is to be chosen from first, and makes it one to sign in with", async () => {
    const browser = new Browser();
    const second = newAccount();
    await signIn(browser, newAccount());
    const { url } = await connect(browser, second);
    const { id } = await me(browser);
    expect(url.pathname).toBe("/app/account");
    expect(await myConnections(browser)).toMatchObject([{ provider: SOURCE, account: { email: second } }]);
    expect(await syncsOf(id)).toEqual([]);
    const other = new Browser();
    await signIn(other, second);
    expect((await me(other)).id).toBe(id);
  });

  it("that was allowed before works again, though Google gives lasting access only with consent", async () => {
    const [alice, bob] = [new Browser(), new Browser()];
    const account = newAccount();
    await signIn(bob, account);
    await signIn(alice, account);
    await connect(alice, account);
    expect(await myConnections(alice)).toMatchObject([{ status: "active" }]);
  });

  it("without the scope of the source connects nothing, names it, and leads back", async () => {
    const browser = new Browser();
    await signIn(browser, newAccount());
    const { response } = await connect(browser, newAccount(), { untick: DRIVE_SCOPE });
    const page = await response.text();
    expect([response.status, page]).toEqual([403, expect.stringContaining("drive.readonly")]);
    expect(page).toContain("auth.consent_declined");
    expect(page).toContain('href="/app/account"');
    expect(await myConnections(browser)).toEqual([]);
  });

  it("that is another user's to sign in with is refused", async () => {
    const [alice, bob] = [new Browser(), new Browser()];
    const taken = newAccount();
    await signIn(alice, taken);
    await signIn(bob, newAccount());
    const { response } = await connect(bob, taken);
    const page = await response.text();
    expect([response.status, page]).toEqual([409, expect.stringContaining("auth.identity_taken")]);
    expect(page).toContain('href="/auth/google/login"');
  });

  it("anew is only for the same account, and hints at it", async () => {
    const browser = new Browser();
    const account = newAccount();
    await signIn(browser, account, `&provider=${SOURCE}`);
    const [connection] = await myConnections(browser);
    const again = await begin(browser, { connectionId: connection?.id });
    expect([again.searchParams.get("login_hint"), again.searchParams.get("prompt")]).toEqual([account, "consent"]);
    const { response } = await connect(browser, newAccount(), {}, { connectionId: connection?.id });
    expect([response.status, await response.text()]).toEqual([409, expect.stringContaining("connection.other_account")]);
    await connect(browser, account, {}, { connectionId: connection?.id });
    expect(await myConnections(browser)).toMatchObject([{ id: connection?.id, status: "active" }]);
  });

  it("and disconnecting it ends the grant at Google", async () => {
    const browser = new Browser();
    await signIn(browser, newAccount());
    await connect(browser, newAccount());
    const [connection] = await myConnections(browser);
    const before = authorities.revoked.length;
    const headers = { origin: "https://tidemark.example" };
    const response = await browser.fetch(`/api/v1/connections/${connection?.id}`, { method: "DELETE", headers });
    expect([response.status, authorities.revoked.length]).toEqual([204, before + 1]);
    expect(authorities.revoked.at(-1)).toMatch(/^refresh-/);
  });
});

describe("what one can sign in with", () => {
  it("is no authority that only authorises, and none that there is not", async () => {
    const dropbox = await new Browser().fetch("/auth/dropbox/login");
    expect([dropbox.status, await dropbox.text()]).toEqual([404, expect.stringContaining("nobody can sign in with it")]);
    expect((await new Browser().fetch("/auth/nobody/login")).status).toBe(404);
    expect((await new Browser().fetch("/auth/nobody/callback?state=x")).status).toBe(404);
  });

  it("leads to the callback of the authority that it began at, and to no other", async () => {
    const browser = new Browser();
    const { url } = await browser.visit(login(newAccount()), (next) => next.pathname.endsWith("/callback"));
    const elsewhere = await browser.fetch(url.href.replace("/auth/google/", "/auth/microsoft/"));
    expect([elsewhere.status, await elsewhere.text()]).toEqual([400, expect.stringContaining("auth.state_unknown")]);
  });
});
