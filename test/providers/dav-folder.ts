import { env } from "cloudflare:workers";
import type { FormValues, Provider, ProviderContext } from "../../worker/providers/provider.ts";
import { webdav } from "../../worker/providers/webdav/webdav.ts";

const { SERVER_PROBLEMS, CI } = env as Env & { SERVER_PROBLEMS: string; CI: string };
const CREDENTIALS = { user: "alice", password: "low tide" };

/** Why a server cannot be tested with; null where it can, and in CI, where it must be there. */
export function problemOf(host: string): string | null {
  return CI === "" ? ((JSON.parse(SERVER_PROBLEMS) as Record<string, string | null>)[host] ?? null) : null;
}

/** A folder of its own on a real server, changed by WebDAV as a person's client would, and what must be in it by now. */
export class DavFolder {
  readonly url: string;
  readonly provider: Provider;
  readonly context: ProviderContext;
  fields: FormValues;
  /** Requests so far, of the provider's. */
  readonly asked: { method: string; path: string; headers: Headers }[] = [];
  /** Answers once in the server's place. */
  instead: Response | null = null;
  readonly #contents = new Map<string, string>();
  readonly #removed = new Map<string, [string, string][]>();

  private constructor(url: string) {
    this.url = url;
    this.fields = { address: url, ...CREDENTIALS };
    this.context = {
      fetch: async (input, init) => {
        const { method, url: asked, headers } = new Request(input, init);
        this.asked.push({ method, path: new URL(asked).pathname, headers });
        const { instead } = this;
        this.instead = null;
        return instead ?? fetch(input, init);
      },
      now: () => Date.now(),
      accessToken: () => Promise.reject(new Error("A form has no tokens.")),
      fields: async () => this.fields,
    };
    this.provider = webdav.create(env, this.context);
  }

  static async open(host: string): Promise<DavFolder> {
    const folder = new DavFolder(`https://${host}/${crypto.randomUUID()}/`);
    await folder.send("MKCOL", "");
    return folder;
  }

  async put(path: string, content: string): Promise<string> {
    const parts = path.split("/").slice(1, -1);
    for (const [index] of parts.entries()) await this.send("MKCOL", parts.slice(0, index + 1).join("/"), {}, 405);
    await this.send("PUT", path.slice(1), { body: content });
    this.#contents.set(path, content);
    return path;
  }

  async rename(path: string, name: string): Promise<void> {
    await this.#moveTo(path, `${path.slice(0, path.lastIndexOf("/"))}/${name}`);
  }

  async move(path: string, folder: string): Promise<void> {
    await this.#moveTo(path, `${folder}${path.slice(path.lastIndexOf("/"))}`);
  }

  async remove(path: string): Promise<void> {
    const gone = [...this.#contents].filter(([each]) => each === path || each.startsWith(`${path}/`));
    await this.send("DELETE", path.slice(1));
    this.#removed.set(path, gone);
    for (const [each] of gone) this.#contents.delete(each);
  }

  /** By its path, which is its id. */
  async restore(id: string): Promise<void> {
    for (const [path, content] of this.#removed.get(id) ?? []) await this.put(path, content);
  }

  async files(): Promise<{ id: string; path: string; sha256: string }[]> {
    const files = [...this.#contents].map(async ([path, content]) => {
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(content)));
      return { id: path, path, sha256: [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("") };
    });
    return (await Promise.all(files)).sort((one, other) => (one.path < other.path ? -1 : 1));
  }

  /** A request of the person's own client. */
  async send(method: string, path: string, init: RequestInit = {}, elseStatus?: number): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set("Authorization", `Basic ${btoa(`${CREDENTIALS.user}:${CREDENTIALS.password}`)}`);
    const response = await fetch(this.url + path.split("/").map(encodeURIComponent).join("/"), { ...init, method, headers });
    if (!response.ok && response.status !== elseStatus) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    await response.arrayBuffer();
    return response;
  }

  async #moveTo(path: string, to: string): Promise<void> {
    const destination = this.url + to.slice(1).split("/").map(encodeURIComponent).join("/");
    await this.send("MOVE", path.slice(1), { headers: { Destination: destination, Overwrite: "F" } });
    const moved = [...this.#contents].filter(([each]) => each === path || each.startsWith(`${path}/`));
    for (const [each, content] of moved) {
      this.#contents.delete(each);
      this.#contents.set(to + each.slice(path.length), content);
    }
  }
}
