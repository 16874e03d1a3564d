import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { createApp } from "../../worker/app.ts";
import type { Connection, Me } from "../../worker/wire.ts";

// A browser, as far as sign-in needs one: cookies by host, redirects followed by hand. What is not ours goes out to the
// sandbox.

const OWN_HOST = "tidemark.example";
const REDIRECTS_MAX = 10;
const app = createApp();
let browsers = 0;

export class Browser {
  readonly #cookies = new Map<string, Map<string, string>>();
  readonly #env: Env;
  /** Each browser has an address of its own, since attempts to sign in are counted by it. */
  readonly #address = `198.51.100.${(browsers += 1)}`;

  constructor(settings: Partial<Env> = {}) {
    this.#env = { ...env, ...settings };
  }

  /** One request, its redirect not followed. */
  async fetch(address: string, init: RequestInit = {}): Promise<Response> {
    const url = new URL(address, `https://${OWN_HOST}`);
    const headers = new Headers(init.headers);
    const jar = this.#jar(url.host);
    if (url.host === OWN_HOST) headers.set("cf-connecting-ip", this.#address);
    if (jar.size > 0) headers.set("cookie", [...jar].map(([name, value]) => `${name}=${value}`).join("; "));
    const request = new Request(url, { ...init, headers, redirect: "manual" });
    const response = url.host === OWN_HOST ? await app.fetch(request, this.#env, createExecutionContext()) : await fetch(request);
    for (const line of response.headers.getSetCookie()) this.#keep(url.host, line);
    return response;
  }

  /** Goes to an address and on, wherever it leads; `stopAt` keeps it from asking for that one. */
  async visit(address: string, stopAt: (url: URL) => boolean = () => false): Promise<{ url: URL; response: Response }> {
    let url = new URL(address, `https://${OWN_HOST}`);
    let response = await this.fetch(url.href);
    for (let hops = 0; hops < REDIRECTS_MAX; hops += 1) {
      const location = response.headers.get("location");
      if (location === null) break;
      url = new URL(location, url);
      if (stopAt(url)) break;
      await response.body?.cancel();
      response = await this.fetch(url.href);
    }
    return { url, response };
  }

  cookies(): string[] {
    return [...this.#jar(OWN_HOST).keys()];
  }

  /** This browser's cookie of that name, for another one to show. */
  cookie(name: string): string | undefined {
    return this.#jar(OWN_HOST).get(name);
  }

  setCookie(name: string, value: string): void {
    this.#jar(OWN_HOST).set(name, value);
  }

  #jar(host: string): Map<string, string> {
    const jar = this.#cookies.get(host) ?? new Map<string, string>();
    this.#cookies.set(host, jar);
    return jar;
  }

  #keep(host: string, line: string): void {
    const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (/max-age=0\b/i.test(line)) this.#jar(host).delete(name);
    else this.#jar(host).set(name, value);
  }
}

/** Whether an address is one of Tidemark's pages, and no longer a step of a sign-in. */
export const isApp = (url: URL): boolean => url.hostname === OWN_HOST && !url.pathname.startsWith("/auth/");

/** Who is signed in here. */
export async function me(browser: Browser): Promise<Me> {
  const response = await browser.fetch("/api/v1/me");
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

export async function myConnections(browser: Browser): Promise<Connection[]> {
  return (await (await browser.fetch("/api/v1/connections")).json<{ items: Connection[] }>()).items;
}

/** As a page of ours does it. */
export function post(browser: Browser, path: string, body: object = {}): Promise<Response> {
  const headers = { origin: `https://${OWN_HOST}`, "content-type": "application/json" };
  return browser.fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
}
