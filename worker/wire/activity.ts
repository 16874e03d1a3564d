import { z } from "zod";
import { CHANGE_TYPES } from "../sync/changes.ts";
import { pageQuery } from "../wire.ts";

/** Failed files of one cause. */
export const failureGroup = z.object({
  reason: z.string().nullable(),
  files: z.int().nonnegative(),
  bytes: z.int().nonnegative(),
  /** When the first of them is tried again; null: not by itself. */
  nextAttemptAt: z.iso.datetime().nullable(),
});
export type FailureGroup = z.infer<typeof failureGroup>;

export const failureRetry = failureGroup.pick({ reason: true });

/** Narrowed to one sync, to one kind of change, or to both. */
export const recentChangesQuery = pageQuery.extend({ sync: z.string().max(50).optional(), type: z.enum(CHANGE_TYPES).optional() });
