// Which ids an enumeration reported, in eight bytes each. No I/O.
//
// Ids are noted as 53-bit hashes, one block per page. Two ids that share a hash would at worst keep a removed item until
// the next enumeration, with a chance of one in ten thousand million for each item among a million: the safe side.

const HASH_BYTES = 8;
const FIRST_HASHES = 1024;

/** The ids of one page as a block of hashes. */
export function noteIds(ids: readonly string[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Float64Array.from(ids, hashOf).buffer);
}

/** Those of these ids that the blocks have. For few ids: each block is gone through once, and none is kept. */
export function seenAmong(blocks: Iterable<Uint8Array>, ids: Iterable<string>): Set<string> {
  const asked = new Map<number, string>();
  for (const id of ids) asked.set(hashOf(id), id);
  const seen = new Set<string>();
  for (const block of blocks) {
    for (const hash of new Float64Array(block.slice().buffer, 0, block.byteLength / HASH_BYTES)) {
      const id = asked.get(hash);
      if (id !== undefined) seen.add(id);
    }
  }
  return seen;
}

/** One share of the noted ids, for looking up: eight bytes each, so that a share of a million takes 8 MB. */
export class SeenIds {
  readonly #hashes: Float64Array;

  /** Takes those hashes of the blocks that fall into share `part` of `parts`. */
  constructor(blocks: Iterable<Uint8Array>, part: number, parts: number) {
    let hashes = new Float64Array(FIRST_HASHES);
    let length = 0;
    for (const block of blocks) {
      for (const hash of new Float64Array(block.slice().buffer, 0, block.byteLength / HASH_BYTES)) {
        if (hash % parts !== part) continue;
        if (length === hashes.length) hashes = grown(hashes);
        hashes[length++] = hash;
      }
    }
    this.#hashes = hashes.subarray(0, length).sort();
  }

  has(id: string): boolean {
    const wanted = hashOf(id);
    let low = 0;
    let high = this.#hashes.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = this.#hashes[middle] ?? 0;
      if (found === wanted) return true;
      if (found < wanted) low = middle + 1;
      else high = middle - 1;
    }
    return false;
  }
}

/** The share that an id falls into. */
export function partOfId(id: string, parts: number): number {
  return hashOf(id) % parts;
}

function grown(hashes: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(hashes.length * 2);
  larger.set(hashes);
  return larger;
}

/** 53 bits of the id: two multiplicative hashes of 32 bits, mixed at the end as MurmurHash3 does. */
export function hashOf(id: string): number {
  let one = 0xdeadbeef;
  let two = 0x41c6ce57;
  for (let index = 0; index < id.length; index += 1) {
    const unit = id.charCodeAt(index);
    one = Math.imul(one ^ unit, 0x9e3779b1);
    two = Math.imul(two ^ unit, 0x5f356495);
  }
  one = Math.imul(one ^ (one >>> 16), 0x85ebca6b) ^ Math.imul(two ^ (two >>> 13), 0xc2b2ae35);
  two = Math.imul(two ^ (two >>> 16), 0x85ebca6b) ^ Math.imul(one ^ (one >>> 13), 0xc2b2ae35);
  return (two >>> 11) * 2 ** 32 + (one >>> 0);
}
