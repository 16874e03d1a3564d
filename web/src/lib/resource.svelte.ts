import { untrack } from "svelte";
import { asApiError, type ApiError } from "./api.ts";
import { getLive } from "./live.svelte.ts";
import type { LiveEvent } from "./wire.ts";

/** Events come in bursts: one request answers all that came within this time. */
const REFRESH_MS = 400;

/** What a page shows from the API: the last good answer, kept while a newer one is asked for. */
export class Resource<T> {
  value = $state.raw<T>();
  error = $state.raw<ApiError>();
  loading = $state(false);

  #load: () => Promise<T>;
  #asked = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(load: () => Promise<T>) {
    this.#load = load;
  }

  async reload(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const number = ++this.#asked;
    this.loading = true;
    try {
      const value = await this.#load();
      if (number === this.#asked) this.set(value);
    } catch (error) {
      if (number === this.#asked) this.error = asApiError(error);
    } finally {
      if (number === this.#asked) this.loading = false;
    }
  }

  /** An answer that came another way, from an action for instance. */
  set(value: T): void {
    this.value = value;
    this.error = undefined;
  }

  reloadSoon(): void {
    this.#timer ??= setTimeout(() => void this.reload(), REFRESH_MS);
  }

  /** Forgets everything; an answer still under way is ignored. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#asked += 1;
    this.value = undefined;
    this.error = undefined;
  }
}

/**
 * A resource for the life of the calling component: loaded for each key, and again after `reset` and after the live
 * events that `refreshOn` names.
 */
export function createResource<T>(
  key: () => string,
  load: (key: string) => Promise<T>,
  refreshOn: (event: LiveEvent, key: string) => boolean = () => false,
): Resource<T> {
  const live = getLive();
  const resource = new Resource(() => load(untrack(key)));
  $effect(() => {
    const current = key();
    untrack(() => {
      resource.clear();
      void resource.reload();
    });
    const unsubscribe = live.subscribe((event) => {
      if (event.type === "reset" || refreshOn(event, current)) resource.reloadSoon();
    });
    return () => {
      unsubscribe();
      resource.clear();
    };
  });
  return resource;
}
