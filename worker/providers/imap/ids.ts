import { sha256 } from "@oslojs/crypto/sha2";
import { encodeBase64urlNoPadding } from "@oslojs/encoding";

// A mail is known by its mailbox, that one's UIDVALIDITY and its UID; a part of it by its place in it, too. No I/O.

/** Of the hash of a mailbox's name: two of one account never share so many. */
const BOX_BYTES = 9;
const ID = /^([\w-]{12})(?:\.(\d{1,20})\.(\d{1,10})(?:\.(a|p(?:\d{1,5}\.)*\d{1,5}))?)?$/;

export type ItemId = { box: string } & (
  | { kind: "root" }
  | { kind: "mail"; validity: string; uid: number }
  /** The folder of a mail's attachments. */
  | { kind: "attachments"; validity: string; uid: number }
  | { kind: "part"; validity: string; uid: number; part: string }
);

export const boxKey = (path: string): string => encodeBase64urlNoPadding(sha256(new TextEncoder().encode(path)).slice(0, BOX_BYTES));

export const rootId = (path: string): string => boxKey(path);

export const mailId = (path: string, validity: string, uid: number): string => `${boxKey(path)}.${validity}.${uid}`;

export const attachmentsId = (path: string, validity: string, uid: number): string => `${mailId(path, validity, uid)}.a`;

export const partId = (path: string, validity: string, uid: number, part: string): string => `${mailId(path, validity, uid)}.p${part}`;

/** Null where this is no id of ours. */
export function parseId(id: string): ItemId | null {
  const [, box, validity, uid, what] = ID.exec(id) ?? [];
  if (box === undefined) return null;
  if (validity === undefined || uid === undefined) return { box, kind: "root" };
  const mail = { box, validity, uid: Number(uid) };
  if (what === undefined) return { ...mail, kind: "mail" };
  return what === "a" ? { ...mail, kind: "attachments" } : { ...mail, kind: "part", part: what.slice(1) };
}
