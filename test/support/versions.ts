import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi, expect } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import type { MemoryUser, Synced } from "./memory-user.ts";

// What a user's catalogue and bucket hold, beyond the mirror. The clock is the test's.

const ROUNDS_MAX = 400;

/** Lets everything happen that is due, and moves the clock by `stepSeconds` each time, until the sync is idle. */
export async function workOff(user: Synced, stepSeconds = 1): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    await user.stub.wake({ reason: "watchdog" });
    await runDurableObjectAlarm(user.stub);
    const status = unwrap(await user.stub.status(user.syncId));
    if (status.activeRun === null && status.backlog.files === 0 && status.checkedAt !== null) return;
    vi.setSystemTime(Date.now() + stepSeconds * 1_000);
    await new Promise((resume) => setTimeout(resume, 5));
  }
  throw new Error(`Not idle: ${JSON.stringify(unwrap(await user.stub.status(user.syncId)))}`);
}

export async function syncNow(user: Synced, stepSeconds?: number): Promise<string> {
  const run = unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
  await workOff(user, stepSeconds);
  return run.id;
}

/** The id of what is, or was, at this path; ids stay as they are. */
export function idOf(user: MemoryUser, ref: string): string {
  return user.drive.item(ref).id;
}

export async function itemOf(user: MemoryUser, remoteId: string): Promise<Record<string, unknown>> {
  const row = await env.DB.prepare("SELECT * FROM items WHERE sync_id = ? AND remote_id = ?").bind(user.syncId, remoteId).first();
  return row ?? {};
}

/** Numbers of an item's versions, and how each ended; oldest first. */
export async function historyOf(user: MemoryUser, remoteId: string): Promise<[number, string][]> {
  const { results } = await env.DB.prepare("SELECT number, ended_by FROM versions WHERE sync_id = ? AND remote_id = ? ORDER BY number")
    .bind(user.syncId, remoteId)
    .all<{ number: number; ended_by: string }>();
  return results.map((row) => [row.number, row.ended_by]);
}

interface ContentRow {
  remote_id: string;
  stored_id: string;
  size: number;
  sha256: string;
}

/**
 * Every row that names a content finds it in the bucket, with the bytes that the row says; the bucket has nothing that no
 * row names; and the totals are those that can be counted.
 */
export async function expectWhole(user: MemoryUser): Promise<void> {
  const [current, versions, said, bucket] = await Promise.all([
    env.DB.prepare(
      `SELECT remote_id, stored_id, stored_size AS size, stored_sha256 AS sha256, state, stored_number AS number
       FROM items WHERE sync_id = ? AND stored_id IS NOT NULL`,
    )
      .bind(user.syncId)
      .all<ContentRow & { state: string; number: number }>(),
    env.DB.prepare("SELECT remote_id, stored_id, size, sha256, number FROM versions WHERE sync_id = ?")
      .bind(user.syncId)
      .all<ContentRow & { number: number }>(),
    env.DB.prepare("SELECT stored_bytes AS bytes, version_count AS versions, version_bytes AS versionBytes FROM syncs WHERE id = ?")
      .bind(user.syncId)
      .first(),
    env.CONTENT.list({ prefix: `content/${user.userId}/${user.syncId}/` }),
  ]);
  const named = new Map([...current.results, ...versions.results].map((row) => [row.stored_id, row]));
  expect(bucket.objects.map(({ key }) => key.split("/").at(-1)).toSorted()).toEqual([...named.keys()].toSorted());
  for (const row of named.values()) {
    const object = await env.CONTENT.get(`content/${user.userId}/${user.syncId}/${row.stored_id}`);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", (await object?.arrayBuffer()) ?? new ArrayBuffer()));
    expect([...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("")).toBe(row.sha256);
  }
  const ended = new Set(versions.results.map((row) => `${row.remote_id} ${row.number}`));
  const live = current.results.filter((row) => !ended.has(`${row.remote_id} ${row.number}`));
  const liveIds = new Set(live.map((row) => row.stored_id));
  const kept = new Map(versions.results.filter((row) => !liveIds.has(row.stored_id)).map((row) => [row.stored_id, row.size]));
  expect(said).toEqual({
    bytes: live.filter((row) => row.state === "stored").reduce((sum, row) => sum + row.size, 0),
    versions: versions.results.length,
    versionBytes: [...kept.values()].reduce((sum, size) => sum + size, 0),
  });
}
