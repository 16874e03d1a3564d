import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import { ProviderError } from "../../worker/providers/errors.ts";
import { arm, boundaries, disarm, workOff } from "../support/kill.ts";
import type { MemoryUser } from "../support/memory-user.ts";
import { digestFromScratch, lastReceiptDigest } from "../support/digest.ts";
import { createMemoryUser, mirrorOf, sourceOf } from "../support/memory-user.ts";

// The object is killed before, and right after, each thing that it does to the world outside: every statement to D1,
// every message, every delete. However often, the mirror ends equal to the source, and the totals are true.

const BOUNDARIES_MAX = 60;

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() }));
afterEach(() => void vi.useRealTimers());

afterEach(disarm);

async function expectTrue(user: MemoryUser): Promise<void> {
  expect(await mirrorOf(user)).toEqual(sourceOf(user));
  const counted = await env.DB.prepare(
    "SELECT count(*) AS items, sum(kind = 1) AS files, sum(kind = 1 AND state = 'stored') AS stored, sum(CASE WHEN kind = 1 AND state = 'stored' THEN stored_size END) AS bytes, (SELECT count(*) FROM versions WHERE sync_id = ?1) AS versions, (SELECT ifnull(sum(size), 0) FROM versions WHERE sync_id = ?1) AS versionBytes FROM items WHERE sync_id = ?1 AND state <> 'removed'",
  )
    .bind(user.syncId)
    .first();
  const said = await env.DB.prepare(
    "SELECT item_count AS items, file_count AS files, stored_count AS stored, stored_bytes AS bytes, version_count AS versions, version_bytes AS versionBytes FROM syncs WHERE id = ?",
  )
    .bind(user.syncId)
    .first();
  expect(said).toEqual(counted);
  const waiting = "SELECT name, state FROM items WHERE sync_id = ? AND state NOT IN ('stored', 'removed', 'excluded')";
  expect((await env.DB.prepare(waiting).bind(user.syncId).all()).results, "nothing waits for anything").toEqual([]);
  expect(await lastReceiptDigest(user), "the last receipt is about what is there").toEqual(await digestFromScratch(user));
  // Nothing in the bucket that the catalogue does not know.
  const { objects } = await env.CONTENT.list({ prefix: `content/${user.userId}/` });
  const known = await env.DB.prepare(
    "SELECT stored_id FROM items WHERE sync_id = ?1 AND stored_id IS NOT NULL UNION SELECT stored_id FROM versions WHERE sync_id = ?1",
  )
    .bind(user.syncId)
    .all<{ stored_id: string }>();
  expect(objects.map((object) => object.key.split("/").at(-1)).toSorted()).toEqual(known.results.map((row) => row.stored_id).toSorted());
}

/** Runs that begin in one millisecond have no order. */
function tick(): void {
  vi.setSystemTime(Date.now() + 1000);
}

function change(user: MemoryUser): void {
  const { drive } = user;
  drive.put("/docs/1.txt", "replaced");
  drive.put("/docs/new.txt", "new");
  drive.rename(drive.mkdir("/docs"), "papers");
  drive.move(drive.put("/papers/2.txt", "first 2"), "/elsewhere");
  drive.delete(drive.mkdir("/old"));
}

describe.each([
  { effect: false, when: "before" },
  { effect: true, when: "right after" },
])("killed $when a call to the outside", ({ effect }) => {
  it("at any boundary of a first listing, what is gone when it is read again leaves nothing behind", { timeout: 240_000 }, async () => {
    let kills = 0;
    for (const after of boundaries(effect, BOUNDARIES_MAX)) {
      const user = await createMemoryUser((drive) => {
        drive.put("/keep.txt", "stays");
        drive.put("/gone.txt", "goes");
      });
      const { fired } = await arm(user, { after, effect });
      let deleted = false;
      await workOff(user, async () => {
        if (deleted || !fired()) return;
        deleted = true;
        user.drive.delete(user.drive.put("/gone.txt", "goes"));
      });
      disarm();
      tick();
      unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
      await workOff(user);
      await expectTrue(user);
      if (!fired()) break;
      kills += 1;
    }
    expect(kills).toBeGreaterThan(5);
  });

  it("at any boundary of a run with every kind of change, the mirror ends equal to the source", { timeout: 240_000 }, async () => {
    let kills = 0;
    for (const after of boundaries(effect, BOUNDARIES_MAX)) {
      const user = await createMemoryUser((drive) => {
        drive.settings.pageSize = 4;
        for (let n = 0; n < 6; n += 1) drive.put(`/docs/${n}.txt`, `first ${n}`);
        drive.put("/old/deep/er.txt", "goes");
      });
      await workOff(user);
      change(user);
      tick();
      const { fired } = await arm(user, { after, effect });
      await user.stub.run(user.syncId, { full: false, trigger: "manual" }).catch(() => undefined);
      await workOff(user);
      disarm();
      tick();
      // The kill may have come before the run was even asked for.
      unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
      await workOff(user);
      await expectTrue(user);
      if (!fired()) break;
      kills += 1;
    }
    expect(kills, "boundaries that were met").toBeGreaterThan(5);
    expect(kills, "every boundary was met").toBeLessThan(boundaries(effect, BOUNDARIES_MAX).length);
  });

  it(
    "at any boundary of a run in which a folder moves into the selection, its children come, though nobody reports them",
    { timeout: 240_000 },
    async () => {
      let kills = 0;
      for (const after of boundaries(effect, BOUNDARIES_MAX)) {
        const user = await createMemoryUser((drive) => {
          drive.put("/kept/a.txt", "a");
          for (let n = 0; n < 3; n += 1) drive.put(`/other/sub/${n}.txt`, `other ${n}`);
        });
        await workOff(user);
        tick();
        const selection = [{ itemId: user.drive.mkdir("/kept"), mode: "include" as const }];
        unwrap(await user.stub.updateSync(user.syncId, { selection, options: { removalLimit: { share: 1, count: 1000 } } }));
        await workOff(user);
        expect((await mirrorOf(user)).map((file) => file.path)).toEqual(["/kept/a.txt"]);
        user.drive.move(user.drive.mkdir("/other"), "/kept");
        tick();
        const { fired } = await arm(user, { after, effect });
        await user.stub.run(user.syncId, { full: false, trigger: "manual" }).catch(() => undefined);
        await workOff(user);
        disarm();
        tick();
        unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
        await workOff(user);
        await expectTrue(user);
        if (!fired()) break;
        kills += 1;
      }
      expect(kills, "boundaries that were met").toBeGreaterThan(2);
      expect(kills, "every boundary was met").toBeLessThan(boundaries(effect, BOUNDARIES_MAX).length);
    },
  );

  it.each([
    { what: "a file that failed", asked: false, malformed: false },
    { what: "a file that failed, since a person asks for it", asked: true, malformed: false },
    { what: "an item whose entry could not be read", asked: false, malformed: true },
  ])("at any boundary of a run that tries $what again, it comes", { timeout: 240_000 }, async ({ asked, malformed }) => {
    let kills = 0;
    for (const after of boundaries(effect, BOUNDARIES_MAX, 3)) {
      const user = await createMemoryUser((drive) => drive.put("/docs/a.txt", "a"));
      await workOff(user);
      const id = user.drive.put("/docs/b.txt", "b");
      if (malformed) user.drive.misreport(id, { malformed: true });
      else user.drive.fail("open", new ProviderError("unsupported", "Not now."));
      tick();
      const run = unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
      await workOff(user);
      expect(await mirrorOf(user)).toHaveLength(1);
      if (!asked) await env.DB.prepare("UPDATE items SET next_attempt_at = ? WHERE sync_id = ? AND state = 'failed'").bind(Date.now(), user.syncId).run(); // prettier-ignore
      if (!asked) await retryNow(user);
      const { fired } = await arm(user, { after, effect });
      if (asked) await user.stub.retry(run.id).catch(() => undefined);
      await user.stub.wake({ reason: "watchdog" }).catch(() => undefined);
      await workOff(user);
      disarm();
      tick();
      unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
      // Where the kill came before a person was heard, they ask again.
      if (asked && (await mirrorOf(user)).length === 1 && !(await isPending(user, id))) await user.stub.retry(run.id);
      await workOff(user);
      await expectTrue(user);
      if (!fired()) break;
      kills += 1;
    }
    expect(kills, "boundaries that were met").toBeGreaterThan(2);
    expect(kills, "every boundary was met").toBeLessThan(boundaries(effect, BOUNDARIES_MAX, 3).length);
  });
});

/** Has what failed tried again now, as if its time had come. */
async function retryNow(user: MemoryUser): Promise<void> {
  await runInDurableObject(user.stub, (_instance, { storage }) => {
    storage.sql.exec("UPDATE syncs SET retry_at = ?", Date.now());
  });
}

async function isPending(user: MemoryUser, remoteId: string): Promise<boolean> {
  const statement = env.DB.prepare("SELECT state FROM items WHERE sync_id = ? AND remote_id = ?");
  return (await statement.bind(user.syncId, remoteId).first("state")) === "pending";
}
