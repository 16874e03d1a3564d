// Bytes into the bucket, as streams whose length is known before they begin.

export type Write = (chunk: Uint8Array) => Promise<void>;

/** The bucket failed; the source did not. */
export class StorageError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StorageError";
  }
}

/** A call to the bucket that writes. Throws a StorageError. */
export async function inStorage<T>(call: () => Promise<T>, onPut: () => void): Promise<T> {
  onPut();
  try {
    return await call();
  } catch (error) {
    if (error instanceof StorageError) throw error;
    throw new StorageError("The object could not be written.", { cause: error });
  }
}

/**
 * Gives `put` a stream of `length` bytes, which `fill` writes. What is written beyond is ignored; what ends early, or
 * fails, makes `put` fail: nothing then comes into being. Throws what either side threw first.
 */
export async function pour<F, P>(
  length: number,
  fill: (write: Write) => Promise<F>,
  put: (body: ReadableStream<Uint8Array>) => Promise<P>,
): Promise<{ filled: F; stored: P }> {
  const { readable, writable } = new FixedLengthStream(length);
  const writer = writable.getWriter();
  let sent = 0;
  let writing = false;
  const write = async (chunk: Uint8Array) => {
    sent += chunk.byteLength;
    if (sent > length) return;
    writing = true;
    await writer.write(chunk);
    writing = false;
  };
  const fillAll = async () => {
    const filled = await fill(write);
    writing = true;
    await writer.close();
    return filled;
  };
  // Each side, where it ends early, ends the other: neither waits for what will not come.
  const ending = async <T>(side: Promise<T>) => {
    try {
      return await side;
    } catch (error) {
      await writer.abort(error).catch(() => undefined);
      throw error;
    }
  };
  const putting = ending(put(readable));
  const [filled, stored] = await Promise.allSettled([ending(fillAll()), putting]);
  if (filled.status === "fulfilled" && stored.status === "fulfilled") return { filled: filled.value, stored: stored.value };
  if (stored.status === "rejected" && (writing || filled.status === "fulfilled")) throw stored.reason;
  throw filled.status === "rejected" ? filled.reason : new Error("Neither side failed.");
}

/** A part on its way. */
interface OpenPart {
  writer: WritableStreamDefaultWriter<Uint8Array>;
  bytesLeft: number;
  putting: Promise<R2UploadedPart>;
}

/** Writes a stream of `length` bytes as parts of an upload, one after another. */
export class PartWriter {
  readonly #upload: R2MultipartUpload;
  readonly #partBytes: number;
  readonly #onPut: () => void;
  readonly #parts: R2UploadedPart[] = [];
  #bytesLeft: number;
  #part: OpenPart | null = null;

  constructor(upload: R2MultipartUpload, length: number, partBytes: number, onPut: () => void) {
    this.#upload = upload;
    this.#bytesLeft = length;
    this.#partBytes = partBytes;
    this.#onPut = onPut;
  }

  /** What is longer than announced is ignored: it is refused at its end. Throws a StorageError. */
  async write(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.byteLength && (this.#part || this.#bytesLeft > 0);) {
      this.#part ??= this.#begin();
      const piece = chunk.subarray(at, at + this.#part.bytesLeft);
      await this.#part.writer.write(piece).catch(async (error: unknown) => {
        // The part's own failure says more.
        await this.#part?.putting;
        throw error;
      });
      at += piece.byteLength;
      this.#part.bytesLeft -= piece.byteLength;
      if (this.#part.bytesLeft === 0) await this.#finishPart(this.#part);
    }
  }

  /** Every part, when all bytes were written. */
  async end(): Promise<R2UploadedPart[]> {
    if (this.#part || this.#bytesLeft > 0) throw new Error("Bytes are missing.");
    return this.#parts;
  }

  /** Nothing comes of the upload. What cannot be ended now is ended by the object, or by R2 in time. */
  async abort(): Promise<void> {
    await this.#part?.writer.abort(new Error("Not wanted.")).catch(() => undefined);
    await this.#upload.abort().catch(() => undefined);
  }

  #begin(): OpenPart {
    const bytes = Math.min(this.#partBytes, this.#bytesLeft);
    this.#bytesLeft -= bytes;
    const { readable, writable } = new FixedLengthStream(bytes);
    const writer = writable.getWriter();
    const putting = inStorage(() => this.#upload.uploadPart(this.#parts.length + 1, readable), this.#onPut);
    putting.catch((error: unknown) => writer.abort(error).catch(() => undefined));
    return { writer, bytesLeft: bytes, putting };
  }

  async #finishPart({ writer, putting }: OpenPart): Promise<void> {
    await writer.close().catch(() => undefined);
    this.#parts.push(await putting);
    this.#part = null;
  }
}
