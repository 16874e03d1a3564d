import type { Result } from "../worker/errors.ts";
import type { FormValues } from "../worker/providers/provider.ts";
import type { BrowsePage, Connection, ConnectionTest, Run, Sync, SyncCreate, SyncPatch, SyncStatus } from "../worker/wire.ts";
import type { ReadContents } from "../worker/sync/verifying.ts";
import type { LeaseAnswer, LeaseRequest, SettleAnswer, SettleRequest } from "../worker/sync/job.ts";
import type { LeasedNotice, NoticeOutcome, NoticeRef } from "../worker/notices/message.ts";
import type { MailKind, Notifications, NotificationsPatch } from "../worker/wire/notifications.ts";
import type { Delivery, EventType, Webhook, WebhookSecret } from "../worker/wire/webhooks.ts";

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

export interface EndpointRequest {
  url: string;
  description: string;
  events: EventType[];
}

export type EndpointPatch = { [K in keyof EndpointRequest]?: EndpointRequest[K] | undefined } & { enabled?: boolean | undefined };

export interface DeliveryPage {
  limit: number;
  cursor?: string | undefined;
}

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

  /** Makes these items due now, those that have failed; answers which. `remoteIds`: of items. */
  retryItems(syncId: string, remoteIds: string[], requestId?: string): Promise<Result<string[]>>;

  /** Makes all items due now that failed for this reason. */
  retryReason(syncId: string, reason: string | null, requestId?: string): Promise<Result<Run>>;

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

  listEndpoints(): Promise<Webhook[]>;
  getEndpoint(endpointId: string): Promise<Result<Webhook>>;
  /** The only answer that has the secret, beside that of `rotateSecret`. */
  createEndpoint(request: EndpointRequest): Promise<Result<WebhookSecret>>;
  updateEndpoint(endpointId: string, patch: EndpointPatch): Promise<Result<Webhook>>;
  deleteEndpoint(endpointId: string): Promise<Result<null>>;
  rotateSecret(endpointId: string, oldSecretHours: number): Promise<Result<WebhookSecret>>;
  testEndpoint(endpointId: string): Promise<Result<Delivery>>;
  deliveries(endpointId: string, page: DeliveryPage): Promise<Result<{ items: Delivery[]; cursor: string | null }>>;
  redeliver(endpointId: string, deliveryId: string): Promise<Result<Delivery>>;

  notifications(): Promise<Notifications>;
  changeNotifications(patch: NotificationsPatch): Promise<Result<Notifications>>;
  /** An authority vouches for this address of the person who has just signed in. */
  addressVerified(address: string): Promise<void>;
  /** By the link of a mail. */
  confirmAddress(nonce: string): Promise<Result<{ address: string }>>;
  unsubscribe(kind: MailKind): Promise<void>;

  /** What of these is still to be sent, with all that it takes. */
  leaseNotices(refs: NoticeRef[]): Promise<LeasedNotice[]>;
  settleNotice(outcome: NoticeOutcome): Promise<void>;
}

export type Wake =
  | { reason: "schedule" }
  | { reason: "watchdog" }
  /** Versions may have outlived their retention. */
  | { reason: "purge" }
  /** The user is to be erased, or is being. */
  | { reason: "erasure" }
  | { reason: "webhook"; connectionId: string; feedId: string }
  | { reason: "subscription"; connectionId: string; feedId: string; event: "reauthorize" | "removed" | "missed" };
