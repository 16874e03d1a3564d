import type { AppContext, UserEnv } from "../context.ts";
import type { BrowsedItem, StoredContent } from "../db/browse.ts";
import { AppError } from "../errors.ts";
import { contentKey } from "../sync/job.ts";
import { attachment, matchesEtag, rangeOf } from "./range.ts";

const MIME_TYPE = /^[\w.+-]+\/[\w.+-]+$/;

/** A stored content as a download, whole or in part: names and bytes are other people's, no browser may run them here. */
export async function sendStored(
  c: AppContext<UserEnv>,
  syncId: string,
  item: Pick<BrowsedItem, "name" | "mimeType">,
  content: StoredContent,
): Promise<Response> {
  const { size } = content;
  const etag = `"${content.sha256}"`;
  // The policy too: a browser puts what a 304 says of the content in place of what it was told with the content.
  const lasting = { etag, "cache-control": "private, no-cache", "content-security-policy": "default-src 'none'; sandbox" };
  if (matchesEtag(etag, c.req.header("if-none-match"))) return c.body(null, 304, lasting);
  const range = rangeOf(size, etag, { range: c.req.header("range"), ifRange: c.req.header("if-range") });
  if (range.kind === "unsatisfiable") {
    c.header("content-range", `bytes */${size}`);
    throw new AppError("item.range_unsatisfiable", `The content has ${size} bytes.`);
  }
  const isPart = range.kind === "part";
  const part = isPart ? { offset: range.offset, length: range.length } : { offset: 0, length: size };
  const key = contentKey(c.var.user.id, syncId, content.storedId);
  const body = c.req.method === "HEAD" ? null : await open(c, key, isPart ? { range: part } : {});
  // Only now: what is answered without the content must not say of itself what is true of the content.
  return c.newResponse(body, isPart ? 206 : 200, {
    ...lasting,
    "accept-ranges": "bytes",
    "content-disposition": attachment(item.name),
    "content-type": contentTypeOf(item.mimeType),
    "content-length": String(part.length),
    ...(isPart && { "content-range": `bytes ${part.offset}-${part.offset + part.length - 1}/${size}` }),
  });
}

/** What a content is said to be: as the source says, where that is a type. */
export function contentTypeOf(mimeType: string | null): string {
  return mimeType !== null && MIME_TYPE.test(mimeType) ? mimeType : "application/octet-stream";
}

async function open(c: AppContext<UserEnv>, key: string, options: R2GetOptions): Promise<ReadableStream> {
  const object = await c.env.CONTENT.get(key, options);
  if (!object) throw new Error(`The content ${key} is in the catalogue, but not in the bucket.`);
  return object.body;
}
