import { z } from "zod";
import { READ_CONTENTS } from "../sync/verifying.ts";
import { count, instant, pageQuery } from "./common.ts";
import { itemState } from "./items.ts";

// Runs, what they hold and sign, and what is asked of one.

/** A signed receipt; docs/receipts.md says what its parts mean. */
export const signedReceipt = z.object({
  receipt: z.object({
    version: z.literal(1),
    syncId: z.string(),
    runId: z.string(),
    type: z.enum(["full", "incremental", "verify"]),
    status: z.enum(["completed", "incomplete", "held"]),
    startedAt: instant,
    finishedAt: instant,
    feeds: z.array(z.object({ id: z.string(), cursorSha256: z.string().nullable() })),
    counts: z.object({
      folders: count,
      files: count,
      stored: count,
      pending: count,
      failed: count,
      skipped: count,
      excluded: count,
      held: count,
      unreachable: count,
      kept: count,
      restored: count,
    }),
    bytes: count,
    drift: z.record(z.string(), count).nullable(),
    digest: z.object({ entries: count, root: z.string() }),
    previous: z.string().nullable(),
  }),
  signature: z.string(),
  keyId: z.string(),
});
export type SignedReceipt = z.infer<typeof signedReceipt>;

export const progress = z.object({
  discovered: count,
  pending: count,
  stored: count,
  skipped: count,
  failed: count,
  removed: count,
  /** Files whose removal waits for a decision. */
  held: count,
  /** Stored files whose content has changed. */
  changed: count,
  bytes: count,
  recent: z.array(z.string()),
});

export const usage = z.object({ providerRequests: count, rowsWritten: count, queueOperations: count, storagePuts: count });

export const run = z.object({
  id: z.string(),
  syncId: z.string(),
  type: z.enum(["full", "incremental", "verify"]),
  status: z.enum(["pending", "running", "held", "completed", "incomplete", "failed", "cancelled"]),
  trigger: z.enum(["created", "schedule", "webhook", "manual", "api", "retry", "verify"]),
  phase: z.enum(["listing", "planning", "downloading", "finishing"]),
  createdAt: instant,
  startedAt: instant.nullable(),
  finishedAt: instant.nullable(),
  progress,
  usage,
  /** What a verify run found and mended, by kind; null of other runs. */
  drift: z.record(z.string(), count).nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
});
export type Run = z.infer<typeof run>;

/** Held removals of one folder at the top of a source, with all below it; of the root, those directly in it. */
export const heldFolder = z.object({
  folderId: z.string(),
  path: z.string(),
  files: count,
  folders: count,
  bytes: count,
  /** Why: too many at once, the sentinel is missing, nothing would be left, or left out by changed filters. */
  reasons: z.array(z.enum(["many_removals", "sentinel_missing", "emptied", "excluded"])),
});
export type HeldFolder = z.infer<typeof heldFolder>;

const DECIDED_FOLDERS_MAX = 1000;

/** Without folders the decision is about everything that is held. */
export const decision = z.strictObject({ folders: z.array(z.string().max(2000)).min(1).max(DECIDED_FOLDERS_MAX).optional() });

/** Which of the stored contents are read again and hashed. */
export const verifyRequest = z.strictObject({ content: z.enum(READ_CONTENTS).default("sample") });

export const runRequest = z.strictObject({ full: z.boolean().default(false) });

export const runFilesQuery = pageQuery.extend({ state: itemState.optional() });

export const runEvent = z.object({
  number: z.int(),
  at: instant,
  level: z.enum(["info", "warn", "error"]),
  message: z.string(),
  itemId: z.string().nullable(),
});
export type RunEvent = z.infer<typeof runEvent>;
