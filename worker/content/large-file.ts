import { asProviderError, ProviderError } from "../providers/errors.ts";
import type { OpenedContent } from "../providers/provider.ts";
import type { FileResult, JobResult } from "../sync/job.ts";
import type { LargeTask, StoredPart } from "../sync/large.ts";
import { ChunkReader } from "./chunk-reader.ts";
import { Digests, parseHash } from "./digests.ts";
import { fetchFile } from "./fetch-file.ts";
import { contentMetadata } from "./metadata.ts";
import { inStorage, pour, StorageError } from "./pour.ts";
import { QuickXorHash } from "./quickxor.ts";
import { failed, type FileWork, isUnexpectedPage, lookAgain, mayDiffer, open } from "./source.ts";

// One stage of a large file. The object decides what comes next; nothing is deleted here, since another consumer may
// be at the same upload: what is left over is ended by the object.

const RANGE_NOT_SATISFIABLE = 416;
const PARTIAL_CONTENT = 206;

/** `onBegun`: is told of an upload before anything is written to it, where that is not the result. */
export async function workOnLargeFile(work: FileWork, task: LargeTask, onBegun: (uploadId: string) => Promise<void>): Promise<JobResult> {
  const { file, destination } = work;
  try {
    switch (task.stage) {
      case "begin":
        return await begin(work);
      case "part":
        return await fetchPart(work, task);
      case "finish":
        return await finish(work, task);
      case "whole":
        return await fetchFile({ ...work, destination: { ...destination, parts: { bytes: task.partBytes, onBegun } } });
    }
  } catch (error) {
    if (!(error instanceof StorageError)) return failed(file, asProviderError(error));
    return { index: file.index, outcome: "failed", kind: "storage", message: `${error.message} ${String(error.cause ?? "")}`.trim() };
  }
}

async function begin(work: FileWork): Promise<JobResult> {
  const { file, destination, provider } = work;
  if (!provider.facts.rangedReads) return { index: file.index, outcome: "unranged" };
  const current = await lookAgain(work, Date.now());
  if ("outcome" in current) return current;
  const { bucket, key, onPut } = destination;
  const upload = await inStorage(() => bucket.createMultipartUpload(key, contentMetadata(file, file.size ?? 0, null)), onPut);
  return { index: file.index, outcome: "begun", uploadId: upload.uploadId, download: current.download ?? null };
}

type PartTask = LargeTask & { stage: "part" };

/** Streams one part. An address that has run out is renewed once. */
async function fetchPart(work: FileWork, task: PartTask): Promise<JobResult> {
  const { file, addresses } = work;
  let address = addresses.planned(file) ?? undefined;
  for (let renewed = false; ; renewed = true) {
    if (address === undefined) {
      const current = await lookAgain(work, 0);
      if ("outcome" in current) return current;
      address = current.download;
      renewed = true;
    }
    const startedAt = Date.now();
    const opened = await openPart(work, address, task);
    if (opened === null) {
      if (renewed) return failed(file, new ProviderError("expired_url", "The download address was refused, and so was a new one."));
      if (address) addresses.refused(address);
      address = undefined;
      continue;
    }
    const stored = opened === "otherwise" ? opened : await storePart(work, opened, task);
    if (stored !== "otherwise") return { index: file.index, outcome: "part", ...stored };
    const current = await lookAgain(work, startedAt);
    return "outcome" in current ? current : { index: file.index, outcome: "unranged" };
  }
}

/** Null where the address has run out; `otherwise` where the source does not answer with this part of a file of this size. */
async function openPart(work: FileWork, address: Parameters<typeof open>[1], task: PartTask): Promise<OpenedContent | "otherwise" | null> {
  const { file } = work;
  const { offset, length } = task;
  let opened: OpenedContent | null;
  try {
    opened = await open(work, address, { offset, length });
  } catch (error) {
    const status = error instanceof ProviderError ? error.status : undefined;
    if (status === RANGE_NOT_SATISFIABLE || status === PARTIAL_CONTENT) return "otherwise";
    throw error;
  }
  if (!opened) return null;
  const asAsked = opened.partial && (opened.size ?? length) === length && (opened.total ?? file.size) === file.size;
  if (asAsked) return opened;
  await opened.body.cancel().catch(() => undefined);
  return isUnexpectedPage(opened, file) ? null : "otherwise";
}

/** More came than was asked for. */
class Overlong extends Error {}

async function storePart(
  work: FileWork,
  opened: OpenedContent,
  task: PartTask,
): Promise<{ etag: string; quickXor: string | null } | "otherwise"> {
  const { file, destination, signal } = work;
  const { bucket, key, onPut } = destination;
  const hash = parseHash(file.hash)?.algorithm === "quickXorHash" ? new QuickXorHash() : null;
  const reader = new ChunkReader(opened.body, { signal });
  const upload = bucket.resumeMultipartUpload(key, task.uploadId);
  try {
    const { stored } = await pour(
      task.length,
      async (write) => {
        let held: Uint8Array | null = null;
        let size = 0;
        for (let chunk = await reader.read(); chunk !== null; chunk = await reader.read()) {
          size += chunk.byteLength;
          if (size > task.length) throw new Overlong();
          hash?.update(chunk);
          if (held) await write(held);
          held = chunk;
        }
        if (size < task.length) throw new ProviderError("transient", "The download was cut short.");
        if (held) await write(held);
      },
      (body) => inStorage(() => upload.uploadPart(task.partNumber, body), onPut),
    );
    return { etag: stored.etag, quickXor: hash?.share() ?? null };
  } catch (error) {
    if (error instanceof Overlong) return "otherwise";
    throw error;
  } finally {
    reader.close();
  }
}

type FinishTask = LargeTask & { stage: "finish" };

/** May be repeated: an object that is there already is read, and judged, again. */
async function finish(work: FileWork, task: FinishTask): Promise<JobResult> {
  const { file, destination, signal } = work;
  const { bucket, key } = destination;
  const current = await lookAgain(work, Date.now());
  if ("outcome" in current) return current;
  const announced = parseHash(file.hash);
  const joined = announced?.algorithm === "quickXorHash" ? joinedHash(task.parts) : null;
  if (joined !== null && joined !== announced?.value) {
    const digest = `quickXorHash:${joined}`;
    if (!isAcceptable(work, task, digest)) return { index: file.index, outcome: "mismatch", digest };
  }
  await complete(work, task);
  const { sha256, source } = await readBack(bucket, key, file.size ?? 0, joined === null ? (announced?.algorithm ?? null) : null, signal);
  const served = joined ?? source;
  const matches = announced === null || announced.value === served;
  const digest = `sha256:${sha256}`;
  if (!matches && joined === null && !isAcceptable(work, task, digest)) return { index: file.index, outcome: "mismatch", digest };
  return stored(work, sha256, !matches);
}

/** Other bytes than announced are kept if the source has served the very same before. */
function isAcceptable({ file }: FileWork, { first }: FinishTask, digest: string): boolean {
  return first === digest || (first !== null && mayDiffer(file));
}

function joinedHash(parts: readonly StoredPart[]): string {
  const hash = new QuickXorHash();
  for (const { quickXor, offset, length } of parts) {
    if (quickXor === null) throw new Error("A part's share of the hash is missing.");
    hash.addShare(quickXor, offset, length);
  }
  return hash.digest();
}

/** Makes an object of the upload, unless an earlier call has whose answer was lost. */
async function complete({ file, destination }: FileWork, { uploadId, parts }: FinishTask): Promise<void> {
  const { bucket, key, onPut } = destination;
  const isThere = async () => (await bucket.head(key))?.size === file.size;
  await inStorage(async () => {
    if (await isThere()) return;
    try {
      await bucket.resumeMultipartUpload(key, uploadId).complete(parts.map(({ partNumber, etag }) => ({ partNumber, etag })));
    } catch (error) {
      if (!(await isThere())) throw error;
    }
  }, onPut);
}

/** The object's own digests: what the parts were made of is what R2 now has. */
async function readBack(
  bucket: R2Bucket,
  key: string,
  size: number,
  algorithm: ConstructorParameters<typeof Digests>[0],
  signal: AbortSignal,
): Promise<{ sha256: string; source: string }> {
  const digests = new Digests(algorithm);
  let read = 0;
  let reader: ChunkReader | null = null;
  try {
    const object = await bucket.get(key);
    if (!object) throw new Error("The object is not there.");
    reader = new ChunkReader(object.body, { signal });
    for (let chunk = await reader.read(); chunk !== null; chunk = await reader.read()) {
      read += chunk.byteLength;
      await digests.update(chunk);
    }
    if (read !== size) throw new Error(`The object has ${read} bytes, not ${size}.`);
    return await digests.finish();
  } catch (error) {
    throw new StorageError("The object could not be read back.", { cause: error });
  } finally {
    reader?.close();
  }
}

function stored({ file }: FileWork, sha256: string, differs: boolean): FileResult {
  const { index, remoteId, storedId, size } = file;
  return { index, outcome: "stored", remoteId, storedId, size: size ?? 0, sha256, differs };
}
