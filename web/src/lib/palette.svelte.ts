import { createContext } from "svelte";

/** What lies over the page: the command palette, or the list of shortcuts. Their code is loaded when one is first asked for. */
export class Palette {
  over = $state<"commands" | "shortcuts" | null>(null);

  toggle(which: "commands" | "shortcuts"): void {
    this.over = this.over === which ? null : which;
  }
}

export const [getPalette, setPalette] = createContext<Palette>();
