// A verify run: how far it is, and what it found. No I/O.

/** How much of the contents is read again. */
export const READ_CONTENTS = ["none", "sample", "all"] as const;
export type ReadContents = (typeof READ_CONTENTS)[number];

/** What did not fit, by kind. Each is mended by the run that finds it. */
export const DRIFT_KINDS = [
  /** At the source, and not in the catalogue. */
  "unknown",
  /** Otherwise in the catalogue than at the source. */
  "differing",
  /** In the catalogue, and no longer at the source. */
  "gone",
  /** Waiting for a job that there is not. */
  "stuck",
  /** Content that is not in the bucket, or of another size there. */
  "missing",
  /** Content whose bytes are others than those that were stored. */
  "damaged",
  /** Contents of versions that are not in the bucket: nothing brings them back. */
  "lost",
  /** Objects of the bucket that nothing refers to. */
  "orphans",
] as const;
export type DriftKind = (typeof DRIFT_KINDS)[number];

/** The drift, and what was looked at: objects listed, and contents read again. */
export type Drift = Record<DriftKind | "listed" | "read", number>;

export const NO_DRIFT = Object.fromEntries([...DRIFT_KINDS, "listed", "read"].map((kind) => [kind, 0])) as Drift;

/** In this order. */
export type VerifyPhase =
  /** What the source says changed since the last run: no drift. */
  | "catching_up"
  /** The source is enumerated: what the catalogue has otherwise has drifted. */
  | "source"
  /** Objects of the bucket that nothing refers to. */
  | "bucket"
  /** Contents of items that the bucket does not have. */
  | "items"
  /** Contents of versions that the bucket does not have, or that are no use. */
  | "versions"
  | "done";

export interface VerifyState {
  contents: ReadContents;
  phase: VerifyPhase;
  /** How far this phase is: an object's name, an item's id, a version. */
  after: string;
  /** Pages noted of the bucket. */
  page: number;
  /** The share of the bucket's objects that is looked at. */
  part: number;
}

export function beginVerify(contents: ReadContents): VerifyState {
  return { contents, phase: "catching_up", after: "", page: 0, part: 0 };
}

/** The wider of two wishes. */
export function moreContents(one: ReadContents, other: ReadContents): ReadContents {
  return READ_CONTENTS.indexOf(one) > READ_CONTENTS.indexOf(other) ? one : other;
}

/** Every how many-th content is in the sample: one in a hundred, and all of a sync's where they are few. */
const SAMPLE_ONE_IN = 100;
const SAMPLE_FILES_MIN = 200;

/** Contents are read again that fall into share 0 of so many; 0 where none is. */
export function sampleParts(contents: ReadContents, files: number): number {
  if (contents === "none") return 0;
  if (contents === "all") return 1;
  return Math.max(1, Math.min(SAMPLE_ONE_IN, Math.floor(files / SAMPLE_FILES_MIN)));
}

/** What of an object is compared: a content of another size is another content. */
export function objectMark(storedId: string, size: number): string {
  return `${storedId} ${size}`;
}
