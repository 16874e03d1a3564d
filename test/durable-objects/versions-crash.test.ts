import { runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import { arm, boundaries, disarm, workOff } from "../support/kill.ts";
import type { MemoryUser } from "../support/memory-user.ts";
import { createMemoryUser, mirrorOf } from "../support/memory-user.ts";
import { expectWhole, idOf, itemOf } from "../support/versions.ts";

// The object is killed before, and right after, each thing that a purge or a restore does to the world outside.

const BOUNDARIES_MAX = 60;
const DAY_MILLISECONDS = 86_400_000;

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() }));
afterEach(() => void vi.useRealTimers());
afterEach(disarm);

const survive = (error: unknown) => {
  if (!/killed/i.test(String(error))) throw error;
};

interface Prepared {
  user: MemoryUser;
  file: string;
  folder: string;
}

/** Both files had another content before; the folder was removed with one of them. */
async function prepare(): Promise<Prepared> {
  const user = await createMemoryUser((drive) => {
    drive.put("/a.txt", "one");
    drive.put("/gone/deep/b.txt", "old");
  });
  await workOff(user);
  const [file, folder] = [idOf(user, "/a.txt"), idOf(user, "/gone")];
  user.drive.put("/a.txt", "second");
  user.drive.put("/gone/deep/b.txt", "newer");
  await run(user);
  user.drive.delete(folder);
  await run(user);
  return { user, file, folder };
}

async function run(user: MemoryUser): Promise<void> {
  await user.stub.run(user.syncId, { full: false, trigger: "manual" }).catch(survive);
  await workOff(user);
}

async function purge({ user }: Prepared): Promise<void> {
  await user.stub.wake({ reason: "purge" }).catch(survive);
  for (let round = 0; round < 4; round += 1) {
    await runDurableObjectAlarm(user.stub).catch(survive);
    await workOff(user);
  }
}

interface Deed {
  what: string;
  boundariesMin: number;
  act: (prepared: Prepared) => Promise<unknown>;
  expectDone: (prepared: Prepared) => Promise<void>;
}

const deeds: Deed[] = [
  {
    what: "a purge",
    boundariesMin: 5,
    act: purge,
    expectDone: async ({ user, folder }) => {
      expect(await itemOf(user, folder)).toEqual({});
      expect(await mirrorOf(user)).toHaveLength(1);
    },
  },
  {
    what: "the restore of a version",
    boundariesMin: 5,
    act: ({ user, file }) => user.stub.restoreVersion(user.syncId, file, 1).catch(survive),
    expectDone: async ({ user, file }) => {
      expect(await itemOf(user, file)).toMatchObject({ state: "stored", stored_number: 3, stored_size: 3, restored_from: 1 });
    },
  },
  {
    what: "the restore of a folder",
    boundariesMin: 5,
    act: async ({ user, folder }) => {
      await user.stub.restoreItem(user.syncId, folder).catch(survive);
      for (let round = 0; round < 5; round += 1) await runDurableObjectAlarm(user.stub).catch(survive);
    },
    expectDone: async ({ user }) => {
      expect((await mirrorOf(user)).map(({ path }) => path)).toEqual(["/a.txt", "/gone/deep/b.txt"]);
    },
  },
];

describe.each([
  { effect: false, when: "before" },
  { effect: true, when: "right after" },
])("killed $when a call to the outside", ({ effect }) => {
  it.each(deeds)("at any boundary, $what is done once it is asked for again", { timeout: 240_000 }, async (deed) => {
    let kills = 0;
    for (const after of boundaries(effect, BOUNDARIES_MAX)) {
      const prepared = await prepare();
      const { user } = prepared;
      if (deed.what === "a purge") vi.setSystemTime(Date.now() + 40 * DAY_MILLISECONDS);
      const { fired } = await arm(user, { after, effect });
      await deed.act(prepared);
      await workOff(user);
      disarm();
      await deed.act(prepared);
      // Totals that were left in doubt are counted at a run's end.
      unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
      await workOff(user);
      await deed.expectDone(prepared);
      await expectWhole(user);
      if (!fired()) break;
      kills += 1;
    }
    expect(kills, "boundaries that were met").toBeGreaterThanOrEqual(Math.floor(deed.boundariesMin / 2));
    expect(kills, "every boundary was met").toBeLessThan(boundaries(effect, BOUNDARIES_MAX).length);
  });
});
