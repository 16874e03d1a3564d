import { env } from "cloudflare:workers";
import { reset } from "cloudflare:test";
import { drizzle } from "drizzle-orm/d1";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { tick } from "../../worker/cron.ts";
import { sessions, tokens } from "../../worker/db/schema.ts";
import { createLogger } from "../../worker/log.ts";
import type { WakeMessage } from "../../worker/webhooks/wake-message.ts";
import { applyMigrations, seedRun, seedSession, seedSync, seedSyncs, seedToken, seedUser } from "../routes/seed.ts";
import { recordingQueue } from "../webhooks/recording-queue.ts";

/** 12:00, which is minute 0 of every hour. */
const NOON = Date.parse("2026-01-01T12:00:00Z");
const MINUTE_MILLISECONDS = 60_000;

beforeEach(applyMigrations);
afterEach(reset);

async function tickAt(now: number): Promise<{ wakes: WakeMessage[]; batches: number }> {
  const queue = recordingQueue<WakeMessage>();
  await tick({ ...env, WAKES: queue.queue }, createLogger(env), now);
  return { wakes: queue.messages(), batches: queue.batches() };
}

const scheduled = async (now: number) =>
  (await tickAt(now)).wakes.filter(({ wake }) => wake.reason === "schedule").map(({ userId }) => userId);

describe("a tick", () => {
  it("wakes users whose slot has come, and nobody twice", async () => {
    await seedSync({ userId: "a", intervalMinutes: 60, wakeSlot: 0 });
    await seedSync({ userId: "b", intervalMinutes: 60, wakeSlot: 1 });
    expect(await scheduled(NOON)).toEqual(["a"]);
    expect(await scheduled(NOON + MINUTE_MILLISECONDS)).toEqual(["b"]);
    expect(await scheduled(NOON + MINUTE_MILLISECONDS)).toEqual([]);
  });

  it("makes up for ticks that did not happen", async () => {
    await seedSync({ userId: "a", intervalMinutes: 60, wakeSlot: 2 });
    await tickAt(NOON);
    expect(await scheduled(NOON + 5 * MINUTE_MILLISECONDS)).toEqual(["a"]);
  });

  it("after a month's outage wakes everybody once", async () => {
    await seedSync({ userId: "a", intervalMinutes: 5, wakeSlot: 2 });
    await tickAt(NOON - 30 * 24 * 60 * MINUTE_MILLISECONDS);
    expect(await scheduled(NOON)).toEqual(["a"]);
  });

  it("wakes users with a cron sync that is due", async () => {
    await seedSync({ userId: "a", nextDueAt: NOON - 1 });
    await seedSync({ userId: "b", nextDueAt: NOON + 1 });
    expect(await scheduled(NOON)).toEqual(["a"]);
  });

  it("sends wakes a hundred at a time", async () => {
    await seedSyncs(Array.from({ length: 250 }, (_, n) => ({ userId: `user${n}`, intervalMinutes: 60, wakeSlot: 0 })));
    const { wakes, batches } = await tickAt(NOON);
    expect([new Set(wakes.map(({ userId }) => userId)).size, batches]).toEqual([250, 3]);
  });

  it("watches over unfinished runs every five minutes", async () => {
    const syncId = await seedSync({ userId: "a" });
    await seedRun({ userId: "a", syncId, status: "running", finishedAt: null });
    await seedRun({ userId: "b", syncId });
    const watched = async (now: number) => (await tickAt(now)).wakes;
    await tickAt(NOON + MINUTE_MILLISECONDS);
    expect(await watched(NOON + 4 * MINUTE_MILLISECONDS)).toEqual([]);
    expect(await watched(NOON + 5 * MINUTE_MILLISECONDS)).toEqual([
      { userId: "a", wake: { reason: "watchdog" }, requestId: expect.any(String) },
    ]);
  });

  it("wakes users whose versions may have outlived their retention every hour, whatever the sync's schedule or status", async () => {
    await seedSync({ userId: "a", purgeDueAt: NOON - 1, status: "paused" });
    await seedSync({ userId: "b", purgeDueAt: NOON + 60 * MINUTE_MILLISECONDS });
    await seedSync({ userId: "c" });
    await seedSync({ userId: "d", purgeDueAt: NOON - 1, status: "deleting" });
    const purged = async (now: number) =>
      (await tickAt(now)).wakes.filter(({ wake }) => wake.reason === "purge").map(({ userId }) => userId);
    expect(await purged(NOON)).toEqual(["a"]);
    expect(await purged(NOON + 59 * MINUTE_MILLISECONDS)).toEqual([]);
    expect(await purged(NOON + 60 * MINUTE_MILLISECONDS)).toEqual(["a", "b"]);
  });

  it("drops tokens a month after they expired, and only those", async () => {
    const day = 24 * 60 * MINUTE_MILLISECONDS;
    const userId = await seedUser();
    const expiries = [NOON - 31 * day, NOON - 29 * day, NOON + day, null];
    for (const expiresAt of expiries) await seedToken({ userId, expiresAt });
    await tickAt(NOON);
    const left = await drizzle(env.DB).select().from(tokens);
    expect(left.map((token) => token.expiresAt).toSorted()).toEqual(expiries.slice(1).toSorted());
  });

  it("drops expired sessions every hour, and only those", async () => {
    await seedSession("a", { expiresAt: NOON - 1 });
    await seedSession("b", { expiresAt: NOON + 1 });
    await tickAt(NOON);
    expect((await drizzle(env.DB).select().from(sessions)).map((session) => session.userId)).toEqual(["b"]);
  });
});
