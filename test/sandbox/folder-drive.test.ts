import { mkdir, mkdtemp, readFile, rename, rm, symlink, unlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { createSandbox } from "../../sandbox/app.ts";
import { clientOf, names } from "./sandbox-client.ts";

const ALICE = "alice@contoso.example";
const EXCLUDE_PARENTS = { headers: { deltaExcludeParent: "true" } };
const PATIENCE = { timeout: 8000, interval: 100 };
const cleanUp: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const undo of cleanUp.splice(0).reverse()) await undo();
});

async function folderDrive() {
  const base = await mkdtemp(join(tmpdir(), "sandbox-drive-"));
  cleanUp.push(() => rm(base, { recursive: true, force: true }));
  const [driveDir, stateDir] = [join(base, "drive"), join(base, "state")];
  await mkdir(join(driveDir, "a/b"), { recursive: true });
  await writeFile(join(driveDir, "a/b/one.txt"), "one");
  await writeFile(join(driveDir, "a/two.txt"), "two");
  await writeFile(join(driveDir, "three.txt"), "three");
  const start = async () => {
    const sandbox = await createSandbox({ driveDir, stateDir });
    cleanUp.push(async () => sandbox.close());
    const client = clientOf(sandbox);
    return {
      sandbox,
      ...client,
      ...(await client.as(ALICE)),
      paths: async () => (await client.tree(ALICE)).map((file) => file.path).sort(),
    };
  };
  return { driveDir, start, at: (path: string) => join(driveDir, path) };
}

test("a real folder is the drive: its files, bytes and times; links and impossible names are left out and named", async () => {
  const { start, at } = await folderDrive();
  await symlink("/etc", at("link"));
  await writeFile(at("what?.txt"), "forbidden");
  await writeFile(at("THREE.txt"), "in capitals");
  await utimes(at("a/two.txt"), 1_700_000_000, 1_700_000_000);
  const drive = await start();
  expect(await drive.paths()).toEqual(["/THREE.txt", "/a/b/one.txt", "/a/two.txt"]);
  const two = await drive.json<{ "@microsoft.graph.downloadUrl": string; fileSystemInfo: object }>("/me/drive/root:/a/two.txt");
  expect(two.fileSystemInfo).toMatchObject({ lastModifiedDateTime: "2023-11-14T22:13:20Z" });
  expect(await (await drive.request(two["@microsoft.graph.downloadUrl"])).text()).toBe("two");
  const page = await (await drive.request("https://sandbox.test/")).text();
  for (const left of ["/link", "/what?.txt", "/three.txt"]) expect(page).toContain(`<code>${left}</code>`);
});

test("edits show up within seconds; a moved or renamed file or folder keeps its id", async () => {
  const { start, at } = await folderDrive();
  const drive = await start();
  const { items, deltaLink } = await drive.delta();
  const idOf = (name: string) => items.find((item) => item.name === name)?.id;
  await rename(at("a"), at("z"));
  await rename(at("three.txt"), at("z/3.txt"));
  await writeFile(at("z/two.txt"), "two, longer");
  await unlink(at("z/b/one.txt"));
  await writeFile(at("new.txt"), "new");
  await vi.waitFor(async () => expect(await drive.paths()).toEqual(["/new.txt", "/z/3.txt", "/z/two.txt"]), PATIENCE);
  const changed = (await drive.delta(deltaLink, EXCLUDE_PARENTS)).items;
  expect(changed.find((item) => item.name === "z")?.id).toBe(idOf("a"));
  expect(changed.find((item) => item.name === "3.txt")?.id).toBe(idOf("three.txt"));
  expect(changed.find((item) => item.name === "two.txt")).toMatchObject({ id: idOf("two.txt"), size: 11 });
  expect(changed.filter((item) => item.deleted).map((item) => item.id)).toEqual([idOf("one.txt")]);
  expect(names(changed)).not.toContain("b");
});

test("a file that an editor replaces by another of the same name keeps its id", async () => {
  const { start, at } = await folderDrive();
  const drive = await start();
  const before = (await drive.tree(ALICE)).find((file) => file.path === "/three.txt");
  await writeFile(at(".three.tmp"), "three, rewritten");
  await rename(at(".three.tmp"), at("three.txt"));
  await vi.waitFor(
    async () => expect((await drive.tree(ALICE)).find((file) => file.path === "/three.txt")).toMatchObject({ id: before?.id, size: 16 }),
    PATIENCE,
  );
});

test("what happened while the sandbox was not running is found when it starts, and ids are kept", async () => {
  const { start, at } = await folderDrive();
  const first = await start();
  const { deltaLink, items } = await first.delta();
  await first.sandbox.close();
  cleanUp.pop();
  await rename(at("a"), at("renamed"));
  const second = await start();
  const changed = (await second.delta(deltaLink, EXCLUDE_PARENTS)).items;
  expect(names(changed)).toEqual(["root", "renamed"]);
  expect(changed[1]?.id).toBe(items.find((item) => item.name === "a")?.id);
});

test("the folder itself is never written to", async () => {
  const { start, at } = await folderDrive();
  const drive = await start();
  await expect(drive.mutate(ALICE, [{ op: "delete", path: "/three.txt" }])).rejects.toThrow("409");
  await expect(drive.control("POST", `/drives/${ALICE}/generate`, { files: 1 })).rejects.toThrow("409");
  await drive.request("https://sandbox.test/change", { method: "POST", body: new URLSearchParams({ account: ALICE }) });
  expect(await readFile(at("three.txt"), "utf8")).toBe("three");
  expect(await drive.paths()).toEqual(["/a/b/one.txt", "/a/two.txt", "/three.txt"]);
});

test("a folder that is not there is said in words", async () => {
  await expect(createSandbox({ driveDir: "/nowhere/at/all" })).rejects.toThrow("/nowhere/at/all is not a folder that can be read.");
});
