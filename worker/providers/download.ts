import { ProviderError } from "./errors.ts";
import { discard, DOWNLOAD_HEADERS_SECONDS_MAX, send } from "./http.ts";
import type { ByteRange, OpenedContent, ProviderContext } from "./provider.ts";

// What downloads have in common, whichever source they come from.

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

/** Asks for a content, or a range of it: the answer with its headers, whatever it is. Redirects are not followed. */
export async function getContent(
  context: ProviderContext,
  url: string,
  options: { range?: ByteRange; signal?: AbortSignal; headers?: Record<string, string> },
): Promise<Response> {
  const headers = new Headers({ ...options.headers, "Accept-Encoding": "identity" });
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

/** Where an answer leads on to; undefined where it does not. */
export function redirectOf(response: Response, base: string): string | undefined {
  const location = response.headers.get("Location");
  if (response.status < 300 || response.status > 399 || location === null) return undefined;
  return URL.canParse(location, base) ? new URL(location, base).href : undefined;
}

/** The content of an answer of 200 or 206. Throws where it is another part than was asked for. */
export async function toOpened(response: Response, range: ByteRange | undefined): Promise<OpenedContent> {
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
