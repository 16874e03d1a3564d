import type { FetchMessageObject, ImapFlow, MailboxObject } from "imapflow";
import { ProviderError } from "../errors.ts";
import { isSelectable, list } from "./folders.ts";
import { UidSet } from "./uid-set.ts";

// What is asked of a server about one mailbox. It is examined, never selected, and bodies are peeked at: nothing of it changes,
// not even which mails count as seen.

/** A mailbox as it is now. */
export interface Examined {
  validity: string;
  /** 0: the server does not say. */
  next: number;
  /** Empty: it counts no changes. */
  modseq: string;
  exists: number;
  /** Removed since the asked time, and maybe others that were removed before; null where the server cannot say. */
  vanished: UidSet | null;
}

/** `since`: what it was like then. */
export async function examine(client: ImapFlow, path: string, since?: { validity: string; modseq: string }): Promise<Examined> {
  const gone: number[] = [];
  const note = (event: { path: string; uid?: number; vanished?: boolean }) => {
    if (event.path === path && event.vanished === true && event.uid !== undefined) gone.push(event.uid);
  };
  client.on("expunge", note);
  try {
    const asked = since && since.modseq !== "" ? { changedSince: BigInt(since.modseq), uidValidity: BigInt(since.validity) } : {};
    const box = await openBox(client, path, asked);
    // A server that lets itself be written to though it was asked not to is looked at all the same: nothing is written.
    const told = (box as { qresync?: boolean }).qresync === true;
    return {
      validity: String(box.uidValidity ?? ""),
      next: box.uidNext ?? 0,
      modseq: box.noModseq === true || box.highestModseq === undefined ? "" : String(box.highestModseq),
      exists: box.exists ?? 0,
      vanished: told ? UidSet.of(gone) : null,
    };
  } finally {
    client.off("expunge", note);
  }
}

/** Not every server has a code for a mailbox that is not there. */
async function openBox(client: ImapFlow, path: string, asked: { changedSince?: bigint; uidValidity?: bigint }): Promise<MailboxObject> {
  try {
    return await client.mailboxOpen(path, { readOnly: true, ...asked });
  } catch (error) {
    if ((error as { responseStatus?: string }).responseStatus !== "NO") throw error;
    const isThere = (await list(client)).some((folder) => folder.path === path && isSelectable(folder));
    if (isThere) throw error;
    throw new ProviderError("not_found", "The folder is not there any more.", { cause: error });
  }
}

/**
 * The numbers of all mails there, or of those from one number on. A list of all that is shorter than the mailbox is no list: what it
 * lacks would be taken for removed.
 */
export async function uidsFrom(client: ImapFlow, first = 1): Promise<UidSet> {
  const before = existing(client);
  const found = await client.search(first === 1 ? { all: true } : { uid: `${first}:*` }, { uid: true, returnOptions: ["ALL"] });
  if (found === false || found === undefined) throw new ProviderError("transient", "The server does not list what is in the mailbox.");
  const uids = Array.isArray(found) ? UidSet.of(found) : UidSet.parse(found.all ?? "");
  // The last mail is in every range that is open at its end.
  if (first > 1) return uids.without(UidSet.parse(`1:${first - 1}`));
  if (uids.size < Math.min(before, existing(client)))
    throw new ProviderError("transient", `The server lists ${uids.size} mails of ${existing(client)} that it says are in the mailbox.`);
  return uids;
}

/** How many mails the server has said there are; what it tells meanwhile is counted. */
function existing(client: ImapFlow): number {
  return client.mailbox ? client.mailbox.exists : 0;
}

/** Which of these mails, of which the server did not say anything, it still has. */
export async function stillThere(client: ImapFlow, silent: UidSet): Promise<UidSet> {
  return silent.size === 0 ? UidSet.EMPTY : silent.without(silent.without(await uidsFrom(client)));
}

/** What the server says of these mails, by their numbers. Those that it says nothing of are not there. */
export async function describe(client: ImapFlow, uids: UidSet): Promise<Map<number, FetchMessageObject>> {
  const query = { uid: true, envelope: true, bodyStructure: true, size: true, internalDate: true };
  const answers = uids.size === 0 ? [] : await client.fetchAll(uids.toString(), query, { uid: true });
  // Servers tell of other mails too, whose flags somebody has just changed.
  return new Map(answers.flatMap((answer) => (answer.uid && answer.internalDate !== undefined ? [[answer.uid, answer] as const] : [])));
}
