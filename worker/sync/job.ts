import type { ProviderErrorKind } from "../providers/errors.ts";
import type { ProviderOptions } from "../providers/options.ts";
import type { DownloadUrl, Entry, RequestBudget } from "../providers/provider.ts";
import type { LargeResult, LargeTask } from "./large.ts";

// A job: a bundle of downloads. A row of the ledger and, while dispatched, a queue message.

export const JOB_FILES_MAX = 64;
export const JOB_BYTES_MAX = 64 * 1024 * 1024;
/** Most JSON of one job: it crosses RPC whole, and one row of the object holds it. */
export const JOB_JSON_BYTES_MAX = 128_000;
/** How often a consumer tells the object that a job is still under way. */
export const HEARTBEAT_SECONDS = 10;
/** A lease that was not heard of for this long may be given to another consumer. */
export const LEASE_SECONDS = 45;

/** Failures that concern the whole connection: no other file would fare better. */
export const STOPPING_KINDS: ReadonlySet<string> = new Set(["throttled", "auth", "operator"]);

/** One content to fetch, as planned. */
export interface JobFile {
  remoteId: string;
  name: string;
  size: number | null;
  /** `algorithm:value`, as the source announces it. */
  hash: string | null;
  contentTag: string | null;
  modifiedAt: number | null;
  mimeType: string | null;
  download: DownloadUrl | null;
  /** Failed attempts so far. */
  attempts: number;
  /** Those of this job in which the source served other bytes than it announces, and others each time. Absent: none. */
  differed?: number;
  /** Where there is one: this content is read out of the bucket again, and nothing is fetched. */
  stored?: StoredContent;
}

/** A content as the catalogue knows it. */
export interface StoredContent {
  /** The last part of the object's key. */
  storedId: string;
  size: number;
  sha256: string;
}

/** The queue's message names the job only: its files, and their download addresses, come with the lease. */
export interface JobMessage {
  userId: string;
  jobId: string;
}

export interface LeaseRequest {
  jobIds: string[];
  requestId: string;
  /** The consumer knows what to do for a large file. One of an earlier release, which may be at work during a roll-out, does not. */
  large?: boolean;
}

export type JobLease =
  | {
      kind: "leased";
      jobId: string;
      /** Counts the leases of this job; only the newest one's results are accepted. */
      lease: number;
      syncId: string;
      feedId: string;
      connectionId: string;
      provider: string;
      /** The sync's `providerOptions`. Absent: from an object of an earlier release. */
      options?: ProviderOptions;
      files: LeasedFile[];
      /** Keys that an earlier lease may have left behind. */
      orphanKeys: string[];
      /** What to do for the one file of this job; absent where its files are fetched whole. */
      large?: LargeTask;
    }
  /** Settled, unknown, or under way elsewhere: forget the message. */
  | { kind: "drop"; jobId: string };

export interface LeasedFile extends JobFile {
  /** Place in the job: names the file in its result. */
  index: number;
  /** The last part of the object's key. */
  storedId: string;
  /** Path at the time of planning, kept beside the content; and the parent's id, where it is known. */
  path: string;
  parentId?: string | null;
}

export interface LeaseAnswer {
  jobs: JobLease[];
}

export type FileResult =
  | {
      index: number;
      outcome: "stored";
      remoteId: string;
      storedId: string;
      size: number;
      sha256: string;
      /** The source served, twice, other bytes than it announces. */
      differs: boolean;
    }
  /** The source has moved on; what it has now. Nothing is stored. */
  | { index: number; outcome: "changed"; entry: Entry }
  /** A stored content, read again; null where there is no such object. */
  | { index: number; outcome: "read"; size: number | null; sha256: string | null }
  | {
      index: number;
      outcome: "failed";
      kind: ProviderErrorKind | "too_large" | "storage";
      message: string;
      retryAfterSeconds?: number;
      /** The source served other bytes than it announces, and others each time. */
      differing?: true;
    };

export type JobResult = FileResult | LargeResult;

/** Whether it says what became of a file; the others are of a large file's stages. */
export function isOfFile(result: JobResult): result is FileResult {
  return result.outcome === "stored" || result.outcome === "changed" || result.outcome === "read" || result.outcome === "failed";
}

export interface SettleRequest {
  syncId: string;
  jobId: string;
  lease: number;
  /** Empty: a sign of life. */
  results: JobResult[];
  /** The consumer is finished with this job: files without a result go back to the ledger. */
  done: boolean;
  usage: { providerRequests: number; storagePuts: number };
  /** What the source's answers tell of its allowance, where they do. */
  budget?: RequestBudget;
  requestId: string;
}

export interface SettleAnswer {
  /** False: the lease is lost, or the work no longer wanted. Stop this job. */
  accepted: boolean;
  /** Of the reported `storedId`s, those that the catalogue does not know and never will: delete their objects, and no others. */
  discard: string[];
  /** Begin no further file of this sync, or of any on this connection: it was paused, cancelled, or must leave its source alone. */
  stop?: "sync" | "connection";
}

/** Where one content lives in R2. */
export function contentKey(userId: string, syncId: string, storedId: string): string {
  return `content/${userId}/${syncId}/${storedId}`;
}
