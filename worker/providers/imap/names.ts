// Names of files that are made of what mails say: subjects, and names that senders gave their attachments. No I/O.

/** Of one name, as UTF-8, with what is added to it. File systems allow 255. */
const NAME_BYTES_MAX = 180;
const EXTENSION_CHARACTERS_MAX = 20;
/** What no file system takes, what ends a line, and what turns the direction of writing, by which a name can lie about its end. */
const UNSAFE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\\/:*?"<>|]+/gu;

/** `2026-11-28 03.25 Subject (17)`: unique in its mailbox by the number, in the order of arrival by the time, which is UTC. */
export function mailStem(receivedAt: number | undefined, subject: string | undefined, uid: number): string {
  const time = receivedAt === undefined ? "" : `${new Date(receivedAt).toISOString().slice(0, 16).replace("T", " ").replace(":", ".")} `;
  return `${time}${safe(subject ?? "", NAME_BYTES_MAX) || "No subject"} (${uid})`;
}

export const mailName = (stem: string): string => `${stem}.eml`;
export const attachmentsName = (stem: string): string => `${stem} attachments`;

/** Safe names for the attachments of one mail, none twice, in the same order. */
export function attachmentNames(given: readonly { name: string | undefined; type: string }[]): string[] {
  const taken = new Set<string>();
  return given.map(({ name, type }, index) => {
    const [stem, extension] = split(name ?? "", type);
    const base = safe(stem, NAME_BYTES_MAX) || `attachment ${index + 1}`;
    let unique = `${base}${extension}`;
    for (let copy = 2; taken.has(unique.toLowerCase()); copy += 1) unique = `${base} (${copy})${extension}`;
    taken.add(unique.toLowerCase());
    return unique;
  });
}

function split(name: string, type: string): [stem: string, extension: string] {
  const clean = safe(name, 4 * NAME_BYTES_MAX);
  const dot = clean.lastIndexOf(".");
  const given = dot > 0 && clean.length - dot <= EXTENSION_CHARACTERS_MAX ? clean.slice(dot) : "";
  if (given !== "") return [clean.slice(0, dot), given];
  return [clean, type === "message/rfc822" ? ".eml" : ""];
}

function safe(text: string, bytesMax: number): string {
  const clean = text
    .normalize("NFC")
    .replace(UNSAFE, " ")
    .replace(/\s+/g, " ")
    .replace(/^[\s.]+|[\s.]+$/g, "");
  return shortened(clean, bytesMax).trim();
}

function shortened(text: string, bytesMax: number): string {
  const encoder = new TextEncoder();
  let bytes = 0;
  let kept = "";
  for (const character of text) {
    bytes += encoder.encode(character).length;
    if (bytes > bytesMax) return kept;
    kept += character;
  }
  return kept;
}
