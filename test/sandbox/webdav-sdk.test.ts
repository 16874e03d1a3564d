import { afterAll, beforeAll, expect, test } from "vitest";
import { createClient, type FileStat, type ResponseDataDetailed, type SearchResult, type WebDAVClient } from "webdav";
import { type RunningSandbox, startSandbox } from "../../sandbox/server.ts";

// The usual client library of WebDAV, unchanged, over HTTP.

const ACCOUNT = "sdk@nextcloud.example";
const HOST = "cloud.nextcloud.example";

let sandbox: RunningSandbox;
let client: WebDAVClient;

beforeAll(async () => {
  sandbox = await startSandbox({ port: 0 });
  client = await clientFor(ACCOUNT);
  await control("POST", `/drives/${ACCOUNT}/mutate`, {
    ops: [
      { op: "create", path: "/Fotos & <more>/bild 1 #1 100%.txt", bytes: "0123456789" },
      { op: "create", path: "/Fotos & <more>/tief/er.bin", bytes: 2_000 },
      { op: "create", path: "/empty.txt", bytes: "" },
    ],
  });
});
afterAll(() => sandbox.close());

async function control<T>(method: string, path: string, body?: unknown): Promise<T> {
  const answer = await fetch(`${sandbox.url}/_sandbox${path}`, { method, ...(body !== undefined && { body: JSON.stringify(body) }) });
  return (await answer.json()) as T;
}

async function clientFor(account: string, given?: string): Promise<WebDAVClient> {
  const { user, password } = await control<{ user: string; password: string }>("GET", `/nextcloud/password/${account}`);
  return createClient(`${sandbox.url}/${HOST}/remote.php/dav/files/${user}`, { username: user, password: given ?? password });
}

const isMissing = (error: unknown): boolean => (error as { status?: number }).status === 404;

test("folders are listed, with names as they are", async () => {
  const top = (await client.getDirectoryContents("/")) as FileStat[];
  expect(top.map(({ basename, type, size }) => [basename, type, size]).sort()).toEqual([
    ["Fotos & <more>", "directory", 0],
    ["empty.txt", "file", 0],
  ]);
  const all = (await client.getDirectoryContents("/", { deep: true })) as FileStat[];
  expect(all.map(({ filename }) => filename).sort()).toEqual([
    "/Fotos & <more>",
    "/Fotos & <more>/bild 1 #1 100%.txt",
    "/Fotos & <more>/tief",
    "/Fotos & <more>/tief/er.bin",
    "/empty.txt",
  ]);
});

test("one file is described with its etag, type and time, and Nextcloud's own properties where they are asked for", async () => {
  const path = "/Fotos & <more>/bild 1 #1 100%.txt";
  expect(await client.stat(path)).toMatchObject({
    type: "file",
    size: 10,
    mime: "text/plain",
    etag: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
  });
  const data = `<d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:prop><oc:fileid/><oc:checksums/><oc:favorite/><oc:nothing/></d:prop></d:propfind>`;
  const { data: stat } = (await client.stat(path, { details: true, data })) as ResponseDataDetailed<FileStat>;
  expect(stat.props).toMatchObject({
    fileid: expect.any(Number) as number,
    checksums: { checksum: "SHA1:87acec17cd9dcd20a716cc2cf67417b71c8a7016" },
  });
});

test("a folder's etag changes with whatever is below it, up to the top, and with nothing else", async () => {
  const etags = async () =>
    Promise.all(["/", "/Fotos & <more>", "/Fotos & <more>/tief"].map(async (path) => ((await client.stat(path)) as FileStat).etag));
  const before = await etags();
  for (const op of [
    { op: "update", path: "/Fotos & <more>/tief/er.bin" },
    { op: "rename", path: "/Fotos & <more>/tief/er.bin", name: "neu.bin" },
    { op: "delete", path: "/Fotos & <more>/tief/neu.bin" },
    { op: "create", path: "/Fotos & <more>/tief/er.bin", bytes: 2_000 },
  ]) {
    const last = await etags();
    await control("POST", `/drives/${ACCOUNT}/mutate`, { ops: [op] });
    expect((await etags()).every((etag, index) => etag !== last[index])).toBe(true);
  }
  const last = await etags();
  await control("POST", `/drives/${ACCOUNT}/mutate`, { ops: [{ op: "update", path: "/empty.txt", bytes: "x" }] });
  expect(await etags()).toEqual([expect.not.stringMatching(last[0] ?? ""), last[1], last[2]]);
  expect(before).not.toEqual(last);
});

test("contents come whole and in parts, and what is not there is not", async () => {
  const path = "/Fotos & <more>/bild 1 #1 100%.txt";
  expect(await client.getFileContents(path, { format: "text" })).toBe("0123456789");
  const part = await client.customRequest(path, { method: "GET", headers: { Range: "bytes=2-4" } });
  expect([part.status, await part.text()]).toEqual([206, "234"]);
  expect(await client.exists("/none.txt")).toBe(false);
  await expect(client.getFileContents("/none.txt")).rejects.toSatisfy(isMissing);
  const stale = client.customRequest(path, { method: "GET", headers: { "If-Match": '"other"' } });
  await expect(stale).rejects.toMatchObject({ status: 412 });
});

test("a file is found by its id", async () => {
  const data = `<d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:prop><oc:fileid/></d:prop></d:propfind>`;
  const { data: stat } = (await client.stat("/Fotos & <more>/tief/er.bin", { details: true, data })) as ResponseDataDetailed<FileStat>;
  const { user, password } = await control<{ user: string; password: string }>("GET", `/nextcloud/password/${ACCOUNT}`);
  const dav = createClient(`${sandbox.url}/${HOST}/remote.php/dav`, { username: user, password });
  const search = (scope: string) =>
    `<d:searchrequest xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:basicsearch><d:select><d:prop><oc:fileid/><d:getetag/></d:prop></d:select><d:from><d:scope><d:href>${scope}</d:href><d:depth>infinity</d:depth></d:scope></d:from><d:where><d:eq><d:prop><oc:fileid/></d:prop><d:literal>${String(stat.props?.["fileid"])}</d:literal></d:eq></d:where></d:basicsearch></d:searchrequest>`;
  const found = (await dav.search("/", { details: true, data: search(`/files/${user}`) })) as ResponseDataDetailed<SearchResult>;
  expect(found.data.results.map(({ filename }) => decodeURIComponent(filename))).toEqual([expect.stringContaining("/tief/er.bin")]);
  await expect(dav.search("/", { data: search("/files/somebody") })).rejects.toMatchObject({ status: 404 });
});

test("the quota is told", async () => {
  expect(await client.getQuota()).toMatchObject({ used: 2_011, available: 50 * 1024 ** 3 - 2_011 });
});

test("a wrong password is refused, and after ten of them the right one too, for half an hour", async () => {
  const other = "guessed@nextcloud.example";
  const wrong = await clientFor(other, "wrong");
  for (let attempt = 0; attempt < 10; attempt += 1) await expect(wrong.stat("/")).rejects.toMatchObject({ status: 401 });
  const right = await clientFor(other);
  await expect(right.stat("/")).rejects.toMatchObject({ status: 429 });
  await control("POST", "/clock", { advanceSeconds: 31 * 60 });
  expect(await right.stat("/")).toMatchObject({ type: "directory" });
});

test("another's files are not there, and nothing is changed by it", async () => {
  const { password } = await control<{ password: string }>("GET", `/nextcloud/password/${ACCOUNT}`);
  const elsewhere = createClient(`${sandbox.url}/${HOST}/remote.php/dav/files/alice`, { username: "sdk", password });
  await expect(elsewhere.stat("/")).rejects.toSatisfy(isMissing);
  await expect(client.putFileContents("/new.txt", "new")).rejects.toMatchObject({ status: 404 });
  await expect(client.deleteFile("/empty.txt")).rejects.toMatchObject({ status: 403 });
});

test("the sandbox's page says how to connect an account", async () => {
  const page = await (await fetch(`${sandbox.url}/`)).text();
  const { password } = await control<{ password: string }>("GET", "/nextcloud/password/alice@nextcloud.example");
  for (const text of [`${sandbox.url}/${HOST}`, "alice", password]) expect(page).toContain(text);
});
