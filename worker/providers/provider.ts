/**
 * The contract between the core and a source of files.
 *
 * A small required part, and optional capabilities that the core asks for by presence, never by a provider's name.
 * Every call may throw a `ProviderError`; nothing else is expected of it. Times are milliseconds since 1970, sizes bytes.
 */

/** A file or folder as the source reports it. Every field but the id is optional: sources leave things out. */
export interface Entry {
  id: string;
  /** Whether this is the feed's root folder. */
  root?: boolean;
  parentId?: string;
  kind?: "file" | "folder";
  name?: string;
  size?: number;
  mimeType?: string;
  webUrl?: string;
  createdAt?: number;
  modifiedAt?: number;
  hash?: ContentHash;
  /** The source's own mark of one content: changes when the bytes change, not when the name does. */
  contentTag?: string;
  /** Why this entry has no bytes that could be kept. */
  skip?: SkipReason;
  download?: DownloadUrl;
}

export interface ContentHash {
  algorithm: HashAlgorithm;
  /** In the algorithm's usual text form: base64 for quickXorHash, lower-case hex for the others. */
  value: string;
}

export type HashAlgorithm = "quickXorHash" | "sha1" | "sha256" | "md5";

export type SkipReason = "malware" | "notebook" | "shortcut" | "vault" | "too_large" | "unknown_kind";

/** A short-lived, pre-authenticated address of the entry's bytes. A secret. */
export interface DownloadUrl {
  url: string;
  /** When it was handed out. */
  at: number;
}

export type Change =
  | { type: "upsert"; entry: Entry }
  | { type: "removal"; id: string }
  | { type: "malformed"; id?: string; reason: string };

export interface ChangePage {
  changes: Change[];
  /** Opaque: continues after this page. */
  cursor: string;
  /** Whether the round goes on. False on its last page, whose cursor begins the next round. */
  more: boolean;
}

/** One ordered change stream of a connection: a drive, a library, a mailbox. */
export interface FeedRef {
  id: string;
  name: string;
}

export interface Account {
  /** Unique at the provider, and stable: never an address. */
  id: string;
  label: string;
  email?: string;
  /** Bytes in use and allowed, where the provider says. */
  quota?: { used: number; total?: number };
}

/** What a job needs to know to fetch one content. */
export interface ContentRef {
  id: string;
  feedId: string;
  download?: DownloadUrl;
}

export interface ByteRange {
  offset: number;
  length: number;
}

export interface OpenedContent {
  body: ReadableStream<Uint8Array>;
  /** Bytes the source announces for this answer. */
  size?: number;
  /** Bytes of the whole content, where a part of it is answered and the source says so. */
  total?: number;
  /** Whether the answer is the asked range; a source may ignore one and send everything. */
  partial: boolean;
  contentType?: string;
}

export type Lookup = { id: string; status: "found"; entry: Entry } | { id: string; status: "gone" } | { id: string; status: "refused" };

/** A change subscription at the source. */
export interface Subscription {
  id: string;
  expiresAt: number;
}

export interface SubscribeRequest {
  feedId: string;
  notificationUrl: string;
  /** Comes back with every notification; proves that it is ours. At most 128 characters. */
  clientState: string;
  /** Asked for; the source may grant less. */
  expiresAt: number;
}

export interface WebhookCapability {
  /** Longest life that the source grants. */
  lifetimeSeconds: number;
  subscribe(request: SubscribeRequest): Promise<Subscription>;
  /** Throws `not_found` where the subscription is no more. */
  renew(subscriptionId: string, expiresAt: number): Promise<Subscription>;
  /** Removing what is gone succeeds. */
  unsubscribe(subscriptionId: string): Promise<void>;
}

export interface ProviderFacts {
  hashAlgorithms: readonly HashAlgorithm[];
  rangedReads: boolean;
  /** Whether a full enumeration also tells what was removed. */
  enumerationReportsRemovals: boolean;
  /** How long a download address can be trusted. */
  downloadUrlSeconds: number;
  /** Most ids one `lookup` takes. */
  lookupMax: number;
  /** After how many days a source is listed from its beginning, though its change feed works. Absent: `RECONCILE_DAYS`. */
  reconcileDays?: number;
}

/** A provider on behalf of one connection. */
export interface Provider {
  readonly facts: ProviderFacts;
  account(): Promise<Account>;
  feeds(): Promise<FeedRef[]>;
  /** One page. `null` enumerates from the beginning. */
  changes(feedId: string, cursor: string | null): Promise<ChangePage>;
  open(content: ContentRef, options?: { range?: ByteRange; signal?: AbortSignal }): Promise<OpenedContent>;
  /** Current state of these ids, in any order, at most `facts.lookupMax` of them. */
  lookup(feedId: string, ids: readonly string[]): Promise<Lookup[]>;
  readonly webhook?: WebhookCapability;
  /** Ends the grant at the provider, where it has an endpoint for that. */
  revoke?(): Promise<void>;
}

/** What is left of a source's allowance of requests, where its answers tell. */
export interface RequestBudget {
  /** Requests, or units of them, a window. */
  limit: number;
  remaining: number;
  /** Until the allowance is renewed. */
  resetSeconds: number;
}

/** What a provider is given to work with: everything it needs of the outside. */
export interface ProviderContext {
  fetch: typeof fetch;
  now: () => number;
  /** A valid access token; `renew` after a 401 asks for one that is not the one just refused. */
  accessToken: (options?: { renew?: boolean }) => Promise<string>;
  /** Called once before each request to the provider, for the usage that a run reports. Throws where none may be sent now. */
  onRequest?: () => void;
  /** Called with what an answer tells of the allowance. */
  onBudget?: (budget: RequestBudget) => void;
}

/** A kind of source, as data: what can be connected, and how. */
export interface ProviderDefinition {
  id: string;
  name: string;
  auth: { type: "oauth2"; authority: string; scopes: readonly string[] };
  capabilities: { webhook: boolean; revoke: boolean };
  create(env: ProviderEnv, context: ProviderContext): Provider;
}

/** The settings that providers read. */
export type ProviderEnv = Pick<Env, "GRAPH_URL" | "MICROSOFT_DOWNLOAD_HOSTS">;
