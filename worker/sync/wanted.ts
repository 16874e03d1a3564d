import type { Chain } from "./chains.ts";
import type { CompiledFilters, FilteredFile } from "./filters.ts";
import { compileFilters, passesFilters } from "./filters.ts";
import { FOLDER } from "./item.ts";
import type { Filters, SelectionEntry, Wantedness } from "./rules.ts";
import type { CompiledSelection } from "./selection.ts";
import { compileSelection, isSelected } from "./selection.ts";

// Whether a person wants an item, by the sync's selection and filters. No I/O.

export interface CompiledRules {
  selection: CompiledSelection;
  filters: CompiledFilters;
  /** Whether an item's chain of folders matters: else none need be read. */
  needsChain: boolean;
  /** Whether everything is wanted. */
  none: boolean;
}

/** To be done once for many items: globs become regular expressions. */
export function compileRules(rules: { selection: readonly SelectionEntry[]; filters: Filters }): CompiledRules {
  const selection = compileSelection(rules.selection);
  const filters = compileFilters(rules.filters);
  return {
    selection,
    filters,
    needsChain: !selection.empty || filters.needsPath,
    none: selection.empty && Object.keys(rules.filters).length === 0,
  };
}

/** Filters are about files; a folder is wanted where it is selected. `chain` is asked only where `needsChain`. */
export function wantedness(item: FilteredFile & { remoteId: string; kind: number }, chain: Chain, rules: CompiledRules): Wantedness {
  const choice = isSelected(item, chain, rules.selection);
  if (choice.selected === "unknown") return { wanted: false, reason: "unplaced", detail: "its folders are not all known yet" };
  if (!choice.selected) {
    const detail = choice.by ? `“${choice.by.name}” is left out` : "nothing above it is selected";
    return { wanted: false, reason: "not_selected", detail };
  }
  return item.kind === FOLDER ? { wanted: true } : passesFilters(item, chain, rules.filters);
}
