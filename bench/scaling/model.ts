import { PRICES } from "../prices.ts";
import { MEASURED, MICROSOFT, PLATFORM, SETTINGS } from "./measured.ts";

// The arithmetic of size: from how many people and items there are to what is used, what it costs, and what breaks. Pure.

const DAY_SECONDS = 86_400;
const MONTH_DAYS = 30;
const GB = 1e9;

/** What is assumed. Each is an option of `npm run scaling`. */
export interface Assumptions {
  users: number;
  /** Files and folders, of all users together. */
  items: number;
  /** Of the items. */
  folderShare: number;
  /** Of a file. */
  meanBytes: number;
  /** Bytes of versions, beside those of what is current. */
  versionShare: number;
  /** Between two looks at a source by the clock. */
  intervalMinutes: number;
  /** Items that change in a day: new, replaced, renamed, moved, removed. */
  dailyChangeShare: number;
  /** Until a source has answered. The bench's is on the same machine, and its object waits for nothing. */
  sourceSeconds: number;
  /** Notifications of a source for a user and day. Each brings two runs, one at once and one a minute later. */
  notificationsPerUserDay: number;
  /** Days over which the first syncs of everybody are spread. */
  onboardingDays: number;
  /** People of one tenant, of the largest there is. */
  tenantUsers: number;
  /** Databases of the catalogue. */
  catalogues: number;
  /** Consumers of downloads at once. */
  consumers: number;
}

export const ASSUMED: Assumptions = {
  users: 1e6,
  items: 1e9,
  folderShare: 0.02,
  meanBytes: 1e6,
  versionShare: 0.1,
  intervalMinutes: 60,
  dailyChangeShare: 0.002,
  sourceSeconds: 0.3,
  notificationsPerUserDay: 2,
  onboardingDays: 30,
  tenantUsers: 1_000,
  catalogues: SETTINGS.catalogues,
  consumers: SETTINGS.consumersMax,
};

export interface Use {
  providerRequests: number;
  rows: number;
  rowsRead: number;
  objectRows: number;
  objectCalls: number;
  objectSeconds: number;
  messages: number;
  queueOperations: number;
  classA: number;
  /** Of the Worker: batches of messages, webhooks. Pages that people look at are not in it. */
  invocations: number;
  cpuMilliseconds: number;
}

/** What is kept, at rest. */
export function kept({ users, items, folderShare, meanBytes, versionShare }: Assumptions) {
  const files = items * (1 - folderShare);
  return {
    files,
    folders: items - files,
    catalogueBytes: items * MEASURED.catalogueBytesPerItem,
    objectBytes: users * MEASURED.objectBytesPerUser,
    contentBytes: files * meanBytes * (1 + versionShare),
  };
}

/** The first sync of everybody: once. */
export function firstSyncs(assumed: Assumptions): Use {
  const { files, folders } = kept(assumed);
  const queueOperations = files * MEASURED.queueOperationsPerNewFile;
  const messages = queueOperations / MEASURED.operationsPerMessage;
  return {
    providerRequests: files * MEASURED.requestsPerNewFile + folders * MEASURED.requestsPerListedItem,
    rows: files * MEASURED.rowsPerNewFile + folders * MEASURED.rowsPerFolder,
    rowsRead: files * MEASURED.rowsReadPerNewFile,
    objectRows: files * MEASURED.objectRowsPerNewFile,
    objectCalls: files * MEASURED.objectCallsPerNewFile,
    objectSeconds: files * MEASURED.objectSecondsPerNewFile,
    messages,
    queueOperations,
    invocations: messages / SETTINGS.downloadsBatch,
    classA: files * MEASURED.classAPerNewFile,
    cpuMilliseconds: files * MEASURED.cpuMillisecondsPerNewFile,
  };
}

/** A month of everybody's runs that find nothing, by the clock and after notifications. */
export function quietMonth({ users, intervalMinutes, notificationsPerUserDay, sourceSeconds }: Assumptions): Use & { runs: number } {
  const perUserDay = (24 * 60) / intervalMinutes + 2 * notificationsPerUserDay;
  const runs = users * perUserDay * MONTH_DAYS;
  // A wake by the clock, or one for a notification; the second look is the object's own alarm.
  const messages = users * ((24 * 60) / intervalMinutes + notificationsPerUserDay) * MONTH_DAYS;
  const { quietRun } = MEASURED;
  return {
    runs,
    providerRequests: runs * quietRun.requests,
    rows: runs * quietRun.rows,
    rowsRead: messages * quietRun.rowsRead,
    objectRows: runs * quietRun.objectRows,
    objectCalls: runs * quietRun.objectCalls,
    objectSeconds: runs * (quietRun.objectSeconds + sourceSeconds),
    messages,
    queueOperations: messages * MEASURED.operationsPerMessage,
    classA: 0,
    // Each notification is one, and so is each batch of wakes.
    invocations: messages / SETTINGS.wakesBatch + users * notificationsPerUserDay * MONTH_DAYS,
    cpuMilliseconds: runs * quietRun.cpuMilliseconds,
  };
}

/** A month of everybody's changes, beyond what their runs cost in any case. */
export function changesMonth({ items, dailyChangeShare }: Assumptions): Use & { changes: number } {
  const changes = items * dailyChangeShare * MONTH_DAYS;
  const { change } = MEASURED;
  const queueOperations = changes * change.queueOperations;
  const messages = queueOperations / MEASURED.operationsPerMessage;
  return {
    changes,
    providerRequests: changes * change.requests,
    rows: changes * change.rows,
    rowsRead: changes * MEASURED.rowsReadPerNewFile,
    objectRows: changes * change.objectRows,
    objectCalls: changes * MEASURED.objectCallsPerNewFile,
    objectSeconds: changes * MEASURED.objectSecondsPerNewFile,
    messages,
    queueOperations,
    invocations: messages,
    classA: changes * change.classA,
    cpuMilliseconds: changes * change.cpuMilliseconds,
  };
}

export type Dollars = Record<string, number>;

export function dollarsOfUse(use: Use): Dollars {
  return {
    "R2 writes": use.classA * PRICES.bucketClassA,
    "D1 rows": use.rows * PRICES.rowWritten + use.rowsRead * PRICES.rowRead,
    "object rows": use.objectRows * PRICES.rowWritten,
    "object calls": use.objectCalls * PRICES.objectRequest,
    "objects' time": use.objectSeconds * PRICES.objectActiveSecond,
    queues: use.queueOperations * PRICES.queueOperation,
    invocations: use.invocations * PRICES.workerRequest,
    CPU: use.cpuMilliseconds * PRICES.workerCpuMillisecond,
  };
}

/** A month of keeping it. */
export function dollarsOfKeeping(assumed: Assumptions): Dollars {
  const { catalogueBytes, objectBytes, contentBytes } = kept(assumed);
  return {
    "content in R2": (contentBytes / GB) * PRICES.bucketGigabyteMonth,
    "catalogue in D1": (catalogueBytes / GB) * PRICES.databaseGigabyteMonth,
    objects: (objectBytes / GB) * PRICES.objectGigabyteMonth,
  };
}

export function total(dollars: Dollars): number {
  return Object.values(dollars).reduce((sum, value) => sum + value, 0);
}

/** Something that may run out, and what to do then. */
export interface Limit {
  name: string;
  unit: string;
  use: number;
  limit: number;
  /** 1 and above: it is reached. */
  share: number;
  /** How many times as large everything could be: users, items, and what they do. */
  breaksAt: number;
  remedy: string;
}

/** Files a second that the first syncs and the changes bring, on the average. */
export function newFilesPerSecond(assumed: Assumptions): number {
  const perDay = kept(assumed).files / assumed.onboardingDays + assumed.items * assumed.dailyChangeShare * MEASURED.change.classA;
  return perDay / DAY_SECONDS;
}

/** What grows with everybody together, the first to break first. */
export function limits(assumed: Assumptions): Limit[] {
  const { catalogueBytes } = kept(assumed);
  const rate = newFilesPerSecond(assumed);
  const secondsPerFile = MEASURED.secondsPerSmallFile + assumed.meanBytes / MEASURED.streamBytesPerSecond;
  const messagesPerFile = MEASURED.queueOperationsPerNewFile / MEASURED.operationsPerMessage;
  const wakesPerMinute = assumed.users / assumed.intervalMinutes;
  const notificationsPerSecond = (assumed.users * assumed.notificationsPerUserDay) / DAY_SECONDS;
  return [
    limit("a catalogue's size", "GB of one database", catalogueBytes / GB / assumed.catalogues, PLATFORM.databaseBytesMax / GB, "add databases: a user's `home_shard` names theirs"),
    limit("all catalogues' size", "GB of the account's D1", catalogueBytes / GB, PLATFORM.databaseBytesOfAccountMax / GB, "ask Cloudflare for more; it is raised on request"),
    limit("a catalogue's writes", "of its one thread's time", (rate * MEASURED.catalogueMillisecondsPerNewFile) / 1000 / assumed.catalogues, 1, "add databases; or spread the first syncs over more days"),
    limit("downloads at once", "consumers of 5 streams", (rate * secondsPerFile) / SETTINGS.consumerStreams, assumed.consumers, "raise `max_concurrency`, up to 250; then give users a second downloads queue, by their shard"),
    limit("downloads' messages", "a second, of one queue", rate * messagesPerFile, PLATFORM.queueMessagesPerSecondMax, "a second downloads queue"),
    limit("wakes' messages", "a second, of one queue", wakesPerMinute / 60 + notificationsPerSecond, PLATFORM.queueMessagesPerSecondMax, "a second wakes queue"),
    limit("a tick of the clock", "users", wakesPerMinute, SETTINGS.usersPerTickMax, "a tick for each shard"),
  ].toSorted((one, other) => one.breaksAt - other.breaksAt); // prettier-ignore
}

function limit(name: string, unit: string, use: number, most: number, remedy: string): Limit {
  const share = use / most;
  return { name, unit, use, limit: most, share, breaksAt: 1 / share, remedy };
}

/** What the source lets through, which no money moves: days that the first sync takes at least. */
export function providerCeilings(assumed: Assumptions) {
  const itemsOfUser = assumed.items / assumed.users;
  const filesOfUser = itemsOfUser * (1 - assumed.folderShare);
  const requestsOfUser = filesOfUser * MEASURED.requestsPerNewFile;
  const bytesOfUser = filesOfUser * assumed.meanBytes;
  const { userRequestsPer5MinutesMax, userBytesPerHourMax, tenantBytesPerHourMax } = MICROSOFT;
  const tier = tierOf(assumed.tenantUsers);
  const unitsOfTenant = requestsOfUser * assumed.tenantUsers;
  const quietUnitsPerMinute = (assumed.tenantUsers * MEASURED.quietRun.requests) / assumed.intervalMinutes;
  return {
    user: {
      hoursByRequests: ((requestsOfUser / userRequestsPer5MinutesMax) * 5) / 60,
      hoursByBytes: bytesOfUser / userBytesPerHourMax,
    },
    tenant: {
      ...tier,
      daysByMinutes: unitsOfTenant / tier.unitsPerMinute / 60 / 24,
      daysByUnits: unitsOfTenant / tier.unitsPerDay,
      daysByBytes: (bytesOfUser * assumed.tenantUsers) / tenantBytesPerHourMax / 24,
      quietShare: quietUnitsPerMinute / tier.unitsPerMinute,
    },
  };
}

function tierOf(licences: number) {
  const tier = MICROSOFT.tenantTiers.find((each) => licences <= each.licences);
  if (!tier) throw new Error("The last tier has no end.");
  return tier;
}
