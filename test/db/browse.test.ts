import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { getItem, lastVersion, listChildren, listRunFiles, pathsOf } from "../../worker/db/browse.ts";
import { catalogue } from "../../worker/db/client.ts";
import { randomId } from "../../worker/ids.ts";
import { seedFolder, seedItem, seedItems, seedRoot, seedSync, seedUser, seedVersion } from "../routes/seed.ts";
import { countingDatabase } from "./counting.ts";

const db = catalogue(env, 0);
let userId: string;
let syncId: string;

beforeEach(async () => {
  userId = await seedUser();
  syncId = await seedSync({ userId });
  await seedRoot(syncId);
});

const children = (more: Partial<Parameters<typeof listChildren>[2]> = {}) =>
  listChildren(db, userId, { syncId, parentId: null, after: null, limit: 100, ...more });

describe("a folder's children", () => {
  it("are folders first, then by name regardless of case, then by id", async () => {
    await seedItem({ syncId, remoteId: "1", name: "beta" });
    await seedItem({ syncId, remoteId: "2", name: "Alpha" });
    await seedFolder({ syncId, remoteId: "3", name: "zoo" });
    await seedItem({ syncId, remoteId: "5", name: "BETA" });
    await seedItem({ syncId, remoteId: "4", name: "Gamma" });
    expect((await children()).map((item) => item.remoteId)).toEqual(["3", "2", "1", "5", "4"]);
  });

  it("come in pages that leave nothing out and repeat nothing, also where names are the same but for case", async () => {
    const names = ["a", "A", "b", "ä", "Ä", "B", "a", "z", "日本"];
    for (const [index, name] of names.entries()) await seedItem({ syncId, remoteId: `id${index}`, name, kind: index % 2 });
    const whole = (await children()).map((item) => item.remoteId);
    const paged: string[] = [];
    let after = null;
    for (;;) {
      const page: Awaited<ReturnType<typeof children>> = await children({ after, limit: 2 });
      paged.push(...page.map((item) => item.remoteId));
      const last = page.at(-1);
      if (!last) break;
      after = { kind: last.kind, name: last.name, remoteId: last.remoteId };
    }
    expect(paged).toEqual(whole);
    expect(new Set(paged).size).toBe(names.length);
  });

  it("leave out the removed, unless asked for", async () => {
    await seedItem({ syncId, remoteId: "1" });
    await seedItem({ syncId, remoteId: "2", state: "removed" });
    expect((await children()).map((item) => item.remoteId)).toEqual(["1"]);
    expect((await children({ state: "removed" })).map((item) => item.remoteId)).toEqual(["2"]);
  });

  it("of one folder are not those of another, nor the root itself", async () => {
    await seedFolder({ syncId, remoteId: "f", name: "f" });
    await seedItem({ syncId, remoteId: "1", parentId: "f" });
    expect((await children()).map((item) => item.remoteId)).toEqual(["f"]);
    expect((await children({ parentId: "f" })).map((item) => item.remoteId)).toEqual(["1"]);
  });

  it("know whether their parent is the root", async () => {
    await seedFolder({ syncId, remoteId: "f", name: "f" });
    await seedItem({ syncId, remoteId: "1", parentId: "f" });
    expect((await children())[0]?.parentIsRoot).toBe(1);
    expect((await children({ parentId: "f" }))[0]?.parentIsRoot).toBe(0);
  });

  it("of a large folder are read a page at a time", async () => {
    await seedItems(Array.from({ length: 400 }, (_, n) => ({ syncId, remoteId: `id${n}`, name: `name ${String(n).padStart(3, "0")}` })));
    const counting = countingDatabase();
    const after = { kind: 1, name: "name 300", remoteId: "id300" };
    const page = await listChildren(counting.db, userId, { syncId, parentId: null, after, limit: 10 });
    expect(page.map((item) => item.remoteId)).toEqual(Array.from({ length: 10 }, (_, n) => `id${301 + n}`));
    expect(counting.rowsRead()).toBeLessThan(60);
  });

  it("are nobody else's to see", async () => {
    await seedItem({ syncId, remoteId: "1" });
    const stranger = await seedUser();
    expect(await listChildren(db, stranger, { syncId, parentId: null, after: null, limit: 10 })).toEqual([]);
    expect(await getItem(db, stranger, syncId, "1")).toBeUndefined();
  });
});

describe("paths", () => {
  it("are the chain of names from the root", async () => {
    await seedFolder({ syncId, remoteId: "a", name: "Ordner" });
    await seedFolder({ syncId, remoteId: "b", name: "内", parentId: "a" });
    await seedItem({ syncId, remoteId: "c", name: "x.txt", parentId: "b" });
    expect(await pathsOf(db, userId, syncId, ["c", "a", "root"])).toEqual(
      new Map([
        ["c", "/Ordner/内/x.txt"],
        ["a", "/Ordner"],
      ]),
    );
  });

  it("of what is not placed begin with the topmost folder that is known", async () => {
    await seedFolder({ syncId, remoteId: "a", name: "lost", parentId: "unknown" });
    await seedItem({ syncId, remoteId: "b", name: "x.txt", parentId: "a" });
    expect((await pathsOf(db, userId, syncId, ["b"])).get("b")).toBe("/lost/x.txt");
  });

  it("end where a chain bites its tail", async () => {
    await seedFolder({ syncId, remoteId: "a", name: "a", parentId: "b" });
    await seedFolder({ syncId, remoteId: "b", name: "b", parentId: "a" });
    const path = (await pathsOf(db, userId, syncId, ["a"])).get("a");
    expect(path?.length).toBeLessThan(5000);
  });

  it("go 400 folders deep", async () => {
    const parentOf = (n: number) => (n === 0 ? "root" : `d${n - 1}`);
    await seedItems(Array.from({ length: 400 }, (_, n) => ({ syncId, remoteId: `d${n}`, kind: 0, parentId: parentOf(n) })));
    const path = (await pathsOf(db, userId, syncId, ["d399"])).get("d399");
    expect(path?.split("/")).toHaveLength(401);
  });
});

describe("the files of a run", () => {
  it("are those that it was the last to change, by state, in pages", async () => {
    for (let n = 0; n < 5; n += 1) await seedItem({ syncId, remoteId: `id${n}`, runId: "r1", state: n % 2 ? "failed" : "stored" });
    await seedItem({ syncId, remoteId: "other", runId: "r2" });
    await seedFolder({ syncId, remoteId: "folder", runId: "r1" });
    const first = await listRunFiles(db, userId, { syncId, runId: "r1", after: "", limit: 3 });
    expect(first.items.map((item) => item.remoteId)).toEqual(["id0", "id1", "id2"]);
    const rest = await listRunFiles(db, userId, { syncId, runId: "r1", after: first.next ?? "", limit: 3 });
    expect(rest).toMatchObject({ items: [{ remoteId: "id3" }, { remoteId: "id4" }], next: null });
    const failed = await listRunFiles(db, userId, { syncId, runId: "r1", state: "failed", after: "", limit: 10 });
    expect(failed.items.map((item) => item.remoteId)).toEqual(["id1", "id3"]);
  });
});

describe("the last version", () => {
  it("is the newest that was stored", async () => {
    const storedId = randomId();
    await seedVersion({ syncId, remoteId: "x", number: 1, storedId: "old", sha256: "aa", size: 1 });
    await seedVersion({ syncId, remoteId: "x", number: 2, storedId, sha256: "bb", size: 2 });
    expect(await lastVersion(db, userId, syncId, "x")).toEqual({ storedId, sha256: "bb", size: 2 });
    expect(await lastVersion(db, userId, syncId, "y")).toBeUndefined();
  });
});
