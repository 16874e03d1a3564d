import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import type { AuditAction } from "../audit.ts";
import type { Scope } from "../scopes.ts";
import type { ChangeType } from "../sync/changes.ts";
import { ITEM_STATES } from "../sync/item.ts";
import type { Filters, SelectionEntry, SyncOptions } from "../sync/rules.ts";
import { KEPT, VERSION_ENDS } from "../sync/rules.ts";
import type { Schedule } from "../sync/schedule.ts";

// The catalogue in D1. docs/storage.md says what each table is for, who writes it and how long a row lives.
// Times are milliseconds since 1970, sizes bytes. Tables whose key is text are WITHOUT ROWID in the migrations.

export const users = sqliteTable("users", {
  id: text().primaryKey(),
  name: text().notNull(),
  email: text(),
  /** Which catalogue database holds this user's syncs and items. */
  homeShard: integer("home_shard").notNull().default(0),
  /** Most bytes, items and syncs of this user; null: the operator's default. */
  quotaBytes: integer("quota_bytes"),
  quotaItems: integer("quota_items"),
  quotaSyncs: integer("quota_syncs"),
  createdAt: integer("created_at").notNull(),
  signedInAt: integer("signed_in_at").notNull(),
});

export const identities = sqliteTable(
  "identities",
  {
    issuer: text().notNull(),
    subject: text().notNull(),
    userId: text("user_id").notNull(),
    createdAt: integer("created_at").notNull(),
    /** As the authority said at the last sign-in with it; for show only. */
    name: text(),
    email: text(),
  },
  (table) => [primaryKey({ columns: [table.issuer, table.subject] }), index("identities_by_user").on(table.userId)],
);

export const sessions = sqliteTable(
  "sessions",
  {
    /** SHA-256 of the cookie's value, hex. */
    hash: text().primaryKey(),
    userId: text("user_id").notNull(),
    userAgent: text("user_agent"),
    createdAt: integer("created_at").notNull(),
    expiresAt: integer("expires_at").notNull(),
    /** Written at most once an hour; null: not since it began. */
    lastUsedAt: integer("last_used_at"),
  },
  (table) => [index("sessions_by_user").on(table.userId), index("sessions_by_expiry").on(table.expiresAt)],
);

/** What a program signs in with, in its user's name. */
export const tokens = sqliteTable(
  "tokens",
  {
    /** Sorts by time. A part of the token. */
    id: text().primaryKey(),
    /** Goes with its user, whoever deletes that. */
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** SHA-256 of the whole token, hex. */
    hash: text().notNull(),
    name: text().notNull(),
    scopes: text({ mode: "json" }).$type<Scope[]>().notNull(),
    createdAt: integer("created_at").notNull(),
    /** Null: never. */
    expiresAt: integer("expires_at"),
    /** Written at most once an hour; null: never used. */
    lastUsedAt: integer("last_used_at"),
  },
  (table) => [
    index("tokens_by_user").on(table.userId, table.id),
    index("tokens_by_expiry")
      .on(table.expiresAt)
      .where(sql`expires_at IS NOT NULL`),
  ],
);

export const connections = sqliteTable(
  "connections",
  {
    id: text().primaryKey(),
    userId: text("user_id").notNull(),
    provider: text().notNull(),
    accountId: text("account_id").notNull(),
    accountEmail: text("account_email"),
    label: text().notNull(),
    authType: text("auth_type", { enum: ["oauth2", "password", "token", "service_account"] }).notNull(),
    status: text({ enum: ["active", "needs_reconnect", "revoked", "error"] }).notNull(),
    scopes: text({ mode: "json" }).$type<string[]>().notNull(),
    lastValidatedAt: integer("last_validated_at"),
    createdAt: integer("created_at").notNull(),
  },
  (table) => [
    uniqueIndex("connections_by_account").on(table.userId, table.provider, table.accountId),
    index("connections_at_source").on(table.provider, table.accountId),
  ],
);

export const syncs = sqliteTable(
  "syncs",
  {
    id: text().primaryKey(),
    userId: text("user_id").notNull(),
    connectionId: text("connection_id").notNull(),
    name: text().notNull(),
    mode: text({ enum: ["content", "metadata"] }).notNull(),
    schedule: text({ mode: "json" }).$type<Schedule>().notNull(),
    labels: text({ mode: "json" }).$type<Record<string, string>>().notNull(),
    selection: text({ mode: "json" }).$type<SelectionEntry[]>().notNull().default([]),
    filters: text({ mode: "json" }).$type<Filters>().notNull().default({}),
    /** Those that differ from the defaults. */
    options: text({ mode: "json" }).$type<Partial<SyncOptions>>().notNull().default({}),
    status: text({ enum: ["active", "paused", "deleting"] }).notNull(),
    /** The minute within its interval at which an interval sync is woken; null for the others. */
    wakeSlot: integer("wake_slot"),
    intervalMinutes: integer("interval_minutes"),
    /** When a cron sync is next due; null for the others. */
    nextDueAt: integer("next_due_at"),
    /** Everything that the source had at this time is here. Written when a run ends. */
    upToDateAt: integer("up_to_date_at"),
    itemCount: integer("item_count").notNull().default(0),
    fileCount: integer("file_count").notNull().default(0),
    storedCount: integer("stored_count").notNull().default(0),
    failedCount: integer("failed_count").notNull().default(0),
    skippedCount: integer("skipped_count").notNull().default(0),
    storedBytes: integer("stored_bytes").notNull().default(0),
    sourceBytes: integer("source_bytes").notNull().default(0),
    excludedCount: integer("excluded_count").notNull().default(0),
    heldCount: integer("held_count").notNull().default(0),
    /** Contents that are kept as versions, and their bytes. */
    versionCount: integer("version_count").notNull().default(0),
    versionBytes: integer("version_bytes").notNull().default(0),
    /** When the first of them may have outlived its retention; null where there are none. */
    purgeDueAt: integer("purge_due_at"),
    /** Most files changed at once: nothing is purged until someone confirms. When that was, and how many. */
    alarmedAt: integer("alarmed_at"),
    alarmedCount: integer("alarmed_count"),
    createdAt: integer("created_at").notNull(),
  },
  (table) => [
    index("syncs_by_user").on(table.userId),
    index("syncs_by_slot")
      .on(table.intervalMinutes, table.wakeSlot, table.userId)
      .where(sql`interval_minutes IS NOT NULL AND status = 'active'`),
    index("syncs_by_due")
      .on(table.nextDueAt)
      .where(sql`next_due_at IS NOT NULL AND status = 'active'`),
    index("syncs_by_purge")
      .on(table.purgeDueAt)
      .where(sql`purge_due_at IS NOT NULL`),
  ],
);

export const items = sqliteTable(
  "items",
  {
    syncId: text("sync_id").notNull(),
    /** The provider's id: the item's identity. */
    remoteId: text("remote_id").notNull(),
    /** Null for the root; the empty string while the parent is not known. */
    parentId: text("parent_id"),
    /** 0 folder, 1 file: folders sort first. */
    kind: integer().notNull(),
    name: text().notNull(),
    size: integer(),
    mimeType: text("mime_type"),
    webUrl: text("web_url"),
    createdAt: integer("created_at"),
    modifiedAt: integer("modified_at"),
    /** When the source last reported a change of this item. */
    seenAt: integer("seen_at").notNull(),
    /** What the source has: hash as `algorithm:value`. */
    hash: text(),
    contentTag: text("content_tag"),
    state: text({ enum: ITEM_STATES }).notNull(),
    reason: text(),
    /** While the state is `pending`: the job that will fetch it. Only that job's result counts. */
    pendingJob: text("pending_job"),
    nextAttemptAt: integer("next_attempt_at"),
    /** Failed attempts at the content that the source has now. */
    attempts: integer().notNull().default(0),
    /** The run that last changed this row. */
    runId: text("run_id"),
    /** What is stored: the last part of the object's key, and the source's marks of that content. */
    storedId: text("stored_id"),
    storedNumber: integer("stored_number").notNull().default(0),
    storedSize: integer("stored_size"),
    storedSha256: text("stored_sha256"),
    storedAt: integer("stored_at"),
    storedHash: text("stored_hash"),
    storedTag: text("stored_tag"),
    storedSourceSize: integer("stored_source_size"),
    storedModifiedAt: integer("stored_modified_at"),
    /** 1 where the source serves other bytes than it announces. */
    storedDiffers: integer("stored_differs"),
    /** The number of the version that the stored content was restored from, until the source's content changes. */
    restoredFrom: integer("restored_from"),
    /** Why this item is here though the source no longer has it; null where it has. */
    kept: text({ enum: KEPT }),
  },
  (table) => [
    primaryKey({ columns: [table.syncId, table.remoteId] }),
    index("items_by_parent").on(table.syncId, table.parentId, table.kind, sql`name COLLATE NOCASE`),
    index("items_failed")
      .on(table.syncId, table.nextAttemptAt)
      .where(sql`state = 'failed'`),
    index("items_held")
      .on(table.syncId, table.parentId)
      .where(sql`state = 'held'`),
    index("items_removed")
      .on(table.syncId, table.seenAt)
      .where(sql`state = 'removed'`),
  ],
);

/** Content that is no longer current: superseded by a newer one, or of an item that the source removed. */
export const versions = sqliteTable(
  "versions",
  {
    syncId: text("sync_id").notNull(),
    remoteId: text("remote_id").notNull(),
    number: integer().notNull(),
    storedId: text("stored_id").notNull(),
    size: integer().notNull(),
    sha256: text().notNull(),
    storedAt: integer("stored_at").notNull(),
    endedAt: integer("ended_at").notNull(),
    endedBy: text("ended_by", { enum: VERSION_ENDS }).notNull(),
    /** The version that this one was restored from. */
    restoredFrom: integer("restored_from"),
  },
  (table) => [primaryKey({ columns: [table.syncId, table.remoteId, table.number] })],
);

export const runs = sqliteTable(
  "runs",
  {
    /** Sorts by time. */
    id: text().primaryKey(),
    userId: text("user_id").notNull(),
    syncId: text("sync_id").notNull(),
    type: text({ enum: ["full", "incremental", "verify"] }).notNull(),
    status: text({ enum: ["pending", "running", "held", "completed", "incomplete", "failed", "cancelled"] }).notNull(),
    trigger: text({ enum: ["created", "schedule", "webhook", "manual", "api", "retry", "verify"] }).notNull(),
    phase: text({ enum: ["listing", "planning", "downloading", "finishing"] }).notNull(),
    createdAt: integer("created_at").notNull(),
    startedAt: integer("started_at"),
    finishedAt: integer("finished_at"),
    discovered: integer().notNull().default(0),
    pending: integer().notNull().default(0),
    stored: integer().notNull().default(0),
    skipped: integer().notNull().default(0),
    failed: integer().notNull().default(0),
    removed: integer().notNull().default(0),
    bytes: integer().notNull().default(0),
    providerRequests: integer("provider_requests").notNull().default(0),
    rowsWritten: integer("rows_written").notNull().default(0),
    queueOperations: integer("queue_operations").notNull().default(0),
    storagePuts: integer("storage_puts").notNull().default(0),
    /** Files whose removal was held by this run. */
    held: integer().notNull().default(0),
    /** Stored files whose content this run found changed. */
    changed: integer().notNull().default(0),
    /** What a verify run found and mended: counts by kind, as JSON. */
    drift: text({ mode: "json" }).$type<Record<string, number>>(),
    errorCode: text("error_code"),
    errorMessage: text("error_message"),
  },
  (table) => [
    index("runs_by_sync").on(table.syncId, table.id),
    index("runs_by_user").on(table.userId, table.id),
    index("runs_unfinished")
      .on(table.userId)
      .where(sql`finished_at IS NULL`),
  ],
);

/** What a run has to say: its phases, and each file it could not keep. At most 1,000 a run. */
export const runEvents = sqliteTable(
  "run_events",
  {
    runId: text("run_id").notNull(),
    number: integer().notNull(),
    at: integer().notNull(),
    level: text({ enum: ["info", "warn", "error"] }).notNull(),
    message: text().notNull(),
    remoteId: text("remote_id"),
  },
  (table) => [primaryKey({ columns: [table.runId, table.number] })],
);

/** What a finished run proves, signed. */
export const receipts = sqliteTable(
  "receipts",
  {
    syncId: text("sync_id").notNull(),
    runId: text("run_id").notNull(),
    /** The signed receipt as JSON. */
    receipt: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.syncId, table.runId] })],
);

/** What changed in a user's copies, in order: one row for each durable step. */
export const changes = sqliteTable(
  "changes",
  {
    userId: text("user_id").notNull(),
    /** Counts up for each user, and is no smaller than `at`. */
    number: integer().notNull(),
    at: integer().notNull(),
    syncId: text("sync_id").notNull(),
    /** Remote ids by what happened to them. */
    items: text({ mode: "json" }).$type<Partial<Record<ChangeType, string[]>>>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.number] })],
);

/** When a periodic piece of work last ran. */
export const ticks = sqliteTable("ticks", {
  name: text().primaryKey(),
  at: integer().notNull(),
});

/** What was kept of a sync at the end of a day on which that changed: days in between are as the one before. */
export const storageDays = sqliteTable(
  "storage_days",
  {
    userId: text("user_id").notNull(),
    syncId: text("sync_id").notNull(),
    /** Days since 1970, UTC. */
    day: integer().notNull(),
    files: integer().notNull(),
    bytes: integer().notNull(),
    versionBytes: integer("version_bytes").notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.syncId, table.day] })],
);

/** Messages that failed every delivery, each different one once. */
export const deadLetters = sqliteTable("dead_letters", {
  /** Of what the message says. */
  id: text().primaryKey(),
  queue: text({ enum: ["downloads", "wakes"] }).notNull(),
  userId: text("user_id").notNull(),
  message: text({ mode: "json" }).$type<{ jobId: string } | { wake: { reason: string } }>().notNull(),
  /** Of the last delivery. */
  reason: text(),
  /** How often it died; 0 while it is on its way to the dead. */
  count: integer().notNull(),
  firstAt: integer("first_at").notNull(),
  lastAt: integer("last_at").notNull(),
  /** When it was handed back to its user's object; null while it waits. */
  returnedAt: integer("returned_at"),
});

/** What was done with an account, by whom. Rows are added, and never changed. */
export const auditEvents = sqliteTable(
  "audit_events",
  {
    userId: text("user_id").notNull(),
    /** Sorts by time. */
    id: text().notNull(),
    at: integer().notNull(),
    /** `session`, `token` or `admin`, and which: `token:abc`. */
    actor: text().notNull(),
    action: text().$type<AuditAction>().notNull(),
    /** The id of what it was done to, and what that was called. */
    target: text(),
    name: text(),
    /** The caller's network, not their whole address; and what they used, in words. */
    network: text(),
    agent: text(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.id] }), index("audit_events_by_time").on(table.at)],
);

/** Users that are being erased, and those that were: nothing but an id that names nobody any more. */
export const erasures = sqliteTable(
  "erasures",
  {
    userId: text("user_id").primaryKey(),
    begunAt: integer("begun_at").notNull(),
    /** Null: not yet to the end. */
    endedAt: integer("ended_at"),
  },
  (table) => [
    index("erasures_under_way")
      .on(table.userId)
      .where(sql`ended_at IS NULL`),
    index("erasures_by_end")
      .on(table.endedAt)
      .where(sql`ended_at IS NOT NULL`),
  ],
);
