import { isDownloadHost } from "../download-hosts.ts";
import { ProviderError } from "../errors.ts";
import { discard } from "../http.ts";
import type { ByteRange, ContentRef, OpenedContent, ProviderEnv } from "../provider.ts";
import { openedContent, redirectOf, requestContent } from "../stream.ts";
import { toProviderError } from "./errors.ts";
import type { Graph } from "./graph.ts";

const REDIRECTS_MAX = 3;

/** Streams an item's bytes from its pre-authenticated address, which is asked for where it is not given. The address is used as it came, without the token. */
export async function open(
  graph: Graph,
  env: Pick<ProviderEnv, "MICROSOFT_DOWNLOAD_HOSTS">,
  content: ContentRef,
  options: { range?: ByteRange; signal?: AbortSignal },
): Promise<OpenedContent> {
  let url = content.download?.url ?? (await locate(graph, content));
  for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects++) {
    if (!isDownloadHost(url, env.MICROSOFT_DOWNLOAD_HOSTS)) throw new ProviderError("fatal", "The download leads to an unknown host.");
    const response = await requestContent(graph.context, url, options);
    const location = redirectOf(response, url);
    if (location === undefined) return accept(response, options.range, graph.context.now());
    await discard(response);
    url = location;
  }
  throw new ProviderError("fatal", `The download redirects more than ${REDIRECTS_MAX} times.`);
}

async function locate(graph: Graph, { feedId, id }: ContentRef): Promise<string> {
  const path = `/drives/${encodeURIComponent(feedId)}/items/${encodeURIComponent(id)}/content`;
  const response = await graph.request(graph.url(path));
  const location = redirectOf(response, graph.url(path));
  if (location === undefined) throw await toProviderError(response, graph.context.now());
  await discard(response);
  return location;
}

async function accept(response: Response, range: ByteRange | undefined, now: number): Promise<OpenedContent> {
  if (response.status !== 200 && response.status !== 206) throw await refusal(response, now);
  return openedContent(response, range);
}

/** An address that is refused, unknown or gone has run out: whether the item is still there is for `lookup` to say. */
async function refusal(response: Response, now: number): Promise<ProviderError> {
  const error = await toProviderError(response, now);
  const expired = error.kind !== "blocked" && [401, 404, 410].includes(response.status);
  return expired ? new ProviderError("expired_url", "The download address has run out.", { status: response.status }) : error;
}
