import type { Account } from "../accounts.ts";
import { workStarterFiles } from "../drives/starter-files.ts";

interface StarterMail {
  path: string;
  /** A character a byte. */
  bytes: string;
  received: number;
  flags: string[];
}

const DAY_MILLISECONDS = 86_400_000;
const BOUNDARY = "=-part-of-the-sandbox";
const SUBJECTS = [
  "Offer for the coming year",
  "Réunion de jeudi",
  "会議の議事録",
  "Протокол встречи",
  "Photos from the coast",
  "Re: Invoice 2026/17",
];
const ATTACHED = /\.(pdf|docx|png)$/;

/** What an account's mailboxes begin with: words in several scripts, some of them with files. */
export function starterMails({ name }: Account, now: number): StarterMail[] {
  const files = workStarterFiles().filter(({ path, bytes }) => bytes.length > 0 && ATTACHED.test(path));
  const mails = SUBJECTS.flatMap((subject, index) => {
    const file = files[index];
    const received = now - (SUBJECTS.length - index) * DAY_MILLISECONDS;
    const path = index < 4 ? "INBOX" : index === 4 ? "Archive/2025" : "Projects/Größe & Gewicht";
    return [
      {
        path,
        received,
        flags: index % 2 === 0 ? [] : ["\\Seen"],
        bytes: mailOf(name, subject, received, index % 2 === 0 && file ? [file] : []),
      },
    ];
  });
  return [
    ...mails,
    {
      path: "Sent",
      received: now - DAY_MILLISECONDS,
      flags: ["\\Seen"],
      bytes: mailOf(name, "Re: Offer for the coming year", now - DAY_MILLISECONDS),
    },
  ];
}

/** One mail. `files`: what is attached to it. */
export function mailOf(
  to: string,
  subject: string,
  at: number,
  files: readonly { path: string; bytes: Uint8Array }[] = [],
  text = "With kind regards from the sandbox.",
): string {
  const header = [
    "From: Sandbox <sandbox@mailbox.example>",
    `To: <${to}>`,
    `Subject: ${word(subject)}`,
    `Date: ${new Date(at).toUTCString().replace("GMT", "+0000")}`,
    `Message-ID: <${at}.${Buffer.from(subject).toString("hex").slice(0, 16)}@mailbox.example>`,
    "MIME-Version: 1.0",
  ];
  const body = ["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64", "", base64(Buffer.from(text))];
  if (files.length === 0) return [...header, ...body, ""].join("\r\n");
  const parts = files.flatMap(({ path, bytes }) => {
    const name = path.slice(path.lastIndexOf("/") + 1);
    return [
      `--${BOUNDARY}`,
      "Content-Type: application/octet-stream",
      `Content-Disposition: attachment; filename*=utf-8''${encodeURIComponent(name)}`,
      "Content-Transfer-Encoding: base64",
      "",
      base64(Buffer.from(bytes)),
    ];
  });
  return [
    ...header,
    `Content-Type: multipart/mixed; boundary="${BOUNDARY}"`,
    "",
    `--${BOUNDARY}`,
    ...body,
    ...parts,
    `--${BOUNDARY}--`,
    "",
  ].join("\r\n");
}

function word(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : `=?utf-8?B?${Buffer.from(text).toString("base64")}?=`;
}

function base64(bytes: Buffer): string {
  return bytes
    .toString("base64")
    .replace(/.{1,76}/g, "$&\r\n")
    .trimEnd();
}
