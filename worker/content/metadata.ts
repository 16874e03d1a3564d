import type { LeasedFile } from "../sync/job.ts";

/** R2 takes 8,192 bytes of metadata in all; the path is the only part that could be long. */
const PATH_BYTES_MAX = 4_000;
const REMOTE_ID_BYTES_MAX = 1_600;
const CONTENT_TYPE = /^[\w!#$&^.+-]{1,100}\/[\w!#$&^.+-]{1,100}$/;
const UNKNOWN_TYPE = "application/octet-stream";

/** What lies beside a content, so that the catalogue could be built again from the bucket. Values are URI-encoded: ASCII. */
export function contentMetadata(file: LeasedFile, size: number, sha256: string | null): R2PutOptions {
  return {
    httpMetadata: { contentType: file.mimeType !== null && CONTENT_TYPE.test(file.mimeType) ? file.mimeType : UNKNOWN_TYPE },
    customMetadata: {
      remoteId: encodeTail(file.remoteId, REMOTE_ID_BYTES_MAX),
      path: encodeTail(file.path, PATH_BYTES_MAX),
      size: String(size),
      ...(file.modifiedAt !== null && { modifiedAt: new Date(file.modifiedAt).toISOString() }),
      ...(file.hash !== null && { sourceHash: encodeTail(file.hash, 200) }),
      ...(sha256 !== null && { sha256 }),
    },
  };
}

/** URI-encoded; of what is too long, the end, which names the file. Characters stay whole. */
function encodeTail(text: string, bytesMax: number): string {
  const encoded = encodeURI(text.toWellFormed());
  if (encoded.length <= bytesMax) return encoded;
  let kept = "";
  for (const character of [...text.toWellFormed()].reverse()) {
    const longer = encodeURI(character) + kept;
    if (longer.length > bytesMax) break;
    kept = longer;
  }
  return kept;
}
