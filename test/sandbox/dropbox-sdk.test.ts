import { Dropbox, DropboxAuth, type files } from "dropbox";
import { createHash, createHmac } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { createSandbox } from "../../sandbox/app.ts";
import { clientOf } from "./sandbox-client.ts";
import { expectStruct, parseStone } from "./stone.ts";

const APP_KEY = "dropbox-client";
const SECRET = "sandbox-secret";
const REDIRECT = "https://tidemark.example/auth/dropbox/callback";
const WEBHOOK = "https://tidemark.example/webhooks/dropbox";
const SCOPES = ["account_info.read", "files.metadata.read", "files.content.read"];
const CONTRACTS = process.env["CONTRACTS_DIR"] ?? "";

const told: { headers: Headers; body: string }[] = [];
const sandbox = await createSandbox({
  fetch: async (input, init) => {
    const challenge = new URL(String(input)).searchParams.get("challenge");
    if (challenge !== null)
      return new Response(challenge, { headers: { "Content-Type": "text/plain", "X-Content-Type-Options": "nosniff" } });
    told.push({ headers: new Headers(init?.headers), body: String(init?.body) });
    return new Response(null);
  },
});
const client = clientOf(sandbox);

/** Dropbox's own library, unchanged, whose requests end in the sandbox. */
async function sdkFor(account: string, scopes = SCOPES): Promise<{ sdk: Dropbox; auth: DropboxAuth }> {
  const auth = new DropboxAuth({ clientId: APP_KEY, clientSecret: SECRET, fetch: client.request });
  const url = new URL(await auth.getAuthenticationUrl(REDIRECT, "some state", "code", "offline", scopes, "none", false));
  // The library leaves the www out.
  url.href = (await client.request(url)).headers.get("location") ?? "";
  expect(await (await client.request(url)).text()).toContain("Pick an account");
  url.pathname = "/oauth2/authorize_submit";
  url.searchParams.set("account", account);
  const back = new URL((await client.request(url)).headers.get("location") ?? "");
  expect(back.searchParams.get("state")).toBe("some state");
  const { result } = (await auth.getAccessTokenFromCode(REDIRECT, back.searchParams.get("code") ?? "")) as {
    result: Record<string, string>;
  };
  auth.setAccessToken(result["access_token"] ?? "");
  auth.setRefreshToken(result["refresh_token"] ?? "");
  return { sdk: new Dropbox({ auth, fetch: client.request }), auth };
}

type Entry = files.FileMetadataReference | files.FolderMetadataReference | files.DeletedMetadataReference;

async function list(sdk: Dropbox, cursor?: string): Promise<{ entries: Entry[]; cursor: string }> {
  let { result } =
    cursor === undefined
      ? await sdk.filesListFolder({ path: "", recursive: true, limit: 7 })
      : await sdk.filesListFolderContinue({ cursor });
  const entries = [...result.entries];
  while (result.has_more) {
    ({ result } = await sdk.filesListFolderContinue({ cursor: result.cursor }));
    entries.push(...result.entries);
  }
  return { entries, cursor: result.cursor };
}

/** A local state kept as the documentation says: by path. */
function apply(state: Map<string, Entry>, entries: readonly Entry[]): void {
  for (const entry of entries) {
    const path = entry.path_lower ?? "";
    if (entry[".tag"] !== "folder") for (const at of state.keys()) if (at.startsWith(`${path}/`)) state.delete(at);
    if (entry[".tag"] === "deleted") state.delete(path);
    else state.set(path, entry);
  }
}

async function expectState(account: string, state: Map<string, Entry>): Promise<void> {
  const files = [...state.values()].flatMap((entry) => (entry[".tag"] === "file" ? [`${entry.path_lower} ${entry.id}`] : []));
  const tree = (await client.tree(account)).map(({ path, id }) => `${path.toLowerCase()} ${id}`);
  expect(files.sort()).toEqual(tree.sort());
}

test.each([[[]], [["dropbox-add-before-delete"]], [["dropbox-delete-each", "dropbox-duplicates"]]])(
  "Dropbox's client keeps a state by path through changes of every kind, with %j",
  async (faults) => {
    const account = `state-${faults.length}-${faults[0] ?? ""}@dropbox.example`;
    for (const name of faults) await client.control("POST", "/faults", { name, match: { account } });
    await client.control("POST", `/drives/${account}/generate`, { files: 40, folders: 9, meanBytes: 50, seed: 5 });
    await client.mutate(account, [
      { op: "create", path: "/One/a.txt", bytes: "a" },
      { op: "create", path: "/One/Deep/b.txt", bytes: "b" },
      { op: "create", path: "/c.txt", bytes: "c" },
    ]);
    const { sdk } = await sdkFor(account);
    const state = new Map<string, Entry>();
    let { entries, cursor } = await list(sdk);
    apply(state, entries);
    await expectState(account, state);
    for (const ops of [
      [{ op: "rename", path: "/One", name: "Two" }],
      [
        { op: "delete", path: "/Two/a.txt" },
        { op: "move", path: "/Two", to: "/Three" },
      ],
      [
        { op: "create", path: "/One/a.txt", bytes: "new" },
        { op: "update", path: "/c.txt" },
      ],
      [
        { op: "rename", path: "/c.txt", name: "d.txt" },
        { op: "create", path: "/c.txt", bytes: "another" },
      ],
      [
        { op: "delete", path: "/Three" },
        { op: "mkdir", path: "/Three" },
      ],
    ]) {
      await client.mutate(account, ops);
      ({ entries, cursor } = await list(sdk, cursor));
      apply(state, entries);
      await expectState(account, state);
    }
    expect((await list(sdk, cursor)).entries).toEqual([]);
    await client.control("POST", `/cursors/${account}/expire`);
    await expect(list(sdk, cursor)).rejects.toMatchObject({ status: 409, error: { error: { ".tag": "reset" } } });
  },
);

test("another case alone is told by a list, and not by its changes", async () => {
  const account = "case@dropbox.example";
  await client.mutate(account, [{ op: "create", path: "/Notes.txt", bytes: "a" }]);
  const { sdk } = await sdkFor(account);
  const { cursor } = await list(sdk);
  await client.mutate(account, [{ op: "rename", path: "/Notes.txt", name: "NOTES.txt" }]);
  expect((await list(sdk, cursor)).entries).toEqual([]);
  expect((await list(sdk)).entries.map(({ name }) => name)).toEqual(["NOTES.txt"]);
});

test("Dropbox's client reads the account, one folder, one item and its bytes, and exports what has none", async () => {
  const account = "reader@dropbox.example";
  const { ids } = await client.mutate(account, [
    { op: "create", path: "/Zürich/Plan – 计划.txt", bytes: "hello world" },
    { op: "create", path: "/Notes.paper", bytes: "# Notes" },
    { op: "create", path: "/Map.gmap", bytes: "x" },
  ]);
  const { sdk } = await sdkFor(account);
  expect((await sdk.usersGetCurrentAccount()).result).toMatchObject({ email: account, root_info: { ".tag": "user" } });
  expect((await sdk.usersGetSpaceUsage()).result.used).toBe(19);
  const top = (await sdk.filesListFolder({ path: "" })).result;
  expect([top.entries.map(({ name }) => name).sort(), top.has_more]).toEqual([["Map.gmap", "Notes.paper", "Zürich"], false]);
  const { result } = await sdk.filesGetMetadata({ path: "/ZÜRICH/plan – 计划.txt" });
  expect(result).toMatchObject({ ".tag": "file", id: ids[0], path_display: "/Zürich/Plan – 计划.txt", size: 11 });
  for (const path of ["/zürich/plan – 计划.txt", ids[0] ?? "", `rev:${(result as files.FileMetadata).rev}`]) {
    const got = (await sdk.filesDownload({ path })).result as files.FileMetadata & { fileBinary: Buffer };
    expect(got.fileBinary.toString()).toBe("hello world");
    expect(got.content_hash).toBe(createHash("sha256").update(createHash("sha256").update("hello world").digest()).digest("hex"));
  }
  await expect(sdk.filesDownload({ path: "/notes.paper" })).rejects.toMatchObject({ error: { error: { ".tag": "unsupported_file" } } });
  const exported = (await sdk.filesExport({ path: "/notes.paper" })).result as files.ExportResult & { fileBinary: Buffer };
  expect([exported.fileBinary.toString(), exported.export_metadata.name]).toEqual(["# Notes", "Notes.md"]);
  await expect(sdk.filesExport({ path: "/map.gmap" })).rejects.toMatchObject({ error: { error: { ".tag": "non_exportable" } } });
  await expect(sdk.filesGetMetadata({ path: "/none" })).rejects.toMatchObject({
    status: 409,
    error: { error: { path: { ".tag": "not_found" } } },
  });
});

test("a token lasts four hours, a refresh token for as long as the grant, and what is revoked ends with all its tokens", async () => {
  const account = "tokens@dropbox.example";
  const { sdk, auth } = await sdkFor(account);
  const { sdk: other } = await sdkFor(account);
  const first = auth.getAccessToken();
  await client.control("POST", "/clock", { advanceSeconds: 14_401 });
  // Without a refresh token, which it would use by itself.
  const bare = (accessToken: string) => new Dropbox({ accessToken, fetch: client.request });
  const expired = bare(first).usersGetCurrentAccount();
  await expect(expired).rejects.toMatchObject({ status: 401, error: { error: { ".tag": "expired_access_token" } } });
  await auth.refreshAccessToken();
  expect(auth.getAccessToken()).not.toBe(first);
  await sdk.usersGetCurrentAccount();
  const second = auth.getAccessToken();
  await sdk.authTokenRevoke();
  await expect(bare(second).usersGetCurrentAccount()).rejects.toMatchObject({
    status: 401,
    error: { error: { ".tag": "invalid_access_token" } },
  });
  await expect(auth.refreshAccessToken()).rejects.toMatchObject({ error: { error: "invalid_grant" } });
  await (other as unknown as { auth: DropboxAuth }).auth.refreshAccessToken();
  await other.usersGetCurrentAccount();
});

test("a scope that was not granted is named", async () => {
  const { sdk } = await sdkFor("scopes@dropbox.example", ["account_info.read"]);
  await sdk.usersGetCurrentAccount();
  await expect(sdk.filesListFolder({ path: "" })).rejects.toMatchObject({
    status: 401,
    error: { error: { ".tag": "missing_scope", required_scope: "files.metadata.read" } },
  });
});

test("a member of a team sees their own files, and the space of the team with those in it", async () => {
  const account = "mate@dropbox-team.example";
  await client.mutate(account, [{ op: "create", path: "/own.txt", bytes: "own" }]);
  await client.mutate("space@dropbox-team.example", [{ op: "create", path: "/Plans/all.txt", bytes: "all" }]);
  const { sdk, auth } = await sdkFor(account);
  const { root_info: info } = (await sdk.usersGetCurrentAccount()).result as {
    root_info: { root_namespace_id: string; home_path: string };
  };
  expect((await list(sdk)).entries.map(({ path_display }) => path_display)).toEqual(["/own.txt"]);
  const pathRoot = (root: string) => JSON.stringify({ ".tag": "root", root });
  const atRoot = new Dropbox({ auth, fetch: client.request, pathRoot: pathRoot(info.root_namespace_id) });
  const paths = (await list(atRoot)).entries.map(({ path_display }) => path_display);
  expect(paths).toEqual(expect.arrayContaining(["/Plans/all.txt", info.home_path, `${info.home_path}/own.txt`]));
  const elsewhere = new Dropbox({ auth, fetch: client.request, pathRoot: pathRoot("77") });
  await expect(elsewhere.filesListFolder({ path: "" })).rejects.toMatchObject({
    status: 422,
    error: { error: { ".tag": "invalid_root" } },
  });
});

test("a folder that somebody shares appears with all that is in it, and goes again", async () => {
  const [account, owner] = ["guest@dropbox.example", "host@dropbox.example"];
  await client.mutate(owner, [{ op: "create", path: "/in/shared.txt", bytes: "shared" }]);
  const { sdk } = await sdkFor(account);
  let { cursor, entries } = await list(sdk);
  await client.control("POST", "/dropbox/mounts", { account, path: "/Shared", owner });
  ({ cursor, entries } = await list(sdk, cursor));
  expect(entries.map(({ path_display }) => path_display)).toEqual(["/Shared", "/Shared/in", "/Shared/in/shared.txt"]);
  await client.mutate(owner, [{ op: "rename", path: "/in/shared.txt", name: "renamed.txt" }]);
  ({ cursor, entries } = await list(sdk, cursor));
  expect(entries.map((entry) => `${entry[".tag"]} ${entry.path_display}`)).toEqual([
    "deleted /Shared/in/shared.txt",
    "file /Shared/in/renamed.txt",
  ]);
  await client.control("POST", "/dropbox/unmounts", { account, path: "/Shared" });
  ({ entries } = await list(sdk, cursor));
  expect(entries.map((entry) => `${entry[".tag"]} ${entry.path_display}`)).toEqual(["deleted /Shared"]);
});

test("the app's webhook is told of linked accounts only, with a signature", async () => {
  const account = "bell@dropbox.example";
  await expect(client.control("POST", "/dropbox/webhook", { url: "no address" })).rejects.toThrow("400");
  await client.control("POST", "/dropbox/webhook", { url: WEBHOOK });
  const { sdk: leaving } = await sdkFor("stranger@dropbox.example");
  const { account_id: stranger } = (await leaving.usersGetCurrentAccount()).result;
  await leaving.authTokenRevoke();
  await client.mutate("stranger@dropbox.example", [{ op: "create", path: "/a", bytes: 1 }]);
  const { sdk } = await sdkFor(account);
  const { account_id: id } = (await sdk.usersGetCurrentAccount()).result;
  await client.mutate(account, [{ op: "create", path: "/a", bytes: 1 }]);
  await vi.waitFor(() => expect(told.map(({ body }) => body).join()).toContain(id), 5000);
  expect(told.map(({ body }) => body).join()).not.toContain(stranger);
  const bell = told.find(({ body }) => body.includes(id));
  expect(JSON.parse(bell?.body ?? "")).toEqual({ list_folder: { accounts: [id] }, delta: { users: [expect.any(Number)] } });
  expect(bell?.headers.get("x-dropbox-signature")).toBe(
    createHmac("sha256", SECRET)
      .update(bell?.body ?? "")
      .digest("hex"),
  );
});

test.skipIf(!existsSync(join(CONTRACTS, "dropbox", "files.stone")))(
  "answers have the fields that Dropbox's own description has (skipped where CONTRACTS_DIR names no folder with it)",
  async () => {
    const stone = parseStone(
      ["files", "users", "common", "users_common", "team_policies"]
        .map((name) => join(CONTRACTS, "dropbox", `${name}.stone`))
        .filter(existsSync)
        .map((file) => readFileSync(file, "utf8")),
    );
    const account = "contract@dropbox-team.example";
    await client.mutate(account, [
      { op: "create", path: "/f/a.txt", bytes: "a" },
      { op: "create", path: "/n.paper", bytes: "n" },
      { op: "create", path: "/gone.txt", bytes: "g" },
    ]);
    const { sdk } = await sdkFor(account);
    const first = (await sdk.filesListFolder({ path: "", recursive: true })).result;
    await client.mutate(account, [{ op: "delete", path: "/gone.txt" }]);
    const second = (await sdk.filesListFolderContinue({ cursor: first.cursor })).result;
    for (const page of [first, second]) {
      expectStruct(stone, "ListFolderResult", page);
      for (const entry of page.entries)
        expectStruct(stone, { file: "FileMetadata", folder: "FolderMetadata", deleted: "DeletedMetadata" }[entry[".tag"]], entry);
    }
    expect(second.entries.map((entry) => entry[".tag"])).toEqual(["deleted"]);
    const me = (await sdk.usersGetCurrentAccount()).result;
    expectStruct(stone, "FullAccount", me);
    expectStruct(stone, "TeamRootInfo", me.root_info);
    expectStruct(stone, "SpaceUsage", (await sdk.usersGetSpaceUsage()).result);
    const { export_metadata: exported } = (await sdk.filesExport({ path: "/n.paper" })).result;
    expectStruct(stone, "ExportMetadata", exported);
  },
);
