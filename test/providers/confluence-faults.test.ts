import { describe, expect, it } from "vitest";
import { confluence } from "../../worker/providers/confluence/confluence.ts";
import type { ChangePage, Entry, Provider } from "../../worker/providers/provider.ts";
import { applyRound, pathsOf } from "./contract.ts";
import { SandboxConfluence } from "./sandbox-confluence.ts";

const HOUR_MS = 3_600_000;
const SEARCH = "/wiki/rest/api/content/search";
const ATTACHMENTS = "/wiki/api/v2/pages/{id}/attachments";

async function listed(site: SandboxConfluence, provider: Provider = site.provider()) {
  const known = new Map<string, Entry>();
  const cursor = await applyRound(provider, site.feedId, null, known);
  return { known, cursor, provider };
}

const upserts = ({ changes }: ChangePage): Map<string, Entry> =>
  new Map(changes.flatMap((change) => (change.type === "upsert" ? [[change.entry.id, change.entry]] : [])));

const expected = async (site: SandboxConfluence): Promise<string[]> => (await site.files()).map(({ path, id }) => `${path} ${id}`).sort();

describe("a listing", () => {
  it.each(["atlassian-confluence-empty-page", "atlassian-confluence-endless", "atlassian-confluence-duplicates"])(
    "with %s has all there is, and ends",
    async (fault) => {
      const site = await SandboxConfluence.open();
      const home = await site.page("Home");
      for (let n = 0; n < 4; n++)
        await site.mutate({ op: "attach", page: await site.page(`${n}`, { parent: home }), title: "a.txt", bytes: `${n}` });
      await site.fault(fault, { rate: fault === "atlassian-confluence-empty-page" ? 0.5 : 1 });
      expect(pathsOf((await listed(site)).known)).toEqual(await expected(site));
    },
  );

  it("of more pages than one answer has goes on where it was, and says so where the place is not known any more", async () => {
    const site = await SandboxConfluence.open();
    await site.mutate(...Array.from({ length: 60 }, (_, n) => ({ op: "add", space: site.spaceId, title: `${n}` })));
    const provider = site.provider();
    const first = await provider.changes(site.feedId, null);
    expect([first.more, first.changes.length]).toEqual([true, 1 + 2 * 50]);
    const second = await provider.changes(site.feedId, first.cursor);
    expect([second.more, second.changes.length]).toEqual([false, 2 * 10]);
    await site.expireCursors();
    await expect(provider.changes(site.feedId, first.cursor)).rejects.toMatchObject({ kind: "cursor_expired" });
  });

  it("tells of a page without a title that it makes no sense, and goes on", async () => {
    const site = await SandboxConfluence.open();
    const [bad] = [await site.page("Bad"), await site.page("Good")];
    await site.fault("atlassian-confluence-malformed", { match: { item: "^Bad$" } });
    const { changes } = await site.provider().changes(site.feedId, null);
    expect(changes.flatMap((change) => (change.type === "malformed" ? change.id : []))).toEqual([
      `${site.siteId}/${bad}`,
      `${site.siteId}/${bad}.md`,
    ]);
    expect(changes.flatMap((change) => (change.type === "upsert" ? change.entry.name : []))).toEqual(["Team", "Good", "Good.md"]);
  });

  it("shows pages in folders, whiteboards and links that lists do not tell of, also where those are not shown", async () => {
    const site = await SandboxConfluence.open();
    const folder = await site.change({ op: "add", kind: "folder", space: site.spaceId, title: "Folder / one" });
    const board = await site.change({ op: "add", kind: "whiteboard", space: site.spaceId, title: "Board", parent: folder });
    const page = await site.page("Deep", { parent: board });
    await site.mutate({ op: "attach", page, title: "a/b.txt", bytes: "a" });
    const { known, provider } = await listed(site);
    expect(pathsOf(known)).toEqual(await expected(site));
    expect(pathsOf(known)[0]).toContain("/Folder _ one/Board/Deep/Deep.md");
    const ids = [...known.keys()];
    expect((await provider.lookup(site.feedId, ids)).every(({ status }) => status === "found")).toBe(true);

    await site.fault("atlassian-scope-missing", { match: { path: "/whiteboards/" } });
    expect(pathsOf((await listed(site)).known).map((path) => path.split(" ")[0])).toContain(`/whiteboard`);
  });

  it("leaves out drafts and blog posts, and keeps what is archived", async () => {
    const site = await SandboxConfluence.open();
    const old = await site.page("Old");
    await site.mutate(
      { op: "archive", id: old },
      { op: "add", space: site.spaceId, title: "Draft", status: "draft" },
      { op: "add", kind: "blogpost", space: site.spaceId, title: "News" },
    );
    expect(pathsOf((await listed(site)).known)).toEqual([`/Old/Old.md ${site.siteId}/${old}.md`]);
  });

  it("goes on without the attachments of a page that are refused, says so, and takes none of them for gone", async () => {
    const site = await SandboxConfluence.open();
    const [page, other] = [await site.page("Closed"), await site.page("Open")];
    const [id] = await site.mutate(
      { op: "attach", page, title: "a.txt", bytes: "a" },
      { op: "attach", page: other, title: "b.txt", bytes: "b" },
    );
    await site.fault("atlassian-forbidden", { match: { path: `(/pages/${page}/attachments|/attachments/${id})` } });
    const told = await site.provider().changes(site.feedId, null);
    expect(told.changes.filter(({ type }) => type === "malformed")).toHaveLength(1);
    expect([...upserts(told).values()].map(({ name }) => name)).toEqual(["Team", "Closed", "Closed.md", "Open", "Open.md", "b.txt"]);
    expect(await site.provider().lookup(site.feedId, [`${site.siteId}/${id}`])).toMatchObject([{ status: "refused" }]);
  });

  it("is begun by an API token only as somebody", async () => {
    const site = await SandboxConfluence.open("token");
    await site.page("Home");
    await site.fault("atlassian-confluence-anonymous");
    await expect(site.provider().changes(site.feedId, null)).rejects.toMatchObject({ kind: "auth" });
  });
});

describe("changes", () => {
  it("are searched for by one request, as far back as zones lie apart, and only what is new is told", async () => {
    const site = await SandboxConfluence.open();
    await site.page("Old");
    const { cursor, provider } = await listed(site);
    // As if the listing were of five hours later: what there is was written before.
    site.skewMilliseconds = 5 * HOUR_MS;
    const later = await applyRound(provider, site.feedId, cursor, new Map());
    await site.forgetAsked();
    const told = await provider.changes(site.feedId, later);
    expect([told.changes, told.more, await site.asked()]).toEqual([[], false, { [SEARCH]: 1 }]);

    site.skewMilliseconds = 0;
    const { cursor: now } = await listed(site);
    const id = await site.page("New");
    expect([...upserts(await provider.changes(site.feedId, now)).keys()]).toContain(`${site.siteId}/${id}.md`);
  });

  it("that search learns of late are found by the next search", async () => {
    const site = await SandboxConfluence.open();
    const { cursor, provider, known } = await listed(site);
    await site.page("Late");
    await site.fault("atlassian-confluence-index-behind");
    const after = await applyRound(provider, site.feedId, cursor, known);
    expect(pathsOf(known)).toEqual([]);
    await site.mend();
    await applyRound(provider, site.feedId, after, known);
    expect(pathsOf(known)).toEqual(await expected(site));
  });

  it("of an attachment alone are found, though its page's version stays, with the pages above it", async () => {
    const site = await SandboxConfluence.open();
    const home = await site.page("Home");
    const page = await site.page("Page", { parent: home });
    const [id] = await site.mutate({ op: "attach", page, title: "a.txt", bytes: "one" });
    const { known, cursor, provider } = await listed(site);
    const before = known.get(`${site.siteId}/${id}`)?.contentTag;
    await site.mutate({ op: "attach", page, title: "a.txt", bytes: "another" });
    const told = upserts(await provider.changes(site.feedId, cursor));
    expect(told.get(`${site.siteId}/${id}`)).toMatchObject({ size: 7, contentTag: expect.not.stringMatching(before ?? "") });
    expect([...told.keys()]).toEqual(expect.arrayContaining([home, page].map((one) => `${site.siteId}/${one}`)));
  });

  it("of a page that has gone to another space are that one's", async () => {
    const site = await SandboxConfluence.open();
    const page = await site.page("Wanderer");
    const { cursor, provider } = await listed(site);
    const other = await site.change({ op: "space", key: "OTHER", name: "Other" });
    await site.mutate({ op: "move", id: page, parent: null, space: other }, { op: "edit", id: page, body: "<p>there</p>" });
    expect((await provider.changes(site.feedId, cursor)).changes).toEqual([]);
    const ids = [`${site.siteId}/${page}`, `${site.siteId}/${page}.md`];
    expect((await provider.lookup(site.feedId, ids)).map(({ status }) => status)).toEqual(["gone", "gone"]);
    expect((await provider.lookup(`${site.siteId}/${other}`, ids)).map(({ status }) => status)).toEqual(["found", "found"]);
  });

  it("that cannot be searched for are an error, and no list without changes", async () => {
    const site = await SandboxConfluence.open();
    const { cursor, provider } = await listed(site);
    await site.fault("atlassian-confluence-search-refused");
    await expect(provider.changes(site.feedId, cursor)).rejects.toMatchObject({ kind: "fatal", status: 400 });
  });
});

describe("a lookup", () => {
  it("asks by itself for what a list does not have, before that counts as gone", async () => {
    const site = await SandboxConfluence.open();
    const id = await site.page("Home");
    await site.fault("atlassian-confluence-hidden", { match: { path: "/pages\\?" } });
    expect((await site.provider().lookup(site.feedId, [`${site.siteId}/${id}.md`])).map(({ status }) => status)).toEqual(["found"]);
  });

  it("knows of no file in a format that is not kept, and of nothing at another site", async () => {
    const site = await SandboxConfluence.open();
    const id = await site.page("Home");
    const ids = [`${site.siteId}/${id}.html`, `elsewhere/${id}`, `${site.siteId}/nonsense`];
    expect((await site.provider().lookup(site.feedId, ids)).map(({ status }) => status)).toEqual(["gone", "gone", "gone"]);
    expect(await site.provider({ pages: "html" }).lookup(site.feedId, ids.slice(0, 1))).toMatchObject([{ status: "found" }]);
  });

  it("that is refused removes nothing", async () => {
    const site = await SandboxConfluence.open();
    const id = await site.page("Home");
    await site.fault("atlassian-forbidden", { match: { path: "/pages/\\d+$" } });
    await site.mutate({ op: "trash", id });
    expect((await site.provider().lookup(site.feedId, [`${site.siteId}/${id}`])).map(({ status }) => status)).toEqual(["refused"]);
    await site.mend();
    await site.fault("atlassian-server-error");
    await expect(site.provider().lookup(site.feedId, [`${site.siteId}/${id}`])).rejects.toMatchObject({ kind: "transient" });
  });
});

describe("a content", () => {
  it("of a page is its version's alone: of another one it says that its time is over", async () => {
    const site = await SandboxConfluence.open();
    const id = await site.page("Home");
    const { known, provider } = await listed(site);
    const file = known.get(`${site.siteId}/${id}.md`);
    const ref = { id: file?.id ?? "", feedId: site.feedId, ...(file?.download && { download: file.download }) };
    expect(await new Response((await provider.open(ref)).body).text()).toBe("# Home\n\nHome\n");
    await site.mutate({ op: "edit", id, body: "<p>other</p>" });
    await expect(provider.open(ref)).rejects.toMatchObject({ kind: "expired_url" });
    await site.mutate({ op: "trash", id });
    await expect(provider.open(ref)).rejects.toMatchObject({ kind: "expired_url" });
  });

  it("of an attachment comes from the store of files without the token, also when its address was refused once", async () => {
    const site = await SandboxConfluence.open();
    const id = await site.change({ op: "attach", page: await site.page("Home"), title: "a.txt", bytes: "bytes" });
    const { known, provider } = await listed(site);
    const file = known.get(`${site.siteId}/${id}`);
    const ref = { id: file?.id ?? "", feedId: site.feedId, ...(file?.download && { download: file.download }) };
    await site.fault("atlassian-media-expired", { times: 1 });
    await expect(provider.open(ref)).rejects.toMatchObject({ kind: "transient" });
    expect(await new Response((await provider.open(ref)).body).text()).toBe("bytes");
  });

  it("that Confluence fails to give passes for a fault, not for an empty page", async () => {
    const site = await SandboxConfluence.open();
    const id = await site.page("Home");
    const { known, provider } = await listed(site);
    const file = known.get(`${site.siteId}/${id}.md`);
    await site.fault("atlassian-confluence-body-broken");
    const ref = { id: file?.id ?? "", feedId: site.feedId, ...(file?.download && { download: file.download }) };
    await expect(provider.open(ref)).rejects.toMatchObject({ kind: "transient" });
  });
});

describe("a connection", () => {
  it.each([
    ["atlassian-scope-missing", { kind: "auth", providerCode: "scope_mismatch" }],
    ["atlassian-forbidden", { kind: "forbidden" }],
    ["atlassian-busy", { kind: "throttled", retryAfterSeconds: 2 }],
    ["atlassian-quota-used-up", { kind: "throttled", retryAfterSeconds: 1847, providerCode: "jira-quota-tenant-based" }],
    ["atlassian-throttled-without-time", { kind: "throttled" }],
    ["atlassian-unavailable", { kind: "transient" }],
    ["atlassian-unauthorized", { kind: "auth" }],
  ])("meets %s as what it is", async (fault, error) => {
    const site = await SandboxConfluence.open();
    await site.fault(fault);
    await expect(site.provider().changes(site.feedId, null)).rejects.toMatchObject(error);
  });

  it("by an API token that has to prove a person says where", async () => {
    const site = await SandboxConfluence.open("token");
    await site.fault("atlassian-captcha");
    await expect(site.provider().account()).rejects.toThrow(/Sign in at the site with a browser/);
  });

  it("is tested scope by scope", async () => {
    const few = await SandboxConfluence.open("sign-in", ["read:me", "read:space:confluence", "read:page:confluence"]);
    const found = (await few.provider().checks?.()) ?? [];
    expect(found.map(({ name, ok }) => `${name} ${ok}`)).toEqual(["Spaces true", "Pages true", "Attachments false", "Folders false", "Downloads false", "Search false"]); // prettier-ignore
    expect(found.find(({ ok }) => !ok)?.message).toMatch(/a scope is missing/);
    for (const way of ["sign-in", "token", "scoped-token"] as const) {
      const all = (await (await SandboxConfluence.open(way)).provider().checks?.()) ?? [];
      expect(all.filter(({ ok }) => !ok)).toEqual([]);
    }
  });

  it("by any way has its spaces to choose from, each with its pages, and follows those of teams where nobody chooses", async () => {
    for (const way of ["sign-in", "token", "scoped-token"] as const) {
      const site = await SandboxConfluence.open(way);
      await site.mutate(
        { op: "space", key: "~me", name: "Mine", type: "personal" },
        { op: "space", key: "OLD", name: "Old", status: "archived" },
      );
      const home = await site.page("Home");
      await site.page("Child", { parent: home });
      const provider = site.provider();
      expect(await provider.feeds()).toEqual([{ id: site.feedId, name: "Team" }]);
      expect(await provider.feeds([site.feedId, `${site.siteId}/1`, "nonsense"])).toHaveLength(1);
      const { entries } = (await provider.browse?.list(null, null)) ?? { entries: [] };
      expect(entries.map(({ name, whole }) => [name, whole])).toEqual([["Team", true], ["Mine", true], ["Old", true]]); // prettier-ignore
      const pages = await provider.browse?.list({ id: entries[0]?.id ?? "", feedId: site.feedId }, null);
      expect(pages?.entries).toMatchObject([{ id: `${site.siteId}/${home}`, name: "Home", kind: "folder" }]);
      const below = await provider.browse?.list({ id: `${site.siteId}/${home}`, feedId: site.feedId }, null);
      expect(below?.entries).toMatchObject([{ name: "Child" }]);
    }
  });

  it("asks for attachments page by page when it lists, and sends nothing but GET", async () => {
    const site = await SandboxConfluence.open();
    for (let n = 0; n < 3; n++) await site.page(`${n}`);
    await site.forgetAsked();
    await site.provider().changes(site.feedId, null);
    expect((await site.asked())[ATTACHMENTS]).toBe(3);
  });

  it("says what it cannot do: removals are found within a day", () => {
    expect(confluence).toMatchObject({ removalsWithinDays: 1, capabilities: { webhook: false } });
  });
});
