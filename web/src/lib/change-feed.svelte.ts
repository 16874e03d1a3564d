import { api, asApiError, changesUrl, type ApiError } from "./api.ts";
import type { Change } from "./wire.ts";

const PAGE_ITEMS = 50;
/** Pages asked for at once: one may be empty and not the last. */
const ASKED_MAX = 10;
/** New ones that are shown at once; of more the newest, as if the page had just been opened. */
const NEW_MAX = 500;

interface Narrowed {
  sync: string | undefined;
  type: Change["type"] | undefined;
}

/** The changes as people read them: from the newest back, and each new one as it comes. */
export class ChangeFeed {
  items = $state.raw<readonly Change[]>([]);
  /** Whether nothing is left to load. */
  complete = $state(false);
  loading = $state(false);
  error = $state.raw<ApiError>();
  /** Whether new changes come in. */
  follows = $state(true);

  #cursor: string | null = null;
  #source: EventSource | undefined;
  #closed = false;
  readonly #narrowed: Narrowed;

  constructor(narrowed: Narrowed) {
    this.#narrowed = narrowed;
  }

  /** The first page, and what comes after it; the returned function ends it. */
  start(): () => void {
    void this.#begin();
    return () => {
      this.#closed = true;
      this.#source?.close();
    };
  }

  /** What comes after the newest of all changes is new, whatever the list is narrowed to. */
  async #begin(): Promise<void> {
    const newest = await api.recentChanges({ cursor: null, limit: 1 }).catch(() => null);
    await this.more();
    this.#follow(newest?.items[0]?.cursor ?? null);
  }

  /** Loads further back. */
  async more(): Promise<void> {
    if (this.loading || this.complete || this.#closed) return;
    this.loading = true;
    try {
      for (let asked = 0, wanted = PAGE_ITEMS; asked < ASKED_MAX && wanted > 0; asked += 1) {
        const page = await api.recentChanges({ cursor: this.#cursor, limit: wanted, ...this.#narrowed });
        if (this.#closed) return;
        this.items = [...this.items, ...page.items];
        this.#cursor = page.cursor;
        this.complete = page.cursor === null;
        wanted = this.complete ? 0 : wanted - page.items.length;
      }
      this.error = undefined;
    } catch (error) {
      this.error = asApiError(error);
    } finally {
      this.loading = false;
    }
  }

  /** The browser resumes the stream by the id of the last event; one that was refused for good is said. */
  #follow(cursor: string | null): void {
    if (this.#closed) return;
    const source = new EventSource(changesUrl(cursor));
    this.#source = source;
    source.addEventListener("open", () => (this.follows = true));
    source.addEventListener("error", () => (this.follows = source.readyState !== EventSource.CLOSED));
    source.addEventListener("change", (message: MessageEvent<string>) => {
      const change = JSON.parse(message.data) as Change;
      const { sync, type } = this.#narrowed;
      if ((sync !== undefined && change.syncId !== sync) || (type !== undefined && change.type !== type)) return;
      if (this.items.some(({ cursor }) => cursor === change.cursor)) return;
      this.items = [change, ...this.items];
      this.#fresh += 1;
      if (this.#fresh > NEW_MAX) this.#forgetOld();
    });
  }

  #fresh = 0;

  /** A first listing tells of all its files: what would pile up is read again when it is scrolled to. */
  #forgetOld(): void {
    this.items = this.items.slice(0, PAGE_ITEMS);
    this.#cursor = this.items.at(-1)?.cursor ?? null;
    this.complete = false;
    this.#fresh = 0;
  }
}
