import { ProviderError } from "../errors.ts";
import { ANSWER_SECONDS_MAX, discard, readJson, requestAuthorised, send } from "../http.ts";
import type { ByteRange, ProviderContext, ProviderEnv } from "../provider.ts";
import { isDownloadHost } from "../download-hosts.ts";
import { redirectOf, requestContent } from "../stream.ts";
import { deniedError, toProviderError } from "./errors.ts";
import { signInOf, type BasicSignIn, type SignIn } from "./sign-in.ts";
import { gatewayRoot, isCloudId, sitesOf, type ProductName, type Site } from "./sites.ts";

/** Requests at once: a Worker has six connections. */
const REQUESTS_AT_ONCE = 5;
const REDIRECTS_MAX = 3;

/** A value that is a list is sent as several parameters of the same name; one that is undefined is left out. */
export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

type ApiEnv = Pick<ProviderEnv, "ORIGIN" | "ATLASSIAN_API_URL" | "ATLASSIAN_DOWNLOAD_HOSTS">;

/** The REST API of one of Atlassian's products on behalf of one connection, at each of its sites. */
export class AtlassianApi {
  readonly context: ProviderContext;
  readonly #env: ApiEnv;
  readonly #product: ProductName;
  #signIn: Promise<SignIn> | null = null;
  #sites: Promise<Site[]> | null = null;
  #refusal: ProviderError | null = null;

  constructor(env: ApiEnv, context: ProviderContext, product: ProductName) {
    this.context = context;
    this.#env = env;
    this.#product = product;
  }

  signIn(): Promise<SignIn> {
    return (this.#signIn ??= signInOf(this.#env, this.context));
  }

  /** All sites that this connection has the product at; read once. */
  sites(): Promise<Site[]> {
    return (this.#sites ??= this.#readSites());
  }

  /** One site, without asking for it where a sign-in may know several: what its id leads to may be refused. */
  async site(id: string): Promise<Pick<Site, "id" | "root">> {
    if ((await this.signIn()).kind === "oauth") {
      if (!isCloudId(id)) throw new ProviderError("not_found", "There is no such site.");
      return { id, root: gatewayRoot(this.#env.ATLASSIAN_API_URL, this.#product, id) };
    }
    const found = (await this.sites()).find((site) => site.id === id);
    if (!found) throw new ProviderError("not_found", "This connection is to another site.");
    return found;
  }

  /** The JSON of a success; any other answer is thrown. `path`: below the site's root, with a slash before it. */
  json(site: Pick<Site, "root">, path: string, query: Query = {}): Promise<unknown> {
    return this.jsonAt(addressOf(`${site.root}${path}`, query));
  }

  /** The same of a whole address, which must be the connection's own. */
  async jsonAt(url: string): Promise<unknown> {
    const response = await this.request(url);
    if (!response.ok) throw await toProviderError(response, this.context.now());
    return readJson(response);
  }

  /** Any answer but the refusal of an API token, with which nothing more is asked then. */
  async request(url: string, options: { method?: "GET" | "POST" | "PUT" | "DELETE"; json?: unknown } = {}): Promise<Response> {
    const signIn = await this.signIn();
    const response =
      signIn.kind === "oauth" ? await requestAuthorised(this.context, url, options) : await this.#basic(signIn, url, options);
    this.#tellBudget(response.headers);
    return response;
  }

  /**
   * The bytes behind an address: those of the answer itself, or those that it redirects to. The token goes no further than to the
   * origin of that address, and bytes come from nowhere else than there and Atlassian's own hosts for files.
   */
  async download(url: string, options: { range?: ByteRange; signal?: AbortSignal } = {}): Promise<Response> {
    let response = await this.#authorisedContent(url, options);
    let at = url;
    for (let redirects = 0; redirects < REDIRECTS_MAX; redirects++) {
      const location = redirectOf(response, at);
      if (location === undefined) break;
      await discard(response);
      const toFiles = isDownloadHost(location, this.#env.ATLASSIAN_DOWNLOAD_HOSTS);
      if (!toFiles && !isOwnDownload(location, url))
        throw new ProviderError("fatal", `Atlassian sends a download to ${new URL(location).host}, which is none of its hosts for files.`);
      at = location;
      response = await (toFiles ? requestContent(this.context, at, options) : this.#authorisedContent(at, options));
    }
    if (response.ok) return response;
    const error = await toProviderError(response, this.context.now());
    // Refused by a signed address, whose time is over: nothing of the connection is refused by that.
    if (at !== url && (error.status === 401 || error.status === 403))
      throw new ProviderError("transient", "A signed address was refused.", { status: error.status ?? 0, cause: error });
    throw error;
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

  async #readSites(): Promise<Site[]> {
    const signIn = await this.signIn();
    if (signIn.kind === "basic") return [await this.#typedSite(signIn)];
    const { ATLASSIAN_API_URL: apiUrl } = this.#env;
    return sitesOf(await this.jsonAt(`${apiUrl}/oauth/token/accessible-resources`), this.#product, apiUrl);
  }

  /** A token with scopes needs the site's cloud id, which everybody may ask for. */
  async #typedSite({ site, host, scoped }: BasicSignIn): Promise<Site> {
    const own = { name: host.replace(/\.atlassian\.net$/, ""), url: site };
    if (!scoped) return { ...own, id: host, root: site };
    const response = await send(this.context, `${site}/_edge/tenant_info`, { signal: AbortSignal.timeout(ANSWER_SECONDS_MAX * 1000) });
    if (!response.ok) throw await notASite(response, host);
    const { cloudId } = ((await readJson(response)) ?? {}) as { cloudId?: unknown };
    if (!isCloudId(cloudId)) throw await notASite(response, host);
    return { ...own, id: cloudId, root: gatewayRoot(this.#env.ATLASSIAN_API_URL, this.#product, cloudId) };
  }

  async #basic({ authorization }: BasicSignIn, url: string, options: { method?: string; json?: unknown }): Promise<Response> {
    if (this.#refusal) throw this.#refusal;
    const { method = "GET", json } = options;
    const response = await send(this.context, url, {
      method,
      headers: {
        Authorization: authorization,
        Accept: "application/json",
        ...(json !== undefined && { "Content-Type": "application/json" }),
      },
      ...(json !== undefined && { body: JSON.stringify(json) }),
      signal: AbortSignal.timeout(ANSWER_SECONDS_MAX * 1000),
    });
    await this.#expectSignedIn(response);
    if (redirectOf(response, url) === undefined) return response;
    await discard(response);
    throw new ProviderError("unsupported", "This address leads on to another one. Fill in the one at which you use the site.");
  }

  async #authorisedContent(url: string, options: { range?: ByteRange; signal?: AbortSignal }): Promise<Response> {
    const signIn = await this.signIn();
    if (signIn.kind === "basic") {
      if (this.#refusal) throw this.#refusal;
      const response = await requestContent(this.context, url, { ...options, headers: { Authorization: signIn.authorization } });
      await this.#expectSignedIn(response);
      return response;
    }
    const ask = async (renew: boolean) => {
      const token = await this.context.accessToken(renew ? { renew } : undefined);
      return requestContent(this.context, url, { ...options, headers: { Authorization: `Bearer ${token}` } });
    };
    const response = await ask(false);
    if (response.status !== 401) return response;
    await discard(response);
    return ask(true);
  }

  /** An answer to somebody who is not signed in may look like any other. */
  async #expectSignedIn(response: Response): Promise<void> {
    const denied = deniedError(response.headers, response.status);
    if (!denied && response.status !== 401) return;
    this.#refusal = denied ?? (await toProviderError(response, this.context.now()));
    await response.body?.cancel().catch(() => undefined);
    throw this.#refusal;
  }

  #tellBudget(headers: Headers): void {
    const [limit, remaining] = [
      Number(headers.get("X-RateLimit-Limit") ?? Number.NaN),
      Number(headers.get("X-RateLimit-Remaining") ?? Number.NaN),
    ];
    const reset = Date.parse(headers.get("X-RateLimit-Reset") ?? "");
    if (!(limit > 0) || !(remaining >= 0) || Number.isNaN(reset)) return;
    this.context.onBudget?.({ limit, remaining, resetSeconds: Math.max(0, Math.ceil((reset - this.context.now()) / 1000)) });
  }
}

/** An address with a query. */
export function addressOf(base: string, query: Query): string {
  const url = new URL(base);
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? (value as readonly string[]) : [value])
      if (one !== undefined) url.searchParams.append(name, String(one));
  }
  return url.href;
}

/** Whether an address leads on to a download at the origin that it came from, and not to a page, such as that of a sign-in. */
function isOwnDownload(location: string, from: string): boolean {
  const { origin, pathname } = new URL(location);
  return origin === new URL(from).origin && /\/download\b/.test(pathname);
}

async function notASite(response: Response, host: string): Promise<ProviderError> {
  await response.body?.cancel().catch(() => undefined);
  return new ProviderError("unsupported", `There is no Atlassian site at ${host}.`, { status: response.status });
}
