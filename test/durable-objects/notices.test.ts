import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { listChanges } from "../../worker/db/changes.ts";
import { accounts } from "../../worker/db/client.ts";
import { unwrap } from "../../worker/errors.ts";
import { ProviderError } from "../../worker/providers/errors.ts";
import { afterNumber } from "../../worker/sync/changes.ts";
import { EVENT_TYPES } from "../../worker/wire/webhooks.ts";
import { arm, boundaries, disarm, workOff } from "../support/kill.ts";
import type { MemoryUser } from "../support/memory-user.ts";
import { createMemoryUser } from "../support/memory-user.ts";
import { advance, answerWith, createEndpoint, deliverAll, deliveriesTo, eventsAt, mailsTo, received } from "../support/notices.ts";

// What programs and people are told, and that they are told no more than that.

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() }));
afterEach(() => void vi.useRealTimers());
afterEach(disarm);

async function syncedUser(files = 2): Promise<MemoryUser> {
  const user = await createMemoryUser((drive) => {
    for (let n = 0; n < files; n += 1) drive.put(`/${n}.txt`, `file ${n}`);
  });
  await workOff(user);
  return user;
}

async function run(user: MemoryUser): Promise<string> {
  advance(1000);
  const { id } = unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
  await workOff(user);
  await deliverAll(user);
  return id;
}

/** A person whose authority vouches for an address of their own. */
async function withMail(user: MemoryUser): Promise<string> {
  const address = `${user.userId}@tidemark.example`;
  await user.stub.addressVerified(address);
  return address;
}

async function rowsWritten(user: MemoryUser): Promise<Record<string, number>> {
  return runInDurableObject(user.stub, (_instance, { storage }) => {
    const count = (table: string) => storage.sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).one().n;
    return { deliveries: count("deliveries"), mails: count("mails") };
  });
}

describe("a webhook", () => {
  it("is told how a run ended, signed, with what the API shows of it, and nothing of the files", async () => {
    const user = await syncedUser();
    const endpoint = await createEndpoint(user, [...EVENT_TYPES]);
    user.drive.put("/a secret name.txt", "more");
    const runId = await run(user);
    const [first] = await eventsAt(endpoint);
    expect(first?.event).toMatchObject({ type: "run.completed", data: { runId, syncId: user.syncId, stored: 1, failed: 0 } });
    expect(JSON.stringify(await received(endpoint))).not.toContain("secret name");
    expect(await deliveriesTo(user, endpoint)).toMatchObject([
      { type: "run.completed", status: "delivered", nextAttemptAt: null, attempts: [{ statusCode: 200, answer: "ok" }] },
    ]);
  });

  it("hears nothing of a scheduled run that finds nothing, and nothing is written for it", async () => {
    const user = await syncedUser();
    const endpoint = await createEndpoint(user, [...EVENT_TYPES]);
    await withMail(user);
    advance(2 * HOUR);
    await user.stub.wake({ reason: "schedule" });
    await workOff(user);
    advance(2 * 60_000);
    await deliverAll(user);
    expect(await received(endpoint)).toEqual([]);
    expect(await rowsWritten(user)).toEqual({ deliveries: 0, mails: 0 });
  });

  it("that fails is sent the same again, with the same id, later each time, until it takes it", async () => {
    const user = await syncedUser();
    const endpoint = await createEndpoint(user, ["run.completed"]);
    await answerWith(endpoint, { status: 503, body: "down ".repeat(1000), times: 2 });
    await run(user);
    const [waiting] = await deliveriesTo(user, endpoint);
    expect(waiting).toMatchObject({ status: "pending", attempts: [{ statusCode: 503 }] });
    expect(waiting?.attempts[0]?.answer).toHaveLength(1000);
    advance(12_000);
    await deliverAll(user);
    const nextAt = Date.parse((await deliveriesTo(user, endpoint))[0]?.nextAttemptAt ?? "");
    expect(Math.abs(nextAt - Date.now() - 50_000)).toBeLessThan(6_000);
    expect(await received(endpoint)).toHaveLength(2);
    advance(60_000);
    await deliverAll(user);
    const came = await eventsAt(endpoint);
    expect(new Set(came.map(({ id }) => id)).size).toBe(1);
    expect(came).toHaveLength(3);
    expect(await deliveriesTo(user, endpoint)).toMatchObject([{ status: "delivered", attempts: [{}, {}, { statusCode: 200 }] }]);
  });

  it("at which nothing arrives is given up after a day, disabled after days, and its person is told", async () => {
    const user = await syncedUser();
    const address = await withMail(user);
    const endpoint = await createEndpoint(user, ["run.completed"]);
    await answerWith(endpoint, { status: 302, headers: { location: "https://hooks.test/elsewhere" } });
    await run(user);
    const began = Date.now();
    for (let tries = 1; tries < 8; tries += 1) {
      advance(Date.parse((await deliveriesTo(user, endpoint))[0]?.nextAttemptAt ?? "") - Date.now());
      await deliverAll(user);
    }
    expect(await deliveriesTo(user, endpoint)).toMatchObject([{ status: "failed", nextAttemptAt: null }]);
    expect(Math.round((Date.now() - began) / HOUR)).toBeGreaterThanOrEqual(20);
    expect(await received({ path: "/elsewhere" }), "no redirect is followed").toEqual([]);
    expect(unwrap(await user.stub.getEndpoint(endpoint.id)).enabled).toBe(true);
    expect(await mailsTo(address)).toEqual([]);

    advance(3 * DAY);
    await run(user);
    for (let tries = 1; tries < 8; tries += 1) {
      // More than the longest wait, which is 12 hours and a tenth.
      advance(14 * HOUR);
      await deliverAll(user);
    }
    expect(unwrap(await user.stub.getEndpoint(endpoint.id))).toMatchObject({ enabled: false, disabledBecause: "failing" });
    expect((await mailsTo(address)).map(({ subject }) => subject)).toEqual(["A webhook was switched off"]);
    const before = (await received(endpoint)).length;
    await run(user);
    expect(await received(endpoint)).toHaveLength(before);
    expect(unwrap(await user.stub.updateEndpoint(endpoint.id, { enabled: true }))).toMatchObject({ enabled: true, failingSince: null });
    await answerWith(endpoint, { status: 200 });
    await run(user);
    expect(await received(endpoint)).toHaveLength(before + 1);
  });

  it("that answers 410 is disabled at once", async () => {
    const user = await syncedUser();
    const endpoint = await createEndpoint(user, ["run.completed"]);
    await answerWith(endpoint, { status: 410 });
    await run(user);
    expect(unwrap(await user.stub.getEndpoint(endpoint.id))).toMatchObject({ enabled: false, disabledBecause: "gone" });
  });

  it("is signed by its new secret and, for the time that was named, by the old one", async () => {
    const user = await syncedUser();
    const endpoint = await createEndpoint(user, ["run.completed"]);
    const { secret, oldSecretUntil } = unwrap(await user.stub.rotateSecret(endpoint.id, 2));
    expect(Date.parse(oldSecretUntil ?? "")).toBe(Date.now() + 2 * HOUR);
    await run(user);
    const [both] = await received(endpoint);
    for (const each of [endpoint.secret, secret]) new Webhook(each).verify(both?.body ?? "", both?.headers ?? {});
    advance(2 * HOUR);
    await run(user);
    const [, one] = await received(endpoint);
    new Webhook(secret).verify(one?.body ?? "", one?.headers ?? {});
    expect(() => new Webhook(endpoint.secret).verify(one?.body ?? "", one?.headers ?? {})).toThrow("No matching signature");
  });

  it("is delivered to again with the same id, where a person asks for it", async () => {
    const user = await syncedUser();
    const endpoint = await createEndpoint(user, ["run.completed"]);
    await run(user);
    const [delivery] = await deliveriesTo(user, endpoint);
    unwrap(await user.stub.redeliver(endpoint.id, delivery?.id ?? ""));
    await deliverAll(user);
    const came = await eventsAt(endpoint);
    expect(came.map(({ id }) => id)).toEqual([delivery?.eventId, delivery?.eventId]);
  });

  it("is told from where the change stream has grown, once for all that comes within a minute", async () => {
    const user = await syncedUser();
    const endpoint = await createEndpoint(user, ["changes"]);
    user.drive.put("/new.txt", "new");
    await run(user);
    user.drive.put("/newer.txt", "newer");
    await run(user);
    advance(61_000);
    await deliverAll(user);
    const events = await eventsAt(endpoint);
    expect(events.map(({ event }) => event.type)).toEqual(["changes"]);
    const cursor = events[0]?.event.type === "changes" ? events[0].event.data.cursor : "";
    const since = Number(cursor.split(".")[0]);
    const created = (await listChanges(accounts(env), user.userId, afterNumber(since), 100)).filter((change) => change.type === 0);
    expect(created, "both files, and none from before").toHaveLength(2);
  });

  it("is told of a dead grant, of a run that fails by it, each once", async () => {
    const user = await syncedUser();
    const address = await withMail(user);
    const endpoint = await createEndpoint(user, ["connection.needs_reconnect", "run.failed"]);
    advance(DAY);
    user.drive.fail("changes", new ProviderError("auth", "The grant is dead.", { status: 400 }));
    await user.stub.run(user.syncId, { full: false, trigger: "manual" });
    await runUntil(user, async () => (await deliveriesTo(user, endpoint)).length === 2);
    await deliverAll(user);
    const events = await eventsAt(endpoint);
    expect(events.map(({ event }) => event.type).toSorted()).toEqual(["connection.needs_reconnect", "run.failed"]);
    const [mail, ...more] = await mailsTo(address);
    expect(more).toEqual([]);
    expect(mail).toMatchObject({
      subject: "Sign in again to go on copying Memory",
      headers: { "List-Unsubscribe-Post": "List-Unsubscribe=One-Click" },
    });
    expect(mail?.text).toContain("https://tidemark.example/app");
  });
});

/** Lets the alarm go on until this is so: a sync whose connection is dead never is idle. */
async function runUntil(user: MemoryUser, done: () => Promise<boolean>): Promise<void> {
  for (let round = 0; round < 100; round += 1) {
    await user.stub.wake({ reason: "watchdog" });
    await deliverAll(user);
    if (await done()) return;
    advance(5_000);
  }
  throw new Error("It did not come to that.");
}

describe("mail", () => {
  it("about removals that are held comes once a day, while they are, and its link ends it", async () => {
    const user = await syncedUser(30);
    const address = await withMail(user);
    for (let n = 0; n < 25; n += 1) user.drive.delete(user.drive.put(`/${n}.txt`, `file ${n}`));
    const runId = await run(user);
    const [mail, ...more] = await mailsTo(address);
    expect(more).toEqual([]);
    expect(mail?.text).toContain(`https://tidemark.example/app/runs/${runId}`);

    user.drive.delete(user.drive.put("/26.txt", "file 26"));
    await run(user);
    expect(await mailsTo(address), "no second one that day").toHaveLength(1);
    advance(DAY);
    await deliverAll(user);
    expect(await mailsTo(address), "they still wait").toHaveLength(2);

    user.drive.delete(user.drive.put("/27.txt", "file 27"));
    const last = await run(user);
    unwrap(await user.stub.decide(last, "discard", []));
    await workOff(user);
    advance(DAY);
    await deliverAll(user);
    expect(await mailsTo(address), "what was decided is not told any more").toHaveLength(2);
  });

  it("goes out escaped, to nobody whose address is not confirmed, and to the one who confirmed it", async () => {
    const user = await syncedUser();
    const address = `own-${user.userId}@tidemark.example`;
    unwrap(await user.stub.changeNotifications({ address }));
    await deliverAll(user);
    const [asked] = await mailsTo(address);
    expect(asked?.headers, "one does not unsubscribe from a question").toBeUndefined();
    expect((await user.stub.notifications()).mail).toMatchObject({ address: null, unconfirmed: { address } });
    unwrap(await user.stub.labelConnection(user.connectionId, "<script>\r\nBcc: x"));
    advance(DAY);
    user.drive.fail("changes", new ProviderError("auth", "The grant is dead.", { status: 400 }));
    expect(await rowsWritten(user)).toMatchObject({ mails: 1 });

    const link = /\/mail\/confirm\/(\S+)/.exec(asked?.text ?? "")?.[1]?.split(".");
    expect(await user.stub.confirmAddress(link?.[2] ?? "")).toMatchObject({ ok: false, code: "mail.link_expired" });
    unwrap(await user.stub.changeNotifications({ address }));
    await deliverAll(user);
    const fresh = /\/mail\/confirm\/(\S+)/.exec((await mailsTo(address)).at(-1)?.text ?? "")?.[1]?.split(".");
    unwrap(await user.stub.confirmAddress(fresh?.[2] ?? ""));
    await user.stub.run(user.syncId, { full: false, trigger: "manual" });
    await runUntil(user, async () => (await mailsTo(address)).length === 3);
    const told = (await mailsTo(address)).at(-1);
    expect(told?.subject).toBe("Sign in again to go on copying <script> Bcc: x");
    expect(told?.html).toContain("&lt;script&gt;");
    expect(told?.html).not.toContain("<script>");
  });

  it("about a sync comes when three runs have failed one after another, and not for one", async () => {
    const user = await syncedUser();
    const address = await withMail(user);
    for (let failed = 1; failed <= 3; failed += 1) {
      user.drive.fail("changes", new ProviderError("unsupported", "No."));
      await run(user);
      expect(await mailsTo(address)).toHaveLength(failed < 3 ? 0 : 1);
    }
  });

  it("of a kind that is not wanted is not written", async () => {
    const user = await syncedUser();
    const address = await withMail(user);
    unwrap(await user.stub.changeNotifications({ kinds: { failing: false } }));
    for (let failed = 1; failed <= 3; failed += 1) {
      user.drive.fail("changes", new ProviderError("unsupported", "No."));
      await run(user);
    }
    expect(await mailsTo(address)).toEqual([]);
    expect(await rowsWritten(user)).toMatchObject({ mails: 0 });
  });
});

describe.each([
  { effect: false, when: "before" },
  { effect: true, when: "right after" },
])("killed $when a call to the outside", ({ effect }) => {
  const BOUNDARIES_MAX = 60;

  it("at any boundary, each run that has ended is told of, and once", { timeout: 240_000 }, async () => {
    let kills = 0;
    for (const after of boundaries(effect, BOUNDARIES_MAX)) {
      const user = await syncedUser();
      const endpoint = await createEndpoint(user, [...EVENT_TYPES]);
      const known = new Set(await endedRuns(user));
      user.drive.put("/new.txt", "new");
      advance(1000);
      const { fired } = await arm(user, { after, effect });
      await user.stub.run(user.syncId, { full: false, trigger: "manual" }).catch(() => undefined);
      await workOff(user);
      await deliverAll(user).catch((error: unknown) => {
        if (!/killed/.test(String(error))) throw error;
      });
      disarm();
      await run(user);
      advance(61_000);
      // What a consumer held when its object was killed is sent again.
      await deliverAll(user);
      advance(200_000);
      await deliverAll(user);
      const events = new Map((await eventsAt(endpoint)).map(({ id, event }) => [id, event]));
      const told = [...events.values()].flatMap((event) => (event.type === "run.completed" ? event.data.runId : []));
      const ended = (await endedRuns(user)).filter((id) => !known.has(id));
      expect(told.toSorted()).toEqual(ended.toSorted());
      expect(
        [...events.values()].some((event) => event.type === "changes"),
        "a new file is a change",
      ).toBe(true);
      expect((await deliveriesTo(user, endpoint)).filter(({ status }) => status !== "delivered")).toEqual([]);
      if (!fired()) break;
      kills += 1;
    }
    expect(kills, "boundaries that were met").toBeGreaterThan(3);
    expect(kills, "every boundary was met").toBeLessThan(boundaries(effect, BOUNDARIES_MAX).length);
  });
});

async function endedRuns(user: MemoryUser): Promise<string[]> {
  const statement = env.DB.prepare("SELECT id FROM runs WHERE sync_id = ? AND finished_at IS NOT NULL");
  const { results } = await statement.bind(user.syncId).all<{ id: string }>();
  return results.map(({ id }) => id);
}
