import { createLogger, errorFields, type Logger } from "../log.ts";
import { ConnectionWork } from "./connection-work.ts";
import { JobRun, type Invocation } from "./job-run.ts";
import type { JobMessage } from "../sync/job.ts";
import { noteLastFailures } from "../dead-letters.ts";
import { Pool } from "./pool.ts";
import { UserObjectCalls } from "./user-object.ts";

/** No file is begun after this: an invocation may take 15 minutes. */
const BEGIN_SECONDS_MAX = 10 * 60;
/** What is still under way then is given up, and settled. */
const END_SECONDS_MAX = 14 * 60;
const STREAMS_DEFAULT = 5;
/** Before a message comes again whose job could not be leased or settled; doubled each time. */
const RETRY_SECONDS = 10;
const RETRY_SECONDS_MAX = 600;

type JobMessages = readonly Message<JobMessage>[];

/**
 * Downloads the files of a batch of jobs into the bucket and settles them with their users' objects. A message is acknowledged when its job
 * is settled, or is nobody's concern any more; what could not be told to the object comes again.
 */
export async function consumeDownloads(batch: MessageBatch<JobMessage>, env: Env): Promise<void> {
  const requestId = crypto.randomUUID();
  const startedAt = Date.now();
  const shared = {
    env,
    requestId,
    pool: new Pool(Number(env.CONSUMER_STREAMS) || STREAMS_DEFAULT),
    hasTime: () => Date.now() - startedAt < BEGIN_SECONDS_MAX * 1000,
    signal: AbortSignal.timeout(END_SECONDS_MAX * 1000),
  };
  const users = Map.groupBy(batch.messages, (message) => message.body.userId);
  await Promise.all(
    [...users].map(async ([userId, messages]) => {
      const log = createLogger(env, { requestId, userId });
      const calls = new UserObjectCalls(env, userId, log);
      await consumeForUser({ ...shared, userId, calls }, messages, log);
    }),
  );
}

async function consumeForUser(invocation: Invocation, messages: JobMessages, log: Logger): Promise<void> {
  const { calls, requestId, env } = invocation;
  const byJob = Map.groupBy(messages, (message) => message.body.jobId);
  const connections = new Map<string, ConnectionWork>();
  try {
    const { jobs } = await calls.call("lease", (object) => object.lease({ jobIds: [...byJob.keys()], requestId, large: true }));
    await Promise.all(
      jobs.map(async (job) => {
        const jobMessages = byJob.get(job.jobId) ?? [];
        if (job.kind === "drop") return acknowledge(jobMessages);
        const connection = connections.get(job.connectionId) ?? new ConnectionWork(calls, job.connectionId);
        connections.set(job.connectionId, connection);
        try {
          await new JobRun(invocation, job, connection, log).run();
          acknowledge(jobMessages);
        } catch (error) {
          log.error("downloads.job_unsettled", { jobId: job.jobId, ...errorFields(error) });
          await comeAgain(env, log, jobMessages, error);
        }
      }),
    );
    // A job that the answer does not name is unknown there.
    const named = new Set(jobs.map((job) => job.jobId));
    acknowledge(messages.filter((message) => !named.has(message.body.jobId)));
  } catch (error) {
    log.error("downloads.lease_failed", { jobs: byJob.size, ...errorFields(error) });
    await comeAgain(env, log, messages, error);
  }
}

function acknowledge(messages: JobMessages): void {
  for (const message of messages) message.ack();
}

async function comeAgain(env: Env, log: Logger, messages: JobMessages, error: unknown): Promise<void> {
  await noteLastFailures(env, log, messages, error);
  for (const message of messages) message.retry({ delaySeconds: Math.min(RETRY_SECONDS * 2 ** (message.attempts - 1), RETRY_SECONDS_MAX) });
}
