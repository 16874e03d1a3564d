// Where the rows of a list of files come from: a folder or the trash, loaded as it is scrolled, or a search, the best first.
import { api } from "./api.ts";
import { EMPTY_LISTING, Listing, type ListingState, type ListSource } from "./listing.ts";
import { bestFirst } from "./relevance.ts";
import type { Item, ItemState, Page } from "./wire.ts";

export const PAGE_ITEMS = 500;
/** A search shows so many; one with more is to be told more of. */
const FOUND_MAX = 1_000;

export type Sort = "name" | "size" | "modified";
export type Order = "asc" | "desc";

/** Rows, and how to get at those in view. */
export interface FileSource {
  readonly listing: ListingState<Item>;
  /** Whether there is more than is ever shown. */
  readonly cut: boolean;
  show(first: number, last: number): void;
  refresh(): void;
  close(): void;
}

/** Loaded page by page, where they are looked at. */
export class ListedFiles implements FileSource {
  listing = $state.raw<ListingState<Item>>(EMPTY_LISTING);
  readonly cut = false;
  #list: Listing<Item>;

  constructor(source: ListSource<Item>) {
    this.#list = new Listing(PAGE_ITEMS, source, (state) => (this.listing = state));
  }

  show(first: number, last: number): void {
    void this.#list.show(first, last);
  }

  refresh(): void {
    void this.#list.refresh();
  }

  close(): void {
    this.#list.close();
  }
}

/** All that is found, the best first; what is found meanwhile is shown at once. */
export class FoundFiles implements FileSource {
  listing = $state.raw<ListingState<Item>>({ ...EMPTY_LISTING, loading: true });
  cut = $state(false);
  #search: { q: string; sync?: string | undefined; state?: ItemState | undefined };
  #asked = 0;

  constructor(search: { q: string; sync?: string | undefined; state?: ItemState | undefined }) {
    this.#search = search;
    void this.#run();
  }

  show(): void {}

  refresh(): void {
    void this.#run();
  }

  close(): void {
    this.#asked += 1;
  }

  async #run(): Promise<void> {
    const asked = ++this.#asked;
    let found: Item[] = [];
    this.listing = { ...this.listing, loading: true, error: null };
    try {
      for (let cursor: string | null = null; ;) {
        const page: Page<Item> = await api.search({ ...this.#search, cursor, limit: PAGE_ITEMS });
        if (asked !== this.#asked) return;
        found = bestFirst([...found, ...page.items], this.#search.q);
        ({ cursor } = page);
        const done = cursor === null || found.length >= FOUND_MAX;
        // A search that is asked for again replaces what is shown only when it is whole.
        if (done || found.length >= this.listing.count) this.listing = this.#state(found, done);
        if (!done) continue;
        this.cut = cursor !== null;
        return;
      }
    } catch (error) {
      if (asked === this.#asked) this.listing = { ...this.listing, loading: false, error };
    }
  }

  #state(found: readonly Item[], complete: boolean): ListingState<Item> {
    const pages = [];
    for (let start = 0; start < found.length; start += PAGE_ITEMS)
      pages.push({ from: null, items: found.slice(start, start + PAGE_ITEMS), next: null, asOf: 0 });
    return { pages, count: found.length, complete, loading: !complete, error: null };
  }
}
