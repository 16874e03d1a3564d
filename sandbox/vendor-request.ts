/** A request to a vendor, whichever way it came: by the vendor's own host name, or with it as the first path segment. */
export type VendorRequest = {
  /** In capitals; any method, those of WebDAV too. */
  method: string;
  host: string;
  /** Percent-encoded as it came, from the vendor's root. */
  path: string;
  /** As it came, with the question mark; empty where there is none. */
  search: string;
  query: URLSearchParams;
  headers: Headers;
  /** The body; it can be read again, and as the other of the two. */
  bytes: () => Promise<Uint8Array>;
  text: () => Promise<string>;
  /** Where a vendor's host is, in the form that this request was asked in; without a trailing slash. */
  site: (host: string) => string;
};

/** Understands a request to a vendor's host; undefined where it is to another address. */
export function toVendorRequest(request: Request, isHost: (host: string) => boolean): VendorRequest | undefined {
  const url = new URL(request.url);
  let body: Promise<Uint8Array> | undefined;
  const bytes = (): Promise<Uint8Array> => (body ??= request.arrayBuffer().then((buffer) => new Uint8Array(buffer)));
  const common = {
    method: request.method.toUpperCase(),
    search: url.search,
    query: url.searchParams,
    headers: request.headers,
    bytes,
    text: async () => new TextDecoder().decode(await bytes()),
  };
  if (isHost(url.hostname)) {
    return { ...common, host: url.hostname, path: url.pathname, site: (host) => `${url.protocol}//${host}` };
  }
  const [, first = "", ...rest] = url.pathname.split("/");
  if (!isHost(first)) return undefined;
  return { ...common, host: first, path: `/${rest.join("/")}`, site: (host) => `${url.origin}/${host}` };
}

/** The token that a request is to speak by, if it has one. */
export function bearerOf(request: VendorRequest): string | undefined {
  return /^Bearer (.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
}

/** Decodes one path segment; what is not valid encoding stays as it is. */
export function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (error) {
    if (error instanceof URIError) return segment;
    throw error;
  }
}
