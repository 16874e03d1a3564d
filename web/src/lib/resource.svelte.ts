import { untrack } from "svelte";
import { asApiError, type ApiError } from "./api.ts";
import { getLive } from "./live.svelte.ts";
import type { LiveEvent } from "./wire.ts";

/** Events come in bursts: one request answers all that came within this time. `later` is for what a run changes all the time. */
const REFRESH_MS = { soon: 400, later: 4_000 } as const;

export type Refresh = keyof typeof REFRESH_MS;

/** What a page shows from the API: the last good answer, kept while a newer one is asked for. */
export class Resource<T> {
  value = $state.raw<T>();
  error = $state.raw<ApiError>();
  loading = $state(false);

  #load: () => Promise<T>;
  #asked = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #dueAt = Infinity;

  constructor(load: () => Promise<T>) {
    this.#load = load;
  }

  async reload(): Promise<void> {
    this.#forgetTimer();
    const number = ++this.#asked;
    this.loading = true;
    try {
      const value = await this.#load();
      if (number !== this.#asked) return;
      // The same answer again leaves what is drawn from it as it is.
      this.set(JSON.stringify(value) === JSON.stringify(this.value) ? (this.value ?? value) : value);
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

  /** The earliest of what was asked for counts. */
  refresh(when: Refresh): void {
    const dueAt = Date.now() + REFRESH_MS[when];
    if (dueAt >= this.#dueAt) return;
    this.#forgetTimer();
    this.#dueAt = dueAt;
    this.#timer = setTimeout(() => void this.reload(), REFRESH_MS[when]);
  }

  /** Forgets everything; an answer still under way is ignored. */
  clear(): void {
    this.#forgetTimer();
    this.#asked += 1;
    this.value = undefined;
    this.error = undefined;
  }

  #forgetTimer(): void {
    clearTimeout(this.#timer);
    this.#dueAt = Infinity;
  }
}

/**
 * A resource for the life of the calling component: loaded for each key, and again after `reset` and after the live
 * events that `refreshOn` says so for.
 */
export function createResource<T>(
  key: () => string,
  load: (key: string) => Promise<T>,
  refreshOn: (event: LiveEvent, key: string) => Refresh | null = () => null,
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
      const when = event.type === "reset" ? "soon" : refreshOn(event, current);
      if (when !== null) resource.refresh(when);
    });
    return () => {
      unsubscribe();
      resource.clear();
    };
  });
  return resource;
}
