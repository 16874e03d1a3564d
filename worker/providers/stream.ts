import { ProviderError } from "./errors.ts";
import { discard, DOWNLOAD_HEADERS_SECONDS_MAX, send } from "./http.ts";
import type { ByteRange, OpenedContent, ProviderContext } from "./provider.ts";

// Downloads: requests whose bodies are streamed, and what their answers say of them.

/** Asks for a content, or a range of it. The time limit ends with the headers: how long a body may take is not for a clock to say. */
export async function requestContent(
  context: ProviderContext,
  url: string,
  options: { range?: ByteRange; signal?: AbortSignal; method?: "GET" | "POST"; headers?: Record<string, string> },
): Promise<Response> {
  const headers = new Headers({ "Accept-Encoding": "identity", ...options.headers });
  const { range } = options;
  if (range) headers.set("Range", `bytes=${range.offset}-${range.offset + range.length - 1}`);
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new DOMException("No answer in time.", "TimeoutError")), DOWNLOAD_HEADERS_SECONDS_MAX * 1000);
  const signal = options.signal ? AbortSignal.any([late.signal, options.signal]) : late.signal;
  try {
    return await send(context, url, { method: options.method ?? "GET", headers, signal });
  } finally {
    clearTimeout(timer);
  }
}

/** A 200 or 206 as a content. Throws where it is another part than was asked for. */
export async function openedContent(response: Response, range: ByteRange | undefined): Promise<OpenedContent> {
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

/** Where an answer leads on to, as a whole address; undefined where it does not. */
export function redirectOf(response: Response, base: string): string | undefined {
  const location = response.headers.get("Location");
  if (response.status < 300 || response.status > 399 || location === null) return undefined;
  return URL.canParse(location, base) ? new URL(location, base).href : undefined;
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
