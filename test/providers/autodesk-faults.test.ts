import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { autodesk } from "../../worker/providers/autodesk/autodesk.ts";
import { chunksOf, within } from "../../worker/providers/autodesk/chunks.ts";
import type { Entry } from "../../worker/providers/provider.ts";
import { applyRound, pathsOf } from "./contract.ts";
import { SandboxAutodesk } from "./sandbox-autodesk.ts";

const TOP = "/Project Files";
const file = (path: string, bytes: number | string = 5) => ({ op: "create" as const, path: `${TOP}${path}`, bytes });

async function listed(drive: SandboxAutodesk) {
  const feedId = await drive.feedId();
  const known = new Map<string, Entry>();
  const cursor = await applyRound(drive.provider, feedId, null, known);
  const round = async () => applyRound(drive.provider, feedId, cursor, known);
  return { feedId, known, cursor, round };
}

async function withFile(content: string | number = "hello world") {
  const drive = await SandboxAutodesk.open();
  const [id = ""] = await drive.mutate(file("/a.txt", content));
  const { feedId, cursor, known } = await listed(drive);
  const download = known.get(id)?.download;
  return { drive, id, feedId, cursor, known, ref: { id, feedId, ...(download && { download }) } };
}

const expected = async (drive: SandboxAutodesk) => (await drive.tree()).map(({ id, path }) => `${path} ${id}`).sort();

/** Reads rounds on, from a cursor, until nothing has to be read again; what each page said it could not tell. */
async function complaintsOf(drive: SandboxAutodesk, feedId: string, cursor: string): Promise<string[]> {
  const { changes } = await drive.provider.changes(feedId, cursor);
  return changes.flatMap((change) => (change.type === "malformed" ? change.reason : []));
}

test.each([
  ["autodesk-throttled", { kind: "throttled", status: 429, retryAfterSeconds: 2 }],
  ["autodesk-throttled-long", { kind: "throttled", retryAfterSeconds: 60 }],
  ["autodesk-server-error", { kind: "transient", status: 500 }],
  ["autodesk-bad-gateway", { kind: "transient", status: 502 }],
  ["autodesk-unavailable", { kind: "transient", status: 503 }],
  ["autodesk-token-refused", { kind: "auth", status: 401 }],
  ["autodesk-scope-missing", { kind: "forbidden", providerCode: "AUTH-010", message: expect.stringContaining("permission") }],
])("a round that meets %s", async (name, error) => {
  const { drive, feedId, cursor } = await withFile();
  await drive.fault({ name });
  await expect(drive.provider.changes(feedId, cursor)).rejects.toMatchObject(error);
});

test("a connection that breaks is transient; a token that is refused once is renewed once, and the next refresh token is kept", async () => {
  const { drive, feedId, cursor, ref } = await withFile();
  await drive.fault({ drop: true, match: { path: "/project/" } });
  await expect(drive.provider.changes(feedId, cursor)).rejects.toMatchObject({ kind: "transient" });
  await drive.mend();
  for (let times = 0; times < 2; times++) {
    drive.setToken("stale");
    await expect(drive.provider.account()).resolves.toMatchObject({ email: drive.account });
  }
  drive.setToken("stale");
  expect(await new Response((await drive.provider.open(ref)).body).text()).toBe("hello world");
});

test.each(["", "x", "{}", '{"v":0}'])("the cursor %j has expired", async (cursor) => {
  const { drive, feedId } = await withFile();
  await expect(drive.provider.changes(feedId, cursor)).rejects.toMatchObject({ kind: "cursor_expired" });
});

test("a project that cannot be, is none, or is not shown any more is not followed, and says so", async () => {
  const { drive, feedId } = await withFile();
  await expect(drive.provider.changes("../etc", null)).rejects.toMatchObject({ kind: "not_found" });
  await expect(drive.provider.changes("b.1/b.2", null)).rejects.toMatchObject({ kind: "not_found" });
  expect(await drive.provider.feeds([feedId, "b.1/b.2", "nonsense"])).toMatchObject([{ id: feedId }]);
  await drive.fault({ name: "autodesk-scope-missing" });
  await expect(drive.provider.feeds([feedId])).rejects.toMatchObject({ kind: "forbidden" });
});

test("of hubs of which some could not be had, no sync is made of all there is, and the chosen ones are followed", async () => {
  const drive = await SandboxAutodesk.open();
  await drive.of(`p-${crypto.randomUUID().slice(0, 8)}@autodesk-emea.example`);
  const feeds = await drive.provider.feeds();
  expect(feeds.map(({ name }) => name)).toEqual([expect.stringContaining("company – "), expect.stringMatching(/^Nordic Bridges – /)]);
  await drive.fault({ name: "autodesk-hubs-partial" });
  await expect(drive.provider.feeds()).rejects.toMatchObject({ kind: "transient" });
  expect(await drive.provider.feeds(feeds.map(({ id }) => id))).toHaveLength(2);
  const hubs = (await drive.provider.checks?.())?.find(({ name }) => name === "Hubs and projects");
  expect(hubs).toMatchObject({ ok: false, message: expect.stringContaining("not complete") });
});

test("contents that are not complete take nothing away, are named, and are read again", async () => {
  const drive = await SandboxAutodesk.open();
  await drive.mutate(...["/a.txt", "/b.txt", "/c.txt", "/f/d.txt"].map((path) => file(path)));
  const { feedId, known, cursor } = await listed(drive);
  await drive.age();
  await drive.mutate(file("/e.txt"));
  await drive.fault({ name: "autodesk-contents-partial" });
  expect(await complaintsOf(drive, feedId, cursor)).toEqual(expect.arrayContaining([expect.stringContaining("not complete")]));
  const partial = await applyRound(drive.provider, feedId, cursor, known);
  expect(known.size).toBeGreaterThanOrEqual(6);
  await drive.mend();
  await applyRound(drive.provider, feedId, partial, known);
  expect(pathsOf(known)).toEqual(await expected(drive));
});

test("a folder that is refused keeps what is in it, and is told again when it is shown again", async () => {
  const drive = await SandboxAutodesk.open();
  await drive.mutate(file("/open/a.txt"), file("/closed/b.txt"));
  const { feedId, known, cursor } = await listed(drive);
  await drive.mutate(file("/closed/c.txt"), file("/open/d.txt"));
  await drive.fault({ name: "autodesk-forbidden", match: { item: "^closed$" } });
  expect(await complaintsOf(drive, feedId, cursor)).toEqual([expect.stringContaining("“closed” was not read")]);
  const next = await applyRound(drive.provider, feedId, cursor, known);
  expect(pathsOf(known).map((line) => line.split(" urn")[0])).toEqual([`${TOP}/closed/b.txt`, `${TOP}/open/a.txt`, `${TOP}/open/d.txt`]);
  await drive.mend();
  await applyRound(drive.provider, feedId, next, known);
  expect(pathsOf(known)).toEqual(await expected(drive));
});

test("a folder that is listed and not found at once is asked for again", async () => {
  const drive = await SandboxAutodesk.open();
  await drive.mutate(file("/f/g/a.txt"), file("/b.txt"));
  await drive.age();
  await drive.fault({ name: "autodesk-not-found", match: { item: "^f$" } });
  const { feedId, known, cursor } = await listed(drive);
  const [id = ""] = [...known.values()].flatMap((entry) => (entry.name === "b.txt" ? entry.id : []));
  await drive.mend();
  await applyRound(drive.provider, feedId, cursor, known);
  expect(pathsOf(known)).toEqual(await expected(drive));
  const [inside = ""] = [...known.values()].flatMap((entry) => (entry.name === "a.txt" ? entry.id : []));
  await drive.fault({ name: "autodesk-not-found", match: { item: "^g$" } });
  expect((await drive.provider.lookup(feedId, [id, inside])).map(({ status }) => status)).toEqual(["found", "refused"]);
});

test("a folder that fails again and again is passed by, and the others are read", async () => {
  const drive = await SandboxAutodesk.open();
  await drive.mutate(file("/bad/a.txt"), file("/good/b.txt"));
  const [bad] = await drive.mutate({ op: "mkdir", path: `${TOP}/bad/deep` });
  expect(bad).toBeDefined();
  const feedId = await drive.feedId();
  const folders = (await drive.provider.browse?.list({ id: (await topFolder(drive, feedId)).id, feedId }, null))?.entries ?? [];
  const badId = folders.find(({ name }) => name === "bad")?.id ?? "";
  await drive.fault({ status: 500, match: { path: encodeURIComponent(badId).replaceAll(".", "\\.") } });
  const known = new Map<string, Entry>();
  const next = await applyRound(drive.provider, feedId, null, known);
  expect(pathsOf(known).map((line) => line.split(" urn")[0])).toEqual([`${TOP}/good/b.txt`]);
  await drive.mend();
  await applyRound(drive.provider, feedId, next, known);
  expect(pathsOf(known)).toEqual(await expected(drive));
});

async function topFolder(drive: SandboxAutodesk, feedId: string) {
  const top = await drive.provider.browse?.list({ id: `project:${feedId.split("/")[1]}`, feedId }, null);
  const folder = top?.entries.find(({ name }) => name === TOP.slice(1));
  if (!folder) throw new Error("There is a top folder.");
  return folder;
}

test("what moved up on a page while the next one was asked for is found by the next round", async () => {
  const drive = await SandboxAutodesk.open();
  await drive.mutate(...[1, 2, 3, 4, 5, 6].map((n) => file(`/${n}.txt`)));
  await drive.age();
  await drive.fault({ name: "autodesk-short-pages" });
  const feedId = await drive.feedId();
  let pages = 0;
  const meanwhile: typeof fetch = async (input, init) => {
    const answer = await fetch(input, init);
    if (String(input).includes("/contents") && ++pages === 1) await drive.mutate({ op: "delete", path: `${TOP}/1.txt` });
    return answer;
  };
  // As Autodesk has it where what is hidden is not asked for.
  const provider = autodesk.create(env, { ...drive.context, fetch: meanwhile });
  const known = new Map<string, Entry>();
  const cursor = await applyRound(provider, feedId, null, known);
  expect([...known.values()].find(({ name }) => name === "3.txt")).toBeUndefined();
  await applyRound(drive.provider, feedId, cursor, known);
  expect(pathsOf(known)).toEqual(await expected(drive));
});

test("folders whose times are the known ones are not read; one that has changed in a moment of which its time says nothing is", async () => {
  const drive = await SandboxAutodesk.open();
  await drive.mutate(file("/a/b/c.txt"), file("/d/e.txt"));
  await drive.age();
  const { feedId, known, cursor } = await listed(drive);
  const before = drive.requests;
  const next = await applyRound(drive.provider, feedId, cursor, known);
  expect(drive.requests - before).toBe(1);
  await drive.mutate(file("/a/b/new.txt", "1"));
  const young = await applyRound(drive.provider, feedId, next, known);
  // Within the same second, as far as times tell.
  await drive.mutate(file("/a/b/newer.txt", "2"));
  await applyRound(drive.provider, feedId, young, known);
  expect(pathsOf(known)).toEqual(await expected(drive));
});

test("what times do not tell of is found by a list from the beginning", async () => {
  const drive = await SandboxAutodesk.open();
  await drive.mutate(file("/f/a.txt"));
  await drive.age();
  await drive.fault({ name: "autodesk-rollup-stale" });
  const { feedId, known, cursor } = await listed(drive);
  await drive.mutate(file("/f/b.txt"));
  await applyRound(drive.provider, feedId, cursor, known);
  expect(known.size).toBe(4);
  await applyRound(drive.provider, feedId, null, known);
  expect(pathsOf(known)).toEqual(await expected(drive));
});

test("what cannot be read is named, and what has no content yet is looked at again", async () => {
  const drive = await SandboxAutodesk.open();
  const [id = ""] = await drive.mutate(file("/a.txt", "a"), file("/b.txt", "b"));
  await drive.age();
  await drive.fault({ name: "autodesk-malformed", match: { item: "^b.txt$" } });
  await drive.fault({ name: "autodesk-processing", match: { item: "^a.txt$" } });
  const { feedId, known, cursor } = await listed(drive);
  expect(known.get(id)).toMatchObject({ skip: "no_content", name: "a.txt" });
  await drive.mend();
  await applyRound(drive.provider, feedId, cursor, known);
  expect(known.get(id)).toMatchObject({ size: 1, contentTag: expect.stringContaining("urn:adsk.objects:") });
  expect(pathsOf(known)).toEqual(await expected(drive));
});

test("a cloud model without a file is skipped, one that is an archive of several is kept, and neither keeps its folder from being passed by", async () => {
  const drive = await SandboxAutodesk.open();
  await drive.mutate(file("/M (cloud model).rvt", ""), file("/M (composite).rvt", "PK"));
  await drive.age();
  const { feedId, known, cursor } = await listed(drive);
  const models = [...known.values()].filter(({ name }) => name?.endsWith(".rvt")).map(({ name, skip, size }) => [name, skip, size]);
  expect(models).toEqual([
    ["M (cloud model).rvt", "no_content", undefined],
    ["M (composite).rvt", undefined, 2],
  ]);
  const before = drive.requests;
  await applyRound(drive.provider, feedId, cursor, known);
  expect(drive.requests - before).toBe(1);
});

test("somebody who sees one folder follows that, and what they may not see any more is refused, not gone", async () => {
  const drive = await SandboxAutodesk.open();
  const project = `p-${crypto.randomUUID().slice(0, 8)}@autodesk-projects.example`;
  const { drive: all, feedId } = await drive.of(project);
  const [inside = "", beside = ""] = await all.mutate(file("/in/a.txt", "a"), file("/b.txt", "b"));
  await drive.of(project, `${TOP}/in`);
  const known = new Map<string, Entry>();
  await applyRound(all.provider, feedId, null, known);
  expect([...known.values()].map(({ name }) => name).sort()).toEqual(["a.txt", "in", expect.stringMatching(/^P/)].sort());
  const none = "urn:adsk.wipprod:dm.lineage:AAAAAAAAAAAAAAAAAAAAAA";
  const answers = new Map((await all.provider.lookup(feedId, [inside, beside, none])).map((answer) => [answer.id, answer.status]));
  expect([inside, beside, none].map((id) => answers.get(id))).toEqual(["found", "refused", "gone"]);
});

test("what lies in a deleted folder is gone, though it is not hidden itself; with the project nothing is", async () => {
  const drive = await SandboxAutodesk.open();
  const [id = "", other = ""] = await drive.mutate(file("/f/g/a.txt"), file("/b.txt"));
  const { feedId, known } = await listed(drive);
  const [folder = ""] = [...known.values()].flatMap(({ id: each, name }) => (name === "g" ? each : []));
  await drive.mutate({ op: "delete", path: `${TOP}/f` });
  const ids = [id, folder, other, `project:${feedId.split("/")[1]}`];
  const answers = new Map((await drive.provider.lookup(feedId, ids)).map((answer) => [answer.id, answer.status]));
  expect(ids.map((each) => answers.get(each))).toEqual(["gone", "gone", "found", "found"]);
  await expect(drive.provider.lookup(feedId.replace(/.$/, "x"), [id])).rejects.toMatchObject({ kind: "not_found" });
});

test.each([
  ["autodesk-object-gone", { kind: "expired_url" }],
  ["autodesk-url-expired", { kind: "expired_url", status: 403 }],
  ["autodesk-foreign-download", { kind: "fatal", message: expect.stringContaining("unknown host") }],
  ["autodesk-throttled", { kind: "throttled", retryAfterSeconds: 2 }],
  ["autodesk-token-refused", { kind: "auth", status: 401 }],
])("a download that meets %s", async (name, error) => {
  const { drive, ref } = await withFile();
  await drive.fault({ name });
  const failure = (await drive.provider.open(ref).catch((thrown: unknown) => thrown)) as Error;
  expect(failure).toMatchObject(error);
  expect(JSON.stringify([failure.message, failure.stack])).not.toMatch(/X-Amz|elsewhere/);
});

test("the hash comes with the bytes, where Autodesk has one; of ranges, none", async () => {
  const { drive, ref } = await withFile();
  expect(await drive.provider.open(ref)).toMatchObject({
    size: 11,
    hash: { algorithm: "sha1", value: expect.stringMatching(/^[0-9a-f]{40}$/) },
  });
  expect((await drive.provider.open(ref, { range: { offset: 0, length: 5 } })).hash).toBeUndefined();
  await drive.fault({ name: "autodesk-missing-hash" });
  expect((await drive.provider.open(ref)).hash).toBeUndefined();
  expect(await new Response((await drive.provider.open({ id: ref.id, feedId: ref.feedId })).body).text()).toBe("hello world");
});

test("of an object in chunks the whole is read, and any part of it", async () => {
  const { drive, ref } = await withFile("hello world");
  await drive.fault({ name: "autodesk-chunked" });
  expect(await new Response((await drive.provider.open(ref)).body).text()).toBe("hello world");
  const part = await drive.provider.open(ref, { range: { offset: 2, length: 7 } });
  expect([part.partial, part.size, part.total, await new Response(part.body).text()]).toEqual([true, 7, 11, "llo wor"]);
  await drive.fault({ name: "truncated-body" });
  await expect(new Response((await drive.provider.open(ref)).body).text()).rejects.toThrow();
});

test("chunks that do not make up the object are none", () => {
  expect(chunksOf({ "4-7": "b", "0-3": "a" }, 8)).toMatchObject([{ url: "a" }, { url: "b", from: 4, to: 8 }]);
  for (const urls of [{ "0-3": "a" }, { "0-3": "a", "5-7": "b" }, { "0-3": "a", "3-7": "b" }, { "0": "a" }, {}])
    expect(() => chunksOf(urls, 8)).toThrow("do not make up");
  expect(within(chunksOf({ "0-3": "a", "4-7": "b" }, 8), { offset: 3, length: 5 })).toMatchObject([
    { chunk: { url: "a" }, range: { offset: 3, length: 1 } },
    { chunk: { url: "b" }, range: undefined },
  ]);
});

test("hubs lead to projects, and these to their folders and files, page by page", async () => {
  const drive = await SandboxAutodesk.open();
  await drive.mutate(file("/a.txt"), file("/b.txt"), file("/c.txt"));
  await drive.fault({ name: "autodesk-short-pages" });
  const { browse } = drive.provider;
  const [hub] = (await browse?.list(null, null))?.entries ?? [];
  expect(hub).toMatchObject({ kind: "folder", hasChildren: true });
  expect(hub?.feedId).toBeUndefined();
  const [project] = (await browse?.list({ id: hub?.id ?? "" }, null))?.entries ?? [];
  expect(project).toMatchObject({ whole: true, feedId: await drive.feedId() });
  const [folder] = (await browse?.list({ id: project?.id ?? "", feedId: project?.feedId ?? "" }, null))?.entries ?? [];
  const parent = { id: folder?.id ?? "", feedId: folder?.feedId ?? "" };
  const first = await browse?.list(parent, null);
  const second = await browse?.list(parent, first?.cursor ?? "");
  expect([first, second].map((page) => page?.entries.map(({ name }) => name))).toEqual([["a.txt", "b.txt"], ["c.txt"]]);
  expect(second?.cursor).toBeNull();
});
