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
      CONTENT: countingCalls(sinkable(env.CONTENT), "r2"),
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
      if (method !== "put" || !sink) return value.bind(target) as unknown;
      return async (key: string, body: ReadableStream | Uint8Array) => {
        if (body instanceof ReadableStream) await readToEnd(body);
        return { key };
      };
    },
  });
}

async function readToEnd(body: ReadableStream): Promise<void> {
  const reader = body.getReader({ mode: "byob" });
  let buffer = new ArrayBuffer(READ_BYTES);
  for (;;) {
    const { done, value } = await reader.readAtLeast(READ_BYTES, new Uint8Array(buffer));
    if (done || !value) return;
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
