import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import type { MemoryUser } from "../support/memory-user.ts";
import { boundaries } from "../support/kill.ts";
import { createMemoryUser, mirrorOf, sourceOf } from "../support/memory-user.ts";
import { meetOutside } from "../support/outside.ts";

// Pause, resume and cancel, at every point of a run: before each thing that the object, or a consumer, asks of the world
// outside. What is under way ends, nothing else begins, nothing is lost.

const BOUNDARIES_MAX = 150;
const STRIDE = 3;
// A phase of one or two calls is met so, too.
const PAUSE_STRIDE = 2;
const ROUNDS_MAX = 400;

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() }));
afterEach(() => void vi.useRealTimers());

/** A user whose next run lists everything again, finds every kind of change, sweeps, removes and downloads. */
async function changedUser(): Promise<MemoryUser> {
  const user = await createMemoryUser((drive) => {
    drive.settings.pageSize = 5;
    for (let n = 0; n < 6; n += 1) drive.put(`/docs/${n}.txt`, `first ${n}`);
    drive.put("/old/deep/er.txt", "goes");
  });
  await workOff(user);
  const { drive } = user;
  drive.put("/docs/1.txt", "replaced");
  drive.put("/docs/new.txt", "new");
  drive.rename(drive.mkdir("/docs"), "papers");
  drive.move(drive.put("/papers/2.txt", "first 2"), "/elsewhere");
  drive.delete(drive.mkdir("/old"));
  drive.expireCursors();
  return user;
}

/** Lets alarms, consumers and the clock go on, `rounds` times or until the sync is idle. */
async function workOff(user: MemoryUser, rounds = ROUNDS_MAX): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    if (await turn(user)) return;
  }
  if (rounds === ROUNDS_MAX) throw new Error(`Not idle: ${JSON.stringify(unwrap(await user.stub.status(user.syncId)))}`);
}

async function turn(user: MemoryUser): Promise<boolean> {
  await user.stub.wake({ reason: "watchdog" });
  await runDurableObjectAlarm(user.stub);
  const status = unwrap(await user.stub.status(user.syncId));
  if (status.activeRun === null && status.backlog.files === 0 && status.checkedAt !== null) return true;
  vi.setSystemTime(Date.now() + 5_000);
  await new Promise((resume) => setTimeout(resume, 5));
  return false;
}

function asked({ drive }: MemoryUser): number {
  return drive.requests.changes + drive.requests.lookup;
}

async function expectTrue(user: MemoryUser): Promise<void> {
  expect(await mirrorOf(user)).toEqual(sourceOf(user));
  const counted = await env.DB.prepare(
    `SELECT count(*) AS items, sum(kind = 1 AND state = 'stored') AS stored, sum(CASE WHEN kind = 1 AND state = 'stored' THEN stored_size END) AS bytes
     FROM items WHERE sync_id = ? AND state <> 'removed'`,
  )
    .bind(user.syncId)
    .first();
  const said = await env.DB.prepare("SELECT item_count AS items, stored_count AS stored, stored_bytes AS bytes FROM syncs WHERE id = ?")
    .bind(user.syncId)
    .first();
  expect(said).toEqual(counted);
}

/** Where a run is: what its feed does, and whether consumers hold jobs. */
async function placeOf(user: MemoryUser): Promise<string[]> {
  return runInDurableObject(user.stub, (_instance, { storage }) => {
    const [feed] = storage.sql.exec<{ phase: string }>("SELECT phase FROM feeds").toArray();
    const [jobs] = storage.sql.exec<{ leased: number }>("SELECT count(*) AS leased FROM jobs WHERE leased = 1 AND done = 0").toArray();
    return [feed?.phase ?? "none", ...(jobs && jobs.leased > 0 ? ["jobs leased"] : [])];
  });
}

const EVERY_PLACE = ["listing", "catching_up", "sweeping", "removing", "idle", "jobs leased"];

/** Begins a run, and does `act` before its `after`-th call to the world outside. Null where it does not come to that. */
async function actDuring(
  user: MemoryUser,
  after: number,
  act: () => Promise<unknown>,
): Promise<{ place: string[]; askedSince: number } | null> {
  let calls = 0;
  let met: { place: string[]; askedSince: number } | null = null;
  const restore = await meetOutside(user, async (call) => {
    calls += 1;
    if (calls !== after + 1) return call();
    met = { place: await placeOf(user), askedSince: 0 };
    await act();
    met.askedSince = asked(user);
    return call();
  });
  unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
  for (let round = 0; round < 12 && met === null; round += 1) if (await turn(user)) break;
  await turn(user);
  restore();
  return met;
}

describe("at every point of a run", () => {
  it("a pause lets no further step begin, and resuming goes on where it was", { timeout: 300_000 }, async () => {
    const places = new Set<string>();
    const changesAsked: number[] = [];
    for (const after of boundaries(false, BOUNDARIES_MAX, PAUSE_STRIDE)) {
      const user = await changedUser();
      const before = user.drive.requests.changes;
      const met = await actDuring(user, after, async () => unwrap(await user.stub.pause(user.syncId)));
      for (const place of met?.place ?? []) places.add(place);
      if (met) {
        // Of the step that was under way one question may have been open.
        expect(asked(user) - met.askedSince, `asked after the pause at ${met.place.join()}`).toBeLessThanOrEqual(1);
        const still = { asked: asked(user), opened: user.drive.opened.length };
        await workOff(user, 6);
        expect({ asked: asked(user), opened: user.drive.opened.length }, `at rest from ${met.place.join()}`).toEqual(still);
        expect(unwrap(await user.stub.status(user.syncId))).toMatchObject({ waitingFor: { reason: "paused" }, secondsLeft: null });
        unwrap(await user.stub.resume(user.syncId));
      }
      await workOff(user);
      await expectTrue(user);
      changesAsked.push(user.drive.requests.changes - before);
      if (!met) break;
    }
    expect([...places].toSorted()).toEqual(expect.arrayContaining(EVERY_PLACE));
    // The last one was never paused. Resuming looks for what was missed, which is one more question; a page that was read
    // and not applied is another.
    const undisturbed = changesAsked.at(-1) ?? 0;
    expect(Math.max(...changesAsked)).toBeLessThanOrEqual(undisturbed + 2);
    expect(changesAsked.length, "every point was met").toBeLessThan(boundaries(false, BOUNDARIES_MAX, PAUSE_STRIDE).length);
  });

  it("a cancel ends the run, nothing begins by itself, and the next run takes over what is left", { timeout: 300_000 }, async () => {
    const places = new Set<string>();
    for (const after of boundaries(true, BOUNDARIES_MAX, STRIDE)) {
      const user = await changedUser();
      let cancelled: string | null = null;
      const met = await actDuring(user, after, async () => {
        const answer = await user.stub.cancel(user.syncId);
        if (answer.ok) cancelled = answer.value.id;
        else expect(answer.code).toBe("run.none_active");
      });
      for (const place of met?.place ?? []) places.add(place);
      if (met && cancelled !== null) {
        expect(asked(user) - met.askedSince, `asked after the cancel at ${met.place.join()}`).toBeLessThanOrEqual(1);
        const still = asked(user);
        await workOff(user, 6);
        expect(asked(user), `at rest from ${met.place.join()}`).toBe(still);
        expect(unwrap(await user.stub.status(user.syncId)).activeRun).toBeNull();
        const row = await env.DB.prepare("SELECT status, finished_at FROM runs WHERE id = ?").bind(cancelled).first();
        expect(row).toMatchObject({ status: "cancelled", finished_at: expect.any(Number) });
      }
      unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
      await workOff(user);
      await expectTrue(user);
      if (!met) break;
      expect(after, "every point was met").toBeLessThan(BOUNDARIES_MAX - STRIDE);
    }
    expect([...places].toSorted()).toEqual(expect.arrayContaining(EVERY_PLACE));
  });
});

describe("while a step is under way, and the catalogue takes its time to hear of it", () => {
  it.each(["pause", "cancel"] as const)(
    "a %s ends with that step, and takes nothing back of what it counts",
    { timeout: 300_000 },
    async (name) => {
      for (let after = 0; after < BOUNDARIES_MAX; after += 1) {
        const user = await changedUser();
        let calls = 0;
        let telling: Promise<unknown> | undefined;
        let askedBefore = 0;
        let waits = false;
        let release: () => void = () => undefined;
        const released = new Promise<void>((resolve) => (release = resolve));
        const restore = await meetOutside(user, async (call, what) => {
          calls += 1;
          if (calls === after + 1) {
            askedBefore = asked(user);
            telling = user.stub[name](user.syncId);
            await expect.poll(() => waits || calls > after + 1, { interval: 2 }).toBe(true);
          } else if (telling && !waits && what !== "open") {
            waits = true;
            await released;
          }
          return call();
        });
        unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
        await runDurableObjectAlarm(user.stub);
        if (waits) expect(asked(user) - askedBefore, `asked before the ${name} was told, from call ${after} on`).toBeLessThanOrEqual(1);
        release();
        await telling;
        restore();
        if (name === "pause") unwrap(await user.stub.resume(user.syncId));
        unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
        await workOff(user);
        await expectTrue(user);
        if (!telling) return;
      }
      throw new Error("A run does more than was met.");
    },
  );
});

describe("a call that breaks off with its object", () => {
  const calls = {
    pause: (user: MemoryUser) => user.stub.pause(user.syncId),
    resume: (user: MemoryUser) => user.stub.resume(user.syncId),
    cancel: (user: MemoryUser) => user.stub.cancel(user.syncId),
  };

  it.each([
    ["pause", false],
    ["pause", true],
    ["resume", false],
    ["resume", true],
    ["cancel", false],
    ["cancel", true],
  ] as const)("%s, killed around each thing it does (its effect done: %s), can be made again, and all is true", async (name, effect) => {
    for (let after = 0; after < 12; after += 1) {
      const user = await changedUser();
      if (name === "resume") unwrap(await user.stub.pause(user.syncId));
      else unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
      const killed = await killDuring(user, after, effect, () => calls[name](user));
      // What the catalogue shows and what the object does are the same after the clock's next wake, even if nobody asks again.
      vi.setSystemTime(Date.now() + 3_600_000);
      await user.stub.wake({ reason: "schedule" });
      const said = await env.DB.prepare("SELECT status FROM syncs WHERE id = ?").bind(user.syncId).first("status");
      expect(said, `after ${after} calls`).toBe(unwrap(await user.stub.status(user.syncId)).status);

      const again = await calls[name](user);
      if (name !== "cancel") expect(again.ok).toBe(true);
      if (name === "pause") unwrap(await user.stub.resume(user.syncId));
      if (name === "cancel") unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
      await workOff(user);
      await expectTrue(user);
      const open = await env.DB.prepare("SELECT count(*) AS n FROM runs WHERE sync_id = ? AND finished_at IS NULL")
        .bind(user.syncId)
        .first("n");
      expect(open, "runs that nobody ended").toBe(0);
      if (!killed) return;
    }
    throw new Error("The call does more than was met.");
  });
});

async function killDuring(user: MemoryUser, after: number, effect: boolean, act: () => Promise<unknown>): Promise<boolean> {
  let calls = 0;
  let fired = false;
  let kill: () => Promise<void> = async () => undefined;
  await runInDurableObject(user.stub, (_instance, state) => {
    kill = async () => {
      // What the object has written by then stays.
      await state.storage.sync();
      state.abort("killed");
    };
  });
  const restore = await meetOutside(user, async (call) => {
    calls += 1;
    if (fired || calls <= after) return call();
    fired = true;
    if (effect) await call();
    await kill();
    return new Promise(() => undefined);
  });
  await act().catch((error: unknown) => {
    if (!/killed/i.test(String(error))) throw error;
  });
  restore();
  return fired;
}

describe("a sync", () => {
  it("that is paused twice is resumed once, and goes on once", async () => {
    const user = await changedUser();
    unwrap(await user.stub.pause(user.syncId));
    unwrap(await user.stub.pause(user.syncId));
    unwrap(await user.stub.resume(user.syncId));
    const before = user.drive.requests.changes;
    await workOff(user);
    const once = user.drive.requests.changes - before;
    unwrap(await user.stub.resume(user.syncId));
    await workOff(user);
    expect(user.drive.requests.changes - before, "resuming what is not paused asks nothing").toBe(once);
    await expectTrue(user);
  });

  it("that is resumed while its connection needs the person waits for them, and goes on when they have signed in", async () => {
    const user = await changedUser();
    unwrap(await user.stub.pause(user.syncId));
    user.drive.settings.missing = "account";
    unwrap(await user.stub.testConnection(user.connectionId));
    expect(unwrap(await user.stub.resume(user.syncId)).status).toBe("active");
    const still = asked(user);
    await workOff(user, 3);
    expect(asked(user)).toBe(still);
    expect(unwrap(await user.stub.status(user.syncId)).waitingFor).toEqual({ reason: "reconnect", until: null });
    user.drive.settings.missing = null;
    await signInAgain(user);
    await workOff(user);
    await expectTrue(user);
  });

  it("that was cancelled while its rules are applied rests, until a person or the clock wants something", async () => {
    const user = await changedUser();
    await workOff(user);
    unwrap(await user.stub.pause(user.syncId));
    unwrap(await user.stub.updateSync(user.syncId, { mode: "metadata" }));
    unwrap(await user.stub.resume(user.syncId));
    unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
    unwrap(await user.stub.cancel(user.syncId));
    const still = asked(user);
    await workOff(user, 4);
    expect(asked(user)).toBe(still);
    expect(await replanOf(user), "the rules wait").not.toBeNull();
    await runInDurableObject(user.stub, async (_instance, { storage }) => {
      // Nothing is waited for but the subscription's renewal.
      expect(await storage.getAlarm()).toBeGreaterThan(Date.now() + 86_400_000);
    });
    vi.setSystemTime(Date.now() + 3_600_000);
    await user.stub.wake({ reason: "schedule" });
    await workOff(user);
    expect(asked(user)).toBeGreaterThan(still);
    expect(await replanOf(user)).toBeNull();
  });
});

/** How far the catalogue has been planned again; null where it need not be. */
async function replanOf(user: MemoryUser): Promise<unknown> {
  return runInDurableObject(
    user.stub,
    (_instance, { storage }) => storage.sql.exec("SELECT replan_after FROM syncs").one()["replan_after"],
  );
}

async function signInAgain(user: MemoryUser): Promise<void> {
  const row = await env.DB.prepare("SELECT provider, account_id FROM connections WHERE id = ?")
    .bind(user.connectionId)
    .first<{ provider: string; account_id: string }>();
  unwrap(
    await user.stub.addConnection({
      provider: row?.provider ?? "",
      account: { id: row?.account_id ?? "", label: "Memory", email: null },
      scopes: [],
      tokens: { accessToken: "new", refreshToken: "new", expiresAt: Date.now() + 86_400_000 },
      connectionId: user.connectionId,
      homeShard: 0,
    }),
  );
}
