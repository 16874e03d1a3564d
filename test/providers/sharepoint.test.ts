import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { BrowseEntry, BrowsePage, Entry, RequestBudget } from "../../worker/providers/provider.ts";
import { itemIdIn, remoteId } from "../../worker/providers/sharepoint/ids.ts";
import { sharepoint } from "../../worker/providers/sharepoint/sharepoint.ts";
import { sitePaths } from "../../worker/providers/sharepoint/sites.ts";
import { applyRound } from "./contract.ts";
import { changeSite, SandboxDrive, type SiteSettings, scopesOf, signIn } from "./sandbox-drive.ts";

const REQUEST = { notificationUrl: "https://tidemark.example/webhooks/x", clientState: "proof" };

const names = ({ entries }: BrowsePage) => entries.map(({ name }) => name);

/** A site with two libraries, the first one's files below `/Plans`. */
async function opened(method?: string) {
  const library = await SandboxDrive.openLibrary({ title: "Harbour", libraries: ["documents", "charts"] }, method);
  const [a = "", b = ""] = await library.mutate(
    { op: "create", path: "/Plans/a.txt", bytes: "hello world" },
    { op: "create", path: "/b.txt", bytes: "b" },
  );
  const { id: siteId, libraries } = await changeSite(library.site, {});
  const [first = "", second = ""] = (await changeSite(library.site, { libraries: ["documents", "charts"] })).libraries.map(({ driveId }) => driveId); // prettier-ignore
  expect(libraries).toEqual([]);
  return { library, provider: library.provider, siteId, first, second, a: remoteId(first, a), b: remoteId(first, b) };
}

async function listed(library: SandboxDrive, feedId: string) {
  const known = new Map<string, Entry>();
  return { known, cursor: await applyRound(library.provider, feedId, null, known) };
}

test("picking goes from the sites that are followed to libraries, subsites and folders, under the ids that the listing has", async () => {
  const { library, provider, siteId, first, second } = await opened();
  await changeSite(`${library.site}-below`, { title: "Boats", parent: library.site, libraries: ["documents"] });
  const { browse } = provider;
  const start = await browse?.list(null, null);
  expect(start).toEqual({
    entries: [
      { id: siteId, name: "Harbour", kind: "folder", hasChildren: true, webUrl: `https://contoso.sharepoint.com/sites/${library.site}` },
    ],
    cursor: null,
  });
  const inside = (await browse?.list({ id: siteId }, null)) ?? { entries: [], cursor: null };
  expect(inside.entries.map(({ name, feedId, whole }) => [name, feedId, whole])).toEqual([
    ["Documents", first, true],
    ["Charts", second, true],
    ["Boats", undefined, undefined],
  ]);
  const { known } = await listed(library, first);
  const root = inside.entries[0] as BrowseEntry;
  expect(known.get(root.id)?.root).toBe(true);
  const folders = await browse?.list({ id: root.id, feedId: first }, null);
  expect(folders?.entries.map(({ id, name, kind }) => [known.get(id)?.name, name, kind])).toEqual([
    ["b.txt", "b.txt", "file"],
    ["Plans", "Plans", "folder"],
  ]);
  await expect(browse?.list({ id: root.id, feedId: second }, null)).rejects.toMatchObject({ kind: "not_found" });
});

test("many sites, and a site's many libraries, are picked from page by page", async () => {
  const { library, provider, siteId } = await opened();
  const more = Array.from({ length: 120 }, (_, n) => `${library.site}-${n}`);
  for (const name of more) await changeSite(name, { followedBy: [library.account] });
  await changeSite(library.site, { libraries: Array.from({ length: 23 }, (_, n) => `list-${n}`) });
  const all = async (parent: { id: string } | null) => {
    const found: string[] = [];
    for (let cursor: string | null = null, pages = 0; pages < 10; pages++) {
      const page: BrowsePage = (await provider.browse?.list(parent, cursor)) ?? { entries: [], cursor: null };
      found.push(...names(page));
      if (page.cursor === null) return { pages: pages + 1, found };
      cursor = page.cursor;
    }
    throw new Error("The list does not end.");
  };
  const sites = await all(null);
  expect([sites.pages, new Set(sites.found).size]).toEqual([2, 121]);
  const libraries = await all({ id: siteId });
  expect([libraries.pages, new Set(libraries.found).size]).toEqual([2, 25]);
  // Without a choice that is more than is followed unasked.
  await expect(provider.feeds()).rejects.toMatchObject({
    kind: "unsupported",
    message: expect.stringMatching(/more than 100 sites\. Choose/),
  });
});

test("sites are searched by name, and a library is found by any address inside its site", async () => {
  const { library, provider, first } = await opened();
  await changeSite(library.site, { title: `Lagoon ${library.site}` });
  expect(names((await provider.browse?.search?.(`lagoon ${library.site}`, null)) ?? { entries: [], cursor: null })).toEqual([
    `Lagoon ${library.site}`,
  ]);
  const files = await library.connectedBy("files");
  const base = `https://contoso.sharepoint.com/sites/${library.site}`;
  for (const address of [
    base,
    `${base}/`,
    `${base}/Shared%20Documents/Forms/AllItems.aspx?id=%2Fx`,
    `  ${base}/Shared Documents/Plans  `,
  ]) {
    const page = await files.provider.browse?.search?.(address, null);
    expect(page?.entries.map(({ name, feedId }) => [name, feedId])).toContainEqual(["Documents", first]);
  }
  const nowhere = files.provider.browse?.search?.("https://contoso.sharepoint.com/sites/there-is-none/x", null);
  await expect(nowhere).rejects.toMatchObject({ kind: "not_found", message: expect.stringMatching(/no site at contoso\.sharepoint\.com/) });
});

test("paths that may be a site's, the longest first", () => {
  const paths = (path: string) => sitePaths(new URL(`https://contoso.sharepoint.com${path}`)).map((segments) => segments.join("/"));
  expect(paths("/sites/a/b%20c/d/e/f")).toEqual(["sites/a/b c/d", "sites/a/b c", "sites/a"]);
  expect(paths("/teams/a")).toEqual(["teams/a"]);
  expect(paths("/Shared%20Documents/x")).toEqual([""]);
  expect(paths("/sites/a/%zz")).toEqual(["sites/a/%zz", "sites/a"]);
});

test("with the permission for files alone, what sites there are is not told, in words that say what to do", async () => {
  const { library, siteId, first } = await opened();
  const { provider } = await library.connectedBy("files");
  await expect(provider.browse?.list(null, null)).rejects.toMatchObject({ kind: "forbidden", message: expect.stringMatching(/Sites\.Read\.All.*by its address/) }); // prettier-ignore
  await expect(provider.browse?.search?.("harbour", null)).rejects.toMatchObject({ kind: "forbidden", message: expect.stringMatching(/by its address/) }); // prettier-ignore
  expect(names((await provider.browse?.list({ id: siteId }, null)) ?? { entries: [], cursor: null })).toEqual(["Documents", "Charts"]);
  // The site's title is not theirs to read: its address has a name too.
  expect(await provider.feeds([first])).toEqual([{ id: first, name: `${library.site} – Documents` }]);
});

test("chosen libraries are followed under their site's name; those that are gone, refused or locked are not offered", async () => {
  const { library, provider, first, second } = await opened();
  expect(await provider.feeds([second, first])).toEqual([
    { id: second, name: "Harbour – Charts" },
    { id: first, name: "Harbour – Documents" },
  ]);
  expect(await provider.feeds([first, "b!nothing"])).toEqual([{ id: first, name: "Harbour – Documents" }]);
  const closed: Partial<SiteSettings>[] = [{ state: "locked" }, { state: "deleted" }, { state: "open", members: [] }];
  for (const change of closed) {
    await changeSite(library.site, change);
    expect(await provider.feeds([first, second])).toEqual([]);
    expect(await provider.feeds()).toEqual([]);
  }
  await changeSite(library.site, { state: "open", members: null });
  expect(await provider.feeds([first])).toHaveLength(1);
});

test("without a choice every library of the sites that are followed is", async () => {
  const { library, provider, first, second } = await opened();
  await changeSite(`${library.site}-locked`, { title: "Locked", state: "locked", libraries: ["documents"], followedBy: [library.account] });
  await changeSite(`${library.site}-other`, { title: "Others", libraries: ["documents"] });
  expect(await provider.feeds()).toEqual([
    { id: first, name: "Harbour – Documents" },
    { id: second, name: "Harbour – Charts" },
  ]);
});

test.each([
  ["server-error", "transient"],
  ["throttled", "throttled"],
  ["access-token-expired", "auth"],
])("%s is never taken for a library that is gone", async (name, kind) => {
  const { library, provider, first } = await opened();
  await library.fault({ name });
  await expect(provider.feeds([first])).rejects.toMatchObject({ kind });
  await expect(provider.feeds()).rejects.toMatchObject({ kind });
});

test("a library that is missed once is not believed to be gone", async () => {
  const { library, provider, first } = await opened();
  await library.fault({ name: "transient-not-found", times: 1 });
  expect(await provider.feeds([first])).toHaveLength(1);
});

test("libraries stay the same when their site, or the whole tenant, is renamed", async () => {
  const { library, provider, first, a } = await opened();
  const { cursor, known } = await listed(library, first);
  await changeSite(library.site, { address: "haven", title: "Haven", host: "fabrikam.sharepoint.com" });
  expect(await provider.feeds([first])).toEqual([{ id: first, name: "Haven – Documents" }]);
  expect((await provider.changes(first, cursor)).changes.filter((change) => change.type !== "upsert" || !change.entry.root)).toEqual([]);
  const [found] = await provider.lookup(first, [a]);
  if (found?.status !== "found" || !found.entry.download) throw new Error("The file is there.");
  expect(new URL(found.entry.download.url).host).toBe("fabrikam.sharepoint.com");
  expect(known.get(a)?.contentTag).toBe(found.entry.contentTag);
  const { body } = await provider.open({ id: a, feedId: first, download: found.entry.download });
  expect(await new Response(body).text()).toBe("hello world");
});

test("an item is known by its library: another one says nothing of it", async () => {
  const { library, provider, first, second, a } = await opened();
  const { known } = await listed(library, first);
  const others = await listed(library, second);
  expect([...others.known.keys()].filter((id) => known.has(id))).toEqual([]);
  expect(await provider.lookup(second, [a])).toEqual([]);
  expect(await provider.lookup(first, [a, remoteId(first, "01NOTHING")])).toMatchObject([{ id: a, status: "found" }, { status: "gone" }]);
  await expect(provider.open({ id: a, feedId: second })).rejects.toMatchObject({ kind: "not_found" });
});

test("ids of two drives differ even where SharePoint's are the same, and lead back", () => {
  const [one, other] = ["b!one", "b!other"].map((drive) => remoteId(drive, "01ABC"));
  expect(one).not.toBe(other);
  expect([itemIdIn("b!one", one ?? ""), itemIdIn("b!other", one ?? ""), itemIdIn("b!one", "01ABC")]).toEqual([
    "01ABC",
    undefined,
    undefined,
  ]);
});

test("a library's delta has its content tags, and the whole round is the library's own", async () => {
  const { library, first, a } = await opened();
  const { known } = await listed(library, first);
  expect(known.get(a)).toMatchObject({
    kind: "file",
    name: "a.txt",
    contentTag: expect.stringMatching(/^"c:/),
    hash: { algorithm: "quickXorHash" },
  });
  expect([...known.values()].every(({ id, parentId }) => itemIdIn(first, id) !== undefined && (parentId === undefined || known.has(parentId)))).toBe(true); // prettier-ignore
});

test("a site that is locked, or not ours any more, refuses its libraries in words; a file that is checked out is only for later", async () => {
  const { library, provider, first, a } = await opened();
  const { cursor, known } = await listed(library, first);
  const download = known.get(a)?.download;
  if (!download) throw new Error("The file has an address.");
  await library.fault({ name: "locked", times: 1 });
  await expect(provider.open({ id: a, feedId: first, download })).rejects.toMatchObject({ kind: "transient", status: 423 });
  await changeSite(library.site, { state: "locked" });
  const locked = { kind: "forbidden", status: 423, message: expect.stringMatching(/^An administrator has locked or archived this site/) };
  await expect(provider.changes(first, cursor)).rejects.toMatchObject(locked);
  await expect(provider.open({ id: a, feedId: first, download })).rejects.toMatchObject(locked);
  expect(await provider.lookup(first, [a])).toEqual([{ id: a, status: "refused" }]);
  await changeSite(library.site, { state: "open", members: [] });
  await expect(provider.changes(first, cursor)).rejects.toMatchObject({ kind: "forbidden", status: 403 });
  await changeSite(library.site, { state: "deleted" });
  await expect(provider.changes(first, null)).rejects.toMatchObject({ kind: "not_found", status: 404 });
  await expect(provider.lookup(first, [a])).rejects.toMatchObject({ kind: "not_found", status: 404 });
});

test.each([
  ["malware", { kind: "blocked", status: 403 }],
  ["malware-html", { kind: "blocked", status: 403 }],
  ["download-restricted", { kind: "forbidden", status: 403, providerCode: "accessRestricted" }],
  ["download-expired", { kind: "expired_url", status: 401 }],
])("a download that meets %s", async (name, error) => {
  const { library, provider, first, a } = await opened();
  const { known } = await listed(library, first);
  const download = known.get(a)?.download;
  await library.fault({ name });
  await expect(provider.open({ id: a, feedId: first, ...(download && { download }) })).rejects.toMatchObject(error);
});

test("notebooks, shortcuts and infected files are skipped, with the reason", async () => {
  const { library, first } = await opened();
  await library.mutate({ op: "mkdir", path: "/Notebook" }, { op: "mkdir", path: "/Shortcut" });
  await library.fault({ name: "one-note-package", match: { item: "Notebook" } });
  await library.fault({ name: "shortcut", match: { item: "Shortcut" } });
  await library.fault({ name: "malware", match: { item: "^b" } });
  const { known } = await listed(library, first);
  const skips = [...known.values()].flatMap(({ name, skip }) => (skip === undefined ? [] : [[name, skip]]));
  expect(skips.sort()).toEqual([["Notebook", "notebook"], ["Shortcut", "shortcut"], ["b.txt", "malware"]]); // prettier-ignore
});

test("the allowance that answers tell is passed on, and throttling waits for the longest that is asked", async () => {
  const { library, first } = await opened();
  const budgets: RequestBudget[] = [];
  const provider = sharepoint.create(env, { ...library.context, onBudget: (budget) => budgets.push(budget) });
  await library.fault({ name: "throttle", unitsPerMinute: 6 });
  await provider.feeds([first]);
  await provider.changes(first, null);
  await provider.changes(first, null);
  expect(budgets.at(-1)).toMatchObject({ limit: 6, remaining: expect.any(Number), resetSeconds: expect.any(Number) });
  await library.mend();
  await library.fault({ name: "throttled-rate-limit", times: 1 });
  await expect(provider.changes(first, null)).rejects.toMatchObject({ kind: "throttled", retryAfterSeconds: 4 });
});

test("each library is subscribed to by itself, and one that is refused is polled", async () => {
  const { library, provider, first, second } = await opened();
  const expiresAt = Math.floor(Date.now() / 1000) * 1000 + 3_600_000;
  const { webhook } = provider;
  if (!webhook) throw new Error("The provider has webhooks.");
  const made = await Promise.all([first, second].map((feedId) => webhook.subscribe({ ...REQUEST, feedId, expiresAt })));
  expect(new Set(made.map(({ id }) => id)).size).toBe(2);
  for (const { id } of made) await webhook.unsubscribe(id);
  await library.fault({ name: "subscription-forbidden" });
  await expect(webhook.subscribe({ ...REQUEST, feedId: first, expiresAt })).rejects.toMatchObject({ kind: "forbidden" });
});

const checked = async (library: SandboxDrive) => (await library.provider.checks?.())?.map(({ ok, message }) => [ok, message]);
const text = (pattern: RegExp): unknown => expect.stringMatching(pattern);

test("a test of the connection says what each permission is good for", async () => {
  const { library } = await opened();
  expect(await checked(library)).toEqual([
    [true, "You follow one site. Others are found by searching."],
    [true, "Every site that you may open can be found."],
    [true, text(/can be read/)],
  ]);
  expect(await checked(await library.connectedBy("files"))).toEqual([
    [true, text(/^Not listed: .*403.*by searching, or by their addresses/)],
    [true, text(/^Not allowed: .*403.*by their addresses/)],
    [true, text(/can be read/)],
  ]);
  await library.fault({ name: "followed-sites-unsupported" });
  expect(await checked(library)).toEqual([
    [true, text(/^Not listed/)],
    [true, text(/Every site/)],
    [true, text(/can be read/)],
  ]);
  await library.fault({ name: "access-denied" });
  expect(await checked(library)).toEqual([
    [false, text(/Connect the account again.*administrators/)],
    [false, text(/Connect the account again/)],
    [false, text(/^No library .* 403 .*Connect the account again/)],
  ]);
  await library.mend();
  await library.fault({ name: "access-token-expired" });
  await expect(library.provider.checks?.()).rejects.toMatchObject({ kind: "auth" });
});

test("no method asks for more than it needs, and a personal account has no sites", async () => {
  const [sites, files] = ["sites", "files"].map((id) => scopesOf(sharepoint, id).filter((scope) => /^(Sites|Files)\./.test(scope)));
  expect([sites, files]).toEqual([["Sites.Read.All"], ["Files.Read.All"]]);
  await expect(signIn("nobody@outlook.example", scopesOf(sharepoint, "sites"))).rejects.toThrow(/invalid|No token/);
});
