import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import { ProviderError } from "../../worker/providers/errors.ts";
import { createMemoryDrive } from "../../worker/providers/memory.ts";
import type { MemoryDrive } from "../../worker/providers/memory-drive.ts";
import type { MemoryUser } from "../support/memory-user.ts";
import { createMemoryUser } from "../support/memory-user.ts";
import { meetOutside } from "../support/outside.ts";
import { itemOf, syncNow, workOff } from "../support/versions.ts";

// A sync that follows several feeds: each is read, asked and believed about what is its own. The clock is the test's.

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() }));
afterEach(() => void vi.useRealTimers());
afterEach(() => void vi.restoreAllMocks());

interface Feeds {
  user: MemoryUser;
  first: MemoryDrive;
  second: MemoryDrive;
}

/** The first feed has files of its own in `/first.txt`, the second in `/second.txt`. */
async function twoFeeds(fill: (feeds: Omit<Feeds, "user">) => void = () => undefined): Promise<Feeds> {
  const [first, second] = [createMemoryDrive("feed-1", "one"), createMemoryDrive("feed-2", "two")];
  first.put("/first.txt", "first");
  second.put("/second.txt", "second");
  fill({ first, second });
  const user = await createMemoryUser((drive) => Object.assign(drive.settings, { replacedBy: [first, second] }));
  return { user, first, second };
}

async function listed(): Promise<Feeds> {
  const feeds = await twoFeeds();
  await workOff(feeds.user);
  return feeds;
}

const notesOf = async (runId: string) => {
  const { results } = await env.DB.prepare("SELECT message FROM run_events WHERE run_id = ?").bind(runId).all<{ message: string }>();
  return results.map(({ message }) => message);
};

const stateOf = async (user: MemoryUser, remoteId: string) => (await itemOf(user, remoteId))["state"];

describe("a file of the second feed", () => {
  it("that failed is fetched again from there", async () => {
    const { user, second } = await listed();
    const id = second.put("/more.txt", "more");
    user.drive.fail("open", new ProviderError("forbidden", "Not now."), 3);
    const runId = await syncNow(user, 100);
    expect(await stateOf(user, id)).toBe("failed");
    unwrap(await user.stub.retry(runId));
    await workOff(user, 100);
    expect(await stateOf(user, id)).toBe("stored");
  });

  it("that failed is fetched again though the first feed is no longer offered", async () => {
    const { user, second } = await listed();
    user.drive.settings.replacedBy = [second];
    const id = second.put("/more.txt", "more");
    user.drive.fail("open", new ProviderError("forbidden", "Not now."), 3);
    unwrap(await user.stub.run(user.syncId, { full: true, trigger: "manual" }));
    await workOff(user, 100);
    expect(await stateOf(user, id)).toBe("failed");
    vi.setSystemTime(Date.now() + 2 * 3_600_000);
    await user.stub.wake({ reason: "watchdog" });
    await runDurableObjectAlarm(user.stub);
    await workOff(user, 100);
    expect(await stateOf(user, id)).toBe("stored");
  });

  it("whose entry could not be read is asked for there", async () => {
    const { user, second } = await listed();
    const id = second.put("/odd.txt", "odd");
    second.misreport(id, { malformed: true });
    await syncNow(user);
    expect(await itemOf(user, id)).toMatchObject({ state: "failed", reason: "malformed" });
    vi.setSystemTime(Date.now() + 2 * 3_600_000);
    await user.stub.wake({ reason: "watchdog" });
    await runDurableObjectAlarm(user.stub);
    await workOff(user);
    expect(await stateOf(user, id)).toBe("stored");
  });

  it("that changed while it was fetched is fetched again from there, whatever is settled with it", async () => {
    const { user, first, second } = await twoFeeds();
    const sent: string[] = [];
    await runInDurableObject(user.stub, (instance) => {
      const outside = (instance as unknown as { env: Env }).env;
      vi.spyOn(outside.DOWNLOADS, "sendBatch").mockImplementation(async (messages) => {
        for (const message of messages) sent.push((message.body as { jobId: string }).jobId);
        return { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };
      });
    });
    await expect.poll(() => runDurableObjectAlarm(user.stub).then(() => sent.length)).toBe(2);
    const { jobs } = await user.stub.lease({ jobIds: sent, requestId: "consumer" });
    for (const job of jobs) {
      if (job.kind !== "leased") throw new Error("The job was not leased.");
      const [file] = job.files;
      const parentId = job.feedId === first.id ? first.rootId : second.rootId;
      const entry = { id: file?.remoteId ?? "", kind: "file" as const, name: file?.name ?? "", parentId, size: 9 };
      const { syncId, jobId, lease } = job;
      const usage = { providerRequests: 0, storagePuts: 0 };
      await user.stub.settle({ syncId, jobId, lease, results: [{ index: 0, outcome: "changed", entry }], done: true, usage, requestId: "consumer" }); // prettier-ignore
    }
    await runDurableObjectAlarm(user.stub);
    const queued = await runInDurableObject(user.stub, (_instance, { storage }) =>
      storage.sql.exec<{ feed_id: string; files: string }>("SELECT feed_id, files FROM jobs ORDER BY feed_id").toArray(),
    );
    expect(queued.map(({ feed_id, files }) => [feed_id, (JSON.parse(files) as { name: string }[]).map(({ name }) => name)])).toEqual([
      ["feed-1", ["first.txt"]],
      ["feed-2", ["second.txt"]],
    ]);
  });

  it("that has moved to the first, under its id, is not removed by what the second says of it", async () => {
    const { user, first, second } = await listed();
    const { id } = second.item("/second.txt");
    first.misreport(first.put("/moved.txt", "second"), { entry: { id } });
    second.delete(id);
    await syncNow(user);
    expect(await itemOf(user, id)).toMatchObject({ state: "stored", parent_id: first.rootId, name: "moved.txt" });
  });

  it("that is gone is removed", async () => {
    const { user, second } = await listed();
    const { id } = second.item("/second.txt");
    second.delete(id);
    await syncNow(user);
    expect(await stateOf(user, id)).toBe("removed");
  });
});

describe("a feed that is no longer offered", () => {
  it("is not read by a verify run either, which comes to its end", async () => {
    const { user, first, second } = await listed();
    user.drive.settings.replacedBy = [second];
    unwrap(await user.stub.run(user.syncId, { full: true, trigger: "manual" }));
    await workOff(user);
    const run = unwrap(await user.stub.verify(user.syncId, "none"));
    await workOff(user);
    expect(await env.DB.prepare("SELECT status FROM runs WHERE id = ?").bind(run.id).first("status")).toBe("completed");
    expect(await stateOf(user, first.item("/first.txt").id)).toBe("stored");
  });

  it("is asked for again by the next run, which goes on where it was", async () => {
    const { user, first, second } = await listed();
    user.drive.settings.replacedBy = [second];
    unwrap(await user.stub.run(user.syncId, { full: true, trigger: "manual" }));
    await workOff(user);
    const id = first.put("/later.txt", "later");
    await syncNow(user);
    expect(await itemOf(user, id)).toEqual({});
    user.drive.settings.replacedBy = [first, second];
    const runId = await syncNow(user);
    expect(await stateOf(user, id)).toBe("stored");
    expect(await notesOf(runId)).toContain("“Memory” is there again.");
    expect(await env.DB.prepare("SELECT type FROM runs WHERE id = ?").bind(runId).first("type")).toBe("incremental");
  });
});

describe("a feed that is refused while it is read", () => {
  it.each(["forbidden", "not_found"] as const)("as %s is left out, and the others go on", async (kind) => {
    const { user, first, second } = await listed();
    const refused = new ProviderError(kind, "Locked by an administrator.");
    first.fail("changes", refused, 1_000);
    const id = second.put("/more.txt", "more");
    const runId = await syncNow(user, 100);
    expect(await stateOf(user, id)).toBe("stored");
    expect(await stateOf(user, first.item("/first.txt").id)).toBe("stored");
    expect((await notesOf(runId)).find((note) => note.includes("“Memory”"))).toMatch(
      /Nothing of it was removed.*Locked by an administrator/,
    );
    expect(await env.DB.prepare("SELECT status FROM runs WHERE id = ?").bind(runId).first("status")).toBe("completed");
  });

  it("is read again once it is no longer refused", async () => {
    const { user, first } = await listed();
    first.fail("changes", new ProviderError("forbidden", "Not now."), 3);
    const id = first.put("/more.txt", "more");
    await syncNow(user, 100);
    expect(await itemOf(user, id)).toEqual({});
    await syncNow(user);
    expect(await stateOf(user, id)).toBe("stored");
  });

  it("while it is listed from its beginning, is listed from there again, and what has gone meanwhile is found", async () => {
    const { user, first } = await listed();
    const { id } = first.item("/first.txt");
    for (let n = 0; n < 5; n += 1) first.put(`/${n}.txt`, `${n}`);
    await syncNow(user);
    first.settings.pageSize = 2;
    first.delete(id);
    first.expireCursors();
    let pages = 0;
    const goOn = await meetOutside(user, (call, name) => {
      if (name === "changes" && (pages += 1) > 2 && pages <= 5) throw new ProviderError("forbidden", "Not now.");
      return call();
    });
    await syncNow(user, 100);
    goOn();
    expect(await stateOf(user, id)).toBe("stored");
    await syncNow(user);
    expect(await stateOf(user, id)).toBe("removed");
  });

  it("as the only one fails the run", async () => {
    const { user, first } = await listed();
    user.drive.settings.replacedBy = [first];
    unwrap(await user.stub.run(user.syncId, { full: true, trigger: "manual" }));
    await workOff(user);
    vi.setSystemTime(Date.now() + 8 * 86_400_000);
    first.fail("changes", new ProviderError("forbidden", "Not now."), 1_000);
    const runId = await syncNow(user, 100);
    expect(await env.DB.prepare("SELECT status FROM runs WHERE id = ?").bind(runId).first("status")).toBe("failed");
  });
});

describe("removals in two feeds", () => {
  it("that are too many together are held in both, though few in each", async () => {
    const { user, first, second } = await twoFeeds((feeds) => {
      for (let n = 0; n < 20; n += 1) for (const drive of [feeds.first, feeds.second]) drive.put(`/docs/${n}.txt`, `content ${n}`);
    });
    await workOff(user, 100);
    for (let n = 0; n < 11; n += 1) for (const drive of [first, second]) drive.delete(drive.put(`/docs/${n}.txt`, `content ${n}`));
    const runId = await syncNow(user, 100);
    const run = await env.DB.prepare("SELECT status, held, removed FROM runs WHERE id = ?").bind(runId).first();
    expect(run).toEqual({ status: "held", held: 22, removed: 0 });
  });

  it("that are few together are believed", async () => {
    const { user, first, second } = await twoFeeds((feeds) => {
      for (let n = 0; n < 20; n += 1) for (const drive of [feeds.first, feeds.second]) drive.put(`/docs/${n}.txt`, `content ${n}`);
    });
    await workOff(user, 100);
    for (let n = 0; n < 5; n += 1) for (const drive of [first, second]) drive.delete(drive.put(`/docs/${n}.txt`, `content ${n}`));
    const runId = await syncNow(user, 100);
    const run = await env.DB.prepare("SELECT status, held, removed FROM runs WHERE id = ?").bind(runId).first();
    expect(run).toEqual({ status: "completed", held: 0, removed: 10 });
  });
});
