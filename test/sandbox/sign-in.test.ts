import * as openid from "openid-client";
import { expect, test } from "vitest";
import { PERSONAL_TENANT, WORK_TENANT } from "../../sandbox/microsoft/accounts.ts";
import { CLIENT_ID, CLIENT_SECRET, LOGIN, openSandbox, REDIRECT_URI, SCOPE } from "./sandbox-client.ts";

type Client = Awaited<ReturnType<typeof openSandbox>>;

// What the library asks leaves through its documented hook, to Microsoft's real addresses.
const discover = (client: Client): Promise<openid.Configuration> =>
  openid.discovery(new URL(`${LOGIN}/common/v2.0`), CLIENT_ID, CLIENT_SECRET, undefined, {
    [openid.customFetch]: (url, options) => client.request(url, options as RequestInit),
  });

async function signIn(client: Client, account: string) {
  const config = await discover(client);
  const pkceCodeVerifier = openid.randomPKCECodeVerifier();
  const expectedState = openid.randomState();
  const expectedNonce = openid.randomNonce();
  const target = openid.buildAuthorizationUrl(config, {
    redirect_uri: REDIRECT_URI,
    scope: SCOPE,
    code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
    state: expectedState,
    nonce: expectedNonce,
    login_hint: account,
  });
  const location = (await client.request(target)).headers.get("location") ?? "";
  const tokens = await openid.authorizationCodeGrant(config, new URL(location), {
    pkceCodeVerifier,
    expectedState,
    expectedNonce,
    idTokenExpected: true,
  });
  return { config, tokens };
}

test("a certified client library signs a work account in, checks the id token and refreshes", async () => {
  const client = await openSandbox();
  const { config, tokens } = await signIn(client, "alice@contoso.example");
  const claims = tokens.claims();
  expect(claims).toMatchObject({
    tid: WORK_TENANT,
    preferred_username: "alice@contoso.example",
    email: "alice@contoso.example",
    name: "Alice Contoso",
    ver: "2.0",
  });
  expect(claims?.iss).toBe(`${LOGIN}/${WORK_TENANT}/v2.0`);
  expect(tokens.scope?.split(" ")).toEqual(expect.arrayContaining(["Files.Read", "User.Read"]));
  expect(tokens.access_token.split(".")).toHaveLength(3);

  const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token ?? "");
  expect(refreshed.refresh_token).not.toBe(tokens.refresh_token);
  expect(refreshed.claims()?.sub).toBe(claims?.sub);
});

test("a certified client library signs a personal account in", async () => {
  const client = await openSandbox();
  const { tokens } = await signIn(client, "bob@outlook.example");
  const claims = tokens.claims();
  expect(claims?.["tid"]).toBe(PERSONAL_TENANT);
  expect(claims?.["oid"]).toMatch(/^00000000-0000-0000-[0-9a-f]{4}-[0-9a-f]{12}$/);
  expect(tokens.access_token).toMatch(/^EwCI[\w-]+$/);
});

test("each key says whose tokens it signs: the template for work accounts, one tenant for personal ones", async () => {
  const client = await openSandbox();
  const { keys } = (await (await client.request(`${LOGIN}/common/discovery/v2.0/keys`)).json()) as {
    keys: { issuer: string; kid: string }[];
  };
  expect(keys.map((key) => key.issuer)).toEqual([`${LOGIN}/{tenantid}/v2.0`, `${LOGIN}/${PERSONAL_TENANT}/v2.0`]);
  expect(new Set(keys.map((key) => key.kid)).size).toBe(2);
});

test("on its own port every address of the discovery document keeps the form that it was asked in", async () => {
  const client = await openSandbox();
  const base = "http://localhost:8790/login.microsoftonline.com";
  const document = (await (await client.request(`${base}/common/v2.0/.well-known/openid-configuration`)).json()) as Record<string, string>;
  expect(document["issuer"]).toBe(`${base}/{tenantid}/v2.0`);
  expect(document["token_endpoint"]).toBe(`${base}/common/oauth2/v2.0/token`);
  expect(document["userinfo_endpoint"]).toBe("http://localhost:8790/graph.microsoft.com/oidc/userinfo");
});

test("a subject is one application's own", async () => {
  const client = await openSandbox();
  const subjectFor = async (application: string): Promise<unknown> => {
    const location =
      (await client.authorize({ client_id: application, login_hint: "alice@contoso.example" })).headers.get("location") ?? "";
    const answer = await client.redeem({ client_id: application, code: new URL(location).searchParams.get("code") ?? "" });
    const { id_token: token } = (await answer.json()) as { id_token: string };
    return (JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { sub: string }).sub;
  };
  expect(await subjectFor(CLIENT_ID)).not.toBe(await subjectFor("99999999-2222-4333-8444-555555555555"));
});
