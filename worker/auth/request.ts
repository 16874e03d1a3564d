import * as oauth from "oauth4webapi";
import type { Authority } from "./authorities/authority.ts";
import { basic } from "./authorities/authority.ts";

// Requests to an authority, as `oauth4webapi` makes them, and what some authorities want otherwise.

const REQUEST_TIMEOUT_MILLISECONDS = 10_000;

interface RequestOptions {
  signal: AbortSignal;
  [oauth.customFetch]: (url: string, options: oauth.CustomFetchOptions<string, URLSearchParams | undefined>) => Promise<Response>;
  [oauth.allowInsecureRequests]: boolean;
}

/** How `oauth4webapi` is to ask for something at `address`. */
export function requestOptions(authority: Authority, address: string, fetch: typeof globalThis.fetch): RequestOptions {
  return {
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MILLISECONDS),
    [oauth.customFetch]: (url, { body, ...options }) => ask(authority, fetch, url, body ? { ...options, body } : options),
    // Plain http is for the sandbox on the developer's own machine.
    [oauth.allowInsecureRequests]: new URL(address).protocol === "http:" && new URL(address).hostname === "localhost",
  };
}

export function clientAuthentication({ clientAuthentication: how }: Authority, secret: string): oauth.ClientAuth {
  if (how === "post") return oauth.ClientSecretPost(secret);
  return (_server, client, _body, headers) => headers.set("authorization", basic({ id: client.client_id, secret }));
}

/** A token response without the proof of who the person is, where that is not asked, or was settled at sign-in. */
export async function withoutIdToken(response: Response): Promise<Response> {
  if (!response.ok) return response;
  const { id_token: _, ...rest } = (await response.json()) as Record<string, unknown>;
  return Response.json(rest);
}

async function ask(authority: Authority, fetch: typeof globalThis.fetch, url: string, init: RequestInit): Promise<Response> {
  const asked = authority.jsonRequests && init.body instanceof URLSearchParams ? asJson(init, init.body) : init;
  const response = await fetch(url, asked);
  return response.ok || !authority.refusedBody ? response : refusalOf(response, authority.refusedBody);
}

function asJson(init: RequestInit, form: URLSearchParams): RequestInit {
  const headers = new Headers(init.headers);
  headers.set("content-type", "application/json");
  return { ...init, headers, body: JSON.stringify(Object.fromEntries(form)) };
}

/** The refusal as one in the RFC's form, where it is in the authority's own. */
async function refusalOf(response: Response, toRefusal: NonNullable<Authority["refusedBody"]>): Promise<Response> {
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => null);
  const refusal = typeof body === "object" && body !== null && !("error" in body) ? toRefusal(body as Record<string, unknown>) : undefined;
  return refusal ? Response.json(refusal, { status: response.status }) : response;
}
