import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { computeDigest, digestDue, mirrorDigest } from "../../durable-objects/digest.ts";
import type { Engine } from "../../durable-objects/engine.ts";
import { UserSyncStore } from "../../durable-objects/user-sync-store.ts";
import { catalogue } from "../../worker/db/client.ts";
import { beginsRange } from "../../worker/sync/digest.ts";
import { unwrap } from "../../worker/errors.ts";
import { digestFromScratch, lastReceiptDigest } from "../support/digest.ts";
import { createMemoryUser, settled } from "../support/memory-user.ts";
import { seedItems, seedSync, seedUser } from "../routes/seed.ts";

// The digest is computed again only where something changed, and is nonetheless what a reader of the whole mirror computes.

const BEGINNINGS = Array.from({ length: 2_250 }, (_, n) => `id ${n}`).filter(beginsRange);
const IDS = [...BEGINNINGS, ...Array.from({ length: 12 }, (_, n) => `id ${n * 200}`), "", "\u{1F600}", "～"].filter(Boolean);

let userId: string;
let syncId: string;
beforeEach(async () => {
  userId = await seedUser();
  syncId = await seedSync({ userId });
});

function inObject<T>(work: (engine: Engine) => Promise<T>): Promise<T> {
  return runInDurableObject(env.USER_SYNC.getByName(userId), (_instance, state) => {
    const store = new UserSyncStore(state.storage);
    return work({ userId, store, db: () => catalogue(env, 0) } as unknown as Engine);
  });
}

async function compute(engine: Engine): Promise<{ entries: number; root: string }> {
  for (let steps = 0; digestDue(engine, syncId); steps += 1) {
    if (steps > 1_000) throw new Error("The digest does not come to an end.");
    await computeDigest(engine, syncId);
  }
  const { entries, root } = mirrorDigest(engine, syncId);
  return { entries, root };
}

type Operation = { id: string; to: "folder" | "stored" | "failed" | "excluded" | "removed" | "damaged" | "erased"; name: string };

async function apply({ id, to, name }: Operation): Promise<void> {
  await env.DB.prepare("DELETE FROM items WHERE sync_id = ? AND remote_id = ?").bind(syncId, id).run();
  if (to === "erased") return;
  const content = {
    storedId: `stored ${name}`,
    storedSize: name.length,
    storedSha256: name,
    storedSourceSize: to === "damaged" ? null : 1,
  };
  const state = to === "folder" || to === "damaged" ? "stored" : to;
  await seedItems([
    { syncId, remoteId: id, kind: to === "folder" ? 0 : 1, name, state, ...(to === "folder" || to === "failed" ? {} : content) },
  ]);
}

const operations = fc.array(
  fc.record({
    id: fc.constantFrom(...IDS),
    to: fc.constantFrom("folder", "stored", "stored", "stored", "failed", "excluded", "removed", "damaged", "erased" as const),
    name: fc.string({ maxLength: 5 }),
  }) as fc.Arbitrary<Operation>,
  { minLength: 1, maxLength: 15 },
);

describe("the digest that is kept up to date", () => {
  it("is the one of the whole mirror after any changes, also where ranges begin and end", { timeout: 60_000 }, async () => {
    await inObject(async (engine) => {
      await fc.assert(
        fc.asyncProperty(operations, async (batch) => {
          for (const each of batch) await apply(each);
          engine.store.touchDigest(syncId, batch.map(({ id }) => id)); // prettier-ignore
          expect(await compute(engine)).toEqual(await digestFromScratch({ userId, syncId }));
        }),
        { numRuns: 60 },
      );
    });
  });

  it("writes nothing while nobody asked for a digest, and then reads again only the ranges that were touched", async () => {
    await seedItems([...IDS].map((id) => ({ syncId, remoteId: id, kind: 0, state: "stored" as const })));
    await inObject(async (engine) => {
      engine.store.touchDigest(syncId, IDS);
      expect([...engine.store.digest.ranges(syncId)]).toEqual([]);
      await compute(engine);
      expect([...engine.store.digest.ranges(syncId)]).toHaveLength(BEGINNINGS.length + 1);
      await env.DB.prepare("UPDATE items SET name = 'unseen' WHERE sync_id = ?").bind(syncId).run();
      engine.store.touchDigest(syncId, [BEGINNINGS[3] ?? ""]);
      const before = new Map([...engine.store.digest.ranges(syncId)].map((range) => [range.start, range.digest]));
      await compute(engine);
      const changed = [...engine.store.digest.ranges(syncId)].filter(({ start, digest }) => before.get(start) !== digest);
      expect(changed.map(({ start }) => start)).toEqual([BEGINNINGS[3]]);
    });
  });

  it("is computed once more where an item changes while its range is read", async () => {
    await seedItems([{ syncId, remoteId: "a", kind: 0, name: "before", state: "stored" }]);
    await inObject(async (engine) => {
      const db = engine.db();
      const readThenChange = async (query: Parameters<typeof db.all>[0]) => {
        const rows = await db.all(query);
        await env.DB.prepare("UPDATE items SET name = 'after' WHERE sync_id = ?").bind(syncId).run();
        engine.store.touchDigest(syncId, ["a"]);
        return rows;
      };
      await computeDigest({ ...engine, db: () => Object.assign(Object.create(db), { all: readThenChange }) as typeof db }, syncId);
      expect(digestDue(engine, syncId)).toBe(true);
      expect(await compute(engine)).toEqual(await digestFromScratch({ userId, syncId }));
    });
  });
});

describe("a run's receipt, in a mirror of several ranges", () => {
  const FOLDERS = 4_000;

  it("is about each kind of change, be it the only one", { timeout: 120_000 }, async () => {
    const user = await createMemoryUser((drive) => {
      drive.settings.pageSize = 1_000;
      drive.put("/a.txt", "a");
      for (let n = 0; n < FOLDERS; n += 1) drive.mkdir(`/many/${n}`);
      drive.put("/b.txt", "b");
      drive.put("/c.txt", "c");
    });
    await settled(user, 60_000);
    const { drive } = user;
    const changes: Record<string, () => unknown> = {
      rename: () => drive.rename(drive.mkdir("/many/17"), "renamed"),
      move: () => drive.move(drive.mkdir("/many/3000"), "/many/1"),
      "new content": () => drive.put("/a.txt", "another a"),
      removal: () => drive.delete(drive.mkdir("/many/77")),
      "a file's removal": () => drive.delete(drive.put("/b.txt", "b")),
      "a filter": async () => unwrap(await user.stub.updateSync(user.syncId, { filters: { excludeTypes: ["txt"] } })),
      "no filter": async () => unwrap(await user.stub.updateSync(user.syncId, { filters: {} })),
    };
    for (const [kind, change] of Object.entries(changes)) {
      await change();
      await user.stub.run(user.syncId, { full: false, trigger: "manual" });
      await settled(user);
      expect(await lastReceiptDigest(user), kind).toEqual(await digestFromScratch(user));
    }
    expect((await lastReceiptDigest(user))?.entries).toBe(FOLDERS + 2 - 1 + 2);
  });
});
