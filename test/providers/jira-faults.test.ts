import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { attachmentItemId, documentId, feedIdOf, hundredId, issueFolderId, rootId } from "../../worker/providers/jira/ids.ts";
import { jira as definition } from "../../worker/providers/jira/jira.ts";
import { options } from "../../worker/providers/jira/jql.ts";
import type { Change, Entry, Provider, RequestBudget } from "../../worker/providers/provider.ts";
import { applyRound, pathsOf } from "./contract.ts";
import { control } from "./control.ts";
import { type Op, SandboxJira } from "./sandbox-jira.ts";

// What Jira does beyond answering: refusals, lists that break off, what moves out of sight.

const create = (summary: string, project = "AB"): Op => ({ op: "create", project, summary });

async function site(...ops: Op[]) {
  const jira = await SandboxJira.open("faults");
  const [projectId = "", otherId = ""] = await jira.mutate(
    { op: "project", key: "AB", name: "Alpha" },
    { op: "project", key: "CD", name: "Ceta" },
  );
  const ids = await jira.mutate(...ops);
  const feed = (id: string) => feedIdOf({ siteId: jira.cloudId, projectId: id });
  return { jira, ids, feedId: feed(projectId), otherFeedId: feed(otherId), projectId, otherId, provider: jira.provider };
}

interface Page {
  issues?: { fields: { updated?: string; attachment?: unknown } }[];
}

/** A connection whose lists of issues come otherwise than Jira has them. */
function distorted(jira: SandboxJira, distort: (page: Page) => void): Provider {
  return definition.create(env, {
    ...jira.context,
    fetch: async (input, init) => {
      const answer = await fetch(input, init);
      if (!/(search\/jql|bulkfetch)$/.test(String(input))) return answer;
      const page = await answer.json<Page>();
      distort(page);
      return Response.json(page);
    },
  });
}

async function listed(
  provider: Provider,
  feedId: string,
  known = new Map<string, Entry>(),
): Promise<{ known: Map<string, Entry>; cursor: string }> {
  return { known, cursor: await applyRound(provider, feedId, null, known) };
}

describe("a refusal", () => {
  it.each([
    ["atlassian-scope-missing", { kind: "auth", providerCode: "scope_mismatch" }],
    ["atlassian-captcha", { kind: "auth", providerCode: "AUTHENTICATION_DENIED" }],
    ["atlassian-forbidden", { kind: "forbidden", status: 403 }],
    ["atlassian-server-error", { kind: "transient", status: 500 }],
    ["atlassian-busy", { kind: "throttled", retryAfterSeconds: 2 }],
    ["atlassian-unavailable", { kind: "transient", status: 503 }],
    ["atlassian-jira-quota-global", { kind: "throttled", retryAfterSeconds: 1847, providerCode: "jira-quota-global-based" }],
    ["atlassian-jira-search-removed", { kind: "unsupported", status: 410 }],
  ])("%s is told as what it is", async (name, error) => {
    const { jira, feedId, provider } = await site();
    await jira.fault({ name });
    await expect(provider.changes(feedId, null)).rejects.toMatchObject(error);
  });

  it("of the hour's points tells what is left of them", async () => {
    const { jira, feedId } = await site();
    const budgets: RequestBudget[] = [];
    const provider = definition.create(env, { ...jira.context, onBudget: (budget) => void budgets.push(budget) });
    await jira.fault({ name: "atlassian-jira-quota-global" });
    await expect(provider.changes(feedId, null)).rejects.toMatchObject({ kind: "throttled" });
    expect(budgets).toEqual([{ limit: 65_000, remaining: 0, resetSeconds: expect.closeTo(1847, -1) }]);
  });
});

describe("an API token", () => {
  it.each(["plain", "scoped"] as const)("that is %s opens the site, and nothing more is asked with a wrong one", async (kind) => {
    const { jira } = await site(create("one"));
    const provider = await jira.withApiToken(kind);
    const [feed] = await provider.feeds();
    expect((await provider.changes(feed?.id ?? "", null)).changes).not.toEqual([]);
    expect(await provider.checks?.()).toMatchObject([{ ok: true }, { ok: true }]);
    const wrong = await jira.withApiToken(kind, kind === "plain" ? { token: "wrong" } : { scopedToken: "wrong" });
    const before = jira.requests;
    for (let i = 0; i < 2; i++) await expect(wrong.account()).rejects.toMatchObject({ kind: "auth" });
    expect(jira.requests - before).toBeLessThanOrEqual(kind === "plain" ? 1 : 2);
  });

  it("of another host, or of none that may be asked, says what is wrong", async () => {
    const { jira } = await site();
    for (const [host, message] of [
      ["192.168.1.7", "public internet"],
      ["http://mia.atlassian.net", "https"],
      ["nobody-there.atlassian.net", ""],
    ])
      await expect((await jira.withApiToken("plain", { site: host ?? "" })).account()).rejects.toThrow(message);
  });
});

describe("a list that breaks off", () => {
  it("begins anew where its token is forgotten in the first listing; among changes only these do", async () => {
    const { jira, feedId, provider } = await site(...Array.from({ length: 5 }, (_, n) => create(`${n}`)));
    await jira.fault({ name: "atlassian-jira-small-pages" });
    const first = await provider.changes(feedId, null);
    expect(first.more).toBe(true);
    await jira.expireTokens();
    await expect(provider.changes(feedId, first.cursor)).rejects.toMatchObject({ kind: "cursor_expired" });
    const { cursor } = await listed(provider, feedId);
    const changed = await provider.changes(feedId, cursor);
    expect(changed.more).toBe(true);
    await jira.expireTokens();
    const again = await provider.changes(feedId, changed.cursor);
    expect([again.changes, again.more]).toEqual([[], true]);
    const told: Change[] = [];
    for (let page = await provider.changes(feedId, again.cursor); ; page = await provider.changes(feedId, page.cursor)) {
      told.push(...page.changes);
      if (!page.more) break;
    }
    expect(told.filter(isFile)).toHaveLength(5);
  });

  it("with a page without issues goes on, and ends at the second one", async () => {
    const { jira, feedId, provider } = await site(create("one"), create("two"));
    await jira.fault({ name: "atlassian-jira-empty-page", times: 1 });
    expect(pathsOf((await listed(provider, feedId)).known)).toHaveLength(2);
    await jira.fault({ name: "atlassian-jira-empty-page" });
    expect((await provider.changes(feedId, null)).more).toBe(false);
  });

  it("lacks no issues for want of a list", async () => {
    const { jira, feedId } = await site(create("one"));
    const odd = distorted(jira, (page) => void Reflect.deleteProperty(page, "issues"));
    await expect(odd.changes(feedId, null)).rejects.toMatchObject({ kind: "transient" });
  });

  it("that does not tell attachments says nothing of them, and none is gone", async () => {
    const { jira, feedId, provider, ids } = await site(create("one"), { op: "attach", issue: "AB-1", name: "a.txt", bytes: "a" });
    const { known, cursor } = await listed(provider, feedId);
    const hidden = distorted(jira, ({ issues = [] }) => {
      for (const { fields } of issues) delete fields.attachment;
    });
    await applyRound(hidden, feedId, cursor, known);
    expect(pathsOf(known)).toHaveLength(2);
    const id = attachmentItemId(jira.cloudId, ids[0] ?? "", ids[1] ?? "");
    expect(await hidden.lookup(feedId, [id])).toEqual([]);
  });

  it("tells of an issue that makes no sense, and goes on", async () => {
    const { jira, feedId, ids } = await site(create("one"), create("two"));
    const odd = distorted(jira, ({ issues = [] }) => {
      for (const { fields } of issues.slice(0, 1)) delete fields.updated;
    });
    const { changes } = await odd.changes(feedId, null);
    expect(changes.filter(({ type }) => type === "malformed")).toEqual([
      { type: "malformed", id: documentId(jira.cloudId, ids[0] ?? ""), reason: "The issue does not say when it was changed." },
    ]);
    expect(changes.filter((change) => change.type === "upsert" && change.entry.kind === "file")).toHaveLength(1);
  });
});

describe("changes", () => {
  it("of an issue are told once, whatever the asker's time zone", async () => {
    const { jira, feedId, provider } = await site(create("one"), create("two"));
    const { known, cursor } = await listed(provider, feedId);
    await control("POST", "/atlassian/jira/zone", { account: jira.account, zone: "Pacific/Auckland" });
    const tags = (ids: readonly string[]) => Promise.resolve(new Map(ids.flatMap((id) => [[id, known.get(id)?.treeTag ?? ""] as const])));
    const catalogue = { treeTags: tags, itemsAtPaths: () => Promise.resolve(new Map()) };
    expect((await provider.changes(feedId, cursor, catalogue)).changes).toEqual([]);
    await jira.mutate({ op: "comment", issue: "AB-2", body: "said" });
    const told = (await provider.changes(feedId, cursor, catalogue)).changes;
    expect(told.filter(isFile).map((change) => change.entry.name)).toEqual(["AB-2 two.md"]);
  });

  it("of a project that is called otherwise ask for all of it", async () => {
    const { jira, feedId, provider } = await site(create("one"));
    const { cursor } = await listed(provider, feedId);
    await jira.mutate({ op: "rename-project", project: "AB", key: "XY" }, { op: "comment", issue: "XY-1", body: "said" });
    await expect(provider.changes(feedId, cursor)).rejects.toMatchObject({ kind: "cursor_expired" });
  });

  it("of a project that is not shown are not found", async () => {
    const { jira, feedId, provider } = await site(create("one"));
    const { cursor } = await listed(provider, feedId);
    await jira.mutate({ op: "bar", project: "AB", account: jira.account, barred: true });
    for (const from of [cursor, null]) await expect(provider.changes(feedId, from)).rejects.toMatchObject({ kind: "not_found" });
    expect(await provider.feeds([feedId])).toEqual([]);
  });
});

describe("a lookup", () => {
  it("knows folders of a hundred by whether an issue is in them", async () => {
    const { jira, feedId, provider, projectId, ids } = await site(...Array.from({ length: 100 }, (_, n) => create(`${n}`)));
    const feed = { siteId: jira.cloudId, projectId };
    const folders = [rootId(feed), hundredId(feed, 0), hundredId(feed, 1), hundredId(feed, 2)];
    const status = async () =>
      (await provider.lookup(feedId, folders)).map((found) => (found.status === "found" ? found.entry.name : found.status));
    expect(await status()).toEqual(["Alpha", "AB-1 to 99", "AB-100 to 199", "gone"]);
    await jira.mutate({ op: "move", issue: ids[99] ?? "", project: "CD" });
    expect(await status()).toEqual(["Alpha", "AB-1 to 99", "gone", "gone"]);
  });

  it("finds an issue that was moved in its new project, and no longer in the old one", async () => {
    const { jira, feedId, otherFeedId, provider, ids } = await site(create("one"), {
      op: "attach",
      issue: "AB-1",
      name: "a.txt",
      bytes: "a",
    });
    const [issue = "", attachment = ""] = ids;
    const items = [issueFolderId(jira.cloudId, issue), documentId(jira.cloudId, issue), attachmentItemId(jira.cloudId, issue, attachment)];
    await jira.mutate({ op: "move", issue, project: "CD" });
    const status = async (feed: string) => (await provider.lookup(feed, items)).map((found) => found.status);
    expect(await status(feedId)).toEqual(["gone", "gone", "gone"]);
    expect(await status(otherFeedId)).toEqual(["found", "found", "found"]);
    await jira.mutate({ op: "detach", attachment: Number(attachment) });
    expect(await status(otherFeedId)).toEqual(["found", "found", "gone"]);
  });

  it("takes nothing for gone while its project is not shown, or while Jira could not fetch it", async () => {
    const { jira, feedId, provider, ids } = await site(create("one"));
    const items = [issueFolderId(jira.cloudId, ids[0] ?? ""), issueFolderId(jira.cloudId, "99999")];
    await jira.fault({ name: "atlassian-jira-bulk-errors", times: 1 });
    expect(await provider.lookup(feedId, items)).toEqual([{ id: items[1], status: "gone" }]);
    await jira.mutate({ op: "bar", project: "AB", account: jira.account, barred: true });
    expect(await provider.lookup(feedId, items)).toEqual(items.map((id) => ({ id, status: "refused" })));
  });
});

describe("a download", () => {
  async function attachment() {
    const found = await site(create("one"), { op: "attach", issue: "AB-1", name: "a.txt", bytes: "hello world" });
    const id = attachmentItemId(found.jira.cloudId, found.ids[0] ?? "", found.ids[1] ?? "");
    return { ...found, content: { id, feedId: found.feedId } };
  }

  it("is not followed to another host, and the token goes to none but the API", async () => {
    const { jira, content } = await attachment();
    const asked: { host: string; authorized: boolean }[] = [];
    const provider = definition.create(env, {
      ...jira.context,
      fetch: (input, init) => {
        asked.push({ host: new URL(String(input)).host, authorized: new Headers(init?.headers).has("authorization") });
        return fetch(input, init);
      },
    });
    await jira.fault({ name: "atlassian-jira-redirects", times: 1 });
    expect(await new Response((await provider.open(content)).body).text()).toBe("hello world");
    expect(asked).toEqual([
      { host: "api.atlassian.com", authorized: true },
      { host: "api.media.atlassian.com", authorized: false },
    ]);
    await jira.fault({ name: "atlassian-jira-redirects-astray" });
    await expect(provider.open(content)).rejects.toMatchObject({ kind: "fatal" });
    expect(asked.filter(({ host }) => host === "elsewhere.example")).toEqual([]);
  });

  it("of an attachment that is no more, or while they are switched off, says that there is none", async () => {
    const { jira, ids, provider, content } = await attachment();
    await jira.fault({ name: "atlassian-jira-attachments-off", times: 1 });
    await expect(provider.open(content)).rejects.toMatchObject({ kind: "not_found" });
    await jira.mutate({ op: "detach", attachment: Number(ids[1]) });
    await expect(provider.open(content)).rejects.toMatchObject({ kind: "not_found" });
  });
});

describe("the project picker", () => {
  it("shows the projects of the one site, or the sites before their projects, and finds projects by name", async () => {
    const { jira, provider } = await site();
    const names = async (...asked: Parameters<NonNullable<Provider["browse"]>["list"]>) => {
      const entries = (await jiraBrowse(jira).list(...asked)).entries;
      return entries.map(({ name, whole = false }) => [name, whole]);
    };
    expect(await names(null, null)).toEqual([
      ["Alpha (AB)", true],
      ["Ceta (CD)", true],
    ]);
    const [first] = (await jiraBrowse(jira).list(null, null)).entries;
    expect(await names({ id: first?.id ?? "", feedId: first?.feedId ?? "" }, null)).toEqual([]);
    expect((await provider.browse?.search?.("cet", null))?.entries.map(({ name }) => name)).toEqual(["Ceta (CD)"]);

    const other = await SandboxJira.open("faults");
    await other.mutate({ op: "project", key: "EF", name: "Eta" });
    await control("POST", "/atlassian/members", { owner: other.account, account: jira.account });
    const sites = (await jiraBrowse(jira).list(null, null)).entries;
    expect(sites.map(({ feedId, hasChildren }) => [feedId, hasChildren])).toEqual([
      [undefined, true],
      [undefined, true],
    ]);
    expect(await names({ id: other.cloudId }, null)).toEqual([["Eta (EF)", true]]);
    const found = await jiraBrowse(jira).search?.("eta", null);
    expect([found?.entries.map(({ name }) => name), found?.cursor]).toEqual([["Ceta (CD)"], "1/0"]);
    expect((await jiraBrowse(jira).search?.("eta", "1/0"))?.entries.map(({ name }) => name)).toEqual(["Eta (EF)"]);
    await expect(jiraBrowse(jira).list({ id: "another site" }, null)).rejects.toMatchObject({ kind: "not_found" });
  });
});

/** Afresh each time: a connection asks for its sites once. */
function jiraBrowse(jira: SandboxJira): NonNullable<Provider["browse"]> {
  const { browse } = definition.create(env, jira.context);
  if (!browse) throw new Error("Jira can be browsed.");
  return browse;
}

describe("a sync's JQL", () => {
  it.each(["status != Done ORDER BY created", "status = 'Done", "(status = Done", "status = Done) OR (project = CD"])(
    "is not taken: %s",
    (jql) => {
      expect(options.safeParse({ jql }).success).toBe(false);
    },
  );

  it.each(["", 'summary ~ "order by ("', "(status = Done OR labels in (a, b))"])("is taken: %s", (jql) => {
    expect(options.safeParse({ jql }).success).toBe(true);
  });

  it("is tried at Jira before anything is read by it, and leaves out what does not meet it", async () => {
    const { jira, feedId } = await site(create("one"), create("two"));
    const message = "Jira does not take the JQL of this sync: Field 'colour' does not exist or you do not have permission to view it.";
    const wrong = jira.withOptions({ jql: "colour = red" });
    for (const ask of [() => wrong.feeds([feedId]), () => wrong.changes(feedId, null)])
      await expect(ask()).rejects.toMatchObject({ kind: "unsupported", message });
    const provider = jira.withOptions({ jql: "summary ~ two" });
    expect(pathsOf((await listed(provider, feedId)).known)).toHaveLength(1);
  });
});

function isFile(change: Change): change is Extract<Change, { type: "upsert" }> {
  return change.type === "upsert" && change.entry.kind === "file";
}
