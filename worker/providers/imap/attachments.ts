import type { MessageStructureObject } from "imapflow";
import { attachmentNames } from "./names.ts";

/** A part of a mail that is a file of its own. */
export interface Attachment {
  /** Its place in the mail, as IMAP counts: `2.1`. */
  part: string;
  name: string;
  type: string;
  /** Bytes, where they are served as they are; what is encoded for the way has a length that only decoding tells. */
  size?: number;
}

const PARTS_MAX = 1_000;
const DEPTH_MAX = 50;
/** Served as they are. */
const PLAIN_ENCODINGS: ReadonlySet<string> = new Set(["7bit", "8bit", "binary"]);

/** All parts but the text that a mail program shows: what has a name, what says that it is attached, and what is no text at all. */
export function attachmentsOf(structure: MessageStructureObject | undefined): Attachment[] {
  const parts = structure ? leaves(structure, 0).filter(isAttached).slice(0, PARTS_MAX) : [];
  const names = attachmentNames(parts.map((part) => ({ name: nameOf(part), type: part.type })));
  return parts.map((part, index) => ({
    // A mail that is all one part has no number for it in some answers: it is the first.
    part: part.part ?? "1",
    name: names[index] ?? "",
    type: part.type,
    ...(isPlain(part) && typeof part.size === "number" && { size: part.size }),
  }));
}

/** What is in an attached mail belongs to that one. */
function leaves(node: MessageStructureObject, depth: number): MessageStructureObject[] {
  if (!node.type.startsWith("multipart/")) return [node];
  return depth >= DEPTH_MAX ? [] : (node.childNodes ?? []).flatMap((child) => leaves(child, depth + 1));
}

function isAttached(part: MessageStructureObject): boolean {
  if (part.disposition?.toLowerCase() === "attachment" || nameOf(part) !== undefined) return true;
  return part.type !== "text/plain" && part.type !== "text/html";
}

function nameOf(part: MessageStructureObject): string | undefined {
  return part.dispositionParameters?.["filename"] ?? part.parameters?.["name"];
}

function isPlain({ encoding }: MessageStructureObject): boolean {
  return PLAIN_ENCODINGS.has((encoding ?? "7bit").toLowerCase());
}
