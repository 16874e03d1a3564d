import fc from "fast-check";
import { expect, test } from "vitest";
import { attachmentsOf } from "../../worker/providers/imap/attachments.ts";
import { readCursor, writeCursor } from "../../worker/providers/imap/cursor.ts";
import { decoderFor } from "../../worker/providers/imap/decode.ts";
import { toProviderError } from "../../worker/providers/imap/errors.ts";
import { attachmentsId, mailId, parseId, partId, rootId } from "../../worker/providers/imap/ids.ts";
import { attachmentNames, mailStem } from "../../worker/providers/imap/names.ts";
import { UidSet } from "../../worker/providers/imap/uid-set.ts";

const uids = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 40 });

test("sets of numbers behave as sets do, and survive being written down", () => {
  fc.assert(
    fc.property(uids, uids, fc.nat(50), (one, other, count) => {
      const [a, b] = [UidSet.of(one), UidSet.of(other)];
      const both = a.with(b);
      const sorted = [...new Set(one)].sort((x, y) => x - y);
      expect([...a]).toEqual(sorted);
      expect(a.size).toBe(sorted.length);
      expect([...both]).toEqual([...new Set([...one, ...other])].sort((x, y) => x - y));
      expect([...a.without(b)]).toEqual(sorted.filter((uid) => !other.includes(uid)));
      expect([...a.least(count)]).toEqual(sorted.slice(0, count));
      expect([...UidSet.parse(a.toString())]).toEqual(sorted);
      expect([...UidSet.fromText(a.text())]).toEqual(sorted);
      // Ranges never touch: a set has one way to be written.
      expect(UidSet.of(both).text()).toBe(both.text());
    }),
  );
});

test("a million mails in a row are a few characters of a cursor", () => {
  const known = UidSet.parse("1:1000000");
  const place = {
    validity: "1700000000",
    next: 1_000_001,
    modseq: "12345678901234",
    known,
    fresh: UidSet.EMPTY,
    gone: UidSet.parse("3,5"),
  };
  const cursor = writeCursor(place);
  expect(cursor.length).toBeLessThan(80);
  expect(writeCursor(readCursor(cursor))).toBe(cursor);
  expect(readCursor(cursor).known.size).toBe(1_000_000);
  expect([...readCursor(cursor).gone]).toEqual([3, 5]);
});

test.each(["", "null", "[]", '[2,"1",1,"","","",""]', '[1,"1",1,"","-1","",""]', '[1,"1",1,"","1.zzzzzzz","",""]'])(
  "a cursor %j that is none of ours lists the mailbox anew",
  (cursor) => {
    expect(() => readCursor(cursor)).toThrow(expect.objectContaining({ kind: "cursor_expired" }));
  },
);

test("what was done to bytes for the way is undone, however they are cut into pieces", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.array(fc.integer({ min: 1, max: 90 })), (bytes, cuts) => {
      const base64 = btoa(String.fromCharCode(...bytes)).replace(/.{1,76}/g, "$&\r\n");
      expect(decoded("base64", base64, cuts)).toEqual([...bytes]);
      const quoted = [...bytes].map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
      expect(decoded("quoted-printable", quoted.replace(/.{1,72}/g, "$&=\r\n"), cuts)).toEqual([...bytes]);
    }),
  );
});

test("quoted text keeps its lines, loses the spaces of the way, and what is no code stays", () => {
  const text = "caf=C3=A9 = 100=25 \t\r\nsoft=\r\n break=3D\r\nend=X";
  expect(new TextDecoder().decode(Uint8Array.from(decoded("Quoted-Printable", text, [5])))).toBe("café = 100%\r\nsoft break=\r\nend=X");
});

test("an unknown encoding is passed on as it is", () => {
  expect(decoded("8bit", "as it is\r\n", [3])).toEqual([...new TextEncoder().encode("as it is\r\n")]);
});

function decoded(encoding: string, text: string, cuts: readonly number[]): number[] {
  const decode = decoderFor(encoding);
  const bytes = new TextEncoder().encode(text);
  const out: number[] = [];
  let at = 0;
  for (const cut of cuts) out.push(...decode(bytes.subarray(at, (at += cut))));
  return [...out, ...decode(bytes.subarray(at)), ...decode(null)];
}

test("ids tell what they are of, and others are none", () => {
  expect(parseId(rootId("INBOX"))).toEqual({ box: rootId("INBOX"), kind: "root" });
  const mail = { box: rootId("A/B"), validity: "12", uid: 7 };
  expect(parseId(mailId("A/B", "12", 7))).toEqual({ ...mail, kind: "mail" });
  expect(parseId(attachmentsId("A/B", "12", 7))).toEqual({ ...mail, kind: "attachments" });
  expect(parseId(partId("A/B", "12", 7, "2.1"))).toEqual({ ...mail, kind: "part", part: "2.1" });
  for (const other of ["", "x", `${rootId("INBOX")}.1`, `${mailId("A", "1", 2)}.b`, `${mailId("A", "1", 2)}.p1 BODY[]`])
    expect(parseId(other)).toBeNull();
});

test("a mail's name is safe everywhere, says when it came, and is of no other mail of its folder", () => {
  const at = Date.UTC(2026, 10, 28, 3, 25, 59);
  expect(mailStem(at, "Re: a/b\\c: “ok?” \u202egnp.exe\r\n", 3)).toBe("2026-11-28 03.25 Re a b c “ok ” gnp.exe (3)");
  expect(mailStem(at, "  ...  ", 4)).toBe("2026-11-28 03.25 No subject (4)");
  expect(mailStem(undefined, undefined, 5)).toBe("No subject (5)");
  const long = mailStem(at, "文件🌊".repeat(100), 4_294_967_295);
  expect(new TextEncoder().encode(`${long} attachments`).length).toBeLessThanOrEqual(255);
  expect(long).not.toContain("\ufffd");
});

test("attachments of the same name are told apart", () => {
  const given = ["a.pdf", "A.pdf", undefined, "../../etc/passwd", ".hidden", `${"x".repeat(300)}.tar`].map((name) => ({
    name,
    type: "image/png",
  }));
  expect(attachmentNames(given)).toEqual(["a.pdf", "A (2).pdf", "attachment 3", "etc passwd", "hidden", `${"x".repeat(180)}.tar`]);
  expect(attachmentNames([{ name: "Re hello", type: "message/rfc822" }])).toEqual(["Re hello.eml"]);
});

test("what a mail program shows as text is no attachment, and what is in an attached mail is that one's", () => {
  const text = { part: "1.1", type: "text/plain" };
  const html = { part: "1.2", type: "text/html", encoding: "quoted-printable", size: 10 };
  const nested = { part: "2", type: "message/rfc822", encoding: "7bit", size: 99, childNodes: [{ part: "2.1", type: "image/png" }] };
  const notes = {
    part: "3",
    type: "text/plain",
    disposition: "attachment",
    dispositionParameters: { filename: "notes.txt" },
    encoding: "base64",
    size: 8,
  };
  const image = { part: "4", type: "image/png", disposition: "inline", encoding: "base64" };
  const structure = {
    type: "multipart/mixed",
    childNodes: [{ type: "multipart/alternative", childNodes: [text, html] }, nested, notes, image],
  };
  expect(attachmentsOf(structure)).toEqual([
    { part: "2", name: "attachment 1.eml", type: "message/rfc822", size: 99 },
    { part: "3", name: "notes.txt", type: "text/plain" },
    { part: "4", name: "attachment 3", type: "image/png" },
  ]);
  expect(attachmentsOf({ type: "application/pdf", encoding: "base64" })).toMatchObject([{ part: "1", type: "application/pdf" }]);
  expect(attachmentsOf(undefined)).toEqual([]);
});

test.each([
  [{ authenticationFailed: true, serverResponseCode: "AUTHENTICATIONFAILED", response: "2 NO [AUTHENTICATIONFAILED] bad" }, "auth"],
  [{ authenticationFailed: true, serverResponseCode: "AUTHORIZATIONFAILED" }, "auth"],
  [{ authenticationFailed: true, serverResponseCode: "PRIVACYREQUIRED" }, "unsupported"],
  [{ authenticationFailed: true, serverResponseCode: "UNAVAILABLE" }, "transient"],
  [{ authenticationFailed: true, response: "3 NO [ALERT] Too many simultaneous connections. (Failure)" }, "throttled"],
  [{ authenticationFailed: true, response: "3 NO LOGIN failed." }, "auth"],
  [{ responseStatus: "NO", responseText: "[INUSE] Mailbox is locked", response: {} }, "throttled"],
  [{ responseStatus: "NO", response: { attributes: [{ section: [{ value: "LIMIT" }] }] } }, "throttled"],
  [{ responseStatus: "NO", responseText: "[OVERQUOTA] Account exceeded command or bandwidth limits" }, "throttled"],
  [{ responseStatus: "NO", responseText: "[NONEXISTENT] Unknown Mailbox" }, "not_found"],
  [{ responseStatus: "NO", responseText: "[NOPERM] no" }, "forbidden"],
  [{ responseStatus: "NO", responseText: "Something" }, "transient"],
  [{ responseStatus: "BAD", responseText: "Unknown command" }, "fatal"],
  [{ code: "ETHROTTLE", throttleReset: 92_415, responseStatus: "BAD" }, "throttled"],
  [{ code: "NoConnection", reason: "[UNAVAILABLE] Server is going down" }, "transient"],
  [{ code: "NoConnection", reason: "Too many connections for user" }, "throttled"],
  [{ code: "ETIMEOUT" }, "transient"],
])("%j is %s", (failure, kind) => {
  const error = toProviderError(Object.assign(new Error("Command failed"), failure), "imap.example.com");
  expect(error.kind).toBe(kind);
  expect(error.retryAfterSeconds !== undefined).toBe(kind === "throttled");
});
