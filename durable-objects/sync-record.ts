import { NO_REPLAN } from "../worker/sync/replan-state.ts";
import { DEFAULT_OPTIONS } from "../worker/sync/rules.ts";
import { NO_STATS } from "../worker/sync/stats.ts";
import type { SyncState } from "./user-sync-schema.ts";

// A sync's row, as the object's SQLite has it. No I/O.

/** Named as in code. */
export const SYNC_COLUMNS = `id, connection_id AS connectionId, mode, status, schedule, next_due_at AS nextDueAt, wakes,
  wakes_taken AS wakesTaken, wake_trigger AS wakeTrigger, enumerate_next AS enumerateNext, recheck_at AS recheckAt,
  retry_at AS retryAt, replan_after AS replanAfter, replan_forced AS replanForced, checked_at AS checkedAt,
  up_to_date_at AS upToDateAt, stats, stats_doubtful AS statsDoubtful, stats_shown AS statsShown, due_at AS dueAt, attempts, selection, filters, options,
  enumerated_at AS enumeratedAt, alarmed_at AS alarmedAt, rests_at_wakes AS restsAtWakes, replan, held_open AS heldOpen,
  purge_due_at AS purgeDueAt, quota_reached_at AS quotaReachedAt, feeds_due AS feedsDue`;

type JsonColumn = "schedule" | "stats" | "selection" | "filters" | "options" | "replan";
export type SyncRecord = Omit<SyncState, JsonColumn> & Record<JsonColumn, string>;

/** Totals and options of an earlier release lack the newer fields. */
export function toSync(row: SyncRecord): SyncState {
  return {
    ...row,
    schedule: JSON.parse(row.schedule) as SyncState["schedule"],
    stats: { ...NO_STATS, ...(JSON.parse(row.stats) as Partial<SyncState["stats"]>) },
    selection: JSON.parse(row.selection) as SyncState["selection"],
    filters: JSON.parse(row.filters) as SyncState["filters"],
    options: { ...DEFAULT_OPTIONS, ...(JSON.parse(row.options) as Partial<SyncState["options"]>) },
    replan: { ...NO_REPLAN, ...(JSON.parse(row.replan) as Partial<SyncState["replan"]>) },
  };
}

/** Of a patch, what the row has otherwise: a row that is written as it was costs as much as any other. */
export function differing(row: SyncRecord | null, patch: Partial<SyncState>): Partial<SyncState> {
  const before: Record<string, unknown> = { ...row };
  const asKept = (value: unknown) => (typeof value === "object" && value !== null ? JSON.stringify(value) : value);
  return Object.fromEntries(Object.entries(patch).filter(([name, value]) => before[name] !== asKept(value)));
}
