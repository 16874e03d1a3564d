import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { randomId } from "../../worker/ids.ts";
import { encodeItemId } from "../../worker/item-id.ts";
import type { Item } from "../../worker/wire.ts";
import { item as itemShape } from "../../worker/wire.ts";
import type { BulkOutcome } from "../../worker/wire/bulk.ts";
import { bulkOutcome } from "../../worker/wire/bulk.ts";
import { createMemoryUser, settled } from "../support/memory-user.ts";
import { call, callJson, errorCode } from "./client.ts";
import { seedFolder, seedItem, seedItems, seedRoot, seedSession, seedStoredFile, seedSync, seedUser, seedVersion } from "./seed.ts";

interface Page<T> {
  items: T[];
  cursor: string | null;
}

let userId: string;
let syncId: string;
let cookie: string;

beforeEach(async () => {
  userId = await seedUser();
  cookie = await seedSession(userId);
  syncId = await seedSync({ userId, createdAt: 1 });
  await seedRoot(syncId);
});

const idOf = (remoteId: string) => encodeItemId(syncId, remoteId);

describe("a search", () => {
  async function search(q: string, more: Record<string, string> = {}): Promise<Item[]> {
    const found: Item[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const query = new URLSearchParams({ q, ...more, ...(cursor === "" ? {} : { cursor }) });
      const page: Page<Item> = await callJson(`/api/v1/search?${query}`, { cookie });
      found.push(...page.items);
      ({ cursor } = page);
    }
    return found;
  }
  const names = async (q: string, more?: Record<string, string>) => (await search(q, more)).map(({ name }) => name).toSorted();

  it.each<[q: string, found: string[]]>([
    ["ubersicht", ["Übersicht 2024.pdf", "ÜBERSICHT.txt"]],
    ["ÜBERSICHT", ["Übersicht 2024.pdf", "ÜBERSICHT.txt"]],
    ["strasse", ["Straße.txt"]],
    ["Straße", ["Straße.txt"]],
    ["decomposed café", ["Café (decomposed).txt"]],
    ["lodz", ["Łódź.txt"]],
    ["株式", ["株式会社.txt"]],
    ["файл", ["Файл.TXT"]],
    ["2024 über", ["Übersicht 2024.pdf"]],
    ["100%", ["100% sure.txt"]],
    ["_under", ["a_under.txt"]],
    ["%", ["100% sure.txt"]],
    ['"quoted" OR', ['say "quoted" or not.txt']],
    ["it's", ["it's.txt"]],
    ["*", ["star*.txt"]],
    ["[ab]", ["[ab].txt"]],
    ["no such thing", []],
  ])("for %s finds %j", async (q, found) => {
    const all = [
      "Übersicht 2024.pdf", "ÜBERSICHT.txt", "Straße.txt", "Cafe\u0301 (decomposed).txt".normalize("NFD"), "Łódź.txt", "株式会社.txt", "Файл.TXT",
      "100% sure.txt", "100 sure.txt", "a_under.txt", "a-under.txt", 'say "quoted" or not.txt', "it's.txt", "star*.txt", "[ab].txt", "plain.txt",
    ]; // prettier-ignore
    await seedItems(all.map((name, n) => ({ syncId, remoteId: `n${n}`, name })));
    expect((await names(q)).map((name) => name.normalize("NFC"))).toEqual(found.map((name) => name.normalize("NFC")).toSorted());
  });

  it("with slashes goes by the folders right above, and by the top where it begins with one", async () => {
    await seedFolder({ syncId, remoteId: "a", name: "Invoices" });
    await seedFolder({ syncId, remoteId: "b", name: "Old invoices", parentId: "a" });
    await seedItem({ syncId, remoteId: "1", name: "March.pdf", parentId: "a" });
    await seedItem({ syncId, remoteId: "2", name: "March.pdf", parentId: "b" });
    await seedItem({ syncId, remoteId: "3", name: "March.pdf" });
    const paths = async (q: string) => (await search(q)).map(({ path }) => path).toSorted();
    expect(await paths("invoices/march")).toEqual(["/Invoices/March.pdf", "/Invoices/Old invoices/March.pdf"]);
    expect(await paths("/invoices/march")).toEqual(["/Invoices/March.pdf"]);
    expect(await paths("invoices/old/mar")).toEqual(["/Invoices/Old invoices/March.pdf"]);
    expect(await paths("/march")).toEqual(["/March.pdf"]);
    expect(await paths("invoices/")).toEqual(["/Invoices", "/Invoices/Old invoices"]);
  });

  it("goes over all of one's syncs, or one, and never over another person's", async () => {
    const second = await seedSync({ userId, createdAt: 2 });
    const stranger = await seedUser();
    const theirs = await seedSync({ userId: stranger });
    for (const each of [second, theirs]) await seedRoot(each);
    for (const each of [syncId, second, theirs]) await seedItem({ syncId: each, remoteId: "x", name: "shared name.txt" });
    const found = await search("shared");
    expect(itemShape.array().parse(found).map((item) => item.syncId)).toEqual([syncId, second]); // prettier-ignore
    expect((await search("shared", { sync: second })).map((item) => item.syncId)).toEqual([second]);
    const foreign = await call(`/api/v1/search?q=shared&sync=${theirs}`, { cookie });
    expect([foreign.status, await errorCode(foreign)]).toEqual([404, "sync.not_found"]);
  });

  it("leaves removed items to the trash, and finds those of a state", async () => {
    await seedItem({ syncId, remoteId: "1", name: "one report", state: "stored" });
    await seedItem({ syncId, remoteId: "2", name: "two report", state: "removed" });
    await seedItem({ syncId, remoteId: "3", name: "three report", state: "excluded" });
    expect(await names("report")).toEqual(["one report", "three report"]);
    expect(await names("report", { state: "removed" })).toEqual(["two report"]);
    expect(await names("report", { state: "excluded" })).toEqual(["three report"]);
  });

  it("in small pages finds each item once, those of the same name too", async () => {
    await seedFolder({ syncId, remoteId: "f", name: "folder of twins" });
    await seedItems(Array.from({ length: 23 }, (_, n) => ({ syncId, remoteId: `t${n}`, name: n % 2 ? "Twin" : "twin", parentId: n % 3 ? "f" : "root" }))); // prettier-ignore
    const found = await search("twin", { limit: "4" });
    expect(found.map((item) => item.remoteId).toSorted()).toEqual(["f", ...Array.from({ length: 23 }, (_, n) => `t${n}`)].toSorted());
  });

  it.each(["", "%20", "/", "x".repeat(201)])("for %j is refused", async (q) => {
    const response = await call(`/api/v1/search?q=${q}`, { cookie });
    expect([response.status, await errorCode(response)]).toEqual([400, "request.invalid"]);
  });

  it("does not go on from a cursor of another list", async () => {
    const response = await call("/api/v1/search?q=x&cursor=zero", { cookie });
    expect([response.status, await errorCode(response)]).toEqual([400, "request.invalid"]);
  });
});

describe("a folder in another order", () => {
  it.each([
    ["sort=size&order=desc", ["a folder", "Z folder", "c", "B", "A", "d", "e"]],
    ["sort=size&order=asc", ["a folder", "Z folder", "e", "A", "d", "B", "c"]],
    ["sort=modified&order=desc", ["a folder", "Z folder", "A", "B", "c", "d", "e"]],
    ["sort=name&order=desc", ["Z folder", "a folder", "e", "d", "c", "B", "A"]],
  ])("%s comes whole, whatever the pages", async (query, names) => {
    for (const name of ["a folder", "Z folder"]) await seedFolder({ syncId, remoteId: name, name });
    const files: [string, number | null, number | null][] = [["A", 1, 9], ["B", 2, 8], ["c", 3, 7], ["d", 1, 6], ["e", null, null]]; // prettier-ignore
    await seedItems(files.map(([name, size, modifiedAt]) => ({ syncId, remoteId: `id ${name}`, name, size, modifiedAt })));
    for (const limit of [2, 100]) {
      const found: string[] = [];
      for (let cursor: string | null = ""; cursor !== null;) {
        const page: Page<Item> = await callJson(`/api/v1/syncs/${syncId}/items?${query}&limit=${limit}${cursor && `&cursor=${cursor}`}`, {
          cookie,
        });
        found.push(...page.items.map(({ name }) => name));
        ({ cursor } = page);
      }
      expect(found).toEqual(names);
    }
  });
});

describe("the same for several items", () => {
  it("takes removed ones back, each by itself, and says of the others why not", async () => {
    const user = await createMemoryUser((drive) => {
      for (const name of ["a", "b", "c"]) drive.put(`/${name}.txt`, name);
    });
    const owner = await seedSession(user.userId);
    await settled(user);
    const remote = (path: string) => user.drive.item(path).id;
    const [a, b, c] = ["/a.txt", "/b.txt", "/c.txt"].map((path) => encodeItemId(user.syncId, remote(path)));
    const [removedA, removedB] = [remote("/a.txt"), remote("/b.txt")];
    user.drive.delete(removedA);
    user.drive.delete(removedB);
    await user.stub.run(user.syncId, { full: false, trigger: "manual" });
    await settled(user);
    const foreign = idOf("x");
    await seedItem({ syncId, remoteId: "x", state: "removed" });
    const ids = [a, foreign, c, b, "nonsense", a];
    const answer = await callJson<Page<BulkOutcome>>("/api/v1/items/restore", { json: { ids }, cookie: owner });
    expect(bulkOutcome.array().parse(answer.items).map(({ id, item, error }) => [id, item?.state, error?.code])).toEqual([
      [a, "stored", undefined],
      [foreign, undefined, "item.not_found"],
      [c, undefined, "item.not_removed"],
      [b, "stored", undefined],
      ["nonsense", undefined, "item.not_found"],
    ]); // prettier-ignore
    expect(await (await call(`/api/v1/items/${a}/content`, { cookie: owner })).text()).toBe("a");
  });

  it("tries failed ones again now, those that were named only", async () => {
    const user = await createMemoryUser((drive) => {
      for (const name of ["a", "b", "c"]) drive.put(`/${name}.txt`, name);
    });
    const owner = await seedSession(user.userId);
    await settled(user, 60_000);
    const [a, b, c] = ["/a.txt", "/b.txt", "/c.txt"].map((path) => encodeItemId(user.syncId, user.drive.item(path).id));
    // Given up, as after all tries of a run: the waits between them are not this test's.
    await env.DB.prepare("UPDATE items SET state = 'failed', reason = 'transient', stored_id = NULL, pending_job = NULL, next_attempt_at = ?1 WHERE sync_id = ?2 AND name IN ('a.txt', 'b.txt')")
      .bind(Date.now() + 86_400_000, user.syncId)
      .run(); // prettier-ignore
    const answer = await callJson<Page<BulkOutcome>>("/api/v1/items/retry", { json: { ids: [a, c] }, cookie: owner });
    expect(answer.items.map(({ id, error }) => [id, error?.code])).toEqual([
      [a, undefined],
      [c, "item.not_failed"],
    ]);
    await settled(user, 60_000);
    const stateOf = async (id = "") => (await callJson<Item>(`/api/v1/items/${id}`, { cookie: owner })).state;
    expect([await stateOf(a), await stateOf(b)]).toEqual(["stored", "failed"]);

    await user.stub.pause(user.syncId);
    const paused = await callJson<Page<BulkOutcome>>("/api/v1/items/retry", { json: { ids: [b] }, cookie: owner });
    expect(paused.items[0]?.error?.code).toBe("sync.not_active");
  });

  it.each(["restore", "retry"])("has a limit: %s", async (action) => {
    const ids = Array.from({ length: 101 }, (_, n) => `id${n}`);
    const response = await call(`/api/v1/items/${action}`, { json: { ids }, cookie });
    expect([response.status, await errorCode(response)]).toEqual([400, "request.invalid"]);
  });
});

describe("a zip", () => {
  it("of a folder has everything below it, with its times, and says what it has not", async () => {
    await seedFolder({ syncId, remoteId: "f", name: "Über alles" });
    await seedFolder({ syncId, remoteId: "g", name: "empty", parentId: "f" });
    const modifiedAt = Date.UTC(2024, 1, 29, 12, 30, 10);
    await seedStoredFile(userId, { syncId, remoteId: "1", name: "株.txt", parentId: "f", content: "one", modifiedAt });
    await seedStoredFile(userId, { syncId, remoteId: "2", name: "same.txt", parentId: "f", content: "two" });
    await seedStoredFile(userId, { syncId, remoteId: "3", name: "SAME.txt", parentId: "f", content: "three" });
    await seedStoredFile(userId, { syncId, remoteId: "4", name: "../up\\x", parentId: "f", content: "four" });
    await seedStoredFile(userId, { syncId, remoteId: "5", name: "..", parentId: "f", content: "" });
    await seedStoredFile(userId, { syncId, remoteId: "6", name: "gone.txt", parentId: "f", content: "six", state: "removed" });
    await seedItem({ syncId, remoteId: "7", name: "failed.txt", parentId: "f", state: "failed" });
    const response = await call(`/api/v1/items/${idOf("f")}/zip`, { cookie });
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/zip"]);
    expect(response.headers.get("content-disposition")).toContain("filename*=UTF-8''%C3%9Cber%20alles.zip");
    const length = Number(response.headers.get("content-length"));
    const bytes = new Uint8Array(await response.arrayBuffer());
    expect(bytes.byteLength).toBe(length);
    const entries = entriesOf(bytes);
    expect(Object.fromEntries(entries.map(({ name, text }) => [name, text]))).toEqual({
      "Über alles/": "",
      "Über alles/empty/": "",
      "Über alles/株.txt": "one",
      "Über alles/same.txt": "two",
      "Über alles/SAME (2).txt": "three",
      "Über alles/.._up_x": "four",
      "Über alles/__": "",
      "MISSING.txt": expect.stringContaining("Über alles/failed.txt: it could not be fetched"),
    });
    expect(entries.find(({ name }) => name.endsWith("株.txt"))?.at).toBe("2024-02-29 12:30:10");
    expect(response.headers.get("tidemark-missing")).toBe("1");
  });

  it("of a choice comes by a form as well, a file beside its folder too, of several syncs", async () => {
    const second = await seedSync({ userId });
    await seedRoot(second);
    await seedFolder({ syncId, remoteId: "f", name: "folder" });
    await seedStoredFile(userId, { syncId, remoteId: "1", name: "a.txt", parentId: "f", content: "one" });
    await seedStoredFile(userId, { syncId: second, remoteId: "1", name: "a.txt", content: "two" });
    const ids = [idOf("f"), idOf("1"), encodeItemId(second, "1"), idOf("1")];
    const body = new URLSearchParams([...ids.map((id) => ["ids", id]), ["name", "My choice"]]);
    const response = await call("/api/v1/items/zip", { method: "POST", body, cookie });
    expect(response.headers.get("content-disposition")).toContain('filename="My choice.zip"');
    expect(entriesOf(new Uint8Array(await response.arrayBuffer())).map(({ name, text }) => [name, text])).toEqual([
      ["folder/", ""],
      ["a.txt", "one"],
      ["folder/a.txt", "one"],
      ["a (2).txt", "two"],
    ]);
    const single = await call("/api/v1/items/zip", { method: "POST", body: new URLSearchParams({ ids: idOf("1") }), cookie });
    expect(entriesOf(new Uint8Array(await single.arrayBuffer())).map(({ name }) => name)).toEqual(["a.txt"]);
  });

  it("breaks off where a content is gone, or is not what the catalogue says", async () => {
    await seedStoredFile(userId, { syncId, remoteId: "1", name: "a.txt", content: "one" });
    await seedStoredFile(userId, { syncId, remoteId: "2", name: "b.txt", content: "two" });
    await env.DB.prepare("UPDATE items SET stored_id = ? WHERE sync_id = ? AND remote_id = '2'").bind(randomId(), syncId).run();
    const gone = await call("/api/v1/items/zip", { json: { ids: [idOf("1"), idOf("2")] }, cookie });
    await expect(gone.arrayBuffer()).rejects.toThrow();
    await env.DB.prepare("UPDATE items SET stored_size = 2 WHERE sync_id = ? AND remote_id = '1'").bind(syncId).run();
    const other = await call(`/api/v1/items/${idOf("1")}/zip`, { cookie });
    await expect(other.arrayBuffer()).rejects.toThrow();
  });

  it("of nothing that is stored is refused, and so is another person's, with all that was chosen beside it", async () => {
    await seedItem({ syncId, remoteId: "1", state: "failed" });
    const nothing = await call(`/api/v1/items/${idOf("1")}/zip`, { cookie });
    expect([nothing.status, await errorCode(nothing)]).toEqual([409, "zip.nothing_stored"]);
    const theirs = await seedSync({ userId: await seedUser() });
    await seedItem({ syncId: theirs, remoteId: "1" });
    const foreign = await call("/api/v1/items/zip", { json: { ids: [idOf("1"), encodeItemId(theirs, "1")] }, cookie });
    expect([foreign.status, await errorCode(foreign)]).toEqual([404, "item.not_found"]);
  });
});

describe("a preview", () => {
  const ATTACK = `<script>alert(1)</script><img src=x onerror=alert(1)>`;
  const preview = (remoteId: string, query = "", headers: Record<string, string> = {}) =>
    call(`/api/v1/items/${idOf(remoteId)}/preview${query}`, { cookie, headers });

  it.each<[name: string, content: string, shown: string]>([
    ["x.txt", ATTACK, "&#60;script&#62;alert(1)&#60;/script&#62;"],
    ["x.html", ATTACK, "&#60;img src=x onerror=alert(1)&#62;"],
    ["x.md", `# Title\n\n${ATTACK}\n\n[a](javascript:alert(1)) ![b](https://evil.example/b.png "t")`, "<h1>Title</h1>"],
    [
      "x.eml",
      `From: "<b>Eve</b>" <eve@example.com>\r\nSubject: ${ATTACK}\r\nContent-Type: text/html\r\n\r\n<p>Hello</p>${ATTACK}<style>p{}</style>`,
      "Hello",
    ],
  ])("of %s shows what is in it as text, in a page where nothing runs or loads", async (name, content, shown) => {
    await seedStoredFile(userId, { syncId, remoteId: "x", name, content, mimeType: "text/html" });
    const response = await preview("x", "?theme=dark");
    const page = await response.text();
    expect(page).toContain(shown);
    expect(page).not.toMatch(/<script|<img|<a |<b>|onerror=alert\(1\)>|href=/);
    const policy = response.headers.get("content-security-policy") ?? "";
    expect(policy).toMatch(
      /^default-src 'none'; style-src 'nonce-[\w-]+'; base-uri 'none'; form-action 'none'; sandbox; frame-ancestors 'self'$/,
    );
    expect([response.headers.get("x-frame-options"), response.headers.get("x-content-type-options")]).toEqual(["SAMEORIGIN", "nosniff"]);
  });

  it("of what a browser shows by itself has the type of its name, whatever the source says, and comes in parts", async () => {
    await seedStoredFile(userId, { syncId, remoteId: "x", name: "x.SVG", content: ATTACK, mimeType: "text/html" });
    const response = await preview("x");
    expect(Object.fromEntries(["content-type", "content-disposition"].map((each) => [each, response.headers.get(each)]))).toEqual({
      "content-type": "image/svg+xml",
      "content-disposition": `inline; filename="x.SVG"; filename*=UTF-8''x.SVG`,
    });
    expect(response.headers.get("content-security-policy")).toMatch(/^default-src 'none';.* sandbox; frame-ancestors 'self'$/);
    const part = await call(`/api/v1/items/${idOf("x")}/preview`, { cookie, headers: { range: "bytes=0-6" } });
    expect([part.status, await part.text()]).toEqual([206, "<script"]);
    const content = await call(`/api/v1/items/${idOf("x")}/content`, { cookie });
    expect([content.headers.get("x-frame-options"), content.headers.get("content-disposition")]).toEqual([
      "DENY",
      expect.stringMatching(/^attachment/),
    ]);
  });

  it.each(["x.pdf", "x.png"])(
    "of %s keeps its policy with a browser that has it already, and puts it in place of the old one",
    async (name) => {
      const { sha256 } = await seedStoredFile(userId, { syncId, remoteId: "x", name, content: "content" });
      const policies = ({ headers }: Response) => ["content-security-policy", "x-frame-options"].map((each) => headers.get(each));
      const [shown, again] = [await preview("x"), await preview("x", "", { "if-none-match": `"${sha256}"` })];
      expect([shown.status, again.status, await again.text()]).toEqual([200, 304, ""]);
      expect(policies(again)).toEqual(policies(shown));
      expect(policies(again)).toEqual([expect.stringMatching(/ frame-ancestors 'self'$/), "SAMEORIGIN"]);
    },
  );

  it("of an earlier version shows that", async () => {
    await seedStoredFile(userId, { syncId, remoteId: "x", name: "x.txt", content: "now", storedNumber: 2 });
    await env.CONTENT.put(`content/${userId}/${syncId}/old`, "then");
    await seedVersion({ syncId, remoteId: "x", number: 1, storedId: "old", sha256: "ab", size: 4, endedBy: "superseded" });
    expect(await (await preview("x", "?version=1")).text()).toContain("<pre>then</pre>");
    const none = await preview("x", "?version=7");
    expect([none.status, await errorCode(none)]).toEqual([404, "version.not_found"]);
  });

  it("is refused of other types, and where nothing is stored", async () => {
    await seedStoredFile(userId, { syncId, remoteId: "x", name: "x.docx", content: "zip" });
    await seedItem({ syncId, remoteId: "y", name: "y.txt" });
    const type = await preview("x");
    expect([type.status, await errorCode(type), type.headers.get("x-frame-options")]).toEqual([415, "item.no_preview", "DENY"]);
    const stored = await preview("y");
    expect([stored.status, await errorCode(stored)]).toEqual([409, "item.not_stored"]);
    const items = await callJson<Page<Item>>(`/api/v1/syncs/${syncId}/items`, { cookie });
    expect(items.items.map(({ name, preview }) => [name, preview])).toEqual([
      ["x.docx", null],
      ["y.txt", "text"],
    ]);
  });
});

/** The entries that a zip's directory names. */
function entriesOf(bytes: Uint8Array): { name: string; text: string; at: string }[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.byteLength - 22;
  expect(view.getUint32(end, true)).toBe(0x06054b50);
  const entries = [];
  let at = view.getUint32(end + 16, true);
  for (let n = 0; n < view.getUint16(end + 10, true); n += 1) {
    const nameLength = view.getUint16(at + 28, true);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    const begin = view.getUint32(at + 42, true) + 30 + nameLength;
    const [time, date] = [view.getUint16(at + 12, true), view.getUint16(at + 14, true)];
    const two = (value: number) => String(value).padStart(2, "0");
    entries.push({
      name,
      text: new TextDecoder().decode(bytes.subarray(begin, begin + view.getUint32(at + 24, true))),
      at: `${1980 + (date >> 9)}-${two((date >> 5) & 15)}-${two(date & 31)} ${two(time >> 11)}:${two((time >> 5) & 63)}:${two((time & 31) * 2)}`,
    });
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return entries;
}
