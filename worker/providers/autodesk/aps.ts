import { asProviderError, ProviderError } from "../errors.ts";
import { discard, readJson, requestAuthorised, type RequestOptions } from "../http.ts";
import type { FormValues, ProviderContext, ProviderEnv } from "../provider.ts";
import type { Document, Resource } from "./api.ts";
import { toProviderError } from "./errors.ts";

/** Requests at once: a Worker has six connections. */
const REQUESTS_AT_ONCE = 4;
const PAGES_MAX = 200;

type Query = Record<string, string | number | boolean | undefined>;

/** A document, and when Autodesk answered it by its own clock. */
export interface Answered extends Document {
  answeredAt: number;
}

/** Autodesk Platform Services on behalf of one connection. */
export class Aps {
  readonly context: ProviderContext;
  readonly env: ProviderEnv;
  #fields: Promise<FormValues | null> | null = null;

  constructor(env: ProviderEnv, context: ProviderContext) {
    this.env = env;
    this.context = context;
  }

  /** What the person filled in; null where they signed in. */
  fields(): Promise<FormValues | null> {
    return (this.#fields ??= this.#askFields());
  }

  /** A document of the Data Management API; any answer but a success is thrown. Segments of `path` are encoded by who puts them in. */
  async document(path: string, query: Query = {}): Promise<Answered> {
    const user = (await this.fields())?.["user"]?.trim();
    const response = await this.request(this.#url(path, query), user ? { headers: { "x-user-id": user } } : {});
    const date = Date.parse(response.headers.get("Date") ?? "");
    return { ...asObject<Document>(await readJson(response)), answeredAt: Number.isNaN(date) ? this.context.now() : date };
  }

  /** All pages of a list, and whether something is missing from it. */
  async list(path: string, query: Query = {}): Promise<{ resources: Resource[]; partial: boolean }> {
    const resources: Resource[] = [];
    let partial = false;
    for (let page = 0; page < PAGES_MAX; page++) {
      const document = await this.document(path, { ...query, ...(page > 0 && { "page[number]": page }) });
      resources.push(...resourcesOf(document.data));
      partial ||= isPartial(document);
      if (!hasNext(document)) return { resources, partial };
    }
    throw new ProviderError("fatal", `A list of Autodesk's has more than ${PAGES_MAX} pages.`);
  }

  async json(path: string, query: Query = {}, options?: RequestOptions): Promise<unknown> {
    return readJson(await this.request(this.#url(path, query), options));
  }

  /** A call whose answer's body has nothing to say. */
  async call(path: string, options: RequestOptions): Promise<Response> {
    const response = await this.request(this.#url(path), options);
    await discard(response);
    return response;
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

  async request(url: string, options?: RequestOptions): Promise<Response> {
    const response = await requestAuthorised(this.context, url, options);
    if (!response.ok) throw await toProviderError(response, this.context.now());
    return response;
  }

  async #askFields(): Promise<FormValues | null> {
    try {
      return (await this.context.fields?.()) ?? null;
    } catch (error) {
      // That there are none is an answer too; that they could not be had is not.
      if (asProviderError(error).kind === "unsupported") return null;
      this.#fields = null;
      throw error;
    }
  }

  #url(path: string, query: Query = {}): string {
    const url = new URL(`${this.env.AUTODESK_API_URL}${path}`);
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
    return url.href;
  }
}

/** An answer that must be an object. */
export function asObject<T extends object>(answer: unknown): T {
  if (typeof answer !== "object" || answer === null) throw new ProviderError("fatal", "Autodesk's answer makes no sense.");
  return answer as T;
}

/** The resources of a list; what is none is left in, as one of which nothing is known. */
export function resourcesOf(data: unknown): Resource[] {
  if (!Array.isArray(data)) throw new ProviderError("transient", "Autodesk's answer has no list in it.");
  return data.map((one: unknown): Resource => (typeof one === "object" && one !== null ? one : {}));
}

/** Whether an answer says of itself that it leaves something out. */
export const isPartial = ({ meta }: Document): boolean => (meta?.warnings?.length ?? 0) > 0;

/** Whether there is another page. Links are objects, and were texts. */
export function hasNext({ links }: Document): boolean {
  const next = links?.next;
  return typeof next === "string" ? next !== "" : typeof next?.href === "string";
}

/** The id that a resource names as related to it. */
export const relatedId = (resource: Resource, name: string): string | undefined => resource.relationships?.[name]?.data?.id ?? undefined;
