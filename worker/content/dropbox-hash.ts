import { encodeHexLowerCase } from "@oslojs/encoding";

// Dropbox's content_hash: the SHA-256 of the SHA-256s of all blocks of 4 MiB, the last one shorter.
// https://www.dropbox.com/developers/reference/content-hash

const BLOCK_BYTES = 4 * 1024 * 1024;
const DIGEST_BYTES = 32;

export class DropboxHash {
  #digests: Uint8Array[] = [];
  #block: { writer: WritableStreamDefaultWriter<ArrayBuffer | ArrayBufferView>; digest: Promise<ArrayBuffer>; bytes: number } | null = null;

  async update(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.byteLength;) {
      const block = (this.#block ??= begin());
      const part = chunk.subarray(at, at + BLOCK_BYTES - block.bytes);
      await block.writer.write(part);
      block.bytes += part.byteLength;
      at += part.byteLength;
      if (block.bytes === BLOCK_BYTES) await this.#end();
    }
  }

  /** In hex. */
  async finish(): Promise<string> {
    await this.#end();
    const all = new Uint8Array(this.#digests.length * DIGEST_BYTES);
    this.#digests.forEach((digest, index) => all.set(digest, index * DIGEST_BYTES));
    return encodeHexLowerCase(new Uint8Array(await crypto.subtle.digest("SHA-256", all)));
  }

  async #end(): Promise<void> {
    if (!this.#block) return;
    const { writer, digest } = this.#block;
    this.#block = null;
    await writer.close();
    this.#digests.push(new Uint8Array(await digest));
  }
}

function begin() {
  const stream = new crypto.DigestStream("SHA-256");
  return { writer: stream.getWriter(), digest: stream.digest, bytes: 0 };
}
