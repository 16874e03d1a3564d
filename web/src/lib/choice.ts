// What is chosen in the tree of a source's folders. The nearest mark decides: the item's own, or that of a folder above it in
// its feed. Pure.
import type { BrowseEntry, SelectedEntry, SelectionEntry } from "./wire.ts";

/** Most choices that the API takes. */
export const CHOICES_MAX = 1000;

/** Where something that can be chosen stands. */
export interface Place {
  feed: string;
  id: string;
  name: string;
  /** Whether it stands for the whole feed. */
  whole: boolean;
  /** Ids of what is above it in its feed, the nearest first. */
  above: readonly string[];
}

export interface Mark extends Place {
  mode: SelectionEntry["mode"];
}

/** By `placeKey`. */
export type Marks = ReadonlyMap<string, Mark>;

/** Whether all below a place is chosen; `part`: some of it differs. */
export type Tick = "on" | "part" | "off";

/** Null where the entry is only a way to others. A feed begins anew: what is chosen above it, in another feed, does not reach it. */
export function placeOf(entry: BrowseEntry, parent: Place | null): Place | null {
  const { id, feedId, name, whole } = entry;
  if (feedId === null) return null;
  const inside = parent !== null && parent.feed === feedId && !whole;
  return { feed: feedId, id, name, whole, above: inside ? [parent.id, ...parent.above] : [] };
}

export function placeKey({ feed, id }: Pick<Place, "feed" | "id">): string {
  return JSON.stringify([feed, id]);
}

export function tickOf(place: Place, marks: Marks): Tick {
  for (const mark of marks.values()) if (isBelow(mark, place)) return "part";
  return isIncluded(place, marks) ? "on" : "off";
}

/** The marks after a click: what is not wholly chosen becomes so, the rest is left out; marks below are forgotten. */
export function toggle(place: Place, marks: Marks): Marks {
  const wanted = tickOf(place, marks) !== "on";
  const key = placeKey(place);
  const next = new Map([...marks].filter(([at, mark]) => at !== key && !isBelow(mark, place)));
  if (isIncluded(place, next) !== wanted) next.set(key, { ...place, mode: wanted ? "include" : "exclude" });
  return next;
}

/** The marks without one, and without what was said below it. */
export function withoutMark(mark: Mark, marks: Marks): Marks {
  return new Map([...marks].filter(([key, each]) => key !== placeKey(mark) && !isBelow(each, mark)));
}

/**
 * What the API is told; null while nothing is chosen. All of a source that begins with one feed is no choice at all, so that it
 * is followed whatever becomes of that feed. Of several feeds each is named: without a choice a provider may follow fewer.
 *
 * `roots`: what the tree begins with, null for a way to others; undefined while not all of it is known.
 */
export function toSelection(marks: Marks, roots: readonly (Place | null)[] | undefined): SelectionEntry[] | null {
  const list = [...marks.values()];
  if (!list.some(({ mode }) => mode === "include")) return null;
  const [root] = roots ?? [];
  if (roots?.length === 1 && root?.whole && tickOf(root, marks) === "on" && list.every(({ feed }) => feed === root.feed)) return [];
  return list.map(({ feed, id, mode }) => ({ feed, itemId: id, mode }));
}

/** What a sync has chosen, as marks; `rest`: what names no place in the tree, because its feed is not said or it was not found. */
export function fromSelection(entries: readonly SelectedEntry[]): { marks: Marks; rest: SelectedEntry[] } {
  const marks = new Map<string, Mark>();
  const rest: SelectedEntry[] = [];
  for (const entry of entries) {
    const { feed, itemId, path, name, above, mode } = entry;
    if (feed === null || itemId === null) rest.push(entry);
    else marks.set(placeKey({ feed, id: itemId }), { feed, id: itemId, name: name ?? path ?? itemId, whole: false, above, mode });
  }
  return { marks, rest };
}

/** The whole selection of marks and rest; null while nothing is chosen. */
export function joinSelection(
  marks: Marks,
  roots: readonly (Place | null)[] | undefined,
  rest: readonly SelectedEntry[],
): SelectionEntry[] | null {
  if (rest.length === 0) return toSelection(marks, roots);
  const given = rest.map(({ feed, itemId, path, mode }) => ({
    ...(feed !== null && { feed }),
    ...(itemId !== null && { itemId }),
    ...(path !== null && { path }),
    mode,
  }));
  const all: SelectionEntry[] = [...[...marks.values()].map(({ feed, id, mode }) => ({ feed, itemId: id, mode })), ...given];
  return all.some(({ mode }) => mode === "include") ? all : null;
}

/** Whether two selections choose the same by the same entries, in whatever order. */
export function sameSelection(one: readonly SelectionEntry[], other: readonly SelectionEntry[]): boolean {
  const told = (entries: readonly SelectionEntry[]) => entries.map(({ feed, itemId, path, mode }) => JSON.stringify([feed, itemId, itemId == null ? path : null, mode])).sort(); // prettier-ignore
  return JSON.stringify(told(one)) === JSON.stringify(told(other));
}

/** "Documents, Pictures and 2 more": a name for what is chosen. */
export function choiceName(marks: Marks): string {
  const NAMES_MAX = 2;
  const names = [...marks.values()].filter(({ mode }) => mode === "include").map(({ name }) => name);
  const more = names.length - NAMES_MAX;
  if (more > 0) return `${names.slice(0, NAMES_MAX).join(", ")} and ${more} more`;
  return names.join(" and ");
}

function isIncluded(place: Place, marks: Marks): boolean {
  const nearest = [place.id, ...place.above].map((id) => marks.get(placeKey({ feed: place.feed, id }))).find((mark) => mark !== undefined);
  return nearest?.mode === "include";
}

function isBelow(candidate: Place, place: Place): boolean {
  return candidate.feed === place.feed && candidate.above.includes(place.id);
}
