import { createHash } from "node:crypto";

// A program that uses a running Tidemark and its sandbox over HTTP, as a stranger would.

const ITEMS_PAGE = 1000;
const DOWNLOADS_AT_ONCE = 8;

export interface SourceFile {
  id: string;
  path: string;
  size: number;
  sha256: string;
}

interface Item {
  id: string;
  remoteId: string;
  path: string;
  kind: "file" | "folder";
  state: string;
  sha256: string | null;
}

export class Client {
  readonly #base: string;
  readonly #cookies = new Map<string, string>();

  constructor(base: string) {
    this.#base = base;
  }

  get cookies(): { name: string; value: string }[] {
    return [...this.#cookies].map(([name, value]) => ({ name, value }));
  }

  /** Follows redirects from the sign-in address with a cookie jar. */
  async signIn(account: string): Promise<Response> {
    let url = `${this.#base}/auth/microsoft/login?login_hint=${encodeURIComponent(account)}`;
    for (let hops = 0; hops < 10; hops += 1) {
      const response = await this.#fetch(url);
      const location = response.headers.get("location");
      if (location === null) return response;
      await response.body?.cancel();
      url = new URL(location, url).href;
    }
    throw new Error("The sign-in goes round in circles.");
  }

  async get<T>(path: string): Promise<T> {
    const response = await this.raw(path);
    if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  async send<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await this.raw(path, {
      method,
      headers: { origin: new URL(this.#base).origin, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  raw(path: string, init: RequestInit = {}): Promise<Response> {
    return this.#fetch(new URL(path, this.#base).href, init);
  }

  async #fetch(url: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (new URL(url).origin === new URL(this.#base).origin) {
      headers.set("cookie", [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; "));
    }
    const response = await fetch(url, { ...init, headers, redirect: "manual" });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      const name = pair.slice(0, pair.indexOf("="));
      if (/max-age=0/i.test(line)) this.#cookies.delete(name);
      else this.#cookies.set(name, pair.slice(name.length + 1));
    }
    return response;
  }

  /** The first sync of the signed-in user. */
  async firstSync(): Promise<string> {
    const { items } = await this.get<{ items: { id: string }[] }>("/api/v1/syncs");
    const [first] = items;
    if (!first) throw new Error("There is no sync.");
    return first.id;
  }

  /** Waits until `done` is true of the sync's status. */
  async until(syncId: string, done: (status: SyncStatus) => boolean, seconds: number): Promise<SyncStatus> {
    const until = Date.now() + seconds * 1000;
    for (;;) {
      const status = await this.get<SyncStatus>(`/api/v1/syncs/${syncId}/status`);
      if (done(status)) return status;
      if (Date.now() > until) throw new Error(`Still not done after ${seconds} s: ${JSON.stringify(status)}`);
      await new Promise((resume) => setTimeout(resume, 500));
    }
  }

  /** Every item below a folder, folders too. */
  async items(syncId: string, parent?: string): Promise<Item[]> {
    const found: Item[] = [];
    const folders: (string | undefined)[] = [parent];
    while (folders.length > 0) {
      const folder = folders.pop();
      let cursor: string | null = null;
      do {
        const query = new URLSearchParams({ limit: String(ITEMS_PAGE), ...(folder ? { parent: folder } : {}), ...(cursor ? { cursor } : {}) });
        const page: { items: Item[]; cursor: string | null } = await this.get(`/api/v1/syncs/${syncId}/items?${query}`);
        found.push(...page.items);
        folders.push(...page.items.filter((item) => item.kind === "folder").map((item) => item.id));
        cursor = page.cursor;
      } while (cursor !== null);
    }
    return found;
  }

  /** What differs between the mirror and the source, as lines; each file's bytes are read through the API. */
  async differences(syncId: string, source: readonly SourceFile[], readBytes = true): Promise<string[]> {
    const mirror = new Map((await this.items(syncId)).filter((item) => item.kind === "file").map((item) => [item.path, item]));
    const wrong: string[] = [];
    const queue = [...source];
    const work = async () => {
      for (let file = queue.pop(); file; file = queue.pop()) {
        const item = mirror.get(file.path);
        mirror.delete(file.path);
        if (!item) wrong.push(`missing: ${file.path}`);
        else if (item.state !== "stored") wrong.push(`${item.state}: ${file.path}`);
        else if (item.sha256 !== file.sha256) wrong.push(`other digest: ${file.path}`);
        else if (readBytes && (await this.digest(item.id)) !== file.sha256) wrong.push(`other bytes: ${file.path}`);
      }
    };
    await Promise.all(Array.from({ length: DOWNLOADS_AT_ONCE }, work));
    return [...wrong, ...[...mirror.keys()].map((path) => `not at the source: ${path}`)];
  }

  async digest(itemId: string): Promise<string> {
    const response = await this.raw(`/api/v1/items/${itemId}/content`);
    if (!response.ok) return `${response.status} ${await response.text()}`;
    return createHash("sha256").update(new Uint8Array(await response.arrayBuffer())).digest("hex");
  }
}

export interface SyncStatus {
  upToDateAt: string | null;
  checkedAt: string | null;
  backlog: { files: number; bytes: number };
  activeRun: { id: string; status: string; phase: string; progress: { stored: number; discovered: number } } | null;
}

/** The sandbox's control calls. */
export class SandboxControl {
  readonly #base: string;

  constructor(base: string) {
    this.#base = base;
  }

  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${this.#base}/_sandbox${path}`, {
      method,
      ...(body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  generate(account: string, shape: { files: number; folders: number; meanBytes: number; seed: number }): Promise<unknown> {
    return this.call("POST", `/drives/${account}/generate`, shape);
  }

  async mutate(account: string, ops: readonly object[]): Promise<string[]> {
    return (await this.call<{ ids: string[] }>("POST", `/drives/${account}/mutate`, { ops })).ids;
  }

  async tree(account: string): Promise<SourceFile[]> {
    return (await this.call<{ files: SourceFile[] }>("GET", `/drives/${account}/tree?hash=true`)).files;
  }
}
