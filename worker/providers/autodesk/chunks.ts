import { ProviderError } from "../errors.ts";
import type { ByteRange } from "../provider.ts";

// An object that is still being assembled is handed out in chunks, each at an address of its own.

const CHUNKS_MAX = 10_000;

export interface Chunk {
  url: string;
  /** The first byte of it, and the first one after it. */
  from: number;
  to: number;
}

/** The chunks in their order. Throws where they are not all of the object. */
export function chunksOf(urls: Readonly<Record<string, unknown>>, size: number): Chunk[] {
  const chunks = Object.entries(urls).map(([range, url]): Chunk => {
    const [, first, last] = /^(\d+)-(\d+)$/.exec(range) ?? [];
    if (first === undefined || last === undefined || typeof url !== "string") throw senseless();
    return { url, from: Number(first), to: Number(last) + 1 };
  });
  chunks.sort((one, other) => one.from - other.from);
  const isWhole = chunks.every((chunk, index) => chunk.from === (chunks[index - 1]?.to ?? 0) && chunk.to > chunk.from);
  if (!isWhole || (chunks.at(-1)?.to ?? 0) !== size || chunks.length > CHUNKS_MAX) throw senseless();
  return chunks;
}

/** What of these chunks lies in a range. */
export function within(chunks: readonly Chunk[], { offset, length }: ByteRange): { chunk: Chunk; range: ByteRange | undefined }[] {
  return chunks.flatMap((chunk) => {
    const [from, to] = [Math.max(chunk.from, offset), Math.min(chunk.to, offset + length)];
    if (from >= to) return [];
    const whole = from === chunk.from && to === chunk.to;
    return [{ chunk, range: whole ? undefined : { offset: from - chunk.from, length: to - from } }];
  });
}

/** Bodies one after another, each asked for when the one before it has been read. */
export function joined(bodies: readonly (() => Promise<ReadableStream<Uint8Array>>)[]): ReadableStream<Uint8Array> {
  const waiting = [...bodies];
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      for (;;) {
        reader ??= (await waiting.shift()?.())?.getReader();
        if (!reader) return controller.close();
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
        reader = undefined;
      }
    },
    cancel: (reason) => reader?.cancel(reason),
  });
}

function senseless(): ProviderError {
  return new ProviderError("transient", "The chunks of a file do not make up the whole of it.");
}
