import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { encodeHexLowerCase } from "@oslojs/encoding";
import { QuickXorHash } from "../../worker/content/quickxor.ts";
import type { MemoryDrive } from "../../worker/providers/memory-drive.ts";
import type { MemoryUser } from "./memory-user.ts";

// What tests of large files share. The tests' settings make a file of 6 MiB large, and a part 5 MiB.

export const PART_BYTES = 5 * 1024 ** 2;

export interface Content {
  bytes: Uint8Array<ArrayBuffer>;
  sha256: string;
  quickXor: string;
}

/** Bytes without a pattern that would come again with a part. */
export async function contentOf(size: number, seed = 1): Promise<Content> {
  const words = new Uint32Array(Math.ceil(size / 4));
  let state = seed >>> 0;
  for (let i = 0; i < words.length; i += 1) words[i] = state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  const bytes = new Uint8Array(words.buffer, 0, size);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return { bytes, sha256: encodeHexLowerCase(digest), quickXor: new QuickXorHash().update(bytes).digest() };
}

/** Puts the file, announced by its SHA-256 or, as OneDrive does, by its quickXorHash. */
export function putLarge(
  drive: MemoryDrive,
  path: string,
  content: Content,
  algorithm: "sha256" | "quickXorHash" = "quickXorHash",
): string {
  const id = drive.put(path, content.bytes, content.sha256);
  if (algorithm === "quickXorHash") drive.misreport(id, { entry: { hash: { algorithm, value: content.quickXor } } });
  return id;
}

/** Uploads that the object has on record. */
export function uploadsOf(user: MemoryUser): Promise<number> {
  return runInDurableObject(user.stub, (_object, state) => state.storage.sql.exec("SELECT upload_id FROM uploads").toArray().length);
}

/** Jobs of the ledger. */
export function jobsOf(user: MemoryUser): Promise<number> {
  return runInDurableObject(user.stub, (_object, state) => state.storage.sql.exec("SELECT id FROM jobs").toArray().length);
}

/** Keys of the user's objects in the bucket. */
export async function keysOf(user: MemoryUser): Promise<string[]> {
  const { objects } = await env.CONTENT.list({ prefix: `content/${user.userId}/` });
  return objects.map((object) => object.key);
}
