import type { Chain } from "./chains.ts";
import type { SelectionEntry } from "./rules.ts";

// Which part of a source is chosen: the item itself, or the nearest folder above it that is named, decides. No I/O.

export interface CompiledSelection {
  /** Nothing is named: everything is chosen, and no chain is needed. */
  empty: boolean;
  /** What holds where nothing above an item is named: with any include, no. */
  otherwise: boolean;
  byId: ReadonlyMap<string, SelectionEntry["mode"]>;
}

export type Selected =
  | { selected: true }
  /** `by`: the folder, or the item itself, that decided; null where none is named. */
  | { selected: false; by: { remoteId: string; name: string } | null }
  /** None of the known folders is named, and not all are known. */
  | { selected: "unknown" };

/**
 * The order of the entries does not matter: of two about one item, excluding wins. An entry whose path is still to be found
 * names no item yet, but what it says about all others holds already.
 */
export function compileSelection(entries: readonly SelectionEntry[]): CompiledSelection {
  const byId = new Map<string, SelectionEntry["mode"]>();
  for (const { itemId, mode } of entries) {
    if (itemId !== null && byId.get(itemId) !== "exclude") byId.set(itemId, mode);
  }
  return { empty: entries.length === 0, otherwise: !entries.some((entry) => entry.mode === "include"), byId };
}

export function isSelected(item: { remoteId: string; name: string }, chain: Chain, selection: CompiledSelection): Selected {
  if (selection.empty) return { selected: true };
  for (const at of [{ remoteId: item.remoteId, name: item.name }, ...chain.folders]) {
    const mode = selection.byId.get(at.remoteId);
    if (mode === "include") return { selected: true };
    if (mode === "exclude") return { selected: false, by: at };
  }
  if (!chain.complete) return { selected: "unknown" };
  return selection.otherwise ? { selected: true } : { selected: false, by: null };
}

/** The feeds that the selection names; null where it leaves the choice to the provider. */
export function chosenFeeds(entries: readonly SelectionEntry[]): string[] | null {
  const named = entries.flatMap(({ feed, mode }) => (feed !== undefined && mode === "include" ? feed : []));
  return named.length > 0 ? [...new Set(named)] : null;
}

/** Paths whose ids are still to be found. */
export function unresolvedPaths(entries: readonly SelectionEntry[]): string[] {
  return entries.flatMap((entry) => (entry.itemId === null && entry.path !== undefined ? entry.path : []));
}

/** The entries with the ids that were found for their paths. */
export function resolvePaths(entries: readonly SelectionEntry[], ids: ReadonlyMap<string, string>): SelectionEntry[] {
  return entries.map((entry) => (entry.itemId === null ? { ...entry, itemId: ids.get(entry.path ?? "") ?? null } : entry));
}
