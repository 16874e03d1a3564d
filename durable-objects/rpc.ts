import type { Result } from "../worker/errors.ts";
import type { FormValues } from "../worker/providers/provider.ts";
import type { BrowsePage, Connection, ConnectionTest, Run, Sync, SyncCreate, SyncPatch, SyncStatus } from "../worker/wire.ts";
import type { ReadContents } from "../worker/sync/verifying.ts";
import type { LeaseAnswer, LeaseRequest, SettleAnswer, SettleRequest } from "../worker/sync/job.ts";

/** An authorised account, as sign-in or a form that was tried hands it over. What is secret is sealed at once. */
export interface ConnectRequest {
  provider: string;
  /** Absent, as from a Worker of an earlier release: the provider's first. */
  method?: string;
  account: { id: string; label: string; email: string | null };
  scopes: string[];
  tokens?: { accessToken: string; refreshToken: string; expiresAt: number };
  /** In place of tokens: what was filled in. */
  fields?: FormValues;
  /** Reconnecting: the account must be this connection's. */
  connectionId?: string;
  homeShard: number;
  /** False: no sync of everything is made. Absent: a user's first connection brings one. */
  firstSync?: boolean;
}

export interface BrowseRequest {
  parent: { id: string; feedId?: string } | null;
  search?: string;
  cursor: string | null;
}

type Rules = "selection" | "filters" | "options";

/** A Worker of an earlier release, which may be at work during a roll-out, gives no rules: everything is wanted. */
export type SyncRequest = Omit<SyncCreate, Rules> & Partial<Pick<SyncCreate, Rules>>;

export type RunTrigger = Run["trigger"];

/** What the Worker asks of a user's object. Expected failures come back as data. `requestId` names the request in the object's log. */
export interface UserSyncRpc {
  /** Adds or revives a connection; its first one brings a sync of everything, which starts. */
  addConnection(request: ConnectRequest, requestId?: string): Promise<Result<Connection>>;
  labelConnection(connectionId: string, label: string, requestId?: string): Promise<Result<Connection>>;
  /** Destroys the credential. With syncs, the connection stays as `revoked` and the copies stay readable. */
  disconnect(connectionId: string, requestId?: string): Promise<Result<Connection | null>>;
  testConnection(connectionId: string, requestId?: string): Promise<Result<ConnectionTest>>;
  /** Folders and feeds to pick from, as the source has them now. */
  browse(connectionId: string, request: BrowseRequest, requestId?: string): Promise<Result<BrowsePage>>;
  /** Renews the access token now. */
  refreshConnection(connectionId: string, requestId?: string): Promise<Result<Connection>>;

  createSync(request: SyncRequest, requestId?: string): Promise<Result<Sync>>;
  updateSync(syncId: string, patch: SyncPatch, requestId?: string): Promise<Result<Sync>>;
  /** Ends the sync and, in the background, erases its catalogue rows and content. */
  deleteSync(syncId: string, requestId?: string): Promise<Result<null>>;

  run(syncId: string, options: { full: boolean; trigger: RunTrigger }, requestId?: string): Promise<Result<Run>>;
  /** Compares source, catalogue and bucket, and mends what does not fit. */
  verify(syncId: string, contents: ReadContents, requestId?: string): Promise<Result<Run>>;
  pause(syncId: string, requestId?: string): Promise<Result<Sync>>;
  resume(syncId: string, requestId?: string): Promise<Result<Sync>>;
  /** Ends the active run; its ledger is the next run's. */
  cancel(syncId: string, requestId?: string): Promise<Result<Run>>;
  /** Makes the sync's failed items due now. */
  retry(runId: string, requestId?: string): Promise<Result<Run>>;

  /** The changes that raised the sync's alarm are meant. */
  confirmChanges(syncId: string, requestId?: string): Promise<Result<Sync>>;
  /** Decides about held removals, those of these folders or all; carried out in the background. `folders` are remote ids. */
  decide(runId: string, action: "approve" | "discard", folders: string[], requestId?: string): Promise<Result<Run>>;

  /** Makes an earlier content of an item its current one, until the source's content changes. `remoteId`: of the item. */
  restoreVersion(syncId: string, remoteId: string, number: number, requestId?: string): Promise<Result<null>>;
  /** Takes a removed item back; what was removed with a folder follows in the background. */
  restoreItem(syncId: string, remoteId: string, requestId?: string): Promise<Result<null>>;

  /** What the person signs in with, or their name, changed: the bucket is to know. */
  accountChanged(): Promise<void>;
  /** The catalogue was lost and is built again: rest until it is. */
  rebuildBegins(): Promise<void>;
  /** Its contents are back: compare them with the source. */
  rebuildEnds(): Promise<void>;

  /** Look for changes: from cron, a webhook or a watchdog. Without a connection, whatever is due. */
  wake(wake: Wake, requestId?: string): Promise<void>;
  status(syncId: string): Promise<Result<SyncStatus>>;
  statuses(): Promise<SyncStatus[]>;

  /** A valid access token of the connection; `renew` when the last one was refused. */
  accessToken(connectionId: string, options: { renew: boolean }): Promise<Result<string>>;
  /** What the person filled in: the connection's secrets, for a consumer at work. */
  connectionFields(connectionId: string): Promise<Result<FormValues>>;
  lease(request: LeaseRequest): Promise<LeaseAnswer>;
  settle(request: SettleRequest): Promise<SettleAnswer>;
  /** Messages of these jobs failed every delivery: dispatch them again in time. */
  returnJobs(jobIds: string[]): Promise<void>;
}

export type Wake =
  | { reason: "schedule" }
  | { reason: "watchdog" }
  /** Versions may have outlived their retention. */
  | { reason: "purge" }
  | { reason: "webhook"; connectionId: string; feedId: string }
  | { reason: "subscription"; connectionId: string; feedId: string; event: "reauthorize" | "removed" | "missed" };
