import { createContext } from "svelte";
import { asApiError } from "./api.ts";

const SHOWN_MS = 6_000;
const SHOWN_MAX = 3;

export interface Toast {
  id: number;
  tone: "good" | "bad";
  text: string;
  requestId: string | null;
}

/** Short notes about what an action did. Failures stay until they are closed. */
export class Toasts {
  list = $state<Toast[]>([]);
  #next = 1;

  /** The newest good news is enough: what it follows may hold no more. */
  say(text: string): void {
    this.list = this.list.filter(({ tone }) => tone === "bad");
    const id = this.#add("good", text, null);
    setTimeout(() => this.close(id), SHOWN_MS);
  }

  fail(error: unknown): void {
    const { message, requestId } = asApiError(error);
    this.#add("bad", message, requestId);
  }

  close(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  #add(tone: Toast["tone"], text: string, requestId: string | null): number {
    const id = this.#next++;
    this.list = [...this.list, { id, tone, text, requestId }].slice(-SHOWN_MAX);
    return id;
  }
}

export const [getToasts, setToasts] = createContext<Toasts>();
