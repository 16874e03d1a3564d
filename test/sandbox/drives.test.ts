import { expect, test } from "vitest";
import { ONEDRIVE_RULES } from "../../sandbox/microsoft/names.ts";
import { openSandbox } from "./sandbox-client.ts";

type Counts = { files: number; folders: number; bytes: number };

const refused = async (path: string, body: object): Promise<[number, string]> => {
  const { request } = await openSandbox();
  const answer = await request(`https://sandbox.test/_sandbox${path}`, { method: "POST", body: JSON.stringify(body) });
  return [answer.status, ((await answer.json()) as { error: string }).error];
};

test("a generated drive is the same each time, and has what makes drives hard", async () => {
  const { control, tree } = await openSandbox();
  const options = { files: 3000, folders: 60, meanBytes: 1000, seed: 9 };
  const generate = (account: string) => control<Counts>("POST", `/drives/${account}/generate`, options);
  const counts = await generate("gen1@contoso.example");
  expect(await generate("gen2@contoso.example")).toEqual(counts);
  const files = await tree("gen1@contoso.example");
  expect(files.map(({ id: _id, ...file }) => file)).toEqual((await tree("gen2@contoso.example")).map(({ id: _id, ...file }) => file));
  expect(counts).toMatchObject({ files: 3000, folders: 60, bytes: files.reduce((sum, file) => sum + file.size, 0) });

  const paths = files.map((file) => file.path);
  expect(new Set(paths.map((path) => path.toLowerCase())).size).toBe(3000);
  expect(Math.max(...paths.map((path) => path.length - 1))).toBe(ONEDRIVE_RULES.pathLengthMax);
  expect(files.filter((file) => file.size === 0).length).toBeGreaterThan(5);
  for (const odd of [/[\u0400-\u04ff]/, /[\u3040-\u9fff]/, /\p{Emoji_Presentation}/u, /%/, /#/, /'/, /\/README\.md$/])
    expect(paths.some((path) => odd.test(path))).toBe(true);
  expect(new Set(files.filter((file) => file.size > 8).map((file) => file.sha256)).size).toBe(files.filter((file) => file.size > 8).length);
});

test("operations do what they say, making missing folders, and answer the ids in their order", async () => {
  const account = "ops@contoso.example";
  const { mutate, tree } = await openSandbox();
  const { ids } = await mutate(account, [
    { op: "create", path: "/a/b/one.txt", bytes: "one" },
    { op: "create", path: "a/two.bin", bytes: 5000 },
    { op: "mkdir", path: "/c/d" },
    { op: "move", path: "/a/two.bin", to: "/c/d/e" },
    { op: "rename", path: "/c/d/e/two.bin", name: "TWO.bin" },
    { op: "rename", path: "/a", name: "z" },
  ]);
  expect(ids).toHaveLength(6);
  expect(ids[3]).toBe(ids[1]);
  expect((await tree(account)).map((file) => [file.id, file.path, file.size])).toEqual([
    [ids[0], "/z/b/one.txt", 3],
    [ids[1], "/c/d/e/TWO.bin", 5000],
  ]);
});

test.each([0, 1, 5, 8, 5000])("an update of %i bytes to as many always changes the bytes", async (bytes) => {
  const account = "updates@contoso.example";
  const { mutate, tree } = await openSandbox();
  const path = `/${bytes}.bin`;
  const hash = async () => (await tree(account)).find((file) => file.path === path)?.sha256;
  await mutate(account, [{ op: "create", path, bytes }]);
  const seen = [await hash()];
  for (let i = 0; i < 5; i++) {
    await mutate(account, [{ op: "update", path, bytes }]);
    seen.push(await hash());
    expect(seen.at(-1)).not.toBe(seen.at(-2));
  }
});

test("an update to the same text changes it, and one without bytes keeps the size", async () => {
  const account = "sametext@contoso.example";
  const { mutate, tree } = await openSandbox();
  await mutate(account, [{ op: "create", path: "/a.txt", bytes: "same" }]);
  const [before] = await tree(account);
  await mutate(account, [{ op: "update", path: "/a.txt", bytes: "same" }]);
  const [after] = await tree(account);
  expect(after?.sha256).not.toBe(before?.sha256);
  await mutate(account, [{ op: "update", path: "/a.txt" }]);
  expect((await tree(account))[0]?.size).toBe(after?.size);
});

test("of operations one of which is impossible none is done", async () => {
  const account = "atomic@contoso.example";
  const { tree } = await openSandbox();
  const [status, error] = await refused(`/drives/${account}/mutate`, {
    ops: [
      { op: "create", path: "/a.txt", bytes: 1 },
      { op: "delete", path: "/nothing" },
    ],
  });
  expect([status, error]).toEqual([404, 'ops[1] (delete): There is nothing at "/nothing".']);
  expect(await tree(account)).toEqual([]);
});

test.each([
  [{ op: "create", path: "/a.txt", bytes: 1 }, 409],
  [{ op: "create", path: "/A.TXT", bytes: 1 }, 409],
  [{ op: "create", path: "/what?.txt", bytes: 1 }, 400],
  [{ op: "create", path: `/${"x".repeat(256)}`, bytes: 1 }, 400],
  [{ op: "create", path: "/a.txt/b.txt", bytes: 1 }, 409],
  [{ op: "move", path: "/f", to: "/f/g" }, 409],
  [{ op: "delete", path: "/" }, 409],
  [{ op: "restore", id: "unknown" }, 404],
  [{ op: "paint", path: "/a.txt" }, 400],
  [{ op: "create", path: "/n.txt", bytes: -1 }, 400],
])("%j is refused with %i", async (op, status) => {
  const account = "impossible@contoso.example";
  const { mutate, tree } = await openSandbox();
  if ((await tree(account)).length === 0)
    await mutate(account, [
      { op: "create", path: "/a.txt", bytes: 1 },
      { op: "mkdir", path: "/f" },
    ]);
  expect((await refused(`/drives/${account}/mutate`, { ops: [op] }))[0]).toBe(status);
});

test("the sizes of folders and what the drive says is used follow every change", async () => {
  const account = "sizes@contoso.example";
  const { mutate, as } = await openSandbox();
  const { json } = await as(account);
  const sizeOf = async (path: string) => (await json<{ size: number }>(`/me/drive/root${path}`)).size;
  await mutate(account, [
    { op: "create", path: "/a/b/one", bytes: 100 },
    { op: "create", path: "/a/two", bytes: 50 },
    { op: "create", path: "/c/three", bytes: 7 },
  ]);
  expect([await sizeOf(""), await sizeOf(":/a:"), await sizeOf(":/a/b:")]).toEqual([157, 150, 100]);
  await mutate(account, [
    { op: "move", path: "/a/b", to: "/c" },
    { op: "update", path: "/c/b/one", bytes: 300 },
  ]);
  expect([await sizeOf(""), await sizeOf(":/a:"), await sizeOf(":/c:")]).toEqual([357, 50, 307]);
  const { ids } = await mutate(account, [{ op: "delete", path: "/c" }]);
  expect((await json<{ quota: { used: number } }>("/me/drive")).quota.used).toBe(50);
  await mutate(account, [{ op: "restore", id: ids[0] }]);
  expect(await sizeOf("")).toBe(357);
});

test("alice and bob begin with files of many kinds", async () => {
  const { tree } = await openSandbox();
  const alice = await tree("alice@contoso.example");
  expect(alice.length).toBeGreaterThan(190);
  const kinds = new Set(alice.map((file) => file.path.split(".").at(-1)));
  for (const kind of ["txt", "md", "pdf", "docx", "xlsx", "png", "wav", "eml", "csv", "json", "svg"]) expect(kinds).toContain(kind);
  expect(alice.some((file) => file.size === 0)).toBe(true);
  expect((await tree("bob@outlook.example")).length).toBeGreaterThan(15);
});

test("an account elsewhere is none of the sandbox's", async () => {
  expect(await refused("/drives/alice@example.com/generate", {})).toEqual([404, expect.stringContaining("@contoso.example")]);
});

test("after a reset everything is as on the first day", async () => {
  const { control, mutate, tree, as } = await openSandbox({});
  const before = (await tree("alice@contoso.example")).map(({ path, sha256 }) => ({ path, sha256 }));
  const { graph } = await as("alice@contoso.example");
  await mutate("alice@contoso.example", [{ op: "delete", path: "/Documents" }]);
  await control("POST", "/clock", { advanceSeconds: 1000 });
  await control("POST", "/faults", { name: "throttled" });
  await control("POST", "/reset");
  expect((await tree("alice@contoso.example")).map(({ path, sha256 }) => ({ path, sha256 }))).toEqual(before);
  expect((await graph("/me")).status).toBe(401);
  expect((await control<{ active: [] }>("GET", "/faults")).active).toEqual([]);
});
