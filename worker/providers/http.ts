import { asProviderError, ProviderError } from "./errors.ts";
import type { ProviderContext, RequestBudget } from "./provider.ts";

/** How sources ask well-behaved programs to name themselves. */
const USER_AGENT = "NONISV|Tidemark|Tidemark/1.0";
/** Until an answer is complete: a change page of a large drive takes its time. */
export const ANSWER_SECONDS_MAX = 90;
/** Until a download's headers are there; its body is watched by who reads it. */
export const DOWNLOAD_HEADERS_SECONDS_MAX = 60;
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;
export const ERROR_BYTES_MAX = 64 * 1024;
const UNREAD_BYTES_MAX = 4 * 1024;
/** The `providerCode` of an error about an answer that was not read to its end, since it is too long. */
export const TOO_LONG = "answer_too_long";

export interface RequestOptions {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  headers?: Record<string, string>;
  /** Sent as JSON. */
  json?: unknown;
}

/**
 * One request with the connection's token. Redirects are not followed. A 401 is answered with a renewed token, once:
 * the second one means that the person must sign in again, and comes back as the response it is.
 */
export async function requestAuthorised(context: ProviderContext, url: string, options: RequestOptions = {}): Promise<Response> {
  const response = await request(context, url, await context.accessToken(), options);
  if (response.status !== 401) return response;
  await discard(response);
  return request(context, url, await context.accessToken({ renew: true }), options);
}

async function request(context: ProviderContext, url: string, token: string, options: RequestOptions): Promise<Response> {
  const headers = new Headers(options.headers);
  headers.set("Authorization", `Bearer ${token}`);
  headers.set("Accept", "application/json");
  headers.set("client-request-id", crypto.randomUUID());
  if (options.json !== undefined) headers.set("Content-Type", "application/json");
  return send(context, url, {
    method: options.method ?? "GET",
    headers,
    ...(options.json !== undefined && { body: JSON.stringify(options.json) }),
    signal: AbortSignal.timeout(ANSWER_SECONDS_MAX * 1000),
  });
}

/** One bare request: for addresses that carry their own authority. A connection that breaks is a transient ProviderError. */
export async function send(context: ProviderContext, url: string, init: RequestInit): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("User-Agent", USER_AGENT);
  context.onRequest?.();
  // Called bare: the platform's fetch refuses to be anybody's method.
  const { fetch } = context;
  try {
    const response = await fetch(url, { ...init, headers, redirect: "manual" });
    reportBudget(context, response.headers);
    return response;
  } catch (error) {
    throw broken(error);
  }
}

/** Tells who asked what the answer says of the allowance, where it does. */
export function reportBudget(context: ProviderContext, headers: Headers): void {
  const budget = budgetOf(headers);
  if (budget) context.onBudget?.(budget);
}

/** The allowance as `RateLimit-Limit`, `-Remaining` and `-Reset` tell it; null where they do not, or make no sense. */
export function budgetOf(headers: Headers): RequestBudget | null {
  const limit = seconds(firstOf(headers.get("RateLimit-Limit")));
  const remaining = seconds(headers.get("RateLimit-Remaining"));
  const resetSeconds = seconds(headers.get("RateLimit-Reset"));
  if (limit === undefined || remaining === undefined || resetSeconds === undefined || limit === 0) return null;
  return { limit, remaining: Math.min(remaining, limit), resetSeconds };
}

/** A limit may be followed by the policies that it comes from. */
function firstOf(value: string | null): string | null {
  return value?.split(",")[0] ?? null;
}

/** The body as JSON, if it is not beyond reason. What is no JSON is a front door's error page: transient. */
export async function readJson(response: Response, bytesMax = ANSWER_BYTES_MAX): Promise<unknown> {
  const text = await readText(response, bytesMax);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new ProviderError("transient", "The provider's answer is not JSON.", { status: response.status, cause: error });
  }
}

/** The body as text. Longer than `bytesMax` is an error. */
export async function readText(response: Response, bytesMax: number): Promise<string> {
  if (!response.body) return "";
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  try {
    for await (const chunk of response.body) {
      bytes += chunk.byteLength;
      if (bytes > bytesMax) {
        throw new ProviderError("fatal", `The provider's answer is longer than ${bytesMax} bytes.`, { providerCode: TOO_LONG });
      }
      text += decoder.decode(chunk, { stream: true });
    }
  } catch (error) {
    throw broken(error);
  }
  return text + decoder.decode();
}

/** Lets go of a body that nobody wants. */
export async function discard(response: Response): Promise<void> {
  const announced = Number(response.headers.get("Content-Length") ?? Number.POSITIVE_INFINITY);
  // A short body is read to its end, which keeps the connection.
  if (announced <= UNREAD_BYTES_MAX) await response.arrayBuffer().catch(() => undefined);
  else await response.body?.cancel().catch(() => undefined);
}

/** How long the answer asks to wait: the greatest of Retry-After (seconds or a date), its form in milliseconds, and RateLimit-Reset. */
export function retryAfterSeconds(headers: Headers, now: number): number | undefined {
  const waits = [
    retryAfter(headers.get("Retry-After"), now),
    inSeconds(headers.get("x-ms-retry-after-ms") ?? headers.get("retry-after-ms")),
    seconds(headers.get("RateLimit-Reset")),
  ].filter((wait) => wait !== undefined);
  return waits.length > 0 ? Math.max(...waits) : undefined;
}

function retryAfter(value: string | null, now: number): number | undefined {
  const plain = seconds(value);
  if (plain !== undefined || value === null) return plain;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - now) / 1000));
}

function inSeconds(milliseconds: string | null): number | undefined {
  const given = seconds(milliseconds);
  return given === undefined ? undefined : Math.ceil(given / 1000);
}

function seconds(value: string | null): number | undefined {
  return value !== null && /^\d+(\.\d+)?$/.test(value.trim()) ? Math.ceil(Number(value)) : undefined;
}

/** What a fetch throws says little and is worded differently everywhere: short of our own errors, the connection broke. */
function broken(error: unknown): ProviderError {
  const known = asProviderError(error);
  if (known.kind !== "fatal" || error instanceof ProviderError) return known;
  return new ProviderError("transient", "The connection to the provider broke.", { cause: error });
}
