import { ProviderError } from "../errors.ts";
import { discard, DOWNLOAD_HEADERS_SECONDS_MAX, send } from "../http.ts";
import type { ByteRange, ContentRef, OpenedContent, ProviderContext, ProviderEnv } from "../provider.ts";
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
    const response = await get(graph.context, url, options);
    const location = redirectOf(response, url);
    if (location === undefined) return accept(response, options.range, graph.context.now());
    await discard(response);
    url = location;
  }
  throw new ProviderError("fatal", `The download redirects more than ${REDIRECTS_MAX} times.`);
}

/** Whether downloads may come from there: a listed host or one below it, over HTTPS; or, with its port, exactly the listed one. */
export function isDownloadHost(address: string, hosts: string): boolean {
  const url = URL.parse(address);
  if (!url || url.username !== "" || url.password !== "") return false;
  return hosts.split(",").some((entry) => {
    const host = entry.trim().toLowerCase();
    if (host === "") return false;
    if (host.includes(":")) return url.host === host;
    return url.protocol === "https:" && url.port === "" && (url.hostname === host || url.hostname.endsWith(`.${host}`));
  });
}

async function locate(graph: Graph, { feedId, id }: ContentRef): Promise<string> {
  const path = `/drives/${encodeURIComponent(feedId)}/items/${encodeURIComponent(id)}/content`;
  const response = await graph.request(graph.url(path));
  const location = redirectOf(response, graph.url(path));
  if (location === undefined) throw await toProviderError(response, graph.context.now());
  await discard(response);
  return location;
}

async function get(context: ProviderContext, url: string, options: { range?: ByteRange; signal?: AbortSignal }): Promise<Response> {
  const headers = new Headers({ "Accept-Encoding": "identity" });
  const { range } = options;
  if (range) headers.set("Range", `bytes=${range.offset}-${range.offset + range.length - 1}`);
  // Ends with the headers: how long a body may take is not for a clock to say.
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new DOMException("No answer in time.", "TimeoutError")), DOWNLOAD_HEADERS_SECONDS_MAX * 1000);
  const signal = options.signal ? AbortSignal.any([late.signal, options.signal]) : late.signal;
  try {
    return await send(context, url, { headers, signal });
  } finally {
    clearTimeout(timer);
  }
}

function redirectOf(response: Response, base: string): string | undefined {
  const location = response.headers.get("Location");
  if (response.status < 300 || response.status > 399 || location === null) return undefined;
  return URL.canParse(location, base) ? new URL(location, base).href : undefined;
}

async function accept(response: Response, range: ByteRange | undefined, now: number): Promise<OpenedContent> {
  if (response.status !== 200 && response.status !== 206) throw await refusal(response, now);
  const partial = response.status === 206;
  if (partial && !isAsked(response.headers.get("Content-Range"), range)) {
    await discard(response);
    throw new ProviderError("fatal", "The source answered with another part than was asked for.", { status: 206 });
  }
  const size = response.headers.has("Content-Encoding") ? undefined : lengthOf(response.headers);
  const total = totalOf(response.headers.get("Content-Range"));
  const contentType = response.headers.get("Content-Type");
  return {
    body: response.body ?? new Blob([]).stream(),
    partial,
    ...(size !== undefined && { size }),
    ...(partial && total !== undefined && { total }),
    ...(contentType !== null && { contentType }),
  };
}

/** An address that is refused, unknown or gone has run out: whether the item is still there is for `lookup` to say. */
async function refusal(response: Response, now: number): Promise<ProviderError> {
  const error = await toProviderError(response, now);
  const expired = error.kind !== "blocked" && [401, 404, 410].includes(response.status);
  return expired ? new ProviderError("expired_url", "The download address has run out.", { status: response.status }) : error;
}

function isAsked(contentRange: string | null, range: ByteRange | undefined): boolean {
  const [, first] = /^bytes (\d+)-\d+\/(?:\d+|\*)$/.exec(contentRange ?? "") ?? [];
  return range !== undefined && Number(first) === range.offset;
}

function totalOf(contentRange: string | null): number | undefined {
  const [, total] = /^bytes \d+-\d+\/(\d+)$/.exec(contentRange ?? "") ?? [];
  return total === undefined ? undefined : Number(total);
}

function lengthOf(headers: Headers): number | undefined {
  const length = headers.get("Content-Length");
  return length !== null && /^\d+$/.test(length) ? Number(length) : undefined;
}
