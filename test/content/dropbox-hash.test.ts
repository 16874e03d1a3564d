import { encodeHexLowerCase } from "@oslojs/encoding";
import { expect, test } from "vitest";
import { DropboxHash } from "../../worker/content/dropbox-hash.ts";

const BLOCK_BYTES = 4 * 1024 * 1024;

async function hashOf(chunks: Iterable<Uint8Array>): Promise<string> {
  const hash = new DropboxHash();
  for (const chunk of chunks) await hash.update(chunk);
  return hash.finish();
}

function* inChunks(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

// So many letters A, as rclone's dbhash has them.
test.each([
  [0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  [1, "1cd6ef71e6e0ff46ad2609d403dc3fee244417089aa4461245a4e4fe23a55e42"],
  [2, "01e0655fb754d10418a73760f57515f4903b298e6d67dda6bf0987fa79c22c88"],
  [4096, "8620913d33852befe09f16fff8fd75f77a83160d29f76f07e0276e9690903035"],
  [BLOCK_BYTES - 1, "647c8627d70f7a7d13ce96b1e7710a771a55d41a62c3da490d92e56044d311fa"],
  [BLOCK_BYTES, "d4d63bac5b866c71620185392a8a6218ac1092454a2d16f820363b69852befa3"],
  [BLOCK_BYTES + 1, "8f553da8d00d0bf509d8470e242888be33019c20c0544811f5b2b89e98360b92"],
  [2 * BLOCK_BYTES - 1, "83b30cf4fb5195b04a937727ae379cf3d06673bf8f77947f6a92858536e8369c"],
  [2 * BLOCK_BYTES, "e08b3ba1f538804075c5f939accdeaa9efc7b5c01865c94a41e78ca6550a88e7"],
  [2 * BLOCK_BYTES + 1, "02c8a4aefc2bfc9036f89a7098001865885938ca580e5c9e5db672385edd303c"],
])("%i letters have their hash, however they are cut", async (count, expected) => {
  const bytes = new Uint8Array(count).fill(65);
  expect(await hashOf(inChunks(bytes, 1_000_003))).toBe(expected);
  expect(await hashOf(count === 0 ? [] : [bytes])).toBe(expected);
});

test("blocks are hashed each by itself, and their hashes together", async () => {
  const bytes = Uint8Array.from({ length: BLOCK_BYTES + 100 }, (_, n) => (n * 31) ^ (n >> 8));
  const sha256 = async (part: Uint8Array<ArrayBuffer>) => new Uint8Array(await crypto.subtle.digest("SHA-256", part));
  const both = new Uint8Array([...(await sha256(bytes.slice(0, BLOCK_BYTES))), ...(await sha256(bytes.slice(BLOCK_BYTES)))]);
  expect(await hashOf(inChunks(bytes, 64 * 1024))).toBe(encodeHexLowerCase(await sha256(both)));
});
