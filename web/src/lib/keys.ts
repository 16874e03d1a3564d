// Moving through a list with the keyboard. Pure.

export type ListKey = { action: "move"; to: number } | { action: "open" } | { action: "details" } | { action: "up" } | { action: "close" };

export interface KeyPress {
  key: string;
  altKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
}

/** What a key means in a list of `count` rows, of which `pageRows` fit on the screen; null where it is not the list's. */
export function listKey(press: KeyPress, active: number, count: number, pageRows: number): ListKey | null {
  if (press.ctrlKey || press.metaKey) return null;
  if (press.altKey) return press.key === "ArrowUp" ? { action: "up" } : null;
  const to = (index: number): ListKey => ({ action: "move", to: Math.max(0, Math.min(count - 1, index)) });
  switch (press.key) {
    case "ArrowDown":
      return to(active + 1);
    case "ArrowUp":
      return to(active - 1);
    case "PageDown":
      return to(active + pageRows);
    case "PageUp":
      return to(active - pageRows);
    case "Home":
      return to(0);
    case "End":
      return to(count - 1);
    case "Enter":
    case "ArrowRight":
      return { action: "open" };
    case " ":
      return { action: "details" };
    case "Backspace":
    case "ArrowLeft":
      return { action: "up" };
    case "Escape":
      return { action: "close" };
    default:
      return null;
  }
}
