import { createHash } from "node:crypto";
import { drive as driveClient, type drive_v3 } from "@googleapis/drive";
import { CodeChallengeMethod, JWT, OAuth2Client } from "google-auth-library";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startSandbox, type RunningSandbox } from "../../sandbox/server.ts";
import { FILE_FIELDS } from "../../worker/providers/google-drive/api.ts";
import { discoveryProblems, readContract } from "./contracts.ts";

// Google's own client, unchanged, over HTTP.

const CLIENT_ID = "111111111111-sdk.apps.googleusercontent.com";
const REDIRECT = "https://tidemark.example/auth/google/callback";
const SCOPES = ["openid", "email", "profile", "https://www.googleapis.com/auth/drive.readonly"];
const PERSON = "sdk@gmail.example";
const COLLEAGUE = "sdk@workspace.example";
const TEAM = "sdk-team@shared-drives.example";
const ALL_DRIVES = { supportsAllDrives: true, includeItemsFromAllDrives: true } as const;

let sandbox: RunningSandbox;
const delivered: { headers: Headers; body: string }[] = [];
const contract = readContract("google-drive/drive.v3.json");

beforeAll(async () => {
  const deliver: typeof fetch = async (_input, init) => {
    delivered.push({ headers: new Headers(init?.headers), body: String(init?.body ?? "") });
    return new Response(null, { status: 200 });
  };
  sandbox = await startSandbox({ port: 0, fetch: deliver });
});
afterAll(() => sandbox.close());

async function control<T>(method: string, path: string, body?: unknown): Promise<T> {
  const init = { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  const answer = await fetch(`${sandbox.url}/_sandbox${path}`, init);
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()) as T;
}
const mutate = (account: string, ...ops: object[]) => control<{ ids: string[] }>("POST", `/drives/${account}/mutate`, { ops });

/** Leads a client's requests to Google's hosts to the sandbox: the library knows no other address for some of them. */
function led<Client extends OAuth2Client>(client: Client): Client {
  const toSandbox = async (config: { url: URL }) => {
    const { host, pathname, search } = config.url;
    if (host.endsWith(".googleapis.com")) config.url = new URL(`${sandbox.url}/${host}${pathname}${search}`);
    return config;
  };
  client.transporter.interceptors.request.add({ resolved: toSandbox as never });
  return client;
}

function oauthClient(secret = "sandbox-secret"): OAuth2Client {
  const endpoints = { oauth2AuthBaseUrl: `${sandbox.url}/accounts.google.com/o/oauth2/v2/auth` };
  return led(new OAuth2Client({ clientId: CLIENT_ID, clientSecret: secret, redirectUri: REDIRECT, endpoints }));
}

async function signedIn(account: string): Promise<OAuth2Client> {
  const client = oauthClient();
  const { codeVerifier, codeChallenge } = await client.generateCodeVerifierAsync();
  const url = client.generateAuthUrl({
    access_type: "offline",
    scope: SCOPES,
    login_hint: account,
    prompt: "consent",
    code_challenge: codeChallenge ?? "",
    code_challenge_method: CodeChallengeMethod.S256,
  });
  const redirect = await fetch(url, { redirect: "manual" });
  const code = new URL(redirect.headers.get("location") ?? "").searchParams.get("code") ?? "";
  const { tokens } = await client.getToken({ code, codeVerifier });
  client.setCredentials(tokens);
  return client;
}

// The package bundles types of the same library of its own.
const driveOf = (auth: OAuth2Client | JWT): drive_v3.Drive => driveClient({ version: "v3", auth: auth as never });

async function everyFile(drive: drive_v3.Drive, params: drive_v3.Params$Resource$Files$List): Promise<drive_v3.Schema$File[]> {
  const files: drive_v3.Schema$File[] = [];
  for (let pageToken: string | undefined; ;) {
    const { data } = await drive.files.list({
      ...params,
      fields: "nextPageToken,files(id,name,mimeType,parents)",
      ...(pageToken && { pageToken }),
    });
    files.push(...(data.files ?? []));
    pageToken = data.nextPageToken ?? undefined;
    if (pageToken === undefined) return files;
  }
}

async function everyChange(drive: drive_v3.Drive, from: string, params: drive_v3.Params$Resource$Changes$List = {}) {
  const changes: drive_v3.Schema$Change[] = [];
  for (let pageToken = from; ;) {
    const { data } = await drive.changes.list({ pageSize: 3, fields: "*", ...params, pageToken });
    changes.push(...(data.changes ?? []));
    if (data.newStartPageToken) return { changes, token: data.newStartPageToken };
    pageToken = data.nextPageToken ?? "";
  }
}

test("Google's client signs a person in with PKCE, verifies the id token, refreshes with the same token, and revokes", async () => {
  const client = await signedIn(PERSON);
  const { id_token: idToken, refresh_token: refreshToken, scope } = client.credentials;
  // The library wants certificates for this, which the sandbox does not play: its keys are taken as OpenID Connect has them.
  const keys = createRemoteJWKSet(new URL(`${sandbox.url}/www.googleapis.com/oauth2/v3/certs`));
  const verified = await jwtVerify(idToken ?? "", keys, { audience: CLIENT_ID, issuer: `${sandbox.url}/accounts.google.com` });
  expect(verified.payload).toMatchObject({ email: PERSON, email_verified: true, name: "Sdk", sub: expect.stringMatching(/^\d{21}$/) });
  expect(scope).toContain("drive.readonly");
  const first = client.credentials.access_token;
  await client.refreshAccessToken();
  expect(client.credentials.access_token).not.toBe(first);
  expect(client.credentials.refresh_token).toBe(refreshToken);
  await driveOf(client).files.list();
  await client.revokeToken(refreshToken ?? "");
  await expect(client.refreshAccessToken()).rejects.toMatchObject({ response: { status: 400, data: { error: "invalid_grant" } } });
  await expect(driveOf(client).files.list()).rejects.toMatchObject({ status: 401 });
  const stranger = oauthClient("another secret");
  stranger.setCredentials({ refresh_token: (await signedIn(PERSON)).credentials.refresh_token ?? null });
  await expect(stranger.refreshAccessToken()).rejects.toMatchObject({ response: { status: 401, data: { error: "invalid_client" } } });
});

test("a refresh token comes with the first consent only, and a code with the wrong verifier is refused", async () => {
  const client = oauthClient();
  const consent = async (fields: object) => {
    const url = client.generateAuthUrl({ access_type: "offline", scope: SCOPES, login_hint: "first@gmail.example", ...fields });
    return new URL((await fetch(url, { redirect: "manual" })).headers.get("location") ?? "").searchParams.get("code") ?? "";
  };
  expect((await client.getToken(await consent({}))).tokens.refresh_token).toBeTypeOf("string");
  expect((await client.getToken(await consent({}))).tokens.refresh_token).toBeUndefined();
  expect((await client.getToken(await consent({ prompt: "consent" }))).tokens.refresh_token).toBeTypeOf("string");
  const challenge = createHash("sha256").update("right").digest("base64url");
  const code = await consent({ code_challenge: challenge, code_challenge_method: "S256" });
  await expect(client.getToken({ code, codeVerifier: "wrong" })).rejects.toMatchObject({ response: { data: { error: "invalid_grant" } } });
});

test("Google's client lists a whole drive page by page, and later only what changed", async () => {
  await control("POST", `/drives/${PERSON}/generate`, { files: 230, folders: 20, meanBytes: 300, seed: 3 });
  const drive = driveOf(await signedIn(PERSON));
  const { data: start } = await drive.changes.getStartPageToken();
  const files = await everyFile(drive, { q: "trashed = false", pageSize: 100 });
  expect(files).toHaveLength(250);
  const { ids } = await mutate(
    PERSON,
    { op: "create", path: "/new folder/a/b.txt", bytes: "new" },
    { op: "rename", path: "/new folder", name: "renamed" },
    { op: "delete", path: "/renamed/a" },
  );
  const told = await everyChange(drive, start.startPageToken ?? "");
  // The folder's own entry is all that tells of what is in it.
  expect(told.changes.map(({ file }) => [file?.name, file?.trashed, file?.explicitlyTrashed])).toEqual([
    ["renamed", false, false],
    ["a", true, true],
  ]);
  expect((await drive.files.get({ fileId: ids[0] ?? "", fields: "trashed,explicitlyTrashed" })).data).toEqual({
    trashed: true,
    explicitlyTrashed: false,
  });
  await mutate(PERSON, { op: "restore", id: ids[2] ?? "" });
  await control("POST", "/google/purge", { drive: PERSON, id: ids[0] });
  const later = await everyChange(drive, told.token);
  expect(later.changes.map(({ fileId, removed }) => [fileId, removed])).toEqual([
    [ids[2], false],
    [ids[0], true],
  ]);
  expect((await everyChange(drive, later.token)).changes).toEqual([]);
  await control("POST", `/cursors/${PERSON}/expire`);
  await expect(drive.changes.list({ pageToken: later.token })).rejects.toMatchObject({ status: 400 });
});

test("Google's client searches, sorts and selects fields", async () => {
  const account = "search@gmail.example";
  await mutate(account, { op: "create", path: "/b/It's 2.txt", bytes: "two" }, { op: "create", path: "/b/10.txt", bytes: "ten" });
  await mutate(account, { op: "mkdir", path: "/b/z" }, { op: "create", path: "/b/10.txt", bytes: "another ten" });
  const drive = driveOf(await signedIn(account));
  const { data } = await drive.files.list({ q: "name = 'b' and mimeType = 'application/vnd.google-apps.folder'", fields: "files/id" });
  const [folder] = data.files ?? [];
  const inside = await everyFile(drive, {
    q: `'${folder?.id}' in parents and trashed = false`,
    orderBy: "folder,name_natural",
    pageSize: 1,
  });
  expect(inside.map(({ name }) => name)).toEqual(["z", "10.txt", "10.txt", "It's 2.txt"]);
  expect(await everyFile(drive, { q: String.raw`name contains 'It\'s'` })).toMatchObject([{ name: "It's 2.txt", parents: [folder?.id] }]);
  await expect(drive.files.list({ q: "colour = 'red'" })).rejects.toMatchObject({ status: 400 });
  await expect(drive.files.list({ fields: "files(id" })).rejects.toMatchObject({ status: 400 });
  await expect(drive.files.list({ pageToken: "made up" })).rejects.toMatchObject({ status: 400 });
});

test("Google's client reads a file's bytes, a part of them, and the exports of a document", async () => {
  const account = "content@gmail.example";
  const text = "# Title\n\nA line.\n";
  const { ids } = await mutate(
    account,
    { op: "create", path: "/a.txt", bytes: "hello world" },
    { op: "create", path: "/Plan.gdoc", bytes: text },
    { op: "create", path: "/Ask.gform", bytes: "?" },
  );
  const [fileId = "", docId = "", formId = ""] = ids;
  const auth = await signedIn(account);
  const drive = driveOf(auth);
  const { data: file } = await drive.files.get({ fileId, fields: "*" });
  const hash = (name: string) => createHash(name).update("hello world").digest("hex");
  expect(file).toMatchObject({
    size: "11",
    md5Checksum: hash("md5"),
    sha1Checksum: hash("sha1"),
    sha256Checksum: hash("sha256"),
    ownedByMe: true,
    shared: false,
  });
  const bytes = await drive.files.get({ fileId, alt: "media" }, { responseType: "text" });
  expect(bytes.data).toBe("hello world");
  const part = await drive.files.get({ fileId, alt: "media" }, { responseType: "text", headers: { Range: "bytes=6-8" } });
  expect([part.status, part.data]).toEqual([206, "wor"]);

  const { data: doc } = await drive.files.get({ fileId: docId, fields: "*" });
  expect(doc).toMatchObject({ name: "Plan", mimeType: "application/vnd.google-apps.document" });
  expect(doc).not.toHaveProperty("size");
  const exported = (mimeType: string) => drive.files.export({ fileId: docId, mimeType }, { responseType: "arraybuffer" });
  expect(Buffer.from((await exported("text/markdown")).data as ArrayBuffer).toString()).toBe(text);
  const [first, second] = [await exported("application/pdf"), await exported("application/pdf")];
  expect(Buffer.from(first.data as ArrayBuffer).equals(Buffer.from(second.data as ArrayBuffer))).toBe(true);
  const link = await auth
    .request<string>({ url: doc.exportLinks?.["text/plain"] ?? "", responseType: "text" })
    .catch((error: unknown) => error);
  // The client takes the token along to where the link leads, which Google does not want.
  expect(link).toMatchObject({ status: 403 });

  await expect(drive.files.get({ fileId: docId, alt: "media" })).rejects.toMatchObject({ status: 403 });
  await expect(exported("text/calendar")).rejects.toMatchObject({ status: 400 });
  await expect(drive.files.export({ fileId: formId, mimeType: "application/pdf" })).rejects.toMatchObject({ status: 403 });
  await mutate(account, { op: "update", id: docId, bytes: "x".repeat(1024 * 1024) });
  expect((await drive.files.get({ fileId: docId, fields: "modifiedTime" })).data.modifiedTime).not.toBe(doc.modifiedTime);
});

test("Google's client finds shared drives, reads one by its own log, and loses it with the membership", async () => {
  const drive = driveOf(await signedIn(COLLEAGUE));
  const { driveId } = await control<{ driveId: string }>("POST", "/google/members", { drive: TEAM, account: COLLEAGUE });
  const { data } = await drive.drives.list({ pageSize: 1 });
  expect(data.drives).toMatchObject([{ name: "Marketing" }]);
  expect((await drive.drives.list({ pageSize: 100 })).data.drives).toHaveLength(3);
  expect((await drive.drives.list({ q: "name contains 'team'" })).data.drives).toMatchObject([{ id: driveId, name: "Sdk Team" }]);
  const { ids } = await mutate(TEAM, { op: "create", path: "/a/b.txt", bytes: "b" });
  const own = { corpora: "drive", driveId, ...ALL_DRIVES };
  expect((await everyFile(drive, own)).map(({ name }) => name)).toEqual(["a", "b.txt"]);
  expect(await everyFile(drive, {})).toEqual([]);
  await expect(drive.files.get({ fileId: ids[0] ?? "" })).rejects.toMatchObject({ status: 404 });
  expect((await drive.files.get({ fileId: ids[0] ?? "", supportsAllDrives: true, fields: "driveId" })).data).toEqual({ driveId });
  const { data: start } = await drive.changes.getStartPageToken({ driveId, supportsAllDrives: true });
  await mutate(TEAM, { op: "rename", path: "/a/b.txt", name: "c.txt" });
  const { changes } = await everyChange(drive, start.startPageToken ?? "", { driveId, ...ALL_DRIVES });
  expect(changes).toMatchObject([{ fileId: ids[0], driveId, file: { name: "c.txt" } }]);
  await control("POST", "/google/members", { drive: TEAM, account: COLLEAGUE, member: false });
  await expect(drive.drives.get({ driveId })).rejects.toMatchObject({ status: 404 });
  await expect(drive.files.list(own)).rejects.toMatchObject({ status: 404 });
});

test("what somebody shares has no folder, and is gone when it no longer is shared", async () => {
  const [owner, guest] = ["owner@gmail.example", "guest@gmail.example"];
  const { ids } = await mutate(owner, { op: "mkdir", path: "/shared" }, { op: "create", path: "/shared/a.txt", bytes: "a" });
  const drive = driveOf(await signedIn(guest));
  const { data: start } = await drive.changes.getStartPageToken();
  const share = (shared: boolean) => control("POST", "/google/shares", { drive: owner, id: ids[0], account: guest, shared });
  await share(true);
  const files = await everyFile(drive, {});
  expect(files.find(({ name }) => name === "shared")).not.toHaveProperty("parents");
  expect(files.find(({ name }) => name === "a.txt")).toMatchObject({ parents: [ids[0]] });
  expect((await everyFile(drive, { q: "sharedWithMe = true" })).map(({ name }) => name)).toEqual(["shared"]);
  const shown = await everyChange(drive, start.startPageToken ?? "");
  expect(shown.changes.find(({ fileId }) => fileId === ids[0])).toMatchObject({ file: { ownedByMe: false, shared: true } });
  expect((await everyChange(drive, start.startPageToken ?? "", { restrictToMyDrive: true })).changes).toEqual([]);
  await share(false);
  expect((await everyChange(drive, shown.token)).changes).toMatchObject([{ fileId: ids[0], removed: true }]);
  expect(await everyFile(drive, {})).toEqual([]);
});

test("a service account mints tokens by its key file, for itself and, where that is allowed, for a person of the workspace", async () => {
  type KeyFile = { client_email: string; private_key: string; private_key_id: string };
  const keyOf = (name: string) => control<KeyFile>("GET", `/google/service-accounts/${name}/key`);
  const clientOf = async (name: string, subject?: string): Promise<JWT> => {
    const { client_email: email, private_key: key, private_key_id: keyId } = await keyOf(name);
    return led(new JWT({ email, key, keyId, scopes: SCOPES.slice(3), ...(subject !== undefined && { subject }) }));
  };
  const aboutOf = async (client: JWT) => (await driveOf(client).about.get({ fields: "user" })).data.user?.emailAddress;
  const robot = "robot@service-accounts.example";
  expect(await aboutOf(await clientOf(robot))).toBe(robot);
  await expect(aboutOf(await clientOf(robot, COLLEAGUE))).rejects.toMatchObject({ status: 401 });
  await control("POST", "/google/delegations", { account: robot });
  expect(await aboutOf(await clientOf(robot, COLLEAGUE))).toBe(COLLEAGUE);
  expect(await aboutOf(await clientOf("tidemark@service-accounts.example", COLLEAGUE))).toBe(COLLEAGUE);
  await expect(aboutOf(await clientOf(robot, PERSON))).rejects.toMatchObject({ status: 401 });
});

test("Google's client watches a change log, is told, and stops", async () => {
  const account = "watch@gmail.example";
  const drive = driveOf(await signedIn(account));
  const { data: start } = await drive.changes.getStartPageToken();
  const expiration = String(Date.now() + 30 * 86_400_000);
  const requestBody = {
    id: "channel-1",
    type: "web_hook",
    address: "https://tidemark.example/webhooks/google",
    token: "proof",
    expiration,
  };
  const { data: channel } = await drive.changes.watch({ pageToken: start.startPageToken ?? "", requestBody });
  expect(channel).toMatchObject({ kind: "api#channel", id: "channel-1", token: "proof" });
  expect(Number(channel.expiration)).toBeLessThanOrEqual(Date.now() + 7 * 86_400_000);
  await mutate(account, { op: "create", path: "/a.txt", bytes: 1 });
  const told = () =>
    delivered
      .filter(({ headers }) => headers.get("x-goog-channel-id") === "channel-1")
      .map(({ headers, body }) => [headers.get("x-goog-resource-state"), headers.get("x-goog-channel-token"), body]);
  await vi.waitFor(() => expect(told()).toHaveLength(2), 5000);
  expect(told()).toEqual([
    ["sync", "proof", ""],
    ["change", "proof", ""],
  ]);
  const again = { pageToken: start.startPageToken ?? "", requestBody };
  await expect(drive.changes.watch(again)).rejects.toMatchObject({ status: 400 });
  await drive.channels.stop({ requestBody: { id: "channel-1", resourceId: channel.resourceId ?? "" } });
  await expect(drive.channels.stop({ requestBody: { id: "channel-1", resourceId: channel.resourceId ?? "" } })).rejects.toMatchObject({
    status: 404,
  });
});

test("a person's quota units are counted a minute", async () => {
  const account = "quota@gmail.example";
  const drive = driveOf(await signedIn(account));
  await control("POST", "/faults", { name: "google-quota", unitsPerMinute: 250, match: { account } });
  await drive.files.list();
  await drive.files.list();
  const error: unknown = await drive.files.list({}, { retry: false }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    response: { status: 403, data: { error: { errors: [{ domain: "usageLimits", reason: "userRateLimitExceeded" }] } } },
  });
});

test("answers are as the contract describes them", async ({ skip }) => {
  if (contract === undefined) return skip("CONTRACTS_DIR names no folder with Google's discovery document.");
  const account = "contract@workspace.example";
  await mutate(
    account,
    { op: "create", path: "/a/b.txt", bytes: 10 },
    { op: "create", path: "/P.gdoc", bytes: "p" },
    { op: "create", path: "/s.gshortcut", bytes: "s" },
  );
  const drive = driveOf(await signedIn(account));
  const { data: start } = await drive.changes.getStartPageToken();
  await mutate(account, { op: "delete", path: "/a/b.txt" });
  const requestBody = { id: "contract", type: "web_hook", address: "https://tidemark.example/webhooks/google" };
  const answers: [string, unknown][] = [
    ["About", (await drive.about.get({ fields: "*" })).data],
    ["FileList", (await drive.files.list({ fields: "*" })).data],
    ["FileList", (await drive.files.list({ fields: "*", pageSize: 1 })).data],
    ["StartPageToken", start],
    ["ChangeList", (await drive.changes.list({ fields: "*", pageToken: start.startPageToken ?? "" })).data],
    ["DriveList", (await drive.drives.list({ fields: "*" })).data],
    ["Channel", (await drive.changes.watch({ pageToken: start.startPageToken ?? "", requestBody })).data],
  ];
  expect(answers.flatMap(([name, value]) => discoveryProblems(contract, name, value))).toEqual([]);
  const { File } = (contract as { schemas: Record<string, { properties: object }> }).schemas;
  const asked = FILE_FIELDS.split(",").map((field) => field.split("/")[0] ?? "");
  expect(asked.filter((field) => !(field in (File?.properties ?? {})))).toEqual([]);
});
