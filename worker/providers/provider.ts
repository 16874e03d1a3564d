import type { z } from "zod";
import type { ProviderOptions } from "./options.ts";

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
  /**
   * Of a folder: the source's mark of everything below it. To be given only together with the complete list of its children,
   * since it is how the next round knows that nothing below needs to be read. It is lost with the folder: one that was removed, is
   * held as removed, or is kept though it was removed, has none.
   */
  treeTag?: string;
  /** Why this entry has no bytes that could be kept. */
  skip?: SkipReason;
  download?: DownloadUrl;
}

export interface ContentHash {
  algorithm: HashAlgorithm;
  /** In the algorithm's usual text form: base64 for quickXorHash, lower-case hex for the others. */
  value: string;
}

export type HashAlgorithm = "quickXorHash" | "sha1" | "sha256" | "md5" | "dropboxHash";

export type SkipReason = "malware" | "notebook" | "shortcut" | "vault" | "too_large" | "no_content" | "not_exportable" | "unknown_kind";

/** A short-lived, pre-authenticated address of the entry's bytes. A secret. */
export interface DownloadUrl {
  url: string;
  /** When it was handed out. */
  at: number;
}

export type Change =
  | { type: "upsert"; entry: Entry }
  | { type: "removal"; id: string }
  /** All that is directly in a folder now: what was known to be in it, and is neither here nor reported elsewhere, is gone. */
  | { type: "children"; folderId: string; ids: readonly string[] }
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

/**
 * What the catalogue knows of a feed's items: for sources without a change stream, which are compared with it, and for those
 * whose changes come by path.
 */
export interface KnownItems {
  /** The tree tags of these folders, as far as they are known. */
  treeTags(folderIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /**
   * What is at these paths by now, as far as anything is: small letters, from below the feed's root, each name with a slash before it.
   * Left out is what this round has told is gone and, where it lists the source from its beginning, what it has not told of yet.
   */
  itemsAtPaths(rootId: string, paths: readonly string[]): Promise<ReadonlyMap<string, readonly KnownItem[]>>;
}

export interface KnownItem {
  id: string;
  kind: "file" | "folder";
}

export interface Account {
  /** Unique at the provider, and stable: never an address that can be given to somebody else. */
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
  /** The source's hash of these very bytes, where the answer tells: what is only made when it is asked for has none before. */
  hash?: ContentHash;
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
  /**
   * Comes back with every notification, or signs it; proves that it is ours. At most 128 characters. What stands before its last dot
   * names the connection, and proves nothing.
   */
  clientState: string;
  /** Asked for; the source may grant less. */
  expiresAt: number;
}

export interface WebhookCapability {
  /** Longest life that the source grants. */
  lifetimeSeconds: number;
  subscribe(request: SubscribeRequest): Promise<Subscription>;
  /** Throws `not_found` where the subscription is no more. Absent: another one takes its place before it ends. */
  renew?(subscriptionId: string, expiresAt: number): Promise<Subscription>;
  /** Removing what is gone succeeds. */
  unsubscribe(subscriptionId: string): Promise<void>;
}

/** One folder, or one feed, of the folder picker. */
export interface BrowseEntry {
  /** The item's id; of an entry that is a feed, or only a way to others, its own. */
  id: string;
  /** The feed that it is in, or is. Absent: it is only a way to feeds, such as a site, and cannot be chosen. */
  feedId?: string;
  /** Whether it stands for the whole feed. */
  whole?: boolean;
  name: string;
  kind: "file" | "folder";
  hasChildren: boolean;
  size?: number;
  /** What a feed holds, where it is known without reading it: mails of a folder. */
  items?: number;
  modifiedAt?: number;
  webUrl?: string;
}

export interface BrowsePage {
  entries: BrowseEntry[];
  cursor: string | null;
}

export interface BrowseCapability {
  /** Children of an entry; of none, where picking begins. `parent` is opaque: an id that an entry of `browse` had. */
  list(parent: BrowseParent | null, cursor: string | null): Promise<BrowsePage>;
  /** Feeds by name, where there are too many to list. */
  search?(text: string, cursor: string | null): Promise<BrowsePage>;
}

export interface BrowseParent {
  id: string;
  feedId?: string;
}

/** One thing that a connection test looked at. */
export interface Check {
  /** What was tried, in a few words: a permission, an endpoint. */
  name: string;
  ok: boolean;
  /** What it means, and what to do where it is not ok. */
  message: string;
}

export interface ProviderFacts {
  hashAlgorithms: readonly HashAlgorithm[];
  rangedReads: boolean;
  /** Whether the change feed tells what was removed. Where not, a listing from the beginning does, every `reconcileDays`. */
  reportsRemovals: boolean;
  /** How long a download address can be trusted. */
  downloadUrlSeconds: number;
  /** Most ids one `lookup` takes. */
  lookupMax: number;
  /** After how many days, or which part of one, a source is listed from its beginning. Absent: `RECONCILE_DAYS`. */
  reconcileDays?: number;
}

/** A provider on behalf of one connection. */
export interface Provider {
  readonly facts: ProviderFacts;
  account(): Promise<Account>;
  /**
   * Those of `chosen` that are there; without a choice, those that a sync follows unless it says more. `followed`: what it follows by
   * now. A feed that could be read in more than one way goes on in the same, whatever the source looks like today.
   */
  feeds(chosen?: readonly string[], followed?: readonly string[]): Promise<FeedRef[]>;
  /** One page. `null` enumerates from the beginning. `known`: absent where nothing is. */
  changes(feedId: string, cursor: string | null, known?: KnownItems): Promise<ChangePage>;
  open(content: ContentRef, options?: { range?: ByteRange; signal?: AbortSignal }): Promise<OpenedContent>;
  /** Current state of these ids, in any order, at most `facts.lookupMax` of them. */
  lookup(feedId: string, ids: readonly string[]): Promise<Lookup[]>;
  readonly browse?: BrowseCapability;
  readonly webhook?: WebhookCapability;
  /** What works for this connection and what does not, scope by scope. */
  checks?(): Promise<Check[]>;
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
  /** Opens a connection for what is not HTTP. */
  connect?: (address: SocketAddress, options?: SocketOptions) => Socket;
  now: () => number;
  /** A valid access token; `renew` after a 401 asks for one that is not the one just refused. */
  accessToken: (options?: { renew?: boolean }) => Promise<string>;
  /** What the person filled in, where the connection was made by a form. Secrets. Throws `unsupported` where it was not. */
  fields?: () => Promise<FormValues>;
  /** The sync's `providerOptions`, as the definition's schema has them; absent where no sync is at work. */
  options?: Readonly<ProviderOptions>;
  /** Called once before each request to the provider, for the usage that a run reports. Throws where none may be sent now. */
  onRequest?: () => void;
  /** Called with what an answer tells of the allowance. */
  onBudget?: (budget: RequestBudget) => void;
}

/** A kind of source, as data: what can be connected, and how. */
export interface ProviderDefinition {
  id: string;
  name: string;
  /** Ways to connect an account, the usual one first. */
  methods: readonly [AuthMethod, ...AuthMethod[]];
  /** What its folders are picked by: looking through them, and by name; and whether it tells of changes. */
  capabilities: { browse: boolean; search: boolean; webhook: boolean };
  /** Whose connections the source tells of changes, where it is not those of all methods. */
  announcesTo?: readonly AuthMethod["type"][];
  /** Whether the source gives hashes that contents are checked by: of all of them, of some, or none. */
  hashes: "all" | "some" | "none";
  /** `/webhooks/{path}`: where its notifications go. */
  webhookPath?: string;
  /** What a sync can be told beyond the usual; checked when one is made or changed. */
  options?: z.ZodType<ProviderOptions>;
  /** How long a removal may go unnoticed, where no change feed tells of it. */
  removalsWithinDays?: number;
  create(env: ProviderEnv, context: ProviderContext): Provider;
}

export type AuthMethod = OAuthMethod | FormMethod;

/** The person allows it at the provider's own sign-in. */
export interface OAuthMethod {
  type: "oauth2";
  id: string;
  name: string;
  /** By its id in `auth/authorities`. */
  authority: string;
  scopes: readonly string[];
}

/** The person fills in a form, which is tried before it is kept. */
export interface FormMethod {
  type: "password" | "token" | "service_account";
  id: string;
  name: string;
  fields: readonly FormField[];
  /** Where access is by tokens that are minted from what was filled in. Throws `auth` where that is refused. */
  mint?(env: ProviderEnv, values: FormValues, context: { fetch: typeof fetch; now: () => number }): Promise<MintedToken>;
}

export interface MintedToken {
  accessToken: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

export type FormValues = Readonly<Record<string, string>>;

export interface FormField {
  name: string;
  label: string;
  kind: "text" | "url" | "email" | "host" | "port" | "secret" | "json";
  /** One sentence: what it is, and where to find it. */
  help: string;
  required: boolean;
  placeholder?: string;
}

/** Secrets never come back out. */
export function isSecret({ kind }: Pick<FormField, "kind">): boolean {
  return kind === "secret" || kind === "json";
}

/** The settings that providers read. */
export type ProviderEnv = Pick<
  Env,
  | "ORIGIN"
  | "GRAPH_URL"
  | "MICROSOFT_DOWNLOAD_HOSTS"
  | "GOOGLE_API_URL"
  | "GOOGLE_OAUTH_URL"
  | "GOOGLE_DOWNLOAD_HOSTS"
  | "DROPBOX_API_URL"
  | "DROPBOX_CONTENT_URL"
  | "ATLASSIAN_API_URL"
  | "ATLASSIAN_DOWNLOAD_HOSTS"
  | "AUTODESK_API_URL"
  | "AUTODESK_PROFILE_URL"
  | "AUTODESK_DOWNLOAD_HOSTS"
>;
