import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { consumeDownloads } from "../../worker/content/consumer.ts";
import {
  contentKey,
  type JobLease,
  type JobMessage,
  type JobResult,
  type LeaseAnswer,
  type LeasedFile,
  type LeaseRequest,
  type SettleAnswer,
  type SettleRequest,
} from "../../worker/sync/job.ts";
import { success, type Result } from "../../worker/errors.ts";
import type { Entry } from "../../worker/providers/provider.ts";

export const USER = "user-1";
export const SYNC = "sync-1";

/** A user's object reduced to what a consumer asks of it, in the test's hands. */
export class Desk {
  readonly leases = new Map<string, JobLease>();
  readonly settled: SettleRequest[] = [];
  readonly leaseRequests: LeaseRequest[] = [];
  tokens = 0;
  /** Calls that break before they are taken in. */
  breaks = { lease: 0, settle: 0, accessToken: 0 };
  answer: (request: SettleRequest) => SettleAnswer = () => ({ accepted: true, discard: [] });
  token: () => Result<string> = () => success("token");

  offer(jobId: string, files: LeasedFile[], more: Partial<Extract<JobLease, { kind: "leased" }>> = {}): void {
    const job = {
      kind: "leased",
      jobId,
      lease: 1,
      syncId: SYNC,
      feedId: "drive-1",
      connectionId: "connection-1",
      provider: "memory",
      files,
      orphanKeys: [],
    } as const;
    this.leases.set(jobId, { ...job, files, orphanKeys: [], ...more });
  }

  async lease(request: LeaseRequest): Promise<LeaseAnswer> {
    this.#break("lease");
    this.leaseRequests.push(request);
    return { jobs: request.jobIds.map((jobId) => this.leases.get(jobId) ?? { kind: "drop", jobId }) };
  }

  async settle(request: SettleRequest): Promise<SettleAnswer> {
    this.#break("settle");
    this.settled.push(structuredClone(request));
    return this.answer(request);
  }

  async accessToken(): Promise<Result<string>> {
    this.#break("accessToken");
    this.tokens += 1;
    return this.token();
  }

  /** Every result that was settled, by place in the job. */
  results(jobId = "job-1"): JobResult[] {
    return this.settled
      .filter((request) => request.jobId === jobId)
      .flatMap((request) => request.results)
      .sort((a, b) => a.index - b.index);
  }

  #break(call: keyof Desk["breaks"]): void {
    if (this.breaks[call] <= 0) return;
    this.breaks[call] -= 1;
    throw new Error("The object was reset.");
  }
}

/** Delivers messages of these jobs to the consumer. */
export async function consume(
  desk: Desk,
  jobIds: string[],
  settings: Partial<Env> = {},
): Promise<{ acked: string[]; retried: { msgId: string; delaySeconds?: number }[] }> {
  const messages = jobIds.map((jobId, index) => ({
    id: `${jobId}#${index}`,
    timestamp: new Date(),
    attempts: 1,
    body: { userId: USER, jobId },
  }));
  const batch = createMessageBatch<JobMessage>("tidemark-downloads", messages);
  const USER_SYNC = { getByName: () => desk } as unknown as Env["USER_SYNC"];
  await consumeDownloads(batch, { ...env, USER_SYNC, ...settings });
  const result = await getQueueResult(batch, createExecutionContext());
  return { acked: result.explicitAcks, retried: result.retryMessages };
}

export function leased(entry: Entry, index: number, more: Partial<LeasedFile> = {}): LeasedFile {
  return {
    remoteId: entry.id,
    name: entry.name ?? entry.id,
    size: entry.size ?? null,
    hash: entry.hash ? `${entry.hash.algorithm}:${entry.hash.value}` : null,
    contentTag: entry.contentTag ?? null,
    modifiedAt: entry.modifiedAt ?? null,
    mimeType: entry.mimeType ?? null,
    download: entry.download ?? null,
    attempts: 0,
    index,
    storedId: `stored-${entry.id}`,
    path: `/${entry.name ?? entry.id}`,
    ...more,
  };
}

export function keyOf(file: LeasedFile): string {
  return contentKey(USER, SYNC, file.storedId);
}

/** Keys of all objects in the bucket. */
export async function keys(): Promise<string[]> {
  return (await env.CONTENT.list()).objects.map(({ key }) => key).sort();
}
