import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import type { SyncPatch } from "../../worker/wire.ts";
import { filesOf, totalsOf } from "../support/catalogue.ts";
import { digestFromScratch, lastReceiptDigest } from "../support/digest.ts";
import { arm, boundaries, disarm, workOff } from "../support/kill.ts";
import type { MemoryUser } from "../support/memory-user.ts";
import { createMemoryUser, mirrorOf } from "../support/memory-user.ts";
import { meetOutside } from "../support/outside.ts";

// The object is killed while rules change: wherever it happens, the copy ends as the rules say, and so do the totals.

const BOUNDARIES_MAX = 60;

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() }));
afterEach(() => void vi.useRealTimers());
afterEach(disarm);

/** By these some files go, some come back from the trash, some are fetched for the first time; one is found by its path. */
const NARROW: SyncPatch = { filters: { types: ["txt"] } };
const OTHER: SyncPatch = { selection: [{ itemId: null, path: "/docs/deep", mode: "exclude" }], filters: { maxBytes: 10 } };

/** Runs sort by time, to the millisecond. */
function tick(): void {
  vi.setSystemTime(Date.now() + 1);
}

async function prepare(): Promise<MemoryUser> {
  const user = await createMemoryUser((drive) => {
    for (let n = 0; n < 4; n += 1) drive.put(`/docs/${n}.${n % 2 ? "txt" : "pdf"}`, `first ${n}`);
    drive.put("/docs/deep/er.txt", "deep");
    drive.put("/large.txt", "larger than ten bytes");
  });
  await workOff(user);
  tick();
  unwrap(await user.stub.updateSync(user.syncId, NARROW));
  await workOff(user);
  tick();
  user.drive.put("/new.pdf", "new");
  unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
  await workOff(user);
  tick();
  return user;
}

async function expectTrue(user: MemoryUser): Promise<void> {
  expect(await filesOf(user)).toEqual({
    "/docs/0.pdf": "stored",
    "/docs/1.txt": "stored",
    "/docs/2.pdf": "stored",
    "/docs/3.txt": "stored",
    "/docs/deep/er.txt": "excluded: not_selected",
    "/large.txt": "excluded: size",
    "/new.pdf": "stored",
  });
  expect((await mirrorOf(user)).filter(({ sha256 }) => /catalogue/.test(sha256))).toEqual([]);
  const { said, counted } = await totalsOf(user);
  expect(said).toEqual(counted);
  expect(await lastReceiptDigest(user)).toEqual(await digestFromScratch(user));
  const versions = await env.DB.prepare("SELECT count(*) AS n FROM versions WHERE sync_id = ?").bind(user.syncId).first("n");
  expect(versions, "what is left out is in the trash, and nothing else").toBe(2);
  expect(await env.DB.prepare("SELECT version_count FROM syncs WHERE id = ?").bind(user.syncId).first("version_count")).toBe(2);
  expect(user.drive.opened.length, "nothing is fetched twice but what a kill cut short").toBeLessThanOrEqual(8);
}

describe.each([
  { effect: false, when: "before" },
  { effect: true, when: "right after" },
])("killed $when a call to the outside", ({ effect }) => {
  it("at any boundary of a change of the rules, the copy ends by the new ones", { timeout: 240_000 }, async () => {
    let kills = 0;
    for (const after of boundaries(effect, BOUNDARIES_MAX)) {
      const user = await prepare();
      const { fired } = await arm(user, { after, effect });
      await user.stub.updateSync(user.syncId, OTHER).catch(() => undefined);
      await workOff(user);
      disarm();
      tick();
      // The kill may have come before the rules were taken in: whoever asked for them does so again.
      unwrap(await user.stub.updateSync(user.syncId, OTHER));
      await workOff(user);
      await expectTrue(user);
      if (!fired()) break;
      kills += 1;
    }
    expect(kills, "boundaries that were met").toBeGreaterThan(4);
    expect(kills, "every boundary was met").toBeLessThan(boundaries(effect, BOUNDARIES_MAX).length);
  });
});

describe("rules that change while the catalogue is planned by others", () => {
  /** Changes the rules once more right after the `at`th call to the outside of the work on the first change. */
  async function changeAt(user: MemoryUser, at: number, patch: SyncPatch): Promise<{ fired: () => boolean; restore: () => void }> {
    const instance = await runInDurableObject(user.stub, (object) => object);
    let calls = 0;
    let fired = false;
    const restore = await meetOutside(user, async (call) => {
      const answer = await call();
      calls += 1;
      if (fired || calls <= at) return answer;
      fired = true;
      tick();
      unwrap(await instance.updateSync(user.syncId, patch));
      return answer;
    });
    return { fired: () => fired, restore };
  }

  it("at any boundary, are the ones that it ends by", { timeout: 240_000 }, async () => {
    for (let at = 0; at < BOUNDARIES_MAX; at += 1) {
      const user = await prepare();
      unwrap(await user.stub.updateSync(user.syncId, { filters: { types: ["none"] } }));
      const { fired, restore } = await changeAt(user, at, OTHER);
      await workOff(user);
      restore();
      if (!fired()) {
        expect(at, "boundaries that were met").toBeGreaterThan(8);
        return;
      }
      await workOff(user);
      await expectTrue(user);
    }
    expect.fail("There are more boundaries than were tried.");
  });
});
