import { z } from "zod";
import type { ErrorCode } from "./errors.ts";
import { ERROR_STATUS } from "./errors.ts";
import { READ_CONTENTS } from "./sync/verifying.ts";
import { PREVIEW_KINDS } from "./sync/preview-kind.ts";
import { VERSION_ENDS } from "./sync/rules.ts";
import { globProblem } from "./sync/glob.ts";
import { SCOPES } from "./scopes.ts";

// The shapes of the API's resources: what routes validate and answer, and what the UI's client is typed by.
// Times are ISO 8601 strings, sizes bytes.

export const PAGE_MAX = 1000;
export const PAGE_DEFAULT = 100;
const NAME_MAX = 200;
/** Of one field of a form: a service account's key is some kilobytes. */
const FIELD_MAX = 20_000;
const LABELS_MAX = 50;
const INTERVAL_MINUTES_MIN = 5;
/** Of a folder: so many are counted, and passed over. */
export const COUNTED_ITEMS_MAX = 200_000;
const INTERVAL_MINUTES_MAX = 7 * 24 * 60;

const instant = z.iso.datetime();
const count = z.int().nonnegative();

const errorCode = z.enum(Object.keys(ERROR_STATUS) as [ErrorCode, ...ErrorCode[]]);
export const errorBody = z.object({
  error: z.object({ code: errorCode, message: z.string(), requestId: z.string() }),
});

export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(PAGE_DEFAULT),
  cursor: z.string().max(2000).optional(),
});

const EXPIRES_DAYS_MAX = 3650;
const scope = z.enum(SCOPES);

/** What a program signs in with. The token itself is answered once, when it is made. */
export const token = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(scope),
  createdAt: instant,
  /** Null: never. */
  expiresAt: instant.nullable(),
  /** To the hour. */
  lastUsedAt: instant.nullable(),
});
export type Token = z.infer<typeof token>;

export const newToken = token.extend({ token: z.string() });
export type NewToken = z.infer<typeof newToken>;

export const tokenCreate = z.strictObject({
  name: z.string().trim().min(1).max(NAME_MAX),
  /** No scope includes another. */
  scopes: z
    .array(scope)
    .min(1)
    .max(SCOPES.length)
    .transform((scopes) => SCOPES.filter((each) => scopes.includes(each))),
  /** Left out: it does not expire. */
  expiresInDays: z.int().min(1).max(EXPIRES_DAYS_MAX).optional(),
});

export const me = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string().nullable(),
  admin: z.boolean(),
  /** What is kept of this user: current contents, versions, items, syncs. */
  usage: z.object({ bytes: count, versionBytes: count, items: count, syncs: count }),
  /** The most of it; `bytes` is of contents and versions together. Null: no limit. */
  quota: z.object({ bytes: count.nullable(), items: count.nullable(), syncs: count.nullable() }),
  /** The token that asks; null where a browser does. */
  token: token.nullable(),
  createdAt: instant,
});
export type Me = z.infer<typeof me>;

export const formField = z.object({
  name: z.string(),
  label: z.string(),
  kind: z.enum(["text", "url", "email", "host", "port", "secret", "json"]),
  help: z.string(),
  required: z.boolean(),
  placeholder: z.string().optional(),
});
const authType = z.enum(["oauth2", "password", "token", "service_account"]);
export const provider = z.object({
  id: z.string(),
  name: z.string(),
  /** Ways to connect an account, the usual one first. By `oauth2` one signs in at the authority; the others are forms. */
  methods: z.array(
    z.object({
      id: z.string(),
      type: authType,
      name: z.string(),
      /** Whether this deployment offers it: a sign-in needs a registration with the authority. */
      available: z.boolean(),
      authority: z.string().nullable(),
      scopes: z.array(z.string()),
      fields: z.array(formField),
      /** Whether the source announces changes to connections that were made so. */
      announces: z.boolean(),
    }),
  ),
  capabilities: z.object({ browse: z.boolean(), search: z.boolean(), webhook: z.boolean(), revoke: z.boolean() }),
  /** Whether the source gives hashes that contents are checked by: of all of them, of some, or none. */
  hashes: z.enum(["all", "some", "none"]),
  /** How long a removal may go unnoticed, where no change feed tells of it; null where one does. */
  removalsWithinDays: z.number().nullable(),
  /** JSON Schema of a sync's `options.providerOptions`; null where there are none. */
  options: z.record(z.string(), z.unknown()).nullable(),
});
export type Provider = z.infer<typeof provider>;

export const connection = z.object({
  id: z.string(),
  provider: z.string(),
  label: z.string(),
  account: z.object({ id: z.string(), email: z.string().nullable() }),
  authType,
  status: z.enum(["active", "needs_reconnect", "revoked", "error"]),
  scopes: z.array(z.string()),
  lastValidatedAt: instant.nullable(),
  createdAt: instant,
});
export type Connection = z.infer<typeof connection>;

export const connectionPatch = z.strictObject({ label: z.string().trim().min(1).max(NAME_MAX) });
export const connectionCreate = z.strictObject({
  provider: z.string().max(50),
  /** By its id; the provider's first where none is named. */
  method: z.string().max(50).optional(),
  /** Of a form: what was filled in. It is tried before it is kept, and never shown again. */
  fields: z.record(z.string().max(50), z.string().max(FIELD_MAX)).optional(),
  /** Reconnects this connection: only the same account is accepted. */
  connectionId: z.string().max(50).optional(),
  returnTo: z.string().max(500).optional(),
});
/** Of a sign-in: where to send the browser. Of a form: the connection. The other one is null. */
export const connectionBegun = z.object({ authorizeUrl: z.string().nullable(), connection: connection.nullable() });
export type ConnectionBegun = z.infer<typeof connectionBegun>;
export const connectionTest = z.object({
  ok: z.boolean(),
  account: z.object({ id: z.string(), label: z.string(), email: z.string().nullable(), usedBytes: z.number().nullable() }).nullable(),
  message: z.string(),
  /** What was looked at, one by one. */
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), message: z.string() })),
});

export const browseQuery = z.object({
  /** An entry's `id`; nothing: where picking begins. */
  parent: z.string().max(2000).optional(),
  /** The entry's `feedId`, if it has one. */
  feed: z.string().max(500).optional(),
  /** Feeds by name, where the provider can search for them. */
  search: z.string().trim().min(1).max(200).optional(),
  cursor: z.string().max(4000).optional(),
});
export const browseEntry = z.object({
  id: z.string(),
  /** Null: only a way to others, which cannot be chosen itself. */
  feedId: z.string().nullable(),
  /** Whether it stands for the whole feed. */
  whole: z.boolean(),
  name: z.string(),
  kind: z.enum(["file", "folder"]),
  hasChildren: z.boolean(),
  size: z.number().nullable(),
  /** How many files a whole feed holds, where that is known. */
  items: count.nullable(),
  modifiedAt: instant.nullable(),
  webUrl: z.string().nullable(),
});
export const browsePage = z.object({ items: z.array(browseEntry), cursor: z.string().nullable() });
export type BrowsePage = z.infer<typeof browsePage>;
export type ConnectionTest = z.infer<typeof connectionTest>;

export const schedule = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("interval"),
    minutes: z.int().min(INTERVAL_MINUTES_MIN).max(INTERVAL_MINUTES_MAX).default(60),
  }),
  z.strictObject({ kind: z.literal("cron"), cron: z.string().min(1).max(100), timeZone: z.string().min(1).max(60).default("UTC") }),
  z.strictObject({ kind: z.literal("manual") }),
]);

const labels = z.record(z.string().min(1).max(63), z.string().max(255)).refine((value) => Object.keys(value).length <= LABELS_MAX, {
  message: `at most ${LABELS_MAX} labels`,
});
const mode = z.enum(["content", "metadata"]);

const SELECTION_MAX = 1000;
const GLOBS_MAX = 50;
const GLOB_MAX = 300;
const TYPES_MAX = 200;
const PATH_MAX = 4000;
const RETENTION_DAYS_MAX = 3650;
const REMOVALS_MAX = 100_000;

const path = z.string().max(PATH_MAX).startsWith("/");
const bytes = z.int().nonnegative();
/** Extensions: with or without a dot, in any case; kept without and in lower case. */
const types = z
  .array(
    z
      .string()
      .trim()
      .toLowerCase()
      .transform((type) => type.replace(/^\./, ""))
      .pipe(z.string().min(1).max(50)),
  )
  .max(TYPES_MAX);
const glob = z
  .string()
  .min(1)
  .max(GLOB_MAX)
  .superRefine((value, context) => {
    const message = globProblem(value);
    if (message !== null) context.addIssue({ code: "custom", message });
  });
const globs = z.array(glob).max(GLOBS_MAX);

/** One choice: by the id that the source gives the item, or by path, which is resolved to its id. */
const selectionEntry = z
  .strictObject({
    feed: z.string().max(500).optional(),
    itemId: z.string().min(1).max(2000).nullish(),
    path: path.optional(),
    mode: z.enum(["include", "exclude"]),
  })
  .refine((entry) => entry.itemId != null || entry.path !== undefined, { message: "an itemId or a path" })
  .transform(({ itemId, ...entry }) => ({ ...entry, itemId: itemId ?? null }));
const selection = z.array(selectionEntry).max(SELECTION_MAX);
const shownSelection = z.array(
  z.object({
    feed: z.string().optional(),
    itemId: z.string().nullable(),
    path: z.string().optional(),
    mode: z.enum(["include", "exclude"]),
  }),
);

const filtersGiven = z.strictObject({
  types: types.optional(),
  excludeTypes: types.optional(),
  /** Over the path without the leading slash; a glob without a slash is of the name alone. */
  include: globs.optional(),
  exclude: globs.optional(),
  rules: z
    .array(z.strictObject({ types, maxBytes: bytes }))
    .max(GLOBS_MAX)
    .optional(),
  maxBytes: bytes.optional(),
  modifiedAfter: instant.optional(),
  modifiedBefore: instant.optional(),
});
export const filters = filtersGiven;
export type WireFilters = z.infer<typeof filters>;

const providerOptions = z.record(
  z.string().max(100),
  z.union([z.string().max(GLOB_MAX), z.number(), z.boolean(), z.null(), z.array(z.string().max(GLOB_MAX)).max(GLOBS_MAX)]),
);
const removalLimit = z.strictObject({ share: z.number().min(0).max(1), count: z.int().min(0).max(REMOVALS_MAX) });
const optionsPatch = z.strictObject({
  deleteRemoved: z.boolean().optional(),
  retentionDays: z.int().min(0).max(RETENTION_DAYS_MAX).optional(),
  removalLimit: removalLimit.partial().optional(),
  sentinel: path.nullable().optional(),
  /** Replaces all of them. What there is depends on the provider: GET /providers. */
  providerOptions: providerOptions.optional(),
});
const shownOptions = z.object({
  deleteRemoved: z.boolean(),
  retentionDays: z.int(),
  removalLimit,
  sentinel: z.string().nullable(),
  providerOptions,
});

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

/** What is asked of a preview: rules that are left out are the sync's own, or a new sync's. */
export const previewRequest = z.strictObject({ mode: mode.optional(), selection: selection.optional(), filters: filters.optional() });
export type PreviewRequest = z.output<typeof previewRequest>;
export const newPreviewRequest = previewRequest.extend({ connectionId: z.string().max(50) });

const tally = z.object({ files: count, bytes: count });
export const preview = z.object({
  /** The sync whose metadata this was told from. */
  syncId: z.string(),
  total: tally,
  /** What would be kept: stored already, or once it is fetched. */
  kept: tally,
  /** What would not, by reason, most files first, with paths of some. */
  leftOut: z.array(tally.extend({ reason: z.string(), samples: z.array(z.string()) })),
  /** Selected paths where nothing is. */
  unknownPaths: z.array(z.string()),
  /** Beside what the sync keeps now; null for a new one. */
  change: z
    .object({
      added: tally,
      /** Of the added, what has to be downloaded: the rest is still in the trash. */
      fetched: tally,
      dropped: tally,
      unchanged: tally,
      /** So much would be dropped that it would wait for a decision. */
      held: z.boolean(),
    })
    .nullable(),
});
export type Preview = z.infer<typeof preview>;

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

/** Which of the stored contents are read again and hashed. */
export const verifyRequest = z.strictObject({ content: z.enum(READ_CONTENTS).default("sample") });
export const runRequest = z.strictObject({ full: z.boolean().default(false) });

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

export const runFilesQuery = pageQuery.extend({ state: itemState.optional() });

export const runEvent = z.object({
  number: z.int(),
  at: instant,
  level: z.enum(["info", "warn", "error"]),
  message: z.string(),
  itemId: z.string().nullable(),
});
export type RunEvent = z.infer<typeof runEvent>;

/** GET /api/v1/status: the user's whole state at a glance. */
export const status = z.object({
  connections: z.array(connection),
  syncs: z.array(z.object({ id: z.string(), name: z.string(), live: syncStatus })),
});
export type Status = z.infer<typeof status>;

/** GET /api/v1/dashboard: the numbers of the first page. */
export const dashboard = z.object({
  totals: z.object({ files: count, stored: count, failed: count, skipped: count, bytes: count, versions: count, versionBytes: count }),
  connections: z.array(connection),
  syncs: z.array(sync),
  /** How each sync stands at this moment, as `GET /events` goes on to tell. */
  live: z.array(syncStatus),
  recentRuns: z.array(run),
});
export type Dashboard = z.infer<typeof dashboard>;

/** What GET /api/v1/events sends: `event:` is the type, `data:` the rest as JSON, `id:` resumes. */
export type LiveEvent =
  /** Ask again for everything: what happened since the given id is no longer known. */
  | { type: "reset" }
  /** A sync's live status, at most about twice a second. */
  | { type: "status"; status: SyncStatus }
  /** Rows of this sync changed: folders on show may be out of date. */
  | { type: "items"; syncId: string }
  /** Settings or state of syncs or connections changed. */
  | { type: "account" }
  /** One more line of a run's log. */
  | { type: "log"; runId: string; event: RunEvent }
  | { type: "run"; run: Run };
