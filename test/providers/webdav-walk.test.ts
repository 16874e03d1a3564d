import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { Change, ChangePage, Entry, KnownItems } from "../../worker/providers/provider.ts";
import { readCursor, STACK_CHARACTERS_MAX } from "../../worker/providers/webdav/cursor.ts";
import { webdav } from "../../worker/providers/webdav/webdav.ts";
import { applyRound, feedOf, pathsOf } from "./contract.ts";
import { SandboxCloud } from "./sandbox-cloud.ts";

// How folders are walked: in pages, past what has not changed, and around what cannot be read.

const PAGES_MAX = 200;

/** What a catalogue would know: the latest entry of each id. */
class Catalogue {
  readonly entries = new Map<string, Entry>();
  readonly known: KnownItems = {
    itemsAtPaths: async () => new Map(),
    treeTags: async (ids) =>
      new Map(ids.flatMap((id) => (this.entries.get(id)?.treeTag === undefined ? [] : [[id, this.entries.get(id)?.treeTag ?? ""]]))),
  };

  take(changes: readonly Change[]): void {
    for (const change of changes)
      if (change.type === "upsert") this.entries.set(change.entry.id, { ...this.entries.get(change.entry.id), ...change.entry });
  }
}

async function open(prefix = "walk") {
  const cloud = await SandboxCloud.open("nextcloud.example", prefix);
  return { cloud, feedId: await feedOf(cloud.provider), catalogue: new Catalogue() };
}

/** The pages of a round, each taken into the catalogue. */
async function round(cloud: SandboxCloud, feedId: string, cursor: string | null, catalogue: Catalogue): Promise<ChangePage[]> {
  const pages: ChangePage[] = [];
  for (let at = cursor; pages.length < PAGES_MAX;) {
    const page = await cloud.provider.changes(feedId, at, catalogue.known);
    catalogue.take(page.changes);
    pages.push(page);
    if (!page.more) return pages;
    at = page.cursor;
  }
  throw new Error("The round does not end.");
}

const all = (pages: readonly ChangePage[]) => pages.flatMap(({ changes }) => changes);
const last = (pages: readonly ChangePage[]) => pages.at(-1)?.cursor ?? "";
const childrenOf = (pages: readonly ChangePage[], folderId: string | undefined) =>
  all(pages).filter((change) => change.type === "children" && change.folderId === folderId);
const names = (changes: readonly Change[]) => changes.flatMap((change) => (change.type === "upsert" ? (change.entry.name ?? "") : []));
const malformed = (pages: readonly ChangePage[]) => all(pages).flatMap((change) => (change.type === "malformed" ? change.reason : []));
const idOf = (catalogue: Catalogue, name: string) => [...catalogue.entries.values()].find((entry) => entry.name === name)?.id;

describe("a walk", () => {
  it("passes by what has not changed, and notes a folder's tag only where the folder itself was read", async () => {
    const { cloud, feedId, catalogue } = await open();
    await cloud.mutate({ op: "create", path: "/a/deep/1.txt", bytes: "1" }, { op: "create", path: "/b/2.txt", bytes: "2" });
    const first = await round(cloud, feedId, null, catalogue);
    for (const [index, change] of all(first).entries()) {
      if (change.type !== "upsert" || change.entry.treeTag === undefined) continue;
      expect(all(first)[index + 1]).toMatchObject({ type: "children", folderId: change.entry.id });
    }
    await cloud.put("/a/deep/3.txt", "3");
    const before = cloud.asked.length;
    const second = await round(cloud, feedId, last(first), catalogue);
    expect(names(all(second))).toEqual(expect.not.arrayContaining(["2.txt"]));
    expect(cloud.asked.slice(before).map(({ headers }) => headers.get("Depth"))).toEqual(["0", "1", "1", "1"]);
    expect(await cloud.provider.changes(feedId, last(second), catalogue.known)).toEqual({ changes: [], cursor: last(second), more: false });
  });

  it("reads again what was under way when a step was lost: tags of parents' lists pass nothing by", async () => {
    const { cloud, feedId, catalogue } = await open();
    await cloud.put("/a/1.txt", "1");
    const first = await round(cloud, feedId, null, catalogue);
    await cloud.put("/a/2.txt", "2");
    const page = await cloud.provider.changes(feedId, last(first), catalogue.known);
    // Lost after the catalogue took the top folder's list of children, and nothing else of the page.
    const [top] = page.changes.flatMap((change) => (change.type === "upsert" && change.entry.root ? change : []));
    catalogue.take(
      page.changes.filter(
        (change) => change.type === "upsert" && change.entry.parentId === top?.entry.id && change.entry.treeTag === undefined,
      ),
    );
    expect(names(all(await round(cloud, feedId, last(first), catalogue)))).toContain("2.txt");
  });

  it("splits a large folder into pages, and tells what it holds, and its tag, with the last one", async () => {
    const { cloud, feedId, catalogue } = await open();
    await cloud.mutate(
      ...Array.from({ length: 620 }, (_, n) => ({ op: "create" as const, path: `/many/${String(n).padStart(4, "0")}`, bytes: 1 })),
    );
    const first = await round(cloud, feedId, null, catalogue);
    expect(Math.max(...first.map(({ changes }) => changes.length))).toBeLessThan(600);
    const many = idOf(catalogue, "many");
    expect(childrenOf(first, many)).toHaveLength(1);
    expect(childrenOf(first.slice(0, -1), many)).toHaveLength(0);
    expect(catalogue.entries.get(many ?? "")?.treeTag).toBeDefined();
    expect(catalogue.entries.size).toBe(622);
    const known = new Map<string, Entry>();
    await applyRound(cloud.provider, feedId, null, known);
    expect(pathsOf(known)).toHaveLength(620);
  });

  it("reads a large folder again in the next round where it changed between its pages", async () => {
    const { cloud, feedId, catalogue } = await open();
    await cloud.mutate(
      ...Array.from({ length: 560 }, (_, n) => ({ op: "create" as const, path: `/many/m${String(n).padStart(4, "0")}`, bytes: 1 })),
    );
    let page = await cloud.provider.changes(feedId, null, catalogue.known);
    catalogue.take(page.changes);
    while (!names(page.changes).includes("m0000")) {
      page = await cloud.provider.changes(feedId, page.cursor, catalogue.known);
      catalogue.take(page.changes);
    }
    await cloud.put("/many/a-new-one", "new");
    const rest = await round(cloud, feedId, page.cursor, catalogue);
    expect(names(all(rest))).not.toContain("a-new-one");
    expect(names(all(await round(cloud, feedId, last(rest), catalogue)))).toContain("a-new-one");
    expect(catalogue.entries.size).toBe(563);
  });

  it("keeps its cursor within bounds, and reads a folder again that has more folders than there is room for", async () => {
    const { cloud, feedId, catalogue } = await open();
    const wide = `/${Array.from({ length: 4 }, () => "folder ".repeat(30)).join("/")}`;
    await cloud.mutate(...Array.from({ length: 260 }, (_, n) => ({ op: "mkdir" as const, path: `${wide}/${n}` })));
    const pages = await round(cloud, feedId, null, catalogue);
    expect(Math.max(...pages.map(({ cursor }) => cursor.length))).toBeLessThan(STACK_CHARACTERS_MAX + 2_000);
    expect(cloud.asked.filter(({ path, headers }) => headers.get("Depth") === "1" && path.endsWith("folder%20/")).length).toBeGreaterThan(
      4,
    );
    expect(catalogue.entries.size).toBe(1 + 4 + 260);
  });

  it("that loses a folder, since it was moved meanwhile, reads everything the next time", async () => {
    const { cloud, feedId, catalogue } = await open();
    await cloud.mutate(...Array.from({ length: 45 }, (_, n) => ({ op: "mkdir" as const, path: `/x/sub/${n}` })), {
      op: "create",
      path: "/x/sub/9/file.txt",
      bytes: "1",
    });
    const page = await cloud.provider.changes(feedId, null, catalogue.known);
    catalogue.take(page.changes);
    expect(page.more).toBe(true);
    expect(names(page.changes)).not.toContain("file.txt");
    await cloud.mutate({ op: "rename", path: "/x/sub", name: "moved" });
    const rest = await round(cloud, feedId, page.cursor, catalogue);
    expect(readCursor(last(rest)).everythingNext).toBe(true);
    expect(names(all(await round(cloud, feedId, last(rest), catalogue)))).toContain("file.txt");
  });

  it("ends its page where it is throttled, and loses nothing of it", async () => {
    const { cloud, feedId, catalogue } = await open();
    await cloud.mutate({ op: "create", path: "/a/1.txt", bytes: "1" }, { op: "create", path: "/b/2.txt", bytes: "2" });
    await cloud.fault({ name: "nextcloud-throttled", match: { path: "/b/" } });
    const page = await cloud.provider.changes(feedId, null, catalogue.known);
    expect(names(page.changes)).toContain("1.txt");
    expect(page.more).toBe(true);
    await expect(cloud.provider.changes(feedId, page.cursor, catalogue.known)).rejects.toMatchObject({
      kind: "throttled",
      retryAfterSeconds: 2,
    });
    await cloud.mend();
    expect(names(all(await round(cloud, feedId, page.cursor, catalogue)))).toContain("2.txt");
  });
});

describe("a folder that cannot be read", () => {
  it.each([
    ["nextcloud-forbidden", "403"],
    ["nextcloud-locked", "423"],
    ["nextcloud-server-error", "500"],
    ["nextcloud-storage-unavailable", "503"],
    ["nextcloud-empty-multistatus", "leaves out"],
    ["nextcloud-cut-multistatus", "not XML|cut short"],
    ["nextcloud-refused-child", "refuses to describe"],
  ])("since of %s, is named, never taken for empty, and read again in the next round", async (name, reason) => {
    const { cloud, feedId, catalogue } = await open();
    await cloud.mutate({ op: "create", path: "/bad/1.txt", bytes: "1" }, { op: "create", path: "/good/2.txt", bytes: "2" });
    const first = await round(cloud, feedId, null, catalogue);
    const bad = idOf(catalogue, "bad");
    await cloud.mutate({ op: "create", path: "/bad/new.txt", bytes: "n" }, { op: "create", path: "/good/3.txt", bytes: "3" });
    await cloud.fault({ name, match: { path: "/bad/" } });
    const second = await round(cloud, feedId, last(first), catalogue);
    expect(malformed(second)).toEqual([expect.stringMatching(new RegExp(`^the folder “/bad” was not read.*(${reason})`))]);
    expect(childrenOf(second, bad)).toEqual([]);
    expect(names(all(second))).toContain("3.txt");
    // It is asked for again though nothing above it has changed.
    expect(malformed(await round(cloud, feedId, last(second), catalogue))).toHaveLength(1);
    await cloud.mend();
    const fourth = await round(cloud, feedId, last(second), catalogue);
    expect(names(all(fourth))).toContain("new.txt");
    expect(childrenOf(fourth, bad)).toHaveLength(1);
    expect(readCursor(last(fourth))).toMatchObject({ again: [], everythingNext: false });
  });

  it("just now is asked for again with others in between", async () => {
    const { cloud, feedId, catalogue } = await open();
    await cloud.put("/locked/1.txt", "1");
    await cloud.fault({ name: "nextcloud-locked", match: { path: "/locked/" }, times: 2 });
    const pages = await round(cloud, feedId, null, catalogue);
    expect(malformed(pages)).toEqual([]);
    expect(names(all(pages))).toContain("1.txt");
  });

  it("since the whole server is down is the server's failure, and none of the folder's", async () => {
    const { cloud, feedId, catalogue } = await open();
    await cloud.put("/a/1.txt", "1");
    const first = await round(cloud, feedId, null, catalogue);
    for (const [name, failure] of [
      ["nextcloud-maintenance", { kind: "transient", retryAfterSeconds: 120, message: expect.stringContaining("maintenance") as string }],
      ["nextcloud-server-error", { kind: "transient", status: 500 }],
      ["nextcloud-forbidden", { kind: "forbidden" }],
      ["nextcloud-elsewhere", { kind: "unsupported", message: expect.stringContaining("https://sso.elsewhere.example") as string }],
    ] as const) {
      await cloud.fault({ name });
      await expect(cloud.provider.changes(feedId, last(first), catalogue.known)).rejects.toMatchObject(failure);
      await expect(cloud.provider.changes(feedId, null, catalogue.known)).rejects.toMatchObject(failure);
      await cloud.mend();
    }
  });

  it("since its list is beyond all bounds is named with that reason, and does not stop the others", async () => {
    const { cloud, feedId, catalogue } = await open();
    await cloud.mutate({ op: "create", path: "/huge/1.txt", bytes: "1" }, { op: "create", path: "/small/2.txt", bytes: "2" });
    const endless = () => {
      const chunk = new TextEncoder().encode("<d:response/>".repeat(20_000));
      return new ReadableStream({ type: "bytes", pull: (controller) => controller.enqueue(chunk.slice()) });
    };
    const provider = webdav.create(env, {
      ...cloud.context,
      fetch: async (input, init) => {
        const isHuge = new URL(new Request(input, init).url).pathname.endsWith("/huge/");
        return isHuge ? new Response(endless(), { status: 207 }) : fetch(input, init);
      },
    });
    const page = await provider.changes(feedId, null, catalogue.known);
    expect(page.more).toBe(false);
    expect(malformed([page])).toEqual([expect.stringMatching(/“\/huge”.*longer than 16777216 bytes/)]);
    expect(names(page.changes)).toContain("2.txt");
  });
});

describe("a cursor", () => {
  it.each(["", "{}", "no JSON", '{"v":99,"s":[],"e":false,"a":[],"n":false}'])("that is %j means an enumeration", async (cursor) => {
    const { cloud, feedId } = await open();
    await expect(cloud.provider.changes(feedId, cursor)).rejects.toMatchObject({ kind: "cursor_expired" });
  });
});
