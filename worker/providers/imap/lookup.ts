import type { ImapFlow } from "imapflow";
import { ProviderError } from "../errors.ts";
import type { Entry, Lookup } from "../provider.ts";
import type { Reading } from "./changes.ts";
import { entriesOf, rootEntry } from "./entry.ts";
import { boxKey, type ItemId, parseId } from "./ids.ts";
import { describe, examine, stillThere } from "./mailbox.ts";
import { UidSet } from "./uid-set.ts";

export const LOOKUP_MAX = 50;

/** What the mailbox has under these ids now. What the server lists but does not describe is left out, and so is what was never in this mailbox. */
export async function lookup(client: ImapFlow, reading: Reading, ids: readonly string[]): Promise<Lookup[]> {
  if (ids.length > LOOKUP_MAX) throw new ProviderError("fatal", `A lookup takes ${LOOKUP_MAX} ids at most.`);
  const { path, name, attachments, now } = reading;
  const { validity } = await examine(client, path);
  const own = ids.flatMap((id): { id: string; item: ItemId }[] => {
    const item = parseId(id);
    return item?.box === boxKey(path) ? [{ id, item }] : [];
  });
  const asked = UidSet.of(own.flatMap(({ item }) => (item.kind !== "root" && item.validity === validity ? [item.uid] : [])));
  const described = await describe(client, asked);
  const entries = new Map<string, Entry>([rootEntry(path, name), ...[...described.values()].flatMap((message) => entriesOf(message, { path, validity, attachments, now }))].map((entry) => [entry.id, entry])); // prettier-ignore
  const doubtful = new Set(await stillThere(client, asked.without(UidSet.of(described.keys()))));
  return own.flatMap(({ id, item }): Lookup[] => {
    const entry = entries.get(id);
    if (entry) return [{ id, status: "found", entry }];
    return item.kind !== "root" && item.validity === validity && doubtful.has(item.uid) ? [] : [{ id, status: "gone" }];
  });
}
