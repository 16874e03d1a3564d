import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import { ProviderError } from "../../worker/providers/errors.ts";
import { createMemoryDrive } from "../../worker/providers/memory.ts";
import type { MemoryDrive } from "../../worker/providers/memory-drive.ts";
import { acceptStatements, refuseStatements } from "../support/broken-catalogue.ts";
import { workOff } from "../support/kill.ts";
import type { MemoryUser } from "../support/memory-user.ts";
import { createMemoryUser, mirrorOf, sourceOf } from "../support/memory-user.ts";
import { itemsOf, runRow } from "./held-state.ts";

// Sources that lose sight of their files, and lists of them that are broken. The clock is the test's.

const FILES = 12;
const DAY_MILLISECONDS = 86_400_000;

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() }));
afterEach(() => void vi.useRealTimers());

function fill(drive: MemoryDrive): void {
  for (let n = 0; n < FILES; n += 1) drive.put(`/docs/${n}.txt`, `content ${n} of ${drive.id}`);
}

async function syncedUser(prepare: (drive: MemoryDrive) => void = fill): Promise<MemoryUser> {
  const user = await createMemoryUser(prepare);
  await workOff(user);
  return user;
}

async function syncNow(user: MemoryUser, full = false): Promise<string> {
  const run = unwrap(await user.stub.run(user.syncId, { full, trigger: "manual" }));
  await workOff(user);
  return run.id;
}

async function logOf(runId: string): Promise<string[]> {
  const { results } = await env.DB.prepare("SELECT message FROM run_events WHERE run_id = ? AND level <> 'info' ORDER BY number")
    .bind(runId)
    .all<{ message: string }>();
  return results.map((row) => row.message);
}

async function errorOf(runId: string): Promise<{ code: string; message: string } | null> {
  return env.DB.prepare("SELECT error_code AS code, error_message AS message FROM runs WHERE id = ?").bind(runId).first();
}

async function feedsOf(user: MemoryUser): Promise<Record<string, SqlStorageValue>[]> {
  return runInDurableObject(user.stub, (_instance, state) => state.storage.sql.exec("SELECT * FROM feeds ORDER BY feed_id").toArray());
}

describe("a source that loses sight of its files", () => {
  it("since permissions were lost keeps them as unreachable, and removes nothing", async () => {
    const user = await syncedUser();
    for (let n = 0; n < FILES; n += 1) {
      user.drive.misreport(`/docs/${n}.txt`, { refused: true });
      user.drive.hide(`/docs/${n}.txt`);
    }
    expect(await runRow(await syncNow(user, true))).toMatchObject({ status: "completed", removed: 0, held: 0 });
    expect(await itemsOf(user, "state = 'unreachable' AND reason = 'forbidden'")).toHaveLength(FILES);
    expect(await mirrorOf(user, ["unreachable"])).toHaveLength(FILES);
  });

  it("since permissions were lost leaves out all the same what the rules leave out", async () => {
    const user = await syncedUser();
    unwrap(await user.stub.updateSync(user.syncId, { filters: { excludeTypes: ["txt"] }, options: { removalLimit: { share: 1 } } }));
    await workOff(user);
    user.drive.misreport("/docs/0.txt", { refused: true });
    user.drive.hide("/docs/0.txt");
    await syncNow(user, true);
    expect(await itemsOf(user, "state = 'excluded'")).toHaveLength(FILES);
  });

  it("since the whole drive is refused ends the run as forbidden, in words, and removes nothing", async () => {
    const user = await syncedUser();
    const before = await mirrorOf(user);
    user.drive.fail("changes", new ProviderError("forbidden", "Access denied."), 10);
    const runId = await syncNow(user);
    expect(await errorOf(runId)).toEqual({
      code: "provider.forbidden",
      message: "The source no longer lets us list these files. Nothing was removed: all that was copied stays. (Access denied.)",
    });
    expect(await mirrorOf(user)).toEqual(before);
  });

  it("since the library was unplugged ends the run, in words, and removes nothing; it goes on when it is back", async () => {
    const user = await syncedUser();
    const before = await mirrorOf(user);
    user.drive.settings.missing = "drive";
    user.drive.settings.replacedBy = [];
    const runId = await syncNow(user, true);
    expect(await errorOf(runId)).toMatchObject({ code: "provider.not_found" });
    expect(await logOf(runId)).toContain(
      "“Memory” is no longer there, or no longer shown to us. Nothing of it was removed: all that was copied stays.",
    );
    expect(await feedsOf(user)).toMatchObject([{ missing_since: expect.any(Number) }]);
    expect(await mirrorOf(user)).toEqual(before);

    Object.assign(user.drive.settings, { missing: null, replacedBy: null });
    user.drive.put("/new.txt", "new");
    expect(await runRow(await syncNow(user))).toMatchObject({ status: "completed", removed: 0 });
    expect(await feedsOf(user)).toMatchObject([{ missing_since: null }]);
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
  });

  it("since another drive took its place has the new one copied too, and the old one's files kept", async () => {
    const user = await syncedUser();
    const before = await mirrorOf(user);
    const other = createMemoryDrive(`other-${user.userId}`, "other");
    fill(other);
    user.drive.settings.replacedBy = [other];
    // The run that meets the drive's absence fails; the next one asks what there is, and finds the other.
    expect(await errorOf(await syncNow(user))).toMatchObject({ code: "provider.not_found" });
    const runId = await syncNow(user);
    expect(await runRow(runId)).toMatchObject({ status: "completed", removed: 0, held: 0 });
    expect(await logOf(runId)).toHaveLength(1);
    expect(await mirrorOf(user)).toHaveLength(before.length + FILES);
    // A full check of the new one leaves the old one's alone, and finds its own removals.
    other.settings.withholdTombstones = true;
    other.delete(other.put("/docs/3.txt", "goes"));
    expect(await runRow(await syncNow(user, true))).toMatchObject({ status: "completed", removed: 1, held: 0 });
    expect(await mirrorOf(user)).toHaveLength(before.length + FILES - 1);
  });

  it("is asked what there is to follow at a full run, and not at others", async () => {
    const user = await syncedUser();
    const asked = user.drive.requests.feeds;
    await syncNow(user);
    expect(user.drive.requests.feeds).toBe(asked);
    await syncNow(user, true);
    expect(user.drive.requests.feeds).toBe(asked + 1);
  });
});

describe("a list that goes in a circle", () => {
  it.each(["cursors", "pages"] as const)("of %s is begun anew once, then the run fails, in words", async (circle) => {
    const user = await syncedUser((drive) => {
      drive.settings.pageSize = 3;
      fill(drive);
    });
    const before = await mirrorOf(user);
    user.drive.settings.circle = circle;
    const asked = user.drive.requests.changes;
    const runId = await syncNow(user);
    expect(await errorOf(runId)).toEqual({ code: "provider.loop", message: "The source's list of files leads round in circles." });
    expect(await logOf(runId)).toContain("The source's list of files leads round in circles. It is read once more, from its beginning.");
    expect(user.drive.requests.changes - asked).toBeLessThan(60);
    expect(await mirrorOf(user)).toEqual(before);

    user.drive.settings.circle = null;
    user.drive.put("/new.txt", "new");
    expect(await runRow(await syncNow(user))).toMatchObject({ status: "completed" });
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
  });

  it("for a while only is mended by beginning anew", async () => {
    const user = await syncedUser((drive) => {
      drive.settings.pageSize = 3;
      fill(drive);
    });
    user.drive.put("/new.txt", "new");
    const through = user.drive.requests.changes + 2;
    Object.defineProperty(user.drive.settings, "circle", { get: () => (user.drive.requests.changes <= through ? "cursors" : null) });
    const runId = await syncNow(user);
    expect(await logOf(runId)).toHaveLength(1);
    expect(await runRow(runId)).toMatchObject({ status: "completed" });
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
  });
});

describe("a cursor", () => {
  it("that the source makes no sense of, again and again, fails the run; the next one begins anew, and downloads nothing twice", async () => {
    const user = await syncedUser();
    user.drive.fail("changes", new ProviderError("fatal", "The page has no link to go on with."), 5);
    expect(await errorOf(await syncNow(user))).toMatchObject({ code: "provider.fatal" });
    const opened = user.drive.opened.length;
    user.drive.put("/new.txt", "new");
    expect(await runRow(await syncNow(user))).toMatchObject({ status: "completed" });
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
    expect(user.drive.opened.length).toBe(opened + 1);
  });
});

describe("removals that the source never told", () => {
  it("are found by a scheduled run after about a month, which lists everything", async () => {
    const user = await syncedUser();
    user.drive.settings.withholdTombstones = true;
    user.drive.delete(user.drive.put("/docs/3.txt", "content 3"));
    const scheduled = async () => {
      await user.stub.wake({ reason: "schedule" });
      await workOff(user);
      return (await mirrorOf(user)).length;
    };
    vi.setSystemTime(Date.now() + 20 * DAY_MILLISECONDS);
    expect(await scheduled()).toBe(FILES);
    vi.setSystemTime(Date.now() + 20 * DAY_MILLISECONDS);
    expect(await scheduled()).toBe(FILES - 1);
    // And then not again at once.
    const asked = user.drive.requests.changes;
    vi.setSystemTime(Date.now() + DAY_MILLISECONDS);
    await scheduled();
    expect(user.drive.requests.changes).toBe(asked + 1);
  });
});

describe("a page that the catalogue does not take", () => {
  it("though it takes others is halved down to the one entry, which is named as failed; the rest is kept", async () => {
    const user = await syncedUser();
    const id = user.drive.put("/poison.txt", "poison");
    for (let n = 0; n < 20; n += 1) user.drive.put(`/more/${n}.txt`, `more ${n}`);
    await refuseStatements(user, (values) => values.some((value) => typeof value === "string" && value.includes('"name":"poison.txt"')));
    const runId = await syncNow(user);
    await acceptStatements(user);
    expect(await runRow(runId)).toMatchObject({ status: "incomplete" });
    expect(await itemsOf(user, "state = 'failed'")).toEqual([{ remote_id: id, name: id, reason: "malformed" }]);
    expect(await mirrorOf(user)).toHaveLength(FILES + 20);
    expect(await logOf(runId)).toEqual(["An entry could not be read: what the source says of it could not be stored."]);
  });

  it("under any name of it is named in the log alone", async () => {
    const user = await syncedUser();
    const id = user.drive.put("/poison.txt", "poison");
    user.drive.put("/more.txt", "more");
    await refuseStatements(
      user,
      (values, query) => query.includes("INSERT INTO items") && values.some((value) => String(value).includes(`"${id}"`)),
    );
    const runId = await syncNow(user);
    await acceptStatements(user);
    expect(await runRow(runId)).toMatchObject({ status: "incomplete" });
    expect(await mirrorOf(user)).toHaveLength(FILES + 1);
    expect((await logOf(runId)).join()).toContain(id);
  });

  it("since it takes nothing at all is waited with: no entry is blamed", async () => {
    const user = await syncedUser();
    for (let n = 0; n < 20; n += 1) user.drive.put(`/more/${n}.txt`, `more ${n}`);
    const refused = await refuseStatements(user, (_values, query) => /(INSERT INTO|UPDATE) items/.test(query));
    const run = unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
    for (let round = 0; round < 40; round += 1) {
      await runDurableObjectAlarm(user.stub);
      vi.setSystemTime(Date.now() + 8_000);
    }
    expect(refused()).toBeGreaterThan(3);
    expect(refused()).toBeLessThan(20);
    await acceptStatements(user);
    await workOff(user);
    if ((await runRow(run.id))?.status === "failed") await syncNow(user);
    expect(await itemsOf(user, "state = 'failed'")).toEqual([]);
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
  });
});
