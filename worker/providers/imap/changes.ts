import type { ImapFlow } from "imapflow";
import { ProviderError } from "../errors.ts";
import type { Change, ChangePage } from "../provider.ts";
import { type Place, readCursor, writeCursor } from "./cursor.ts";
import { entriesOf, rootEntry } from "./entry.ts";
import { attachmentsId, mailId } from "./ids.ts";
import { describe, examine, type Examined, stillThere, uidsFrom } from "./mailbox.ts";
import { UidSet } from "./uid-set.ts";

/** Mails described in one page: some kilobytes each, and a page is one step. */
const PAGE_MAILS = 250;
const PAGE_REMOVALS = 2_000;

export interface Reading {
  path: string;
  name: string;
  attachments: boolean;
  now: number;
}

/**
 * One page of a mailbox. A round begins with what the server has in it now; its pages tell of what was removed, then of what is
 * new. A mail that the server does not describe though it has it is told of as such, and is not taken for known: the next round asks again.
 */
export async function changes(client: ImapFlow, reading: Reading, cursor: string | null): Promise<ChangePage> {
  const before = cursor === null ? null : readCursor(cursor);
  const underWay = before !== null && (before.fresh.size > 0 || before.gone.size > 0);
  const since = before !== null && !underWay ? before : undefined;
  const box = await examine(client, reading.path, since);
  if (box.validity === "")
    throw new ProviderError("unsupported", "This mailbox gives its mails no lasting numbers: it cannot be followed.");
  if (before !== null && before.validity !== box.validity)
    throw new ProviderError("cursor_expired", "The server has given the mails of this mailbox new numbers.");
  const place = before === null ? await begin(client, box) : underWay ? before : await compare(client, box, before);
  return page(client, reading, place, before === null);
}

async function begin(client: ImapFlow, box: Examined): Promise<Place> {
  const fresh = box.exists === 0 ? UidSet.EMPTY : await uidsFrom(client);
  return { ...placeOf(box), known: UidSet.EMPTY, fresh, gone: UidSet.EMPTY };
}

/** What has come and gone since. Where numbers agree nothing is listed: a mail that has come or gone shows in them. */
async function compare(client: ImapFlow, box: Examined, before: Place): Promise<Place> {
  const { known } = before;
  const mayHaveNew = box.next === 0 || box.next > before.next;
  const fresh = mayHaveNew && box.exists > 0 ? await uidsFrom(client, Math.max(1, before.next)) : UidSet.EMPTY;
  const isWhole = (gone: UidSet) => box.next > 0 && known.without(gone).size + fresh.size === box.exists;
  const told = box.vanished === null ? UidSet.EMPTY : known.without(known.without(box.vanished));
  for (const gone of [UidSet.EMPTY, told]) if (isWhole(gone)) return { ...placeOf(box), known, fresh: fresh.without(known), gone };
  const all = box.exists === 0 ? UidSet.EMPTY : await uidsFrom(client);
  return { ...placeOf(box), known, fresh: all.without(known), gone: known.without(all) };
}

function placeOf({ validity, next, modseq }: Examined): Pick<Place, "validity" | "next" | "modseq"> {
  return { validity, next, modseq };
}

async function page(client: ImapFlow, reading: Reading, place: Place, first: boolean): Promise<ChangePage> {
  const { path, name, attachments, now } = reading;
  const { validity } = place;
  const gone = place.gone.least(PAGE_REMOVALS);
  const asked = place.fresh.least(PAGE_MAILS);
  const described = await describe(client, asked);
  const list: Change[] = first ? [{ type: "upsert", entry: rootEntry(path, name) }] : [];
  for (const uid of gone)
    list.push(...[mailId(path, validity, uid), attachmentsId(path, validity, uid)].map((id): Change => ({ type: "removal", id })));
  const found: number[] = [];
  for (const uid of asked) {
    const message = described.get(uid);
    if (message === undefined) continue;
    found.push(uid);
    for (const entry of entriesOf(message, { path, validity, attachments, now })) list.push({ type: "upsert", entry });
  }
  for (const uid of await stillThere(client, asked.without(UidSet.of(found))))
    list.push({ type: "malformed", id: mailId(path, validity, uid), reason: `the server lists the mail ${uid}, and says nothing of it` });
  const after: Place = {
    ...place,
    known: place.known.without(gone).with(UidSet.of(found)),
    fresh: place.fresh.without(asked),
    gone: place.gone.without(gone),
  };
  return { changes: list, cursor: writeCursor(after), more: after.fresh.size > 0 || after.gone.size > 0 };
}
