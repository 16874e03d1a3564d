import type { ItemRow, ItemState } from "./item.ts";
import { FILE, FOLDER, HELD_EXCLUSION } from "./item.ts";
import type { Kept, Wantedness } from "./rules.ts";
import { WANTED } from "./rules.ts";

// A sync's rules in force, for the rows of one step. No I/O.

export interface Ruling {
  wanted(row: ItemRow): Wantedness;
  /** Whether paths matter: a folder's move, or another name of it, may change what is wanted below it. */
  byPath: boolean;
  /** Whether it matters below which folder an item is. */
  byFolder: boolean;
  /** Whether items are known that wait for a folder above them to be reported. */
  someUnplaced: boolean;
}

export const EVERYTHING: Ruling = { wanted: () => WANTED, byPath: false, byFolder: false, someUnplaced: false };

/** Whether there is a content in the mirror that leaving the row out would take from it. */
export function hasContent(row: ItemRow): boolean {
  return row.kind === FILE && row.storedId !== null && row.state !== "excluded" && row.state !== "removed";
}

interface Stay {
  state: ItemState;
  reason: string | null;
  kept: Kept | null;
}

/**
 * What a reported row stays as though the rules do not want it: held where that waits for a decision, in the mirror where a
 * person decided so, and where its place is not known for the moment. Null: the rules decide.
 */
export function staysThoughUnwanted(known: ItemRow | undefined, wanted: Wantedness): Stay | null {
  if (wanted.wanted || !known || !hasContent(known)) return null;
  if (known.state === "held") return known.reason === HELD_EXCLUSION ? { state: "held", reason: HELD_EXCLUSION, kept: null } : null;
  if (known.state !== "stored") return null;
  if (known.kept === "discarded") return { state: "stored", reason: null, kept: "discarded" };
  return wanted.reason === "unplaced" ? { state: "stored", reason: null, kept: null } : null;
}

/** Whether a reported row means that others, which are not reported, may be wanted otherwise than their rows say. */
export function upsetsBelow(row: ItemRow, known: ItemRow | undefined, wanted: Wantedness, ruling: Ruling): boolean {
  if (!ruling.byPath && !ruling.byFolder) return false;
  if (!wanted.wanted && wanted.reason === "unplaced") return true;
  if (row.kind !== FOLDER) return false;
  if (!known || known.state === "removed") return ruling.someUnplaced;
  if (known.reason === "unplaced") return true;
  if (ruling.byPath && (known.name !== row.name || known.parentId !== row.parentId)) return row.parentId !== null;
  return ruling.byFolder && (known.state === "excluded") !== (row.state === "excluded");
}
