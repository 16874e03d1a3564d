import { sha256 } from "@oslojs/crypto/sha2";
import { encodeHexLowerCase } from "@oslojs/encoding";
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import { randomId } from "../../worker/ids.ts";
import { imap } from "../../worker/providers/imap/imap.ts";
import type { FormValues } from "../../worker/providers/provider.ts";
import { providers } from "../../worker/providers/registry.ts";
import { DEVELOPMENT, dovecotPorts, MailAccount } from "../support/mail-account.ts";
import { mailWith, noise } from "../support/mails.ts";
import { createUser, mirrorOf, type Synced } from "../support/memory-user.ts";
import { PROFILES, SandboxMail } from "../support/sandbox-mail.ts";
import { syncNow, workOff } from "../support/versions.ts";

// A user's mail, from a server into catalogue and bucket, and how it follows what happens there. The clock is the test's.

const ports = await dovecotPorts();
const IMAP = "imap-in-development";
const RUNS = 2;
/** How often a mail or a part of one was fetched. */
let opened = 0;

beforeEach(() => {
  opened = 0;
  providers.set(IMAP, {
    ...imap,
    id: IMAP,
    create: (_env, context) => {
      const provider = imap.create(DEVELOPMENT, context);
      return {
        ...provider,
        open: (content, how) => {
          opened += 1;
          return provider.open(content, how);
        },
      };
    },
  });
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
});
afterEach(() => void vi.useRealTimers());

interface MailUser extends Synced {
  account: MailAccount;
}

async function connected(fill: (account: MailAccount) => Promise<unknown>): Promise<MailUser> {
  const account = await MailAccount.open(ports);
  await fill(account);
  return { ...(await connect(account.fields())), account };
}

async function connect(fields: FormValues): Promise<Synced> {
  const user = await createUser(randomId(), connectRequest(fields));
  await workOff(user);
  return user;
}

function connectRequest(fields: FormValues) {
  const { user = "" } = fields;
  const account = { id: `${user} at localhost`, label: user, email: user };
  return { provider: IMAP, method: "password", account, scopes: [], fields, homeShard: 0 };
}

const digest = (bytes: Uint8Array) => encodeHexLowerCase(sha256(bytes));

/** What the mirror holds: contents, since names are the mirror's own. */
const contentsOf = async (user: Synced) => (await mirrorOf(user)).map((file) => file.sha256).toSorted();

async function expectEqual(user: MailUser, boxes: readonly string[], parts: readonly Uint8Array[] = []): Promise<void> {
  const digests = parts.map(digest);
  for (const box of boxes) for (const { bytes } of (await user.account.mails(box)).mails) digests.push(digest(bytes));
  expect(await contentsOf(user)).toEqual(digests.toSorted());
}

async function expectMirrorOf(user: Synced, mail: SandboxMail): Promise<void> {
  expect(await contentsOf(user)).toEqual(await sourceOf(mail));
}

async function sourceOf(mail: SandboxMail): Promise<string[]> {
  return (await mail.boxes()).flatMap(({ mails }) => mails.map((each) => each.sha256)).toSorted();
}

const runStatus = (runId: string) => env.DB.prepare("SELECT status FROM runs WHERE id = ?").bind(runId).first<string>("status");
const connectionStatus = (user: Synced) =>
  env.DB.prepare("SELECT status FROM connections WHERE id = ?").bind(user.connectionId).first<string>("status");
const pdf = { type: "application/pdf", name: "offer.pdf", bytes: noise(90_000, 11) };

describe.skipIf(ports === null)("a user's mail at a Dovecot", () => {
  it("is mirrored, exact to the byte, with its attachments, and follows what comes, goes and moves", async () => {
    const user = await connected(async (account) => {
      await account.append("INBOX", mailWith("offer", [pdf]), mailWith("to be moved"), mailWith("to be removed"));
      await account.append("Sent", mailWith("an answer"));
      await account.append("Trash", mailWith("thrown away"));
    });
    await expectEqual(user, ["INBOX", "Sent"], [pdf.bytes]);
    expect((await mirrorOf(user)).map(({ path }) => path).filter((path) => path.includes("offer"))).toEqual([
      "/2026-03-01 09.30 offer (1) attachments/offer.pdf",
      "/2026-03-01 09.30 offer (1).eml",
    ]);
    const before = opened;
    await user.account.move("INBOX", 2, "Sent");
    await user.account.expunge("INBOX", 3);
    await user.account.append("INBOX", mailWith("news"));
    await syncNow(user);
    await expectEqual(user, ["INBOX", "Sent"], [pdf.bytes]);
    // The new one, and the moved one, which is new where it is now.
    expect(opened - before).toBe(2);
    await user.account.expunge("INBOX", 1);
    await syncNow(user);
    await expectEqual(user, ["INBOX", "Sent"]);
  });

  it("is listed anew where its numbers are new, and what was kept under the old ones goes only after the new ones are stored", async () => {
    const user = await connected((account) => account.append("INBOX", mailWith("one"), mailWith("two", [pdf])));
    await user.account.doveadm("mailbox", "update", "-u", user.account.user, "--uid-validity", "4294967290", "INBOX");
    expect(await runStatus(await syncNow(user))).toBe("completed");
    await expectEqual(user, ["INBOX", "Sent"], [pdf.bytes]);
    const removed = await env.DB.prepare("SELECT count(*) AS n FROM items WHERE sync_id = ? AND state = 'removed' AND kind = 1")
      .bind(user.syncId)
      .first("n");
    expect(removed).toBe(3);
  });

  it("costs one request a folder where nothing has happened", async () => {
    const user = await connected((account) => account.append("INBOX", mailWith("one")));
    const runId = await syncNow(user);
    const usage = await env.DB.prepare("SELECT provider_requests AS n, status FROM runs WHERE id = ?").bind(runId).first();
    expect(usage).toEqual({ n: 2, status: "completed" });
    expect(opened).toBe(1);
  });

  it("loses its attachments' files where they are no longer wanted apart, and has them again", async () => {
    const user = await connected((account) => account.append("INBOX", mailWith("offer", [pdf])));
    unwrap(await user.stub.updateSync(user.syncId, { options: { providerOptions: { attachments: false } } }));
    await workOff(user);
    await expectEqual(user, ["INBOX", "Sent"]);
    unwrap(await user.stub.updateSync(user.syncId, { options: { providerOptions: { attachments: true } } }));
    await workOff(user);
    await expectEqual(user, ["INBOX", "Sent"], [pdf.bytes]);
  });
});

describe("a user's mail", () => {
  /** Its mails have no attachments. */
  async function open(profile: (typeof PROFILES)[number] = "full"): Promise<{ mail: SandboxMail; user: Synced }> {
    const mail = await SandboxMail.open(profile, { empty: true });
    for (const box of BOXES) await mail.call("deliver", { box, subject: "stays" });
    return { mail, user: await connect(mail.fields) };
  }

  it("waits where the server has had enough, and goes on then", async () => {
    const { mail, user } = await open();
    await mail.call("deliver", { subject: "two" });
    await mail.fault("mail-too-many-connections", { times: 1 });
    unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
    await runDurableObjectAlarm(user.stub);
    const gate = await runInDurableObject(user.stub, (_instance, { storage }) =>
      storage.sql.exec<{ until: number }>("SELECT gate_until AS until FROM connections").one(),
    );
    expect(gate.until).toBeGreaterThanOrEqual(Date.now() + 100_000);
    expect(await mirrorOf(user)).toHaveLength(2);
    await workOff(user, 30);
    await expectMirrorOf(user, mail);
  });

  it("stops where the password is taken back, keeps what it has, and goes on with a new one", async () => {
    const { mail, user } = await open();
    await mail.call("deliver", { subject: "two" });
    await mail.revoke();
    unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
    await expect.poll(async () => runDurableObjectAlarm(user.stub).then(() => connectionStatus(user))).toBe("needs_reconnect");
    expect(await mirrorOf(user)).toHaveLength(2);
    const fields = { ...mail.fields, password: "sandbox-2" };
    unwrap(await user.stub.addConnection({ ...connectRequest(fields), connectionId: user.connectionId }));
    await workOff(user);
    await expectMirrorOf(user, mail);
  });

  it("of which the server says nothing leaves the run incomplete, and is copied once it does", async () => {
    const { mail, user } = await open();
    const { uid } = await mail.call<{ uid: number }>("deliver", { subject: "two" });
    await mail.fault("mail-not-described", { match: { item: `^${uid}$` } });
    expect(await runStatus(await syncNow(user))).toBe("incomplete");
    expect(await mirrorOf(user)).toHaveLength(2);
    await mail.mend();
    expect(await runStatus(await syncNow(user))).toBe("completed");
    await expectMirrorOf(user, mail);
  });

  it("stays where it was copied when the connection is ended, of which the server hears nothing", async () => {
    const { mail, user } = await open();
    const before = await mail.asked();
    expect(unwrap(await user.stub.disconnect(user.connectionId))).toMatchObject({ status: "revoked" });
    expect(await mail.asked()).toEqual(before);
    await expectMirrorOf(user, mail);
  });

  it("is never only looked at in part: whatever happens and goes wrong, nothing goes that is there, and in the end all is equal", async () => {
    const scenario = fc.record({
      profile: fc.constantFrom(...PROFILES),
      rounds: fc.array(fc.record({ deeds: fc.array(deed, { minLength: 1, maxLength: 3 }), faults: fc.array(fault, { maxLength: 2 }) }), {
        minLength: 2,
        maxLength: 3,
      }),
    });
    const property = fc.asyncProperty(scenario, async ({ profile, rounds }) => {
      const { mail, user } = await open(profile);
      for (const { deeds, faults } of rounds) {
        const before = new Set(await contentsOf(user));
        for (const each of deeds) await carryOut(mail, each);
        for (const each of faults)
          await mail.fault(each.name, { times: each.times, ...(each.method && { match: { method: each.method } }) });
        await syncNow(user, 60);
        const there = await sourceOf(mail);
        expect(await contentsOf(user)).toEqual(expect.arrayContaining(there.filter((each) => before.has(each))));
      }
      await mail.mend();
      await syncNow(user, 60);
      await expectMirrorOf(user, mail);
    });
    await fc.assert(property, { numRuns: RUNS, endOnFailure: true });
  });
});

const BOXES = ["INBOX", "Archive"] as const;

interface Deed {
  what: "deliver" | "expunge" | "move" | "renumber";
  box: number;
  pick: number;
}

const deed: fc.Arbitrary<Deed> = fc.record({
  what: fc.constantFrom("deliver", "deliver", "expunge", "move", "renumber"),
  box: fc.nat(1),
  pick: fc.nat(99),
});

const fault = fc.record({
  name: fc.constantFrom("mail-too-many-connections", "mail-goodbye", "mail-cut", "mail-server-error", "mail-over-quota", "mail-not-listed"),
  method: fc.constantFrom(undefined, "FETCH", "EXAMINE"),
  times: fc.integer({ min: 1, max: 2 }),
});

/** The first mail of each mailbox stays. */
async function carryOut(mail: SandboxMail, { what, box: n, pick }: Deed): Promise<void> {
  const box = BOXES[n] ?? "INBOX";
  const [, ...uids] = ((await mail.boxes()).find(({ path }) => path === box)?.mails ?? []).map(({ uid }) => uid);
  const chosen = uids.slice(pick % Math.max(1, uids.length)).slice(0, 1);
  if (what === "deliver") await mail.call("deliver", { box, subject: `mail ${crypto.randomUUID()}` });
  if (what === "expunge") await mail.call("expunge", { box, uids: chosen });
  if (what === "move") await mail.call("move", { box, uids: chosen, to: BOXES[1 - n] });
  if (what === "renumber") await mail.call("renumber", { box });
}
