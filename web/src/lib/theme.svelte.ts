import { createContext } from "svelte";
import { remember } from "./remember.ts";

export type Theme = "light" | "dark";

/** The theme in force, and what was chosen; without a choice the system's preference holds. */
export class ThemeChoice {
  #system = $state<Theme>("light");
  #chosen = $state<Theme | null>(null);

  readonly current: Theme = $derived(this.#chosen ?? this.#system);

  /** Follows the system's preference from here on; the returned function stops that. */
  start(): () => void {
    const query = window.matchMedia("(prefers-color-scheme: dark)");
    const read = () => (this.#system = query.matches ? "dark" : "light");
    read();
    const chosen = document.documentElement.dataset.theme;
    this.#chosen = chosen === "light" || chosen === "dark" ? chosen : null;
    query.addEventListener("change", read);
    return () => query.removeEventListener("change", read);
  }

  /** The other theme. Choosing what the system prefers anyway means following it again. */
  toggle(): void {
    const next: Theme = this.current === "dark" ? "light" : "dark";
    this.#chosen = next === this.#system ? null : next;
    if (this.#chosen === null) delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = this.#chosen;
    remember("theme", this.#chosen);
  }
}

export const [getTheme, setTheme] = createContext<ThemeChoice>();
