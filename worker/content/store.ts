import type { OpenedContent } from "../providers/provider.ts";
import type { LeasedFile } from "../sync/job.ts";
import { contentMetadata } from "./metadata.ts";
import { inStorage, PartWriter, pour, StorageError, type Write } from "./pour.ts";
import { receive, type Announced, type Receipt, type Served } from "./receive.ts";

/** Up to here a content is held in memory: its SHA-256 is then known before the put, and R2 checks it. */
const BUFFERED_BYTES_MAX = 1024 * 1024;

type Fill = (write: Write) => Promise<Receipt>;
type Take = (write: Write, accept: (served: Served) => boolean) => Promise<Receipt>;

/** Where a content goes. `onPut` counts the puts. With `parts`, by a multipart upload, which `onBegun` is told of. */
export interface Destination {
  bucket: R2Bucket;
  key: string;
  file: LeasedFile;
  onPut: () => void;
  parts?: { bytes: number; onBegun: (uploadId: string) => Promise<void> };
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
  const take: Take = (write, accepted) => receive(opened, announced, write, accepted, signal);
  if (length === null)
    return take(
      async () => undefined,
      () => false,
    );
  const acceptLength = (served: Served) => served.size === length && accept(served);
  if (length <= BUFFERED_BYTES_MAX) return storeBuffered(destination, length, (write) => take(write, acceptLength));
  if (destination.parts) return storeInParts(destination, destination.parts, length, (write) => take(write, acceptLength));
  return storeStreamed(destination, length, (write) => take(write, acceptLength));
}

/** An object of no bytes, without asking anybody. */
export async function storeEmpty(destination: Destination, sha256: string): Promise<void> {
  await put(destination, new Uint8Array(), { ...contentMetadata(destination.file, 0, sha256), sha256 });
}

async function storeBuffered(destination: Destination, length: number, fill: Fill): Promise<Receipt> {
  const bytes = new Uint8Array(length);
  let at = 0;
  const receipt = await fill(async (chunk) => {
    if (at + chunk.byteLength <= length) bytes.set(chunk, at);
    at += chunk.byteLength;
  });
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

async function storeStreamed(destination: Destination, length: number, fill: Fill): Promise<Receipt> {
  const fillAccepted = async (write: Write) => {
    const receipt = await fill(write);
    if (!receipt.accepted) throw new Refused(receipt);
    return receipt;
  };
  try {
    const { filled } = await pour(length, fillAccepted, (body) => put(destination, body, contentMetadata(destination.file, length, null)));
    return filled;
  } catch (error) {
    if (error instanceof Refused) return error.receipt;
    throw error;
  }
}

async function storeInParts(
  { bucket, key, file, onPut }: Destination,
  { bytes, onBegun }: NonNullable<Destination["parts"]>,
  length: number,
  fill: Fill,
): Promise<Receipt> {
  const upload = await inStorage(() => bucket.createMultipartUpload(key, contentMetadata(file, length, null)), onPut);
  const parts = new PartWriter(upload, length, bytes, onPut);
  try {
    await onBegun(upload.uploadId);
    const receipt = await fill((chunk) => parts.write(chunk));
    if (receipt.accepted) await inStorage(async () => upload.complete(await parts.end()), onPut);
    else await parts.abort();
    return receipt;
  } catch (error) {
    await parts.abort();
    throw error;
  }
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
