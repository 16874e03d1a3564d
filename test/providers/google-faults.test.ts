import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { googleDrive } from "../../worker/providers/google-drive/google-drive.ts";
import type { Entry, KnownItems, Provider } from "../../worker/providers/provider.ts";
import { applyRound, pathsOf } from "./contract.ts";
import { control } from "./control.ts";
import { GoogleAccount, setMember } from "./google-account.ts";

async function enumerated(account: GoogleAccount, provider = account.provider()) {
  const known = new Map<string, Entry>();
  return { known, provider, cursor: await applyRound(provider, account.feedId, null, known) };
}

async function withFile(path = "/a.txt", bytes: string | number = "hello world") {
  const account = await GoogleAccount.open();
  const [id = ""] = await account.mutate({ op: "create", path, bytes });
  const { known, provider, cursor } = await enumerated(account);
  const entry = known.get(id);
  const ref = { id, feedId: account.feedId, ...(entry?.download && { download: entry.download }) };
  return { account, provider, cursor, id, entry, ref };
}

/** As the catalogue answers: of the folders that a mirror has, their tags. */
const knownOf = (known: ReadonlyMap<string, Entry>): KnownItems => ({
  itemsAtPaths: async () => new Map(),
  treeTags: async (ids) => new Map(ids.flatMap((id) => (known.get(id)?.treeTag === undefined ? [] : [[id, known.get(id)?.treeTag ?? ""]]))),
});

/** A provider whose rounds know what the mirror knows. */
const informed = (provider: Provider, known: ReadonlyMap<string, Entry>): Provider => ({
  ...provider,
  changes: (feedId, cursor) => provider.changes(feedId, cursor, knownOf(known)),
});

const pathsIn = async (account: GoogleAccount) => (await account.tree()).map(({ id, path }) => `${path} ${id}`).sort();

test.each(["google-empty-page", "google-descendants-told", "google-old-checksums", "google-missing-checksums"])(
  "with %s the mirror is still the drive",
  async (name) => {
    const account = await GoogleAccount.open();
    await account.fault(name);
    await account.mutate(...["/a.txt", "/f/b.txt", "/f/g/c.txt", "/h/d.txt"].map((path) => ({ op: "create" as const, path, bytes: 10 })));
    const { known, provider, cursor } = await enumerated(account);
    await account.mutate(
      { op: "rename", path: "/a.txt", name: "z.txt" },
      { op: "create", path: "/a.txt", bytes: 5 },
      { op: "delete", path: "/f" },
      { op: "move", path: "/h/d.txt", to: "/" },
    );
    await applyRound(informed(provider, known), account.feedId, cursor, known);
    expect(pathsOf(known)).toEqual(await pathsIn(account));
  },
);

test("names may be the same, and may have slashes", async () => {
  const account = await GoogleAccount.open();
  await account.mutate({ op: "create", path: "/a.txt", bytes: 1 }, { op: "create", path: "/a.txt", bytes: 2 });
  await account.mutate({ op: "create", path: "/", name: "and/or.txt", bytes: 3 });
  const { known } = await enumerated(account);
  expect(pathsOf(known).map((each) => each.split(" ")[0])).toEqual(["/a.txt", "/a.txt", "/and/or.txt"]);
});

test("a folder that comes back from the trash brings all below it, though the log tells of the folder alone", async () => {
  const account = await GoogleAccount.open();
  const paths = ["/f/a.txt", "/f/g/b.txt", "/f/g/h/c.txt", "/other.txt"];
  await account.mutate(...paths.map((path) => ({ op: "create" as const, path, bytes: 10 })));
  const { known, provider, cursor } = await enumerated(account);
  const [id = ""] = await account.mutate({ op: "delete", path: "/f" });
  const gone = await applyRound(informed(provider, known), account.feedId, cursor, known);
  expect(pathsOf(known)).toHaveLength(1);
  await account.mutate({ op: "restore", id });
  await applyRound(informed(provider, known), account.feedId, gone, known);
  expect(pathsOf(known)).toEqual(await pathsIn(account));
});

test("a folder that only has another name is not listed again", async () => {
  const account = await GoogleAccount.open();
  await account.mutate({ op: "create", path: "/f/a.txt", bytes: 10 }, { op: "create", path: "/g/b.txt", bytes: 10 });
  const { known, provider, cursor } = await enumerated(account);
  const next = await applyRound(informed(provider, known), account.feedId, cursor, known);
  await account.mutate({ op: "rename", path: "/f", name: "F" }, { op: "move", path: "/g", to: "/F" });
  const before = account.requests;
  const page = await informed(provider, known).changes(account.feedId, next);
  expect([account.requests - before, page.more]).toEqual([1, false]);
});

test("what changes while the drive is listed is told afterwards, a folder that was in the trash then included", async () => {
  const account = await GoogleAccount.open();
  await account.mutate(...Array.from({ length: 520 }, (_, n) => ({ op: "create" as const, path: `/${n}.txt`, bytes: 1 })));
  await account.mutate({ op: "create", path: "/f/inner.txt", bytes: 1 });
  const provider = account.provider();
  const known = new Map<string, Entry>();
  const first = await provider.changes(account.feedId, null);
  expect(first.more).toBe(true);
  for (const change of first.changes) if (change.type === "upsert") known.set(change.entry.id, change.entry);
  const [id = ""] = await account.mutate({ op: "delete", path: "/f" });
  await account.mutate({ op: "delete", path: "/0.txt" }, { op: "create", path: "/late.txt", bytes: 1 });
  const rest = await applyRound(provider, account.feedId, first.cursor, known);
  await account.mutate({ op: "restore", id });
  await applyRound(informed(provider, known), account.feedId, rest, known);
  expect(pathsOf(known)).toEqual(await pathsIn(account));
});

test("what others share is not in My Drive, also where its folder can be seen", async () => {
  const [owner, guest] = [await GoogleAccount.open(), await GoogleAccount.open()];
  const [folder = ""] = await owner.mutate({ op: "mkdir", path: "/shared" }, { op: "create", path: "/shared/deep/theirs.txt", bytes: 1 });
  const [mine = ""] = await guest.mutate({ op: "create", path: "/given/mine.txt", bytes: 1 });
  const share = (from: GoogleAccount, id: string, to: GoogleAccount) =>
    control("POST", "/google/shares", { drive: from.name, id, account: to.name });
  const { cursor, known, provider } = await enumerated(guest);
  await share(owner, folder, guest);
  await share(guest, mine, owner);
  const changed = new Map(known);
  await applyRound(informed(provider, changed), guest.feedId, cursor, changed);
  expect([...changed.keys()].sort()).toEqual([...known.keys()].sort());
  const anew = await enumerated(guest);
  expect(pathsOf(anew.known)).toEqual([`/given/mine.txt ${mine}`]);
  expect([...anew.known.values()].map(({ name }) => name).sort()).toEqual(["My Drive", "given", "mine.txt"]);
  const theirs = (await owner.tree()).find(({ path }) => path.endsWith("theirs.txt"))?.id ?? "";
  const answers = await guest.provider().lookup(guest.feedId, [mine, theirs, folder]);
  expect(answers.map(({ status }) => status)).toEqual(["found", "gone", "gone"]);
});

test("what is deleted for good is removed", async () => {
  const { account, provider, cursor, id } = await withFile();
  await control("POST", "/google/purge", { drive: account.name, id });
  expect((await provider.changes(account.feedId, cursor)).changes).toEqual([{ type: "removal", id }]);
});

test("a shared drive is found by browsing, followed when it is chosen, and no longer offered to who is no member", async () => {
  const account = await GoogleAccount.ofSharedDrive();
  await account.mutate({ op: "create", path: "/a.txt", bytes: "a" }, { op: "create", path: "/f/b.txt", bytes: "b" });
  const provider = account.provider();
  const start = await provider.browse?.list(null, null);
  expect(start?.entries.map(({ feedId, whole }) => [feedId, whole])).toEqual([
    ["root", true],
    [account.feedId, true],
  ]);
  const inside = await provider.browse?.list({ id: account.feedId, feedId: account.feedId }, null);
  expect(inside?.entries.map(({ name, kind }) => [name, kind])).toEqual([
    ["f", "folder"],
    ["a.txt", "file"],
  ]);
  const word = start?.entries[1]?.name.split(" ")[0] ?? "";
  expect((await provider.browse?.search?.(word, null))?.entries).toMatchObject([{ feedId: account.feedId }]);
  expect(await provider.feeds()).toEqual([{ id: "root", name: "My Drive" }]);
  expect(await provider.feeds([account.feedId, "0AnotherDriveUk9PVA"])).toMatchObject([{ id: account.feedId }]);
  const { cursor } = await enumerated(account);
  await setMember(account.driveName, account.name, false);
  expect(await provider.feeds([account.feedId])).toEqual([]);
  await expect(provider.changes(account.feedId, cursor)).rejects.toMatchObject({ kind: "not_found" });
});

test.each([
  ["office", "Plan.docx", "wordprocessingml"],
  ["pdf", "Plan.pdf", "application/pdf"],
  ["markdown", "Plan.md", "text/markdown"],
])("as %s a document is kept as %s, and its bytes are what Google exports", async (exports, name, type) => {
  const account = await GoogleAccount.open();
  const text = "# Plan\n\nFirst this, then that.\n";
  const [id = ""] = await account.mutate({ op: "create", path: "/Plan.gdoc", bytes: text });
  const { known, provider, cursor } = await enumerated(account, account.provider({ exports }));
  const entry = known.get(id);
  expect(entry).toMatchObject({ name, kind: "file", mimeType: expect.stringContaining(type), contentTag: expect.any(String) });
  expect(entry).not.toHaveProperty("size");
  const ref = { id, feedId: account.feedId };
  const opened = await provider.open({ ...ref, ...(entry?.download && { download: entry.download }) }, { range: { offset: 1, length: 2 } });
  expect(opened.partial).toBe(false);
  const bytes = await new Response(opened.body).text();
  if (exports === "markdown") expect(bytes).toBe(text);
  // Found by its id alone it is the same; a new name leaves its tag as it is, a new content does not.
  expect(await new Response((await provider.open(ref)).body).text()).toBe(bytes);
  await account.mutate({ op: "rename", id, name: "Other.gdoc" });
  const renamed = await provider.changes(account.feedId, cursor);
  expect(renamed.changes).toMatchObject([{ entry: { contentTag: entry?.contentTag } }]);
  await account.mutate({ op: "update", id, bytes: "other" });
  const [change] = (await provider.changes(account.feedId, renamed.cursor)).changes;
  expect(change?.type === "upsert" && change.entry.contentTag !== entry?.contentTag).toBe(true);
});

test("another format is another content", async () => {
  const account = await GoogleAccount.open();
  const [id = ""] = await account.mutate({ op: "create", path: "/Tides.gsheet", bytes: "a,b\n" });
  const tags = await Promise.all(
    ["office", "pdf"].map(async (exports) => (await enumerated(account, account.provider({ exports }))).known.get(id)?.contentTag),
  );
  expect(new Set(tags).size).toBe(2);
});

test.each([
  ["/s.gshortcut", {}, "shortcut"],
  ["/f.gform", {}, "not_exportable"],
  ["/v.gvid", {}, "not_exportable"],
  ["/d.gdoc", { exports: "none" }, "not_exportable"],
])("%s %j is skipped: %s", async (path, options, skip) => {
  const account = await GoogleAccount.open();
  const [id = ""] = await account.mutate({ op: "create", path, bytes: "x" });
  const { known } = await enumerated(account, account.provider(options));
  expect(known.get(id)?.skip).toBe(skip);
  expect(known.get(id)).not.toHaveProperty("download");
});

test("a file that may not be downloaded is skipped", async () => {
  const account = await GoogleAccount.open();
  await account.fault("google-limited-items");
  const [id = ""] = await account.mutate({ op: "create", path: "/a.txt", bytes: "x" });
  expect((await enumerated(account)).known.get(id)?.skip).toBe("not_exportable");
});

test("a file whose size makes no sense is reported as such", async () => {
  const account = await GoogleAccount.open();
  await account.mutate({ op: "create", path: "/a.txt", bytes: "x" });
  await account.fault("google-malformed-file");
  const page = await account.provider().changes(account.feedId, null);
  expect(page.changes.find(({ type }) => type === "malformed")).toMatchObject({ reason: expect.stringContaining("size") });
});

test("an incomplete listing is no listing", async () => {
  const account = await GoogleAccount.open();
  await account.fault("google-incomplete-search");
  await expect(account.provider().changes(account.feedId, null)).rejects.toMatchObject({ kind: "transient" });
});

test.each([
  ["google-user-rate-limit", { kind: "throttled", status: 403, retryAfterSeconds: undefined }],
  ["google-rate-limit", { kind: "throttled", status: 403 }],
  ["google-too-many-requests", { kind: "throttled", status: 429 }],
  ["google-daily-limit", { kind: "throttled", retryAfterSeconds: 3_600 }],
  ["google-backend-error", { kind: "transient", status: 500 }],
  ["google-bad-gateway", { kind: "transient", status: 502 }],
  ["google-token-refused", { kind: "auth", status: 401 }],
  ["google-scope-insufficient", { kind: "auth", message: expect.stringContaining("tick it") }],
  ["google-not-enabled", { kind: "operator", message: expect.stringContaining("not switched on") }],
  ["google-domain-policy", { kind: "forbidden", message: expect.stringContaining("administrator") }],
  ["google-page-token-invalid", { kind: "cursor_expired", status: 400 }],
])("a round that meets %s", async (name, error) => {
  const { account, provider, cursor } = await withFile();
  await account.fault(name);
  await expect(provider.changes(account.feedId, cursor)).rejects.toMatchObject(error);
});

test("a cursor that is none of ours has expired", async () => {
  const { account, provider } = await withFile();
  for (const cursor of ["", "8934", '{"phase":"changes"}', '{"phase":"listing","root":"x","start":"1","page":"p","more":1}'])
    await expect(provider.changes(account.feedId, cursor)).rejects.toMatchObject({ kind: "cursor_expired" });
});

test("a connection that breaks is transient, and a token that is refused once is renewed once", async () => {
  const { account, provider, cursor } = await withFile();
  account.setToken("stale");
  expect(await provider.account()).toMatchObject({ email: account.name, label: expect.any(String) });
  await control("POST", "/faults", { drop: true, match: { account: account.name } });
  await expect(provider.changes(account.feedId, cursor)).rejects.toMatchObject({ kind: "transient" });
  await account.mend();
});

test.each([
  ["google-abusive", { kind: "blocked", status: 403 }],
  ["google-download-quota", { kind: "transient", status: 403 }],
  ["google-user-rate-limit", { kind: "throttled" }],
  ["google-bad-gateway", { kind: "transient", status: 502 }],
  ["google-token-refused", { kind: "auth", status: 401 }],
])("a download that meets %s", async (name, error) => {
  const { account, provider, ref } = await withFile();
  await account.fault(name);
  await expect(provider.open(ref)).rejects.toMatchObject(error);
});

test("a download of what is gone says so, and a range that is ignored is told from one that is served", async () => {
  const { account, provider, ref } = await withFile();
  const range = { offset: 0, length: 5 };
  await control("POST", "/faults", { name: "range-ignored", match: { account: account.name } });
  const whole = await provider.open(ref, { range });
  expect([whole.partial, await new Response(whole.body).text()]).toEqual([false, "hello world"]);
  await control("POST", "/google/purge", { drive: account.name, id: ref.id });
  await expect(provider.open(ref)).rejects.toMatchObject({ kind: "not_found" });
});

test("no token goes to an address that is not the API's", async () => {
  const { account, provider, id } = await withFile();
  const before = account.requests;
  for (const url of [
    "https://evil.example/drive/v3/files/x?alt=media",
    "https://www.googleapis.com.evil.example/drive/v3/files/x",
    "https://x@www.googleapis.com/drive/v3/files/x",
  ])
    await expect(provider.open({ id, feedId: "root", download: { url, at: 0 } })).rejects.toMatchObject({ kind: "fatal" });
  expect(account.requests).toBe(before);
});

test.each(["google-export-too-large", "google-pdf-export-broken"])(
  "an export that meets %s comes by its link, without the token where that leads",
  async (name) => {
    const account = await GoogleAccount.open();
    const [id = ""] = await account.mutate({ op: "create", path: "/Plan.gdoc", bytes: "Plan." });
    const provider = account.provider({ exports: "pdf" });
    const usual = await new Response((await provider.open({ id, feedId: "root" })).body).text();
    await account.fault(name);
    expect(await new Response((await provider.open({ id, feedId: "root" })).body).text()).toBe(usual);
    await account.fault("google-export-link-broken");
    await expect(provider.open({ id, feedId: "root" })).rejects.toMatchObject({ kind: "not_exportable" });
  },
);

test("an export beyond Google's limit comes by its link, whole; one that is not announced is measured, unless it is as large as that", async () => {
  const account = await GoogleAccount.open();
  const [large = "", small = ""] = await account.mutate(
    { op: "create", path: "/Large.gdoc", bytes: 8_000_000 },
    { op: "create", path: "/Small.gdoc", bytes: "# Small\n" },
  );
  const provider = account.provider({ exports: "markdown" });
  const opened = await provider.open({ id: large, feedId: "root" });
  expect(opened.size).toBeUndefined();
  const { byteLength } = await new Response(opened.body).arrayBuffer();
  expect(byteLength).toBeGreaterThan(12 * 1024 * 1024);
  expect((await account.asked())["GET /export"]).toBe(1);
  expect((await provider.open({ id: small, feedId: "root" })).size).toBe(8);
});

test("an export link that leads elsewhere is not followed", async () => {
  const asked: string[] = [];
  const answer =
    (links: object): typeof fetch =>
    async (input, init) => {
      const url = String(input);
      asked.push(`${new URL(url).host} ${new Headers(init?.headers).has("authorization")}`);
      if (url.includes("/export?mimeType"))
        return Response.json({ error: { errors: [{ reason: "exportSizeLimitExceeded" }] } }, { status: 403 });
      return url.includes("fields=exportLinks")
        ? Response.json({ exportLinks: links })
        : new Response(null, { status: 302, headers: { Location: "https://evil.example/x" } });
    };
  const open = (link: string) => {
    const context = { fetch: answer({ "application/pdf": link }), now: Date.now, accessToken: async () => "token" };
    const url = "https://www.googleapis.com/drive/v3/files/x/export?mimeType=application%2Fpdf";
    return googleDrive.create(env, context).open({ id: "x", feedId: "root", download: { url, at: 0 } });
  };
  await expect(open("https://docs.google.com.evil.example/x")).rejects.toMatchObject({ kind: "not_exportable" });
  await expect(open("https://docs.google.com/x")).rejects.toMatchObject({ kind: "not_exportable" });
  expect(asked.filter((each) => each.includes("evil"))).toEqual([]);
});

test.each([
  ["google-file-not-found", { times: 1 }, "found"],
  ["google-file-not-found", { times: 2 }, "gone"],
  ["google-file-forbidden", { times: 1 }, "refused"],
])("a lookup that meets %s %j finds the file %s", async (name, more, status) => {
  const { account, provider, id } = await withFile();
  await account.fault(name, { ...more, match: { path: id } });
  expect(await provider.lookup(account.feedId, [id])).toMatchObject([{ id, status }]);
});

test("a lookup that is throttled is throttled", async () => {
  const { account, provider, id } = await withFile();
  await account.fault("google-user-rate-limit");
  await expect(provider.lookup(account.feedId, [id])).rejects.toMatchObject({ kind: "throttled" });
});

test("a channel that Google refuses is forbidden, and one that it grants for an hour lasts an hour", async () => {
  const { account, provider } = await withFile();
  const request = {
    feedId: "root",
    notificationUrl: "https://tidemark.example/webhooks/google",
    clientState: "p",
    expiresAt: Date.now() + 90 * 86_400_000,
  };
  await account.fault("google-watch-refused", { times: 1 });
  await expect(provider.webhook?.subscribe(request)).rejects.toMatchObject({ kind: "forbidden" });
  const week = await provider.webhook?.subscribe(request);
  expect(week?.expiresAt).toBeGreaterThan(Date.now() + 6 * 86_400_000);
  await account.fault("google-channel-short");
  expect((await provider.webhook?.subscribe(request))?.expiresAt).toBeLessThan(Date.now() + 2 * 3_600_000);
});

test("the checks say what works and what does not", async () => {
  const account = await GoogleAccount.open("workspace.example");
  expect(await account.provider().checks?.()).toMatchObject([
    { name: "Files", ok: true },
    { name: "Changes", ok: true },
    { name: "Shared drives", ok: true, message: "2 can be chosen." },
  ]);
  await control("POST", "/faults", { name: "google-domain-policy", match: { account: account.name, path: "/drives" } });
  expect((await account.provider().checks?.())?.map(({ ok }) => ok)).toEqual([true, true, false]);
});

test("a quiet round is one request", async () => {
  const { account, provider, cursor } = await withFile();
  const before = account.requests;
  const page = await provider.changes(account.feedId, cursor);
  expect([account.requests - before, page.changes, page.more]).toEqual([1, [], false]);
});
