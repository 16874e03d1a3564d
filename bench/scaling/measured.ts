// What the bench has measured, by docs/performance.md, and what a page of public limits says. Change one, and run again.

/** Each figure is a row of the table in docs/performance.md; a file is one of 20 kB in a folder of 50. */
export const MEASURED = {
  /** Requests to the provider: pages of changes. */
  requestsPerListedItem: 2.06 / 1000,
  /** With its share of the pages. */
  requestsPerNewFile: 0.993,
  rowsPerNewFile: 3,
  /** Listed, and in two indexes' reach: the row and the parent index. */
  rowsPerFolder: 2,
  rowsReadPerNewFile: 61.9,
  objectRowsPerNewFile: 0.0834,
  queueOperationsPerNewFile: 0.0481,
  /** Write, delivery and acknowledgement. */
  operationsPerMessage: 3,
  classAPerNewFile: 1,
  cpuMillisecondsPerNewFile: 4.19,
  /** Calls of consumers and alarms: a lease for four jobs, a settlement for each, a look each second. */
  objectCallsPerNewFile: 0.042,
  objectSecondsPerNewFile: 0.0019,
  /** A run that finds nothing. */
  quietRun: { requests: 1, rows: 0, rowsRead: 4, objectRows: 7, objectCalls: 2, objectSeconds: 0.075, cpuMilliseconds: 53 },
  /** One of a hundred: 40 updates, 20 new, 20 renames, 10 moves, 10 removals. */
  change: { requests: 0.62, rows: 3.26, objectRows: 1.17, classA: 0.6, queueOperations: 0.06, cpuMilliseconds: 4.19 },
  /** Of the catalogue, its indexes included: a row of an item of OneDrive's. */
  catalogueBytesPerItem: 932,
  /** An object's SQLite at rest. */
  objectBytesPerUser: 102_000,
  /** D1's own time to insert a file and settle it, at most. */
  catalogueMillisecondsPerNewFile: 0.3,
  /** A small file from its request to its object in R2, and the bytes of a larger one beyond that. */
  secondsPerSmallFile: 0.2,
  streamBytesPerSecond: 20e6,
} as const;

/** As it ships: `wrangler.toml`, and the limits named in the code. */
export const SETTINGS = {
  /** `CONSUMER_STREAMS`, `max_concurrency` of the downloads' consumer. */
  consumerStreams: 5,
  consumersMax: 50,
  /** `max_batch_size` of the two. */
  downloadsBatch: 4,
  wakesBatch: 100,
  /** `TICK_USERS_MAX` in worker/cron.ts. */
  usersPerTickMax: 200_000,
  /** Databases that `worker/db/client.ts` knows. */
  catalogues: 1,
} as const;

/** Public limits: developers.cloudflare.com, the limits pages of d1, queues and durable-objects, as of 2026. */
export const PLATFORM = {
  databaseBytesMax: 10e9,
  /** Raised on request. */
  databaseBytesOfAccountMax: 1e12,
  queueMessagesPerSecondMax: 5_000,
  consumersMax: 250,
  objectCallsPerSecondMax: 1_000,
} as const;

/** learn.microsoft.com, "Avoid getting throttled or blocked in SharePoint Online": a tenant of at most 1,000 licences has the least. */
export const MICROSOFT = {
  userRequestsPer5MinutesMax: 3_000,
  userBytesPerHourMax: 100e9,
  tenantTiers: [
    { licences: 1_000, unitsPerMinute: 1_250, unitsPerDay: 1.2e6 },
    { licences: 5_000, unitsPerMinute: 2_500, unitsPerDay: 2.4e6 },
    { licences: 15_000, unitsPerMinute: 3_750, unitsPerDay: 3.6e6 },
    { licences: 50_000, unitsPerMinute: 5_000, unitsPerDay: 4.8e6 },
    { licences: Infinity, unitsPerMinute: 6_250, unitsPerDay: 6e6 },
  ],
  tenantBytesPerHourMax: 400e9,
} as const;
