import { makeZip, predictLength } from "client-zip";
import type { Context } from "hono";
import { Hono } from "hono";
import type { z } from "zod";
import type { UserEnv } from "../context.ts";
import { AppError } from "../errors.ts";
import { zipRequest } from "../wire/bulk.ts";
import { loadItem } from "./list-items.ts";
import { attachment } from "./range.ts";
import { formOrJson } from "./validate.ts";
import type { ZipContents, ZipFile } from "./zip-contents.ts";
import { MISSING_NAME, zipContents } from "./zip-contents.ts";

/** What the times of entries can say: 1980 to 2107, to two seconds. */
const FIRST_TIME = Date.UTC(1980, 0, 1);
const LAST_TIME = Date.UTC(2107, 11, 31);

/** Files and folders as one zip: of one item, or of a choice, which a form can ask for so that the browser saves the answer. */
export const zipRoutes = new Hono<UserEnv>()
  .get("/:id/zip", async (c) => {
    const { row } = await loadItem(c, c.req.param("id"));
    return sendZip(c, [c.req.param("id")], row.name);
  })

  .post("/zip", formOrJson(zipRequest), async (c) => {
    const { ids, name }: z.output<typeof zipRequest> = c.req.valid("json");
    return sendZip(c, ids, name ?? "Tidemark");
  });

/**
 * A zip whose length is told beforehand. A content that is gone, or of another size than the catalogue says, breaks the answer
 * off before that length: no reader takes it for whole.
 */
async function sendZip(c: Context<UserEnv>, itemIds: readonly string[], name: string): Promise<Response> {
  const contents = await zipContents(c, itemIds);
  if (contents.files.length === 0 && contents.missing.length > 0) {
    throw new AppError("zip.nothing_stored", "Nothing of what was chosen is stored.");
  }
  const missing = missingText(contents);
  const length = predictLength([
    ...contents.folders.map(({ path }) => ({ name: path })),
    ...contents.files.map(({ path, size }) => ({ name: path, size })),
    ...(missing === null ? [] : [{ name: MISSING_NAME, input: missing }]),
  ]);
  const { readable, writable } = new FixedLengthStream(length);
  const log = c.var.log;
  // Both ends hear of a failure: the reader by an answer that breaks off, we by the log.
  makeZip(entries(c.env.CONTENT, contents, missing))
    .pipeTo(writable)
    .catch((error: unknown) => log.warn("zip.broken_off", { message: error instanceof Error ? error.message : String(error) }));
  return c.newResponse(readable, 200, {
    "content-type": "application/zip",
    "content-length": String(length),
    "content-disposition": attachment(`${name}.zip`),
    "content-security-policy": "default-src 'none'; sandbox",
    "tidemark-missing": String(contents.missing.length),
  });
}

async function* entries(bucket: R2Bucket, contents: ZipContents, missing: string | null) {
  for (const { path, modifiedAt } of contents.folders) yield { name: path, lastModified: timeOf(modifiedAt) };
  for (const file of contents.files) yield { name: file.path, lastModified: timeOf(file.modifiedAt), input: await open(bucket, file) };
  if (missing !== null) yield { name: MISSING_NAME, lastModified: new Date(), input: missing };
}

async function open(bucket: R2Bucket, { key, size }: ZipFile): Promise<ReadableStream<Uint8Array>> {
  const object = await bucket.get(key);
  if (!object) throw new Error(`The content ${key} is in the catalogue, but not in the bucket.`);
  if (object.size !== size) throw new Error(`The content ${key} has ${object.size} bytes, and ${size} in the catalogue.`);
  return object.body;
}

function timeOf(at: number | null): Date {
  return new Date(Math.min(LAST_TIME, Math.max(FIRST_TIME, at ?? FIRST_TIME)));
}

function missingText({ missing }: ZipContents): string | null {
  if (missing.length === 0) return null;
  const lines = missing.map(({ path, why }) => `${path}: ${why}`);
  return `These files are not in this zip, since nothing of them is stored that could be:\n\n${lines.join("\n")}\n`;
}
