import { env } from "cloudflare:workers";
import { connect } from "cloudflare:sockets";
import { describe, expect, test } from "vitest";
import { tryForm } from "../../worker/providers/form.ts";
import { imap } from "../../worker/providers/imap/imap.ts";
import { ownApp } from "../../worker/providers/imap/own-app.ts";
import { dovecotPorts, MailAccount } from "../support/mail-account.ts";

// Mail at a server that takes tokens and no passwords: an app of one's own has them minted.

const TOKEN_URL = "https://login.nobody.example/token";
const VALUES = { host: "imap.nobody.example", user: "you@nobody.example", tokenUrl: TOKEN_URL, clientId: "app", clientSecret: "secret of the app", scope: "mail" }; // prettier-ignore
const ports = await dovecotPorts();

/** A token address of the test's own words. */
function authorityThat(answer: () => Response): { fetch: typeof fetch; asked: Promise<string>[] } {
  const asked: Promise<string>[] = [];
  const played = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    asked.push(request.text().then((body) => `${request.method} ${request.url} ${body}`));
    return answer();
  };
  return { fetch: played, asked };
}

const token =
  (text: string, more: object = {}) =>
  () =>
    Response.json({ access_token: text, token_type: "Bearer", ...more });
const mint = (values: Record<string, string>, answer: () => Response, settings: typeof env = env) =>
  ownApp.mint?.(settings, values, { fetch: authorityThat(answer).fetch, now: () => 1_000 });

describe("an app of one's own", () => {
  test("is given a token by its client credentials, for as long as is said, or for an hour", async () => {
    const { fetch, asked } = authorityThat(token("t", { expires_in: 60 }));
    expect(await ownApp.mint?.(env, VALUES, { fetch, now: () => 1_000 })).toEqual({ accessToken: "t", expiresAt: 61_000 });
    expect(await Promise.all(asked)).toEqual([
      `POST ${TOKEN_URL} scope=mail&grant_type=client_credentials&client_id=app&client_secret=secret+of+the+app`,
    ]);
    expect(await mint(VALUES, token("t"))).toEqual({ accessToken: "t", expiresAt: 3_601_000 });
  });

  test.each<[{ status: number; body: object; headers?: Record<string, string> }, object]>([
    [
      { status: 401, body: { error: "invalid_client" } },
      { kind: "auth", message: "login.nobody.example refuses this client ID and secret." },
    ],
    [{ status: 400, body: { error: "invalid_scope", error_description: "No such scope." } }, { kind: "auth", message: "login.nobody.example refuses this: No such scope." }], // prettier-ignore
    [{ status: 200, body: { hello: "world" } }, { kind: "unsupported" }],
    [{ status: 404, body: {} }, { kind: "unsupported" }],
    [
      { status: 429, body: {}, headers: { "Retry-After": "7" } },
      { kind: "throttled", retryAfterSeconds: 7 },
    ],
    [{ status: 503, body: {} }, { kind: "transient" }],
  ])("that is answered with %j is told why", async ({ status, body, headers = {} }, problem) => {
    const minted = mint(VALUES, () => Response.json(body, { status, headers }));
    await expect(minted).rejects.toMatchObject({ name: "ProviderError", ...problem });
    expect(String(await minted?.catch((error: unknown) => error))).not.toContain(VALUES.clientSecret);
  });

  test("whose token address is that of a long page is told so", async () => {
    const page = () => new Response("<p>Welcome</p>".repeat(10_000), { headers: { "Content-Type": "text/html" } });
    await expect(mint(VALUES, page)).rejects.toMatchObject({ kind: "unsupported", message: expect.stringContaining("no token address") });
  });

  test("whose authority does not answer waits", async () => {
    const silent = mint(VALUES, () => {
      throw new TypeError("Network connection lost.");
    });
    await expect(silent).rejects.toMatchObject({ kind: "transient", message: "login.nobody.example does not answer." });
  });

  test.each([
    "https://10.0.0.1/token",
    "http://login.nobody.example/token",
    "https://tidemark.example/token",
    "https://a:b@login.nobody.example/",
  ])("sends its secret to no address like %s", async (tokenUrl) => {
    const { fetch, asked } = authorityThat(token("t"));
    await expect(ownApp.mint?.(env, { ...VALUES, tokenUrl }, { fetch, now: Date.now })).rejects.toMatchObject({ kind: "unsupported" });
    expect(asked).toEqual([]);
  });

  test.skipIf(ports === null)("signs in at a Dovecot by its token alone, and one that is of nobody there is refused", async () => {
    const account = await MailAccount.open(ports);
    const { password: _, ...server } = account.fields();
    const values = { ...VALUES, ...server } as Record<string, string>;
    const development = { ...env, ORIGIN: "http://localhost:8787" };
    const context = (text: string) => ({ fetch: authorityThat(token(text)).fetch, connect, now: Date.now });
    expect(await tryForm(imap, ownApp, values, development, context(`of ${account.user}`))).toMatchObject({ email: account.user });
    await expect(tryForm(imap, ownApp, values, development, context("of nobody"))).rejects.toMatchObject({ kind: "auth" });
  });
});
