import { failureGroup, failureRetry, recentChangesQuery } from "../../wire/activity.ts";
import type { Operation } from "../operations.ts";

export const activityShapes = { FailureGroup: failureGroup } as const;

export const activityOperations = [
  {
    method: "get",
    path: "/changes/recent",
    summary: "The same, newest first, of all syncs or of one; a page may be empty and not the last",
    query: recentChangesQuery,
    answer: { listOf: "Change" },
  },
  {
    method: "get",
    path: "/syncs/{id}/failures",
    summary: "The files that could not be stored, counted by their cause, most first",
    answer: { listOf: "FailureGroup" },
  },
  {
    method: "post",
    path: "/syncs/{id}/failures/retry",
    summary: "Try the files again now that failed for one cause",
    body: failureRetry,
    status: 202,
    answer: { shape: "Run" },
  },
] as const satisfies readonly Operation[];
