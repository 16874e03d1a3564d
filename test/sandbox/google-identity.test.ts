import { expect, test, vi } from "vitest";
import { createSandbox } from "../../sandbox/app.ts";
import { clientOf } from "./sandbox-client.ts";

const CLIENT = { client_id: "222222222222-identity.apps.googleusercontent.com", client_secret: "sandbox-secret" };
const REDIRECT = "https://tidemark.example/auth/google/callback";
const DRIVE_SCOPE = "https://www.googleapis.com/auth/drive.readonly";
const DRIVE = "https://www.googleapis.com/drive/v3";

const told: (string | null)[] = [];
const sandbox = await createSandbox({
  fetch: async (_input, init) => {
    told.push(new Headers(init?.headers).get("x-goog-resource-state"));
    return new Response(null, { status: 204 });
  },
});
const { request, control, mutate } = clientOf(sandbox);

function authorize(fields: Record<string, string>): Promise<Response> {
  const usual = {
    client_id: CLIENT.client_id,
    response_type: "code",
    redirect_uri: REDIRECT,
    scope: `openid email ${DRIVE_SCOPE}`,
    state: "s",
  };
  return request(`https://accounts.google.com/o/oauth2/v2/auth?${new URLSearchParams({ ...usual, ...fields })}`);
}
const backWith = (answer: Response) => Object.fromEntries(new URL(answer.headers.get("location") ?? "").searchParams);
const redeem = (fields: Record<string, string>) =>
  request("https://oauth2.googleapis.com/token", { method: "POST", body: new URLSearchParams({ ...CLIENT, ...fields }) });

async function tokensOf(account: string): Promise<{ access_token: string; refresh_token: string; scope: string }> {
  const { code = "" } = backWith(await authorize({ login_hint: account, access_type: "offline", prompt: "consent" }));
  return (await redeem({ grant_type: "authorization_code", code, redirect_uri: REDIRECT })).json() as Promise<never>;
}

test("people pick an account or decline; service accounts and shared drives are none", async () => {
  const page = await (await authorize({})).text();
  expect(page).toContain("carol@gmail.example");
  for (const name of ["tidemark@service-accounts.example", "marketing@shared-drives.example"]) {
    expect(page).not.toContain(name);
    expect(await (await authorize({ login_hint: name })).text()).toContain("Pick an account");
  }
  expect(backWith(await authorize({ declined: "1" }))).toEqual({ error: "access_denied", state: "s" });
});

test("what the client itself does wrong ends on a page", async () => {
  const problems: [Record<string, string>, string][] = [
    [{ client_id: "somebody" }, "invalid_client"],
    [{ redirect_uri: "https://elsewhere.example/" }, "redirect_uri_mismatch"],
    [{ scope: "everything" }, "invalid_scope"],
    [{ response_type: "token" }, "unsupported_response_type"],
    [{ code_challenge: "short" }, "code_challenge"],
  ];
  for (const [fields, words] of problems) {
    const answer = await authorize(fields);
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining(words)]);
  }
});

test("without a prompt the answer comes from what was consented before", async () => {
  const quiet = { login_hint: "quiet@gmail.example", prompt: "none" };
  expect(backWith(await authorize({ prompt: "none" }))).toMatchObject({ error: "login_required" });
  expect(backWith(await authorize(quiet))).toMatchObject({ error: "interaction_required" });
  await authorize({ login_hint: "quiet@gmail.example" });
  expect(backWith(await authorize(quiet))).toMatchObject({ code: expect.any(String), state: "s", authuser: "0" });
});

test("a box that is not ticked is a scope that is not granted, and Drive says so", async () => {
  const account = "unticked@gmail.example";
  await control("POST", "/faults", { name: "google-scope-unticked", match: { account } });
  const { access_token: token, scope } = await tokensOf(account);
  expect(scope).toBe("openid https://www.googleapis.com/auth/userinfo.email");
  const refused = await request(`${DRIVE}/files`, { headers: { Authorization: `Bearer ${token}` } });
  expect([refused.status, await refused.json()]).toMatchObject([403, { error: { errors: [{ reason: "insufficientPermissions" }] } }]);
  const info = await request("https://openidconnect.googleapis.com/v1/userinfo", { headers: { Authorization: `Bearer ${token}` } });
  expect(await info.json()).toMatchObject({ email: account, email_verified: true });
});

test("an administrator's policy, a dead grant and a token service that is down are told as Google tells them", async () => {
  const account = "faults@workspace.example";
  const { refresh_token: refreshToken } = await tokensOf(account);
  const refresh = () => redeem({ grant_type: "refresh_token", refresh_token: refreshToken });
  expect((await refresh()).status).toBe(200);
  await control("POST", "/faults", { name: "google-invalid-grant", times: 1, match: { account } });
  const dead = await refresh();
  expect([dead.status, await dead.json()]).toEqual([
    400,
    { error: "invalid_grant", error_description: "Token has been expired or revoked." },
  ]);
  await control("POST", "/faults", { name: "google-token-service-down", times: 1, match: { account } });
  expect((await refresh()).status).toBe(503);
  await control("POST", `/grants/${account}/revoke`);
  expect(await (await refresh()).json()).toMatchObject({ error: "invalid_grant" });
  await control("POST", "/faults", { name: "google-admin-policy", match: { account } });
  expect(backWith(await authorize({ login_hint: account }))).toMatchObject({ error: "admin_policy_enforced" });
});

test("no token at all and one of another vendor's are told apart", async () => {
  const none = await request(`${DRIVE}/files`);
  expect([none.status, await none.json()]).toMatchObject([401, { error: { errors: [{ reason: "required" }] } }]);
  const other = await request(`${DRIVE}/files`, { headers: { Authorization: "Bearer EwCIsomething" } });
  expect([other.status, await other.json()]).toMatchObject([401, { error: { errors: [{ reason: "authError" }] } }]);
});

test("a channel's notifications follow the fault that calls their state by its other name, and end with the channel", async () => {
  const account = "states@gmail.example";
  const { access_token: token } = await tokensOf(account);
  const headers = { Authorization: `Bearer ${token}` };
  const { startPageToken } = (await (await request(`${DRIVE}/changes/startPageToken`, { headers })).json()) as { startPageToken: string };
  const body = JSON.stringify({ id: "states", type: "web_hook", address: REDIRECT });
  const watched = await request(`${DRIVE}/changes/watch?pageToken=${startPageToken}`, { method: "POST", headers, body });
  const { expiration } = (await watched.json()) as { expiration: string };
  expect(Number(expiration)).toBeLessThanOrEqual(Date.now() + 3_600_000);
  await control("POST", "/faults", { name: "google-state-changed", match: { account } });
  await mutate(account, [{ op: "create", path: "/a.txt", bytes: 1 }]);
  await vi.waitFor(() => expect(told).toEqual(["sync", "changed"]), 5_000);
  await control("POST", "/clock", { advanceSeconds: 3_700 });
  await mutate(account, [{ op: "create", path: "/b.txt", bytes: 1 }]);
  await new Promise((resume) => setTimeout(resume, 600));
  expect(told).toHaveLength(2);
});
