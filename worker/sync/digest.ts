import { SHA256, sha256 } from "@oslojs/crypto/sha2";
import { decodeHex, encodeHexLowerCase } from "@oslojs/encoding";

// The digest of a mirror, as docs/receipts.md specifies it. No I/O, and nothing that a program elsewhere could not do too: who has
// a listing can compute it.
//
// Items are taken in the byte order of their ids. Where a new range begins follows from the ids alone, so that a change
// touches the digest of one range, and the root over all of them.

// The first byte of an id's SHA-256 is zero where a range begins: 256 items a range on average. Few, so that what a change has
// read again is about the same in a small mirror and in a large one.

/** What the digest says of one item: folders have no size and no SHA-256. */
export interface MirrorEntry {
  id: string;
  parent: string | null;
  name: string;
  size: number | null;
  sha256: string | null;
}

export interface RangeDigest {
  /** The id that it begins with; empty for the first range, which begins where the ids do. */
  start: string;
  entries: number;
  /** SHA-256, hex. */
  digest: string;
}

const encoder = new TextEncoder();

/** One item's canonical line. */
function lineOf({ id, parent, name, size, sha256: content }: MirrorEntry): Uint8Array {
  return encoder.encode(`${JSON.stringify([id, parent, name, size, content])}\n`);
}

/** Whether a new range begins with this id: the first byte of its SHA-256 is zero. */
export function beginsRange(id: string): boolean {
  return sha256(encoder.encode(id))[0] === 0;
}

/** Takes items in the order of their ids, in memory that does not grow, and answers each range when it is complete. */
export class RangeWalk {
  #start: string;
  #entries = 0;
  #hash = new SHA256();

  constructor(start: string) {
    this.#start = start;
  }

  /** Where the range that is not complete yet begins. */
  get start(): string {
    return this.#start;
  }

  /** The range that this item ends by beginning another; null while the range goes on. */
  add(entry: MirrorEntry): RangeDigest | null {
    const ended = entry.id !== this.#start && beginsRange(entry.id) ? this.finish() : null;
    if (ended) {
      this.#start = entry.id;
      this.#entries = 0;
      this.#hash = new SHA256();
    }
    this.#entries += 1;
    this.#hash.update(lineOf(entry));
    return ended;
  }

  /** The range as it is, when no item is left. To be called once. */
  finish(): RangeDigest {
    return { start: this.#start, entries: this.#entries, digest: encodeHexLowerCase(this.#hash.digest()) };
  }
}

/** The root over the ranges, which are given in order. One without items, which only the first can be, is none. */
export class DigestRoot {
  readonly #hash = new SHA256();
  #entries = 0;

  add({ entries, digest }: Pick<RangeDigest, "entries" | "digest">): void {
    if (entries === 0) return;
    this.#entries += entries;
    this.#hash.update(decodeHex(digest));
  }

  /** To be called once. */
  finish(): { entries: number; root: string } {
    return { entries: this.#entries, root: encodeHexLowerCase(this.#hash.digest()) };
  }
}

/** The byte order of two ids in UTF-8, which is how the catalogue and a listing are sorted. */
export function compareIds(one: string, other: string): number {
  const [left, right] = [encoder.encode(one), encoder.encode(other)];
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
