import { ProviderError } from "../errors.ts";
import type { ByteRange, ContentRef, OpenedContent } from "../provider.ts";
import { openedContent } from "../stream.ts";
import { toProviderError } from "./errors.ts";
import { locate } from "./locate.ts";
import type { DavServer } from "./server.ts";
import { addressOf, shareOf, type Share } from "./share.ts";

/**
 * Streams a file from where it was listed, or, where that is not known, from where it is. An address whose file has moved, or has
 * another content by now, has run out: what became of the file is for `lookup` to say.
 */
export async function open(
  server: DavServer,
  content: ContentRef,
  options: { range?: ByteRange; signal?: AbortSignal },
): Promise<OpenedContent> {
  const share = shareOf(content.feedId);
  const listed = content.download?.url ?? (await addressFor(server, share, content.id));
  if (!listed.startsWith(share.root)) throw new ProviderError("fatal", "The download leads out of the share.");
  const [url = listed, etag] = listed.split("#", 2);
  const response = await server.download(url, {
    ...options,
    ...(etag !== undefined && { headers: { "If-Match": decodeURIComponent(etag) } }),
  });
  if (response.status === 200 || response.status === 206) return openedContent(response, options.range);
  const error = await toProviderError(response, server.context.now());
  if (![404, 410, 412].includes(response.status)) throw error;
  throw new ProviderError("expired_url", "The file is not there any more, or has changed since it was listed.", {
    status: response.status,
  });
}

async function addressFor(server: DavServer, share: Share, id: string): Promise<string> {
  const location = (await locate(server, share, [id])).get(id);
  if (location === "refused") throw new ProviderError("forbidden", "The server refuses access to the file.", { status: 403 });
  if (typeof location !== "object") throw new ProviderError("not_found", "The file is not there.", { status: 404 });
  return addressOf(share, location.path, false);
}
