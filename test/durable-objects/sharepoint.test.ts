import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { UserSync } from "../../durable-objects/user-sync.ts";
import { accounts } from "../../worker/db/client.ts";
import { users } from "../../worker/db/schema.ts";
import { unwrap } from "../../worker/errors.ts";
import { randomId } from "../../worker/ids.ts";
import { changeSite, SandboxDrive } from "../providers/sandbox-drive.ts";
import { mirrorOf } from "../support/memory-user.ts";

// A sync of two libraries of SharePoint, as the sandbox plays it. The clock is the test's.

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() }));
afterEach(() => void vi.useRealTimers());

const ROUNDS_MAX = 400;

/** Somebody whose sync follows the documents and the charts of one site. */
async function connectedUser() {
  const library = await SandboxDrive.openLibrary({ title: "Harbour", libraries: ["documents", "charts"] });
  const others = await library.beside("charts");
  await library.mutate({ op: "create", path: "/Plans/a.txt", bytes: "a" }, { op: "create", path: "/Plans/deep/b.docx", bytes: "b" });
  await others.mutate({ op: "create", path: "/Plans/a.txt", bytes: "another a" });

  const userId = randomId();
  await accounts(env).insert(users).values({ id: userId, name: "Test", email: null, createdAt: Date.now(), signedInAt: Date.now() });
  const stub = env.USER_SYNC.getByName(userId);
  const { id } = await library.provider.account();
  const tokens = { accessToken: await library.context.accessToken(), refreshToken: "refresh", expiresAt: Date.now() + 365 * 86_400_000 };
  const account = { id, label: "Sandbox", email: library.account };
  const request = { provider: "sharepoint", method: "sites", account, scopes: [], tokens, homeShard: 0, firstSync: false };
  const connection = unwrap(await stub.addConnection(request));
  const selection = await picked({ stub, connectionId: connection.id }, library.site);
  const schedule = { kind: "interval" as const, minutes: 60 };
  const made = { connectionId: connection.id, mode: "content" as const, schedule, labels: {}, selection, filters: {}, options: {} };
  const sync = unwrap(await stub.createSync(made));
  const user = { userId, syncId: sync.id, stub, library, others, connectionId: connection.id };
  await workOff(user);
  return user;
}

/** All libraries of a site, as the picker gives them: each by its root. */
async function picked({ stub, connectionId }: Connected, site: string) {
  const { id } = await changeSite(site, {});
  const { items } = unwrap(await stub.browse(connectionId, { parent: { id }, cursor: null }));
  return items.map(({ id: itemId, feedId }) => ({ feed: feedId ?? "", itemId, mode: "include" as const }));
}

interface Connected {
  stub: DurableObjectStub<UserSync>;
  connectionId: string;
}
type User = Awaited<ReturnType<typeof connectedUser>>;

async function workOff(user: Pick<Connected, "stub"> & { syncId: string }): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    await user.stub.wake({ reason: "watchdog" });
    await runDurableObjectAlarm(user.stub);
    const { activeRun, backlog, checkedAt } = unwrap(await user.stub.status(user.syncId));
    if (activeRun === null && backlog.files === 0 && checkedAt !== null) return;
    vi.setSystemTime(Date.now() + 10_000);
    await new Promise((resume) => setTimeout(resume, 5));
  }
  throw new Error(`Not idle: ${JSON.stringify(unwrap(await user.stub.status(user.syncId)))}`);
}

async function syncNow(user: User, full = false): Promise<string> {
  const { id } = unwrap(await user.stub.run(user.syncId, { full, trigger: "manual" }));
  await workOff(user);
  return id;
}

async function mirror(user: User): Promise<string[]> {
  return (await mirrorOf({ ...user } as never)).map(({ path, sha256 }) => `${path} ${sha256}`).sort();
}

async function source(user: User): Promise<string[]> {
  const trees = await Promise.all([user.library.tree(), user.others.tree()]);
  return trees.flat().map(({ path, sha256 }) => `${path} ${sha256}`).sort(); // prettier-ignore
}

async function expectEqual(user: User): Promise<void> {
  expect(await mirror(user)).toEqual(await source(user));
}

const runOf = (id: string) => env.DB.prepare("SELECT status, storage_puts, error_message FROM runs WHERE id = ?").bind(id).first();
const notesOf = async (id: string) =>
  (await env.DB.prepare("SELECT message FROM run_events WHERE run_id = ?").bind(id).all<{ message: string }>()).results.map(({ message }) => message).join("\n"); // prettier-ignore

it("two libraries are mirrored side by side, and follow what is created, changed, renamed, moved, removed and restored", async () => {
  const user = await connectedUser();
  await expectEqual(user);
  const [id = ""] = await user.library.mutate({ op: "create", path: "/Plans/c.txt", bytes: "c" });
  await user.others.mutate({ op: "update", path: "/Plans/a.txt", bytes: "a new one" }, { op: "create", path: "/d.txt", bytes: "d" });
  await syncNow(user);
  await expectEqual(user);

  await user.library.mutate({ op: "rename", path: "/Plans", name: "Ideas" }, { op: "move", path: "/Ideas/deep/b.docx", to: "/" });
  await user.others.mutate({ op: "rename", path: "/d.txt", name: "D.txt" });
  const renamed = await syncNow(user);
  await expectEqual(user);
  expect(await runOf(renamed)).toMatchObject({ status: "completed", storage_puts: 0 });

  await user.library.mutate({ op: "delete", path: "/Ideas/c.txt" });
  await syncNow(user);
  await expectEqual(user);
  await user.library.mutate({ op: "restore", id });
  const restored = await syncNow(user);
  await expectEqual(user);
  expect(await runOf(restored)).toMatchObject({ storage_puts: 0 });

  // What was expired is listed again, and nothing of it downloaded.
  await user.library.expireCursors();
  await user.library.mutate({ op: "delete", path: "/Ideas" }, { op: "create", path: "/e.txt", bytes: "e" });
  const again = await syncNow(user);
  await expectEqual(user);
  expect(await runOf(again)).toMatchObject({ storage_puts: 1 });
});

it("a run that finds nothing asks each library once", async () => {
  const user = await connectedUser();
  await syncNow(user);
  const before = await user.library.asked();
  // Each is subscribed to; a quiet run has nothing to do with it.
  expect(before.find(({ route, status }) => route === "/v1.0/subscriptions" && status === 201)?.count).toBe(2);
  const count = (routes: typeof before) => routes.reduce((sum, { count: asked }) => sum + asked, 0);
  await syncNow(user);
  expect(count(await user.library.asked()) - count(before)).toBe(2);
});

it("is throttled, and goes on when it may", async () => {
  const user = await connectedUser();
  await user.library.mutate({ op: "create", path: "/late.txt", bytes: "late" });
  await user.library.fault({ name: "throttled", times: 3 });
  const run = await syncNow(user);
  await expectEqual(user);
  expect(await runOf(run)).toMatchObject({ status: "completed" });
});

it("Office files that SharePoint serves with other bytes than it announces are kept as served, and marked", async () => {
  const user = await connectedUser();
  await user.library.fault({ name: "size-mismatch", match: { item: "xlsx$" } });
  await user.library.fault({ name: "hash-mismatch", match: { item: "xlsx$" } });
  await user.library.mutate({ op: "create", path: "/Numbers.xlsx", bytes: 5_000 }, { op: "create", path: "/plain.txt", bytes: 50 });
  const run = await syncNow(user);
  await expectEqual(user);
  expect(await runOf(run)).toMatchObject({ status: "completed" });
  const { results } = await env.DB.prepare("SELECT name, stored_differs FROM items WHERE sync_id = ? AND name IN ('Numbers.xlsx', 'plain.txt') ORDER BY name").bind(user.syncId).all(); // prettier-ignore
  expect(results).toEqual([
    { name: "Numbers.xlsx", stored_differs: 1 },
    { name: "plain.txt", stored_differs: 0 },
  ]);
  // The same content, announced as before, is not fetched again.
  const quiet = await syncNow(user, true);
  expect(await runOf(quiet)).toMatchObject({ storage_puts: 0 });
});

it("a file that rights management keeps back fails with its reason, and comes when it may", async () => {
  const user = await connectedUser();
  await user.library.mutate({ op: "create", path: "/secret.txt", bytes: "secret" });
  await user.library.fault({ name: "download-restricted" });
  const run = await syncNow(user);
  const row = () => env.DB.prepare("SELECT state, reason FROM items WHERE sync_id = ? AND name = 'secret.txt'").bind(user.syncId).first();
  expect(await row()).toEqual({ state: "failed", reason: "forbidden" });
  expect(await runOf(run)).toMatchObject({ status: "incomplete" });
  await user.library.mend();
  unwrap(await user.stub.retry(run));
  await workOff(user);
  await expectEqual(user);
});

it("a site that is locked has nothing removed, and is followed again when it is open", async () => {
  const user = await connectedUser();
  const before = await mirror(user);
  await changeSite(user.library.site, { state: "locked" });
  await user.library.mutate({ op: "create", path: "/more.txt", bytes: "more" });
  const refused = await syncNow(user);
  expect(await mirror(user)).toEqual(before);
  const message: unknown = expect.stringMatching(/Nothing was removed.*locked or archived/);
  expect(await runOf(refused)).toMatchObject({ status: "failed", error_message: message });
  await changeSite(user.library.site, { state: "open" });
  vi.setSystemTime(Date.now() + 3_600_000);
  await syncNow(user);
  await expectEqual(user);
});

it.each([
  ["locked", /“Lagoon – Documents” is no longer there.*Nothing of it was removed.*locked or archived/],
  ["deleted", /“Lagoon – Documents” is no longer there.*Nothing of it was removed.*404/],
] as const)(
  "of two sites the one that is %s is left out, in words, and comes back with the run after it is there",
  async (state, words) => {
    const user = await connectedUser();
    const other = await SandboxDrive.openLibrary({ title: "Lagoon", members: null });
    await other.mutate({ op: "create", path: "/lagoon.txt", bytes: "lagoon" });
    const selection = (await Promise.all([user.library.site, other.site].map((site) => picked(user, site)))).flat();
    unwrap(await user.stub.updateSync(user.syncId, { selection }));
    await workOff(user);
    const paths = async () => (await mirror(user)).map((line) => line.slice(0, line.lastIndexOf(" ")));
    expect(await paths()).toContain("/lagoon.txt");

    await changeSite(other.site, { state });
    await user.library.mutate({ op: "create", path: "/goes on.txt", bytes: "on" });
    const run = await syncNow(user);
    expect(await runOf(run)).toMatchObject({ status: "completed" });
    expect(await notesOf(run)).toMatch(words);
    expect(await paths()).toEqual(expect.arrayContaining(["/goes on.txt", "/lagoon.txt"]));

    await changeSite(other.site, { state: "open" });
    await other.mutate({ op: "create", path: "/later.txt", bytes: "later" });
    const back = await syncNow(user);
    expect(await notesOf(back)).toMatch(/“Lagoon – Documents” is there again/);
    expect(await paths()).toEqual(expect.arrayContaining(["/later.txt", "/lagoon.txt"]));
  },
);

it("a grant that is gone asks for a new sign-in, and the copy stays", async () => {
  const user = await connectedUser();
  const before = await mirror(user);
  await user.library.fault({ name: "access-token-expired" });
  unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
  await expect
    .poll(async () => {
      await user.stub.wake({ reason: "watchdog" });
      await runDurableObjectAlarm(user.stub);
      vi.setSystemTime(Date.now() + 10_000);
      return env.DB.prepare("SELECT status FROM connections WHERE id = ?").bind(user.connectionId).first("status");
    })
    .toBe("needs_reconnect");
  expect(await mirror(user)).toEqual(before);
});
