// What a user may keep here. No I/O.

const DAY_MILLISECONDS = 86_400_000;
/** What found no room is tried again after this long, or when there is room again. */
export const QUOTA_RETRY_MILLISECONDS = DAY_MILLISECONDS;

/** Most bytes, versions included, items and syncs; `Infinity` where there is no limit. */
export interface Quota {
  bytes: number;
  items: number;
  syncs: number;
}

type Own = Record<"quotaBytes" | "quotaItems" | "quotaSyncs", number | null>;
type Settings = Record<"QUOTA_BYTES" | "QUOTA_ITEMS" | "QUOTA_SYNCS", string>;

/** A user's own limits go before the operator's; 0 means none, of either. */
export function quotaOf(own: Own, settings: Settings): Quota {
  const limit = (given: number | null, setting: string) => (given ?? (Number(setting) || 0)) || Infinity;
  return {
    bytes: limit(own.quotaBytes, settings.QUOTA_BYTES),
    items: limit(own.quotaItems, settings.QUOTA_ITEMS),
    syncs: limit(own.quotaSyncs, settings.QUOTA_SYNCS),
  };
}

/** The bytes that are left of a quota, as they are given out. */
export class Room {
  #bytes: number;

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** False where there is no room for so many: then none are taken. */
  take(bytes: number): boolean {
    if (bytes > this.#bytes) return false;
    this.#bytes -= bytes;
    return true;
  }
}
