import { env } from "cloudflare:workers";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import type { ProviderOptions } from "../../worker/providers/options.ts";
import { control } from "../providers/control.ts";
import type { SandboxConfluence } from "../providers/sandbox-confluence.ts";
import { type ConfluenceUser, createConfluenceUser } from "../support/confluence-user.ts";
import { workOff } from "../support/kill.ts";
import { mirrorOf, settled } from "../support/memory-user.ts";

// Whole syncs of Confluence, as the sandbox plays it: the user's object, queue, bucket and catalogue.

const SEARCH = "/wiki/rest/api/content/search";
const DAY_MS = 86_400_000;

afterEach(() => void vi.useRealTimers());

async function run(user: ConfluenceUser, full = false) {
  const { id } = unwrap(await user.stub.run(user.syncId, { full, trigger: "manual" }));
  await settled(user);
  return env.DB.prepare("SELECT status, error_code FROM runs WHERE id = ?").bind(id).first<{ status: string; error_code: string | null }>();
}

/** A scheduled run, if one is due. */
async function pass(user: ConfluenceUser): Promise<void> {
  await user.stub.wake({ reason: "schedule" });
  await workOff(user);
}

async function expectEqual(user: ConfluenceUser, options?: ProviderOptions, spaceId?: string): Promise<void> {
  const source = (await user.site.files(options, spaceId)).map(({ path, sha256 }) => ({ path, sha256 }));
  expect(await mirrorOf(user)).toEqual(source);
}

/** Which content is stored of each file: another one wherever something was downloaded. */
async function contents(user: ConfluenceUser): Promise<Map<string, string>> {
  const rows = env.DB.prepare("SELECT remote_id, stored_id FROM items WHERE sync_id = ? AND stored_id IS NOT NULL").bind(user.syncId);
  const { results } = await rows.all<{ remote_id: string; stored_id: string }>();
  return new Map(results.map((row) => [row.remote_id, row.stored_id]));
}

const connectionStatus = (user: ConfluenceUser) =>
  env.DB.prepare("SELECT status FROM connections WHERE id = ?").bind(user.connectionId).first("status");

/** A few pages below one another, a folder between them, and attachments. */
async function handbook(site: SandboxConfluence) {
  const home = await site.page("Home", { body: "<h1>Welcome</h1>" });
  const plans = await site.page("Plans / 計画", { parent: home });
  const minutes = await site.change({ op: "add", kind: "folder", space: site.spaceId, parent: home, title: "Minutes" });
  const october = await site.page("October", { parent: minutes });
  const old = await site.page("Old", { parent: home });
  const [sketch = "", notes = ""] = await site.mutate(
    { op: "attach", page: plans, title: "sketch.bin", bytes: 70_000 },
    { op: "attach", page: october, title: "notes.txt", bytes: "notes" },
    { op: "attach", page: october, title: "empty.txt", bytes: "" },
    { op: "archive", id: old },
    { op: "add", kind: "blogpost", space: site.spaceId, title: "News", body: "<p>not kept</p>" },
    { op: "add", space: site.spaceId, title: "Draft", body: "<p>not kept</p>", status: "draft" },
  );
  return { home, plans, minutes, october, sketch, notes };
}

describe("a space of Confluence", () => {
  it("is mirrored, and stays equal through every kind of change, of which a listing finds those that nothing tells of", async () => {
    let made: Awaited<ReturnType<typeof handbook>> | undefined;
    const user = await createConfluenceUser(async (site) => void (made = await handbook(site)));
    const { site } = user;
    const { home, plans, october, sketch, notes } = made as Awaited<ReturnType<typeof handbook>>;
    await settled(user);
    await expectEqual(user);
    expect((await mirrorOf(user)).map(({ path }) => path)).toContain("/Home/Minutes/October/notes.txt");

    const first = await contents(user);
    await site.mutate({ op: "edit", id: plans, title: "Pläne" }, { op: "attach", page: october, title: "notes.txt", bytes: "more notes" });
    const fresh = await site.page("November", { parent: october });
    await site.mutate({ op: "attach", page: fresh, title: "list.csv", bytes: "a;b" }, { op: "edit", id: notes, title: "Notes.txt" });
    expect(await run(user)).toMatchObject({ status: "completed" });
    await expectEqual(user);
    const before = await contents(user);
    const idsOf = (...ids: string[]) => ids.map((id) => `${site.siteId}/${id}`).sort();
    const changed = [...before].flatMap(([id, stored]) => (first.get(id) === stored ? [] : [id])).sort();
    expect(changed.filter((id) => first.has(id))).toEqual(idsOf(`${plans}.md`, notes));
    expect(changed).toHaveLength(4);

    await site.mutate({ op: "move", id: october, parent: plans }, { op: "move", id: fresh, parent: home }, { op: "archive", id: fresh });
    await site.mutate({ op: "trash", id: sketch });
    await run(user, true);
    await expectEqual(user);
    expect(await contents(user), "nothing that was only moved or archived is downloaded").toEqual(before);

    await site.mutate({ op: "trash", id: plans });
    await run(user, true);
    await expectEqual(user);
    await site.mutate({ op: "restore", id: plans }, { op: "restore", id: sketch });
    await run(user, true);
    await expectEqual(user);
    expect(await contents(user), "what comes back from the trash is not downloaded again").toEqual(before);
  });

  it("costs one request and no row where nothing has changed", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    const user = await createConfluenceUser((site) => site.page("Home"));
    await workOff(user);
    // Beyond the time in which everything is told again.
    vi.setSystemTime(Date.now() + 3 * 3_600_000);
    await pass(user);
    const [items, requests] = [await itemsOf(user), user.site.asked];
    await user.site.forgetAsked();
    vi.setSystemTime(Date.now() + 2 * 3_600_000);
    await pass(user);
    expect(await requests.call(user.site)).toEqual({ [SEARCH]: 1, "/oauth/token": 1 });
    expect(await itemsOf(user)).toEqual(items);
  });

  it("loses what was removed within a day, without being asked to, and its refresh token rotates on the way", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    const user = await createConfluenceUser((site) => handbook(site));
    await workOff(user);
    await expectEqual(user);
    const [page = "", kept = ""] = (await user.site.tree()).contents.filter(({ kind }) => kind === "page").map(({ id }) => id);
    await user.site.mutate({ op: "trash", id: kept }, { op: "edit", id: page, body: "<p>edited</p>" });
    await user.stub.run(user.syncId, { full: false, trigger: "manual" });
    await workOff(user);
    expect(await mirrorOf(user), "a search does not tell of removals").toHaveLength((await user.site.files()).length + 2);
    vi.setSystemTime(Date.now() + 1.3 * DAY_MS);
    await pass(user);
    await expectEqual(user);
  });

  it("is kept as HTML, or as both, where that is chosen, and the other files go", async () => {
    const user = await createConfluenceUser((site) => handbook(site), { options: { pages: "html" } });
    await settled(user);
    await expectEqual(user, { pages: "html" });
    unwrap(await user.stub.updateSync(user.syncId, { options: { providerOptions: { pages: "both" } } }));
    await run(user, true);
    await expectEqual(user, { pages: "both" });
    unwrap(await user.stub.updateSync(user.syncId, { options: { providerOptions: { pages: "markdown" } } }));
    await run(user, true);
    await expectEqual(user, { pages: "markdown" });
  });

  it("that is not there any more loses nothing, and says so", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    const user = await createConfluenceUser((site) => handbook(site));
    await workOff(user);
    const before = await mirrorOf(user);
    await user.site.mutate({ op: "remove-space", id: user.site.spaceId });
    const { id } = unwrap(await user.stub.run(user.syncId, { full: true, trigger: "manual" }));
    await workOff(user);
    expect(await env.DB.prepare("SELECT status FROM runs WHERE id = ?").bind(id).first("status")).toBe("failed");
    expect(await mirrorOf(user)).toEqual(before);
  });

  it("whose page is hidden from the person loses its copy at the next listing, and has it again when it is shown", async () => {
    const user = await createConfluenceUser((site) => handbook(site));
    await settled(user);
    const october = (await user.site.tree()).contents.find(({ title }) => title === "October");
    await user.site.mutate({ op: "hide", id: october?.id, from: user.site.account });
    await run(user, true);
    const hidden = (await mirrorOf(user)).filter(({ path }) => path.includes("October"));
    expect(hidden).toEqual([]);
    await user.site.mutate({ op: "hide", id: october?.id, from: user.site.account, hidden: false });
    await run(user, true);
    await expectEqual(user);
  });

  it("that throttles is left alone for as long as it says, and then goes on", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    const user = await createConfluenceUser((site) => handbook(site));
    await user.site.fault("atlassian-quota-used-up", { times: 1 });
    const begun = Date.now();
    await workOff(user, async () => void vi.setSystemTime(Date.now() + 60_000));
    expect(Date.now() - begun).toBeGreaterThan(1_800_000);
    await expectEqual(user);
  });

  it("whose API token is taken back is asked with it once, and the person has to connect again", async () => {
    const user = await createConfluenceUser((site) => handbook(site), { way: "token" });
    await settled(user);
    await expectEqual(user);
    const before = await mirrorOf(user);
    await user.site.revoke();
    await user.site.forgetAsked();
    await run(user, true);
    expect(Object.values(await user.site.asked())).toEqual([1]);
    expect(await connectionStatus(user)).toBe("needs_reconnect");
    expect(await mirrorOf(user)).toEqual(before);
  });

  it("that answers as to somebody who is not signed in loses nothing", async () => {
    const user = await createConfluenceUser((site) => handbook(site), { way: "token" });
    await settled(user);
    await user.site.fault("atlassian-confluence-anonymous");
    await run(user, true);
    expect(await connectionStatus(user)).toBe("needs_reconnect");
    await expectEqual(user);
  });

  it("whose sign-in was taken back asks the person, and what was copied stays, also when it is disconnected", async () => {
    const user = await createConfluenceUser((site) => handbook(site));
    await settled(user);
    await user.site.revoke();
    await run(user);
    await expect.poll(() => connectionStatus(user), { timeout: 10_000 }).toBe("needs_reconnect");
    await expectEqual(user);
    expect(unwrap(await user.stub.disconnect(user.connectionId))).toMatchObject({ status: "revoked" });
    await expectEqual(user);
  });
});

describe("two sites of one sign-in", () => {
  it("are followed side by side, though they count the same way", async () => {
    const user = await createConfluenceUser((site) => site.page("Mine"), {
      feeds: async (site) => {
        const owner = `o-${crypto.randomUUID().slice(0, 12)}@atlassian.example`;
        const { ids } = await control<{ ids: string[] }>("POST", `/atlassian/confluence/${owner}/mutate`, {
          ops: [
            { op: "space", key: "TEAM", name: "Others" },
            { op: "add", space: "65538", title: "Theirs", body: "<p>theirs</p>" },
          ],
        });
        expect(ids.at(-1)).toBe((await site.tree()).contents[0]?.id);
        await control("POST", "/atlassian/members", { owner, account: site.account });
        return (await site.provider().feeds()).map(({ id }) => id);
      },
    });
    await settled(user);
    expect((await mirrorOf(user)).map(({ path }) => path)).toEqual(["/Mine/Mine.md", "/Theirs/Theirs.md"]);
  });
});

const step = fc.record({
  op: fc.constantFrom("add", "edit", "title", "attach", "move", "trash", "restore", "archive"),
  at: fc.nat(20),
  to: fc.nat(20),
});

it(
  "whatever people do, and however the site answers meanwhile, a listing leaves the mirror equal to the source",
  { timeout: 120_000 },
  async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(step, { minLength: 2, maxLength: 5 }), { minLength: 2, maxLength: 2 }),
        fc.nat(),
        async (rounds, seed) => {
          const user = await createConfluenceUser((site) => handbook(site));
          await workOff(user);
          for (const name of [
            "atlassian-server-error",
            "atlassian-throttled",
            "atlassian-confluence-duplicates",
            "atlassian-confluence-empty-page",
          ])
            await user.site.fault(name, { rate: 0.1, seed });
          for (const [index, steps] of rounds.entries()) {
            for (const { op, at, to } of steps) await play(user.site, op, at, to);
            unwrap(await user.stub.run(user.syncId, { full: index === rounds.length - 1, trigger: "manual" }));
            await workOff(user);
          }
          await user.site.mend();
          unwrap(await user.stub.run(user.syncId, { full: true, trigger: "manual" }));
          await workOff(user);
          await expectEqual(user);
        },
      ),
      { numRuns: 2, endOnFailure: true },
    );
  },
);

/** No two pages of a space have the same title. */
let titles = 0;

/** One thing that somebody does, to whatever is there. */
async function play(site: SandboxConfluence, op: string, at: number, to: number): Promise<void> {
  const { contents } = await site.tree();
  const pages = contents.filter(({ kind, status }) => kind === "page" && status === "current");
  const trashed = contents.filter(({ status }) => status === "trashed");
  const [page, other, gone] = [pages[at % pages.length], pages[to % pages.length], trashed[at % trashed.length]];
  const title = `Page ${(titles += 1)}`;
  if (op === "restore") return gone && void (await site.mutate({ op, id: gone.id }));
  if (op === "add") return void (await site.page(title, page && { parent: page.id }));
  if (!page) return;
  if (op === "edit") return void (await site.mutate({ op, id: page.id, body: `<p>${at} ${to}</p>` }));
  if (op === "title") return void (await site.mutate({ op: "edit", id: page.id, title }));
  if (op === "attach") return void (await site.mutate({ op, page: page.id, title: `${to % 3}.txt`, bytes: `${at} ${to}` }));
  if (op === "move") {
    const above = new Set<string>();
    for (let one = other; one; one = contents.find(({ id }) => id === one?.parent)) above.add(one.id);
    return above.has(page.id) ? undefined : void (await site.mutate({ op, id: page.id, parent: other?.id ?? null }));
  }
  await site.mutate({ op, id: page.id });
}

async function itemsOf(user: ConfluenceUser): Promise<unknown[]> {
  return (await env.DB.prepare("SELECT * FROM items WHERE sync_id = ? ORDER BY remote_id").bind(user.syncId).all()).results;
}
