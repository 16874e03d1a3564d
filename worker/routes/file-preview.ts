import { Hono } from "hono";
import type { z } from "zod";
import type { AppContext, UserEnv } from "../context.ts";
import type { BrowsedItem, StoredContent } from "../db/browse.ts";
import { lastVersion } from "../db/browse.ts";
import { catalogue } from "../db/client.ts";
import { getVersion } from "../db/history.ts";
import { AppError } from "../errors.ts";
import { randomSecret } from "../ids.ts";
import { MAIL_BYTES_MAX, MARKDOWN_BYTES_MAX, previewPage, TEXT_BYTES_MAX } from "../preview/page.ts";
import { contentKey } from "../sync/job.ts";
import type { Preview } from "../sync/preview-kind.ts";
import { previewOf } from "../sync/preview-kind.ts";
import { filePreviewQuery } from "../wire/file-preview.ts";
import { loadItem } from "./list-items.ts";
import { inline } from "./range.ts";
import { sendStored } from "./send-content.ts";
import { query } from "./validate.ts";
import { storedContent } from "./items.ts";

const BYTES_MAX = { text: TEXT_BYTES_MAX, markdown: MARKDOWN_BYTES_MAX, mail: MAIL_BYTES_MAX };

/** A file to look at: as the browser shows its type by itself, or as a page made from it. Only our own pages may frame it. */
export const filePreviewRoutes = new Hono<UserEnv>().get("/:id/preview", query(filePreviewQuery), async (c) => {
  const asked = c.req.valid("query");
  const { syncId, row } = await loadItem(c, c.req.param("id"));
  const preview = row.kind === 1 ? previewOf(row.name) : null;
  if (!preview) throw new AppError("item.no_preview", "There is no preview of files of this type. Download it to see it.");
  const content = await contentOf(c, syncId, row, asked.version);
  const answer = await (preview.type === null ? sendPage(c, syncId, row, content, preview.kind, asked) : sendMedia(c, syncId, row, content, preview)); // prettier-ignore
  answer.headers.set("x-frame-options", "SAMEORIGIN");
  return answer;
});

async function contentOf(c: AppContext<UserEnv>, syncId: string, row: BrowsedItem, number: number | undefined): Promise<StoredContent> {
  const { id: userId, homeShard } = c.var.user;
  const db = catalogue(c.env, homeShard);
  if (number === undefined) {
    const content = storedContent(row) ?? (await lastVersion(db, userId, syncId, row.remoteId));
    if (!content) throw new AppError("item.not_stored", "Nothing of this item is stored yet.");
    return content;
  }
  const version = await getVersion(db, { userId, syncId }, row.remoteId, number);
  if (!version) throw new AppError("version.not_found", "There is no such version, or it has outlived its retention time.");
  return version;
}

async function sendMedia(c: AppContext<UserEnv>, syncId: string, row: BrowsedItem, content: StoredContent, { kind, type }: Preview) {
  const answer = await sendStored(c, syncId, row, content);
  const shown = new Response(answer.body, answer);
  shown.headers.set("content-security-policy", kind === "pdf" ? PDF_POLICY : MEDIA_POLICY);
  if (answer.status === 304) return shown;
  shown.headers.set("content-type", type ?? "application/octet-stream");
  shown.headers.set("content-disposition", inline(row.name));
  return shown;
}

/** What is in an image cannot run or load anything, wherever it is opened. An SVG may style itself. */
const MEDIA_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; media-src 'self'; sandbox; frame-ancestors 'self'";
/** Browsers' own viewers do not work in a sandbox, and are one. */
const PDF_POLICY = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'";

async function sendPage(
  c: AppContext<UserEnv>,
  syncId: string,
  row: BrowsedItem,
  { storedId, size }: StoredContent,
  kind: Preview["kind"],
  { theme }: z.output<typeof filePreviewQuery>,
): Promise<Response> {
  if (kind !== "text" && kind !== "markdown" && kind !== "mail") throw new Error(`No page is made of ${kind}.`);
  const length = Math.min(size, BYTES_MAX[kind]);
  const key = contentKey(c.var.user.id, syncId, storedId);
  const object = await c.env.CONTENT.get(key, size === 0 ? {} : { range: { offset: 0, length } });
  if (!object) throw new Error(`The content ${key} is in the catalogue, but not in the bucket.`);
  const nonce = randomSecret();
  const page = {
    kind,
    name: row.name,
    bytes: new Uint8Array(await object.arrayBuffer()),
    cut: size > length,
    dark: theme === "dark",
    nonce,
  };
  return c.newResponse(await previewPage(page), 200, {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": `default-src 'none'; style-src 'nonce-${nonce}'; base-uri 'none'; form-action 'none'; sandbox; frame-ancestors 'self'`,
  });
}
