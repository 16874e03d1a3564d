import { asProviderError, ProviderError } from "../providers/errors.ts";

/** A body that brings nothing for this long has stalled. */
const STALL_SECONDS = 60;
/** How often a stall is looked for, in its time. */
const STALL_LOOKS = 6;
/** Read at once. A plain read brings 4 KiB, and costs as much. */
const CHUNK_BYTES = 64 * 1024;

/**
 * Reads a body in large chunks, with two buffers in turn: a chunk is valid until the second read after it.
 * A body that breaks, stalls or is given up by `signal` throws a transient ProviderError.
 */
export class ChunkReader {
  readonly #read: () => Promise<Uint8Array | null>;
  readonly #cancel: (reason: Error) => void;
  readonly #watch: ReturnType<typeof setInterval>;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = () => this.#stop("The download was given up.");
  #waiting = false;
  #quietLooks = 0;
  #stopped: ProviderError | null = null;

  constructor(body: ReadableStream<Uint8Array>, options: { signal?: AbortSignal; stallSeconds?: number } = {}) {
    const source = byteReads(body) ?? plainReads(body);
    this.#read = source.read;
    this.#cancel = source.cancel;
    this.#signal = options.signal;
    this.#signal?.addEventListener("abort", this.#onAbort, { once: true });
    if (this.#signal?.aborted) this.#onAbort();
    this.#watch = setInterval(() => this.#look(), ((options.stallSeconds ?? STALL_SECONDS) * 1000) / STALL_LOOKS);
  }

  /** The next chunk, never an empty one; null at the end. */
  async read(): Promise<Uint8Array | null> {
    for (;;) {
      const chunk = await this.#next();
      if (this.#stopped) throw this.#stopped;
      if (chunk === null || chunk.byteLength > 0) return chunk;
    }
  }

  /** Must be called once, whatever happened: ends the watch, and the body where it has not ended. */
  close(): void {
    clearInterval(this.#watch);
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#cancel(new Error("The rest is not wanted."));
  }

  async #next(): Promise<Uint8Array | null> {
    this.#waiting = true;
    this.#quietLooks = 0;
    try {
      return await this.#read();
    } catch (error) {
      throw this.#stopped ?? transient(error);
    } finally {
      this.#waiting = false;
    }
  }

  #look(): void {
    if (this.#waiting && ++this.#quietLooks >= STALL_LOOKS) this.#stop("The download has stalled.");
  }

  #stop(message: string): void {
    this.#stopped ??= new ProviderError("transient", message);
    this.#cancel(this.#stopped);
  }
}

interface Reads {
  read(): Promise<Uint8Array | null>;
  cancel(reason: Error): void;
}

/** Null where the body cannot fill a buffer that it is given. */
function byteReads(body: ReadableStream<Uint8Array>): Reads | null {
  let reader: ReadableStreamBYOBReader;
  try {
    reader = body.getReader({ mode: "byob" });
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
  const buffers: ArrayBuffer[] = [new ArrayBuffer(CHUNK_BYTES), new ArrayBuffer(CHUNK_BYTES)];
  return {
    read: async () => {
      const { done, value } = await reader.read(new Uint8Array(buffers.shift() ?? new ArrayBuffer(CHUNK_BYTES)));
      if (done || !value) return null;
      buffers.push(value.buffer);
      return value;
    },
    cancel: (reason) => void reader.cancel(reason).catch(ignored),
  };
}

function plainReads(body: ReadableStream<Uint8Array>): Reads {
  const reader = body.getReader();
  return {
    read: async () => {
      const { done, value } = await reader.read();
      return done ? null : value;
    },
    cancel: (reason) => void reader.cancel(reason).catch(ignored),
  };
}

/** A body that fails while it is let go of has nothing to tell. */
function ignored(): void {
  return;
}

function transient(error: unknown): ProviderError {
  const known = asProviderError(error);
  return known.kind === "fatal" && !(error instanceof ProviderError)
    ? new ProviderError("transient", "The download broke off.", { cause: error })
    : known;
}
