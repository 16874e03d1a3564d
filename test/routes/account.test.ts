import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { drizzle } from "drizzle-orm/d1";
import { agentInWords, networkOf } from "../../worker/audit.ts";
import { recordAudit } from "../../worker/db/audit.ts";
import { sessions } from "../../worker/db/schema.ts";
import { tick } from "../../worker/cron.ts";
import { createLogger } from "../../worker/log.ts";
import type { AuditEvent, Identity, Session } from "../../worker/wire/account.ts";
import { auditEvent, identity as identityShape, session as sessionShape } from "../../worker/wire/account.ts";
import type { NewToken } from "../../worker/wire.ts";
import { call, callJson, errorCode } from "./client.ts";
import { seedConnection, seedFolder, seedIdentity, seedItem, seedRoot, seedRun, seedRunEvent, seedSession, seedStoredFile, seedSync, seedToken, seedUser, seedVersion } from "./seed.ts"; // prettier-ignore

// What belongs to a person: sessions, identities, the audit trail, taking everything along, and leaving.

const FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0";
const DAY_MILLISECONDS = 24 * 3_600_000;
const db = drizzle(env.DB);

let userId: string;
let cookie: string;

beforeEach(async () => {
  userId = await seedUser();
  cookie = await seedSession(userId);
});

const get = <T>(path: string, as = cookie) => callJson<T>(`/api/v1${path}`, { cookie: as });
const remove = (path: string, as = cookie, headers: Record<string, string> = {}) =>
  call(`/api/v1${path}`, { method: "DELETE", cookie: as, headers });
const listed = async <T>(path: string, as = cookie) => (await get<{ items: T[] }>(path, as)).items;
const deeds = async (as = cookie) => (await listed<AuditEvent>("/audit", as)).map(({ action }) => action);

describe("sessions", () => {
  it("say where one is signed in, by ids that let nobody in", async () => {
    const other = await seedSession(userId);
    await db.update(sessions).set({ userAgent: FIREFOX });
    const items = await listed<Session>("/sessions");
    expect(items.map((item) => sessionShape.strict().parse(item))).toEqual(items);
    expect(items.map(({ current }) => current).toSorted()).toEqual([false, true]);
    expect(items[0]?.agent).toBe("Firefox on Windows");
    const kept = await db.select().from(sessions);
    for (const { id } of items) {
      expect(JSON.stringify([cookie, other, kept])).not.toContain(id);
      expect((await call("/api/v1/me", { cookie: `__Host-tidemark=${id}` })).status).toBe(401);
    }
  });

  it("note their last use, at most once an hour", async () => {
    const lastUsed = async () => (await listed<Session>("/sessions")).map(({ lastUsedAt }) => Date.parse(lastUsedAt))[0] ?? 0;
    expect(Date.now() - (await lastUsed())).toBeLessThan(60_000);
    const earlier = Date.now() - 3_500_000;
    await db.update(sessions).set({ lastUsedAt: earlier });
    expect(await lastUsed()).toBe(earlier);
    await db.update(sessions).set({ lastUsedAt: Date.now() - 3_700_000 });
    expect(await lastUsed()).toBeGreaterThan(earlier);
  });

  it("are ended one by one, or all others at once, and that is recorded", async () => {
    const [second, third] = [await seedSession(userId), await seedSession(userId)];
    const found = (await listed<Session>("/sessions", second)).find(({ current }) => current);
    expect((await remove(`/sessions/${found?.id}`)).status).toBe(204);
    expect((await call("/api/v1/me", { cookie: second })).status).toBe(401);
    expect((await call("/api/v1/me", { cookie: third })).status).toBe(200);
    expect((await remove("/sessions")).status).toBe(204);
    expect((await call("/api/v1/me", { cookie: third })).status).toBe(401);
    expect((await call("/api/v1/me", { cookie })).status).toBe(200);
    const [others, one] = await listed<AuditEvent>("/audit");
    expect(others).toMatchObject({ action: "session.ended_others", name: "1" });
    expect(one).toMatchObject({ action: "session.ended", target: found?.id });
  });

  it("of another user are not found, and stay", async () => {
    const stranger = await seedSession(await seedUser());
    const [mine] = await listed<Session>("/sessions");
    const response = await remove(`/sessions/${mine?.id}`, stranger);
    expect([response.status, await errorCode(response)]).toEqual([404, "session.not_found"]);
    expect((await remove("/sessions", stranger)).status).toBe(204);
    expect((await call("/api/v1/me", { cookie })).status).toBe(200);
  });
});

describe("identities", () => {
  it("say who vouches for the person, and what is known", async () => {
    await seedIdentity(userId, {
      issuer: "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
      subject: `m ${userId}`,
    });
    await seedIdentity(userId, { issuer: "https://accounts.google.com", subject: `g ${userId}` });
    await seedIdentity(userId, { issuer: "https://gone.example", subject: `x ${userId}` });
    const items = await listed<Identity>("/identities");
    expect(items.map((item) => identityShape.strict().parse(item))).toEqual(items);
    expect(items.map(({ authority }) => authority.name).toSorted()).toEqual(["Google", "Microsoft", "https://gone.example"]);
    expect(JSON.stringify(items)).not.toContain(userId);
  });

  it("are unlinked, but never the last one", async () => {
    await seedIdentity(userId, { issuer: "https://accounts.google.com", subject: `g ${userId}` });
    await seedIdentity(userId, { issuer: "https://gone.example", subject: `x ${userId}` });
    const [first, second] = await listed<Identity>("/identities");
    expect((await remove(`/identities/${first?.id}`)).status).toBe(204);
    const refused = await remove(`/identities/${second?.id}`);
    expect([refused.status, await errorCode(refused)]).toEqual([409, "identity.last"]);
    expect((await listed<Identity>("/identities")).map(({ id }) => id)).toEqual([second?.id]);
    expect(await deeds()).toEqual(["identity.unlinked"]);
  });

  it("of another user are not found", async () => {
    await seedIdentity(userId, { issuer: "https://accounts.google.com", subject: `g ${userId}` });
    const [mine] = await listed<Identity>("/identities");
    const response = await remove(`/identities/${mine?.id}`, await seedSession(await seedUser()));
    expect([response.status, await errorCode(response)]).toEqual([404, "identity.not_found"]);
  });
});

it("no token can see or end sessions and identities, or erase anything", async () => {
  const { token } = await callJson<NewToken>("/api/v1/tokens", { cookie, json: { name: "x", scopes: ["read", "run", "write"] } });
  const asked = [["GET", "/sessions"], ["DELETE", "/sessions"], ["DELETE", "/sessions/x"], ["GET", "/identities"], ["DELETE", "/identities/x"], ["DELETE", "/me"]] as const; // prettier-ignore
  for (const [method, path] of asked) {
    const response = await call(`/api/v1${path}`, { method, headers: { authorization: `Bearer ${token}` }, origin: null });
    expect([method, path, response.status, await errorCode(response)]).toEqual([method, path, 403, "auth.session_required"]);
  }
});

describe("the audit trail", () => {
  it("keeps who did what, when, and of the caller no more than a network and words", async () => {
    const headers = { "cf-connecting-ip": "203.0.113.77", "user-agent": FIREFOX };
    const made = await callJson<NewToken>("/api/v1/tokens", { cookie, headers, json: { name: "laptop", scopes: ["read"] } });
    await remove(`/tokens/${made.id}`, cookie, headers);
    const items = await listed<AuditEvent>("/audit");
    expect(items.map((item) => auditEvent.strict().parse(item))).toEqual(items);
    const by = {
      actor: { kind: "session", id: expect.stringMatching(/^[0-9a-f]{32}$/) },
      network: "203.0.113.0/24",
      agent: "Firefox on Windows",
    };
    expect(items).toMatchObject([
      { action: "token.revoked", target: made.id, name: "laptop", ...by },
      { action: "token.made", target: made.id, name: "laptop", ...by },
    ]);
    const { results } = await env.DB.prepare("SELECT * FROM audit_events WHERE user_id = ?").bind(userId).all();
    expect(JSON.stringify(results)).not.toMatch(/203\.0\.113\.77|Gecko/);
  });

  it("tells a page at a time, and each only of their own", async () => {
    for (let n = 0; n < 3; n += 1) {
      await recordAudit(db, { userId, actor: "admin:boss", action: "admin.read", name: String(n), at: Date.now() });
      await scheduler.wait(2);
    }
    const first = await get<{ items: AuditEvent[]; cursor: string }>("/audit?limit=2");
    const second = await get<{ items: AuditEvent[]; cursor: null }>(`/audit?limit=2&cursor=${first.cursor}`);
    expect([...first.items, ...second.items].map(({ name }) => name)).toEqual(["2", "1", "0"]);
    expect(second.cursor).toBeNull();
    expect(await deeds(await seedSession(await seedUser()))).toEqual([]);
  });

  it("says which API token it was, and nothing of what was refused", async () => {
    const { id, token } = await callJson<NewToken>("/api/v1/tokens", { cookie, json: { name: "x", scopes: ["read", "write"] } });
    const connectionId = await seedConnection(userId);
    const asProgram = { origin: null, headers: { authorization: `Bearer ${token}` } };
    await (await call("/api/v1/me/export", asProgram)).text();
    // The user's object never heard of this connection.
    expect((await call(`/api/v1/connections/${connectionId}`, { method: "DELETE", ...asProgram })).status).toBe(404);
    expect(await listed<AuditEvent>("/audit")).toMatchObject([
      { action: "account.exported", actor: { kind: "token", id } },
      { action: "token.made", actor: { kind: "session" } },
    ]);
  });

  it("goes back a year, and no further", async () => {
    const at = Date.now();
    await recordAudit(db, { userId, actor: "session:x", action: "token.made", name: "old", at: at - 366 * DAY_MILLISECONDS });
    await recordAudit(db, { userId, actor: "session:x", action: "token.made", name: "kept", at: at - 364 * DAY_MILLISECONDS });
    await tick(env, createLogger(env, {}), at);
    await tick(env, createLogger(env, {}), at + 3_600_000);
    expect((await listed<AuditEvent>("/audit")).map(({ name }) => name)).toEqual(["kept"]);
  });

  it.each([
    [FIREFOX, "Firefox on Windows"],
    ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15", "Safari on macOS"],
    ["Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0 Mobile/15E148 Safari/604.1", "Chrome on iPhone"],
    ["Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0", "Edge on Linux"],
    ["Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36", "Chrome on Android"],
    ["curl/8.5.0", "curl"],
    ["node", "node"],
    ["Mozilla/5.0", null],
    ["", null],
  ])("says of %s: %s", (userAgent, words) => expect(agentInWords(userAgent)).toBe(words)); // prettier-ignore

  it.each([
    ["203.0.113.77", "203.0.113.0/24"],
    ["::ffff:203.0.113.77", "203.0.113.0/24"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"],
    ["2001:0db8::1", "2001:db8:0::/48"],
    ["::1", "0:0:0::/48"],
    ["unknown", null],
    [null, null],
  ])("keeps of the address %s: %s", (address, network) => expect(networkOf(address)).toBe(network));
});

describe("an export", () => {
  async function exported(as = cookie): Promise<{ type: string; row: Record<string, unknown>; [more: string]: unknown }[]> {
    const response = await call("/api/v1/me/export", { cookie: as });
    expect(response.headers.get("content-disposition")).toMatch(/^attachment; filename="tidemark-export-\d{4}-\d\d-\d\d\.jsonl"$/);
    return (await response.text()).trimEnd().split("\n").map((line) => JSON.parse(line)); // prettier-ignore
  }

  it("has everything but contents and secrets, each row once, and says at its end that it is whole", async () => {
    await seedIdentity(userId, { issuer: "https://accounts.google.com", subject: `g ${userId}` });
    await seedToken({ userId, hash: "hash-of-a-token" });
    const connectionId = await seedConnection(userId);
    for (const name of ["one", "two"]) {
      const syncId = await seedSync({ userId, connectionId, name, filters: { maxBytes: 5 } });
      await seedRoot(syncId);
      await seedFolder({ syncId, remoteId: "folder" });
      const { sha256 } = await seedStoredFile(userId, { syncId, remoteId: "file", content: `secret content ${name}` });
      await seedVersion({ syncId, remoteId: "file", storedId: "old", sha256, size: 3 });
      const runId = await seedRun({ userId, syncId });
      await seedRunEvent({ runId, number: 1 });
      await seedRunEvent({ runId, number: 2 });
    }
    const strange = await seedUser();
    await seedItem({ syncId: await seedSync({ userId: strange }), remoteId: "not mine" });

    const lines = await exported();
    const counts = Object.fromEntries([...Map.groupBy(lines, ({ type }) => type)].map(([type, found]) => [type, found.length]));
    expect(counts).toEqual({ export: 1, profile: 1, identity: 1, session: 1, token: 1, audit: 1, connection: 1, sync: 2, item: 6, version: 2, run: 2, runEvent: 4, end: 1 }); // prettier-ignore
    expect(lines.at(-1)).toEqual({ type: "end", whole: true, lines: lines.length });
    const text = JSON.stringify(lines);
    expect(text).not.toMatch(/secret content|hash-of-a-token|not mine/);
    const [{ hash }] = await db.select({ hash: sessions.hash }).from(sessions).all() as [{ hash: string }]; // prettier-ignore
    expect(text).not.toContain(hash);
    expect(lines.find(({ type }) => type === "sync")?.row).toMatchObject({
      name: expect.any(String),
      filters: { maxBytes: 5 },
      createdAt: "2026-01-01T12:00:00.000Z",
    });
    expect(await deeds()).toEqual(["account.exported"]);
  });

  it("goes on over many chunks without leaving out or repeating a row", { timeout: 60_000 }, async () => {
    const syncId = await seedSync({ userId });
    const rows = (table: string, columns: string, values: string) =>
      env.DB.prepare(`INSERT INTO ${table} (${columns}) WITH RECURSIVE n(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n WHERE v < 9001) SELECT ${values} FROM n`); // prettier-ignore
    await rows("items", "sync_id, remote_id, parent_id, kind, name, seen_at, state", `'${syncId}', printf('%05d', v), 'root', 1, 'x', 1, 'pending'`).run(); // prettier-ignore
    await rows("versions", "sync_id, remote_id, number, stored_id, size, sha256, stored_at, ended_at, ended_by", `'${syncId}', 'i' || (v / 7), v % 7, 'x', 1, 'x', 1, 1, 'removed'`).run(); // prettier-ignore
    const lines = await exported();
    for (const type of ["item", "version"]) {
      const keys = lines.filter((line) => line.type === type).map(({ row }) => `${String(row["remoteId"])} ${String(row["number"])}`);
      expect([keys.length, new Set(keys).size]).toEqual([9001, 9001]);
    }
  });

  it("that breaks off has no last line, and its answer is broken", async () => {
    await seedSync({ userId });
    const DB = new Proxy(env.DB, {
      get: (target, name) =>
        name === "prepare"
          ? (query: string) => {
              if (/from "items"/.test(query)) throw new Error("The database is gone.");
              return target.prepare(query);
            }
          : Reflect.get(target, name, target).bind?.(target),
    });
    const response = await call("/api/v1/me/export", { cookie, env: { DB } });
    await expect(response.text()).rejects.toThrow("gone");
  });
});

describe("leaving", () => {
  const leave = (confirm: unknown) => call("/api/v1/me", { method: "DELETE", cookie, json: { confirm } });

  it("wants one's own address typed, and does nothing otherwise", async () => {
    for (const [typed, status, code] of [
      ["bob@contoso.example", 422, "account.not_confirmed"],
      ["", 422, "account.not_confirmed"],
      [true, 400, "request.invalid"],
    ] as const) {
      // prettier-ignore
      const response = await leave(typed);
      expect([response.status, await errorCode(response)]).toEqual([status, code]);
    }
    expect((await call("/api/v1/me", { cookie })).status).toBe(200);
  });

  it("signs the person out everywhere at once, and ends their tokens; others stay", async () => {
    const other = await seedSession(userId);
    const neighbour = await seedSession(await seedUser());
    const { token } = await callJson<NewToken>("/api/v1/tokens", { cookie, json: { name: "x", scopes: ["read"] } });
    const response = await leave(" Alice@contoso.example ");
    expect(response.status).toBe(202);
    expect(Date.parse((await response.json<{ begunAt: string }>()).begunAt)).toBeGreaterThan(Date.now() - 60_000);
    expect(response.headers.get("set-cookie")).toMatch(/^__Host-tidemark=; Max-Age=0/);
    for (const left of [cookie, other]) expect((await call("/api/v1/me", { cookie: left })).status).toBe(401);
    expect((await call("/api/v1/me", { origin: null, headers: { authorization: `Bearer ${token}` } })).status).toBe(401);
    expect((await call("/api/v1/me", { cookie: neighbour })).status).toBe(200);
  });
});
