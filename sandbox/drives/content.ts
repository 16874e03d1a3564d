import { createReadStream } from "node:fs";
import { combine, scatter } from "./random.ts";

const CHUNK_BYTES = 64 * 1024;
const POOL_BYTES = 1024 * 1024;

/** Where a file's bytes come from. */
export type Content =
  | { kind: "computed"; seed: number; size: number }
  | { kind: "literal"; bytes: Uint8Array; size: number }
  | { kind: "disk"; path: string; size: number };

// A fixed pool of noise; a computed file is a sequence of stretches of it, each with a mark of its own, so that making one is a copy.
const pool = makePool();

function makePool(): Uint8Array {
  const words = new Uint32Array((POOL_BYTES + CHUNK_BYTES) / 4);
  for (let i = 0; i < words.length; i++) words[i] = scatter(i + 1);
  return new Uint8Array(words.buffer);
}

/** Bytes `from` (inclusive) to `to` (exclusive) of the file that `seed` stands for. Each piece is a fresh buffer. */
export function* computedBytes(seed: number, from: number, to: number): Generator<Uint8Array> {
  for (let chunk = Math.floor(from / CHUNK_BYTES); chunk * CHUNK_BYTES < to; chunk++) {
    const start = chunk * CHUNK_BYTES;
    const length = Math.min(CHUNK_BYTES, to - start);
    const offset = combine(seed, chunk) & (POOL_BYTES - 1) & ~7;
    const bytes = pool.slice(offset, offset + Math.max(length, 8));
    const view = new DataView(bytes.buffer);
    view.setUint32(0, seed, true);
    view.setUint32(4, chunk, true);
    yield bytes.subarray(Math.max(from - start, 0), length);
  }
}

/** Bytes `from` (inclusive) to `to` (exclusive) of a content. A file on disk that has become shorter ends early. */
export async function* readContent(content: Content, from = 0, to = content.size): AsyncGenerator<Uint8Array> {
  if (from >= to) return;
  if (content.kind === "computed") yield* computedBytes(content.seed, from, to);
  else if (content.kind === "literal") yield content.bytes.slice(from, to);
  else yield* createReadStream(content.path, { start: from, end: to - 1, highWaterMark: CHUNK_BYTES }) as AsyncIterable<Uint8Array>;
}
