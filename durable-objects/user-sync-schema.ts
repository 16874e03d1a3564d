import type { FileResult, JobFile } from "../worker/sync/job.ts";
import type { ReplanState } from "../worker/sync/replan-state.ts";
import type { HeldBecause, RemovalAction } from "../worker/sync/guard.ts";
import type { LargeTask, Part } from "../worker/sync/large.ts";
import type { LoopState } from "../worker/sync/loop.ts";
import type { Filters, SelectionEntry, SyncOptions } from "../worker/sync/rules.ts";
import type { Schedule } from "../worker/sync/schedule.ts";
import type { Stats } from "../worker/sync/stats.ts";
import type { Drift, VerifyState } from "../worker/sync/verifying.ts";
import type { Run } from "../worker/wire.ts";
import type { MailMatter } from "../worker/notices/message.ts";
import type { DeliveryAttempt, EventType, NoticeType, Webhook } from "../worker/wire/webhooks.ts";

// What a user's object keeps, in its own SQLite: credentials, cursors, the ledger, schedules. docs/storage.md says who
// writes each table and how long a row lives. Times are milliseconds since 1970.

/** In order; each is applied once. Append only. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

  CREATE TABLE connections (
    id TEXT PRIMARY KEY, provider TEXT NOT NULL, account_id TEXT NOT NULL, status TEXT NOT NULL,
    sealed TEXT, generation INTEGER NOT NULL, gate_until INTEGER NOT NULL DEFAULT 0, gate_count INTEGER NOT NULL DEFAULT 0
  ) WITHOUT ROWID;

  CREATE TABLE syncs (
    id TEXT PRIMARY KEY, connection_id TEXT NOT NULL, mode TEXT NOT NULL, status TEXT NOT NULL, schedule TEXT NOT NULL,
    next_due_at INTEGER, wakes INTEGER NOT NULL DEFAULT 0, wakes_taken INTEGER NOT NULL DEFAULT 0,
    wake_trigger TEXT NOT NULL DEFAULT 'schedule', enumerate_next INTEGER NOT NULL DEFAULT 0, recheck_at INTEGER,
    retry_at INTEGER, replan_after TEXT, replan_forced INTEGER NOT NULL DEFAULT 0, checked_at INTEGER,
    up_to_date_at INTEGER, stats TEXT NOT NULL, stats_doubtful INTEGER NOT NULL DEFAULT 0, due_at INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0
  ) WITHOUT ROWID;

  CREATE TABLE feeds (
    sync_id TEXT NOT NULL, feed_id TEXT NOT NULL, phase TEXT NOT NULL DEFAULT 'idle', cursor TEXT,
    enumeration TEXT NOT NULL DEFAULT 'none', swept_part INTEGER NOT NULL DEFAULT 0, swept_after TEXT NOT NULL DEFAULT '',
    page INTEGER NOT NULL DEFAULT 0, round_started_at INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (sync_id, feed_id)
  ) WITHOUT ROWID;

  CREATE TABLE runs (sync_id TEXT PRIMARY KEY, id TEXT NOT NULL, run TEXT NOT NULL) WITHOUT ROWID;

  CREATE TABLE jobs (
    id TEXT PRIMARY KEY, sync_id TEXT NOT NULL, feed_id TEXT NOT NULL, due_at INTEGER NOT NULL, lease INTEGER NOT NULL DEFAULT 0,
    leased INTEGER NOT NULL DEFAULT 0, done INTEGER NOT NULL DEFAULT 0, file_count INTEGER NOT NULL, bytes INTEGER NOT NULL,
    results TEXT NOT NULL DEFAULT '[]', files TEXT NOT NULL
  ) WITHOUT ROWID;

  CREATE TABLE removals (sync_id TEXT NOT NULL, feed_id TEXT NOT NULL, remote_id TEXT NOT NULL,
    PRIMARY KEY (sync_id, feed_id, remote_id)) WITHOUT ROWID;

  CREATE TABLE seen (sync_id TEXT NOT NULL, feed_id TEXT NOT NULL, page INTEGER NOT NULL, ids BLOB NOT NULL,
    PRIMARY KEY (sync_id, feed_id, page)) WITHOUT ROWID;

  CREATE TABLE subscriptions (
    connection_id TEXT NOT NULL, feed_id TEXT NOT NULL, subscription_id TEXT, expires_at INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, proof_key TEXT, PRIMARY KEY (connection_id, feed_id)) WITHOUT ROWID;
  `,
  `
  ALTER TABLE syncs ADD COLUMN selection TEXT NOT NULL DEFAULT '[]';
  ALTER TABLE syncs ADD COLUMN filters TEXT NOT NULL DEFAULT '{}';
  ALTER TABLE syncs ADD COLUMN options TEXT NOT NULL DEFAULT '{}';
  ALTER TABLE syncs ADD COLUMN enumerated_at INTEGER;
  ALTER TABLE syncs ADD COLUMN alarmed_at INTEGER;
  ALTER TABLE syncs ADD COLUMN rests_at_wakes INTEGER NOT NULL DEFAULT -1;
  ALTER TABLE syncs ADD COLUMN replan TEXT NOT NULL DEFAULT '{}';
  UPDATE syncs SET stats_doubtful = 1;

  ALTER TABLE jobs ADD COLUMN large TEXT;

  CREATE TABLE uploads (
    upload_id TEXT PRIMARY KEY, sync_id TEXT NOT NULL, job_id TEXT NOT NULL, remote_id TEXT NOT NULL, stored_id TEXT NOT NULL,
    due_at INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0
  ) WITHOUT ROWID;

  ALTER TABLE syncs ADD COLUMN purge_due_at INTEGER;
  ALTER TABLE syncs ADD COLUMN quota_reached_at INTEGER;

  CREATE TABLE restorations (
    sync_id TEXT NOT NULL, remote_id TEXT NOT NULL, run_id TEXT, removed_at INTEGER NOT NULL, PRIMARY KEY (sync_id, remote_id)
  ) WITHOUT ROWID;

  CREATE TABLE purges (
    sync_id TEXT PRIMARY KEY, phase TEXT NOT NULL DEFAULT 'versions', after_id TEXT NOT NULL DEFAULT '',
    after_number INTEGER NOT NULL DEFAULT 0, oldest_at INTEGER, freed_bytes INTEGER NOT NULL DEFAULT 0, doomed TEXT NOT NULL DEFAULT '[]'
  ) WITHOUT ROWID;

  ALTER TABLE syncs ADD COLUMN stats_shown TEXT NOT NULL DEFAULT '';

  CREATE TABLE litter (
    job_id TEXT NOT NULL, lease INTEGER NOT NULL, sync_id TEXT NOT NULL, due_at INTEGER NOT NULL, PRIMARY KEY (job_id, lease)
  ) WITHOUT ROWID;

  CREATE TABLE digest_ranges (
    sync_id TEXT NOT NULL, start TEXT NOT NULL, dirty INTEGER NOT NULL DEFAULT 1, entries INTEGER NOT NULL DEFAULT 0,
    digest TEXT NOT NULL DEFAULT '', counts TEXT NOT NULL DEFAULT '{}', PRIMARY KEY (sync_id, start)
  ) WITHOUT ROWID;

  ALTER TABLE syncs ADD COLUMN held_open INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE feeds ADD COLUMN root_id TEXT;
  ALTER TABLE feeds ADD COLUMN action TEXT;
  ALTER TABLE feeds ADD COLUMN held_because TEXT;
  ALTER TABLE feeds ADD COLUMN name TEXT NOT NULL DEFAULT '';
  ALTER TABLE feeds ADD COLUMN missing_since INTEGER;
  ALTER TABLE feeds ADD COLUMN enumerated_at INTEGER;
  ALTER TABLE feeds ADD COLUMN loop TEXT;
  ALTER TABLE feeds ADD COLUMN restarts INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE syncs ADD COLUMN feeds_due INTEGER NOT NULL DEFAULT 0;

  CREATE TABLE decisions (
    id TEXT PRIMARY KEY, sync_id TEXT NOT NULL, run_id TEXT NOT NULL, action TEXT NOT NULL, folders TEXT NOT NULL,
    after_parent TEXT NOT NULL DEFAULT '', after_id TEXT NOT NULL DEFAULT '', held_before INTEGER NOT NULL, event INTEGER NOT NULL
  ) WITHOUT ROWID;
  `,
  `
  ALTER TABLE connections ADD COLUMN renewing_until INTEGER;
  ALTER TABLE feeds ADD COLUMN tags_doubtful INTEGER NOT NULL DEFAULT 0;
  `,
  `
  CREATE TABLE endpoints (
    id TEXT PRIMARY KEY, url TEXT NOT NULL, description TEXT NOT NULL, events TEXT NOT NULL, disabled_because TEXT,
    sealed TEXT NOT NULL, old_sealed TEXT, old_until INTEGER, failing_since INTEGER, created_at INTEGER NOT NULL
  ) WITHOUT ROWID;

  CREATE TABLE deliveries (
    endpoint_id TEXT NOT NULL, id TEXT NOT NULL, event_id TEXT NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'pending', created_at INTEGER NOT NULL, due_at INTEGER, tries INTEGER NOT NULL DEFAULT 0,
    attempts TEXT NOT NULL DEFAULT '[]', PRIMARY KEY (endpoint_id, id)
  ) WITHOUT ROWID;
  CREATE INDEX deliveries_due ON deliveries (due_at) WHERE due_at IS NOT NULL;

  CREATE TABLE mails (
    matter TEXT PRIMARY KEY, mail TEXT NOT NULL, due_at INTEGER, tries INTEGER NOT NULL DEFAULT 0, told_at INTEGER
  ) WITHOUT ROWID;

  CREATE TABLE failing_syncs (sync_id TEXT PRIMARY KEY, runs INTEGER NOT NULL) WITHOUT ROWID;
  `,
];

export interface ConnectionState {
  id: string;
  provider: string;
  accountId: string;
  status: "active" | "needs_reconnect" | "revoked" | "error";
  /** Null once the credential is destroyed. */
  sealed: string | null;
  /** Counts the credentials: a refresh that began with an older one does not overwrite a newer. */
  generation: number;
  /** Throttled: nothing is asked of the provider before. */
  gateUntil: number;
  /** Throttled answers in a row. */
  gateCount: number;
  /** Its tokens, which work once, were sent for others, and no answer has come: until when they can be sent again. Null: nothing is open. */
  renewingUntil: number | null;
}

export interface SyncState {
  id: string;
  connectionId: string;
  mode: "content" | "metadata";
  status: "active" | "paused" | "deleting";
  schedule: Schedule;
  selection: SelectionEntry[];
  filters: Filters;
  options: SyncOptions;
  nextDueAt: number | null;
  /** Counts wakes; a pass takes the number it began with, and another follows if it grew. */
  wakes: number;
  wakesTaken: number;
  wakeTrigger: Run["trigger"];
  /** 1: the next pass enumerates from the beginning. */
  enumerateNext: number;
  /** When to look once more, since a source's change feed lags behind its notifications. */
  recheckAt: number | null;
  /** When the first failed item is due again. */
  retryAt: number | null;
  /** How far the catalogue has been planned again, in its phase; null where it need not be. */
  replanAfter: string | null;
  /** 1: only failed items are planned, all of them as if for the first time. */
  replanForced: number;
  replan: ReplanState;
  checkedAt: number | null;
  upToDateAt: number | null;
  stats: Stats;
  /** 1: a crash may have come between the catalogue and the totals; they are counted at the run's end. */
  statsDoubtful: number;
  /** The totals that D1 was last told; empty where that is not known. */
  statsShown: string;
  /** Not before: after a failed step. */
  dueAt: number;
  attempts: number;
  /** When every feed was last enumerated whole. */
  enumeratedAt: number | null;
  /** Since when nothing is purged: most files changed at once, and nobody has confirmed it yet. */
  alarmedAt: number | null;
  /** 1: a run ended as held, and its removals were not all decided yet. */
  heldOpen: number;
  /** The count of wakes at which a run was cancelled: nothing begins by itself before the next one. */
  restsAtWakes: number;
  /** When the first version may have outlived its retention; null where there is none, or a purge is under way. */
  purgeDueAt: number | null;
  /** Since when something of this sync waits for room; null where nothing does. */
  quotaReachedAt: number | null;
  /** 1: the next run asks the source again what there is to follow. */
  feedsDue: number;
}

export type FeedPhase =
  | "idle"
  /** Reading pages. */
  | "listing"
  /** After an enumeration: one more round of changes, since it took time. */
  | "catching_up"
  /** Looking for items that the enumeration did not report. */
  | "sweeping"
  /** Deciding what is to be done with what was marked as removed. */
  | "judging"
  /** Applying what was marked as removed. */
  | "removing";

export interface FeedState {
  syncId: string;
  feedId: string;
  phase: FeedPhase;
  cursor: string | null;
  /** Whether this round enumerates, and whether over an existing state, whose unreported items are to be found. */
  enumeration: "none" | "first" | "over";
  sweptPart: number;
  sweptAfter: string;
  /** Pages of this round so far. */
  page: number;
  roundStartedAt: number;
  /** The remote id of its root folder; null until a page has named it. */
  rootId: string | null;
  /** What is done with this round's removals, once it is judged. */
  action: RemovalAction | null;
  heldBecause: HeldBecause | null;
  /** As the source calls it. */
  name: string;
  /** Since when the source offers it no longer: it is not read, and nothing of it is removed. */
  missingSince: number | null;
  /** When its last whole enumeration began. */
  enumeratedAt: number | null;
  /** What is remembered of this round's pages, so that a circle is found. */
  loop: LoopState | null;
  /** How often a round was begun anew since it went in a circle. */
  restarts: number;
  /** 1: a page with tree tags may have been cut short after the catalogue had them, before its jobs and marks were noted. */
  tagsDoubtful: number;
}

/** A person's word about removals that are held, not yet carried out to the end. */
export interface DecisionState {
  /** Sorts by time. */
  id: string;
  syncId: string;
  /** The run that it was given for. */
  runId: string;
  action: "approve" | "discard";
  /** Remote ids of the folders that it is about, with all below them; none means everything. */
  folders: string[];
  /** How far the held rows have been gone through. */
  afterParent: string;
  afterId: string;
  /** Files that were held when it was given. */
  heldBefore: number;
  /** The number of its line in the run's log. */
  event: number;
}

/** A sync's active run. */
export interface RunState {
  id: string;
  syncId: string;
  type: Run["type"];
  trigger: Run["trigger"];
  phase: Run["phase"];
  createdAt: number;
  startedAt: number | null;
  /** Whether D1 has a row of it: a quiet automatic run leaves none. */
  announced: boolean;
  discovered: number;
  stored: number;
  skipped: number;
  failed: number;
  removed: number;
  /** Files whose removal was held. Absent in runs that an earlier release began, as `changed` and `drift`. */
  held?: number;
  /** Whether it held anything, be it folders only. */
  holds?: boolean;
  /** Stored files whose content has changed. */
  changed?: number;
  drift?: Drift;
  /** Of a verify run: how far it is. */
  verify?: VerifyState;
  /** Files that were stored when it began. */
  storedBefore?: number;
  /** Whether it has raised the alarm. */
  alarmed?: boolean;
  /** Whether it has asked the source what there is to follow. */
  feedsAsked?: boolean;
  bytes: number;
  /** Files that found no room. */
  overQuota?: number;
  /** Entries without an id that could not be read. */
  unreadable: number;
  /** Lines of its log so far. */
  events: number;
  usage: Run["usage"];
}

export interface JobState {
  id: string;
  syncId: string;
  feedId: string;
  /** Not before. */
  dueAt: number;
  /** Counts the leases. */
  lease: number;
  /** 1: the newest lease has not come to its end. */
  leased: number;
  /** 1: the consumer is finished; the results wait to be drained. 2: nothing to do until other jobs of its large file are done. */
  done: number;
  fileCount: number;
  bytes: number;
  results: FileResult[];
  files: JobFile[];
  /** Of a large file's jobs only. */
  large: LargeState | null;
}

/** How far a large file has come. Its head has the file's job id; the parts have ids that follow it. */
export type LargeState = HeadState | PartState;

export interface HeadState {
  role: "head";
  stage: LargeTask["stage"] | "parts";
  uploadId: string | null;
  /** The last part of the key that the upload is for. */
  storedId: string | null;
  /** `algorithm:value` of what the source served, where that was not what it announces. */
  first: string | null;
}

export interface PartState extends Part {
  role: "part";
  headId: string;
  uploadId: string;
  /** Failed attempts so far. */
  attempts: number;
  /** Null until it is with R2. */
  etag: string | null;
  quickXor: string | null;
}

/** A multipart upload that was opened. One that no job goes on with is ended. */
export interface UploadState {
  uploadId: string;
  syncId: string;
  jobId: string;
  remoteId: string;
  storedId: string;
  /** When to try to end it. */
  dueAt: number;
  attempts: number;
}

/** A folder that is being restored, with what was removed with it. */
export interface RestorationState {
  syncId: string;
  remoteId: string;
  /** The run that removed the folder, and when. */
  runId: string | null;
  removedAt: number;
}

/** A content that is about to be deleted: its version first, then its object. */
export interface DoomedContent {
  remoteId: string;
  number: number;
  storedId: string;
}

/** A purge that is under way. */
export interface PurgeState {
  syncId: string;
  phase: "versions" | "items";
  /** How far the versions have been gone through. */
  afterId: string;
  afterNumber: number;
  /** When the oldest of those that stay ended. */
  oldestAt: number | null;
  freedBytes: number;
  /** Noted before the first of them goes, until the last is gone: a crash in between forgets none. */
  doomed: DoomedContent[];
}

export interface SubscriptionState {
  connectionId: string;
  feedId: string;
  subscriptionId: string | null;
  expiresAt: number;
  /** When to subscribe or renew. */
  dueAt: number;
  attempts: number;
  /** The master key that its proof was made with. */
  proofKey: string | null;
}

/** Where a person's programs are told what happens. */
export interface EndpointState {
  id: string;
  url: string;
  description: string;
  events: EventType[];
  /** Null: it is enabled. */
  disabledBecause: Webhook["disabledBecause"];
  /** Its secret. */
  sealed: string;
  /** The secret before, which signs too until then. */
  oldSealed: string | null;
  oldUntil: number | null;
  /** When the first delivery failed since the last that arrived. */
  failingSince: number | null;
  createdAt: number;
}

/** One event on its way to one endpoint, and what became of it. */
export interface DeliveryState {
  /** Sorts by time. */
  id: string;
  endpointId: string;
  eventId: string;
  type: NoticeType;
  body: string;
  status: "pending" | "delivered" | "failed";
  createdAt: number;
  /** When to send it, or to send it again should nothing be heard of it; null where that is over. */
  dueAt: number | null;
  /** Failed attempts since it was last asked for. */
  tries: number;
  attempts: DeliveryAttempt[];
}

/** A mail about a matter: the one that waits, or when it was last told. */
export interface MailState {
  matter: string;
  mail: MailMatter;
  /** Null: none waits. */
  dueAt: number | null;
  tries: number;
  toldAt: number | null;
}
