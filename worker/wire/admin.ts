import { z } from "zod";
import { connection, pageQuery, run, syncStatus } from "../wire.ts";
import { count, instant } from "./common.ts";

// What administrators are told. Nothing of what people keep: no names of files, no paths, no rules.

const SEARCH_CHARACTERS_MAX = 200;
const REDRIVE_LETTERS_MAX = 1_000;
const QUOTA_MAX = Number.MAX_SAFE_INTEGER;

export const adminUsersQuery = pageQuery.extend({ search: z.string().trim().max(SEARCH_CHARACTERS_MAX).optional() });

/** Limits of a user's own: null is the operator's, 0 is none. */
const ownQuota = z.object({ bytes: count.nullable(), items: count.nullable(), syncs: count.nullable() });

export const adminUser = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string().nullable(),
  createdAt: instant,
  /** The last time that this person signed in. */
  signedInAt: instant,
  usage: z.object({ bytes: count, versionBytes: count, items: count, syncs: count }),
  /** Whether something of this user waits for a person. */
  health: z.enum(["ok", "attention"]),
  problems: z.object({
    /** Connections that need to be signed in to again, or are in error. */
    connections: count,
    failedFiles: count,
    /** Files whose removal waits for a decision. */
    heldFiles: count,
    /** Syncs that purge nothing until someone confirms that many changes were meant. */
    alarmedSyncs: count,
  }),
});
export type AdminUser = z.infer<typeof adminUser>;

const adminSync = z.object({
  id: z.string(),
  connectionId: z.string(),
  name: z.string(),
  mode: z.enum(["content", "metadata"]),
  status: syncStatus.shape.status,
  files: count,
  stored: count,
  failed: count,
  bytes: count,
  upToDateAt: instant.nullable(),
  lastRun: z.object({ id: z.string(), status: run.shape.status, finishedAt: instant.nullable(), error: run.shape.error }).nullable(),
  /** Of the user's object; null where it did not answer. */
  live: z.object({ backlog: syncStatus.shape.backlog, waitingFor: syncStatus.shape.waitingFor, running: z.boolean() }).nullable(),
});

export const adminUserDetail = adminUser.extend({
  admin: z.boolean(),
  identities: z.array(z.object({ issuer: z.string(), subject: z.string() })),
  /** Limits in force; null: none. */
  quota: ownQuota,
  ownQuota,
  connections: z.array(connection),
  syncs: z.array(adminSync),
});
export type AdminUserDetail = z.infer<typeof adminUserDetail>;

const limit = z.int().min(0).max(QUOTA_MAX).nullable();
export const adminUserPatch = z.strictObject({
  /** What is left out stays; null is the operator's limit, 0 is none. */
  quota: z.strictObject({ bytes: limit.optional(), items: limit.optional(), syncs: limit.optional() }),
});

/** What became of “run all of this user's syncs”. */
export const adminRuns = z.object({
  started: count,
  refused: z.array(z.object({ syncId: z.string(), code: z.string(), message: z.string() })),
});
export type AdminRuns = z.infer<typeof adminRuns>;

/** A list's beginning, and how many there are. */
const some = <T extends z.ZodType>(item: T) => z.object({ count, items: z.array(item) });

export const adminStatus = z.object({
  users: count,
  syncs: count,
  cron: z.object({
    lastTickAt: instant.nullable(),
    /** No tick for more than three minutes: nobody is woken by the clock. */
    late: z.boolean(),
  }),
  /** Syncs whose time has passed without their object having taken note. */
  overdue: some(z.object({ userId: z.string(), syncId: z.string(), dueAt: instant })),
  unfinishedRuns: some(
    z.object({ id: z.string(), userId: z.string(), syncId: z.string(), type: run.shape.type, status: run.shape.status, since: instant }),
  ),
  connections: some(
    z.object({
      id: z.string(),
      userId: z.string(),
      provider: z.string(),
      status: connection.shape.status,
      lastValidatedAt: instant.nullable(),
    }),
  ),
  /** What waits for a source's limits, among the users with the oldest unfinished runs. */
  throttled: z.array(z.object({ userId: z.string(), syncId: z.string(), until: instant.nullable() })),
  /** Objects that did not answer when they were asked for that. */
  unreachable: z.array(z.string()),
  queues: z.array(
    z.object({
      name: z.enum(["downloads", "wakes"]),
      /** Messages that wait; null where the platform does not tell. */
      backlog: count.nullable(),
      dead: z.object({ waiting: count, returned: count }),
    }),
  ),
});
export type AdminStatus = z.infer<typeof adminStatus>;

/** A message that failed every delivery. */
export const deadLetter = z.object({
  id: z.string(),
  queue: z.enum(["downloads", "wakes"]),
  userId: z.string(),
  /** What it was about: a job of the ledger, or why the user was to be woken. */
  about: z.string(),
  /** Of its last delivery, where that is known. */
  reason: z.string().nullable(),
  /** How often a message about this died. */
  count,
  firstAt: instant,
  lastAt: instant,
  /** `waiting`: not yet handed back to the user's object. */
  state: z.enum(["waiting", "returned"]),
  returnedAt: instant.nullable(),
});
export type DeadLetter = z.infer<typeof deadLetter>;

/** Without ids: everything that waits. */
export const redriveRequest = z.strictObject({ ids: z.array(z.string().max(64)).min(1).max(REDRIVE_LETTERS_MAX).optional() });
export const redriven = z.object({ returned: count, failed: count, left: z.boolean() });
export type Redriven = z.infer<typeof redriven>;
