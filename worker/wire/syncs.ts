import { z } from "zod";
import { NAME_MAX, count, instant } from "./common.ts";
import { filters, labels, mode, optionsPatch, schedule, selection, shownOptions, shownSelection } from "./rules.ts";
import { run } from "./runs.ts";

// Syncs as they are made, changed and shown, and how they stand.

export const syncCreate = z.strictObject({
  connectionId: z.string().max(50),
  name: z.string().trim().min(1).max(NAME_MAX).optional(),
  mode: mode.default("content"),
  schedule: schedule.default({ kind: "interval", minutes: 60 }),
  labels: labels.default({}),
  selection: selection.default([]),
  filters: filters.default({}),
  options: optionsPatch.default({}),
});
export type SyncCreate = z.infer<typeof syncCreate>;

export const syncPatch = z.strictObject({
  name: z.string().trim().min(1).max(NAME_MAX).optional(),
  mode: mode.optional(),
  schedule: schedule.optional(),
  labels: labels.optional(),
  /** Replaces the whole selection, or all filters; options are changed one by one. */
  selection: selection.optional(),
  filters: filters.optional(),
  options: optionsPatch.optional(),
});
export type SyncPatch = z.infer<typeof syncPatch>;

export const sync = z.object({
  id: z.string(),
  connectionId: z.string(),
  name: z.string(),
  mode,
  schedule,
  labels: z.record(z.string(), z.string()),
  selection: shownSelection,
  filters,
  options: shownOptions,
  /** Most files changed at once: nothing old is purged until someone confirms. */
  alarm: z.object({ kind: z.literal("mass_change"), since: instant, files: count }).nullable(),
  status: z.enum(["active", "paused", "deleting"]),
  nextRunAt: instant.nullable(),
  lastRun: run.nullable(),
  upToDateAt: instant.nullable(),
  stats: z.object({
    items: count,
    files: count,
    stored: count,
    failed: count,
    skipped: count,
    excluded: count,
    held: count,
    bytes: count,
    sourceBytes: count,
    versions: count,
    versionBytes: count,
  }),
  createdAt: instant,
});
export type Sync = z.infer<typeof sync>;

/** What is going on in a sync right now, from its object. */
export const syncStatus = z.object({
  syncId: z.string(),
  status: z.enum(["active", "paused", "deleting"]),
  /** Everything the source had then is here. */
  upToDateAt: instant.nullable(),
  /** When the source was last asked. */
  checkedAt: instant.nullable(),
  /** Work not yet settled. */
  backlog: z.object({ files: count, bytes: count }),
  /** What the work waits for, when it waits. */
  waitingFor: z.object({ reason: z.enum(["throttled", "retry", "paused", "reconnect", "quota"]), until: instant.nullable() }).nullable(),
  /** From the measured rate; null while it is not known. */
  secondsLeft: z.number().nonnegative().nullable(),
  filesPerSecond: z.number().nonnegative(),
  bytesPerSecond: z.number().nonnegative(),
  activeRun: run.nullable(),
});
export type SyncStatus = z.infer<typeof syncStatus>;
