import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { changesKept, forgetChanges, listChanges, trimChanges, typeOf } from "../../worker/db/changes.ts";
import { catalogue } from "../../worker/db/client.ts";
import type { ItemScope } from "../../worker/db/items.ts";
import { knownItems, removeItems, upsertItems } from "../../worker/db/items.ts";
import type { SettledItem } from "../../worker/db/settlement.ts";
import { settleItems } from "../../worker/db/settlement.ts";
import { afterNumber } from "../../worker/sync/changes.ts";
import type { ItemRow } from "../../worker/sync/item.ts";
import { rowOf } from "../../worker/sync/item.ts";
import { seedSync, seedUser } from "../routes/seed.ts";

const db = catalogue(env, 0);
const AT = Date.parse("2026-03-01T00:00:00Z");
const DAY = 86_400_000;

let scope: ItemScope;

beforeEach(async () => {
  const userId = await seedUser();
  scope = { userId, syncId: await seedSync({ userId }) };
});

function row(remoteId: string, more: Partial<ItemRow> = {}): ItemRow {
  const entry = { id: remoteId, kind: "file" as const, name: `${remoteId}.txt`, parentId: "root", size: 3 };
  return { ...rowOf(entry, undefined, AT), state: "pending", pendingJob: "job", ...more };
}

function result(remoteId: string, more: Partial<SettledItem> = {}): SettledItem {
  return {
    remoteId,
    jobId: "job",
    state: "stored",
    reason: null,
    attempts: 0,
    nextAttemptAt: null,
    storedId: `content-${remoteId}`,
    storedSize: 3,
    storedSha256: "00",
    storedHash: null,
    storedTag: null,
    storedSourceSize: 3,
    storedModifiedAt: null,
    storedDiffers: 0,
    ...more,
  };
}

/** The whole stream, as "type id". */
async function told(): Promise<string[]> {
  const changes = await listChanges(db, scope.userId, afterNumber(0), 10_000);
  return changes.map((change) => `${typeOf(change)} ${change.remoteId}`);
}

async function rowCount(): Promise<number> {
  const found = await env.DB.prepare("SELECT count(*) AS rows FROM changes WHERE user_id = ?").bind(scope.userId).first<{ rows: number }>();
  return found?.rows ?? 0;
}

/** What the step added to the stream. */
async function toldBy(step: () => Promise<unknown>): Promise<string[]> {
  const before = (await told()).length;
  await step();
  return (await told()).slice(before);
}

describe("a step's changes", () => {
  it("are one row, however many items it names", async () => {
    await upsertItems(db, scope, Array.from({ length: 200 }, (_, n) => row(`item${n}`)), AT); // prettier-ignore
    expect(await rowCount()).toBe(1);
    expect(await told()).toHaveLength(200);
  });

  it("are several rows where the ids are too long for one, and none is lost", async () => {
    const rows = Array.from({ length: 300 }, (_, n) => row(`${n}-${"x".repeat(1_000)}`));
    await upsertItems(db, scope, rows, AT);
    expect(await rowCount()).toBeGreaterThan(4);
    expect((await told()).toSorted()).toEqual(rows.map(({ remoteId }) => `created ${remoteId}`).toSorted());
    const sizes = await env.DB.prepare("SELECT max(length(items)) AS most FROM changes").first<{ most: number }>();
    expect(sizes?.most).toBeLessThan(70_000);
  });

  it("are told once: the same step, repeated after a crash, writes no row", async () => {
    const steps = [
      () => upsertItems(db, scope, [row("a"), row("b")], AT),
      () => settleItems(db, scope, [result("a")], AT),
      () => removeItems(db, scope, ["b"], { at: AT, runId: null }),
    ];
    for (const step of steps) {
      await step();
      const rows = await rowCount();
      if (step !== steps[0]) expect(await toldBy(step)).toEqual([]);
      expect(await rowCount()).toBe(rows);
    }
    expect(await told()).toEqual(["created a", "created b", "content a", "removed b"]);
  });

  it("say what differs: place or name is moved, anything else of the source is metadata", async () => {
    await upsertItems(db, scope, [row("a"), row("b"), row("c"), row("d"), row("e")], AT);
    const changed = [row("a", { name: "new" }), row("b", { parentId: "x" }), row("c", { size: 4 }), row("d", { name: "n", hash: "h:1" })];
    expect(await toldBy(() => upsertItems(db, scope, [...changed, row("e")], AT))).toEqual(["metadata c", "metadata d", "moved a", "moved b", "moved d"]); // prettier-ignore
  });

  it("leave out what only we know of an item: its job, its attempts, that it failed", async () => {
    await upsertItems(db, scope, [row("a"), row("b")], AT);
    expect(await toldBy(() => upsertItems(db, scope, [row("a", { pendingJob: "other", attempts: 2, seenAt: AT + 1 })], AT))).toEqual([]);
    expect(await toldBy(() => settleItems(db, scope, [result("b", { state: "failed", reason: "broken" })], AT))).toEqual([]);
  });

  it("name content when it becomes current, and not when its result no longer counts", async () => {
    await upsertItems(db, scope, [row("a")], AT);
    expect(await toldBy(() => settleItems(db, scope, [result("a", { jobId: "an older one" })], AT))).toEqual([]);
    expect(await toldBy(() => settleItems(db, scope, [result("a")], AT))).toEqual(["content a"]);
  });

  it("tell a removed item that comes back as created, with the content that was kept", async () => {
    await upsertItems(db, scope, [row("a")], AT);
    await settleItems(db, scope, [result("a")], AT);
    await removeItems(db, scope, ["a"], { at: AT, runId: null });
    const known = (await knownItems(db, scope, ["a"])).get("a");
    const back = row("a", { storedId: known?.storedId ?? "", state: "stored", pendingJob: null });
    expect(await toldBy(() => upsertItems(db, scope, [back], AT))).toEqual(["created a", "content a"]);
  });

  it("tell what the rules leave out as removed, what they let in as created, and what they never let in not at all", async () => {
    const out = { state: "excluded", reason: "filtered", pendingJob: null } as const;
    await upsertItems(db, scope, [row("a"), row("b", out)], AT);
    expect(await told()).toEqual(["created a"]);
    expect(await toldBy(() => upsertItems(db, scope, [row("a", out)], AT))).toEqual(["removed a"]);
    expect(await toldBy(() => upsertItems(db, scope, [row("a", { ...out, name: "new" })], AT))).toEqual([]);
    expect(await toldBy(() => upsertItems(db, scope, [row("b")], AT))).toEqual(["created b"]);
    expect(await toldBy(() => upsertItems(db, scope, [row("a", out)], AT).then(() => removeItems(db, scope, ["a"], { at: AT, runId: null })))).toEqual([]); // prettier-ignore
  });

  it("have files that are listed only as members of the mirror", async () => {
    await upsertItems(db, scope, [row("a", { state: "excluded", reason: "metadata_only", pendingJob: null })], AT);
    expect(await told()).toEqual(["created a"]);
    expect(await toldBy(() => removeItems(db, scope, ["a"], { at: AT, runId: null }))).toEqual(["removed a"]);
  });

  it("of another user's sync are not written", async () => {
    const stranger = { userId: await seedUser(), syncId: scope.syncId };
    await upsertItems(db, stranger, [row("a")], AT);
    await removeItems(db, stranger, ["a"], { at: AT, runId: null });
    const rows = await env.DB.prepare("SELECT * FROM changes WHERE user_id = ?").bind(stranger.userId).all();
    expect(rows.results).toEqual([]);
  });
});

describe("the order of changes", () => {
  it("is that of the steps, also where the clock goes back", async () => {
    for (const [index, at] of [AT, AT - DAY, AT + DAY, AT].entries()) await upsertItems(db, scope, [row(`step${index}`)], at);
    expect(await told()).toEqual(["created step0", "created step1", "created step2", "created step3"]);
  });

  it("can be read on from any change, in pages of any size", async () => {
    await upsertItems(db, scope, [row("a"), row("b"), row("c")], AT);
    await upsertItems(db, scope, [row("a", { name: "x", size: 9 }), row("b", { name: "x" }), row("d")], AT);
    const whole = await listChanges(db, scope.userId, afterNumber(0), 100);
    expect(whole.length).toBeGreaterThan(5);
    for (const [index, change] of whole.entries()) {
      expect(await listChanges(db, scope.userId, change, 100)).toEqual(whole.slice(index + 1));
      expect(await listChanges(db, scope.userId, change, 2)).toEqual(whole.slice(index + 1, index + 3));
    }
  });
});

describe("old changes", () => {
  it("go after their time, but for the newest of them", async () => {
    for (const [index, at] of [AT, AT + DAY, AT + 2 * DAY, AT + 3 * DAY].entries()) await upsertItems(db, scope, [row(`day${index}`)], at);
    await trimChanges(db, scope.userId, AT + 2.5 * DAY, 100);
    expect(await told()).toEqual(["created day2", "created day3"]);
    expect(await changesKept(db, scope.userId)).toEqual({ oldest: AT + 2 * DAY, newest: AT + 3 * DAY });
    await trimChanges(db, scope.userId, AT + 100 * DAY, 100);
    expect(await told()).toEqual(["created day3"]);
  });

  it("go a bounded number at a time, and never those of another user", async () => {
    for (let day = 0; day < 5; day += 1) await upsertItems(db, scope, [row(`day${day}`)], AT + day * DAY);
    await trimChanges(db, await seedUser(), AT + 100 * DAY, 100);
    expect(await told()).toHaveLength(5);
    await trimChanges(db, scope.userId, AT + 100 * DAY, 3);
    expect(await told()).toHaveLength(3);
  });
});

describe("changes of a sync that is erased", () => {
  it("are emptied a number at a time; those of other syncs, and readers' places, stay", async () => {
    const other = { ...scope, syncId: await seedSync({ userId: scope.userId }) };
    for (const [index, of] of [scope, other, scope, scope].entries()) await upsertItems(db, of, [row(`step${index}`)], AT + index);
    const kept = await changesKept(db, scope.userId);
    expect(await forgetChanges(db, scope, 2)).toBe(true);
    expect(await told()).toEqual(["created step1", "created step3"]);
    expect(await forgetChanges(db, { ...scope, userId: await seedUser() }, 2)).toBe(false);
    expect(await forgetChanges(db, scope, 2)).toBe(true);
    expect(await forgetChanges(db, scope, 2)).toBe(false);
    expect(await told()).toEqual(["created step1"]);
    expect(await changesKept(db, scope.userId)).toEqual(kept);
  });
});
