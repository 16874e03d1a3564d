import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { accounts } from "../../worker/db/client.ts";
import { users } from "../../worker/db/schema.ts";
import { unwrap } from "../../worker/errors.ts";
import { randomId } from "../../worker/ids.ts";
import { createMemoryDrive } from "../../worker/providers/memory.ts";
import { providers } from "../../worker/providers/registry.ts";
import { driveAt, SmallAuthorities } from "../support/small-authorities.ts";

// Refresh tokens that work once: what they bring is kept before it is used, and an answer that is lost, by a crash or on its way, is
// had again where the authority gives it again.

const MINUTE_MILLISECONDS = 60_000;
const HOUR_MILLISECONDS = 60 * MINUTE_MILLISECONDS;

let authorities: SmallAuthorities;
let restore: () => void;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  authorities = new SmallAuthorities();
  restore = authorities.play();
});
afterEach(() => {
  restore();
  vi.useRealTimers();
});

const pass = (milliseconds: number) => void vi.setSystemTime(Date.now() + milliseconds);

/** A user whose one connection is by this authority, its access token run out. */
async function createUser(authority: string, firstSync = false) {
  const userId = randomId();
  const provider = `${authority}-${userId}`;
  providers.set(provider, driveAt(createMemoryDrive(userId), { id: provider, authority, scopes: ["read"] }));
  await accounts(env).insert(users).values({ id: userId, name: "Test", email: null, createdAt: Date.now(), signedInAt: Date.now() });
  const stub = () => env.USER_SYNC.getByName(userId);
  const tokens = authorities.grant(authority, `${userId}@somewhere.example`, Date.now() + HOUR_MILLISECONDS);
  const account = { id: userId, label: "Somebody", email: null };
  const { id } = unwrap(await stub().addConnection({ provider, account, scopes: [], tokens, homeShard: 0, firstSync }));
  await settle(stub);
  pass(2 * HOUR_MILLISECONDS);
  return { userId, stub, connectionId: id, token: async () => await stub().accessToken(id, { renew: false }) };
}

async function settle(stub: () => DurableObjectStub): Promise<void> {
  for (let round = 0; round < 50 && (await runDurableObjectAlarm(stub())); round += 1) pass(1000);
}

type User = Awaited<ReturnType<typeof createUser>>;

/** Renews once: the authority has handed out new tokens, and the object is gone before it has heard of it. */
async function killBetweenAnswerAndWrite(user: User): Promise<void> {
  await runInDurableObject(user.stub(), (_instance, state) => {
    authorities.beforeAnswer = () => {
      state.abort("killed");
      return new Promise(() => undefined);
    };
  });
  await expect(user.token()).rejects.toThrow("killed");
  authorities.beforeAnswer = undefined;
}

async function stateOf({ userId, connectionId, stub }: User) {
  const row = await env.DB.prepare("SELECT status FROM connections WHERE user_id = ?").bind(userId).first<{ status: string }>();
  const open = await runInDurableObject(stub(), (_instance, { storage }) =>
    storage.sql.exec("SELECT renewing_until FROM connections WHERE id = ?", connectionId).one(),
  );
  return { status: row?.status, renewingUntil: open["renewing_until"] };
}

const sentTokens = () => authorities.tokenRequests.map((request) => request["refresh_token"]);

describe("renewing by tokens that work once", () => {
  it.each(["atlassian", "autodesk"])("at %s goes on with the newest one, which is kept before it is used", async (authority) => {
    const user = await createUser(authority);
    for (let round = 0; round < 3; round += 1) {
      const token = unwrap(await user.token());
      await runInDurableObject(user.stub(), (_instance, state) => state.abort("ended")).catch(() => undefined);
      expect(unwrap(await user.token())).toBe(token);
      pass(2 * HOUR_MILLISECONDS);
    }
    expect(new Set(sentTokens()).size).toBe(3);
    expect(await stateOf(user)).toEqual({ status: "active", renewingUntil: null });
  });

  it("at Atlassian survives a crash between its answer and our writing it down: within a minute it is asked again", async () => {
    const user = await createUser("atlassian");
    await killBetweenAnswerAndWrite(user);
    expect((await stateOf(user)).renewingUntil).not.toBeNull();
    pass(MINUTE_MILLISECONDS);
    expect(await runDurableObjectAlarm(user.stub()), "nobody but the alarm asks").toBe(true);
    const [first, second, ...more] = sentTokens();
    expect([second, more]).toEqual([first, []]);
    expect(await stateOf(user)).toEqual({ status: "active", renewingUntil: null });
    unwrap(await user.token());
    expect(authorities.tokenRequests).toHaveLength(2);
    pass(2 * HOUR_MILLISECONDS);
    expect((await user.token()).ok).toBe(true);
  });

  it("at Atlassian needs the person once the ten minutes are over, and says why", async () => {
    const user = await createUser("atlassian");
    await killBetweenAnswerAndWrite(user);
    pass(11 * MINUTE_MILLISECONDS);
    const answer = await user.token();
    expect(answer).toMatchObject({ ok: false, code: "connection.not_active" });
    expect(JSON.stringify(answer)).toMatch(/works once.*for 10 minutes only/);
    expect((await stateOf(user)).status).toBe("needs_reconnect");
  });

  it("at Autodesk needs the person after such a crash, and says why, also in the run that it ended", async () => {
    const user = await createUser("autodesk", true);
    await killBetweenAnswerAndWrite(user);
    const sync = await env.DB.prepare("SELECT id FROM syncs WHERE user_id = ?").bind(user.userId).first<{ id: string }>();
    unwrap(await user.stub().run(sync?.id ?? "", { full: false, trigger: "manual" }));
    await settle(user.stub);
    expect((await stateOf(user)).status).toBe("needs_reconnect");
    const run = await env.DB.prepare("SELECT error_message FROM runs WHERE user_id = ? AND status = 'failed'")
      .bind(user.userId)
      .first<{ error_message: string }>();
    expect(run?.error_message).toMatch(/sign in again\. .*Autodesk.*works once.*does not give it again/);
    expect(JSON.stringify(await user.stub().refreshConnection(user.connectionId))).toMatch(/works once/);
  });

  it.each([
    ["atlassian", true],
    ["autodesk", false],
  ])("at %s meets an answer that is lost on its way in the same manner; it can be had again: %s", async (authority, again) => {
    const user = await createUser(authority);
    authorities.beforeAnswer = () => Promise.reject(new TypeError("The connection was lost."));
    expect(await user.token()).toMatchObject({ ok: false, code: "provider.failed" });
    authorities.beforeAnswer = undefined;
    pass(MINUTE_MILLISECONDS);
    const answer = await user.token();
    expect(answer.ok).toBe(again);
    if (!again) expect(JSON.stringify(answer)).toMatch(/works once/);
  });

  it("blames no lost answer where the grant was simply ended", async () => {
    const user = await createUser("autodesk");
    const others = new SmallAuthorities();
    const playing = globalThis.fetch;
    others.play();
    const answer = await user.token();
    globalThis.fetch = playing;
    expect(answer).toMatchObject({ ok: false, code: "connection.not_active" });
    expect(JSON.stringify(answer)).not.toMatch(/works once/);
    expect(await stateOf(user)).toEqual({ status: "needs_reconnect", renewingUntil: null });
  });

  it("notes nothing where tokens go on working", async () => {
    const user = await createUser("dropbox");
    await killBetweenAnswerAndWrite(user);
    expect((await stateOf(user)).renewingUntil).toBeNull();
    expect((await user.token()).ok).toBe(true);
    const [first, second] = sentTokens();
    expect(second).toBe(first);
  });

  it("ends with a new sign-in, after which nothing is open", async () => {
    const user = await createUser("autodesk");
    await killBetweenAnswerAndWrite(user);
    await user.token();
    const tokens = authorities.grant("autodesk", "again@somewhere.example", Date.now() + HOUR_MILLISECONDS);
    const account = { id: user.userId, label: "Somebody", email: null };
    const provider = `autodesk-${user.userId}`;
    unwrap(await user.stub().addConnection({ provider, account, scopes: [], tokens, homeShard: 0, connectionId: user.connectionId }));
    expect(await stateOf(user)).toEqual({ status: "active", renewingUntil: null });
    expect(unwrap(await user.token())).toBe(tokens.accessToken);
  });
});
