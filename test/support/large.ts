import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { encodeBase64 } from "@oslojs/encoding";
import { QuickXorHash } from "../../worker/content/quickxor.ts";
import type { MemoryUser } from "./memory-user.ts";

// What tests of large files share. The tests' settings make a file of 6 MiB large, and a part 5 MiB.

export const PART_BYTES = 5 * 1024 ** 2;

/** Bytes without a pattern that would come again with a part. */
export function filled(bytes: number, seed = 1): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(bytes / 4));
  let state = seed >>> 0;
  for (let i = 0; i < words.length; i += 1) words[i] = state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return new Uint8Array(words.buffer, 0, bytes);
}

export function quickXorOf(bytes: Uint8Array): string {
  return new QuickXorHash().update(bytes).digest();
}

/** Announces the file by its quickXorHash, as OneDrive does. */
export function announceQuickXor(user: MemoryUser, path: string, bytes: Uint8Array): void {
  user.drive.misreport(path, { entry: { hash: { algorithm: "quickXorHash", value: quickXorOf(bytes) } } });
}

/** Uploads that the object has on record. */
export async function uploadsOf(user: MemoryUser): Promise<number> {
  return runInDurableObject(user.stub, (_object, state) => state.storage.sql.exec("SELECT upload_id FROM uploads").toArray().length);
}

/** Keys of the user's objects in the bucket. */
export async function keysOf(user: MemoryUser): Promise<string[]> {
  const { objects } = await env.CONTENT.list({ prefix: `content/${user.userId}/` });
  return objects.map((object) => object.key);
}

export function blockOf(bytes: Uint8Array): string {
  return encodeBase64(bytes);
}
