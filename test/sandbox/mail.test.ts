import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { ImapFlow } from "imapflow";
import PostalMime from "postal-mime";
import { afterEach, expect, test } from "vitest";
import { createSandbox } from "../../sandbox/app.ts";
import { fromWire, tokensOf, toWire } from "../../sandbox/mail/tokens.ts";
import { clientOf } from "./sandbox-client.ts";

// The sandbox's mail server, as mail programs that others wrote find it.

const ACCOUNT = "dora@mailbox.example";
const run = promisify(execFile);
const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const undo of cleanUp.splice(0).reverse()) await undo();
});

async function open() {
  const sandbox = await createSandbox({ settings: { MAIL_PORT: "0" } });
  cleanUp.push(() => sandbox.close());
  const { control } = clientOf(sandbox);
  const { port } = await control<{ port: number }>("GET", "/mail/");
  const signIn = async (options: { qresync?: boolean; pass?: string } = {}) => {
    const auth = { user: ACCOUNT, pass: options.pass ?? "sandbox" };
    const client = new ImapFlow({
      host: "127.0.0.1",
      port,
      doSTARTTLS: false,
      auth,
      logger: false,
      disableAutoIdle: true,
      qresync: options.qresync ?? true,
    });
    cleanUp.push(() => client.close());
    client.on("error", () => undefined);
    await client.connect();
    return client;
  };
  const mail = <T>(call: string, body: unknown) => control<T>("POST", `/mail/${ACCOUNT}/${call}`, body);
  return { control, port, signIn, mail };
}

test("imapflow lists, searches and reads the mails that are there from the first day, and postal-mime takes them apart", async () => {
  const { signIn } = await open();
  const client = await signIn();
  const folders = (await client.list()).map(({ path, specialUse }) => [path, specialUse]);
  expect(folders).toContainEqual(["Projects/Größe & Gewicht", undefined]);
  expect(folders).toContainEqual(["Trash", "\\Trash"]);
  const box = await client.mailboxOpen("INBOX", { readOnly: true });
  expect(box).toMatchObject({ exists: 4, uidNext: 5, readOnly: true });
  const mails = await client.fetchAll("1:*", { uid: true, envelope: true, bodyStructure: true, size: true, source: true, flags: true });
  expect(mails.map(({ envelope }) => envelope?.subject)).toEqual([
    "Offer for the coming year",
    "Réunion de jeudi",
    "会議の議事録",
    "Протокол встречи",
  ]);
  for (const { source, size, bodyStructure, envelope } of mails) {
    expect(source?.length).toBe(size);
    const parsed = await PostalMime.parse(source ?? "");
    expect(parsed.subject).toBe(envelope?.subject);
    const named = (bodyStructure?.childNodes ?? []).flatMap(({ dispositionParameters }) => dispositionParameters?.["filename"] ?? []);
    expect(parsed.attachments.map(({ filename }) => filename)).toEqual(named);
  }
  const first = mails[0];
  const part = await client.download("1", "2", { uid: true });
  const pieces: Buffer[] = [];
  for await (const piece of part.content ?? []) pieces.push(piece as Buffer);
  const [attached] = (await PostalMime.parse(first?.source ?? "")).attachments;
  expect(Buffer.concat(pieces)).toEqual(Buffer.from(attached?.content as ArrayBuffer));
  expect(await client.search({ seen: false }, { uid: true })).toEqual([1, 3]);
});

test("imapflow writes: it saves, flags, copies, moves and removes, and another client sees it", async () => {
  const { signIn } = await open();
  const [client, other] = [await signIn(), await signIn({ qresync: false })];
  await other.mailboxOpen("INBOX");
  const saved = await client.append("INBOX", "Subject: saved\r\n\r\nwords", ["\\Seen"], new Date(Date.UTC(2026, 0, 2, 3, 4, 5)));
  expect(saved).toMatchObject({ uid: 5 });
  await client.mailboxOpen("INBOX");
  expect(await client.fetchOne("5", { internalDate: true, flags: true }, { uid: true })).toMatchObject({
    internalDate: new Date(Date.UTC(2026, 0, 2, 3, 4, 5)),
    flags: new Set(["\\Seen"]),
  });
  await client.messageFlagsAdd("5", ["\\Flagged"], { uid: true });
  expect(await client.messageCopy("5", "Archive", { uid: true })).toMatchObject({ uidMap: new Map([[5, 1]]) });
  expect(await client.messageMove("5", "Trash", { uid: true })).toMatchObject({ uidMap: new Map([[5, 1]]) });
  await client.messageDelete("4", { uid: true });
  await other.noop();
  expect(other.mailbox).toMatchObject({ exists: 3 });
  await client.mailboxCreate("Nouveau/Dossier été");
  expect((await other.list()).map(({ path }) => path)).toContain("Nouveau/Dossier été");
});

test("what was removed is told by QRESYNC, unless the numbers are new", async () => {
  const { signIn, mail } = await open();
  const client = await signIn();
  const { uidValidity, highestModseq } = await client.mailboxOpen("INBOX");
  await client.mailboxClose();
  await mail("expunge", { uids: [2, 3] });
  const told: number[] = [];
  client.on("expunge", ({ uid, vanished }) => void (vanished && uid !== undefined && told.push(uid)));
  const since = { changedSince: highestModseq ?? 0n, uidValidity };
  expect(await client.mailboxOpen("INBOX", { readOnly: true, ...since })).toMatchObject({ exists: 2, qresync: true });
  expect(told).toEqual([2, 3]);
  await mail("renumber", {});
  expect(await client.mailboxOpen("INBOX", { readOnly: true, ...since })).toMatchObject({ qresync: false });
});

test("control calls deliver and move; a password that was taken back is refused", async () => {
  const { signIn, mail, control } = await open();
  expect(await mail("deliver", { subject: "Grüße", files: { "a.txt": "a" } })).toEqual({ uid: 5 });
  expect(await mail("move", { uids: [5], to: "Archive" })).toEqual({ uids: [1] });
  // So does the button of the page.
  await control("POST", `/drives/${ACCOUNT}/mutate`, { ops: [{ op: "create", path: "/note", bytes: 1 }] });
  expect(await control("GET", `/mail/${ACCOUNT}`)).toMatchObject({ boxes: [{ path: "INBOX", next: 7 }, {}, {}, {}, {}, {}, {}] });
  const client = await signIn();
  await client.mailboxOpen("Archive");
  expect(await client.fetchOne("1", { envelope: true })).toMatchObject({ envelope: { subject: "Grüße" } });
  await control("POST", `/grants/${ACCOUNT}/revoke`);
  await expect(signIn()).rejects.toMatchObject({ serverResponseCode: "AUTHENTICATIONFAILED" });
  await expect(signIn({ pass: "sandbox-2" })).resolves.toBeDefined();
  await expect(control("POST", "/mail/nobody@contoso.example/deliver", {})).rejects.toThrow("no mail account");
});

test("a server can be of another kind, and goes wrong in ways that have names, for one account alone", async () => {
  const { signIn, mail, control } = await open();
  await mail("profile", { profile: "plain" });
  const client = await signIn();
  expect([...client.capabilities.keys()]).not.toContain("CONDSTORE");
  const strike = (name: string, match: Record<string, string> = {}) =>
    control("POST", "/faults", { name, times: 1, match: { account: ACCOUNT, ...match } });
  await strike("mail-server-error", { method: "EXAMINE" });
  await expect(client.mailboxOpen("INBOX", { readOnly: true })).rejects.toMatchObject({ serverResponseCode: "SERVERBUG" });
  await client.mailboxOpen("INBOX", { readOnly: true });
  await control("POST", "/faults", { name: "mail-not-listed", match: { account: ACCOUNT, item: "^2$" } });
  expect(await client.search({ all: true }, { uid: true })).toEqual([1, 3, 4]);
  await strike("mail-cut", { path: "^/INBOX$" });
  await expect(client.fetchAll("1:*", { source: true })).rejects.toThrow();
  expect(client.usable).toBe(false);
  await strike("mail-too-many-connections");
  await expect(signIn()).rejects.toMatchObject({ responseText: expect.stringContaining("Too many simultaneous connections") });
  await expect(signIn()).resolves.toBeDefined();
});

test("curl reads a mail, and its lines end as they should", async () => {
  const { port } = await open();
  const { stdout } = await run("curl", ["-sS", "--user", `${ACCOUNT}:sandbox`, `imap://127.0.0.1:${port}/INBOX;UID=2`], {
    encoding: "latin1",
  });
  expect(stdout).toMatch(/^From: Sandbox <sandbox@mailbox\.example>\r\n/);
  const { stdout: listed } = await run("curl", ["-sS", "--user", `${ACCOUNT}:sandbox`, `imap://127.0.0.1:${port}/`]);
  expect(listed).toContain('"Projects/Gr&APYA3w-e &- Gewicht"');
});

test.skipIf(!existsSync("/usr/bin/mbsync") && !process.env["CI"])(
  "mbsync, where it is installed (apt-get install isync), copies a whole mailbox",
  async () => {
    const { port } = await open();
    const dir = await mkdtemp(join(tmpdir(), "mbsync-"));
    cleanUp.push(() => rm(dir, { recursive: true }));
    const config = [
    "IMAPAccount sandbox", "Host 127.0.0.1", `Port ${port}`, `User ${ACCOUNT}`, "Pass sandbox", "SSLType None", "AuthMechs LOGIN", "",
    "IMAPStore far", "Account sandbox", "", "MaildirStore near", `Path ${dir}/mail/`, `Inbox ${dir}/mail/INBOX`, "SubFolders Verbatim", "",
    "Channel all", "Far :far:", "Near :near:", "Patterns *", "Create Near", "Sync Pull", "SyncState *", "",
  ]; // prettier-ignore
    await writeFile(join(dir, "config"), config.join("\n"));
    await mkdir(join(dir, "mail"));
    await run("/usr/bin/mbsync", ["-c", join(dir, "config"), "-a"]);
    const names = (
      await Promise.all(
        ["cur", "new"].map(async (part) =>
          (await readdir(join(dir, "mail/INBOX", part))).map((name) => join(dir, "mail/INBOX", part, name)),
        ),
      )
    ).flat();
    const subjects = await Promise.all(names.map(async (name) => (await PostalMime.parse(await readFile(name))).subject));
    expect(subjects.toSorted()).toEqual(["Offer for the coming year", "Réunion de jeudi", "Протокол встречи", "会議の議事録"].toSorted());
  },
);

test("what is no command is answered as such, and names survive their way", () => {
  expect(tokensOf('FETCH 1 (UID BODY.PEEK[HEADER.FIELDS (FROM "X")]<0.10>) "a \\"b" \u00000\u0000', ["lit eral"])).toEqual([
    "FETCH",
    "1",
    ["UID", 'BODY.PEEK[HEADER.FIELDS (FROM "X")]<0.10>'],
    'a "b',
    "lit eral",
  ]);
  expect(() => tokensOf('LOGIN "a', [])).toThrow(SyntaxError);
  for (const name of ["Größe & Gewicht", "日本語", "a&b", "🌊"]) expect(fromWire(toWire(name))).toBe(name);
});
