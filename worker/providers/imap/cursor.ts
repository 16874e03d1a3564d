import { ProviderError } from "../errors.ts";
import { RANGES_MAX, UidSet } from "./uid-set.ts";

/** How far a mailbox was read. */
export interface Place {
  /** Under which its numbers mean anything: UIDVALIDITY. */
  validity: string;
  /** The least number that no mail had when the server was last asked: UIDNEXT. 0: it does not say. */
  next: number;
  /** How far its changes went then: HIGHESTMODSEQ. Empty: it counts none. */
  modseq: string;
  /** Mails that have been reported, and not as removed. */
  known: UidSet;
  /** What of this round is still to be reported, of the new and of the removed; both empty between rounds. */
  fresh: UidSet;
  gone: UidSet;
}

const FORM = 1;

/** Throws `unsupported` where there are more gaps in the mailbox than can be kept track of. */
export function writeCursor({ validity, next, modseq, known, fresh, gone }: Place): string {
  if (known.rangeCount + fresh.rangeCount + gone.rangeCount > RANGES_MAX) {
    throw new ProviderError(
      "unsupported",
      `This mailbox has more than ${RANGES_MAX} gaps between its mails: it is beyond what can be followed.`,
    );
  }
  return JSON.stringify([FORM, validity, next, modseq, known.text(), fresh.text(), gone.text()]);
}

/** Throws `cursor_expired` where this is none: the mailbox is listed anew. */
export function readCursor(cursor: string): Place {
  try {
    const [form, validity, next, modseq, known, fresh, gone] = JSON.parse(cursor) as unknown[];
    if (form !== FORM || typeof next !== "number") throw new RangeError("This is a cursor of another form.");
    return {
      validity: String(validity),
      next,
      modseq: String(modseq),
      known: UidSet.fromText(String(known)),
      fresh: UidSet.fromText(String(fresh)),
      gone: UidSet.fromText(String(gone)),
    };
  } catch (error) {
    throw new ProviderError("cursor_expired", "The mailbox is to be listed anew.", { cause: error });
  }
}
