// Mails as they come over the wire: lines that end as the standard says, and bytes that survive it.

export interface Part {
  type: string;
  name?: string;
  bytes: Uint8Array;
  encoding?: "base64" | "quoted-printable" | "8bit";
}

const BOUNDARY = "=-boundary-of-the-parts";

/** A mail of some text and parts. */
export function mailWith(subject: string, parts: readonly Part[] = [], text = "Hello.\r\n"): Uint8Array {
  const header = [
    "From: Ann <ann@mail.example>",
    "To: Bob <bob@mail.example>",
    `Subject: ${subject}`,
    "Date: Sat, 28 Feb 2026 10:00:00 +0100",
    "MIME-Version: 1.0",
  ];
  if (parts.length === 0) return bytesOf([...header, "Content-Type: text/plain; charset=utf-8", "", text]);
  const lines = [
    ...header,
    `Content-Type: multipart/mixed; boundary="${BOUNDARY}"`,
    "",
    `--${BOUNDARY}`,
    "Content-Type: text/plain; charset=utf-8",
    "",
    text,
  ];
  for (const part of parts) lines.push(`--${BOUNDARY}`, ...linesOf(part));
  return bytesOf([...lines, `--${BOUNDARY}--`, ""]);
}

function linesOf({ type, name, bytes, encoding = "base64" }: Part): string[] {
  const disposition = name === undefined ? [] : [`Content-Disposition: attachment; filename*=utf-8''${encodeURIComponent(name)}`];
  return [`Content-Type: ${type}`, ...disposition, `Content-Transfer-Encoding: ${encoding}`, "", encoded(bytes, encoding)];
}

function encoded(bytes: Uint8Array, encoding: Part["encoding"]): string {
  if (encoding === "quoted-printable") return [...bytes].map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("").replace(/.{1,72}/g, "$&=\r\n"); // prettier-ignore
  if (encoding === "8bit") return new TextDecoder().decode(bytes);
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary)
    .replace(/.{1,76}/g, "$&\r\n")
    .trimEnd();
}

function bytesOf(lines: readonly string[]): Uint8Array {
  return new TextEncoder().encode(lines.join("\r\n"));
}

/** Bytes that no two seeds share. */
export function noise(length: number, seed: number): Uint8Array {
  let state = seed * 2_654_435_761 + 1;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
}
