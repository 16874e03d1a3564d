import type { FetchMessageObject } from "imapflow";
import type { Entry } from "../provider.ts";
import { attachmentsOf } from "./attachments.ts";
import { attachmentsId, mailId, partId, rootId } from "./ids.ts";
import { attachmentsName, mailName, mailStem } from "./names.ts";

// A mail as files: itself, and a folder of its attachments where it has some. No I/O.

/** Which mailbox it is in, and what is to be made of it. */
export interface Setting {
  path: string;
  validity: string;
  attachments: boolean;
  now: number;
}

export function rootEntry(path: string, name: string): Entry {
  return { id: rootId(path), root: true, kind: "folder", name };
}

/** A mail never changes: its number is the mark of its content. */
export function entriesOf(message: FetchMessageObject, { path, validity, attachments, now }: Setting): Entry[] {
  const { uid, envelope, size } = message;
  const receivedAt = time(message.internalDate);
  const writtenAt = time(envelope?.date);
  const stem = mailStem(receivedAt ?? writtenAt, envelope?.subject, uid);
  const marks = {
    ...(writtenAt !== undefined && { createdAt: writtenAt }),
    ...(receivedAt !== undefined && { modifiedAt: receivedAt }),
  };
  const file = (id: string): Pick<Entry, "id" | "kind" | "contentTag" | "download"> => ({
    id,
    kind: "file",
    contentTag: id,
    download: { url: `imap:${id}`, at: now },
  });
  const mail: Entry = {
    ...file(mailId(path, validity, uid)),
    parentId: rootId(path),
    name: mailName(stem),
    mimeType: "message/rfc822",
    ...(typeof size === "number" && { size }),
    ...marks,
  };
  const parts = attachments ? attachmentsOf(message.bodyStructure) : [];
  if (parts.length === 0) return [mail];
  const folderId = attachmentsId(path, validity, uid);
  const folder: Entry = { id: folderId, parentId: rootId(path), kind: "folder", name: attachmentsName(stem), ...marks };
  return [
    mail,
    folder,
    ...parts.map((part) => ({
      ...file(partId(path, validity, uid, part.part)),
      parentId: folderId,
      name: part.name,
      mimeType: part.type,
      ...(part.size !== undefined && { size: part.size }),
      ...marks,
    })),
  ];
}

/** Milliseconds, at the second. */
function time(value: Date | string | undefined): number | undefined {
  const at = value instanceof Date ? value.getTime() : Date.parse(value ?? "");
  return at >= 0 ? Math.floor(at / 1000) * 1000 : undefined;
}
