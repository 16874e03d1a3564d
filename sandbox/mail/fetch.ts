import type { Box, Mail, MailStore } from "./store.ts";
import { envelopeOf, parseMime, sectionOf, structureOf } from "./mime.ts";
import type { Token } from "./tokens.ts";

const MACROS: Record<string, string[]> = {
  ALL: ["FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE"],
  FAST: ["FLAGS", "INTERNALDATE", "RFC822.SIZE"],
  FULL: ["FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODYSTRUCTURE"],
};
const BODY = /^(BODY|BODY\.PEEK|RFC822|RFC822\.HEADER|RFC822\.TEXT)(?:\[(.*)\])?(?:<(\d+)(?:\.(\d+))?>)?$/i;
const SECTION_OF: Record<string, string> = { RFC822: "", "RFC822.HEADER": "HEADER", "RFC822.TEXT": "TEXT" };

/** The words of a FETCH, macros resolved. */
export function itemsOf(token: Token | undefined): string[] {
  const words = (Array.isArray(token) ? token : [token ?? ""]).map(String);
  return words.flatMap((word) => MACROS[word.toUpperCase()] ?? [word]);
}

/** What a FETCH answers of one mail. A body that is not peeked at is read: unless `readOnly`, the mail is then seen. */
export function fetched(store: MailStore, box: Box, mail: Mail, items: readonly string[], readOnly: boolean): string {
  let whole: string | undefined;
  const bytes = () => (whole ??= store.bytes(box.id, mail.uid));
  const flags = () => `FLAGS (${mail.flags.join(" ")})`;
  const parts: string[] = [];
  let read = false;
  for (const item of items) {
    const name = item.toUpperCase();
    if (name === "UID") parts.push(`UID ${mail.uid}`);
    else if (name === "FLAGS") parts.push(flags());
    else if (name === "MODSEQ") parts.push(`MODSEQ (${mail.modseq})`);
    else if (name === "RFC822.SIZE") parts.push(`RFC822.SIZE ${mail.size}`);
    else if (name === "INTERNALDATE") parts.push(`INTERNALDATE "${dateOf(mail.received)}"`);
    else if (name === "ENVELOPE") parts.push(`ENVELOPE ${envelopeOf(parseMime(bytes()))}`);
    else if (name === "BODYSTRUCTURE" || name === "BODY") parts.push(`${name} ${structureOf(parseMime(bytes()))}`);
    else {
      const [, what = "", section, start, length] = BODY.exec(item) ?? [];
      if (what === "") throw new SyntaxError(`There is no ${item}.`);
      const content = sectionOf(bytes(), parseMime(bytes()), section ?? SECTION_OF[what.toUpperCase()] ?? "");
      const from = Number(start ?? 0);
      const piece =
        content === null || start === undefined ? content : content.slice(from, length === undefined ? undefined : from + Number(length));
      const label = section === undefined ? what.toUpperCase() : `BODY[${section.toUpperCase()}]${start === undefined ? "" : `<${start}>`}`;
      parts.push(`${label} ${piece === null ? "NIL" : `{${piece.length}}\r\n${piece}`}`);
      read ||= !/PEEK|HEADER$/i.test(what);
    }
  }
  if (read && !readOnly && !mail.flags.includes("\\Seen")) {
    mail.flags.push("\\Seen");
    store.setFlags(box.id, mail.uid, mail.flags);
    parts.push(flags());
  }
  return `(${parts.join(" ")})`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function dateOf(at: number): string {
  const [, year, month = "1", day, time] = /^(\d+)-(\d+)-(\d+)T([\d:]+)/.exec(new Date(at).toISOString()) ?? [];
  return `${day}-${MONTHS[Number(month) - 1]}-${year} ${time} +0000`;
}

/** `28-Nov-2026 03:25:59 +0100`; undefined where it is none. */
export function timeOf(text: string): number | undefined {
  const at = Date.parse(text.trim().replace(/^(\d{1,2})-(\w{3})-(\d{4}) /, "$1 $2 $3 "));
  return Number.isNaN(at) ? undefined : at;
}
