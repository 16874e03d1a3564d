import type { Cost } from "./measure.ts";
import { sum } from "./measure.ts";

// What Cloudflare's paid plan charges beyond what it includes, in dollars a unit.
// Source: developers.cloudflare.com, the pricing pages of workers, durable-objects, queues, d1 and r2, as of November 2026.

const MILLION = 1_000_000;
export const PRICES = {
  workerRequest: 0.3 / MILLION,
  workerCpuMillisecond: 0.02 / MILLION,
  objectRequest: 0.15 / MILLION,
  /** 128 MB for as long as the object is at work. */
  objectActiveSecond: (12.5 / MILLION) * 0.128,
  rowRead: 0.001 / MILLION,
  rowWritten: 1 / MILLION,
  queueOperation: 0.4 / MILLION,
  bucketClassA: 4.5 / MILLION,
  bucketClassB: 0.36 / MILLION,
  bucketGigabyteMonth: 0.015,
  databaseGigabyteMonth: 0.75,
  objectGigabyteMonth: 0.2,
} as const;

/** Reads and deletes that the consumer did, beside the writes. */
export function queueOperations({ counts }: Cost): number {
  return sum(counts, /^queue\.\w+\.(sent|delivered|acknowledged)$/);
}

export function bucketOperations({ counts }: Cost): { classA: number; classB: number; free: number } {
  return {
    classA: sum(counts, /^r2\.(put|list|createMultipartUpload|completeMultipartUpload|uploadPart)\.calls$/),
    classB: sum(counts, /^r2\.(get|head)\.calls$/),
    free: sum(counts, /^r2\.delete\.calls$/),
  };
}

/** Calls to an object and alarms, without those of the bench's own polling. */
function objectRequests({ counts }: Cost): number {
  return sum(counts, /^object\.(?!status)\w+\.calls$/);
}

/** Dollars, by what they are for. CPU and duration are this machine's, which also plays D1, R2 and the queues: an upper bound. */
export function dollars(cost: Cost): Record<string, number> {
  const { counts } = cost;
  const bucket = bucketOperations(cost);
  return {
    "R2 writes": bucket.classA * PRICES.bucketClassA + bucket.classB * PRICES.bucketClassB,
    "D1 rows": sum(counts, /^d1\.rows$/) * PRICES.rowWritten + sum(counts, /^d1\.rowsRead$/) * PRICES.rowRead,
    "object rows": sum(counts, /^object\.rows$/) * PRICES.rowWritten,
    queues: queueOperations(cost) * PRICES.queueOperation,
    "invocations and calls": sum(counts, /^queue\.\w+\.batch\.calls$/) * PRICES.workerRequest + objectRequests(cost) * PRICES.objectRequest,
    CPU: cost.cpu.workerd * PRICES.workerCpuMillisecond,
    "object's time": (sum(counts, /^object\.active\.ms$/) / 1000) * PRICES.objectActiveSecond,
  };
}
