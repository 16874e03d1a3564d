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
  const etag = `"${content.sha256}"`;
  c.header("etag", etag);
  c.header("cache-control", "private, no-cache");
  if (matchesEtag(etag, c.req.header("if-none-match"))) return c.body(null, 304);

  c.header("accept-ranges", "bytes");
  c.header("content-disposition", attachment(item.name));
  c.header("content-security-policy", "default-src 'none'; sandbox");
  c.header("content-type", item.mimeType !== null && MIME_TYPE.test(item.mimeType) ? item.mimeType : "application/octet-stream");
  return sendBytes(c, contentKey(c.var.user.id, syncId, content.storedId), content.size, etag);
}

async function sendBytes(c: AppContext<UserEnv>, key: string, size: number, etag: string): Promise<Response> {
  const range = rangeOf(size, etag, { range: c.req.header("range"), ifRange: c.req.header("if-range") });
  if (range.kind === "unsatisfiable") {
    c.header("content-range", `bytes */${size}`);
    throw new AppError("item.range_unsatisfiable", `The content has ${size} bytes.`);
  }
  const part = range.kind === "part" ? { offset: range.offset, length: range.length } : { offset: 0, length: size };
  c.header("content-length", String(part.length));
  if (range.kind === "part") c.header("content-range", `bytes ${part.offset}-${part.offset + part.length - 1}/${size}`);
  const status = range.kind === "part" ? 206 : 200;
  if (c.req.method === "HEAD") return c.body(null, status);

  const object = await c.env.CONTENT.get(key, range.kind === "part" ? { range: part } : {});
  if (!object) throw new Error(`The content ${key} is in the catalogue, but not in the bucket.`);
  return c.body(object.body, status);
}
