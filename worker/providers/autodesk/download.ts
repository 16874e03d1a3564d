import { isDownloadHost } from "../download-hosts.ts";
import { ProviderError } from "../errors.ts";
import type { ByteRange, ContentHash, ContentRef, OpenedContent } from "../provider.ts";
import { discard } from "../http.ts";
import { openedContent, requestContent } from "../stream.ts";
import type { SignedDownload } from "./api.ts";
import { type Aps, asObject } from "./aps.ts";
import { type Chunk, chunksOf, joined, within } from "./chunks.ts";
import { itemOf } from "./contents.ts";
import { toProviderError } from "./errors.ts";
import { projectRefOf } from "./project.ts";

/** An address is used at once; a chunk's, when those before it have been read. */
const MINUTES = 2;
const CHUNK_MINUTES = 60;
const OBJECT = /^urn:adsk\.objects:os\.object:([^/]+)\/(.+)$/;
const SHA1 = /^[0-9a-f]{40}$/i;

interface Options {
  range?: ByteRange;
  signal?: AbortSignal;
}

/** Streams a version's bytes from where they are stored, by an address that lives for minutes. No token goes there. */
export async function open(aps: Aps, content: ContentRef, options: Options): Promise<OpenedContent> {
  const storage = content.download?.url ?? (await locate(aps, content));
  const signed = await sign(aps, storage, content.download !== undefined);
  const sha1 = typeof signed.sha1 === "string" && SHA1.test(signed.sha1) ? signed.sha1.toLowerCase() : undefined;
  const hash: ContentHash | undefined = sha1 === undefined ? undefined : { algorithm: "sha1", value: sha1 };
  const opened =
    signed.status === "chunked" ? await openChunks(aps, signed, options) : await openAddress(aps, addressIn(aps, signed.url), options);
  // Those of a version's metadata are not always the content's.
  delete opened.contentType;
  return { ...opened, ...(hash && !opened.partial && { hash }) };
}

/** Where the listing did not say. */
async function locate(aps: Aps, { id, feedId }: ContentRef): Promise<string> {
  const listed = await itemOf(aps, projectRefOf(feedId), id);
  if (listed.type === "file" && listed.entry.download) return listed.entry.download.url;
  if (listed.type === "file") throw new ProviderError("not_exportable", "Autodesk has no file of this version.");
  throw new ProviderError("not_found", "The file is no longer at the source.");
}

async function sign(aps: Aps, storage: string, wasListed: boolean): Promise<SignedDownload> {
  const [, bucket, key] = OBJECT.exec(storage) ?? [];
  if (bucket === undefined || key === undefined) throw new ProviderError("fatal", "The file is stored in a place that makes no sense.");
  const path = `/oss/v2/buckets/${encodeURIComponent(bucket)}/objects/${encodeURIComponent(key)}/signeds3download`;
  try {
    const signed = asObject<SignedDownload>(await aps.json(path, { minutesExpiration: MINUTES }));
    if (signed.status !== "chunked") return signed;
    return asObject<SignedDownload>(await aps.json(path, { minutesExpiration: CHUNK_MINUTES }));
  } catch (error) {
    // An object may be gone and its item not: that is for a lookup to say.
    if (!wasListed || !(error instanceof ProviderError) || error.kind !== "not_found") throw error;
    throw new ProviderError("expired_url", "The stored version is not there any more.", { status: 404, cause: error });
  }
}

async function openAddress(aps: Aps, url: string, options: Options): Promise<OpenedContent> {
  const response = await requestContent(aps.context, url, options);
  if (response.status === 200 || response.status === 206) return openedContent(response, options.range);
  if (response.status === 403) {
    await discard(response);
    throw new ProviderError("expired_url", "The address of the file has run out.", { status: 403 });
  }
  throw await toProviderError(response, aps.context.now());
}

async function openChunks(aps: Aps, { urls, size }: SignedDownload, { range, signal }: Options): Promise<OpenedContent> {
  if (typeof size !== "number" || !urls) throw new ProviderError("transient", "The chunks of a file are not told.");
  const chunks = chunksOf(urls, size);
  const asked = range ?? { offset: 0, length: size };
  if (range && range.offset >= size) throw new ProviderError("fatal", "The range lies past the end of the file.", { status: 416 });
  const parts = within(chunks, asked);
  const length = parts.reduce((sum, part) => sum + (part.range?.length ?? part.chunk.to - part.chunk.from), 0);
  const body = joined(
    parts.map((part) => () => openChunk(aps, part.chunk, { ...(part.range && { range: part.range }), ...(signal && { signal }) })),
  );
  return { body, partial: range !== undefined, size: length, ...(range && { total: size }) };
}

async function openChunk(aps: Aps, chunk: Chunk, options: Options): Promise<ReadableStream<Uint8Array>> {
  const { body, size, partial } = await openAddress(aps, addressIn(aps, chunk.url), options);
  const expected = options.range?.length ?? chunk.to - chunk.from;
  if (partial === (options.range !== undefined) && (size === undefined || size === expected)) return body;
  await body.cancel();
  throw new ProviderError("transient", "A chunk of the file has another length than was announced.");
}

function addressIn(aps: Aps, url: unknown): string {
  if (typeof url !== "string") throw new ProviderError("transient", "Autodesk names no address of the file.");
  if (isDownloadHost(url, aps.env.AUTODESK_DOWNLOAD_HOSTS)) return url;
  throw new ProviderError("fatal", "The download leads to an unknown host.");
}
