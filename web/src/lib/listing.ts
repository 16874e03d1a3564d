// A long list, loaded a page at a time where it is looked at, and refreshed only there. No reactivity of its own.
import type { Page } from "./wire.ts";

/** Where a page begins: after a cursor, or after so many items; null at the beginning. */
type From = string | number | null;

export interface LoadedPage<T> {
  /** What this page was asked with. */
  from: From;
  items: readonly T[];
  /** The cursor after it; null where there is nothing more. */
  next: string | null;
  /** The number of the refresh that it is as new as. */
  asOf: number;
}

export interface ListingState<T> {
  /** Each at its place; undefined: not loaded. */
  pages: readonly (LoadedPage<T> | undefined)[];
  /** How many items there are; where that is not known, how many are loaded. */
  count: number;
  /** Whether there is nothing after them. */
  complete: boolean;
  loading: boolean;
  error: unknown;
}

export const EMPTY_LISTING: ListingState<never> = { pages: [], count: 0, complete: false, loading: false, error: null };

export interface ListSource<T> {
  load: (cursor: string | null, limit: number) => Promise<Page<T>>;
  /** Without it pages are loaded one after another, from the beginning on. */
  jump?: {
    /** A page after so many items. */
    load: (skip: number, limit: number) => Promise<Page<T>>;
    /** How many there are; null: too many to be counted. */
    count: () => Promise<number | null>;
  };
}

/** A count reads every item: of more than these it is asked for again at each so-manieth refresh only. */
const COUNTED_AGAIN_ITEMS_MAX = 5_000;
const COUNTED_AGAIN_REFRESHES = 20;

/**
 * Every page but the last holds `pageItems` items, so an index finds its page at once.
 *
 * A page is asked for by the cursor of the one before it, where that is loaded, since that costs its own rows only; else by
 * its place, where the source can count.
 *
 * A refresh asks again for the pages in view and forgets those after them: an item added above moves every later
 * boundary. Pages before stay as they are and are asked for again when they come into view.
 */
export class Listing<T> {
  #state: ListingState<T> = EMPTY_LISTING;
  #busy = false;
  #closed = false;
  #view = { first: 0, last: 0 };
  #refreshes = 0;
  /** What was counted; null: not yet, or too many. */
  #counted: number | null = null;
  /** The refresh that it is as new as; -1: never counted. */
  #countedAsOf = -1;
  readonly #pageItems: number;
  readonly #source: ListSource<T>;
  readonly #changed: (state: ListingState<T>) => void;

  constructor(pageItems: number, source: ListSource<T>, changed: (state: ListingState<T>) => void) {
    this.#pageItems = pageItems;
    this.#source = source;
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
    let step = this.#next();
    // Scrolling asks all the time: what changes nothing is not told.
    if (this.#busy || this.#closed || step === null) return;
    this.#busy = true;
    this.#set({ loading: true, error: null });
    try {
      for (; step !== null && !this.#closed; step = this.#next()) await step();
      this.#set({ loading: false });
    } catch (error) {
      this.#set({ loading: false, error });
    } finally {
      this.#busy = false;
    }
  }

  /** What is to be done next for the view as it is now; null when nothing is. */
  #next(): (() => Promise<void>) | null {
    const { pages, count, complete } = this.#state;
    const lastPage = complete ? Math.floor(Math.max(0, count - 1) / this.#pageItems) : Infinity;
    const last = Math.min(lastPage, Math.floor(this.#view.last / this.#pageItems));
    const first = Math.min(last, Math.floor(this.#view.first / this.#pageItems));
    const stale = pages.findIndex((page, index) => page && page.asOf < this.#refreshes && index >= first && index <= last);
    if (stale >= 0) return () => this.#renew(stale, last);
    if (this.#isToBeCounted()) return () => this.#count();
    // What cannot be jumped to is loaded from the beginning on.
    const from = this.#counted === null ? 0 : first;
    const missing = Array.from({ length: last - from + 1 }, (_, offset) => from + offset).find((index) => pages[index] === undefined);
    if (missing === undefined) return null;
    const before = missing === 0 ? null : (pages[missing - 1]?.next ?? missing * this.#pageItems);
    return async () => this.#put(missing, await this.#fetch(before));
  }

  /** Asks again for the pages from this one to the last in view, and swaps them at once, so that nothing flickers. */
  async #renew(index: number, last: number): Promise<void> {
    const end = Math.min(last, this.#state.pages.length - 1);
    const renewed: LoadedPage<T>[] = [];
    let from = this.#state.pages[index]?.from ?? null;
    do {
      const page = await this.#fetch(from);
      renewed.push(page);
      from = page.next;
    } while (from !== null && index + renewed.length <= end);
    this.#show([...this.#state.pages.slice(0, index), ...renewed]);
  }

  async #put(index: number, page: LoadedPage<T>): Promise<void> {
    const { pages } = this.#state;
    if (typeof page.from === "number" && page.items.length === 0) {
      // So many are no longer there.
      await this.#count();
      if (this.#counted !== null && this.#counted <= page.from) return this.#show(pages.slice(0, index));
    }
    this.#show(Array.from({ length: Math.max(pages.length, index + 1) }, (_, at) => (at === index ? page : pages[at])));
  }

  /** One whole page, also where the server gives less at a time than was asked for. */
  async #fetch(from: From): Promise<LoadedPage<T>> {
    const asOf = this.#refreshes;
    const items: T[] = [];
    let next = from;
    do {
      const page = await this.#ask(next, this.#pageItems - items.length);
      items.push(...page.items);
      next = page.cursor;
    } while (next !== null && items.length < this.#pageItems && !this.#closed);
    return { from, items, next, asOf };
  }

  #ask(from: From, limit: number): Promise<Page<T>> {
    if (typeof from !== "number") return this.#source.load(from, limit);
    if (this.#source.jump === undefined) throw new Error("This list cannot be jumped into.");
    return this.#source.jump.load(from, limit);
  }

  /** Not where all of it is loaded anyway, nor at each refresh of a long list. */
  #isToBeCounted(): boolean {
    const [first] = this.#state.pages;
    if (this.#source.jump === undefined || first === undefined || first.next === null) return false;
    if (this.#countedAsOf < 0) return true;
    const passed = this.#refreshes - this.#countedAsOf;
    return passed >= (this.#counted !== null && this.#counted <= COUNTED_AGAIN_ITEMS_MAX ? 1 : COUNTED_AGAIN_REFRESHES);
  }

  async #count(): Promise<void> {
    const asOf = this.#refreshes;
    this.#counted = (await this.#source.jump?.count()) ?? null;
    this.#countedAsOf = asOf;
    this.#show(this.#state.pages);
  }

  /** The last page tells the count best; then what was counted, unless more than that is loaded. */
  #show(pages: readonly (LoadedPage<T> | undefined)[]): void {
    const end = pages.findIndex((page) => page?.next === null);
    const known = pages.slice(0, end < 0 ? pages.length : end + 1);
    const loaded = Math.max(0, known.length - 1) * this.#pageItems + (known.at(-1)?.items.length ?? 0);
    const isCounted = this.#counted !== null && this.#counted > loaded;
    const count = end < 0 && isCounted ? (this.#counted ?? 0) : loaded;
    this.#set({ pages: known, complete: end >= 0 || isCounted, count });
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
    const index = page?.items.findIndex(fits) ?? -1;
    if (index >= 0) return number * pageItems + index;
  }
  return -1;
}
