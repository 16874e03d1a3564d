import { sha256 } from "@oslojs/crypto/sha2";
import { encodeHexLowerCase } from "@oslojs/encoding";
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { accounts } from "../../worker/db/client.ts";
import { users } from "../../worker/db/schema.ts";
import { unwrap } from "../../worker/errors.ts";
import { randomId } from "../../worker/ids.ts";
import { imap } from "../../worker/providers/imap/imap.ts";
import { createMemoryDrive } from "../../worker/providers/memory.ts";
import { providers } from "../../worker/providers/registry.ts";
import { DEVELOPMENT, dovecotPorts, MailAccount } from "../support/mail-account.ts";
import { mailWith, noise } from "../support/mails.ts";
import { type MemoryUser, mirrorOf } from "../support/memory-user.ts";
import { syncNow, workOff } from "../support/versions.ts";

// A user's mail, from a real server into catalogue and bucket, and how it follows what happens there. The clock is the test's.

const ports = await dovecotPorts();
const IMAP = "imap-in-development";
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

type MailUser = MemoryUser & { account: MailAccount };

async function connected(fill: (account: MailAccount) => Promise<unknown>): Promise<MailUser> {
  const account = await MailAccount.open(ports);
  await fill(account);
  const userId = randomId();
  await accounts(env).insert(users).values({ id: userId, name: "Test", email: null, createdAt: Date.now(), signedInAt: Date.now() });
  const stub = () => env.USER_SYNC.getByName(userId);
  const connection = unwrap(
    await stub().addConnection({
      provider: IMAP,
      method: "password",
      account: { id: `${account.user} at localhost`, label: account.user, email: account.user },
      scopes: [],
      fields: account.fields(),
      homeShard: 0,
    }),
  );
  const { id: syncId } = (await env.DB.prepare("SELECT id FROM syncs WHERE user_id = ?").bind(userId).first<{ id: string }>()) ?? {
    id: "",
  };
  const user = { account, userId, drive: createMemoryDrive(), connectionId: connection.id, syncId, get stub() { return stub(); } }; // prettier-ignore
  await workOff(user);
  return user;
}

const digest = (bytes: Uint8Array) => encodeHexLowerCase(sha256(bytes));

/** What these folders hold, as the mirror is to have it: contents, since names are the mirror's own. */
async function contentsOf(user: MailUser, boxes: readonly string[], parts: readonly Uint8Array[] = []): Promise<string[]> {
  const digests = parts.map(digest);
  for (const box of boxes) for (const { bytes } of (await user.account.mails(box)).mails) digests.push(digest(bytes));
  return digests.toSorted();
}

async function expectEqual(user: MailUser, boxes: readonly string[], parts: readonly Uint8Array[] = []): Promise<void> {
  const mirror = await mirrorOf(user);
  expect(mirror.map((file) => file.sha256).toSorted()).toEqual(await contentsOf(user, boxes, parts));
}

const runStatus = (runId: string) => env.DB.prepare("SELECT status FROM runs WHERE id = ?").bind(runId).first<string>("status");
const pdf = { type: "application/pdf", name: "offer.pdf", bytes: noise(90_000, 11) };

describe.skipIf(ports === null)("a user's mail", () => {
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

  it("waits where the server has had enough, and goes on then", async () => {
    const user = await connected((account) => account.append("INBOX", mailWith("one")));
    await user.account.append("INBOX", mailWith("two"));
    const programs = await Promise.all(Array.from({ length: 9 }, () => user.account.signIn()));
    unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
    await runDurableObjectAlarm(user.stub);
    const gate = await runInDurableObject(user.stub, (_instance, { storage }) =>
      storage.sql.exec<{ until: number }>("SELECT gate_until AS until FROM connections").one(),
    );
    expect(gate.until).toBeGreaterThanOrEqual(Date.now() + 100_000);
    expect(await mirrorOf(user)).toHaveLength(1);
    await Promise.all(programs.map((program) => program.logout()));
    await workOff(user, 30);
    await expectEqual(user, ["INBOX", "Sent"]);
  });

  it("stops where the password is taken back, keeps what it has, and goes on with a new one", async () => {
    const user = await connected((account) => account.append("INBOX", mailWith("one")));
    await user.account.append("INBOX", mailWith("two"));
    const { password } = user.account;
    await user.account.setPassword("another");
    unwrap(await user.stub.run(user.syncId, { full: false, trigger: "manual" }));
    const status = () => env.DB.prepare("SELECT status FROM connections WHERE id = ?").bind(user.connectionId).first<string>("status");
    await expect.poll(async () => runDurableObjectAlarm(user.stub).then(status)).toBe("needs_reconnect");
    expect(await mirrorOf(user)).toHaveLength(1);
    await user.account.setPassword(password);
    const { account } = user;
    unwrap(await user.stub.addConnection({ provider: IMAP, method: "password", connectionId: user.connectionId, account: { id: `${account.user} at localhost`, label: account.user, email: account.user }, scopes: [], fields: account.fields(), homeShard: 0 })); // prettier-ignore
    await workOff(user);
    await expectEqual(user, ["INBOX", "Sent"]);
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
