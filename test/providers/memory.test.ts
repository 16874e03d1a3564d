import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { ProviderError } from "../../worker/providers/errors.ts";
import { createMemoryDrive, memoryProvider } from "../../worker/providers/memory.ts";
import type { MemoryDrive } from "../../worker/providers/memory-drive.ts";
import type { Change, Provider } from "../../worker/providers/provider.ts";

let now = 1_000_000;

function connect(drive: MemoryDrive): Provider {
  return memoryProvider(drive).create(env, { fetch, now: () => now, accessToken: async () => "token" });
}

async function round(provider: Provider, cursor: string | null): Promise<{ changes: Change[]; cursor: string; pages: number }> {
  const changes: Change[] = [];
  for (let pages = 1; ; pages++) {
    const page = await provider.changes("drive-1", cursor);
    changes.push(...page.changes);
    cursor = page.cursor;
    if (!page.more) return { changes, cursor, pages };
  }
}

const named = (changes: Change[]) =>
  changes.map((change) => (change.type === "upsert" ? change.entry.name : `${change.type} ${"id" in change ? change.id : ""}`));

test("an enumeration lists what is there, page by page, without tombstones", async () => {
  const drive = createMemoryDrive();
  drive.put("/a/1.txt", "one");
  drive.put("/a/2.txt", "two");
  drive.delete("/a/2.txt");
  drive.settings.pageSize = 2;
  const { changes, pages } = await round(connect(drive), null);
  expect(named(changes)).toEqual(["root", "a", "1.txt"]);
  expect(pages).toBe(2);
  expect(drive.requests.changes).toBe(2);
});

test("a delta tells each changed item once, as it is now, and the removal of a folder once", async () => {
  const drive = createMemoryDrive();
  drive.put("/a/1.txt", "one");
  const file = drive.put("/b.txt", "two");
  const provider = connect(drive);
  const { cursor } = await round(provider, null);
  drive.rename("/b.txt", "c.txt");
  drive.put("/c.txt", "more");
  drive.delete("/a");
  const { changes } = await round(provider, cursor);
  expect(named(changes)).toEqual(["root", "c.txt", `removal ${drive.items().find((item) => item.name === "a")?.id}`]);
  expect(drive.files()).toMatchObject([{ id: file, path: "/c.txt" }]);
  expect(named((await round(provider, cursor)).changes)).toHaveLength(3);
});

test("what changes during a round is told in the next one", async () => {
  const drive = createMemoryDrive();
  drive.put("/1.txt", "one");
  drive.put("/2.txt", "two");
  drive.settings.pageSize = 2;
  const provider = connect(drive);
  const first = await provider.changes("drive-1", null);
  drive.put("/3.txt", "three");
  drive.delete("/1.txt");
  const rest = await round(provider, first.cursor);
  expect(named(rest.changes)).toEqual(["2.txt"]);
  expect(named((await round(provider, rest.cursor)).changes)).toEqual(["root", "3.txt", "removal item-2"]);
});

test("restoring brings a folder's content back under its ids", async () => {
  const drive = createMemoryDrive();
  drive.put("/a/1.txt", "one");
  drive.put("/a/gone.txt", "gone");
  const before = drive.files()[0];
  const folder = drive.item("/a").id;
  drive.delete("/a/gone.txt");
  drive.delete("/a");
  expect(drive.files()).toEqual([]);
  drive.restore(folder);
  expect(drive.files()).toEqual([before]);
});

test("repeats come first as they never were; children may come before parents; tombstones may be withheld", async () => {
  const drive = createMemoryDrive();
  drive.put("/a/1.txt", "one");
  Object.assign(drive.settings, { repeatEvery: 3, childrenFirst: true, withholdTombstones: true });
  const provider = connect(drive);
  const { changes, cursor } = await round(provider, null);
  expect(named(changes)).toEqual(["a.stale", "root", "1.txt", "a"]);
  drive.delete("/a/1.txt");
  expect(named((await round(provider, cursor)).changes)).toEqual(["root"]);
});

test("expired cursors are refused, with the place to go on from where the drive tells it", async () => {
  const drive = createMemoryDrive();
  const provider = connect(drive);
  const { cursor } = await round(provider, null);
  drive.expireCursors();
  drive.settings.restartCursors = true;
  const error = await provider.changes("drive-1", cursor).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ kind: "cursor_expired", restartCursor: expect.any(String) });
  const { restartCursor } = error as ProviderError;
  expect(named((await round(provider, restartCursor ?? null)).changes)).toEqual(["root"]);
});

test("bytes are served to an address in time, in parts where asked, otherwise than announced where told", async () => {
  const drive = createMemoryDrive();
  const id = drive.put("/a.txt", "hello world");
  const provider = connect(drive);
  const [found] = await provider.lookup("drive-1", [id]);
  if (found?.status !== "found" || !found.entry.download) throw new Error("The file is there.");
  const content = { id, feedId: "drive-1", download: found.entry.download };
  const text = async (range?: { offset: number; length: number }) =>
    new Response((await provider.open(content, range ? { range } : {})).body).text();
  expect(await text()).toBe("hello world");
  expect(await text({ offset: 6, length: 3 })).toBe("wor");
  drive.misreport("/a.txt", { served: new TextEncoder().encode("other") });
  expect(await text()).toBe("other");
  drive.reportTruly("/a.txt");
  now += 3_600_001;
  await expect(text()).rejects.toMatchObject({ kind: "expired_url" });
  expect(drive.opened).toEqual([id, id, id]);
});

test("faults strike the calls they are set for, and no others", async () => {
  const drive = createMemoryDrive();
  const provider = connect(drive);
  drive.fail("changes", new ProviderError("throttled", "Slow down.", { retryAfterSeconds: 7 }), 2);
  await expect(provider.changes("drive-1", null)).rejects.toMatchObject({ kind: "throttled", retryAfterSeconds: 7 });
  await expect(provider.account()).resolves.toMatchObject({ label: "Memory" });
  await expect(provider.changes("drive-1", null)).rejects.toMatchObject({ kind: "throttled" });
  await expect(provider.changes("drive-1", null)).resolves.toMatchObject({ more: false });
  drive.settings.missing = "drive";
  await expect(provider.changes("drive-1", null)).rejects.toMatchObject({ kind: "not_found" });
  drive.settings.missing = "account";
  await expect(provider.account()).rejects.toMatchObject({ kind: "auth" });
});

test("entries can be reported wrongly, incompletely or not at all", async () => {
  const drive = createMemoryDrive();
  const id = drive.put("/a.txt", "a");
  drive.misreport("/a.txt", { entry: { size: 9, skip: "malware" }, omit: ["hash", "contentTag"] });
  const provider = connect(drive);
  const [found] = await provider.lookup("drive-1", [id]);
  expect(found).toMatchObject({ status: "found", entry: { size: 9, skip: "malware" } });
  expect(found).not.toHaveProperty("entry.hash");
  drive.misreport("/a.txt", { refused: true, malformed: true });
  expect(await provider.lookup("drive-1", [id, "nobody"])).toEqual([
    { id, status: "refused" },
    { id: "nobody", status: "gone" },
  ]);
  expect(named((await round(provider, null)).changes)).toEqual(["root", `malformed ${id}`]);
});
