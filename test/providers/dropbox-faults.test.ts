import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { dropbox } from "../../worker/providers/dropbox/dropbox.ts";
import { headerJson } from "../../worker/providers/dropbox/dropbox-api.ts";
import type { Change, Entry } from "../../worker/providers/provider.ts";
import { applyRound, pathsOf } from "./contract.ts";
import { control } from "./control.ts";
import { mutate, SandboxDropbox } from "./sandbox-dropbox.ts";

async function enumerated(drive: SandboxDropbox): Promise<{ feedId: string; cursor: string; known: Map<string, Entry> }> {
  const feedId = await drive.feedId();
  const known = new Map<string, Entry>();
  return { feedId, known, cursor: await applyRound(drive.provider, feedId, null, known) };
}

async function withFile(name = "/a.txt") {
  const drive = await SandboxDropbox.open();
  const [id = ""] = await drive.mutate({ op: "create", path: name, bytes: "hello world" });
  const { feedId, cursor, known } = await enumerated(drive);
  const download = known.get(id)?.download;
  return { drive, id, feedId, cursor, entry: known.get(id), ref: { id, feedId, ...(download && { download }) } };
}

const expected = async (drive: SandboxDropbox) => (await drive.tree()).map(({ id, path }) => `${path} ${id}`).sort();

test.each([
  "dropbox-duplicates",
  "dropbox-add-before-delete",
  "dropbox-delete-each",
  "dropbox-empty-page",
  "dropbox-children-first",
  "dropbox-missing-hash",
])("with %s the mirror is still the drive", async (name) => {
  const drive = await SandboxDropbox.open();
  await drive.fault({ name, ...(name === "dropbox-empty-page" && { rate: 0.5 }) });
  await drive.mutate(...["/a.txt", "/f/b.txt", "/f/g/c.txt", "/h/d.txt"].map((path) => ({ op: "create" as const, path, bytes: 10 })));
  const { feedId, cursor, known } = await enumerated(drive);
  await drive.mutate(
    { op: "rename", path: "/a.txt", name: "z.txt" },
    { op: "create", path: "/a.txt", bytes: 5 },
    { op: "delete", path: "/f/b.txt" },
    { op: "move", path: "/f", to: "/h" },
    { op: "move", path: "/h/d.txt", to: "/" },
  );
  await applyRound(drive.provider, feedId, cursor, known);
  expect(pathsOf(known)).toEqual(await expected(drive));
});

test("what was deleted in a folder that is moved before the next look is gone, though only the folder's deletion is told", async () => {
  const drive = await SandboxDropbox.open();
  await drive.mutate({ op: "create", path: "/f/kept.txt", bytes: 1 }, { op: "create", path: "/f/gone.txt", bytes: 1 });
  const { feedId, cursor, known } = await enumerated(drive);
  await drive.mutate({ op: "delete", path: "/f/gone.txt" }, { op: "rename", path: "/f", name: "g" });
  await applyRound(drive.provider, feedId, cursor, known);
  expect(pathsOf(known)).toEqual(await expected(drive));
});

test.each([
  ["dropbox-reset", { kind: "cursor_expired", status: 409 }],
  ["dropbox-cursor-unreadable", { kind: "cursor_expired", status: 400 }],
  ["dropbox-throttled", { kind: "throttled", status: 429, retryAfterSeconds: 2 }],
  ["dropbox-throttled-in-body", { kind: "throttled", retryAfterSeconds: 15 }],
  ["dropbox-throttled-in-words", { kind: "throttled", retryAfterSeconds: 3 }],
  ["dropbox-throttled-long", { kind: "throttled", retryAfterSeconds: 300 }],
  ["dropbox-too-many-writes", { kind: "throttled", retryAfterSeconds: 1 }],
  ["dropbox-server-error", { kind: "transient", status: 500 }],
  ["dropbox-busy", { kind: "throttled", status: 503, retryAfterSeconds: 2 }],
  ["dropbox-unavailable", { kind: "transient", status: 503 }],
  ["dropbox-token-expired", { kind: "auth", status: 401 }],
  ["dropbox-token-invalid", { kind: "auth", status: 401 }],
  ["dropbox-suspended", { kind: "forbidden", message: expect.stringContaining("suspended") }],
  ["dropbox-list-scope-missing", { kind: "forbidden", message: expect.stringMatching(/files\.metadata\.read.*App Console/) }],
  ["dropbox-access-denied", { kind: "forbidden", status: 403 }],
  ["dropbox-root-changed", { kind: "not_found", status: 422 }],
  ["dropbox-root-refused", { kind: "forbidden", status: 422 }],
])("a page that meets %s", async (name, error) => {
  const { drive, feedId, cursor } = await withFile();
  await drive.fault({ name });
  await expect(drive.provider.changes(feedId, cursor)).rejects.toMatchObject(error);
});

test("a connection that breaks is transient", async () => {
  const { drive, feedId, cursor } = await withFile();
  await drive.fault({ drop: true, match: { host: "api.dropboxapi.com" } });
  await expect(drive.provider.changes(feedId, cursor)).rejects.toMatchObject({ kind: "transient" });
});

test.each(["", "x", "{}", '{"cursor":"of another kind","listing":false}'])("the cursor %j has expired", async (cursor) => {
  const { drive, feedId } = await withFile();
  await expect(drive.provider.changes(feedId, cursor)).rejects.toMatchObject({ kind: "cursor_expired" });
});

test("a feed that cannot be is not there", async () => {
  const { drive } = await withFile();
  await expect(drive.provider.changes("../etc", null)).rejects.toMatchObject({ kind: "not_found" });
  await expect(drive.provider.changes("99", null)).rejects.toMatchObject({ kind: "forbidden" });
});

test("a token that is refused once is renewed once, for calls and for downloads", async () => {
  const { drive, ref } = await withFile();
  drive.setToken("stale");
  await expect(drive.provider.account()).resolves.toMatchObject({ email: drive.account, id: drive.tokens.account_id });
  drive.setToken("stale");
  expect(await new Response((await drive.provider.open(ref)).body).text()).toBe("hello world");
});

test.each([
  ["dropbox-revision-gone", { kind: "expired_url" }],
  ["dropbox-restricted", { kind: "blocked", status: 409 }],
  ["dropbox-locked", { kind: "transient", status: 409 }],
  ["dropbox-content-scope-missing", { kind: "forbidden", message: expect.stringContaining("files.content.read") }],
  ["dropbox-throttled", { kind: "throttled", retryAfterSeconds: 2 }],
  ["dropbox-token-expired", { kind: "auth", status: 401 }],
  ["dropbox-unavailable", { kind: "transient", status: 503 }],
])("a download that meets %s", async (name, error) => {
  const { drive, ref } = await withFile();
  await drive.fault({ name });
  await expect(drive.provider.open(ref)).rejects.toMatchObject(error);
});

test("a range that is ignored is told from one that is served", async () => {
  const { drive, ref } = await withFile();
  const range = { offset: 0, length: 5 };
  expect((await drive.provider.open(ref, { range })).partial).toBe(true);
  await drive.fault({ name: "range-ignored" });
  const whole = await drive.provider.open(ref, { range });
  expect([whole.partial, await new Response(whole.body).text()]).toEqual([false, "hello world"]);
});

test("a revision is what was listed; once its file has another content, a lookup brings the new one", async () => {
  const { drive, id, feedId, ref, entry } = await withFile();
  await drive.mutate({ op: "update", path: "/a.txt", bytes: "hello again" });
  await expect(drive.provider.open(ref)).rejects.toMatchObject({ kind: "expired_url" });
  const [found] = await drive.provider.lookup(feedId, [id]);
  expect(found).toMatchObject({ status: "found", entry: { parentId: entry?.parentId } });
  const download = found?.status === "found" ? found.entry.download : undefined;
  expect(await new Response((await drive.provider.open({ id, feedId, ...(download && { download }) })).body).text()).toBe("hello again");
});

test("a content without an address is found by its id", async () => {
  const { drive, id, feedId } = await withFile();
  expect(await new Response((await drive.provider.open({ id, feedId })).body).text()).toBe("hello world");
});

test("a document that exists only on the web is exported, with the hash of what was made", async () => {
  const { drive, ref, entry } = await withFile("/Notes.paper");
  expect(entry).toMatchObject({ name: "Notes.paper", mimeType: "text/markdown", contentTag: expect.any(String) });
  expect([entry?.size, entry?.hash]).toEqual([undefined, undefined]);
  const opened = await drive.provider.open(ref, { range: { offset: 2, length: 3 } });
  expect(opened).toMatchObject({
    partial: false,
    size: 11,
    hash: { algorithm: "dropboxHash", value: expect.stringMatching(/^[0-9a-f]{64}$/) },
  });
  expect(await new Response(opened.body).text()).toBe("hello world");
  await drive.fault({ name: "dropbox-export-later" });
  await expect(drive.provider.open(ref)).rejects.toMatchObject({ kind: "transient", status: 409 });
});

test.each([
  ["/Map.gmap", undefined, "not_exportable"],
  ["/link.txt", "dropbox-symlinks", "shortcut"],
])("%s is skipped, with the reason", async (path, fault, skip) => {
  const drive = await SandboxDropbox.open();
  if (fault) await drive.fault({ name: fault });
  const [id = ""] = await drive.mutate({ op: "create", path, bytes: 1 });
  expect((await enumerated(drive)).known.get(id)?.skip).toBe(skip);
});

test("entries that make no sense are told as such, and the rest of the page goes on", async () => {
  const { drive, feedId } = await withFile();
  await drive.mutate({ op: "create", path: "/b.txt", bytes: 1 });
  await drive.fault({ name: "dropbox-malformed", times: 1 });
  const { changes } = await drive.provider.changes(feedId, null);
  expect(changes.map(({ type }) => type).sort()).toEqual(["malformed", "upsert", "upsert"]);
});

test("a lookup tells what is gone, and which folder an item is in; one that is throttled is throttled", async () => {
  const drive = await SandboxDropbox.open();
  const [deep = "", gone = "", top = "", folder = ""] = await drive.mutate(
    { op: "create", path: "/f/g/deep.txt", bytes: 1 },
    { op: "create", path: "/gone.txt", bytes: 1 },
    { op: "create", path: "/top.txt", bytes: 1 },
    { op: "mkdir", path: "/f/g" },
    { op: "delete", path: "/gone.txt" },
  );
  const feedId = await drive.feedId();
  const answers = new Map((await drive.provider.lookup(feedId, [deep, gone, top, `ns:${feedId}`])).map((answer) => [answer.id, answer]));
  expect(answers.get(deep)).toMatchObject({ status: "found", entry: { parentId: folder } });
  expect(answers.get(top)).toMatchObject({ status: "found", entry: { parentId: `ns:${feedId}` } });
  expect(answers.get(gone)).toEqual({ id: gone, status: "gone" });
  expect(answers.get(`ns:${feedId}`)).toMatchObject({ status: "found", entry: { root: true } });
  await drive.fault({ name: "dropbox-throttled" });
  await expect(drive.provider.lookup(feedId, [deep])).rejects.toMatchObject({ kind: "throttled", retryAfterSeconds: 2 });
});

test("a quiet round is one request, and so is a first page whose folders come with it", async () => {
  const { drive, feedId, cursor } = await withFile("/f/g/a.txt");
  const before = drive.requests;
  expect(await drive.provider.changes(feedId, cursor)).toMatchObject({ changes: [], more: false });
  expect(drive.requests).toBe(before + 1);
  await drive.provider.changes(feedId, null);
  expect(drive.requests).toBe(before + 2);
});

test("folders that a page does not have and nobody knows are asked for, once each", async () => {
  const { drive, feedId, cursor } = await withFile("/f/g/a.txt");
  const [id = ""] = await drive.mutate({ op: "create", path: "/f/g/b.txt", bytes: 1 }, { op: "create", path: "/f/g/c.txt", bytes: 1 });
  const before = drive.requests;
  // Nothing is known here.
  const { changes } = await drive.provider.changes(feedId, cursor);
  expect(drive.requests).toBe(before + 3);
  const entries = changes.flatMap((change) => (change.type === "upsert" ? [change.entry] : []));
  const folder = entries.find(({ name }) => name === "g");
  expect(entries.find((entry) => entry.id === id)?.parentId).toBe(folder?.id);
  expect(entries.map(({ name }) => name).sort()).toEqual(["b.txt", "c.txt", "f", "g"]);
});

test("a folder with another id than before, whose content is not told, has the feed listed anew", async () => {
  const { drive, feedId, cursor } = await withFile("/f/a.txt");
  await drive.mutate({ op: "mkdir", path: "/g" });
  await drive.mutate({ op: "rename", path: "/g", name: "h" });
  const known = {
    treeTags: async () => new Map(),
    itemsAtPaths: async () => new Map([["/h", [{ id: "id:of-another", kind: "folder" as const }]]]),
  };
  await expect(drive.provider.changes(feedId, cursor, known)).rejects.toMatchObject({ kind: "cursor_expired" });
});

test("the checks name each permission, and what is missing", async () => {
  const whole = await SandboxDropbox.open();
  expect((await whole.provider.checks?.())?.map(({ name, ok }) => [name, ok])).toEqual([
    ["account_info.read", true],
    ["files.metadata.read", true],
    ["files.content.read", true],
  ]);
  const partial = await SandboxDropbox.open("dropbox.example", "partial", ["account_info.read", "files.metadata.read"]);
  expect((await partial.provider.checks?.())?.filter(({ ok }) => !ok)).toEqual([
    { name: "files.content.read", ok: false, message: expect.stringContaining("App Console") },
  ]);
});

test("the picker begins with the own files, and goes down into folders, page by page", async () => {
  const drive = await SandboxDropbox.open();
  await drive.mutate(
    ...Array.from({ length: 201 }, (_, n) => ({ op: "create" as const, path: `/f/${String(n).padStart(3, "0")}.txt`, bytes: n })),
    { op: "mkdir", path: "/f/deeper" },
  );
  const { browse } = drive.provider;
  const [top] = (await browse?.list(null, null))?.entries ?? [];
  expect(top).toMatchObject({ whole: true, name: "Dropbox", kind: "folder" });
  const [folder] = (await browse?.list({ id: top?.id ?? "", feedId: top?.feedId ?? "" }, null))?.entries ?? [];
  expect(folder).toMatchObject({ name: "f", kind: "folder", hasChildren: true });
  const parent = { id: folder?.id ?? "", feedId: folder?.feedId ?? "" };
  const first = await browse?.list(parent, null);
  const second = await browse?.list(parent, first?.cursor ?? null);
  expect([first?.entries.length, second?.entries.length, second?.cursor]).toEqual([200, 2, null]);
  await expect(browse?.list({ id: "id:AAAAAAAAAAAAAAAAAAAAAA", feedId: parent.feedId }, null)).rejects.toMatchObject({ kind: "not_found" });
});

test("a member of a team has two feeds that share nothing: the own files unless they choose, and the space of the team without them", async () => {
  const drive = await SandboxDropbox.open("dropbox-team.example");
  const shared = `shared-${crypto.randomUUID()}`;
  const [plan = ""] = await mutate("space@dropbox-team.example", [{ op: "create", path: `/${shared}/plan.txt`, bytes: "plan" }]);
  const [own = ""] = await drive.mutate({ op: "create", path: "/own.txt", bytes: "own" });
  const { provider } = drive;
  const home = await drive.feedId();
  const entries = (await provider.browse?.list(null, null))?.entries ?? [];
  const team = entries[1]?.feedId ?? "";
  expect(entries.map(({ name, feedId }) => [name, feedId])).toEqual([
    ["Dropbox", home],
    ["Team space of Harbour Team", team],
  ]);
  expect((await provider.feeds()).map(({ id }) => id)).toEqual([home]);
  expect((await provider.feeds([team, "gone"])).map(({ id }) => id)).toEqual([team]);

  const inHome = new Map<string, Entry>();
  const inTeam = new Map<string, Entry>();
  await applyRound(provider, home, null, inHome);
  let cursor = await applyRound(provider, team, null, inTeam);
  expect([inHome.has(own), inHome.has(plan), inTeam.has(own), inTeam.has(plan)]).toEqual([true, false, false, true]);
  const top = (await provider.browse?.list({ id: entries[1]?.id ?? "", feedId: team }, null))?.entries.map(({ name }) => name);
  expect(top).toContain(shared);
  expect(top?.some((name) => name.startsWith("Provider"))).toBe(false);

  await drive.mutate({ op: "update", path: "/own.txt" });
  const before = drive.requests;
  cursor = await applyRound(provider, team, cursor, inTeam);
  expect([inTeam.has(own), drive.requests - before]).toEqual([false, 2]);
  expect(await provider.lookup(team, [own])).toEqual([{ id: own, status: "gone" }]);
  expect(await provider.lookup(team, [plan])).toMatchObject([{ status: "found" }]);
  const ref = { id: plan, feedId: team, ...(inTeam.get(plan)?.download && { download: inTeam.get(plan)?.download }) } as const;
  expect(await new Response((await provider.open(ref as Parameters<typeof provider.open>[0])).body).text()).toBe("plan");
});

test("a folder that somebody shares is a part of the own files, comes whole, changes and goes", async () => {
  const drive = await SandboxDropbox.open();
  const owner = `owner-${crypto.randomUUID().slice(0, 8)}@dropbox.example`;
  const [shared = ""] = await mutate(owner, [{ op: "create", path: "/in/shared.txt", bytes: "shared" }]);
  const { feedId, cursor, known } = await enumerated(drive);
  await control("POST", "/dropbox/mounts", { account: drive.account, path: "/Shared", owner });
  let next = await applyRound(drive.provider, feedId, cursor, known);
  expect(pathsOf(known)).toEqual([`/Shared/in/shared.txt ${shared}`]);
  expect(await drive.provider.lookup(feedId, [shared])).toMatchObject([{ status: "found" }]);
  await mutate(owner, [{ op: "rename", path: "/in", name: "out" }]);
  next = await applyRound(drive.provider, feedId, next, known);
  expect(pathsOf(known)).toEqual([`/Shared/out/shared.txt ${shared}`]);
  await control("POST", "/dropbox/unmounts", { account: drive.account, path: "/Shared" });
  await applyRound(drive.provider, feedId, next, known);
  expect(pathsOf(known)).toEqual([]);
});

test("arguments in headers have basic letters only, and the token goes to Dropbox alone", async () => {
  expect(headerJson({ path: "/Zürich 计划 🌊\u007f" })).toBe('{"path":"/Z\\u00fcrich \\u8ba1\\u5212 \\ud83c\\udf0a\\u007f"}');
  const hosts: string[] = [];
  const answer = async (input: RequestInfo | URL) => {
    hosts.push(new URL(input instanceof Request ? input.url : input).host);
    return new Response(null, { status: 302, headers: { Location: "https://evil.example/" } });
  };
  const provider = dropbox.create(env, { fetch: answer as typeof fetch, now: Date.now, accessToken: async () => "token" });
  await expect(provider.changes("1", null)).rejects.toMatchObject({ kind: "fatal", status: 302 });
  await expect(provider.open({ id: "id:x", feedId: "1" })).rejects.toMatchObject({ kind: "fatal", status: 302 });
  expect(hosts).toEqual(["api.dropboxapi.com", "content.dropboxapi.com"]);
});

test("a page without a cursor is an error, and an answer that is no JSON a passing fault", async () => {
  const answering = (body: string) =>
    dropbox.create(env, { fetch: async () => new Response(body), now: Date.now, accessToken: async () => "token" });
  await expect(answering('{"entries":[]}').changes("1", null)).rejects.toMatchObject({ kind: "fatal" });
  await expect(answering("<html>").changes("1", null)).rejects.toMatchObject({ kind: "transient" });
  const page: { changes: Change[] } = await answering('{"entries":null,"cursor":"c","has_more":false}').changes("1", null);
  expect(page.changes).toEqual([{ type: "upsert", entry: { id: "ns:1", root: true, kind: "folder", name: "Dropbox" } }]);
});
