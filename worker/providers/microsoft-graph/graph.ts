import { ProviderError } from "../errors.ts";
import { readJson, requestAuthorised, type RequestOptions } from "../http.ts";
import type { ProviderContext, ProviderEnv } from "../provider.ts";
import { toProviderError } from "./errors.ts";

/** Graph on behalf of one connection. */
export class Graph {
  readonly context: ProviderContext;
  readonly #root: URL;

  constructor(env: Pick<ProviderEnv, "GRAPH_URL">, context: ProviderContext) {
    this.context = context;
    this.#root = new URL(env.GRAPH_URL.endsWith("/") ? env.GRAPH_URL : `${env.GRAPH_URL}/`);
  }

  /** The address of a path below the API's version: `/me`. */
  url(path: string): string {
    return `${this.#root.href}v1.0${path}`;
  }

  /** Whether a link that Graph handed out leads back to Graph: only such a link is sent the token. */
  owns(link: string): boolean {
    const url = URL.parse(link);
    return url?.origin === this.#root.origin && url.pathname.startsWith(this.#root.pathname) && url.username === "" && url.password === "";
  }

  /** Any answer. Throws where a token was refused twice. */
  async request(url: string, options?: RequestOptions): Promise<Response> {
    if (!this.owns(url)) throw new ProviderError("fatal", "The address is not Microsoft Graph's.");
    const response = await requestAuthorised(this.context, url, options);
    if (response.status === 401) throw await toProviderError(response, this.context.now());
    return response;
  }

  /** The JSON of a success; any other answer is thrown. */
  async json(url: string, options?: RequestOptions): Promise<unknown> {
    const response = await this.request(url, options);
    if (!response.ok) throw await toProviderError(response, this.context.now());
    return readJson(response);
  }
}
