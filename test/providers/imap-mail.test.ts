import PostalMime from "postal-mime";
import { describe, expect, test } from "vitest";
import type { Entry, Provider } from "../../worker/providers/provider.ts";
import { dovecotPorts, MailAccount } from "../support/mail-account.ts";
import { mailWith, noise } from "../support/mails.ts";
import { applyRound } from "./contract.ts";

// What mailboxes, mails and their attachments become, at a real server.

const ports = await dovecotPorts();

async function enumerated(provider: Provider, feedId = "INBOX"): Promise<{ known: Map<string, Entry>; cursor: string }> {
  const known = new Map<string, Entry>();
  return { known, cursor: await applyRound(provider, feedId, null, known) };
}

async function read(provider: Provider, { id, download }: Entry, feedId = "INBOX"): Promise<Uint8Array> {
  const opened = await provider.open({ id, feedId, ...(download && { download }) });
  return new Uint8Array(await new Response(opened.body).arrayBuffer());
}

const named = (known: Map<string, Entry>, name: RegExp): Entry => {
  const entry = [...known.values()].find((each) => name.test(each.name ?? ""));
  if (!entry) throw new Error(`There is no ${name}: ${[...known.values()].map((each) => each.name).join(", ")}`);
  return entry;
};

describe.skipIf(ports === null)("a mail", () => {
  test("is kept exactly as it came in, and its attachments as the files that they are", async () => {
    const account = await MailAccount.open(ports);
    const files = [
      { type: "application/pdf", name: "Ünïcode 文件.pdf", bytes: noise(70_001, 1) },
      { type: "application/octet-stream", name: "quoted.bin", bytes: noise(999, 2), encoding: "quoted-printable" as const },
      { type: "text/csv", name: "plain.csv", bytes: new TextEncoder().encode("a;b\r\nä;ö"), encoding: "8bit" as const },
      { type: "application/x-nothing", name: "nothing.bin", bytes: new Uint8Array() },
    ];
    const mail = mailWith("=?utf-8?B?UsOpY2hudW5n?= 12/2026", files);
    await account.append("INBOX", mail, mailWith("Only words"));
    const provider = account.provider();
    const { known } = await enumerated(provider);
    expect([...known.values()].filter(({ kind }) => kind === "folder").map(({ name }) => name)).toEqual([
      "Inbox",
      "2026-03-01 09.30 Réchnung 12 2026 (1) attachments",
    ]);
    const entry = named(known, /Réchnung 12 2026 \(1\)\.eml$/);
    expect(entry).toMatchObject({
      size: mail.length,
      mimeType: "message/rfc822",
      createdAt: Date.UTC(2026, 1, 28, 9),
      modifiedAt: Date.UTC(2026, 2, 1, 9, 30),
    });
    expect(await read(provider, entry)).toEqual(mail);
    for (const { name, bytes } of files) expect(await read(provider, named(known, new RegExp(`^${name}$`)))).toEqual(bytes);
    // Another reader of mails finds the same in what was kept; of text it says less, since it mends the ends of lines.
    const parsed = await PostalMime.parse(await read(provider, entry));
    expect(parsed.attachments.map(({ filename }) => filename)).toEqual(files.map(({ name }) => name));
    expect(new Uint8Array(parsed.attachments[0]?.content as ArrayBuffer)).toEqual(files[0]?.bytes);
  });

  test("that is all one attachment, or holds another mail, is taken apart no further than that", async () => {
    const account = await MailAccount.open(ports);
    const pdf = noise(5_000, 3);
    const single = new TextEncoder().encode(
      `Subject: scan\r\nContent-Type: application/pdf; name="scan.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\n${btoa(String.fromCharCode(...pdf))}\r\n`,
    );
    const inner = mailWith("inner", [{ type: "image/png", name: "inner.png", bytes: noise(100, 4) }]);
    const outer = mailWith("outer", [{ type: "message/rfc822", name: "forwarded.eml", bytes: inner, encoding: "8bit" }]);
    await account.append("INBOX", single, outer);
    const provider = account.provider();
    const { known } = await enumerated(provider);
    expect(await read(provider, named(known, /^scan\.pdf$/))).toEqual(pdf);
    expect(await read(provider, named(known, /^forwarded\.eml$/))).toEqual(inner);
    expect([...known.values()].filter(({ name }) => name === "inner.png")).toEqual([]);
  });

  test("is a file alone where attachments are not wanted apart, and a lookup then finds none", async () => {
    const account = await MailAccount.open(ports);
    await account.append("INBOX", mailWith("with", [{ type: "image/png", name: "a.png", bytes: noise(10, 5) }]));
    const all = await enumerated(account.provider());
    const without = account.provider(account.fields(), { attachments: false });
    expect([...(await enumerated(without)).known.values()].map(({ kind }) => kind)).toEqual(["folder", "file"]);
    const found = await without.lookup("INBOX", [...all.known.keys()]);
    expect(found.map(({ status }) => status)).toEqual(["found", "found", "gone", "gone"]);
  });

  test("of any length comes whole, in pieces, and its attachment too", async () => {
    const account = await MailAccount.open(ports);
    const bytes = noise(2_300_000, 6);
    const mail = mailWith("large", [{ type: "video/mp4", name: "large.mp4", bytes }]);
    // Longer than what is measured before it is handed on.
    const lines = new TextEncoder().encode(Array.from({ length: 140_000 }, (_, n) => `${n} ${"=".repeat(54)}\r\n`).join(""));
    await account.append("INBOX", mail, mailWith("longer", [{ type: "text/plain", name: "longer.txt", bytes: lines, encoding: "8bit" }]));
    const provider = account.provider();
    const { known } = await enumerated(provider);
    const same = async (name: RegExp, expected: Uint8Array) => {
      const got = await read(provider, named(known, name));
      expect([got.length, firstDifference(got, expected)]).toEqual([expected.length, -1]);
    };
    await same(/large \(1\)\.eml$/, mail);
    await same(/^large\.mp4$/, bytes);
    await same(/^longer\.txt$/, lines);
    const { id } = named(known, /large \(1\)\.eml$/);
    const part = await provider.open({ id, feedId: "INBOX" }, { range: { offset: 1_000_000, length: 2_000_000 } });
    expect(firstDifference(new Uint8Array(await new Response(part.body).arrayBuffer()), mail.subarray(1_000_000, 3_000_000))).toBe(-1);
  });

  test("is only looked at: it is as unread as before, and nothing else of the mailbox has changed", async () => {
    const account = await MailAccount.open(ports);
    await account.append("INBOX", mailWith("unread", [{ type: "image/png", name: "a.png", bytes: noise(10, 7) }]), mailWith("another"));
    const before = await account.mails("INBOX");
    const provider = account.provider();
    const { known, cursor } = await enumerated(provider);
    for (const entry of known.values()) if (entry.kind === "file") await read(provider, entry);
    await provider.lookup("INBOX", [...known.keys()]);
    await applyRound(provider, "INBOX", cursor, known);
    await provider.browse?.list(null, null);
    await provider.checks?.();
    expect(await account.mails("INBOX")).toEqual(before);
    expect(before.mails.map(({ flags }) => flags.filter((flag) => flag !== "\\Recent"))).toEqual([[], []]);
  });

  test("that is gone when it is fetched is to be looked up, where it is gone", async () => {
    const account = await MailAccount.open(ports);
    const [uid = 0] = await account.append("INBOX", mailWith("short-lived"));
    const provider = account.provider();
    const { known } = await enumerated(provider);
    const entry = named(known, /short-lived/);
    await account.expunge("INBOX", uid);
    await expect(read(provider, entry)).rejects.toMatchObject({ kind: "expired_url" });
    expect(await provider.lookup("INBOX", [entry.id])).toEqual([{ id: entry.id, status: "gone" }]);
  });
});

describe.skipIf(ports === null)("a mailbox", () => {
  test("tells what has come, gone and moved, a quiet round in one request and without a listing", async () => {
    const account = await MailAccount.open(ports);
    const [first = 0, second = 0] = await account.append("INBOX", mailWith("one"), mailWith("two"), mailWith("three"));
    const provider = account.provider();
    const { known, cursor } = await enumerated(provider);
    const asked = account.requests;
    const quiet = await provider.changes("INBOX", cursor);
    expect(quiet).toMatchObject({ changes: [], more: false });
    expect(account.requests).toBe(asked + 1);
    await account.expunge("INBOX", first);
    await account.move("INBOX", second, "Sent");
    await account.append("INBOX", mailWith("four"));
    await applyRound(provider, "INBOX", quiet.cursor, known);
    expect([...known.values()].map(({ name }) => name?.replace(/^.{17}/, ""))).toEqual([
      expect.anything(),
      "three (3).eml",
      "four (4).eml",
    ]);
    expect([...(await enumerated(provider, "Sent")).known.values()].map(({ name }) => name)).toContainEqual(expect.stringContaining("two"));
  });

  test("is listed in pages that repeat nothing, while mails come and go", async () => {
    const account = await MailAccount.open(ports);
    await account.append("INBOX", ...Array.from({ length: 26 }, (_, n) => `Subject: ${n}\r\n\r\n${n}`));
    await account.write(async (client) => {
      await client.mailboxOpen("INBOX");
      for (let times = 0; times < 9; times += 1) await client.messageCopy("1:26", "INBOX", { uid: true });
    });
    const provider = account.provider();
    const first = await provider.changes("INBOX", null);
    expect([first.changes.length, first.more]).toEqual([251, true]);
    await account.expunge("INBOX", 10, 255);
    await account.append("INBOX", "Subject: late\r\n\r\nlate");
    const second = await provider.changes("INBOX", first.cursor);
    expect([second.changes.length, second.more]).toEqual([9, false]);
    const known = new Map<string, Entry>();
    for (const change of [...first.changes, ...second.changes]) if (change.type === "upsert") known.set(change.entry.id, change.entry);
    await applyRound(provider, "INBOX", second.cursor, known);
    const there = await account.mails("INBOX");
    expect(
      [...known.values()].flatMap(({ name, kind }) => (kind === "file" ? (/\((\d+)\)\.eml$/.exec(name ?? "")?.[1] ?? []) : [])),
    ).toEqual(there.mails.map(({ uid }) => String(uid)));
  });

  test("whose numbers are new is listed anew, under new ids, and the old ones are gone", async () => {
    const account = await MailAccount.open(ports);
    await account.append("INBOX", mailWith("same"));
    const provider = account.provider();
    const { known, cursor } = await enumerated(provider);
    const old = named(known, /same/);
    await account.doveadm("mailbox", "update", "-u", account.user, "--uid-validity", "4294967290", "INBOX");
    await expect(provider.changes("INBOX", cursor)).rejects.toMatchObject({ kind: "cursor_expired" });
    const again = named((await enumerated(provider)).known, /same/);
    expect([again.name, again.id === old.id]).toEqual([old.name, false]);
    expect(await provider.lookup("INBOX", [old.id])).toEqual([{ id: old.id, status: "gone" }]);
    await expect(read(provider, old)).rejects.toMatchObject({ kind: "expired_url" });
  });

  test("that is no more is not found, which removes nothing", async () => {
    const account = await MailAccount.open(ports);
    await account.write((client) => client.mailboxCreate("Project"));
    await account.append("Project", mailWith("plan"));
    const provider = account.provider();
    const { cursor } = await enumerated(provider, "Project");
    await account.write((client) => client.mailboxDelete("Project"));
    await expect(provider.changes("Project", cursor)).rejects.toMatchObject({ kind: "not_found" });
    expect(await provider.feeds(["Project"])).toEqual([]);
  });
});

describe.skipIf(ports === null)("folders", () => {
  async function withFolders() {
    const account = await MailAccount.open(ports);
    await account.write(async (client) => {
      for (const path of ["Kunden & Co/日本語", "Größe", "INBOX/Lists"]) await client.mailboxCreate(path);
    });
    await account.append("Größe", mailWith("in the umlauts"), mailWith("another"));
    return { account, provider: account.provider() };
  }

  test("are feeds by their names in any script; unless chosen, without what is thrown away or unwanted", async () => {
    const { provider } = await withFolders();
    expect(await provider.feeds()).toEqual([
      { id: "INBOX", name: "Inbox" },
      { id: "Größe", name: "Größe" },
      { id: "INBOX/Lists", name: "INBOX / Lists" },
      { id: "Kunden & Co/日本語", name: "Kunden & Co / 日本語" },
      { id: "Sent", name: "Sent" },
    ]);
    expect(await provider.feeds(["Trash", "Größe", "Nowhere"])).toEqual([
      expect.objectContaining({ id: "Größe" }),
      { id: "Trash", name: "Trash" },
    ]);
    expect((await enumerated(provider, "Größe")).known.size).toBe(3);
  });

  test("are picked from a tree, with how many mails they hold; one that only holds others leads to them", async () => {
    const { provider } = await withFolders();
    const top = await provider.browse?.list(null, null);
    expect(top?.entries.map(({ name, feedId, items, hasChildren }) => [name, feedId, items, hasChildren])).toEqual([
      ["Inbox", "INBOX", 0, true],
      ["Größe", "Größe", 2, false],
      ["Junk", "Junk", 0, false],
      ["Kunden & Co", undefined, undefined, true],
      ["Sent", "Sent", 0, false],
      ["Trash", "Trash", 0, false],
    ]);
    const way = top?.entries.find(({ name }) => name === "Kunden & Co");
    expect((await provider.browse?.list({ id: way?.id ?? "" }, null))?.entries).toMatchObject([
      { name: "日本語", feedId: "Kunden & Co/日本語", whole: true },
    ]);
    const inbox = top?.entries[0];
    expect((await provider.browse?.list({ id: inbox?.id ?? "", feedId: "INBOX" }, null))?.entries).toMatchObject([
      { name: "Lists", feedId: "INBOX/Lists" },
    ]);
    await expect(provider.browse?.list({ id: "way:Nowhere" }, null)).rejects.toMatchObject({ kind: "not_found" });
  });
});

/** Where two contents part; -1 where they are the same as far as the shorter one goes. Comparing millions of numbers takes the test's tools minutes. */
function firstDifference(one: Uint8Array, other: Uint8Array): number {
  return one.findIndex((byte, at) => at < other.length && byte !== other[at]);
}
