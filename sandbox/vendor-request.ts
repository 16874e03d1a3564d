/** A request to a vendor, whichever way it came: by the vendor's own host name, or with it as the first path segment. */
export type VendorRequest = {
  method: string;
  host: string;
  /** Percent-encoded as it came, from the vendor's root. */
  path: string;
  /** As it came, with the question mark; empty where there is none. */
  search: string;
  query: URLSearchParams;
  headers: Headers;
  text: () => Promise<string>;
  /** Where a vendor's host is, in the form that this request was asked in; without a trailing slash. */
  site: (host: string) => string;
};

/** Understands a request to one of `hosts`; undefined where it is to another address. */
export function toVendorRequest(request: Request, hosts: ReadonlySet<string>): VendorRequest | undefined {
  const url = new URL(request.url);
  let text: Promise<string> | undefined;
  const common = {
    method: request.method,
    search: url.search,
    query: url.searchParams,
    headers: request.headers,
    text: () => (text ??= request.text()),
  };
  if (hosts.has(url.hostname)) {
    return { ...common, host: url.hostname, path: url.pathname, site: (host) => `${url.protocol}//${host}` };
  }
  const [, first = "", ...rest] = url.pathname.split("/");
  if (!hosts.has(first)) return undefined;
  return { ...common, host: first, path: `/${rest.join("/")}`, site: (host) => `${url.origin}/${host}` };
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
