// What is chosen in a list, by mouse and keyboard as in other lists of files. Pure.

export interface Selected<T> {
  items: ReadonlyMap<string, T>;
  /** Where a stretch begins that is drawn with Shift; null where nothing was chosen yet. */
  anchor: number | null;
}

export const NOTHING_SELECTED: Selected<never> = { items: new Map<string, never>(), anchor: null };

interface Item {
  id: string;
}

/** One more, or one less. */
export function toggled<T extends Item>(selected: Selected<T>, item: T, index: number): Selected<T> {
  const items = new Map(selected.items);
  if (!items.delete(item.id)) items.set(item.id, item);
  return { items, anchor: index };
}

/**
 * Everything from the anchor to here, and nothing else; without an anchor from `active`. `at`: what is loaded at an index; it ends
 * before what is not, so that nothing is left out in between.
 */
export function stretched<T extends Item>(
  selected: Selected<T>,
  active: number,
  to: number,
  at: (index: number) => T | undefined,
): Selected<T> {
  const anchor = selected.anchor ?? active;
  const items = new Map<string, T>();
  const step = to < anchor ? -1 : 1;
  for (let index = anchor; index !== to + step; index += step) {
    const item = at(index);
    if (item === undefined) break;
    items.set(item.id, item);
  }
  return { items, anchor };
}

export function all<T extends Item>(items: Iterable<T>): Selected<T> {
  return { items: new Map([...items].map((item) => [item.id, item])), anchor: 0 };
}
