import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import type { Sync } from "../../worker/wire.ts";
import { call, callJson, errorCode } from "../routes/client.ts";
import { seedSession } from "../routes/seed.ts";
import { arm, disarm, workOff } from "../support/kill.ts";
import type { MemoryUser } from "../support/memory-user.ts";
import { createMemoryUser, mirrorOf, sourceOf } from "../support/memory-user.ts";
import { runRow } from "./held-state.ts";

// Most files change at once, as if malware had encrypted them. The clock is the test's.

const FILES = 80;
const CHANGED = 60;
/** Those of the listing: what comes after it counts nothing. */
const BOUNDARIES = 14;

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() }));
afterEach(() => void vi.useRealTimers());
afterEach(disarm);

async function syncedUser(): Promise<MemoryUser> {
  const user = await createMemoryUser((drive) => {
    drive.settings.pageSize = 30;
    for (let n = 0; n < FILES; n += 1) drive.put(`/docs/${n}.txt`, `content ${n}`);
  });
  await workOff(user);
  return user;
}

async function syncNow(user: MemoryUser): Promise<string> {
  const run = unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
  await workOff(user);
  return run.id;
}

function encrypt(user: MemoryUser, files = CHANGED): void {
  for (let n = 0; n < files; n += 1) user.drive.put(`/docs/${n}.txt`, `encrypted ${n} ${Math.random()}`);
}

async function alarmOf(user: MemoryUser): Promise<Record<string, unknown> | null> {
  return env.DB.prepare("SELECT alarmed_at IS NOT NULL AS alarmed, alarmed_count AS files FROM syncs WHERE id = ?")
    .bind(user.syncId)
    .first();
}

describe("most files changing at once", () => {
  it("are copied, and raise the alarm until a person confirms", async () => {
    const user = await syncedUser();
    encrypt(user);
    const runId = await syncNow(user);
    expect(await runRow(runId)).toMatchObject({ status: "completed", changed: CHANGED });
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
    expect(await alarmOf(user)).toEqual({ alarmed: 1, files: CHANGED });
    const log = env.DB.prepare("SELECT message FROM run_events WHERE run_id = ? AND level = 'warn'").bind(runId);
    expect(await log.first("message")).toBe(
      `At least 59 of ${FILES} files have new content all at once, as if something had encrypted them. They are being copied, and every earlier content stays until you confirm that the changes are meant.`,
    );

    const cookie = await seedSession(user.userId);
    const sync = await callJson<Sync>(`/api/v1/syncs/${user.syncId}`, { cookie });
    expect(sync.alarm).toMatchObject({ kind: "mass_change", files: CHANGED });
    const path = `/api/v1/syncs/${user.syncId}/confirm-changes`;
    expect(await callJson<Sync>(path, { cookie, method: "POST" })).toMatchObject({ id: user.syncId, alarm: null });
    expect(await alarmOf(user)).toEqual({ alarmed: 0, files: null });
    const again = await call(path, { cookie, method: "POST" });
    expect([again.status, await errorCode(again)]).toEqual([409, "sync.nothing_to_confirm"]);
  });

  it("are not what half of them, a first listing, renames or new files are", async () => {
    const user = await syncedUser();
    encrypt(user, FILES / 2);
    for (let n = 0; n < FILES; n += 1) user.drive.put(`/new/${n}.txt`, `new ${n}`);
    user.drive.rename(user.drive.mkdir("/docs"), "papers");
    expect(await runRow(await syncNow(user))).toMatchObject({ status: "completed", changed: FILES / 2 });
    expect(await alarmOf(user)).toEqual({ alarmed: 0, files: null });
  });
});

describe.each([
  { effect: false, when: "before" },
  { effect: true, when: "right after" },
])("killed $when a call to the outside", ({ effect }) => {
  it("the changed files are counted exactly, and the alarm is raised", { timeout: 240_000 }, async () => {
    for (let after = 0; after < BOUNDARIES; after += 1) {
      const user = await syncedUser();
      encrypt(user);
      const { fired } = await arm(user, { after, effect });
      await user.stub.run(user.syncId, { full: false, trigger: "manual" }).catch(() => undefined);
      await workOff(user);
      disarm();
      await syncNow(user);
      const counted = env.DB.prepare("SELECT sum(changed) AS n FROM runs WHERE sync_id = ?").bind(user.syncId);
      expect([after, await counted.first("n")]).toEqual([after, CHANGED]);
      expect(await alarmOf(user)).toEqual({ alarmed: 1, files: CHANGED });
      expect(await mirrorOf(user)).toEqual(sourceOf(user));
      expect(fired(), "the boundary was met").toBe(true);
    }
  });
});
