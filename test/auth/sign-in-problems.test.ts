import { describe, expect, it } from "vitest";
import { Browser } from "./browser.ts";

const CALLBACK = "/auth/microsoft/callback";
let accounts = 0;

/** An account that no other test uses: faults are set for it alone. */
const newAccount = () => `problem-${Date.now()}-${(accounts += 1)}@contoso.example`;
const login = (account: string) => `/auth/microsoft/login?login_hint=${encodeURIComponent(account)}`;

async function fault(name: string, account: string): Promise<void> {
  const response = await fetch("https://sandbox.test/_sandbox/faults", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name, match: { account } }),
  });
  if (!response.ok) throw new Error(await response.text());
}

/** Signs in up to the callback, which is not asked for. */
async function callbackOf(browser: Browser, account: string): Promise<URL> {
  const { url } = await browser.visit(login(account), (next) => next.pathname === CALLBACK);
  if (url.pathname !== CALLBACK) throw new Error(`The sign-in ended at ${url.href}`);
  return url;
}

async function expectPage(response: Response, status: number, code: string, words: RegExp): Promise<string> {
  const text = await response.text();
  expect([response.status, response.headers.get("content-type")]).toEqual([status, "text/html; charset=UTF-8"]);
  expect(text).toContain(code);
  expect(text).toMatch(words);
  return text;
}

describe("a sign-in begins", () => {
  it("at Microsoft, with PKCE, state and nonce, for reading only", async () => {
    const response = await new Browser().fetch("/auth/microsoft/login");
    const url = new URL(response.headers.get("location") ?? "");
    expect(url.origin + url.pathname).toBe("https://login.microsoftonline.com/common/oauth2/v2.0/authorize");
    const { state, nonce, code_challenge: challenge, ...rest } = Object.fromEntries(url.searchParams);
    for (const random of [state, nonce, challenge]) expect(random).toMatch(/^[\w-]{43}$/);
    expect(rest).toEqual({
      client_id: "11111111-2222-4333-8444-555555555555",
      response_type: "code",
      response_mode: "query",
      redirect_uri: `https://tidemark.example${CALLBACK}`,
      scope: expect.stringMatching(/^openid profile email offline_access .*\bFiles\.Read\b/),
      code_challenge_method: "S256",
      prompt: "select_account",
    });
    expect(url.searchParams.get("scope")).not.toMatch(/Write|All/);
  });

  it("with a cookie that lives ten minutes and shows nothing", async () => {
    const response = await new Browser().fetch("/auth/microsoft/login?return_to=/app/secret-page");
    const [cookie = ""] = response.headers.getSetCookie();
    expect(cookie).toMatch(/^__Host-flow-[0-9a-f]{16}=.*Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    expect(cookie).not.toContain("secret-page");
  });

  it("not without a registration at Microsoft", async () => {
    const response = await new Browser({ MICROSOFT_CLIENT_ID: "" }).fetch("/auth/microsoft/login");
    await expectPage(response, 503, "auth.not_configured", /operator/);
  });

  it("not for a provider that does not exist", async () => {
    await expectPage(await new Browser().fetch("/auth/microsoft/login?provider=nothing"), 422, "connection.unsupported", /no provider/);
  });

  it("not where Microsoft cannot be reached", async () => {
    const response = await new Browser({ MICROSOFT_LOGIN_URL: "https://unreachable.example" }).fetch("/auth/microsoft/login");
    await expectPage(response, 502, "auth.authority_failed", /could not be reached/);
  });
});

describe("sign-ins from one address", () => {
  it("are limited", async () => {
    const browser = new Browser();
    let response = await browser.fetch("/auth/microsoft/login");
    for (let attempt = 0; attempt < 40 && response.status === 302; attempt += 1) response = await browser.fetch("/auth/microsoft/login");
    expect(response.headers.get("retry-after")).toBe("60");
    await expectPage(response, 429, "request.rate_limited", /Wait a minute/);
  });
});

describe("a sign-in ends on a page", () => {
  it("when the state is unknown", async () => {
    await expectPage(await new Browser().fetch(`${CALLBACK}?code=x&state=y`), 400, "auth.state_unknown", /another browser/);
  });

  it("when it began in another browser", async () => {
    const callback = await callbackOf(new Browser(), newAccount());
    await expectPage(await new Browser().fetch(callback.href), 400, "auth.state_unknown", /another browser/);
  });

  it("when consent is declined, with a way to be asked again", async () => {
    const browser = new Browser();
    const begun = new URL((await browser.fetch("/auth/microsoft/login")).headers.get("location") ?? "");
    begun.searchParams.set("declined", "true");
    const { response } = await browser.visit(begun.href);
    const page = await expectPage(response, 403, "auth.consent_declined", /not allowed to read/);
    expect(page).toContain('href="/auth/microsoft/login?prompt=consent"');
  });

  it("when an administrator has to agree, with the link to send to one", async () => {
    const account = newAccount();
    await fault("admin-consent-required", account);
    const { response } = await new Browser().visit(login(account));
    const page = await expectPage(response, 403, "auth.admin_consent_required", /administrator/);
    expect(page).toContain("https://login.microsoftonline.com/organizations/v2.0/adminconsent?client_id=11111111");
  });

  it("when the permission to read files was left out", async () => {
    const account = newAccount();
    await fault("narrow-scope", account);
    const { response } = await new Browser().visit(login(account));
    await expectPage(response, 403, "auth.consent_declined", /Files\.Read/);
  });

  it("when there is no lasting access", async () => {
    const account = newAccount();
    await fault("missing-refresh-token", account);
    const { response } = await new Browser().visit(login(account));
    await expectPage(response, 403, "auth.consent_declined", /no lasting access/);
  });

  it("when the nonce is another sign-in's", async () => {
    const browser = new Browser();
    const begun = new URL((await browser.fetch(login(newAccount()))).headers.get("location") ?? "");
    begun.searchParams.set("nonce", "foreign");
    const { response } = await browser.visit(begun.href);
    await expectPage(response, 400, "auth.token_rejected", /did not prove who you are/);
  });

  it("when the callback comes a second time", async () => {
    const browser = new Browser();
    const callback = await callbackOf(browser, newAccount());
    expect((await browser.fetch(callback.href)).status).toBe(302);
    await expectPage(await browser.fetch(callback.href), 400, "auth.state_unknown", /finished already/);
  });

  it("when the code is one that was used already, even where the flow is remembered", async () => {
    const browser = new Browser();
    const callback = await callbackOf(browser, newAccount());
    const flow = browser.cookies().find((name) => name.startsWith("__Host-flow-")) ?? "";
    const kept = browser.cookie(flow) ?? "";
    expect((await browser.fetch(callback.href)).status).toBe(302);
    browser.setCookie(flow, kept);
    await expectPage(await browser.fetch(callback.href), 400, "auth.code_expired", /took too long, or was already used/);
  });

  it("when our secret is wrong, which is not the person's fault", async () => {
    const browser = new Browser({ MICROSOFT_CLIENT_SECRET: "wrong" });
    const { response } = await browser.visit(login(newAccount()));
    await expectPage(response, 503, "auth.not_configured", /operator/);
  });

  it("that quotes nothing of the address as markup", async () => {
    const page = await (await new Browser().fetch("/auth/microsoft/login?provider=%3Cscript%3E")).text();
    expect(page).not.toContain("<script>");
    expect(page).toContain("&lt;script&gt;");
  });

  it("that loads nothing and runs nothing", async () => {
    const response = await new Browser().fetch(`${CALLBACK}?state=y`);
    expect(response.headers.get("content-security-policy")).toMatch(/^default-src 'none'; style-src 'nonce-[\w-]+'/);
  });

  it("that thanks an administrator", async () => {
    const response = await new Browser().fetch(`${CALLBACK}?admin_consent=True&tenant=x`);
    expect([response.status, await response.text()]).toEqual([200, expect.stringContaining("now allows Tidemark")]);
  });
});
