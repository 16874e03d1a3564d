import { ProviderError } from "../errors.ts";
import { discard, readJson, requestAuthorised } from "../http.ts";
import type { ByteRange, ProviderContext, ProviderEnv } from "../provider.ts";
import { requestContent } from "../stream.ts";
import { toProviderError } from "./errors.ts";
import { namespaceOf } from "./feeds.ts";

/** Dropbox's API v2 on behalf of one connection. */
export class DropboxApi {
  readonly context: ProviderContext;
  readonly #apiUrl: string;
  readonly #contentUrl: string;

  constructor(env: Pick<ProviderEnv, "DROPBOX_API_URL" | "DROPBOX_CONTENT_URL">, context: ProviderContext) {
    this.context = context;
    this.#apiUrl = env.DROPBOX_API_URL;
    this.#contentUrl = env.DROPBOX_CONTENT_URL;
  }

  /** The JSON of a success; any other answer is thrown. `feedId`: paths and ids are this feed's. */
  async ask(route: string, argument?: object, feedId?: string): Promise<unknown> {
    const response = await requestAuthorised(this.context, `${this.#apiUrl}/2/${route}`, {
      method: "POST",
      headers: pathRoot(feedId),
      ...(argument !== undefined && { json: argument }),
    });
    if (!response.ok) throw await toProviderError(response, this.context.now());
    return readJson(response);
  }

  /** The answer whose body is a content, or a part of it; any but a 200 or 206 is thrown. A 401 is answered with a renewed token, once. */
  async content(route: string, argument: object, feedId: string, options: { range?: ByteRange; signal?: AbortSignal }): Promise<Response> {
    const post = async (token: string) =>
      requestContent(this.context, `${this.#contentUrl}/2/${route}`, {
        ...options,
        method: "POST",
        headers: { ...pathRoot(feedId), Authorization: `Bearer ${token}`, "Dropbox-API-Arg": headerJson(argument) },
      });
    let response = await post(await this.context.accessToken());
    if (response.status === 401) {
      await discard(response);
      response = await post(await this.context.accessToken({ renew: true }));
    }
    if (response.status !== 200 && response.status !== 206) throw await toProviderError(response, this.context.now());
    return response;
  }
}

/** JSON that may stand in a header: there is no letter in it beyond the basic ones. */
export function headerJson(value: object): string {
  return JSON.stringify(value).replaceAll(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** What a header of an answer says as JSON; undefined where it makes no sense. */
export function parseHeader(value: string | null): unknown {
  try {
    return JSON.parse(value ?? "") as unknown;
  } catch {
    return undefined;
  }
}

function pathRoot(feedId: string | undefined): Record<string, string> {
  if (feedId === undefined) return {};
  return { "Dropbox-API-Path-Root": headerJson({ ".tag": "namespace_id", namespace_id: namespaceOf(feedId) }) };
}

/** Whether the one thing that was asked for is not there. */
export function isNotFound(error: unknown): boolean {
  return error instanceof ProviderError && error.kind === "not_found";
}
