import { expect, test } from "vitest";
import { GRAPH, names, openSandbox, type DeltaPage } from "./sandbox-client.ts";

const EXCLUDE_PARENTS = { headers: { deltaExcludeParent: "true" } };

async function driveOf(account: string, ops: object[] = []) {
  const client = await openSandbox();
  await client.control("POST", `/drives/${account}/generate`, { files: 0, folders: 0 });
  const { ids } = await client.mutate(account, ops);
  return { ...client, ids, ...(await client.as(account)), change: (more: object[]) => client.mutate(account, more) };
}

const creates = (folder: string, count: number): object[] =>
  Array.from({ length: count }, (_, i) => ({ op: "create", path: `${folder}/file ${i}.txt`, bytes: i }));

test("an enumeration has the root first, every live item once, and no tombstones", async () => {
  const drive = await driveOf("enumerate@contoso.example", [...creates("/a/b", 3), { op: "delete", path: "/a/b/file 1.txt" }]);
  const { items, pages } = await drive.delta();
  expect(names(items)).toEqual(["root", "a", "b", "file 0.txt", "file 2.txt"]);
  expect(items[0]).toHaveProperty("root");
  expect(pages).toHaveLength(1);
  expect(pages[0]).not.toHaveProperty("@odata.nextLink");
});

test("every page has a nextLink or a deltaLink, and $top and $select go along", async () => {
  const drive = await driveOf("pages@contoso.example", creates("/many", 450));
  expect((await drive.delta()).pages.map((page) => page.value.length)).toEqual([200, 200, 52]);
  const { pages, items } = await drive.delta("/me/drive/root/delta?$top=1000&$select=id,name");
  expect(pages).toHaveLength(1);
  expect(pages[0]?.["@odata.deltaLink"]).toContain("$select=id,name");
  expect(Object.keys(items[5] ?? {}).sort()).toEqual(["@odata.type", "id", "name"]);
});

test("a token is understood in each of its three forms, and after latest only what follows is reported", async () => {
  const drive = await driveOf("forms@contoso.example", creates("", 2));
  const latest = await drive.json<DeltaPage>("/me/drive/root/delta?token=latest");
  expect(latest.value).toEqual([]);
  const token = /token='([^']+)'/.exec(latest["@odata.deltaLink"] ?? "")?.[1] ?? "";
  await drive.change([{ op: "create", path: "/new.txt", bytes: 1 }]);
  for (const form of [`delta?token=${token}`, `delta(token='${token}')`, `microsoft.graph.delta(token='${token}')`]) {
    const { items } = await drive.delta(`/me/drive/root/${form}`);
    expect(names(items)).toEqual(["root", "new.txt"]);
  }
});

test("the folders above a change come along, unless they are not wanted; the root opens every round", async () => {
  const drive = await driveOf("parents@contoso.example", creates("/a/b/c", 2));
  const { deltaLink } = await drive.delta();
  await drive.change([{ op: "update", path: "/a/b/c/file 1.txt", bytes: 9 }]);
  expect(names((await drive.delta(deltaLink)).items)).toEqual(["root", "a", "b", "c", "file 1.txt"]);
  expect(names((await drive.delta(deltaLink, EXCLUDE_PARENTS)).items)).toEqual(["root", "file 1.txt"]);
});

test("renaming or moving a folder reports the folder only", async () => {
  const drive = await driveOf("folders@contoso.example", [...creates("/old/inner", 20), { op: "mkdir", path: "/elsewhere" }]);
  const { deltaLink } = await drive.delta();
  await drive.change([
    { op: "rename", path: "/old", name: "new" },
    { op: "move", path: "/new", to: "/elsewhere" },
  ]);
  expect(names((await drive.delta(deltaLink, EXCLUDE_PARENTS)).items)).toEqual(["root", "new"]);
});

test("deleting a folder of a work account gives a bare tombstone for it and for all in it, seven to a page", async () => {
  const drive = await driveOf("deleted@contoso.example", creates("/gone", 30));
  const { deltaLink } = await drive.delta();
  await drive.change([{ op: "delete", path: "/gone" }]);
  const { pages, items } = await drive.delta(deltaLink);
  const tombstones = items.filter((item) => item.deleted);
  expect(tombstones).toHaveLength(31);
  expect(Math.max(...pages.map((page) => page.value.filter((item) => item.deleted).length))).toBe(7);
  expect(Object.keys(tombstones[3] ?? {}).sort()).toEqual(["deleted", "id", "parentReference"]);
});

test("a tombstone of a personal account has its name and no size, and full pages", async () => {
  const drive = await driveOf("deleted@outlook.example", creates("/gone", 30));
  const { deltaLink } = await drive.delta();
  await drive.change([{ op: "delete", path: "/gone" }]);
  const { pages, items } = await drive.delta(deltaLink);
  expect(pages).toHaveLength(1);
  const tombstone = items.find((item) => item.deleted && item.file);
  expect(tombstone).toMatchObject({ name: expect.stringContaining("file"), deleted: {}, file: {} });
  expect(tombstone).not.toHaveProperty("size");
});

test("the named fault leaves out the tombstones of what was in a deleted folder", async () => {
  const drive = await driveOf("foldertombstone@contoso.example", creates("/gone", 5));
  const { deltaLink } = await drive.delta();
  await drive.change([{ op: "delete", path: "/gone" }]);
  await drive.control("POST", "/faults", { name: "folder-tombstone-only", match: { account: "foldertombstone@contoso.example" } });
  expect((await drive.delta(deltaLink)).items.filter((item) => item.deleted)).toHaveLength(1);
});

test("what changes while it is being listed is in the enumeration or in the round after it", async () => {
  const drive = await driveOf("moving@contoso.example", creates("/many", 450));
  const first = await drive.json<DeltaPage>("/me/drive/root/delta");
  await drive.change([
    { op: "update", path: "/many/file 3.txt", bytes: 77 },
    { op: "delete", path: "/many/file 400.txt" },
    { op: "create", path: "/late.txt", bytes: 1 },
  ]);
  const rest = await drive.delta(first["@odata.nextLink"]);
  expect(names(rest.items)).not.toContain("file 400.txt");
  const after = await drive.delta(rest.deltaLink, EXCLUDE_PARENTS);
  expect(after.items.find((item) => item.name === "file 3.txt")?.size).toBe(77);
  expect(after.items.filter((item) => item.deleted)).toHaveLength(1);
  expect(names(after.items)).toContain("late.txt");
});

test("an item that is touched during a round of changes comes again, later", async () => {
  const drive = await driveOf("repeats@contoso.example", [{ op: "mkdir", path: "/many" }]);
  const { deltaLink } = await drive.delta();
  await drive.change(creates("/many", 250));
  const first = await drive.json<DeltaPage>(deltaLink);
  await drive.change([{ op: "rename", path: "/many/file 0.txt", name: "again.txt" }]);
  const { items } = await drive.delta(first["@odata.nextLink"]);
  const again = items.find((item) => item.name === "again.txt");
  expect(first.value.map((item) => item.id)).toContain(again?.id);
});

test("an expired or foreign token is answered 410, with the place to begin again", async () => {
  const account = "expired@contoso.example";
  const drive = await driveOf(account, creates("", 3));
  const { deltaLink } = await drive.delta();
  await drive.control("POST", `/cursors/${account}/expire`);
  const gone = await drive.graph(deltaLink);
  expect(gone.status).toBe(410);
  expect(await gone.json()).toMatchObject({ error: { code: "resyncRequired", innerError: { code: "resyncChangesApplyDifferences" } } });
  const location = gone.headers.get("location") ?? "";
  expect(location).toContain(`${GRAPH}/me/drive/root/delta`);
  expect((await drive.delta(location)).items).toHaveLength(4);
  expect((await drive.graph("/me/drive/root/delta?token=nonsense")).status).toBe(410);
});

test("replacing a drive's content ends its tokens", async () => {
  const account = "replaced@contoso.example";
  const drive = await driveOf(account, creates("", 3));
  const { deltaLink } = await drive.delta();
  await drive.control("POST", `/drives/${account}/generate`, { files: 2, folders: 0 });
  expect((await drive.graph(deltaLink)).status).toBe(410);
});

test("a restored item comes back with its id", async () => {
  const drive = await driveOf("restored@contoso.example", creates("/a", 2));
  const { deltaLink } = await drive.delta();
  const { ids } = await drive.change([{ op: "delete", path: "/a" }]);
  const gone = await drive.delta(deltaLink);
  await drive.change([{ op: "restore", id: ids[0] }]);
  const { items } = await drive.delta(gone.deltaLink, EXCLUDE_PARENTS);
  expect(names(items)).toEqual(["root", "a", "file 0.txt", "file 1.txt"]);
  expect(items[1]?.id).toBe(ids[0]);
});

test("a folder has a delta of its own on personal accounts only", async () => {
  const work = await driveOf("inner@contoso.example", creates("/a", 1));
  const folder = (await work.delta()).items.find((item) => item.name === "a");
  const refused = await work.graph(`/me/drive/items/${folder?.id}/delta`);
  expect([refused.status, ((await refused.json()) as { error: { code: string } }).error.code]).toEqual([501, "notSupported"]);

  const personal = await driveOf("inner@outlook.example", [...creates("/a", 1), ...creates("/b", 1)]);
  const inner = (await personal.delta()).items.find((item) => item.name === "a");
  const own = await personal.delta(`/me/drive/items/${inner?.id}/delta`);
  expect(names(own.items)).toEqual(["a", "file 0.txt"]);
  await personal.change([...creates("/a/more", 1), { op: "update", path: "/b/file 0.txt", bytes: 5 }]);
  expect(names((await personal.delta(own.deltaLink, EXCLUDE_PARENTS)).items)).toEqual(["a", "more", "file 0.txt"]);
});

test("a work account takes a point in time for a token", async () => {
  const drive = await driveOf("time@contoso.example", creates("", 2));
  await drive.control("POST", "/clock", { advanceSeconds: 60 });
  const { now } = await drive.control<{ now: string }>("POST", "/clock", { advanceSeconds: 0 });
  await drive.control("POST", "/clock", { advanceSeconds: 60 });
  await drive.change([{ op: "create", path: "/later.txt", bytes: 1 }]);
  expect(names((await drive.delta(`/me/drive/root/delta?token=${encodeURIComponent(now)}`)).items)).toEqual(["root", "later.txt"]);
});

test("items have the tags, hashes and ids of their account's kind", async () => {
  const work = await driveOf("shape@contoso.example", creates("/a", 2));
  const personal = await driveOf("shape@outlook.example", creates("/a", 2));
  const migrated = await driveOf("migrated@outlook.example", creates("/a", 2));
  const last = async (drive: typeof work) => (await drive.delta()).items.at(-1);
  expect(await last(work)).toMatchObject({
    eTag: expect.stringMatching(/^"\{[0-9A-F-]{36}\},1"$/),
    file: { hashes: { quickXorHash: expect.stringMatching(/^.{28}$/) } },
  });
  expect((await last(work))?.parentReference).not.toHaveProperty("path");
  expect(await last(work)).not.toHaveProperty("cTag");
  const file = await last(personal);
  expect(Buffer.from((file?.eTag ?? "").slice(1), "base64").toString()).toBe(`${file?.id}.1`);
  expect(Object.keys(file?.file?.hashes ?? {}).sort()).toEqual(["quickXorHash", "sha1Hash", "sha256Hash"]);
  expect(await last(migrated)).toMatchObject({
    id: expect.stringMatching(/^[0-9A-F]{16}!s[0-9a-f]{32}$/),
    eTag: expect.stringMatching(/^"\{/),
  });
});
