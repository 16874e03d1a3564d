import type { OpenedContent } from "../providers/provider.ts";
import type { LeasedFile } from "../sync/job.ts";
import { contentMetadata } from "./metadata.ts";
import { receive, type Announced, type Receipt, type Served } from "./receive.ts";

/** Up to here a content is held in memory: its SHA-256 is then known before the put, and R2 checks it. */
const BUFFERED_BYTES_MAX = 1024 * 1024;

/** The bucket failed; the source did not. */
export class StorageError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StorageError";
  }
}

/** Where a content goes. `onPut` counts the puts. */
export interface Destination {
  bucket: R2Bucket;
  key: string;
  file: LeasedFile;
  onPut: () => void;
}

/**
 * Receives a body of `length` bytes and puts it under the key, if it is accepted: otherwise no object comes into being.
 * Without a length, or with one that cannot be right, nothing is put and the body is only measured.
 */
export async function storeContent(
  destination: Destination,
  opened: OpenedContent,
  announced: Announced,
  length: number | null,
  accept: (served: Served) => boolean,
  signal?: AbortSignal,
): Promise<Receipt> {
  if (length === null)
    return receive(
      opened,
      announced,
      async () => undefined,
      () => false,
      signal,
    );
  if (length <= BUFFERED_BYTES_MAX) return storeBuffered(destination, opened, announced, length, accept, signal);
  return storeStreamed(destination, opened, announced, length, accept, signal);
}

/** An object of no bytes, without asking anybody. */
export async function storeEmpty(destination: Destination, sha256: string): Promise<void> {
  await put(destination, new Uint8Array(), { ...contentMetadata(destination.file, 0, sha256), sha256 });
}

async function storeBuffered(
  destination: Destination,
  opened: OpenedContent,
  announced: Announced,
  length: number,
  accept: (served: Served) => boolean,
  signal?: AbortSignal,
): Promise<Receipt> {
  const bytes = new Uint8Array(length);
  let at = 0;
  const write = async (chunk: Uint8Array) => {
    if (at + chunk.byteLength <= length) bytes.set(chunk, at);
    at += chunk.byteLength;
  };
  const receipt = await receive(opened, announced, write, (served) => served.size === length && accept(served), signal);
  if (!receipt.accepted) return receipt;
  await put(destination, bytes, { ...contentMetadata(destination.file, length, receipt.sha256), sha256: receipt.sha256 });
  return receipt;
}

/** Refused after all but its last chunk has gone out. */
class Refused extends Error {
  readonly receipt: Receipt;

  constructor(receipt: Receipt) {
    super("The content was not accepted.");
    this.receipt = receipt;
  }
}

async function storeStreamed(
  destination: Destination,
  opened: OpenedContent,
  announced: Announced,
  length: number,
  accept: (served: Served) => boolean,
  signal?: AbortSignal,
): Promise<Receipt> {
  const { readable, writable } = new FixedLengthStream(length);
  const writer = writable.getWriter();
  let sent = 0;
  let writing = false;
  const write = async (chunk: Uint8Array) => {
    sent += chunk.byteLength;
    // What is too long is refused at its end; until then it is only measured.
    if (sent > length) return;
    writing = true;
    await writer.write(chunk);
    writing = false;
  };
  const fill = async () => {
    const receipt = await receive(opened, announced, write, (served) => served.size === length && accept(served), signal);
    if (!receipt.accepted) throw new Refused(receipt);
    writing = true;
    await writer.close();
    return receipt;
  };
  // Each side, where it ends early, ends the other: neither waits for what will not come.
  const putting = put(destination, readable, contentMetadata(destination.file, length, null)).catch(async (error: unknown) => {
    await writer.abort(error).catch(() => undefined);
    throw error;
  });
  const filling = fill().catch(async (error: unknown) => {
    await writer.abort(error).catch(() => undefined);
    throw error;
  });
  const [filled, stored] = await Promise.allSettled([filling, putting]);
  if (filled.status === "fulfilled") {
    if (stored.status === "rejected") throw stored.reason;
    return filled.value;
  }
  if (filled.reason instanceof Refused) return filled.reason.receipt;
  if (writing && stored.status === "rejected") throw stored.reason;
  throw filled.reason;
}

/** Creates the object. One that is there can only be of an earlier attempt whose answer was lost: it makes room. */
async function put({ bucket, key, onPut }: Destination, body: ReadableStream | Uint8Array, options: R2PutOptions): Promise<void> {
  let object: R2Object | null;
  try {
    onPut();
    object = await bucket.put(key, body, { ...options, onlyIf: new Headers({ "If-None-Match": "*" }) });
    if (object === null) await bucket.delete(key);
  } catch (error) {
    throw new StorageError("The object could not be written.", { cause: error });
  }
  if (object === null) throw new StorageError("An object was there already.");
}
