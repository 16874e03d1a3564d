import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { QuickXorHash } from "../../sandbox/drives/quick-xor.ts";
import { names, openSandbox } from "./sandbox-client.ts";

async function driveOf(account: string, ops: object[]) {
  const client = await openSandbox();
  const { ids } = await client.mutate(account, ops);
  return { ...client, ids, ...(await client.as(account)) };
}

test("content is a redirect to an address that needs no authorization and refuses one", async () => {
  const drive = await driveOf("content@contoso.example", [{ op: "create", path: "/a.txt", bytes: "0123456789" }]);
  const redirect = await drive.graph(`/me/drive/items/${drive.ids[0]}/content`);
  expect(redirect.status).toBe(302);
  const location = redirect.headers.get("location") ?? "";
  expect(location).toMatch(
    /^https:\/\/contoso-my\.sharepoint\.com\/personal\/content_contoso_example\/_layouts\/15\/download\.aspx\?UniqueId=[0-9a-f-]{36}&Translate=false&tempauth=[\w.-]+&ApiVersion=2\.0$/,
  );
  const answer = await drive.request(location);
  expect([answer.status, answer.headers.get("content-length"), await answer.text()]).toEqual([200, "10", "0123456789"]);
  expect((await drive.request(location, { headers: { Authorization: `Bearer ${drive.token}` } })).status).toBe(401);
});

test("a download address ends after an hour, or when its query is touched", async () => {
  const drive = await driveOf("expiring@contoso.example", [{ op: "create", path: "/a.txt", bytes: 5 }]);
  const location = (await drive.graph(`/me/drive/items/${drive.ids[0]}/content`)).headers.get("location") ?? "";
  const reordered = location.replace("Translate=false&", "").concat("&Translate=false");
  expect((await drive.request(reordered)).status).toBe(401);
  await drive.control("POST", "/clock", { advanceSeconds: 3590 });
  expect((await drive.request(location)).status).toBe(200);
  await drive.control("POST", "/clock", { advanceSeconds: 20 });
  expect((await drive.request(location)).status).toBe(401);
});

test.each([
  ["bytes=2-4", 206, "234", "bytes 2-4/10"],
  ["bytes=7-", 206, "789", "bytes 7-9/10"],
  ["bytes=-2", 206, "89", "bytes 8-9/10"],
  ["bytes=5-100", 206, "56789", "bytes 5-9/10"],
  ["bytes=10-", 416, "", "bytes */10"],
  ["lines=1-2", 200, "0123456789", null],
])("Range: %s is answered %i", async (range, status, body, contentRange) => {
  const drive = await driveOf("range@contoso.example", [{ op: "create", path: `/${range.replace(/\W/g, "_")}.txt`, bytes: "0123456789" }]);
  const location = (await drive.graph(`/me/drive/items/${drive.ids[0]}/content`)).headers.get("location") ?? "";
  const answer = await drive.request(location, { headers: { Range: range } });
  expect([answer.status, await answer.text(), answer.headers.get("content-range")]).toEqual([status, body, contentRange]);
});

test.each(["bytes@contoso.example", "bytes@outlook.example", "migratedbytes@outlook.example"])(
  "every file of %s is served with the bytes that its hashes and the tree announce",
  async (account) => {
    const client = await openSandbox();
    await client.control("POST", `/drives/${account}/generate`, { files: 60, folders: 9, meanBytes: 90_000, seed: 11 });
    const { delta } = await client.as(account);
    const tree = new Map((await client.tree(account)).map((file) => [file.id, file]));
    const files = (await delta()).items.filter((item) => item.file);
    expect(files).toHaveLength(60);
    for (const file of files) {
      const bytes = new Uint8Array(await (await client.request(file["@microsoft.graph.downloadUrl"] ?? "")).arrayBuffer());
      expect(bytes.length).toBe(file.size);
      expect(createHash("sha256").update(bytes).digest("hex")).toBe(tree.get(file.id ?? "")?.sha256);
      expect(new QuickXorHash().update(bytes).digest()).toBe(file.file?.hashes?.quickXorHash);
      const sha256 = file.file?.hashes?.sha256Hash;
      if (sha256) expect(sha256.toLowerCase()).toBe(tree.get(file.id ?? "")?.sha256);
    }
  },
);

test("a range of a large computed file is the same bytes as in the whole", async () => {
  const drive = await driveOf("large@contoso.example", [{ op: "create", path: "/large.bin", bytes: 300_000 }]);
  const location = (await drive.graph(`/me/drive/items/${drive.ids[0]}/content`)).headers.get("location") ?? "";
  const whole = Buffer.from(await (await drive.request(location)).arrayBuffer());
  for (const [from, to] of [
    [0, 1],
    [65_530, 65_545],
    [131_072, 262_150],
    [299_999, 300_000],
  ] as const) {
    const part = Buffer.from(await (await drive.request(location, { headers: { Range: `bytes=${from}-${to - 1}` } })).arrayBuffer());
    expect(part.equals(whole.subarray(from, to))).toBe(true);
  }
});

test("If-None-Match with the present tag is answered 304", async () => {
  const drive = await driveOf("tags@contoso.example", [{ op: "create", path: "/a.txt", bytes: 5 }]);
  const path = `/me/drive/items/${drive.ids[0]}`;
  const { eTag = "" } = await drive.json<{ eTag: string }>(path);
  expect((await drive.graph(path, { headers: { "If-None-Match": eTag } })).status).toBe(304);
  await drive.mutate("tags@contoso.example", [{ op: "update", path: "/a.txt", bytes: 5 }]);
  expect((await drive.graph(path, { headers: { "If-None-Match": eTag } })).status).toBe(200);
});

test("children are ordered and paged; a work account orders by name only", async () => {
  const ops = ["b.txt", "a.txt", "C.txt"].map((name, i) => ({ op: "create", path: `/f/${name}`, bytes: 3 - i }));
  const work = await driveOf("children@contoso.example", ops);
  const list = async (drive: typeof work, query: string) =>
    names((await drive.json<{ value: [] }>(`/me/drive/root:/f:/children${query}`)).value);
  expect(await list(work, "")).toEqual(["a.txt", "b.txt", "C.txt"]);
  expect(await list(work, "?$orderby=name desc")).toEqual(["C.txt", "b.txt", "a.txt"]);
  expect((await work.graph("/me/drive/root:/f:/children?$orderby=size")).status).toBe(400);
  const personal = await driveOf("children@outlook.example", ops);
  expect(await list(personal, "?$orderby=size")).toEqual(["C.txt", "a.txt", "b.txt"]);
});

test("another account's drive is out of reach, and what is not there is not found", async () => {
  const drive = await driveOf("mine@contoso.example", []);
  const other = await (await drive.as("theirs@contoso.example")).json<{ id: string }>("/me/drive");
  expect((await drive.graph(`/drives/${other.id}/root/delta`)).status).toBe(403);
  expect((await drive.graph("/drives/b!nothing")).status).toBe(404);
  const missing = await drive.graph("/me/drive/root:/nowhere.txt", { headers: { "client-request-id": "mine" } });
  expect([missing.status, missing.headers.get("client-request-id")]).toEqual([404, "mine"]);
  expect(await missing.json()).toMatchObject({
    error: { code: "itemNotFound", innerError: { date: expect.any(String), "request-id": expect.any(String) } },
  });
});
