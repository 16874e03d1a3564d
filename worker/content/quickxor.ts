import { decodeBase64, encodeBase64 } from "@oslojs/encoding";

/** The register of 160 bits turns by 11 bits a byte: after this many bytes every position comes back. */
const BLOCK_BYTES = 160;
const WORD_BYTES = 4;
const BLOCK_WORDS = BLOCK_BYTES / WORD_BYTES;
const SHIFT_BITS = 11;
const DIGEST_BYTES = 20;
const LENGTH_OFFSET_BYTES = 12;
/** Words read in one go: a slice stays in the first-level cache while its columns are passed over. */
const SLICE_WORDS = 204 * BLOCK_WORDS;
/** Below this, aligning costs more than it saves. */
const ALIGNED_BYTES_MIN = 2 * BLOCK_BYTES;

/**
 * OneDrive's quickXorHash over a stream of chunks of any length and alignment.
 *
 * Bytes that are 160 apart fall on the same bits, so a stream is first XORed into one block of 160 bytes, a word at a time,
 * and that block is folded into the register once, at the end.
 */
export class QuickXorHash {
  readonly #block = new Uint8Array(BLOCK_BYTES);
  readonly #columns = new Int32Array(BLOCK_WORDS);
  readonly #columnBytes = new Uint8Array(this.#columns.buffer);
  #position = 0;
  #length = 0;

  update(chunk: Uint8Array): this {
    this.#length += chunk.length;
    if (chunk.length < ALIGNED_BYTES_MIN) {
      this.#xorBytes(chunk, 0, chunk.length);
      return this;
    }
    const head = (WORD_BYTES - (chunk.byteOffset % WORD_BYTES)) % WORD_BYTES;
    const words = Math.floor((chunk.length - head) / BLOCK_BYTES) * BLOCK_WORDS;
    this.#xorBytes(chunk, 0, head);
    this.#xorWords(new Int32Array(chunk.buffer, chunk.byteOffset + head, words));
    this.#xorBytes(chunk, head + words * WORD_BYTES, chunk.length);
    return this;
  }

  /** The hash as OneDrive writes it: base64, 28 characters. More may be added afterwards. */
  digest(): string {
    const register = fold(this.#block);
    let rest = this.#length;
    for (let i = LENGTH_OFFSET_BYTES; i < DIGEST_BYTES; i++) {
      xorAt(register, i, rest % 256);
      rest = Math.floor(rest / 256);
    }
    return encodeBase64(register);
  }

  /** What has been added, as one share of a longer stream's hash: base64 of its 160 bytes. */
  share(): string {
    return encodeBase64(this.#block);
  }

  /** Adds another hash's share: that of `length` bytes which lie at `offset` in this stream. In any order, each once. */
  addShare(share: string, offset: number, length: number): this {
    const bytes = decodeBase64(share);
    if (bytes.length !== BLOCK_BYTES) throw new Error(`A share has ${BLOCK_BYTES} bytes, not ${bytes.length}.`);
    for (let i = 0; i < BLOCK_BYTES; i++) xorAt(this.#block, (offset + i) % BLOCK_BYTES, bytes[i] as number);
    this.#length += length;
    return this;
  }

  #xorBytes(chunk: Uint8Array, from: number, to: number): void {
    const block = this.#block;
    let position = this.#position;
    for (let i = from; i < to; i++) {
      xorAt(block, position, chunk[i] as number);
      position = position + 1 === BLOCK_BYTES ? 0 : position + 1;
    }
    this.#position = position;
  }

  /** Whole blocks: XORed as they lie in the chunk, then turned to the stream's position. That position stays the same. */
  #xorWords(words: Int32Array): void {
    const columns = this.#columns.fill(0);
    for (let from = 0; from < words.length; from += SLICE_WORDS) {
      xorColumns(columns, words, from, Math.min(from + SLICE_WORDS, words.length));
    }
    const bytes = this.#columnBytes;
    let position = this.#position;
    for (let i = 0; i < BLOCK_BYTES; i++) {
      xorAt(this.#block, position, bytes[i] as number);
      position = position + 1 === BLOCK_BYTES ? 0 : position + 1;
    }
  }
}

/** XORs the words `from`…`to` into 40 columns, eight at a time: as many as stay in registers. */
function xorColumns(columns: Int32Array, words: Int32Array, from: number, to: number): void {
  for (let column = 0; column < BLOCK_WORDS; column += 8) {
    let a = 0,
      b = 0,
      c = 0,
      d = 0,
      e = 0,
      f = 0,
      g = 0,
      h = 0;
    for (let i = from + column; i < to; i += BLOCK_WORDS) {
      a ^= words[i] as number;
      b ^= words[i + 1] as number;
      c ^= words[i + 2] as number;
      d ^= words[i + 3] as number;
      e ^= words[i + 4] as number;
      f ^= words[i + 5] as number;
      g ^= words[i + 6] as number;
      h ^= words[i + 7] as number;
    }
    const sums = [a, b, c, d, e, f, g, h];
    for (let i = 0; i < sums.length; i++) columns[column + i] = (columns[column + i] as number) ^ (sums[i] as number);
  }
}

/** Byte i of the block goes to bit (11 × i) mod 160 of the register, wrapping round its end. */
function fold(block: Uint8Array): Uint8Array {
  const register = new Uint8Array(DIGEST_BYTES);
  for (let i = 0; i < BLOCK_BYTES; i++) {
    const bit = (i * SHIFT_BITS) % (DIGEST_BYTES * 8);
    const shifted = (block[i] as number) << (bit % 8);
    xorAt(register, Math.floor(bit / 8), shifted & 0xff);
    xorAt(register, (Math.floor(bit / 8) + 1) % DIGEST_BYTES, shifted >>> 8);
  }
  return register;
}

function xorAt(bytes: Uint8Array, index: number, value: number): void {
  bytes[index] = (bytes[index] as number) ^ value;
}
