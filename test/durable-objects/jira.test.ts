import { env } from "cloudflare:workers";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import { createJiraUser as createUser, type JiraUser as User, sourceOf } from "../support/jira-user.ts";
import { workOff } from "../support/kill.ts";
import { mirrorOf, settled } from "../support/memory-user.ts";
import type { Op } from "../providers/sandbox-jira.ts";

// A whole sync of a Jira site: searches that tell no removals, texts that are made when they are asked for.

async function run(user: User, full = false): Promise<{ status: string | null; error: string | null }> {
  const { id } = unwrap(await user.stub.run(user.syncId, { full, trigger: "manual" }));
  await settled(user);
  const row = await env.DB.prepare("SELECT status, error_message AS error FROM runs WHERE id = ?")
    .bind(id)
    .first<{ status: string; error: string }>();
  return { status: row?.status ?? null, error: row?.error ?? null };
}

async function expectEqual(user: User, what?: string): Promise<void> {
  expect(await mirrorOf(user), what).toEqual(await sourceOf(user));
}

/** Requests to these routes so far. */
async function asked(user: User, route = ""): Promise<number> {
  return (await user.jira.asked()).filter((one) => one.route.includes(route)).reduce((sum, { count }) => sum + count, 0);
}

const create = (project: string, summary: string, fields: Record<string, unknown> = {}): Op => ({ op: "create", project, summary, fields });
const attach = (issue: string, name: string, bytes: string | number): Op => ({ op: "attach", issue, name, bytes });

afterEach(() => void vi.useRealTimers());

describe("a Jira site", () => {
  it("is mirrored, and followed through changes of every kind; files that only move are not downloaded", { timeout: 60_000 }, async () => {
    const user = await createUser(
      ...Array.from({ length: 5 }, (_, n) => create("AB", `Issue ${n} ✓`, { description: `text ${n}` })),
      create("CD", "潮汐表"),
      attach("AB-1", "a.txt", "a"),
      attach("AB-1", "a.txt", "another of that name"),
      attach("AB-2", "noise.bin", 70_000),
      attach("AB-3", "empty.txt", ""),
    );
    // Those of the same name are told apart by their ids.
    const { issues } = await user.jira.state();
    const twin = issues[0]?.attachments[1]?.id;
    const named = (files: { path: string; sha256: string }[]) =>
      files.map((file) => ({ ...file, path: file.path })).sort((one, other) => (one.path < other.path ? -1 : 1));
    const expected = (await sourceOf(user)).map((file, index, all) =>
      all[index - 1]?.path === file.path ? { ...file, path: file.path.replace("a.txt", `a (${twin}).txt`) } : file,
    );
    expect(named(await mirrorOf(user)).map(({ path }) => path)).toEqual(named(expected).map(({ path }) => path));
    await user.jira.mutate({ op: "detach", attachment: Number(twin) });
    await run(user);
    await expectEqual(user, "one of the twins is gone");

    for (const [what, ops, downloads] of STEPS) {
      const before = await asked(user, "/attachment/content");
      await user.jira.mutate(...ops);
      expect((await run(user)).status, what).toBe("completed");
      await expectEqual(user, what);
      expect((await asked(user, "/attachment/content")) - before, what).toBe(downloads);
    }
  });

  it("costs one request for each project where nothing is new, and writes nothing to D1", async () => {
    const user = await createUser(create("AB", "one"), attach("AB-1", "a.txt", "a"), create("CD", "two"));
    await run(user);
    const before = await asked(user);
    const rows = await catalogueOf(user);
    await user.stub.wake({ reason: "webhook", connectionId: user.connectionId, feedId: "" });
    await expect.poll(() => asked(user), { timeout: 10_000 }).toBe(before + 2);
    await settled(user);
    expect(await asked(user)).toBe(before + 2);
    expect(await catalogueOf(user)).toEqual(rows);
  });

  it("tells no removals: what was deleted goes with the next listing, and nothing is downloaded twice", async () => {
    const user = await createUser(
      create("AB", "stays"),
      create("AB", "goes"),
      attach("AB-2", "a.txt", "a"),
      create("CD", "goes, too"),
      create("CD", "stays, too"),
    );
    await user.jira.mutate({ op: "delete", issue: "AB-2" }, { op: "delete", issue: "CD-1" });
    await run(user);
    expect(await mirrorOf(user)).toHaveLength(5);
    const before = await asked(user, "/issue/{id}/comment");
    expect((await run(user, true)).status).toBe("completed");
    await expectEqual(user);
    expect(await mirrorOf(user)).toHaveLength(2);
    // Two are our own, for what the site has.
    expect(await asked(user, "/issue/{id}/comment")).toBe(before + 2);
  });

  it("whose search is behind is right once that has caught up", async () => {
    const user = await createUser(create("AB", "one"));
    await user.jira.fault({ name: "atlassian-jira-index-behind" });
    await user.jira.mutate({ op: "comment", issue: "AB-1", body: "not found yet" }, create("AB", "nor this"));
    await run(user);
    expect(await mirrorOf(user)).toHaveLength(1);
    await user.jira.mend();
    await run(user);
    await expectEqual(user);
  });

  it("is kept as far as the sync's JQL says, whether issues come to meet it or no longer do", async () => {
    const user = await createUser(create("AB", "open"), create("AB", "to be done"), attach("AB-2", "a.txt", "a"), create("CD", "done"));
    await user.jira.mutate({ op: "status", issue: "CD-1", status: "Done" });
    unwrap(await user.stub.updateSync(user.syncId, { options: { providerOptions: { jql: "status != Done" } } }));
    await run(user);
    expect(await mirrorOf(user)).toEqual(await sourceOf(user, ({ key }) => key !== "CD-1"));
    await user.jira.mutate({ op: "status", issue: "CD-1", status: "To Do" }, { op: "status", issue: "AB-2", status: "Done" });
    await run(user);
    expect(await mirrorOf(user)).toEqual(await sourceOf(user, ({ key }) => key !== "AB-2"));
    unwrap(await user.stub.updateSync(user.syncId, { options: { providerOptions: { jql: "colour = red" } } }));
    const before = await mirrorOf(user);
    expect(await run(user)).toMatchObject({ status: "failed", error: expect.stringContaining("Field 'colour' does not exist") });
    expect(await mirrorOf(user)).toEqual(before);
  });

  it("loses nothing here with a project that is no longer shown", async () => {
    const user = await createUser(create("AB", "one"), attach("AB-1", "a.txt", "a"), create("CD", "two"));
    const before = await mirrorOf(user);
    const bar = (barred: boolean): Op => ({ op: "bar", project: "AB", account: user.jira.account, barred });
    await user.jira.mutate(bar(true));
    await run(user, true);
    expect(await mirrorOf(user)).toEqual(before);
    await user.jira.mutate(bar(false), { op: "comment", issue: "AB-1", body: "back" });
    await run(user);
    await expectEqual(user);
  });

  it("that throttles is left alone for as long as it says, and then goes on", async () => {
    const user = await createUser(create("AB", "one"));
    await user.jira.mutate(create("AB", "two"));
    await user.jira.fault({ name: "atlassian-throttled", times: 1 });
    const begun = Date.now();
    expect((await run(user)).status).toBe("completed");
    expect(Date.now() - begun).toBeGreaterThanOrEqual(2_000);
    await expectEqual(user);
  });

  it("whose access was taken back asks the person; disconnected, the copies stay", async () => {
    const user = await createUser(create("AB", "one"));
    const before = await mirrorOf(user);
    expect(unwrap(await user.stub.testConnection(user.connectionId))).toMatchObject({
      ok: true,
      checks: [{ ok: true }, { ok: true }, { ok: true }],
    });
    await user.jira.revoke();
    unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
    const status = () => env.DB.prepare("SELECT status FROM connections WHERE id = ?").bind(user.connectionId).first("status");
    await expect.poll(status, { timeout: 10_000 }).toBe("needs_reconnect");
    expect(unwrap(await user.stub.disconnect(user.connectionId))).toMatchObject({ status: "revoked" });
    expect(await mirrorOf(user)).toEqual(before);
  });

  it("is mirrored whatever happens there, in bad weather too", { timeout: 60_000 }, async () => {
    const rounds = fc.array(fc.array(deed, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(rounds, weather, async (all, faults) => {
        const user = await createUser(...Array.from({ length: 3 }, (_, n) => create("AB", `issue ${n}`)), create("CD", "other"));
        vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
        const work = async (full: boolean) => {
          unwrap(await user.stub.run(user.syncId, { full, trigger: "manual" }));
          await workOff(user);
        };
        for (const name of faults) await user.jira.fault({ name, times: 2 });
        for (const deeds of all) {
          for (const one of deeds) await perform(user, one);
          await work(false);
        }
        await user.jira.mend();
        await work(true);
        vi.useRealTimers();
        await expectEqual(user);
      }),
      { numRuns: 2, endOnFailure: true },
    );
  });
});

const STEPS: [what: string, ops: Op[], downloads: number][] = [
  [
    "a comment, and one with another text",
    [
      { op: "comment", issue: "AB-1", body: "said" },
      { op: "edit", issue: "AB-2", fields: { summary: "Renamed", description: "other" } },
    ],
    0,
  ],
  ["files come and go", [attach("AB-4", "new.txt", "new"), { op: "edit", issue: "AB-5", fields: { labels: ["x"] } }], 1],
  ["an issue goes to another project, with its file", [{ op: "move", issue: "AB-2", project: "CD" }], 0],
  [
    "a project is called otherwise, and so are its issues",
    [
      { op: "rename-project", project: "AB", key: "XY", name: "Chi" },
      { op: "comment", issue: "XY-1", body: "renamed" },
    ],
    0,
  ],
  ["many comments", Array.from({ length: 130 }, (_, n) => ({ op: "comment", issue: "CD-1", body: `remark ${n}` })), 0],
];

const deed = fc.record({
  op: fc.constantFrom("create", "edit", "comment", "attach", "detach", "move", "delete"),
  issue: fc.nat(5),
  project: fc.constantFrom("AB", "CD"),
  text: fc.stringMatching(/^[a-zé*_ ]{1,8}[a-z]$/),
});
const weather = fc.subarray(
  [
    "atlassian-jira-small-pages",
    "atlassian-jira-redirects",
    "atlassian-jira-empty-page",
    "atlassian-jira-bulk-errors",
    "atlassian-server-error",
    "truncated-body",
  ],
  {
    maxLength: 3,
  },
);

async function perform(
  user: User,
  { op, issue: index, project, text }: typeof deed extends fc.Arbitrary<infer T> ? T : never,
): Promise<void> {
  const { issues } = await user.jira.state();
  const chosen = issues[index % Math.max(1, issues.length)];
  if (op === "create" || chosen === undefined) return void (await user.jira.mutate(create(project, text.trim())));
  const issue = chosen.id;
  const ops: Record<string, Op | undefined> = {
    edit: { op: "edit", issue, fields: { summary: text.trim(), description: text } },
    comment: { op: "comment", issue, body: text },
    attach: attach(issue, `${crypto.randomUUID().slice(0, 6)}.txt`, text),
    detach: chosen.attachments[0] && { op: "detach", attachment: Number(chosen.attachments[0].id) },
    move: chosen.projectKey === project ? undefined : { op: "move", issue, project },
    delete: { op: "delete", issue },
  };
  const one = ops[op];
  if (one) await user.jira.mutate(one);
}

async function catalogueOf(user: User) {
  const results = await env.DB.batch(
    ["syncs", "connections", "runs"].map((table) => env.DB.prepare(`SELECT * FROM ${table} WHERE user_id = ?`).bind(user.userId)),
  );
  const items = await env.DB.prepare("SELECT * FROM items WHERE sync_id = ?").bind(user.syncId).all();
  return [...results.map(({ results: rows }) => rows), items.results];
}
