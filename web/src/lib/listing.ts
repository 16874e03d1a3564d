// A long list, loaded page by page as it is scrolled and refreshed only where it is looked at. No reactivity of its own.
import type { Page } from "./wire.ts";

export interface LoadedPage<T> {
  /** The cursor this page was asked with. */
  from: string | null;
  items: readonly T[];
  /** The number of the refresh that it is as new as. */
  asOf: number;
}

export interface ListingState<T> {
  pages: readonly LoadedPage<T>[];
  /** How many items are loaded. */
  count: number;
  /** Whether there is nothing after them. */
  complete: boolean;
  loading: boolean;
  error: unknown;
}

export const EMPTY_LISTING: ListingState<never> = { pages: [], count: 0, complete: false, loading: false, error: null };

type Load<T> = (cursor: string | null, limit: number) => Promise<Page<T>>;

/**
 * Every page but the last holds `pageItems` items, so an index finds its page at once.
 *
 * A refresh asks again for the pages in view and forgets those after them: an item added above moves every later
 * boundary. Pages before stay as they are and are asked for again when they come into view.
 */
export class Listing<T> {
  #state: ListingState<T> = EMPTY_LISTING;
  #next: string | null = null;
  #busy = false;
  #closed = false;
  #view = { first: 0, last: 0 };
  #refreshes = 0;
  readonly #pageItems: number;
  readonly #load: Load<T>;
  readonly #changed: (state: ListingState<T>) => void;

  constructor(pageItems: number, load: Load<T>, changed: (state: ListingState<T>) => void) {
    this.#pageItems = pageItems;
    this.#load = load;
    this.#changed = changed;
  }

  /** Loads what is missing for these indices to be shown. */
  async show(first: number, last: number): Promise<void> {
    this.#view = { first, last };
    await this.#work();
  }

  /** Something changed at the source of this list. */
  async refresh(): Promise<void> {
    this.#refreshes += 1;
    await this.#work();
  }

  /** After this nothing is loaded or reported any more. */
  close(): void {
    this.#closed = true;
  }

  async #work(): Promise<void> {
    if (this.#busy || this.#closed) return;
    this.#busy = true;
    this.#set({ loading: true, error: null });
    try {
      while (!this.#closed && (await this.#step()));
      this.#set({ loading: false });
    } catch (error) {
      this.#set({ loading: false, error });
    } finally {
      this.#busy = false;
    }
  }

  /** One thing to do for the view as it is now; false when there is nothing left. */
  async #step(): Promise<boolean> {
    const { pages, complete } = this.#state;
    const first = Math.floor(this.#view.first / this.#pageItems);
    const last = Math.floor(this.#view.last / this.#pageItems);
    const stale = pages.findIndex((page, index) => page.asOf < this.#refreshes && index >= first && index <= last);
    if (stale >= 0) {
      await this.#renew(stale, last);
      return true;
    }
    if (complete || pages.length > last) return false;
    const { page, next } = await this.#fetch(this.#next);
    this.#show([...pages, page], next);
    return true;
  }

  /** Asks again for the pages from this one to the last in view, and swaps them at once, so that nothing flickers. */
  async #renew(index: number, last: number): Promise<void> {
    const end = Math.min(last, this.#state.pages.length - 1);
    const renewed: LoadedPage<T>[] = [];
    let next = this.#state.pages[index]?.from ?? null;
    do {
      const fetched = await this.#fetch(next);
      renewed.push(fetched.page);
      next = fetched.next;
    } while (next !== null && index + renewed.length <= end);
    this.#show([...this.#state.pages.slice(0, index), ...renewed], next);
  }

  /** One whole page, also where the server gives less at a time than was asked for. */
  async #fetch(from: string | null): Promise<{ page: LoadedPage<T>; next: string | null }> {
    const asOf = this.#refreshes;
    const items: T[] = [];
    let next = from;
    do {
      const page = await this.#load(next, this.#pageItems - items.length);
      items.push(...page.items);
      next = page.cursor;
    } while (next !== null && items.length < this.#pageItems && !this.#closed);
    return { page: { from, items, asOf }, next };
  }

  #show(pages: readonly LoadedPage<T>[], next: string | null): void {
    this.#next = next;
    this.#set({ pages, complete: next === null, count: pages.reduce((sum, page) => sum + page.items.length, 0) });
  }

  #set(change: Partial<ListingState<T>>): void {
    this.#state = { ...this.#state, ...change };
    if (!this.#closed) this.#changed(this.#state);
  }
}

export function itemAt<T>(state: ListingState<T>, index: number, pageItems: number): T | undefined {
  return state.pages[Math.floor(index / pageItems)]?.items[index % pageItems];
}

/** The index of the first loaded item that fits, or -1. */
export function findIndex<T>(state: ListingState<T>, pageItems: number, fits: (item: T) => boolean): number {
  for (const [number, page] of state.pages.entries()) {
    const index = page.items.findIndex(fits);
    if (index >= 0) return number * pageItems + index;
  }
  return -1;
}
