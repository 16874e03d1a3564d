import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import { ProviderError } from "../../worker/providers/errors.ts";
import type { MemoryDrive, MemoryMethod } from "../../worker/providers/memory-drive.ts";
import { type Content, contentOf, jobsOf, keysOf, PART_BYTES, putLarge, uploadsOf } from "../support/large.ts";
import { createMemoryUser, mirrorOf, settled, sourceOf } from "../support/memory-user.ts";
import type { MemoryUser } from "../support/memory-user.ts";

const SIZE = 2 * PART_BYTES + 1_000_003;
let content: Content;
let newer: Content;

beforeAll(async () => {
  content = await contentOf(SIZE);
  newer = await contentOf(SIZE + 1, 7);
});

/** Ends of everything: what is at the source is here, and nothing else is, neither object nor upload nor job. */
async function expectMirrored(user: MemoryUser, versions = 0): Promise<void> {
  expect(await mirrorOf(user)).toEqual(sourceOf(user));
  await expectNothingLeft(user, sourceOf(user).length + versions);
}

async function expectNothingLeft(user: MemoryUser, objects: number): Promise<void> {
  await expect
    .poll(async () => (await runDurableObjectAlarm(user.stub), [await uploadsOf(user), await jobsOf(user)]), { timeout: 10_000 })
    .toEqual([0, 0]);
  expect(await keysOf(user)).toHaveLength(objects);
}

/** Does something when the drive is asked for the n-th time. */
function onCall(drive: MemoryDrive, method: MemoryMethod, times: number, act: () => void): void {
  const meet = drive.meet.bind(drive);
  let calls = 0;
  drive.meet = (asked, id) => {
    if (asked === method && ++calls === times) act();
    return meet(asked, id);
  };
}

async function itemOf(user: MemoryUser, name = "large.bin"): Promise<Record<string, unknown> | null> {
  return env.DB.prepare(
    "SELECT state, reason, stored_size, stored_differs, stored_number, attempts FROM items WHERE sync_id = ? AND name = ?",
  )
    .bind(user.syncId, name)
    .first();
}

describe("a large file", () => {
  it.each(["sha256", "quickXorHash"] as const)("that is announced by its %s is fetched in parts, and stored whole", async (algorithm) => {
    const user = await createMemoryUser((drive) => {
      putLarge(drive, "/large.bin", content, algorithm);
      drive.put("/small.txt", "small");
    });
    await settled(user);
    await expectMirrored(user);
    expect(user.drive.opened.filter((id) => id === user.drive.item("/large.bin").id)).toHaveLength(3);
    expect(await itemOf(user)).toMatchObject({ state: "stored", stored_size: SIZE, stored_differs: 0 });
    const object = await env.CONTENT.head((await keysOf(user))[0] ?? "");
    expect(object?.customMetadata).toMatchObject({ remoteId: expect.any(String), path: expect.stringContaining(".") });
  });

  it("costs one part where one part fails", async () => {
    const user = await createMemoryUser((drive) => {
      putLarge(drive, "/large.bin", content);
      onCall(drive, "open", 2, () => drive.fail("open", new ProviderError("transient", "Reset."), 1));
    });
    await settled(user, 40_000);
    await expectMirrored(user);
    expect(user.drive.requests.open).toBe(4);
  });

  it("that changes before its last part is fetched in its new version, and nothing of the old one is left", async () => {
    const user = await createMemoryUser((drive) => {
      putLarge(drive, "/large.bin", content);
      onCall(drive, "open", 3, () => putLarge(drive, "/large.bin", newer));
    });
    await settled(user, 40_000);
    await expectMirrored(user);
    expect(await itemOf(user)).toMatchObject({ stored_number: 1, stored_size: SIZE + 1 });
  });

  it("that changes after its last part, before it is made an object, is never made one", async () => {
    const user = await createMemoryUser((drive) => {
      putLarge(drive, "/large.bin", content);
      // The first lookup begins the upload, the second one finishes it.
      onCall(drive, "lookup", 2, () => putLarge(drive, "/large.bin", newer));
    });
    await settled(user, 40_000);
    await expectMirrored(user);
    expect(await itemOf(user)).toMatchObject({ stored_number: 1, stored_size: SIZE + 1 });
  });

  it("that is removed at the source meanwhile leaves nothing", async () => {
    const user = await createMemoryUser((drive) => {
      putLarge(drive, "/large.bin", content);
      drive.put("/small.txt", "small");
    });
    const asked: Promise<unknown>[] = [];
    onCall(user.drive, "open", 3, () => {
      user.drive.delete("/large.bin");
      asked.push(user.stub.run(user.syncId, { full: false, trigger: "manual" }));
    });
    await settled(user, 50_000);
    expect(asked).toHaveLength(1);
    await expectMirrored(user);
  });

  it("of a source that ignores ranges is streamed whole", async () => {
    const user = await createMemoryUser((drive) => {
      putLarge(drive, "/large.bin", content);
      drive.settings.ignoresRanges = true;
    });
    await settled(user, 40_000);
    await expectMirrored(user);
  });

  it("of a source that has no ranges is streamed whole, at once", async () => {
    const user = await createMemoryUser((drive) => {
      putLarge(drive, "/large.bin", content, "sha256");
      drive.settings.rangedReads = false;
    });
    await settled(user, 40_000);
    await expectMirrored(user);
    expect(user.drive.requests.open).toBe(1);
  });

  it.each(["sha256", "quickXorHash"] as const)(
    "that is served otherwise than its %s says, twice the same, is kept and marked",
    async (algorithm) => {
      const user = await createMemoryUser((drive) => {
        putLarge(drive, "/large.bin", content, algorithm);
        const { misreportOf } = drive;
        drive.misreport("/large.bin", { ...misreportOf.call(drive, drive.item("/large.bin").id), served: newer.bytes.subarray(0, SIZE) });
      });
      await settled(user, 40_000);
      expect(await itemOf(user)).toMatchObject({ state: "stored", stored_size: SIZE, stored_differs: 1 });
      await expectNothingLeft(user, 1);
      expect(user.drive.requests.open, "every part twice").toBe(6);
    },
  );

  it("that the source blocks is named as skipped, and leaves nothing", async () => {
    const user = await createMemoryUser((drive) => {
      putLarge(drive, "/large.bin", content);
      drive.fail("open", new ProviderError("blocked", "Malware."), 1_000);
    });
    await settled(user);
    expect(await itemOf(user)).toMatchObject({ state: "skipped", reason: "malware" });
    await expectNothingLeft(user, 0);
  });

  it("counts its parts that are here as progress", async () => {
    const pictures: ReturnType<MemoryUser["stub"]["status"]>[] = [];
    const user = await createMemoryUser((drive) => putLarge(drive, "/large.bin", content));
    onCall(user.drive, "lookup", 2, () => void pictures.push(user.stub.status(user.syncId)));
    await settled(user);
    const picture = unwrap(await (pictures[0] ?? user.stub.status(user.syncId)));
    expect(picture.activeRun?.progress).toMatchObject({ bytes: SIZE, stored: 0, pending: 1 });
    expect(picture.backlog).toEqual({ files: 1, bytes: 0 });
    expect(picture.bytesPerSecond).toBeGreaterThan(0);
    expect(unwrap(await user.stub.status(user.syncId)).backlog).toEqual({ files: 0, bytes: 0 });
  });
});

describe("a consumer whose lease is lost", () => {
  it("is not told to delete the object that another one makes of the same upload", async () => {
    const late: Promise<unknown>[] = [];
    const user = await createMemoryUser((drive) => putLarge(drive, "/large.bin", content));
    const settleLate = async () => {
      const head = await runInDurableObject(user.stub, (_object, state) =>
        state.storage.sql.exec<{ id: string; large: string }>("SELECT id, large FROM jobs WHERE instr(id, '.') = 0").one(),
      );
      const { storedId } = JSON.parse(head.large) as { storedId: string };
      const { id: remoteId } = user.drive.item("/large.bin");
      const result = { index: 0, outcome: "stored", remoteId, storedId, size: SIZE, sha256: content.sha256, differs: false } as const;
      const usage = { providerRequests: 0, storagePuts: 0 };
      const request = { syncId: user.syncId, jobId: head.id, lease: 0, results: [result], done: true, usage, requestId: "late" };
      return user.stub.settle(request);
    };
    onCall(user.drive, "lookup", 2, () => void late.push(settleLate()));
    await settled(user);
    expect(await Promise.all(late)).toEqual([{ accepted: false, discard: [] }]);
    await expectMirrored(user);
  });
});

describe("when a person intervenes while a large file is fetched", () => {
  // What they did is looked for where it shows, not awaited: the call is made within the consumer's, which ends with its job.
  it("a cancelled run's parts are the next run's", async () => {
    const user = await createMemoryUser((drive) => putLarge(drive, "/large.bin", content));
    onCall(user.drive, "open", 3, () => void user.stub.cancel(user.syncId));
    const cancelled = () =>
      env.DB.prepare("SELECT count(*) AS runs FROM runs WHERE sync_id = ? AND status = 'cancelled'").bind(user.syncId).first("runs");
    await expect.poll(cancelled, { timeout: 20_000 }).toBe(1);
    unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
    await settled(user, 60_000);
    await expectMirrored(user);
    expect(user.drive.requests.open, "no part twice").toBe(3);
  });

  it("a paused sync goes on where it was", async () => {
    const user = await createMemoryUser((drive) => putLarge(drive, "/large.bin", content));
    onCall(user.drive, "open", 3, () => void user.stub.pause(user.syncId));
    await expect.poll(async () => unwrap(await user.stub.status(user.syncId)).status, { timeout: 20_000 }).toBe("paused");
    unwrap(await user.stub.resume(user.syncId));
    await settled(user, 60_000);
    await expectMirrored(user);
    expect(user.drive.requests.open, "no part twice").toBe(3);
  });

  it.each(["open", "lookup"] as const)("a sync that is deleted, at the last %s, leaves neither upload nor object", async (method) => {
    const user = await createMemoryUser((drive) => putLarge(drive, "/large.bin", content));
    onCall(user.drive, method, method === "open" ? 3 : 2, () => void user.stub.deleteSync(user.syncId));
    const left = () => env.DB.prepare("SELECT count(*) AS left FROM syncs WHERE id = ?").bind(user.syncId).first("left");
    await expect.poll(left, { timeout: 20_000 }).toBe(0);
    await expectNothingLeft(user, 0);
  });
});

describe("a ledger of the release before", () => {
  it("whose job for a large file was leased when it ended is worked off in parts, and what that lease left is deleted", async () => {
    const user = await createMemoryUser((drive) => {
      putLarge(drive, "/large.bin", content);
      drive.fail("lookup", new ProviderError("throttled", "Enough.", { retryAfterSeconds: 3_600 }));
    });
    await expect.poll(async () => unwrap(await user.stub.status(user.syncId)).waitingFor?.reason, { timeout: 20_000 }).toBe("throttled");
    const given = () =>
      runInDurableObject(user.stub, (_object, state) => state.storage.sql.exec("SELECT lease, leased, done FROM jobs").toArray()[0]);
    await expect.poll(given, { timeout: 20_000 }).toEqual({ lease: 1, leased: 0, done: 0 });
    await runInDurableObject(user.stub, async (_object, state) => {
      const { sql } = state.storage;
      const [job] = sql.exec<{ id: string }>("SELECT id FROM jobs").toArray();
      await env.CONTENT.put(`content/${user.userId}/${user.syncId}/${job?.id}-1-0`, "left behind");
      sql.exec("UPDATE jobs SET large = NULL, leased = 1, lease = 1");
      sql.exec("UPDATE connections SET gate_until = 0");
      sql.exec("INSERT OR REPLACE INTO settings (name, value) VALUES ('listening_since', '1')");
      await state.storage.sync();
      state.abort("a new release");
    }).catch(() => undefined);
    await user.stub.wake({ reason: "watchdog" });
    await settled(user, 30_000);
    await expectMirrored(user);
  });
});
