import { countingDatabase } from "./database.ts";
import { count, timed, whileActive } from "./tally.ts";

// The Worker's bindings, each counting its calls. What ships knows nothing of it.

/** Read at once of a content that is thrown away. */
const READ_BYTES = 256 * 1024;

const known = new WeakMap<Env, Env>();

export function countingEnv(env: Env): Env {
  let counting = known.get(env);
  if (!counting) {
    counting = {
      ...env,
      DB: countingDatabase(env.DB),
      CONTENT: countingBucket(sinkable(env.CONTENT)),
      DOWNLOADS: countingQueue(env.DOWNLOADS, "downloads"),
      WAKES: countingQueue(env.WAKES, "wakes"),
      USER_SYNC: countingNamespace(env.USER_SYNC),
    };
    known.set(env, counting);
  }
  return counting;
}

let sink = false;

/** Has contents read to their end and thrown away: what is left is the Worker's own work, without what plays R2. */
export function throwContentsAway(): void {
  sink = true;
}

function sinkable(bucket: R2Bucket): R2Bucket {
  return new Proxy(bucket, {
    get(target, method) {
      const value: unknown = Reflect.get(target, method, target);
      if (typeof value !== "function") return value;
      const instead = sink ? (sinks as Record<string | symbol, unknown>)[method] : undefined;
      return instead ?? (value.bind(target) as unknown);
    },
  });
}

/** Bytes of the uploads that were thrown away. */
const thrownAway = new Map<string, number>();

const sinks = {
  async put(key: string, body: ReadableStream | Uint8Array) {
    if (body instanceof ReadableStream) await readToEnd(body);
    return { key };
  },
  createMultipartUpload: async (key: string) => ({ key, uploadId: crypto.randomUUID() }),
  resumeMultipartUpload: (key: string) => ({
    async uploadPart(partNumber: number, body: ReadableStream) {
      const bytes = await readToEnd(body);
      thrownAway.set(key, (thrownAway.get(key) ?? 0) + bytes);
      return { partNumber, etag: String(partNumber) };
    },
    complete: async () => ({ key }),
    abort: async () => undefined,
  }),
  head: async () => null,
  /** As many bytes as were thrown away, all of them zero. */
  get: async (key: string) => ({ body: zeros(thrownAway.get(key) ?? 0) }),
};

function zeros(length: number): ReadableStream {
  const { readable, writable } = new FixedLengthStream(length);
  const chunk = new Uint8Array(READ_BYTES);
  const fill = async () => {
    const writer = writable.getWriter();
    for (let left = length; left > 0; left -= chunk.length) await writer.write(chunk.subarray(0, Math.min(left, chunk.length)));
    await writer.close();
  };
  void fill();
  return readable;
}

/** Answers how many bytes there were. */
async function readToEnd(body: ReadableStream): Promise<number> {
  const reader = body.getReader({ mode: "byob" });
  let buffer = new ArrayBuffer(READ_BYTES);
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.readAtLeast(READ_BYTES, new Uint8Array(buffer));
    if (done || !value) return bytes;
    bytes += value.byteLength;
    buffer = value.buffer as ArrayBuffer;
  }
}

/** Counts and times each method of a binding as `<name>.<method>`. */
function countingCalls<T extends object>(binding: T, name: string): T {
  return new Proxy(binding, {
    get(target, method) {
      const value: unknown = Reflect.get(target, method, target);
      if (typeof value !== "function") return value;
      return (...values: unknown[]) =>
        timed(`${name}.${String(method)}`, async () => Reflect.apply(value, target, values) as Promise<unknown>);
    },
  });
}

/** Uploads that are gone on with are had at once, without a call. */
function countingBucket(bucket: R2Bucket): R2Bucket {
  return new Proxy(countingCalls(bucket, "r2"), {
    get(target, method) {
      if (method !== "resumeMultipartUpload") return Reflect.get(target, method) as unknown;
      return (key: string, id: string) => countingCalls(bucket.resumeMultipartUpload(key, id), "r2");
    },
  });
}

function countingQueue<T>(queue: Queue<T>, name: string): Queue<T> {
  const calls = countingCalls(queue, `queue.${name}`);
  return new Proxy(calls, {
    get(target, method) {
      if (method === "send") count(`queue.${name}.sent`);
      if (method !== "sendBatch") return Reflect.get(target, method) as unknown;
      return (messages: Iterable<MessageSendRequest<T>>, options?: QueueSendBatchOptions) => {
        const list = [...messages];
        count(`queue.${name}.sent`, list.length);
        return target.sendBatch(list, options);
      };
    },
  });
}

/** Calls to objects, by method. */
function countingNamespace(namespace: Env["USER_SYNC"]): Env["USER_SYNC"] {
  return new Proxy(namespace, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (name !== "getByName") return typeof value === "function" ? value.bind(target) : value;
      return (id: string) => countingStub(target.getByName(id));
    },
  });
}

function countingStub<T extends object>(stub: T): T {
  return new Proxy(stub, {
    get(target, name) {
      const method = Reflect.get(target, name, target) as (...values: unknown[]) => Promise<unknown>;
      if (typeof method !== "function") return method;
      return (...values: unknown[]) =>
        timed(`object.${String(name)}`, () => whileActive(async () => Reflect.apply(method, target, values) as Promise<unknown>));
    },
  });
}

let batchEndedAt = 0;

/** A batch whose messages count how they end; the time between two batches of downloads, when no download runs, is counted too. */
export async function whileCounted<T>(
  batch: MessageBatch<T>,
  name: string,
  consume: (batch: MessageBatch<T>) => Promise<void>,
): Promise<void> {
  count(`queue.${name}.delivered`, batch.messages.length);
  const startedAt = Date.now();
  if (batchEndedAt > 0 && name === "downloads") count("queue.downloads.between.ms", startedAt - batchEndedAt);
  const messages = batch.messages.map((message) => countingMessage(message, name));
  await timed(`queue.${name}.batch`, () => consume({ ...batch, queue: batch.queue, messages } as MessageBatch<T>));
  if (name === "downloads") batchEndedAt = Date.now();
}

function countingMessage<T>(message: Message<T>, name: string): Message<T> {
  const { id, timestamp, body, attempts } = message;
  return {
    id,
    timestamp,
    body,
    attempts,
    ack: () => {
      count(`queue.${name}.acknowledged`);
      message.ack();
    },
    retry: (options?: QueueRetryOptions) => {
      count(`queue.${name}.retried`);
      message.retry(options);
    },
  } as Message<T>;
}
