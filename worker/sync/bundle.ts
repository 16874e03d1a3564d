import type { JobFile } from "./job.ts";
import { JOB_BYTES_MAX, JOB_FILES_MAX, JOB_JSON_BYTES_MAX } from "./job.ts";

// Bundles downloads into jobs. No I/O.

export interface Job {
  id: string;
  files: JobFile[];
  bytes: number;
}

/** Collects files into jobs; a file that is larger than a job's limit has a job of its own. */
export class Bundler {
  readonly jobs: Job[] = [];
  readonly #mintId: () => string;
  readonly #bytesMax: number;
  #jsonBytes = 0;

  /** A file of `largeBytes` or more is always alone: it is fetched in parts. */
  constructor(mintId: () => string, largeBytes = JOB_BYTES_MAX) {
    this.#mintId = mintId;
    this.#bytesMax = Math.min(JOB_BYTES_MAX, largeBytes - 1);
  }

  /** The id of the job that will fetch this file. */
  add(file: JobFile): string {
    const bytes = file.size ?? 0;
    // Characters as three bytes each: more than any text takes in UTF-8, unless it is two halves of a pair.
    const jsonBytes = JSON.stringify(file).length * 3;
    let job = this.jobs.at(-1);
    if (
      !job ||
      job.files.length >= JOB_FILES_MAX ||
      job.bytes + bytes > this.#bytesMax ||
      this.#jsonBytes + jsonBytes > JOB_JSON_BYTES_MAX * 3
    ) {
      job = { id: this.#mintId(), files: [], bytes: 0 };
      this.#jsonBytes = 0;
      this.jobs.push(job);
    }
    job.files.push(file);
    job.bytes += bytes;
    this.#jsonBytes += jsonBytes;
    return job.id;
  }
}
