const BLOCK_BYTES = 160;
const BLOCK_WORDS = BLOCK_BYTES / 4;
const DIGEST_BYTES = 20;

/**
 * OneDrive's quickXorHash. Byte i lands at bit (11 × i) mod 160 of a ring of 160 bits, so bytes 160 apart fall on the same place:
 * the stream is XORed word by word into one block of 160 bytes, which is folded once at the end.
 */
export class QuickXorHash {
  readonly #words = new Uint32Array(BLOCK_WORDS);
  readonly #bytes = new Uint8Array(this.#words.buffer);
  #length = 0;

  update(chunk: Uint8Array): this {
    let at = 0;
    const block = this.#bytes;
    // Up to the next word of the register, byte by byte.
    while (at < chunk.length && (this.#length & 3) !== 0) this.#byte(block, chunk[at++] ?? 0);
    const words = (chunk.length - at) >>> 2;
    if (words > 0) {
      const offset = chunk.byteOffset + at;
      const source =
        (offset & 3) === 0 ? new Uint32Array(chunk.buffer, offset, words) : new Uint32Array(chunk.slice(at, at + words * 4).buffer);
      this.#fold(source);
      at += words * 4;
    }
    while (at < chunk.length) this.#byte(block, chunk[at++] ?? 0);
    return this;
  }

  /** The hash as Microsoft writes it: base64 of 20 bytes. */
  digest(): string {
    const ring = new Uint8Array(DIGEST_BYTES);
    for (let i = 0; i < BLOCK_BYTES; i++) {
      const byte = this.#bytes[i] ?? 0;
      const bit = (i * 11) % BLOCK_BYTES;
      const low = bit >>> 3;
      const shift = bit & 7;
      ring[low] = (ring[low] ?? 0) ^ (byte << shift);
      const high = (low + 1) % DIGEST_BYTES;
      ring[high] = (ring[high] ?? 0) ^ (byte >>> (8 - shift));
    }
    const length = new DataView(new ArrayBuffer(8));
    length.setBigUint64(0, BigInt(this.#length), true);
    for (let i = 0; i < 8; i++) ring[12 + i] = (ring[12 + i] ?? 0) ^ length.getUint8(i);
    return Buffer.from(ring).toString("base64");
  }

  #byte(block: Uint8Array, byte: number): void {
    const at = this.#length % BLOCK_BYTES;
    block[at] = (block[at] ?? 0) ^ byte;
    this.#length += 1;
  }

  #fold(source: Uint32Array): void {
    const words = this.#words;
    const count = source.length;
    let column = (this.#length % BLOCK_BYTES) >>> 2;
    let i = 0;
    while (i < count && column !== 0) {
      words[column] = (words[column] as number) ^ (source[i++] as number);
      column = column + 1 === BLOCK_WORDS ? 0 : column + 1;
    }
    for (; i + BLOCK_WORDS <= count; i += BLOCK_WORDS) {
      for (let k = 0; k < BLOCK_WORDS; k++) words[k] = (words[k] as number) ^ (source[i + k] as number);
    }
    for (let k = 0; i < count; i++, k++) words[k] = (words[k] as number) ^ (source[i] as number);
    this.#length += count * 4;
  }
}
