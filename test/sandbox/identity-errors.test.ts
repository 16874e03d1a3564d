import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { LOGIN, openSandbox, REDIRECT_URI } from "./sandbox-client.ts";

const ALICE = "alice@contoso.example";
type Problem = {
  error: string;
  error_codes: number[];
  error_description: string;
  trace_id: string;
  correlation_id: string;
  claims?: string;
};

const problemOf = async (answer: Response): Promise<Problem & { status: number }> => ({
  ...((await answer.json()) as Problem),
  status: answer.status,
});

test("without a hint the page lists the accounts as links, one of which signs in", async () => {
  const client = await openSandbox();
  const page = await (await client.authorize({ prompt: "select_account" })).text();
  expect(page).toContain("alice@contoso.example");
  expect(page).toContain("bob@outlook.example");
  const link = /class="account" href="([^"]+)"/.exec(page)?.[1]?.replaceAll("&#38;", "&") ?? "";
  const location = new URL((await client.request(link)).headers.get("location") ?? "");
  expect(location.origin + location.pathname).toBe(REDIRECT_URI);
  expect(location.searchParams.get("state")).toBe("some state");
  expect(location.searchParams.get("code")).not.toBeNull();
});

test("declining sends access_denied, with the state, to the redirect URI", async () => {
  const client = await openSandbox();
  const page = await (await client.authorize({})).text();
  const link = /href="([^"]+declined[^"]*)"/.exec(page)?.[1]?.replaceAll("&#38;", "&") ?? "";
  const { searchParams } = new URL((await client.request(link)).headers.get("location") ?? "");
  expect(searchParams.get("error")).toBe("access_denied");
  expect(searchParams.get("error_description")).toContain("AADSTS65004");
  expect(searchParams.get("state")).toBe("some state");
});

test("prompt=none needs a session, and consent given before", async () => {
  const client = await openSandbox();
  const silent = async (cookie: string, fields: Record<string, string> = {}): Promise<URLSearchParams> => {
    const query = new URLSearchParams({
      client_id: "11111111-2222-4333-8444-555555555555",
      response_type: "code",
      redirect_uri: REDIRECT_URI,
      scope: "openid Files.Read",
      prompt: "none",
      ...fields,
    });
    const answer = await client.request(`${LOGIN}/common/oauth2/v2.0/authorize?${query}`, { headers: { Cookie: cookie } });
    return new URL(answer.headers.get("location") ?? "").searchParams;
  };
  expect((await silent("")).get("error")).toBe("login_required");
  const signedIn = await client.authorize({ login_hint: ALICE });
  const cookie = signedIn.headers.get("set-cookie")?.split(";")[0] ?? "";
  expect((await silent(cookie)).get("code")).not.toBeNull();
  expect((await silent(cookie, { scope: "openid Files.ReadWrite.All" })).get("error")).toBe("interaction_required");
});

test("a wrong client or redirect URI ends on a page, never at the redirect URI", async () => {
  const client = await openSandbox();
  for (const wrong of [{ client_id: "nobody" }, { redirect_uri: "https://elsewhere.example/callback" }]) {
    const answer = await client.authorize({ ...wrong, login_hint: ALICE });
    expect(answer.status).toBe(400);
    expect(answer.headers.get("location")).toBeNull();
  }
});

test("a code is good once, for ten minutes, with its own redirect URI, tenant and verifier", async () => {
  const client = await openSandbox();
  const code = await client.codeFor(ALICE);
  expect((await client.redeem({ code })).status).toBe(200);
  expect(await problemOf(await client.redeem({ code }))).toMatchObject({ status: 400, error: "invalid_grant", error_codes: [54005] });

  const elsewhere = await client.redeem({ code: await client.codeFor(ALICE), redirect_uri: "https://tidemark.example/other" });
  expect(await problemOf(elsewhere)).toMatchObject({ error: "invalid_grant", error_codes: [500112] });

  const late = await client.codeFor(ALICE);
  await client.control("POST", "/clock", { advanceSeconds: 601 });
  expect(await problemOf(await client.redeem({ code: late }))).toMatchObject({ error: "invalid_grant", error_codes: [70008] });

  const challenge = createHash("sha256").update("v".repeat(43)).digest("base64url");
  const proven = async (verifier: string): Promise<Response> =>
    client.redeem({
      code: await client.codeFor(ALICE, { code_challenge: challenge, code_challenge_method: "S256" }),
      code_verifier: verifier,
    });
  expect(await problemOf(await proven("w".repeat(43)))).toMatchObject({ error: "invalid_grant", error_codes: [501481] });
  expect((await proven("v".repeat(43))).status).toBe(200);
});

test("without a method a challenge is the verifier itself", async () => {
  const client = await openSandbox();
  const code = await client.codeFor(ALICE, { code_challenge: "p".repeat(43) });
  expect((await client.redeem({ code, code_verifier: "p".repeat(43) })).status).toBe(200);
});

test("a wrong secret is invalid_client with status 401, in Microsoft's shape", async () => {
  const client = await openSandbox();
  const problem = await problemOf(await client.redeem({ code: await client.codeFor(ALICE), client_secret: "wrong" }));
  expect(problem).toMatchObject({ status: 401, error: "invalid_client", error_codes: [7000215] });
  expect(problem.error_description).toMatch(/^AADSTS7000215: .* Trace ID: .* Correlation ID: .* Timestamp: /);
});

test("the secret may come as HTTP Basic, and no request may carry an Origin", async () => {
  const client = await openSandbox();
  const basic = `Basic ${Buffer.from("11111111-2222-4333-8444-555555555555:sandbox-secret").toString("base64")}`;
  const body = new URLSearchParams({ grant_type: "authorization_code", redirect_uri: REDIRECT_URI, code: await client.codeFor(ALICE) });
  const answer = await client.request(`${LOGIN}/common/oauth2/v2.0/token`, { method: "POST", body, headers: { Authorization: basic } });
  expect(answer.status).toBe(200);
  const fromPage = await client.redeem({ code: await client.codeFor(ALICE) }, { Origin: "https://tidemark.example" });
  expect(await problemOf(fromPage)).toMatchObject({ error: "invalid_request", error_codes: [9002326] });
});

test("refreshing gives a new refresh token and leaves the old one good, until the grant is revoked or lies idle for 90 days", async () => {
  const client = await openSandbox();
  const first = await client.signIn(ALICE);
  const refresh = (token: string): Promise<Response> => client.redeem({ grant_type: "refresh_token", refresh_token: token });
  const second = (await (await refresh(first.refresh_token)).json()) as { refresh_token: string };
  expect(second.refresh_token).not.toBe(first.refresh_token);
  expect((await refresh(first.refresh_token)).status).toBe(200);

  await client.control("POST", `/grants/${ALICE}/revoke`);
  expect(await problemOf(await refresh(second.refresh_token))).toMatchObject({ error: "invalid_grant", error_codes: [50173] });

  const third = await client.signIn(ALICE);
  await client.control("POST", "/clock", { advanceSeconds: 90 * 86_400 });
  expect(await problemOf(await refresh(third.refresh_token))).toMatchObject({ error: "invalid_grant", error_codes: [700082] });
});

test.each([
  ["invalid-grant", "invalid_grant", 400],
  ["interaction-required", "interaction_required", 400],
  ["consent-required", "consent_required", 400],
  ["expired-secret", "invalid_client", 401],
  ["token-service-down", "temporarily_unavailable", 503],
])("the fault %s makes refreshing answer %s", async (name, error, status) => {
  const client = await openSandbox();
  const { refresh_token: token } = await client.signIn(ALICE);
  await client.control("POST", "/faults", { name, match: { account: ALICE }, times: 1 });
  expect(await problemOf(await client.redeem({ grant_type: "refresh_token", refresh_token: token }))).toMatchObject({ status, error });
  expect((await client.redeem({ grant_type: "refresh_token", refresh_token: token })).status).toBe(200);
});

test("an access token ends after an hour of the sandbox's time, or with its grant", async () => {
  const client = await openSandbox();
  const alice = await client.as(ALICE);
  expect((await alice.graph("/me")).status).toBe(200);
  await client.control("POST", `/grants/${ALICE}/revoke`);
  const revoked = await alice.graph("/me");
  expect(revoked.status).toBe(401);
  expect(revoked.headers.get("www-authenticate")).toContain("insufficient_claims");

  const again = await client.as(ALICE);
  await client.control("POST", "/clock", { advanceSeconds: 3600 });
  const expired = await again.graph("/me");
  expect(expired.status).toBe(401);
  expect(await expired.json()).toMatchObject({
    error: { code: "InvalidAuthenticationToken", message: "Access token has expired or is not yet valid." },
  });
});
