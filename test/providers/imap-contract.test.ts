import { sha256 } from "@oslojs/crypto/sha2";
import { encodeHexLowerCase } from "@oslojs/encoding";
import { describe } from "vitest";
import { mailId } from "../../worker/providers/imap/ids.ts";
import { dovecotPorts, MailAccount } from "../support/mail-account.ts";
import { type Exceptions, type Fixture, providerContract } from "./contract.ts";

const ports = await dovecotPorts();
const EXCEPTIONS: Exceptions = {
  hashes: "IMAP has none.",
  tree: "A mail never changes, and is another one in another folder.",
  emptyFiles: "A mail is never empty.",
  namedWaits: "Mail servers name no time.",
  subscriptions: "IMAP tells of nothing to those who do not stay connected.",
};

function unheard(): never {
  throw new Error("Mails cannot do that.");
}

/** The inbox: a content is a whole mail, without a header. */
async function open(): Promise<Fixture> {
  const account = await MailAccount.open(ports);
  const uids = new Map<string, number>();
  const uidOf = (path: string) => uids.get(path) ?? unheard();
  const nameOf = (uid: number) => `2026-03-01 09.30 No subject (${uid}).eml`;
  const validity = async () => (await account.mails("INBOX")).validity;
  return {
    provider: account.provider(),
    put: async (path, content) => {
      const [uid = 0] = await account.append("INBOX", content);
      uids.set(path, uid);
      return mailId("INBOX", await validity(), uid);
    },
    rename: unheard,
    move: unheard,
    remove: (path) => account.expunge("INBOX", uidOf(path)),
    restore: unheard,
    nameOf: (path) => nameOf(uidOf(path)),
    files: async () => {
      const box = await account.mails("INBOX");
      return box.mails.map(({ uid, bytes }) => ({
        id: mailId("INBOX", box.validity, uid),
        path: `/${nameOf(uid)}`,
        sha256: encodeHexLowerCase(sha256(bytes)),
      }));
    },
    expireCursors: async () =>
      void (await account.doveadm("mailbox", "update", "-u", account.user, "--uid-validity", "4294967290", "INBOX")),
    throttleOnce: unheard,
    revoke: () => account.setPassword("another"),
  };
}

describe.skipIf(ports === null)("mail of a Dovecot", () => providerContract(open, EXCEPTIONS));
