import { createContext } from "svelte";
import { SvelteMap } from "svelte/reactivity";
import { api, asApiError, EVENTS_URL, type ApiError } from "./api.ts";
import type { LiveEvent, SyncStatus } from "./wire.ts";

/** Waits before a stream that the server refused is asked for again; the last one repeats. */
const AGAIN_DELAYS_MS = [2_000, 5_000, 15_000, 30_000] as const;
/** A stream that drops for less than this is not worth a word. */
const QUIET_MS = 1_500;

const EVENT_TYPES = ["reset", "status", "items", "account", "log", "run"] as const satisfies LiveEvent["type"][];

type Listener = (event: LiveEvent) => void;

/** What happens at this moment: one stream for all pages, and the newest status of each sync. */
export class Live {
  /** `interrupted` once the stream has been down for more than a moment. */
  state = $state<"connecting" | "open" | "interrupted">("connecting");
  readonly statuses = new SvelteMap<string, SyncStatus>();
  /** The syncs, in the order of their names. */
  names = $state.raw<readonly { id: string; name: string }[]>([]);

  #source: EventSource | null = null;
  #listeners = new Set<Listener>();
  #attempts = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #quiet: ReturnType<typeof setTimeout> | undefined;
  #onSignedOut: (error: ApiError) => void;

  constructor(onSignedOut: (error: ApiError) => void) {
    this.#onSignedOut = onSignedOut;
  }

  /** Opens the stream; the returned function closes it. */
  start(): () => void {
    this.#open();
    const hasten = () => {
      if (this.#source?.readyState !== EventSource.OPEN) this.#open();
    };
    window.addEventListener("online", hasten);
    return () => {
      window.removeEventListener("online", hasten);
      this.#close();
      clearTimeout(this.#quiet);
    };
  }

  /** Statuses that came with another answer, for the time until the stream has its own. */
  begin(statuses: readonly SyncStatus[]): void {
    for (const status of statuses) if (!this.statuses.has(status.syncId)) this.statuses.set(status.syncId, status);
  }

  /** Calls the listener with every event until the returned function is called. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A new stream begins with `reset`: what was missed before it is not known. */
  #open(): void {
    this.#close();
    const source = new EventSource(EVENTS_URL);
    this.#source = source;
    source.addEventListener("open", () => {
      this.#attempts = 0;
      clearTimeout(this.#quiet);
      this.#quiet = undefined;
      this.state = "open";
    });
    source.addEventListener("error", () => {
      this.#quiet ??= setTimeout(() => (this.state = "interrupted"), QUIET_MS);
      if (source.readyState === EventSource.CLOSED) this.#again();
    });
    for (const type of EVENT_TYPES) {
      source.addEventListener(type, (message: MessageEvent<string>) => this.#receive(type, message.data));
    }
  }

  #close(): void {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }

  /** The server refused the stream: because nobody is signed in, or for a while. */
  #again(): void {
    const delay = AGAIN_DELAYS_MS[Math.min(this.#attempts, AGAIN_DELAYS_MS.length - 1)];
    this.#attempts += 1;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#open(), delay);
    void this.#load();
  }

  async #load(): Promise<void> {
    try {
      const { syncs } = await api.status();
      for (const { id, live } of syncs) this.statuses.set(id, live);
      this.names = syncs.map(({ id, name }) => ({ id, name })).sort((one, other) => one.name.localeCompare(other.name));
      const known = new Set(syncs.map((sync) => sync.id));
      for (const id of this.statuses.keys()) if (!known.has(id)) this.statuses.delete(id);
    } catch (error) {
      const failure = asApiError(error);
      if (failure.signedOut) this.#onSignedOut(failure);
    }
  }

  #receive(type: LiveEvent["type"], text: string): void {
    const event = { type, ...(text === "" ? {} : JSON.parse(text)) } as LiveEvent;
    if (event.type === "status") this.statuses.set(event.status.syncId, event.status);
    if (event.type === "reset" || event.type === "account") void this.#load();
    this.#emit(event);
  }

  #emit(event: LiveEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

export const [getLive, setLive] = createContext<Live>();
