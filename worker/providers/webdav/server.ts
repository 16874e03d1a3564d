import { encodeBase64 } from "@oslojs/encoding";
import { ProviderError } from "../errors.ts";
import { ANSWER_SECONDS_MAX, discard, readText, send } from "../http.ts";
import type { ByteRange, ProviderContext, ProviderEnv } from "../provider.ts";
import { publicUrl } from "../public-host.ts";
import { redirectOf, requestContent } from "../stream.ts";
import { NAMESPACES } from "./api.ts";
import { toProviderError } from "./errors.ts";
import { parseMultistatus, type Resource } from "./multistatus.ts";
import { pathOf } from "./share.ts";

const REDIRECTS_MAX = 3;
/** Some twenty thousand files of one folder. */
export const LISTING_BYTES_MAX = 16 * 1024 * 1024;

interface Asking {
  method?: "GET" | "PROPFIND" | "SEARCH";
  headers?: Record<string, string>;
  body?: string;
  /** Without the password. */
  anonymous?: boolean;
}

/**
 * The server whose address a person typed, on behalf of them. Their password goes to that origin alone. Once it was refused nothing
 * more is asked with it: servers lock accounts, and the addresses of those who go on trying.
 */
export class DavServer {
  readonly context: ProviderContext;
  readonly #appOrigin: string;
  #credentials: Promise<{ address: URL; user: string; authorization: string }> | null = null;
  #refusal: ProviderError | null = null;

  constructor(env: Pick<ProviderEnv, "ORIGIN">, context: ProviderContext) {
    this.context = context;
    this.#appOrigin = env.ORIGIN;
  }

  async address(): Promise<URL> {
    return (await this.#filledIn()).address;
  }

  async user(): Promise<string> {
    return (await this.#filledIn()).user;
  }

  /** Any answer but a redirect, or the refusal of the password. */
  async request(url: string, asking: Asking = {}): Promise<Response> {
    const { method = "GET", body, headers } = asking;
    return this.#follow(url, asking.anonymous ?? false, (at, authorization) =>
      send(this.context, at, {
        method,
        headers: { ...headers, ...authorization },
        ...(body !== undefined && { body }),
        signal: AbortSignal.timeout(ANSWER_SECONDS_MAX * 1000),
      }),
    );
  }

  async download(url: string, options: { range?: ByteRange; signal?: AbortSignal; headers?: Record<string, string> }): Promise<Response> {
    return this.#follow(url, false, (at, authorization) =>
      requestContent(this.context, at, { ...options, headers: { ...options.headers, ...authorization } }),
    );
  }

  /** The resource itself (`depth` 0), and what is directly in it (1). */
  async propfind(url: string, depth: 0 | 1, properties: string, bytesMax = LISTING_BYTES_MAX): Promise<Resource[]> {
    const body = `<?xml version="1.0" encoding="utf-8"?><d:propfind ${NAMESPACES}><d:prop>${properties}</d:prop></d:propfind>`;
    // Properties that are not there need no mention.
    const headers = { Depth: String(depth), Prefer: "return=minimal", "Content-Type": "application/xml; charset=utf-8" };
    return this.multistatus(await this.request(url, { method: "PROPFIND", headers, body }), url, bytesMax);
  }

  async multistatus(response: Response, url: string, bytesMax = LISTING_BYTES_MAX): Promise<Resource[]> {
    if (response.status !== 207) {
      if (!response.ok) throw await toProviderError(response, this.context.now());
      await discard(response);
      throw new ProviderError("unsupported", "There is no WebDAV at this address: the server answers with something else.", {
        status: response.status,
      });
    }
    return parseMultistatus(await readText(response, bytesMax), pathOf(url));
  }

  /** Redirects are followed on the same origin only. */
  async #follow(
    url: string,
    anonymous: boolean,
    ask: (url: string, authorization: Record<string, string>) => Promise<Response>,
  ): Promise<Response> {
    const { address, authorization } = await this.#filledIn();
    let at = url;
    for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects++) {
      if (new URL(at).origin !== address.origin) throw elsewhere(at);
      if (!anonymous && this.#refusal) throw this.#refusal;
      const response = await ask(at, anonymous ? {} : { Authorization: authorization });
      if (response.status === 401 && !anonymous) {
        this.#refusal = await toProviderError(response, this.context.now());
        throw this.#refusal;
      }
      const location = redirectOf(response, at);
      if (location === undefined) return response;
      await discard(response);
      at = location;
    }
    throw new ProviderError("unsupported", `The server redirects more than ${REDIRECTS_MAX} times.`);
  }

  #filledIn(): Promise<{ address: URL; user: string; authorization: string }> {
    return (this.#credentials ??= this.#open());
  }

  async #open(): Promise<{ address: URL; user: string; authorization: string }> {
    const { address = "", user = "", password = "" } = (await this.context.fields?.()) ?? {};
    if (user.includes(":")) throw new ProviderError("unsupported", "A user name has no colon in it.");
    const bytes = new TextEncoder().encode(`${user.trim()}:${password}`);
    return { address: publicUrl(address.trim(), this.#appOrigin), user: user.trim(), authorization: `Basic ${encodeBase64(bytes)}` };
  }
}

function elsewhere(url: string): ProviderError {
  const { origin, pathname } = new URL(url);
  return new ProviderError(
    "unsupported",
    `The server leads on to ${origin}${pathname}. The password is not sent there: if that is the right address, connect it by that one.`,
  );
}
