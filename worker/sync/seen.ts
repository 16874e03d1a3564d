import { sha256 } from "@oslojs/crypto/sha2";

// Which ids an enumeration reported, in eight bytes each. No I/O.
//
// Ids are noted as 64-bit hashes, one block per page. Two ids that share a hash would at worst keep a removed item until
// the next enumeration: the safe side.

const HASH_BYTES = 8;

/** The ids of one page as a block of hashes. */
export function noteIds(ids: readonly string[]): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(ids.length * HASH_BYTES);
  ids.forEach((id, index) => block.set(hashOf(id), index * HASH_BYTES));
  return block;
}

/** One share of the noted ids, for looking up: eight bytes each, so that a share of a million takes 8 MB. */
export class SeenIds {
  readonly #hashes: BigUint64Array;

  /** Takes those hashes of the blocks that fall into share `part` of `parts`. */
  constructor(blocks: Iterable<Uint8Array>, part: number, parts: number) {
    let hashes = new BigUint64Array(1024);
    let length = 0;
    for (const hash of hashesIn(blocks)) {
      if (partOf(hash, parts) !== part) continue;
      if (length === hashes.length) {
        const grown = new BigUint64Array(length * 2);
        grown.set(hashes);
        hashes = grown;
      }
      hashes[length++] = hash;
    }
    this.#hashes = hashes.subarray(0, length).sort();
  }

  has(id: string): boolean {
    const wanted = readHash(hashOf(id), 0);
    let low = 0;
    let high = this.#hashes.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = this.#hashes[middle] as bigint;
      if (found === wanted) return true;
      if (found < wanted) low = middle + 1;
      else high = middle - 1;
    }
    return false;
  }
}

/** The share that an id falls into. */
export function partOfId(id: string, parts: number): number {
  return partOf(readHash(hashOf(id), 0), parts);
}

function partOf(hash: bigint, parts: number): number {
  return Number(hash % BigInt(parts));
}

function* hashesIn(blocks: Iterable<Uint8Array>): Generator<bigint> {
  for (const block of blocks) {
    for (let offset = 0; offset + HASH_BYTES <= block.byteLength; offset += HASH_BYTES) yield readHash(block, offset);
  }
}

function readHash(bytes: Uint8Array, offset: number): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(offset);
}

function hashOf(id: string): Uint8Array {
  return sha256(new TextEncoder().encode(id)).subarray(0, HASH_BYTES);
}
