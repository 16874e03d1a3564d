import { z } from "zod";
import { PREVIEW_KINDS } from "../sync/preview-kind.ts";
import { VERSION_ENDS } from "../sync/rules.ts";
import { count, instant, pageQuery } from "./common.ts";

// Files and folders, their versions, and the stream of what changes.

/** Of a folder: so many are counted, and passed over. */
export const COUNTED_ITEMS_MAX = 200_000;

export const itemState = z.enum(["excluded", "pending", "stored", "failed", "skipped", "held", "unreachable", "removed"]);

export const item = z.object({
  id: z.string(),
  syncId: z.string(),
  remoteId: z.string(),
  /** The parent's item id; null for children of the root. */
  parentId: z.string().nullable(),
  name: z.string(),
  path: z.string(),
  kind: z.enum(["file", "folder"]),
  size: z.number().nullable(),
  mimeType: z.string().nullable(),
  webUrl: z.string().nullable(),
  createdAt: instant.nullable(),
  modifiedAt: instant.nullable(),
  lastSeenAt: instant,
  hash: z.object({ algorithm: z.string(), value: z.string() }).nullable(),
  sha256: z.string().nullable(),
  storedSize: z.number().nullable(),
  state: itemState,
  reason: z.string().nullable(),
  nextAttemptAt: instant.nullable(),
  storedAt: instant.nullable(),
  /** The source serves other bytes than it announces; these are the served ones. */
  servedDiffers: z.boolean(),
  /** The number of the version that the stored content was restored from; null where it is the source's own. */
  restoredFrom: z.number().nullable(),
  /** Why it is here though the source no longer has it: restored by hand, a removal discarded, or the sync's option. */
  kept: z.enum(["restored", "discarded", "option"]).nullable(),
  /** As what its preview shows it; null where there is none. */
  preview: z.enum(PREVIEW_KINDS).nullable(),
});
export type Item = z.infer<typeof item>;

/** Why an item is, or is not, here. */
export const explanation = z.object({
  item,
  /** Whether its content, or the folder itself, is in the mirror. */
  here: z.boolean(),
  summary: z.string(),
  facts: z.array(z.object({ code: z.string(), message: z.string(), at: instant.optional(), detail: z.string().optional() })),
});
export type Explanation = z.infer<typeof explanation>;

/** One change of one item, and the item as it is now: several changes may show the same. */
export const change = z.object({
  /** Reading goes on after it. */
  cursor: z.string(),
  at: instant,
  type: z.enum(["created", "content", "metadata", "moved", "removed"]),
  syncId: z.string(),
  itemId: z.string(),
  /** Null once it is known no more. */
  item: item.nullable(),
});
export type Change = z.infer<typeof change>;

/** Without a cursor: from the oldest change that is kept, or only what comes from now on. */
export const changesQuery = pageQuery.extend({ from: z.literal("now").optional() });

/** One content of an item, the current one included. */
export const version = z.object({
  number: z.int(),
  size: count,
  sha256: z.string(),
  createdAt: instant,
  /** Null: the current one. */
  endedAt: instant.nullable(),
  /** The user who restored it; null where it came from the source. */
  createdBy: z.string().nullable(),
  reason: z.enum(["sync", "restore"]),
  /** The number of the version that it was restored from. */
  restoredFrom: z.int().nullable(),
  endedBy: z.enum(VERSION_ENDS).nullable(),
  current: z.boolean(),
  /** From when on it may be purged; null for the current one, and while nothing is purged. */
  expiresAt: instant.nullable(),
});
export type Version = z.infer<typeof version>;

export const itemsQuery = pageQuery.extend({
  parent: z.string().max(2000).optional(),
  state: itemState.optional(),
  /** Folders come first; by size and time, then by name. */
  sort: z.enum(["name", "size", "modified"]).optional(),
  order: z.enum(["asc", "desc"]).optional(),
  /** Begins after so many, where there is no cursor: a jump into a long list. */
  skip: z.coerce.number().int().min(0).max(COUNTED_ITEMS_MAX).optional(),
});

export const itemsCountQuery = itemsQuery.pick({ parent: true, state: true });

export const itemsCount = z.object({
  /** Null: more than are counted. */
  count: count.max(COUNTED_ITEMS_MAX).nullable(),
});
export type ItemsCount = z.infer<typeof itemsCount>;
