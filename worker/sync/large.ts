import type { DownloadUrl } from "../providers/provider.ts";

// Large files: fetched in parts, each a job of its own, and put together by R2. No I/O.
//
// The file's own job, its head, goes through the stages `begin` (an upload is opened), `parts` (their jobs are under way)
// and `finish` (the upload becomes an object). Where a source does not serve ranges the head streams the file `whole`.

/** From here on a file is fetched in parts, unless `LARGE_FILE_BYTES` says otherwise. */
const LARGE_BYTES_MIN = 256 * 1024 ** 2;
/** Bytes of a part, unless `PART_BYTES` says otherwise; more where there would be too many. */
const PART_BYTES = 64 * 1024 ** 2;
/** R2 takes no smaller part but the last. */
const PART_BYTES_MIN = 5 * 1024 ** 2;
/** Each is a row of the ledger for a while. R2 takes 10,000. */
const PARTS_MAX = 1_000;
const PART_BYTES_STEP = 1024 ** 2;
/** Most bytes that one R2 put takes: 5 GiB less 5 MiB. */
export const PUT_BYTES_MAX = 5 * 1024 ** 3 - 5 * 1024 ** 2;

export interface LargeLimits {
  /** A file of this size or more is large. */
  largeBytes: number;
  partBytes: number;
}

/** The settings, within what R2 takes. */
export function largeLimits(settings: { LARGE_FILE_BYTES?: string; PART_BYTES?: string }): LargeLimits {
  const partBytes = Math.max(Number(settings.PART_BYTES) || PART_BYTES, PART_BYTES_MIN);
  const largeBytes = Math.max(Number(settings.LARGE_FILE_BYTES) || LARGE_BYTES_MIN, PART_BYTES_MIN);
  return { largeBytes: Math.min(largeBytes, PUT_BYTES_MAX), partBytes: Math.min(partBytes, PUT_BYTES_MAX) };
}

/** Bytes of each part of a file of this size, but for its last. */
export function partBytesOf(sizeBytes: number, limits: LargeLimits): number {
  const least = Math.ceil(sizeBytes / PARTS_MAX / PART_BYTES_STEP) * PART_BYTES_STEP;
  return Math.max(limits.partBytes, least);
}

/** A stretch of the file. Parts count from 1. */
export interface Part {
  partNumber: number;
  offset: number;
  length: number;
}

/** The parts of a file: equal but the last, one after another, whole. */
export function partsOf(sizeBytes: number, limits: LargeLimits): Part[] {
  const partBytes = partBytesOf(sizeBytes, limits);
  return Array.from({ length: Math.ceil(sizeBytes / partBytes) }, (_none, index) => ({
    partNumber: index + 1,
    offset: index * partBytes,
    length: Math.min(partBytes, sizeBytes - index * partBytes),
  }));
}

/** A part that is with R2. */
export interface StoredPart extends Part {
  etag: string;
  /** The stretch's share of a quickXorHash, where the source announces one. */
  quickXor: string | null;
}

/** What a consumer is to do for a large file. */
export type LargeTask =
  | { stage: "begin" }
  | ({ stage: "part"; uploadId: string } & Part)
  /** `first`: what the source has served before, where that was not what it announces. */
  | { stage: "finish"; uploadId: string; parts: StoredPart[]; first: string | null }
  | { stage: "whole"; partBytes: number };

/** What came of it, where that is no result of a file yet. */
export type LargeResult =
  /** An upload is open; `download` is the file's address now. */
  | { index: number; outcome: "begun"; uploadId: string; download: DownloadUrl | null }
  | { index: number; outcome: "part"; etag: string; quickXor: string | null }
  /** The source does not serve this stretch as it was asked for. */
  | { index: number; outcome: "unranged" }
  /** Its bytes are not what is announced; `digest` names those that it served. */
  | { index: number; outcome: "mismatch"; digest: string };
