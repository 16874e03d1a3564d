import type { SettleAnswer, SettleRequest } from "../../worker/sync/job.ts";
import type { Life } from "./life.ts";

// The Worker's bindings as one object, or one run of a consumer, has them when things go wrong. What ships knows nothing of it.

/** What a call to D1, R2, the queue or another object can meet. */
type Service = "d1" | "r2" | "queue" | "rpc";

/** As the platform words what passes by itself. */
const REFUSED: Record<Service, string> = {
  d1: "D1_ERROR: Network connection lost.",
  r2: "put: We encountered an internal error. Please try again. (10001)",
  queue: "Queue send failed: Too Many Requests",
  rpc: "Network connection lost.",
};
const STALL_SECONDS = 70;

/** One call to the outside. It may be refused, be slow, have its effect and lose its answer, or be the caller's last one. */
export async function callOutside<T>(life: Life, service: Service, call: () => Promise<T>): Promise<T> {
  const { weather, clock } = life;
  return life.through(async () => {
    if (weather.strikes(`${service}.refused`)) throw new Error(REFUSED[service]);
    if ((service === "d1" || service === "r2") && weather.strikes(`${service}.stalled`)) clock.forward(STALL_SECONDS);
    const answer = await call();
    if (weather.strikes(`${service}.answer_lost`)) throw new Error(REFUSED[service]);
    return answer;
  });
}

const originals = new WeakMap<object, D1PreparedStatement>();

export function weatheredDatabase(life: Life, db: D1Database): D1Database {
  return new Proxy(db, {
    get(target, name) {
      if (name === "prepare") return (query: string) => weatheredStatement(life, target.prepare(query));
      if (name === "batch") {
        return (statements: D1PreparedStatement[]) =>
          callOutside(life, "d1", () => target.batch(statements.map((statement) => originals.get(statement) ?? statement)));
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function weatheredStatement(life: Life, statement: D1PreparedStatement): D1PreparedStatement {
  const weathered = {
    bind: (...values: unknown[]) => weatheredStatement(life, statement.bind(...values)),
    run: () => callOutside(life, "d1", () => statement.run()),
    all: () => callOutside(life, "d1", () => statement.all()),
    raw: () => callOutside(life, "d1", () => statement.raw()),
    first: (column?: string) => callOutside(life, "d1", () => (column === undefined ? statement.first() : statement.first(column))),
  } as unknown as D1PreparedStatement;
  originals.set(weathered, statement);
  return weathered;
}

/**
 * Open multipart uploads, and whether their user's object has heard of each. One that it has not, since the consumer that
 * opened it died before it could say so or end it, is known to nobody: R2 itself ends it, after seven days.
 */
export type OpenUploads = Map<string, { told: boolean }>;

/** Every method of the bucket and, of a multipart upload, every part. */
export function weatheredBucket(life: Life, bucket: R2Bucket, uploads: OpenUploads): R2Bucket {
  return new Proxy(bucket, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      if (name === "resumeMultipartUpload") {
        return (key: string, id: string) => weatheredUpload(life, target.resumeMultipartUpload(key, id), uploads);
      }
      return async (...values: unknown[]) => {
        const answer: unknown = await callOutside(life, "r2", async () => {
          const made: unknown = await Reflect.apply(value, target, values);
          if (name === "createMultipartUpload") uploads.set((made as R2MultipartUpload).uploadId, { told: false });
          return made;
        });
        return name === "createMultipartUpload" ? weatheredUpload(life, answer as R2MultipartUpload, uploads) : answer;
      };
    },
  });
}

function weatheredUpload(life: Life, upload: R2MultipartUpload, uploads: OpenUploads): R2MultipartUpload {
  const ending = async <T>(end: () => Promise<T>) => {
    const answer = await end();
    uploads.delete(upload.uploadId);
    return answer;
  };
  return {
    key: upload.key,
    uploadId: upload.uploadId,
    uploadPart: (number, value, options) => callOutside(life, "r2", () => upload.uploadPart(number, value, options)),
    complete: (parts) => callOutside(life, "r2", () => ending(() => upload.complete(parts))),
    abort: () => callOutside(life, "r2", () => ending(() => upload.abort())),
  };
}

/** Calls to objects: each may not arrive, or lose its answer. */
export function weatheredNamespace(life: Life, namespace: Env["USER_SYNC"], uploads: OpenUploads): Env["USER_SYNC"] {
  return new Proxy(namespace, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (name !== "getByName") return typeof value === "function" ? value.bind(target) : value;
      return (id: string) => weatheredStub(life, target.getByName(id), uploads);
    },
  });
}

function weatheredStub<T extends object>(life: Life, stub: T, uploads: OpenUploads): T {
  return new Proxy(stub, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name, target);
      if (typeof method !== "function") return method;
      return (...values: unknown[]) =>
        callOutside(life, "rpc", async () => {
          const answer = (await Reflect.apply(method, target, values)) as unknown;
          if (name === "settle" && (answer as SettleAnswer).accepted) noteTold(uploads, values[0] as SettleRequest);
          return answer;
        });
    },
  });
}

function noteTold(uploads: OpenUploads, { results }: SettleRequest): void {
  for (const result of results) {
    const upload = result.outcome === "begun" ? uploads.get(result.uploadId) : undefined;
    if (upload) upload.told = true;
  }
}
