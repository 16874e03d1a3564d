import { ProviderError } from "../errors.ts";
import type { ByteRange, ContentHash, ContentRef, OpenedContent } from "../provider.ts";
import { openedContent } from "../stream.ts";
import type { DownloadResult } from "./api.ts";
import { isNotFound, parseHeader, type DropboxApi } from "./dropbox-api.ts";
import { EXPORT } from "./entry.ts";

const CONTENT_HASH = /^[0-9a-f]{64}$/;

/** Streams a content by its revision; of a document that exists only on the web, the form that it is exported in. */
export async function open(
  api: DropboxApi,
  { id, feedId, download }: ContentRef,
  options: { range?: ByteRange; signal?: AbortSignal },
): Promise<OpenedContent> {
  const address = download?.url ?? id;
  const isExport = address.startsWith(EXPORT);
  try {
    // An export has no parts.
    const response = isExport
      ? await api.content("files/export", { path: address.slice(EXPORT.length) }, feedId, options.signal ? { signal: options.signal } : {})
      : await api.content("files/download", { path: address }, feedId, options);
    const hash = hashOf(parseHeader(response.headers.get("Dropbox-API-Result")), isExport);
    const opened = await openedContent(response, isExport ? undefined : options.range);
    // All bytes come as the same type.
    delete opened.contentType;
    return { ...opened, ...(hash !== undefined && !opened.partial && { hash }) };
  } catch (error) {
    // A revision may be gone and its file not: that is for a lookup to say.
    if (download === undefined || !isNotFound(error)) throw error;
    throw new ProviderError("expired_url", "There is no such revision.", { status: 409, cause: error });
  }
}

function hashOf(told: unknown, isExport: boolean): ContentHash | undefined {
  const result = (told ?? {}) as DownloadResult;
  const value = isExport ? result.export_metadata?.export_hash : result.content_hash;
  return typeof value === "string" && CONTENT_HASH.test(value) ? { algorithm: "dropboxHash", value } : undefined;
}
