import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import { createDropboxUser, type DropboxUser, sourceOf } from "../support/dropbox-user.ts";
import { arm, boundaries, disarm, workOff } from "../support/kill.ts";
import { mirrorOf } from "../support/memory-user.ts";

// Changes that come by path mean something else once a part of them is written: a page that is done again must not need
// to know what was where before.

/** The page with the changes is planned, written and committed within the first calls of a run. */
const BOUNDARIES_MAX = 9;

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() }));
afterEach(() => void vi.useRealTimers());
afterEach(disarm);

describe.each([
  { effect: false, when: "before" },
  { effect: true, when: "right after" },
])("killed $when a call to the outside", ({ effect }) => {
  it("in a run that moves, replaces and deletes, the mirror ends equal to the source", { timeout: 240_000 }, async () => {
    let fired = 0;
    for (const after of boundaries(effect, BOUNDARIES_MAX, effect ? 2 : 4)) {
      const user = await createDropboxUser((drive) =>
        drive.mutate(
          ...["/f/kept.txt", "/f/gone.txt", "/f/g/deep.txt", "/a.txt", "/b.txt"].map((path) => ({
            op: "create" as const,
            path,
            bytes: path,
          })),
        ),
      );
      await workOff(user);
      await user.drive.mutate(
        { op: "delete", path: "/f/gone.txt" },
        { op: "rename", path: "/f", name: "h" },
        { op: "rename", path: "/a.txt", name: "c.txt" },
        { op: "create", path: "/a.txt", bytes: "another" },
        { op: "delete", path: "/b.txt" },
        { op: "create", path: "/b.txt", bytes: "anew" },
      );
      const kill = await arm(user, { after, effect });
      await begin(user);
      await workOff(user);
      disarm();
      expect(await mirrorOf(user), `killed after ${after} calls`).toEqual(await sourceOf(user));
      if (kill.fired()) fired += 1;
      else break;
    }
    expect(fired).toBeGreaterThan(2);
  });
});

/** The call itself may be the one that is killed: then it is made again. */
async function begin(user: DropboxUser): Promise<void> {
  const run = async () => void unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
  try {
    await run();
  } catch (error) {
    if (!/killed/i.test(String(error))) throw error;
    await run();
  }
}
