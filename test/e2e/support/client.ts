import { createHash } from "node:crypto";

// A program that uses a running Tidemark and its sandbox over HTTP, as a stranger would.

const ITEMS_PAGE = 1000;
const DOWNLOADS_AT_ONCE = 8;
/** A server may close an idle connection just as the next request is on its way: what only reads is then asked again, so often. */
const ASKED_AGAIN_MAX = 3;
const ASKED_AGAIN_MILLISECONDS = 500;
const CLOSED_CONNECTION = new Set(["UND_ERR_SOCKET", "ECONNRESET", "ECONNREFUSED", "EPIPE"]);
/** Hosts that answer with JSON; files come from others. */
const VENDOR_API_HOSTS = new Set(["graph.microsoft.com", "login.microsoftonline.com"]);

export interface SourceFile {
  id: string;
  path: string;
  size: number;
  sha256: string;
}

export interface Item {
  id: string;
  remoteId: string;
  path: string;
  kind: "file" | "folder";
  size: number | null;
  state: string;
  reason: string | null;
  nextAttemptAt: string | null;
  sha256: string | null;
  storedSize: number | null;
  servedDiffers: boolean;
}

/** One line of the folder picker. */
export interface BrowseEntry {
  id: string;
  feedId: string | null;
  name: string;
}

export interface Run {
  id: string;
  type: string;
  status: string;
  trigger: string;
  phase: string;
  startedAt: string | null;
  finishedAt: string | null;
  progress: { discovered: number; pending: number; stored: number; skipped: number; failed: number; removed: number; bytes: number };
  error: { code: string; message: string } | null;
}

export class Client {
  readonly #base: string;
  readonly #cookies = new Map<string, string>();
  /** Connections that were closed under what only reads, and why. */
  readonly askedAgain: string[] = [];

  constructor(base: string) {
    this.#base = base;
  }

  /** One who has the cookies of somebody else's browser. */
  static withCookies(base: string, cookies: readonly { name: string; value: string }[]): Client {
    const client = new Client(base);
    for (const { name, value } of cookies) client.#cookies.set(name, value);
    return client;
  }

  /** Follows redirects from the sign-in address with a cookie jar. */
  signIn(account: string): Promise<Response> {
    return this.#follow(`${this.#base}/auth/microsoft/login?login_hint=${encodeURIComponent(account)}`, account);
  }

  /** Connects an account by its vendor's sign-in; answers the connection's id. */
  async connectBySignIn(provider: string, account: string): Promise<string> {
    const before = await this.#connections();
    const { authorizeUrl } = await this.send<{ authorizeUrl: string }>("POST", "/api/v1/connections", { provider, returnTo: "/app" });
    const landed = await this.#follow(authorizeUrl, account);
    if (!landed.ok) throw new Error(`The sign-in ended with ${landed.status}: ${await landed.text()}`);
    await landed.body?.cancel();
    const made = (await this.#connections()).filter((each) => each.provider === provider);
    const connection = made.find(({ id }) => !before.some((each) => each.id === id)) ?? made[0];
    if (!connection) throw new Error(`The sign-in led to ${landed.url}, and nothing is connected.`);
    return connection.id;
  }

  async connectByForm(provider: string, fields: Record<string, string>, method?: string): Promise<string> {
    const body = { provider, fields, ...(method !== undefined && { method }) };
    const { connection } = await this.send<{ connection: { id: string } }>("POST", "/api/v1/connections", body);
    return connection.id;
  }

  async #connections(): Promise<{ id: string; provider: string }[]> {
    return (await this.get<{ items: { id: string; provider: string }[] }>("/api/v1/connections")).items;
  }

  /** What can be picked below an entry, or where picking begins. */
  async browse(connectionId: string, parent?: BrowseEntry): Promise<BrowseEntry[]> {
    const query = new URLSearchParams({ ...(parent && { parent: parent.id }), ...(parent?.feedId && { feed: parent.feedId }) });
    return (await this.get<{ items: BrowseEntry[] }>(`/api/v1/connections/${connectionId}/browse?${query}`)).items;
  }

  /** The connection's sync. Where there is none, one is made: of what is picked by these names, from where picking begins, or of all. */
  async syncOf(connectionId: string, picks: readonly string[] = []): Promise<string> {
    const { items } = await this.get<{ items: { id: string; connectionId: string }[] }>("/api/v1/syncs");
    const found = items.find((sync) => sync.connectionId === connectionId);
    if (found) return found.id;
    let picked: BrowseEntry | undefined;
    for (const name of picks) {
      const entries = await this.browse(connectionId, picked);
      picked = entries.find((entry) => entry.name === name);
      if (!picked) throw new Error(`There is no ${name}, only ${entries.map((entry) => entry.name).join(", ")}.`);
    }
    const selection = picked ? [{ feed: picked.feedId, itemId: picked.id, mode: "include" }] : [];
    return (await this.send<{ id: string }>("POST", "/api/v1/syncs", { connectionId, selection })).id;
  }

  /** Follows redirects and, where a page has people pick an account, the link of this one. */
  async #follow(start: string, account: string): Promise<Response> {
    let url = start;
    for (let hops = 0; hops < 10; hops += 1) {
      const response = await this.#fetch(url);
      const location = response.headers.get("location") ?? (await linkOf(response, account));
      if (location === null) return response;
      await response.body?.cancel();
      url = new URL(location, url).href;
    }
    throw new Error("The sign-in goes round in circles.");
  }

  get<T>(path: string): Promise<T> {
    return this.#read(async () => {
      const response = await this.raw(path);
      if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
      return (await response.json()) as T;
    });
  }

  /** Reads, again where the connection was closed. */
  async #read<T>(read: () => Promise<T>): Promise<T> {
    for (let again = 0; ; again += 1) {
      try {
        return await read();
      } catch (error) {
        const why = closedBecause(error);
        if (why === null || again === ASKED_AGAIN_MAX) throw error;
        this.askedAgain.push(why);
        await new Promise((resume) => setTimeout(resume, ASKED_AGAIN_MILLISECONDS));
      }
    }
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

  status(syncId: string): Promise<SyncStatus> {
    return this.get<SyncStatus>(`/api/v1/syncs/${syncId}/status`);
  }

  /** Waits until `done` is true of the sync's status. */
  async until(syncId: string, done: (status: SyncStatus) => boolean, seconds: number): Promise<SyncStatus> {
    const until = Date.now() + seconds * 1000;
    for (;;) {
      const status = await this.status(syncId);
      if (done(status)) return status;
      if (Date.now() > until) throw new Error(`Still not done after ${seconds} s: ${JSON.stringify(status)}`);
      await new Promise((resume) => setTimeout(resume, 500));
    }
  }

  /** Newest first. */
  async runs(syncId: string): Promise<Run[]> {
    return (await this.get<{ items: Run[] }>(`/api/v1/syncs/${syncId}/runs`)).items;
  }

  /** Waits until the sync has ended what it was doing and nothing waits; answers its last run. */
  async untilIdle(syncId: string, seconds: number): Promise<Run> {
    await this.until(syncId, (status) => status.activeRun === null && status.backlog.files === 0 && status.checkedAt !== null, seconds);
    const [last] = await this.runs(syncId);
    if (!last) throw new Error("There was no run.");
    return last;
  }

  /** Waits until names, places and digests are the source's. Throws with what still differs. */
  async untilEqual(syncId: string, source: () => Promise<readonly SourceFile[]>, seconds: number): Promise<void> {
    const until = Date.now() + seconds * 1000;
    for (;;) {
      const wrong = await this.differences(syncId, await source(), () => false);
      if (wrong.length === 0) return;
      if (Date.now() > until) {
        const status = await this.status(syncId);
        throw new Error(`${wrong.length} differences after ${seconds} s: ${wrong.slice(0, 10).join("; ")}. ${JSON.stringify(status)}`);
      }
      await new Promise((resume) => setTimeout(resume, 1000));
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
        const query = new URLSearchParams({
          limit: String(ITEMS_PAGE),
          ...(folder ? { parent: folder } : {}),
          ...(cursor ? { cursor } : {}),
        });
        const page: { items: Item[]; cursor: string | null } = await this.get(`/api/v1/syncs/${syncId}/items?${query}`);
        found.push(...page.items);
        folders.push(...page.items.filter((item) => item.kind === "folder").map((item) => item.id));
        cursor = page.cursor;
      } while (cursor !== null);
    }
    return found;
  }

  /** What differs between the mirror and the source, as lines; the bytes of the files that `readBytes` names are read through the API. */
  async differences(
    syncId: string,
    source: readonly SourceFile[],
    readBytes: (file: SourceFile) => boolean = () => true,
  ): Promise<string[]> {
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
        else if (readBytes(file) && (await this.digest(item.id)) !== file.sha256) wrong.push(`other bytes: ${file.path}`);
      }
    };
    await Promise.all(Array.from({ length: DOWNLOADS_AT_ONCE }, work));
    return [...wrong, ...[...mirror.keys()].map((path) => `not at the source: ${path}`)];
  }

  digest(itemId: string): Promise<string> {
    return this.#read(async () => {
      const response = await this.raw(`/api/v1/items/${itemId}/content`);
      if (!response.ok) return `${response.status} ${await response.text()}`;
      return createHash("sha256")
        .update(new Uint8Array(await response.arrayBuffer()))
        .digest("hex");
    });
  }
}

/** Where a page's link for an account leads; null where the page has none. */
async function linkOf(page: Response, account: string): Promise<string | null> {
  if (!page.headers.get("content-type")?.startsWith("text/html")) return null;
  const links = (await page.clone().text()).matchAll(/href="([^"]*[?;]account=([^"&]*)[^"]*)"/g);
  for (const [, href = "", name = ""] of links) if (decodeURIComponent(name) === account) return href.replaceAll("&#38;", "&");
  return null;
}

/** Null where the error is another than a closed connection. */
function closedBecause(error: unknown): string | null {
  const cause = error instanceof TypeError ? error.cause : undefined;
  if (!(cause instanceof Error) || !("code" in cause) || !CLOSED_CONNECTION.has(String(cause.code))) return null;
  return `${error instanceof Error ? error.message : ""}: ${String(cause.code)} ${cause.message}`;
}

export interface SyncStatus {
  upToDateAt: string | null;
  checkedAt: string | null;
  backlog: { files: number; bytes: number };
  waitingFor: { reason: string; until: string | null } | null;
  activeRun: Run | null;
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

  /** The same without digests, which take long in a large drive. */
  async places(account: string): Promise<Omit<SourceFile, "sha256">[]> {
    return (await this.call<{ files: SourceFile[] }>("GET", `/drives/${account}/tree`)).files;
  }

  async fault(account: string, fault: Fault): Promise<void> {
    await this.call("POST", "/faults", { ...fault, match: { ...fault.match, account } });
  }

  /** How often each of the account's faults has struck, in the order in which they were switched on. */
  async struck(account: string): Promise<number[]> {
    const { active } = await this.call<{ active: { match: { account?: string }; hits: number }[] }>("GET", "/faults");
    return active.filter(({ match }) => match.account === account).map(({ hits }) => hits);
  }

  async noFaults(account: string): Promise<void> {
    await this.call("DELETE", `/faults?account=${account}`);
  }

  /** What this account's vendor was asked for since `forgetRequests`. */
  async requests(account: string): Promise<Requests> {
    return this.call("GET", `/requests?account=${account}`);
  }

  async forgetRequests(account: string): Promise<void> {
    await this.call("DELETE", `/requests?account=${account}`);
  }

  /** Files whose bytes were asked for since `forgetRequests`. */
  async downloads(account: string): Promise<number> {
    const { routes } = await this.requests(account);
    return routes.filter(({ host, status }) => !VENDOR_API_HOSTS.has(host) && status < 300).reduce((sum, { count }) => sum + count, 0);
  }
}

/** What goes wrong, for one account: a named fault of the vendor's, or effects. */
export interface Fault {
  name?: string;
  match?: { path?: string; method?: string; item?: string };
  rate?: number;
  times?: number;
  delayMs?: number;
  drop?: boolean;
  seed?: number;
  headers?: Record<string, string>;
}

export interface Requests {
  total: number;
  routes: { host: string; method: string; route: string; status: number; count: number }[];
}
