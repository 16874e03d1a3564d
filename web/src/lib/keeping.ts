// What becomes of what the source removes, as a form has it. Pure.
import type { Sync, SyncPatch } from "./wire.ts";

export const RETENTION_DAYS_MAX = 3650;
export const REMOVALS_MAX = 100_000;

export interface KeepingValues {
  deleteRemoved: boolean;
  /** Undefined, as all numbers here, while the field is empty. */
  retentionDays: number | undefined;
  count: number | undefined;
  percent: number | undefined;
  sentinel: string;
}

export function toKeeping({ deleteRemoved, retentionDays, removalLimit, sentinel }: Sync["options"]): KeepingValues {
  // A share of 0.29 is 29 percent, not 28.999999999999996.
  const percent = Number((removalLimit.share * 100).toPrecision(12));
  return { deleteRemoved, retentionDays, count: removalLimit.count, percent, sentinel: sentinel ?? "" };
}

/** The options that the form says. */
export function fromKeeping({ deleteRemoved, retentionDays, count, percent, sentinel }: KeepingValues): NonNullable<SyncPatch["options"]> {
  const path = sentinel.trim();
  return {
    deleteRemoved,
    ...(retentionDays !== undefined && { retentionDays }),
    removalLimit: { ...(count !== undefined && { count }), ...(percent !== undefined && { share: percent / 100 }) },
    sentinel: path === "" ? null : path.startsWith("/") ? path : `/${path}`,
  };
}
