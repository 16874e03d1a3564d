import { Hono } from "hono";
import type { AppContext, UserEnv } from "../context.ts";
import { contentKey } from "../sync/job.ts";
import type { StoredContent } from "../db/browse.ts";
import { lastVersion } from "../db/browse.ts";
import { catalogue } from "../db/client.ts";
import { AppError } from "../errors.ts";
import { loadItem, withPaths } from "./list-items.ts";
import { attachment, matchesEtag, rangeOf } from "./range.ts";

const MIME_TYPE = /^[\w.+-]+\/[\w.+-]+$/;

export const itemRoutes = new Hono<UserEnv>()
  .get("/:id", async (c) => {
    const { syncId, row } = await loadItem(c, c.req.param("id"));
    const [item] = await withPaths(c, syncId, [row]);
    if (!item) throw new Error("An item that was read is not shown.");
    return c.json(item);
  })

  /** The item's last stored version, as a download: names and bytes are other people's, no browser may run them here. */
  .get("/:id/content", async (c) => {
    const { syncId, row } = await loadItem(c, c.req.param("id"));
    const { id: userId, homeShard } = c.var.user;
    const content = storedContent(row) ?? (await lastVersion(catalogue(c.env, homeShard), userId, syncId, row.remoteId));
    if (!content) throw new AppError("item.not_stored", "Nothing of this item is stored yet.");

    const etag = `"${content.sha256}"`;
    c.header("etag", etag);
    c.header("cache-control", "private, no-cache");
    if (matchesEtag(etag, c.req.header("if-none-match"))) return c.body(null, 304);

    c.header("accept-ranges", "bytes");
    c.header("content-disposition", attachment(row.name));
    c.header("content-security-policy", "default-src 'none'; sandbox");
    c.header("content-type", row.mimeType !== null && MIME_TYPE.test(row.mimeType) ? row.mimeType : "application/octet-stream");
    return sendContent(c, contentKey(userId, syncId, content.storedId), content.size, etag);
  });

async function sendContent(c: AppContext<UserEnv>, key: string, size: number, etag: string): Promise<Response> {
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

function storedContent(row: { storedId: string | null; storedSize: number | null; storedSha256: string | null }): StoredContent | null {
  const { storedId, storedSize: size, storedSha256: sha256 } = row;
  return storedId === null || size === null || sha256 === null ? null : { storedId, size, sha256 };
}
