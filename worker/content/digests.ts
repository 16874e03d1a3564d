import { encodeHexLowerCase } from "@oslojs/encoding";
import type { ContentHash, HashAlgorithm } from "../providers/provider.ts";
import { DropboxHash } from "./dropbox-hash.ts";
import { QuickXorHash } from "./quickxor.ts";

/** Of no bytes at all. */
export const EMPTY_DIGESTS: Record<HashAlgorithm, string> = {
  quickXorHash: "AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
  sha1: "da39a3ee5e6b4b0d3255bfef95601890afd80709",
  md5: "d41d8cd98f00b204e9800998ecf8427e",
  sha256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  dropboxHash: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
};

const NATIVE = { md5: "MD5", sha1: "SHA-1", sha256: "SHA-256" } as const;

/** Our SHA-256 of a stream, and the source's own hash of it where that is another. */
export class Digests {
  readonly #sha256 = new NativeDigest("sha256");
  readonly #other: NativeDigest | null;
  readonly #quickXor: QuickXorHash | null;
  readonly #dropbox: DropboxHash | null;

  constructor(algorithm: HashAlgorithm | null) {
    this.#other = algorithm === "sha1" || algorithm === "md5" ? new NativeDigest(algorithm) : null;
    this.#quickXor = algorithm === "quickXorHash" ? new QuickXorHash() : null;
    this.#dropbox = algorithm === "dropboxHash" ? new DropboxHash() : null;
  }

  async update(chunk: Uint8Array): Promise<void> {
    this.#quickXor?.update(chunk);
    await this.#other?.update(chunk);
    await this.#dropbox?.update(chunk);
    await this.#sha256.update(chunk);
  }

  /** The SHA-256, and the hash in the source's algorithm. */
  async finish(): Promise<{ sha256: string; source: string }> {
    const sha256 = await this.#sha256.finish();
    const source = this.#quickXor?.digest() ?? (await this.#other?.finish()) ?? (await this.#dropbox?.finish());
    return { sha256, source: source ?? sha256 };
  }
}

class NativeDigest {
  readonly #stream: DigestStream;
  readonly #writer: WritableStreamDefaultWriter<ArrayBuffer | ArrayBufferView>;

  constructor(algorithm: keyof typeof NATIVE) {
    this.#stream = new crypto.DigestStream(NATIVE[algorithm]);
    this.#writer = this.#stream.getWriter();
  }

  update(chunk: Uint8Array): Promise<void> {
    return this.#writer.write(chunk);
  }

  async finish(): Promise<string> {
    await this.#writer.close();
    return encodeHexLowerCase(new Uint8Array(await this.#stream.digest));
  }
}

/** `algorithm:value`, taken apart; null where the algorithm is none of ours. */
export function parseHash(text: string | null): ContentHash | null {
  const [, algorithm, value] = /^([^:]+):(.+)$/.exec(text ?? "") ?? [];
  return algorithm !== undefined && value !== undefined && algorithm in EMPTY_DIGESTS
    ? { algorithm: algorithm as HashAlgorithm, value }
    : null;
}
