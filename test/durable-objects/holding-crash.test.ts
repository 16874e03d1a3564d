import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import { arm, boundaries, disarm, workOff } from "../support/kill.ts";
import type { MemoryUser } from "../support/memory-user.ts";
import { createMemoryUser, mirrorOf } from "../support/memory-user.ts";
import { itemsOf, runRow } from "./held-state.ts";

// The object is killed at each boundary of holding, approving and discarding: the end is the same as without.

const FILES = 24;
const BOUNDARIES_MAX = 40;

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() }));
afterEach(() => void vi.useRealTimers());
afterEach(disarm);

async function syncedUser(): Promise<MemoryUser> {
  const user = await createMemoryUser((drive) => {
    for (let n = 0; n < FILES; n += 1) drive.put(`/docs/${n % 3}/${n}.txt`, `content ${n}`);
    drive.put("/left.txt", "left");
  });
  await workOff(user);
  return user;
}

async function removeDocs(user: MemoryUser): Promise<string | null> {
  user.drive.delete(user.drive.mkdir("/docs"));
  const run = await user.stub.run(user.syncId, { full: false, trigger: "manual" }).catch(() => null);
  await workOff(user);
  return run?.ok ? run.value.id : null;
}

/** Everything that a person could see of it, but for ids and times. */
async function stateOf(user: MemoryUser) {
  const runs = await env.DB.prepare("SELECT status, held FROM runs WHERE sync_id = ? ORDER BY id").bind(user.syncId).all();
  const totals = await env.DB.prepare(
    "SELECT item_count, file_count, stored_count, stored_bytes, held_count, version_count, version_bytes FROM syncs WHERE id = ?",
  )
    .bind(user.syncId)
    .first();
  const items = await env.DB.prepare("SELECT remote_id, state, reason, kept FROM items WHERE sync_id = ? ORDER BY remote_id")
    .bind(user.syncId)
    .all();
  const versions = await env.DB.prepare("SELECT remote_id, number, ended_by FROM versions WHERE sync_id = ? ORDER BY remote_id")
    .bind(user.syncId)
    .all();
  const log = await env.DB.prepare(
    "SELECT level, message FROM run_events JOIN runs ON runs.id = run_id WHERE sync_id = ? AND message LIKE '%removed%' AND message NOT LIKE 'Ended%' ORDER BY message",
  )
    .bind(user.syncId)
    .all();
  const mirror = await mirrorOf(user, ["stored", "held"]);
  return { statuses: runs.results, totals, items: items.results, versions: versions.results, log: log.results, mirror };
}

describe.each([
  { effect: false, when: "before" },
  { effect: true, when: "right after" },
])("killed $when a call to the outside", ({ effect }) => {
  it("at any boundary of a hold, the same is held, counted and said", { timeout: 240_000 }, async () => {
    const calm = await syncedUser();
    await removeDocs(calm);
    const expected = await stateOf(calm);
    let kills = 0;
    for (const after of boundaries(effect, BOUNDARIES_MAX)) {
      const user = await syncedUser();
      const { fired } = await arm(user, { after, effect });
      const runId = await removeDocs(user);
      disarm();
      // The kill may have come before the run was asked for.
      if (runId === null && (await itemsOf(user, "state = 'held'")).length === 0) {
        unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
        await workOff(user);
      }
      const found = await stateOf(user);
      expect({ after, ...found, statuses: found.statuses.filter((run) => run["held"] !== 0) }).toEqual({
        after,
        ...expected,
        statuses: expected.statuses.filter((run) => run["held"] !== 0),
      });
      if (!fired()) break;
      kills += 1;
    }
    expect(kills, "boundaries that were met").toBeGreaterThan(4);
    expect(kills, "every boundary was met").toBeLessThan(boundaries(effect, BOUNDARIES_MAX).length);
  });

  it.each(["approve", "discard"] as const)(
    "at any boundary of a decision to %s, it ends the same",
    { timeout: 240_000 },
    async (action) => {
      const decide = async (user: MemoryUser, runId: string) => {
        const decided = await user.stub.decide(runId, action, []).catch(() => null);
        await workOff(user);
        return decided?.ok === true;
      };
      const calm = await syncedUser();
      const calmRun = (await removeDocs(calm)) ?? "";
      await decide(calm, calmRun);
      const expected = await stateOf(calm);
      expect(await runRow(calmRun)).toMatchObject({ status: "completed", held: FILES });
      let kills = 0;
      for (const after of boundaries(effect, BOUNDARIES_MAX)) {
        const user = await syncedUser();
        const runId = (await removeDocs(user)) ?? "";
        const { fired } = await arm(user, { after, effect });
        await decide(user, runId);
        disarm();
        // The kill may have come before the decision was recorded.
        if ((await itemsOf(user, "state = 'held'")).length > 0) await decide(user, runId);
        expect({ after, ...(await stateOf(user)) }).toEqual({ after, ...expected });
        if (!fired()) break;
        kills += 1;
      }
      expect(kills, "boundaries that were met").toBeGreaterThan(3);
      expect(kills, "every boundary was met").toBeLessThan(boundaries(effect, BOUNDARIES_MAX).length);
    },
  );
});
