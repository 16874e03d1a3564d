import type { FileResult, LeasedFile } from "../sync/job.ts";
import { ChunkReader } from "./chunk-reader.ts";
import { Digests } from "./digests.ts";

/** Reads a stored content out of the bucket again and hashes it, in constant memory. Never throws: every outcome is a result. */
export async function readBack(bucket: R2Bucket, key: string, { index }: LeasedFile, signal: AbortSignal): Promise<FileResult> {
  let reader: ChunkReader | null = null;
  try {
    const object = await bucket.get(key);
    if (!object) return { index, outcome: "read", size: null, sha256: null };
    const digests = new Digests(null);
    let size = 0;
    reader = new ChunkReader(object.body, { signal });
    for (let chunk = await reader.read(); chunk !== null; chunk = await reader.read()) {
      size += chunk.byteLength;
      await digests.update(chunk);
    }
    return { index, outcome: "read", size, sha256: (await digests.finish()).sha256 };
  } catch (error) {
    return { index, outcome: "failed", kind: "storage", message: `The object could not be read back. ${String(error)}` };
  } finally {
    reader?.close();
  }
}
