import { ProviderError } from "../errors.ts";
import { readJson, requestAuthorised, type RequestOptions } from "../http.ts";
import type { ProviderContext, ProviderEnv } from "../provider.ts";
import { toProviderError } from "./errors.ts";

/** Requests at once: a Worker has six connections. */
const REQUESTS_AT_ONCE = 5;

type Query = Record<string, string | number | boolean | null | undefined>;

/** The Google Drive API on behalf of one connection. */
export class Drive {
  readonly context: ProviderContext;
  readonly #root: URL;

  constructor(env: Pick<ProviderEnv, "GOOGLE_API_URL">, context: ProviderContext) {
    this.context = context;
    this.#root = new URL(env.GOOGLE_API_URL.endsWith("/") ? env.GOOGLE_API_URL : `${env.GOOGLE_API_URL}/`);
  }

  /** The address of a path below the API's version: `/files`. Parameters without a value are left out. */
  url(path: string, query: Query = {}): string {
    const url = new URL(`${this.#root.href}drive/v3${path}`);
    for (const [name, value] of Object.entries(query)) if (value !== null && value !== undefined) url.searchParams.set(name, String(value));
    return url.href;
  }

  /** Whether an address is the API's own: only such a one is sent the token. */
  owns(address: string): boolean {
    const url = URL.parse(address);
    return url?.origin === this.#root.origin && url.pathname.startsWith(`${this.#root.pathname}drive/v3/`) && url.username === "";
  }

  /** The JSON of a success; any other answer is thrown. */
  async json(path: string, query: Query = {}, options?: RequestOptions): Promise<unknown> {
    const response = await requestAuthorised(this.context, this.url(path, query), options);
    if (!response.ok) throw await toProviderError(response, this.context.now());
    return readJson(response);
  }

  /** A call whose answer has nothing to say. */
  async call(path: string, options: RequestOptions): Promise<void> {
    const response = await requestAuthorised(this.context, this.url(path), options);
    if (!response.ok) throw await toProviderError(response, this.context.now());
    await response.body?.cancel();
  }

  file(id: string, fields: string): Promise<unknown> {
    return this.json(`/files/${encodeURIComponent(id)}`, { fields, supportsAllDrives: true });
  }

  /** Asks for each, a few at once, and answers in their order. */
  async each<T, R>(values: readonly T[], ask: (value: T) => Promise<R>): Promise<R[]> {
    const results: R[] = [];
    const waiting = values.map((value, index) => ({ value, index }));
    const work = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) results[next.index] = await ask(next.value);
    };
    await Promise.all(Array.from({ length: Math.min(REQUESTS_AT_ONCE, values.length) }, work));
    return results;
  }
}

/** An answer that must be an object. */
export function asObject<T extends object>(answer: unknown): T {
  if (typeof answer !== "object" || answer === null) throw new ProviderError("fatal", "Google Drive's answer makes no sense.");
  return answer as T;
}
