import type { DatabaseSync } from "node:sqlite";
import { transaction } from "../database.ts";

// What is in the mailboxes. Every change of a mailbox raises its count of changes, and what is removed leaves its number behind.

const SCHEMA = `
CREATE TABLE IF NOT EXISTS mail_boxes (
  id INTEGER PRIMARY KEY, account INTEGER NOT NULL, path TEXT NOT NULL, use TEXT,
  validity INTEGER NOT NULL, next INTEGER NOT NULL DEFAULT 1, modseq INTEGER NOT NULL DEFAULT 1, UNIQUE (account, path)
);
CREATE TABLE IF NOT EXISTS mails (
  box INTEGER NOT NULL, uid INTEGER NOT NULL, modseq INTEGER NOT NULL, flags TEXT NOT NULL, received INTEGER NOT NULL,
  size INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (box, uid)
);
CREATE TABLE IF NOT EXISTS mails_gone (box INTEGER NOT NULL, uid INTEGER NOT NULL, modseq INTEGER NOT NULL, PRIMARY KEY (box, uid)) WITHOUT ROWID;
`;

export interface Box {
  id: number;
  path: string;
  /** Its special use, as RFC 6154 writes it. */
  use: string | null;
  validity: number;
  next: number;
  modseq: number;
}

export interface Mail {
  uid: number;
  modseq: number;
  flags: string[];
  received: number;
  size: number;
}

export class MailStore {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
    db.exec(SCHEMA);
  }

  boxes(account: number): Box[] {
    return this.#db.prepare("SELECT id, path, use, validity, next, modseq FROM mail_boxes WHERE account = ? ORDER BY id").all(account) as unknown as Box[]; // prettier-ignore
  }

  box(account: number, path: string): Box | undefined {
    const name = path.toUpperCase() === "INBOX" ? "INBOX" : path;
    return this.boxes(account).find((box) => box.path === name);
  }

  make(account: number, path: string, use: string | null, validity: number): Box {
    this.#db.prepare("INSERT INTO mail_boxes (account, path, use, validity) VALUES (?, ?, ?, ?)").run(account, path, use, validity);
    const box = this.box(account, path);
    if (box === undefined) throw new Error("A mailbox that was just made is not there.");
    return box;
  }

  mails(box: number): Mail[] {
    const rows = this.#db.prepare("SELECT uid, modseq, flags, received, size FROM mails WHERE box = ? ORDER BY uid").all(box);
    return rows.map((row) => ({
      ...(row as unknown as Mail),
      flags: String(row["flags"])
        .split(" ")
        .filter((flag) => flag !== ""),
    }));
  }

  /** A character a byte. */
  bytes(box: number, uid: number): string {
    const row = this.#db.prepare("SELECT bytes FROM mails WHERE box = ? AND uid = ?").get(box, uid);
    return Buffer.from((row?.["bytes"] as Uint8Array | undefined) ?? []).toString("latin1");
  }

  add(box: number, bytes: string, received: number, flags: readonly string[] = []): number {
    return transaction(this.#db, () => {
      const modseq = this.#changed(box);
      const { next } = this.#db.prepare("UPDATE mail_boxes SET next = next + 1 WHERE id = ? RETURNING next").get(box) as { next: number };
      const row = [box, next - 1, modseq, flags.join(" "), received, bytes.length, Buffer.from(bytes, "latin1")] as const;
      this.#db.prepare("INSERT INTO mails (box, uid, modseq, flags, received, size, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)").run(...row);
      return next - 1;
    });
  }

  setFlags(box: number, uid: number, flags: readonly string[]): void {
    transaction(this.#db, () => {
      this.#db
        .prepare("UPDATE mails SET flags = ?, modseq = ? WHERE box = ? AND uid = ?")
        .run(flags.join(" "), this.#changed(box), box, uid);
    });
  }

  expunge(box: number, uid: number): void {
    transaction(this.#db, () => {
      const modseq = this.#changed(box);
      this.#db.prepare("DELETE FROM mails WHERE box = ? AND uid = ?").run(box, uid);
      this.#db.prepare("INSERT OR REPLACE INTO mails_gone (box, uid, modseq) VALUES (?, ?, ?)").run(box, uid, modseq);
    });
  }

  goneSince(box: number, modseq: number): number[] {
    const rows = this.#db.prepare("SELECT uid FROM mails_gone WHERE box = ? AND modseq > ? ORDER BY uid").all(box, modseq);
    return rows.map((row) => Number(row["uid"]));
  }

  /** Gives all mails of a mailbox new numbers, as a server does that was restored from a backup. */
  renumber(box: number, validity: number): void {
    transaction(this.#db, () => {
      this.#db.prepare("UPDATE mail_boxes SET validity = ?, modseq = modseq + 1 WHERE id = ?").run(validity, box);
      this.#db.prepare("DELETE FROM mails_gone WHERE box = ?").run(box);
    });
  }

  #changed(box: number): number {
    return Number(this.#db.prepare("UPDATE mail_boxes SET modseq = modseq + 1 WHERE id = ? RETURNING modseq").get(box)?.["modseq"]);
  }
}
