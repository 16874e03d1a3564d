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

/** Which of `count` things an arrow leads to, round the ends, or Home or End; null where the key is not theirs. */
export function rovingIndex(press: KeyPress, active: number, count: number, along: "row" | "column"): number | null {
  if (press.ctrlKey || press.metaKey || press.altKey || count === 0) return null;
  switch (press.key) {
    case along === "row" ? "ArrowRight" : "ArrowDown":
      return (active + 1) % count;
    case along === "row" ? "ArrowLeft" : "ArrowUp":
      return (Math.max(active, 0) + count - 1) % count;
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return null;
  }
}

export type SelectKey = { action: "stretch"; to: number } | { action: "toggle" } | { action: "all" };

/** What a key means for what is chosen in the same list; null where it means nothing. */
export function selectKey(press: KeyPress & { shiftKey: boolean }, active: number, count: number, pageRows: number): SelectKey | null {
  if (press.altKey) return null;
  if (press.ctrlKey || press.metaKey) {
    if (press.key === " ") return { action: "toggle" };
    return press.key.toLowerCase() === "a" && !press.shiftKey ? { action: "all" } : null;
  }
  if (!press.shiftKey || count === 0) return null;
  if (press.key === " ") return { action: "toggle" };
  const key = listKey(press, active, count, pageRows);
  return key?.action === "move" ? { action: "stretch", to: key.to } : null;
}

export type TreeKey = { action: "move"; to: number } | { action: "open" } | { action: "close" } | { action: "tick" };

/** A row of a tree, as far as keys are concerned. */
export interface TreeRow {
  /** From 1. */
  level: number;
  /** Null: it cannot be opened. */
  open: boolean | null;
  label: string;
}

/** What a key means in a tree of which these rows are seen; null where it is not the tree's. */
export function treeKey(press: KeyPress, rows: readonly TreeRow[], active: number): TreeKey | null {
  const row = rows[active];
  if (press.ctrlKey || press.metaKey || press.altKey || row === undefined) return null;
  const to = (index: number): TreeKey | null => (index >= 0 && index < rows.length ? { action: "move", to: index } : null);
  switch (press.key) {
    case "ArrowDown":
      return to(active + 1);
    case "ArrowUp":
      return to(active - 1);
    case "Home":
      return to(0);
    case "End":
      return to(rows.length - 1);
    case "ArrowRight":
      if (row.open === false) return { action: "open" };
      return row.open === true && (rows[active + 1]?.level ?? 0) > row.level ? to(active + 1) : null;
    case "ArrowLeft":
      return row.open === true ? { action: "close" } : to(rows.slice(0, active).findLastIndex(({ level }) => level < row.level));
    case " ":
    case "Enter":
      return { action: "tick" };
    default:
      return press.key.length === 1 ? to(nextLabelled(press.key, rows, active)) : null;
  }
}

/** The next row whose name begins with what was typed, from the top again at the end; -1 where there is none. */
function nextLabelled(typed: string, rows: readonly TreeRow[], active: number): number {
  const begins = rows.map(({ label }) => label.toLowerCase().startsWith(typed.toLowerCase()));
  const next = begins.indexOf(true, active + 1);
  return next >= 0 ? next : begins.indexOf(true);
}
