import { createHash, createHmac, createPrivateKey } from "node:crypto";
import { AuthenticationClient, ResponseType, Scopes, TokenTypeHint } from "@aps_sdk/authentication";
import { ApsConfiguration, SdkManagerBuilder } from "@aps_sdk/autodesk-sdkmanager";
import { DataManagementClient } from "@aps_sdk/data-management";
import { OssClient } from "@aps_sdk/oss";
import { SignJWT } from "jose";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startSandbox, type RunningSandbox } from "../../sandbox/server.ts";
import { type OpenApi, readOpenApi, schemaProblems } from "./openapi.ts";

// Autodesk's own clients, unchanged, over HTTP.

const CLIENT_ID = "sdk-client";
const SECRET = "sandbox-secret";
const REDIRECT = "https://tidemark.example/auth/autodesk/callback";
const API = "developer.api.autodesk.com";

let sandbox: RunningSandbox;
let auth: AuthenticationClient;
let dm: DataManagementClient;
let oss: OssClient;
const delivered: { headers: Headers; body: string }[] = [];
const contracts = {
  data: readOpenApi("autodesk/datamanagement.yaml"),
  oss: readOpenApi("autodesk/oss.yaml"),
  webhooks: readOpenApi("autodesk/webhooks.yaml"),
  authentication: readOpenApi("autodesk/authentication.yaml"),
};

beforeAll(async () => {
  const deliver: typeof fetch = async (_input, init) => {
    delivered.push({ headers: new Headers(init?.headers), body: String(init?.body ?? "") });
    return new Response(null, { status: 200 });
  };
  sandbox = await startSandbox({ port: 0, fetch: deliver });
  const configuration = new ApsConfiguration({});
  configuration.BaseAddress = new URL(`${sandbox.url}/${API}`);
  const sdkManager = SdkManagerBuilder.create().addApsConfiguration(configuration).build();
  sdkManager.toggleLogging(false);
  auth = new AuthenticationClient({ sdkManager });
  dm = new DataManagementClient({ sdkManager });
  oss = new OssClient({ sdkManager });
});
afterAll(() => sandbox.close());

async function control<T>(method: string, path: string, body?: unknown): Promise<T> {
  const init = { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  const answer = await fetch(`${sandbox.url}/_sandbox${path}`, init);
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()) as T;
}
const mutate = (account: string, ...ops: object[]) => control<{ ids: string[] }>("POST", `/drives/${account}/mutate`, { ops });

/** A request that the clients do not know. */
const request = (token: string, path: string, init: RequestInit = {}) =>
  fetch(`${sandbox.url}/${API}${path}`, {
    ...init,
    headers: { ...(init.headers as Record<string, string>), authorization: `Bearer ${token}` },
  });

async function signIn(account: string, scopes: Scopes[] = [Scopes.DataRead]) {
  // The client forgets the address's own path.
  const asked = new URL(auth.authorize(CLIENT_ID, ResponseType.Code, REDIRECT, scopes, { state: "some state" }));
  const page = `${sandbox.url}/${API}${asked.pathname}`;
  expect(await (await fetch(`${page}${asked.search}`)).text()).toContain("Pick an account");
  asked.searchParams.set("account", account);
  const back = await fetch(`${page}/consent${asked.search}`, { redirect: "manual" });
  const location = new URL(back.headers.get("location") ?? "");
  expect(location.searchParams.get("state")).toBe("some state");
  const code = location.searchParams.get("code") ?? "";
  const tokens = await auth.getThreeLeggedToken(CLIENT_ID, code, REDIRECT, { clientSecret: SECRET });
  return { access: tokens.access_token ?? "", refresh: tokens.refresh_token ?? "" };
}

async function projectOf(accessToken: string, index = 0) {
  const [hub] = ((await dm.getHubs({ accessToken })).data ?? []).slice(index);
  const [project] = (await dm.getHubProjects(hub?.id ?? "", { accessToken })).data ?? [];
  return { hubId: hub?.id ?? "", projectId: project?.id ?? "" };
}

const folderAt = async (accessToken: string, ids: { hubId: string; projectId: string }, name = "Project Files") =>
  (await dm.getProjectTopFolders(ids.hubId, ids.projectId, { accessToken })).data?.find(({ attributes }) => attributes?.name === name)
    ?.id ?? "";

test("a person signs in; each refresh token works once, and with the grant all tokens end", async () => {
  const { access, refresh } = await signIn("tokens@autodesk.example");
  const next = await auth.refreshToken(refresh, CLIENT_ID, { clientSecret: SECRET });
  await expect(auth.refreshToken(refresh, CLIENT_ID, { clientSecret: SECRET })).rejects.toThrow();
  expect(next.refresh_token).not.toBe(refresh);
  await dm.getHubs({ accessToken: next.access_token ?? "" });
  await auth.revoke(access, CLIENT_ID, TokenTypeHint.AccessToken, { clientSecret: SECRET });
  await expect(dm.getHubs({ accessToken: access })).rejects.toThrow();
});

test("a client that names itself twice, or wrongly, is refused", async () => {
  const ask = (fields: Record<string, string>, secret: string) =>
    fetch(`${sandbox.url}/${API}/authentication/v2/token`, {
      method: "POST",
      headers: { authorization: `Basic ${btoa(`${CLIENT_ID}:${secret}`)}` },
      body: new URLSearchParams({ grant_type: "client_credentials", scope: "data:read", ...fields }),
    });
  expect((await ask({}, SECRET)).status).toBe(200);
  expect((await ask({ client_id: CLIENT_ID }, SECRET)).status).toBe(400);
  const wrong = await ask({}, "wrong");
  expect([wrong.status, await wrong.json()]).toEqual([401, expect.objectContaining({ errorCode: "AUTH-003" })]);
});

test("hubs lead to projects, their folders, items and the bytes of tips; the address of bytes takes no token", async () => {
  const account = "reader@autodesk.example";
  const { ids } = await mutate(account, { op: "create", path: "/Project Files/Ünder/Plan 計.txt", bytes: "hello world" });
  const { access: accessToken } = await signIn(account);
  const found = await projectOf(accessToken);
  const top = await folderAt(accessToken, found);
  const sub = await dm.getFolderContents(found.projectId, top, { accessToken });
  const contents = await dm.getFolderContents(found.projectId, sub.data?.[0]?.id ?? "", { accessToken });
  expect(contents.data?.[0]).toMatchObject({ type: "items", id: ids[0], attributes: { displayName: "Plan 計.txt" } });
  const [tip] = contents.included ?? [];
  expect(tip).toMatchObject({ attributes: { storageSize: 11, fileType: "txt", versionNumber: 1 } });
  const [bucket = "", key = ""] = (tip?.relationships.storage?.data?.id ?? "").split(":").at(-1)?.split("/") ?? [];
  const signed = await oss.signedS3Download(bucket, key, { accessToken });
  expect(signed).toMatchObject({ status: "complete", size: 11, sha1: createHash("sha1").update("hello world").digest("hex") });
  expect(await (await fetch(signed.url ?? "")).text()).toBe("hello world");
  expect((await fetch(signed.url ?? "", { headers: { range: "bytes=6-8" } })).status).toBe(206);
  expect((await fetch(signed.url ?? "", { headers: { authorization: `Bearer ${accessToken}` } })).status).toBe(400);
  await control("POST", "/clock", { advanceSeconds: 121 });
  expect(await (await fetch(signed.url ?? "")).text()).toContain("Request has expired");
  expect((await oss.downloadObject(bucket, key, { accessToken })) as unknown).toBeDefined();
});

test("pages have 200 entries at most, and no entry of them twice", async () => {
  const account = "pages@autodesk.example";
  const ops = Array.from({ length: 205 }, (_, n) => ({ op: "create", path: `/Project Files/${n}.txt`, bytes: 1 }));
  await mutate(account, ...ops);
  const { access: accessToken } = await signIn(account);
  const found = await projectOf(accessToken);
  const top = await folderAt(accessToken, found);
  const first = await dm.getFolderContents(found.projectId, top, { accessToken });
  const second = await dm.getFolderContents(found.projectId, top, { accessToken, pageNumber: 1 });
  expect([first.data?.length, second.data?.length, first.links.next?.href, second.links.next]).toEqual([
    200,
    5,
    expect.stringContaining("page%5Bnumber%5D=1"),
    undefined,
  ]);
  expect(new Set([...(first.data ?? []), ...(second.data ?? [])].map(({ id }) => id)).size).toBe(205);
  await expect(dm.getFolderContents(found.projectId, top, { accessToken, pageLimit: 201 })).rejects.toThrow();
});

test("what is deleted is hidden, its tip says so, and what is moved or renamed keeps its id; the times of all folders above tell", async () => {
  const account = "life@autodesk.example";
  const { ids } = await mutate(
    account,
    { op: "create", path: "/Project Files/a/b/c.txt", bytes: "c" },
    { op: "mkdir", path: "/Project Files/z" },
  );
  await control("POST", "/clock", { advanceSeconds: 10 });
  const { access: accessToken } = await signIn(account);
  const found = await projectOf(accessToken);
  const rollups = async () => {
    const top = await folderAt(accessToken, found);
    const below = (await dm.getFolderContents(found.projectId, top, { accessToken })).data ?? [];
    const self = await dm.getFolder(found.projectId, top, { accessToken });
    return [self.data, ...below].map(
      (one) => (one?.attributes as { lastModifiedTimeRollup?: string } | undefined)?.lastModifiedTimeRollup ?? "",
    );
  };
  const before = await rollups();
  await mutate(account, { op: "rename", path: "/Project Files/a/b/c.txt", name: "d.txt" });
  const after = await rollups();
  expect([after[0], after[1], after[2]].map((at, index) => at === before[index])).toEqual([false, false, true]);
  await mutate(account, { op: "move", path: "/Project Files/a/b/d.txt", to: "/Project Files/z" });
  expect((await dm.getItem(found.projectId, ids[0] ?? "", { accessToken })).data?.attributes.displayName).toBe("d.txt");
  await mutate(account, { op: "delete", path: "/Project Files/z/d.txt" });
  expect((await dm.getItem(found.projectId, ids[0] ?? "", { accessToken })).data?.attributes.hidden).toBe(true);
  const tip = await dm.getItemTip(found.projectId, ids[0] ?? "", { accessToken });
  expect(tip.data?.attributes.extension.type).toBe("versions:autodesk.core:Deleted");
  const z = (await dm.getFolderContents(found.projectId, await folderAt(accessToken, found), { accessToken })).data?.[1]?.id ?? "";
  expect((await dm.getFolderContents(found.projectId, z, { accessToken })).data).toEqual([]);
  expect((await dm.getFolderContents(found.projectId, z, { accessToken, includeHidden: true })).data).toHaveLength(1);
  await mutate(account, { op: "restore", id: ids[0] });
  expect((await dm.getItem(found.projectId, ids[0] ?? "", { accessToken })).data?.attributes.hidden).toBe(false);
});

test("an app speaks for itself once it is let in; a service account is a person that signs its own requests", async () => {
  const app = await auth.getTwoLeggedToken("lone-app", SECRET, [Scopes.DataRead]);
  await expect(dm.getHubs({ accessToken: app.access_token ?? "" })).rejects.toThrow();
  const project = "site@autodesk-emea.example";
  await mutate(project, { op: "create", path: "/Project Files/a.txt", bytes: "a" });
  await control("POST", "/autodesk/members", { project, account: "lone-app@autodesk-apps.example" });
  expect((await dm.getHubs({ accessToken: app.access_token ?? "" })).data?.[0]?.attributes).toMatchObject({ region: "EMEA" });

  const robot = "sdk@autodesk-service-accounts.example";
  await control("POST", "/autodesk/members", { project, account: robot });
  const { clientId, serviceAccountId, ...key } = await control<{ clientId: string; serviceAccountId: string } & Record<string, string>>(
    "GET",
    `/autodesk/service-accounts/${robot}/key`,
  );
  const assertion = await new SignJWT({ scope: ["data:read"] })
    .setProtectedHeader({ alg: "RS256", kid: key["kid"] ?? "" })
    .setIssuer(clientId)
    .setSubject(serviceAccountId)
    .setAudience(`https://${API}/authentication/v2/token`)
    .setExpirationTime("5m")
    .sign(createPrivateKey(key["privateKey"] ?? ""));
  const answer = await fetch(`${sandbox.url}/${API}/authentication/v2/token`, {
    method: "POST",
    headers: { authorization: `Basic ${btoa(`${clientId}:${SECRET}`)}` },
    body: new URLSearchParams({ grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion }),
  });
  const { access_token: accessToken, refresh_token: none } = (await answer.json()) as Record<string, string>;
  expect([none, (await dm.getHubs({ accessToken: accessToken ?? "" })).data?.length]).toEqual([undefined, 1]);
});

test("somebody who sees one folder of a project has that for its top, and is refused what is beside it", async () => {
  const [project, guest] = ["shared@autodesk-projects.example", "guest@autodesk.example"];
  const { ids } = await mutate(
    project,
    { op: "create", path: "/Project Files/in/a.txt", bytes: "a" },
    { op: "create", path: "/Project Files/b.txt", bytes: "b" },
  );
  await control("POST", "/autodesk/members", { project, account: guest, folder: "/Project Files/in" });
  const { access: accessToken } = await signIn(guest);
  const found = await projectOf(accessToken, 1);
  expect(
    (await dm.getProjectTopFolders(found.hubId, found.projectId, { accessToken })).data?.map(({ attributes }) => attributes?.name),
  ).toEqual(["in"]);
  await dm.getItem(found.projectId, ids[0] ?? "", { accessToken });
  await expect(dm.getItem(found.projectId, ids[1] ?? "", { accessToken })).rejects.toThrow();
});

test("a hook of a folder is told of what happens below it, signed with its own token, in the region of its hub only", async () => {
  const account = "bell@autodesk.example";
  await mutate(account, { op: "mkdir", path: "/Project Files/deep" });
  const { access } = await signIn(account, [Scopes.DataRead, Scopes.DataWrite]);
  const folder = await folderAt(access, await projectOf(access));
  const make = (region: string) =>
    request(access, "/webhooks/v1/systems/data/events/dm.*/hooks", {
      method: "POST",
      headers: { "x-ads-region": region, "content-type": "application/json" },
      body: JSON.stringify({ callbackUrl: `https://tidemark.example/hook?${region}`, scope: { folder }, hookAttribute: { mine: 1 } }),
    });
  const made = await make("US");
  const hook = made.headers.get("location") ?? "";
  expect([made.status, (await make("US")).status, (await make("EMEA")).status]).toEqual([201, 409, 201]);
  await request(access, hook, { method: "PATCH", body: JSON.stringify({ token: "a secret token" }) });
  await mutate(account, { op: "create", path: "/Project Files/deep/new.txt", bytes: "new" });
  await vi.waitFor(() => expect(delivered).not.toEqual([]), 5000);
  const [bell] = delivered;
  expect(JSON.parse(bell?.body ?? "")).toMatchObject({
    hook: { event: "dm.version.added", hookAttribute: { mine: 1 }, scope: { folder } },
    payload: { name: "new.txt" },
  });
  const signature = createHmac("sha1", "a secret token")
    .update(bell?.body ?? "")
    .digest("hex");
  expect(bell?.headers.get("x-adsk-signature")).toBe(`sha1hash=${signature}`);
  expect((await request(access, hook, { method: "DELETE" })).status).toBe(204);
  expect((await request(access, "/webhooks/v1/systems/data/hooks")).status).toBe(204);
  const { access: readOnly } = await signIn(account);
  expect((await request(readOnly, "/webhooks/v1/systems/data/events/dm.*/hooks", { method: "POST", body: "{}" })).status).toBe(403);
});

test.skipIf(contracts.data === undefined)(
  "answers are what Autodesk's own descriptions say (skipped where CONTRACTS_DIR names no folder with them)",
  async () => {
    const account = "contract@autodesk.example";
    await mutate(
      account,
      { op: "create", path: "/Project Files/f/a.txt", bytes: "a" },
      { op: "create", path: "/Project Files/M (cloud model).rvt", bytes: "" },
      { op: "create", path: "/Project Files/gone.txt", bytes: "g" },
    );
    await mutate(account, { op: "delete", path: "/Project Files/gone.txt" });
    const { access: accessToken } = await signIn(account, [Scopes.DataRead, Scopes.DataWrite]);
    const problems = (contract: OpenApi | undefined, name: string, value: unknown) =>
      contract ? schemaProblems(contract, name, value, { closed: true }) : [];
    const get = async (path: string): Promise<unknown> => (await request(accessToken, path)).json();
    const { hubId, projectId } = await projectOf(accessToken);
    const folder = encodeURIComponent(await folderAt(accessToken, { hubId, projectId }));
    const at = `/data/v1/projects/${projectId}`;
    const contents = (await get(`${at}/folders/${folder}/contents?includeHidden=true`)) as {
      data: { id: string; type: string }[];
      included: { relationships: { storage?: { data: { id: string } } } }[];
    };
    const item = encodeURIComponent(contents.data.find(({ type }) => type === "items")?.id ?? "");
    for (const [name, path] of [
      ["Hubs", "/project/v1/hubs"],
      ["Hub", `/project/v1/hubs/${hubId}`],
      ["Projects", `/project/v1/hubs/${hubId}/projects`],
      ["Project", `/project/v1/hubs/${hubId}/projects/${projectId}`],
      ["Folder", `${at}/folders/${folder}`],
      ["Item", `${at}/items/${item}`],
      ["ItemTip", `${at}/items/${item}/tip`],
    ] as const)
      expect(
        problems(contracts.data, name, await get(path)).filter((problem) => !IN_EXAMPLES.test(problem)),
        path,
      ).toEqual([]);
    expect(problems(contracts.data, "FolderContents", contents).filter((problem) => !IN_EXAMPLES.test(problem))).toEqual([]);
    expect(contents.data).toHaveLength(3);

    await mutate(account, { op: "create", path: "/Project Files/f/b.txt", bytes: "b" });
    const key = (
      (await dm.getFolderContents(projectId, contents.data[0]?.id ?? "", { accessToken })).included?.[0]?.relationships.storage?.data?.id ??
      ""
    ).split("/")[1];
    expect(
      problems(contracts.oss, "signeds3download_response", await get(`/oss/v2/buckets/wip.dm.prod/objects/${key}/signeds3download`)),
    ).toEqual([]);
    const made = await request(accessToken, "/webhooks/v1/systems/data/events/dm.version.added/hooks", {
      method: "POST",
      body: JSON.stringify({ callbackUrl: "https://tidemark.example/", scope: { folder: decodeURIComponent(folder) } }),
    });
    expect(problems(contracts.webhooks, "HookDetails", await get(made.headers.get("location") ?? ""))).toEqual([]);
    const person = await fetch(`${sandbox.url}/api.userprofile.autodesk.com/userinfo`, {
      headers: { authorization: `Bearer ${accessToken}` },
    });
    expect(problems(contracts.authentication, "UserInfo", await person.json())).toEqual([]);
  },
);

/** What the schemas leave out and their own examples, or their text, have. */
const IN_EXAMPLES = /\.extension\.data\.|included\[\d+\]\.links|ItemTip\.links|meta/;
