import type { SyncCreate, WireFilters } from "../wire.ts";
import type { Filters, SelectionEntry, SyncOptions } from "./rules.ts";

// Rules as the API takes them, into rules as they are kept.

export function toFilters({ modifiedAfter, modifiedBefore, ...filters }: WireFilters): Filters {
  return withoutUndefined({
    ...filters,
    modifiedAfter: modifiedAfter === undefined ? undefined : Date.parse(modifiedAfter),
    modifiedBefore: modifiedBefore === undefined ? undefined : Date.parse(modifiedBefore),
  }) as Filters;
}

export function toSelection(selection: SyncCreate["selection"]): SelectionEntry[] {
  return selection.map((entry) => withoutUndefined(entry) as SelectionEntry);
}

/** Only what is given changes. */
export function mergeOptions(options: SyncOptions, { removalLimit, ...patch }: SyncCreate["options"]): SyncOptions {
  return {
    ...options,
    ...withoutUndefined(patch),
    removalLimit: { ...options.removalLimit, ...withoutUndefined(removalLimit ?? {}) },
  };
}

function withoutUndefined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
