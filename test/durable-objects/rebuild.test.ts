import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import { masterKeys } from "../../worker/keyring.ts";
import { signRebuildToken } from "../../worker/rebuild/token.ts";
import { call, callJson, errorCode } from "../routes/client.ts";
import { seedSession } from "../routes/seed.ts";
import { totalsOf } from "../support/catalogue.ts";
import { workOff } from "../support/kill.ts";
import type { MemoryUser } from "../support/memory-user.ts";
import { createMemoryUser, mirrorOf, sourceOf } from "../support/memory-user.ts";

// The whole catalogue is lost, and built again from the bucket and the objects.

const CHUNKS_MAX = 50;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  await loseCatalogue();
  await emptyBucket();
});
afterEach(() => void vi.useRealTimers());

async function loseCatalogue(): Promise<void> {
  const { results } = await env.DB.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'd1%' AND name NOT LIKE '\\_%' ESCAPE '\\'",
  ).all<{ name: string }>();
  await env.DB.batch(results.map(({ name }) => env.DB.prepare(`DELETE FROM ${name}`)));
}

async function emptyBucket(): Promise<void> {
  const { objects } = await env.CONTENT.list();
  if (objects.length > 0) await env.CONTENT.delete(objects.map(({ key }) => key));
}

interface Answer {
  cursor: string | null;
  accounts: number;
  contents: number;
  passedBy: string[];
}

const bearer = async () => ({ authorization: `Bearer ${await signRebuildToken(masterKeys(env)[0], Date.now())}` });

async function rebuild(each: (answer: Answer) => Promise<void> = async () => undefined): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let cursor: string | null = null; answers.length < CHUNKS_MAX;) {
    const answer: Answer = await callJson<Answer>("/api/maintenance/rebuild", {
      json: { cursor, force: cursor !== null },
      headers: await bearer(),
    });
    answers.push(answer);
    await each(answer);
    if (answer.cursor === null) return answers;
    ({ cursor } = answer);
  }
  throw new Error("It does not end.");
}

async function contentKeys({ userId }: MemoryUser): Promise<string[]> {
  return (await env.CONTENT.list({ prefix: `content/${userId}/` })).objects.map(({ key }) => key);
}

async function rows(query: string, ...values: string[]): Promise<Record<string, unknown>[]> {
  return (await env.DB.prepare(query).bind(...values).all()).results; // prettier-ignore
}

const versionsOf = ({ syncId }: MemoryUser) =>
  rows("SELECT remote_id, number, stored_id, size, sha256, ended_by FROM versions WHERE sync_id = ? ORDER BY remote_id, number", syncId);

async function syncedUser(): Promise<MemoryUser> {
  const user = await createMemoryUser((drive) => {
    for (let n = 0; n < 8; n += 1) drive.put(`/docs/deep/${n}.txt`, `first ${n}`);
    drive.put("/top.txt", "at the top");
  });
  await workOff(user);
  user.drive.put("/docs/deep/1.txt", "second");
  unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
  await workOff(user);
  user.drive.put("/docs/deep/1.txt", "third");
  unwrap(await user.stub.updateSync(user.syncId, { name: "My drive", labels: { team: "blue" }, filters: { exclude: ["*.tmp"] } }));
  unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
  await workOff(user);
  return user;
}

describe("after the loss of the catalogue", () => {
  it("the catalogue is built again, nothing is downloaded twice, and the next run finds the mirror equal to the source", async () => {
    const user = await syncedUser();
    const [keys, versions] = [await contentKeys(user), await versionsOf(user)];
    const settings = "SELECT id, connection_id, name, labels, mode, schedule, filters, options, wake_slot, created_at FROM syncs";
    const before = await rows(settings);
    await loseCatalogue();
    expect(await mirrorOf(user)).toEqual([]);

    const answers = await rebuild();
    expect(answers.reduce((sum, answer) => sum + answer.contents, 0)).toBe(keys.length);
    expect(answers.flatMap((answer) => answer.passedBy)).toEqual([]);
    expect(await rows(settings)).toEqual(before);

    await workOff(user);
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
    expect(await contentKeys(user)).toEqual(keys);
    expect(await versionsOf(user)).toEqual(versions.map((row) => ({ ...row, ended_by: "superseded" })));
    const { said, counted } = await totalsOf(user);
    expect(said).toEqual(counted);
  });

  it("who had an account has it again, with what they sign in with", async () => {
    const user = await syncedUser();
    await env.DB.prepare("INSERT INTO identities (issuer, subject, user_id, created_at) VALUES ('https://issuer', 'subject', ?, 1)").bind(user.userId).run(); // prettier-ignore
    await user.stub.accountChanged();
    await workOff(user);
    const before = await rows("SELECT * FROM users");
    await loseCatalogue();
    await rebuild();
    expect(await rows("SELECT * FROM users")).toEqual(before);
    expect(await rows("SELECT issuer, subject, user_id FROM identities")).toEqual([
      { issuer: "https://issuer", subject: "subject", user_id: user.userId },
    ]);
    const secrets = await (await env.CONTENT.get(`accounts/${user.userId}.json`))?.text();
    expect(secrets).not.toMatch(/refresh|token|sealed/i);
  });

  it("before the source is asked, files are found in their folders, and can be downloaded", async () => {
    const user = await syncedUser();
    unwrap(await user.stub.pause(user.syncId));
    await workOff(user);
    await loseCatalogue();
    await rebuild();
    const cookie = await seedSession(user.userId);
    const found = await rows("SELECT remote_id FROM items WHERE name = '1.txt'");
    expect(found).toHaveLength(1);
    const list = await callJson<{ items: { id: string; name: string; kind: string }[] }>(`/api/v1/syncs/${user.syncId}/items`, { cookie });
    expect(list.items.map((item) => item.name).toSorted()).toEqual(["deep", "top.txt"]);
    const file = list.items.find((item) => item.name === "top.txt");
    expect(await (await call(`/api/v1/items/${file?.id}/content`, { cookie })).text()).toBe("at the top");
  });

  it("no run goes on what is there half-way, and no chunk that is repeated changes anything", async () => {
    const user = await syncedUser();
    const keys = await contentKeys(user);
    await loseCatalogue();
    let chunks = 0;
    await rebuild(async (answer) => {
      chunks += 1;
      if (answer.cursor === null) return;
      unwrap(await user.stub.run(user.syncId, { full: true, trigger: "manual" }));
      await user.stub.wake({ reason: "watchdog" });
      const before = await rows("SELECT * FROM items ORDER BY remote_id");
      for (let alarms = 0; alarms < 5; alarms += 1) await runDurableObjectAlarm(user.stub);
      await callJson("/api/maintenance/rebuild", { json: { cursor: null, force: true }, headers: await bearer() });
      expect(await rows("SELECT * FROM items ORDER BY remote_id")).toEqual(before);
    });
    expect(chunks).toBe(3);
    await workOff(user);
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
    expect(await contentKeys(user)).toEqual(keys);
  });

  it("what was not told in the bucket of settings, the object knows: a sync that was made since, and one that is gone", async () => {
    const user = await syncedUser();
    const manifest = await env.CONTENT.get(`accounts/${user.userId}.json`);
    const rowsThen = await manifest?.json<{ syncs: { id: string }[] }>();
    await env.CONTENT.put(`accounts/${user.userId}.json`, JSON.stringify({ ...rowsThen, syncs: rowsThen?.syncs.map((row) => ({ ...row, id: "gone" })) })); // prettier-ignore
    await loseCatalogue();
    await rebuild();
    expect(await rows("SELECT id, connection_id FROM syncs")).toEqual([{ id: user.syncId, connection_id: user.connectionId }]);
    await workOff(user);
    expect(await mirrorOf(user)).toEqual(sourceOf(user));
  });

  it("a content without a noted SHA-256 is read again for it", async () => {
    const user = await syncedUser();
    const [key = ""] = await contentKeys(user);
    const object = await env.CONTENT.get(key);
    const { sha256, ...noted } = object?.customMetadata ?? {};
    await env.CONTENT.put(key, (await object?.arrayBuffer()) ?? "", { customMetadata: noted });
    await loseCatalogue();
    await rebuild();
    const [found] = await rows("SELECT stored_sha256 AS sha256 FROM items WHERE stored_id = ?1 UNION SELECT sha256 FROM versions WHERE stored_id = ?1", key.split("/").at(-1) ?? ""); // prettier-ignore
    expect(found).toEqual({ sha256 });
  });

  it("followers of the changes are told of everything that is there again", async () => {
    const user = await syncedUser();
    const cookie = await seedSession(user.userId);
    const { cursor } = await callJson<{ cursor: string }>("/api/v1/changes?from=now", { cookie });
    await loseCatalogue();
    vi.setSystemTime(Date.now() + 60_000);
    await rebuild();
    const { items } = await callJson<{ items: { type: string; item: { name: string } | null }[] }>(`/api/v1/changes?limit=1000&cursor=${cursor}`, { cookie: await seedSession(user.userId) }); // prettier-ignore
    const contents = items.filter((change) => change.type === "content").map((change) => change.item?.name);
    expect(new Set(contents)).toEqual(new Set(["top.txt", ...Array.from({ length: 8 }, (_, n) => `${n}.txt`)]));
  });
});

describe("building the catalogue again", () => {
  it("is refused while there is one, unless it is meant", async () => {
    await syncedUser();
    const response = await call("/api/maintenance/rebuild", { json: {}, headers: await bearer() });
    expect([response.status, await errorCode(response)]).toEqual([409, "rebuild.not_empty"]);
    expect((await call("/api/maintenance/rebuild", { json: { force: true }, headers: await bearer() })).status).toBe(200);
  });

  it.each(["nonsense", "null", '{"phase":"none","after":""}'])("with the cursor %s, which is none of ours, is refused", async (cursor) => {
    const response = await call("/api/maintenance/rebuild", { json: { cursor }, headers: await bearer() });
    expect([response.status, await errorCode(response)]).toEqual([400, "request.invalid"]);
  });

  it("needs a token of the master key, for this, of the last five minutes", async () => {
    const key = masterKeys(env)[0];
    const other = { id: key.id, bytes: new Uint8Array(32) };
    const tokens = [
      "nonsense",
      await signRebuildToken(other, Date.now()),
      await signRebuildToken({ ...key, id: "unknown" }, Date.now()),
      await signRebuildToken(key, Date.now() - 301_000),
    ];
    for (const token of tokens) {
      const response = await call("/api/maintenance/rebuild", { json: {}, headers: { authorization: `Bearer ${token}` } });
      expect([response.status, await errorCode(response)]).toEqual([401, "auth.required"]);
    }
    expect((await call("/api/maintenance/rebuild", { json: {} })).status).toBe(401);
  });
});
