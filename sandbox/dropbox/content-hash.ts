import { createHash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { Account } from "../accounts.ts";
import { readContent, type Content } from "../drives/content.ts";
import { contentOf, type DriveTools } from "../drives/drive.ts";
import type { Item } from "../drives/store.ts";

const BLOCK_BYTES = 4 * 1024 * 1024;

/** Dropbox's content_hash: the SHA-256 of the SHA-256s of all blocks of 4 MiB. */
export async function contentHash(content: Content): Promise<string> {
  const all = createHash("sha256");
  for (let from = 0; from < content.size; from += BLOCK_BYTES) {
    const block = createHash("sha256");
    for await (const bytes of readContent(content, from, Math.min(from + BLOCK_BYTES, content.size))) block.update(bytes);
    all.update(block.digest());
  }
  return all.digest("hex");
}

/** The item's, computed once for each content and kept. */
export async function contentHashOf(tools: DriveTools & { db: DatabaseSync }, account: Account, item: Item): Promise<string> {
  const known = tools.db
    .prepare("SELECT hash FROM dropbox_hashes WHERE drive = ? AND n = ? AND content = ?")
    .get(account.no, item.n, item.contentRevision);
  if (known !== undefined) return String(known["hash"]);
  const hash = await contentHash(contentOf(tools, account, item));
  tools.db
    .prepare(
      "INSERT INTO dropbox_hashes (drive, n, content, hash) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET content = excluded.content, hash = excluded.hash",
    )
    .run(account.no, item.n, item.contentRevision, hash);
  return hash;
}
