import { afterEach, beforeEach, expect, test } from "vitest";
import { createSandbox, type Sandbox } from "../../sandbox/app.ts";
import { atlassian } from "../../sandbox/atlassian/atlassian.ts";
import { allow, type Call } from "../../sandbox/atlassian/product.ts";

const REDIRECT_URI = "https://tidemark.example/auth/atlassian/callback";
const CLIENT = { client_id: "atlassian-client", client_secret: "sandbox-secret" };

let sandbox: Sandbox;
let now: number;

beforeEach(async () => {
  now = Date.UTC(2026, 10, 1);
  sandbox = await createSandbox({ vendors: [atlassian], now: () => now });
});
afterEach(() => sandbox.close());

const ask = async (address: string, init?: RequestInit): Promise<Response> => sandbox.app.fetch(new Request(address, init));

const post = (body: object): Promise<Response> =>
  ask("https://auth.atlassian.com/oauth/token", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...CLIENT, ...body }),
  });

interface Tokens {
  access_token: string;
  refresh_token: string;
}

async function signIn(account: string, scope = "read:me offline_access"): Promise<Tokens> {
  const query = new URLSearchParams({ audience: "api.atlassian.com", response_type: "code", scope, redirect_uri: REDIRECT_URI });
  query.set("client_id", CLIENT.client_id);
  query.set("account", account);
  const back = await ask(`https://auth.atlassian.com/authorize/submit?${query}`);
  const code = new URL(back.headers.get("location") ?? "").searchParams.get("code");
  const answer = await post({ grant_type: "authorization_code", code, redirect_uri: REDIRECT_URI });
  expect(answer.status).toBe(200);
  return answer.json() as Promise<Tokens>;
}

const refresh = (refresh_token: string): Promise<Response> => post({ grant_type: "refresh_token", refresh_token });

test("a refresh token works once, and again for ten minutes; used later, it ends all that came of the sign-in", async () => {
  const { refresh_token: first } = await signIn("mia@atlassian.example");
  const second = ((await (await refresh(first)).json()) as Tokens).refresh_token;
  expect(second).not.toBe(first);
  now += 9 * 60_000;
  expect((await refresh(first)).status).toBe(200);
  now += 2 * 60_000;
  const spent = await refresh(first);
  expect([spent.status, await spent.json()]).toEqual([
    403,
    { error: "unauthorized_client", error_description: "refresh_token is invalid" },
  ]);
  expect((await refresh(second)).status).toBe(403);
});

test("what a refresh token of a grant that was ended is answered differs from what a wrong secret is", async () => {
  const { refresh_token } = await signIn("mia@atlassian.example");
  await ask("https://sandbox.test/_sandbox/grants/mia@atlassian.example/revoke", { method: "POST" });
  const ended = await refresh(refresh_token);
  expect([ended.status, await ended.json()]).toMatchObject([403, { error: "invalid_grant" }]);
  const wrong = await post({ client_secret: "wrong", grant_type: "refresh_token", refresh_token });
  expect([wrong.status, await wrong.json()]).toEqual([401, { error: "access_denied", error_description: "Unauthorized" }]);
});

test("the token endpoint understands no form", async () => {
  const body = new URLSearchParams({ ...CLIENT, grant_type: "refresh_token", refresh_token: "x" });
  expect((await ask("https://auth.atlassian.com/oauth/token", { method: "POST", body })).status).toBe(400);
});

test("a token tells who it is of", async () => {
  const { access_token } = await signIn("leo@atlassian.example");
  const me = await ask("https://api.atlassian.com/me", { headers: { authorization: `Bearer ${access_token}` } });
  expect(await me.json()).toMatchObject({ email: "leo@atlassian.example", name: "Leo", account_id: expect.stringMatching(/^712020:/) });
});

test("a site tells its cloud id to everybody, and nothing else to who is not a member", async () => {
  const { sites } = (await (await ask("https://sandbox.test/_sandbox/atlassian/accounts/mia@atlassian.example")).json()) as {
    sites: { host: string; cloudId: string }[];
  };
  expect(sites.map(({ host }) => host)).toEqual(["mia.atlassian.net", "leo.atlassian.net"]);
  const told = await ask("https://leo.atlassian.net/_edge/tenant_info");
  expect(await told.json()).toEqual({ cloudId: sites[1]?.cloudId });
});

test("a call needs one of the scopes that it is allowed by", () => {
  const call = { scopes: new Set(["read:page:confluence"]) } as unknown as Call;
  expect(() => allow(call, "read:page:confluence", "read:confluence-content.all")).not.toThrow();
  expect(() => allow(call, "search:confluence")).toThrow(/401/);
});
