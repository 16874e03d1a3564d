import { env } from "cloudflare:workers";
import { drizzle } from "drizzle-orm/d1";
import { eq } from "drizzle-orm";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { hashOfToken, makeToken } from "../../worker/auth/token.ts";
import { tokens, users } from "../../worker/db/schema.ts";
import { timeId } from "../../worker/ids.ts";
import type { Scope } from "../../worker/scopes.ts";
import { SCOPES } from "../../worker/scopes.ts";
import type { Me, NewToken, Token } from "../../worker/wire.ts";
import { newToken as newTokenShape, token as tokenShape } from "../../worker/wire.ts";
import { call, callJson, errorCode } from "./client.ts";
import { seedIdentity, seedSession, seedSync, seedToken, seedUser } from "./seed.ts";

const DAY_MILLISECONDS = 24 * 3_600_000;
const db = drizzle(env.DB);
let addresses = 0;

let userId: string;
let cookie: string;

beforeEach(async () => {
  userId = await seedUser();
  cookie = await seedSession(userId);
});

const make = (body: object, more: { cookie?: string } = {}) => call("/api/v1/tokens", { cookie, json: body, ...more });

async function tokenWith(...scopes: Scope[]): Promise<NewToken> {
  return callJson<NewToken>("/api/v1/tokens", { cookie, json: { name: "script", scopes } });
}

/** A request as a program sends it: no cookie, no Origin; from an address of its own. */
function ask(path: string, token: string, options: { method?: string; json?: unknown; env?: Partial<Env>; address?: string } = {}) {
  const { address = `203.0.113.${(addresses += 1)}`, ...rest } = options;
  return call(`/api/v1${path}`, { ...rest, origin: null, headers: { authorization: `Bearer ${token}`, "cf-connecting-ip": address } });
}

const rowOf = (id: string) => db.select().from(tokens).where(eq(tokens.id, id)).get();

describe("making a token", () => {
  it("answers it once, and keeps only its hash", async () => {
    const response = await make({ name: " laptop ", scopes: ["run", "read", "read"], expiresInDays: 30 });
    expect(response.status).toBe(201);
    const made = newTokenShape.parse(await response.json());
    expect(made).toMatchObject({ name: "laptop", scopes: ["read", "run"], lastUsedAt: null });
    expect(Date.parse(made.expiresAt ?? "") - Date.parse(made.createdAt)).toBe(30 * DAY_MILLISECONDS);
    expect(made.token).toMatch(/^tdm_[0-9a-z]{65}$/);

    const listed = await callJson<{ items: Token[]; cursor: string | null }>("/api/v1/tokens", { cookie });
    expect(listed).toEqual({ items: [tokenShape.strict().parse(listed.items[0])], cursor: null });
    const row = await rowOf(made.id);
    expect(row).toMatchObject({ userId, hash: hashOfToken(made.token) });
    expect(JSON.stringify([listed, row])).not.toContain(made.token.slice(-20));
  });

  it.each([
    [{ scopes: ["read"] }, "name"],
    [{ name: " ", scopes: ["read"] }, "name"],
    [{ name: "x", scopes: [] }, "scopes"],
    [{ name: "x", scopes: ["root"] }, "scopes"],
    [{ name: "x", scopes: ["read"], expiresInDays: 0 }, "expiresInDays"],
    [{ name: "x", scopes: ["read"], userId: "somebody" }, "userId"],
  ])("from %j is refused, and says what is wrong", async (body, field) => {
    const response = await make(body);
    const { error } = await response.json<{ error: { code: string; message: string } }>();
    expect([response.status, error.code]).toEqual([400, "request.invalid"]);
    expect(error.message).toContain(field);
  });

  it("with the scope “admin” is for administrators", async () => {
    const response = await make({ name: "x", scopes: ["admin"] });
    expect([response.status, await errorCode(response)]).toEqual([403, "auth.admin_required"]);
  });

  it("ends at a hundred, until one is revoked", async () => {
    for (let n = 1; n < 100; n += 1) await seedToken({ userId });
    const last = await tokenWith("read");
    const response = await make({ name: "one more", scopes: ["read"] });
    expect([response.status, await errorCode(response)]).toEqual([409, "token.too_many"]);
    expect((await call(`/api/v1/tokens/${last.id}`, { method: "DELETE", cookie })).status).toBe(204);
    expect((await make({ name: "one more", scopes: ["read"] })).status).toBe(201);
  });
});

it("tokens are listed newest first, a page at a time", async () => {
  const ids: string[] = [];
  for (let n = 0; n < 3; n += 1) {
    ids.unshift((await tokenWith("read")).id);
    await scheduler.wait(2);
  }
  const first = await callJson<{ items: Token[]; cursor: string }>("/api/v1/tokens?limit=2", { cookie });
  const second = await callJson<{ items: Token[]; cursor: null }>(`/api/v1/tokens?limit=2&cursor=${first.cursor}`, { cookie });
  expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(ids);
  expect(second.cursor).toBeNull();
});

describe("a program with a token", () => {
  it("is its user, without cookie and Origin", async () => {
    const made = await tokenWith("read", "write");
    const { token, ...shown } = made;
    const me = await (await ask("/me", token)).json<Me>();
    expect(me).toMatchObject({ id: userId, token: { ...shown, lastUsedAt: null } });
    const syncId = await seedSync({ userId });
    // Past the guard: the object, which was never told of this sync, is asked.
    const response = await ask(`/syncs/${syncId}`, token, { method: "PATCH", json: { name: "Mine" } });
    expect([response.status, await errorCode(response)]).toEqual([404, "sync.not_found"]);
  });

  it("is not who the cookie beside it says", async () => {
    const { token } = await tokenWith("read");
    const other = await seedSession(await seedUser());
    const me = await callJson<Me>("/api/v1/me", { cookie: other, headers: { authorization: `bearer ${token}` } });
    expect(me.id).toBe(userId);
    const spoiled = await call("/api/v1/me", {
      cookie,
      headers: { authorization: `Bearer ${token}x`, "cf-connecting-ip": "203.0.113.250" },
    });
    expect(spoiled.status).toBe(401);
  });

  it("sees its last use, noted at most once an hour", async () => {
    const { id, token } = await tokenWith("read");
    await ask("/me", token);
    const used = (await rowOf(id))?.lastUsedAt ?? 0;
    expect(used).toBeGreaterThan(Date.now() - 60_000);
    const earlier = Date.now() - 3_500_000;
    await db.update(tokens).set({ lastUsedAt: earlier }).where(eq(tokens.id, id));
    await ask("/me", token);
    expect((await rowOf(id))?.lastUsedAt).toBe(earlier);
    await db
      .update(tokens)
      .set({ lastUsedAt: Date.now() - 3_700_000 })
      .where(eq(tokens.id, id));
    await ask("/me", token);
    expect((await rowOf(id))?.lastUsedAt).toBeGreaterThan(earlier);
  });

  it("makes and revokes no tokens, whatever its scopes", async () => {
    const { id, token } = await tokenWith("read", "run", "write");
    expect((await ask("/tokens", token)).status).toBe(200);
    const made = await ask("/tokens", token, { json: { name: "child", scopes: ["read"] } });
    expect([made.status, await errorCode(made)]).toEqual([403, "auth.session_required"]);
    const revoked = await ask(`/tokens/${id}`, token, { method: "DELETE" });
    expect([revoked.status, await errorCode(revoked)]).toEqual([403, "auth.session_required"]);
  });
});

describe("what a token's scopes do not have", () => {
  it.each<[method: string, path: string, scope: Scope]>([
    ["GET", "/me", "read"],
    ["GET", "/syncs/x/status", "read"],
    ["POST", "/syncs/x/preview", "read"],
    ["POST", "/syncs/run", "run"],
    ["POST", "/syncs/x/run", "run"],
    ["POST", "/syncs/x/pause", "run"],
    ["POST", "/runs/x/approve", "run"],
    ["POST", "/syncs", "write"],
    ["PATCH", "/syncs/x", "write"],
    ["DELETE", "/syncs/x", "write"],
    ["POST", "/items/x/restore", "write"],
    ["POST", "/connections/x/refresh", "write"],
    ["GET", "/admin/users", "admin"],
  ])("%s %s is refused, and the scope “%s” named", async (method, path, scope) => {
    const { token } = await tokenWith(...SCOPES.filter((each) => each !== scope && each !== "admin"));
    const response = await ask(path, token, { method });
    const { error } = await response.json<{ error: { code: string; message: string } }>();
    expect([response.status, error.code]).toEqual([403, "auth.scope_missing"]);
    expect(error.message).toContain(`“${scope}”`);
    expect(response.headers.get("www-authenticate")).toBe(`Bearer realm="tidemark", error="insufficient_scope", scope="${scope}"`);
  });

  it("one scope is enough for what needs it alone", async () => {
    const { token } = await tokenWith("run");
    expect((await ask("/syncs/run", token, { method: "POST" })).status).toBe(202);
  });
});

describe("the scope “admin”", () => {
  let settings: Partial<Env>;
  let admin: string;

  beforeAll(async () => {
    settings = { ADMIN_SUBJECTS: "https://issuer.example/v2.0 the-admin" };
  });
  beforeEach(async () => {
    await seedIdentity(userId, { issuer: "https://issuer.example/v2.0", subject: "the-admin" });
    const response = await call("/api/v1/tokens", { cookie, json: { name: "x", scopes: ["admin"] }, env: settings });
    admin = (await response.json<NewToken>()).token;
  });

  it("opens what is administrators', as long as its user is one", async () => {
    // No such route: but it is past the guard that this is found out.
    const passed = await ask("/admin/nothing", admin, { env: settings });
    expect([passed.status, await errorCode(passed)]).toEqual([404, "request.not_found"]);
    const refused = await ask("/admin/nothing", admin);
    expect([refused.status, await errorCode(refused)]).toEqual([403, "auth.admin_required"]);
  });

  it("is asked of people's browsers, too, to be an administrator's", async () => {
    const response = await call("/api/v1/admin/nothing", { cookie });
    expect([response.status, await errorCode(response)]).toEqual([403, "auth.admin_required"]);
  });
});

describe("a token that is not valid", () => {
  it.each<[what: string, spoil: (token: string) => string]>([
    ["mistyped", (token) => `${token.slice(0, 40)}${token[40] === "a" ? "b" : "a"}${token.slice(41)}`],
    ["cut short", (token) => token.slice(0, -1)],
    ["empty", () => ""],
    ["of another product", () => "ghp_0123456789abcdefghijklmnopqrstuvwxyz"],
    ["with a known id, but another secret", (token) => makeToken(token.slice(4, 29))],
    ["never made", () => makeToken(timeId(1))],
  ])("%s: 401", async (_, spoil) => {
    const { token } = await tokenWith("read");
    const response = await ask("/me", spoil(token));
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toMatch(/^Bearer realm="tidemark", error="invalid_token"/);
    expect(await errorCode(response)).toBe("auth.token_invalid");
  });

  it("expired: 401, and says so", async () => {
    const { id, token } = await tokenWith("read");
    await db.update(tokens).set({ expiresAt: Date.now() }).where(eq(tokens.id, id));
    const response = await ask("/me", token);
    expect([response.status, await errorCode(response)]).toEqual([401, "auth.token_expired"]);
    expect(response.headers.get("www-authenticate")).toContain("invalid_token");
  });

  it("revoked: 401 from the next request on", async () => {
    const { id, token } = await tokenWith("read");
    expect((await ask("/me", token)).status).toBe(200);
    expect((await call(`/api/v1/tokens/${id}`, { method: "DELETE", cookie })).status).toBe(204);
    const response = await ask("/me", token);
    expect([response.status, await errorCode(response)]).toEqual([401, "auth.token_invalid"]);
    const again = await call(`/api/v1/tokens/${id}`, { method: "DELETE", cookie });
    expect([again.status, await errorCode(again)]).toEqual([404, "token.not_found"]);
  });

  it("of a deleted user: gone with them", async () => {
    const { id, token } = await tokenWith("read");
    await db.delete(users).where(eq(users.id, userId));
    expect(await rowOf(id)).toBeUndefined();
    expect((await ask("/me", token)).status).toBe(401);
  });

  it("too often from one address: 429, and from others still 401", async () => {
    const statuses: number[] = [];
    for (let n = 0; n < 40; n += 1) statuses.push((await ask("/me", "tdm_wrong", { address: "192.0.2.1" })).status);
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    expect((await ask("/me", "tdm_wrong")).status).toBe(401);
    // Who has a valid one is not kept out by others at the same address.
    expect((await ask("/me", (await tokenWith("read")).token, { address: "192.0.2.1" })).status).toBe(200);
  });
});
