import type { ProviderOptions } from "../providers/options.ts";

// What a person wants kept of a source, and how. Shapes only; what they mean is decided beside them, in `sync/`.

/** One choice of the folder picker. The nearest ancestor that is named decides; nothing named means everything. */
export interface SelectionEntry {
  feed?: string;
  /** The item's id at the source; null while `path` is still to be found in the first listing. */
  itemId: string | null;
  /** As it was given, where it was given by path. */
  path?: string;
  mode: "include" | "exclude";
}

export interface Filters {
  /** Extensions, without the dot, in lower case. Empty or absent: every type. */
  types?: string[];
  excludeTypes?: string[];
  /** Globs over the path from the root, without the leading slash; a glob without a slash is of the name alone. Excluding wins. */
  include?: string[];
  exclude?: string[];
  /** For these types, another size limit. */
  rules?: { types: string[]; maxBytes: number }[];
  maxBytes?: number;
  /** Milliseconds since 1970. */
  modifiedAfter?: number;
  modifiedBefore?: number;
}

export interface SyncOptions {
  /** False: what the source removes stays, marked as kept. */
  deleteRemoved: boolean;
  /** How long superseded and removed content stays. */
  retentionDays: number;
  /** More removals at once than this, as a share of the files or as a count, are held for a decision. */
  removalLimit: { share: number; count: number };
  /** A path that must exist for removals to be believed. */
  sentinel: string | null;
  /** What the provider alone understands; checked by its schema. */
  providerOptions: ProviderOptions;
}

export const DEFAULT_OPTIONS: SyncOptions = {
  deleteRemoved: true,
  retentionDays: 30,
  removalLimit: { share: 0.25, count: 1000 },
  sentinel: null,
  providerOptions: {},
};

/** Why an item that the source no longer has is kept all the same. */
export const KEPT = ["restored", "discarded", "option"] as const;
export type Kept = (typeof KEPT)[number];

/** Why a content is no longer the current one. */
export const VERSION_ENDS = ["superseded", "removed", "excluded", "damaged"] as const;
export type VersionEnd = (typeof VERSION_ENDS)[number];

/** Why the selection or the filters leave an item out. */
export const EXCLUSIONS = ["not_selected", "type", "glob", "size", "date", "unplaced"] as const;
export type Exclusion = (typeof EXCLUSIONS)[number];

/** Whether an item is wanted; `detail` says which rule left it out. */
export type Wantedness = { wanted: true } | { wanted: false; reason: Exclusion; detail: string };

export const WANTED: Wantedness = { wanted: true };
