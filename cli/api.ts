import { z } from "zod";
import type { Connection, Me, Run, Status, Sync, syncCreate, syncPatch } from "../worker/wire.ts";
import type { Credentials } from "./credentials.ts";
import { Failure } from "./failure.ts";

// Tidemark's API, as far as the commands use it. What only asks is tried again where that can help; what changes something
// is not.

const TIMEOUT_MILLISECONDS = 60_000;
const ATTEMPTS_MAX = 4;
const PAUSE_MILLISECONDS = 1_000;
const AGAIN = new Set([429, 502, 503, 504]);

/** A newer Tidemark may have codes that this program does not know. */
const errorShape = z.object({ error: z.object({ code: z.string(), message: z.string() }) });
const listShape = z.object({ items: z.array(z.unknown()), cursor: z.string().min(1).nullable() });

export type SyncFields = z.input<typeof syncCreate>;
export type SyncChange = z.input<typeof syncPatch>;

export interface Health {
  status: string;
}

export interface Api {
  origin: string;
  health(): Promise<Health>;
  me(): Promise<Me>;
  status(): Promise<Status>;
  connections(): Promise<Connection[]>;
  syncs(): Promise<Sync[]>;
  createSync(fields: SyncFields): Promise<Sync>;
  changeSync(id: string, change: SyncChange): Promise<Sync>;
  deleteSync(id: string): Promise<void>;
  runSync(id: string, options: { full: boolean }): Promise<Run>;
  run(id: string): Promise<Run>;
}

/** What the API answered instead; `status` 0 where it did not answer. */
export class ApiError extends Failure {
  override readonly name = "ApiError";
  readonly status: number;

  constructor(code: string, message: string, status: number, options?: ErrorOptions) {
    super(message, { ...options, code });
    this.status = status;
  }
}

export function createApi({ origin, token }: Credentials): Api {
  const ask = async (method: string, path: string, body?: unknown): Promise<Response> => {
    for (let attempt = 1; ; attempt += 1) {
      const again = method === "GET" && attempt < ATTEMPTS_MAX;
      try {
        const response = await send(method, path, body);
        if (!(again && AGAIN.has(response.status))) return response;
        await response.body?.cancel();
      } catch (cause) {
        if (!again) throw new ApiError("client.unreachable", `${origin} does not answer: ${reasonOf(cause)}`, 0, { cause });
      }
      await new Promise((resume) => setTimeout(resume, PAUSE_MILLISECONDS * attempt));
    }
  };
  const send = (method: string, path: string, body: unknown) =>
    fetch(origin + path, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      // A token is for the address that the person named, and no other.
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
    });
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await ask(method, `/api/v1${path}`, body);
    if (!response.ok) throw await errorOf(response, origin);
    return response.status === 204 ? (undefined as T) : readJson<T>(response, origin);
  };
  const list = async <T>(path: string): Promise<T[]> => {
    const items: T[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const page = listShape.safeParse(await call("GET", cursor === "" ? path : `${path}?cursor=${encodeURIComponent(cursor)}`));
      if (!page.success) throw unreadable(origin, 200);
      items.push(...(page.data.items as T[]));
      cursor = page.data.cursor;
    }
    return items;
  };

  return {
    origin,
    async health() {
      // 503 is an answer, too.
      const response = await ask("GET", "/health");
      return readJson<Health>(response, origin);
    },
    me: () => call("GET", "/me"),
    status: () => call("GET", "/status"),
    connections: () => list("/connections"),
    syncs: () => list("/syncs"),
    createSync: (fields) => call("POST", "/syncs", fields),
    changeSync: (id, change) => call("PATCH", `/syncs/${id}`, change),
    deleteSync: (id) => call("DELETE", `/syncs/${id}`),
    runSync: (id, options) => call("POST", `/syncs/${id}/run`, options),
    run: (id) => call("GET", `/runs/${id}`),
  };
}

async function errorOf(response: Response, origin: string): Promise<ApiError> {
  const { status } = response;
  if (status >= 300 && status < 400)
    return new ApiError("client.moved", `${origin} sends on to ${response.headers.get("location")}: use that address.`, status);
  const told = errorShape.safeParse(await readJson(response, origin));
  if (!told.success) return unreadable(origin, status);
  const { error } = told.data;
  const hint = status === 401 ? " Run: tidemark login" : "";
  return new ApiError(error.code, `${error.message}${hint}`, status);
}

async function readJson<T>(response: Response, origin: string): Promise<T> {
  try {
    return (await response.json()) as T;
  } catch (cause) {
    throw unreadable(origin, response.status, { cause });
  }
}

function unreadable(origin: string, status: number, options?: ErrorOptions): ApiError {
  return new ApiError("client.unreadable", `${origin} answered ${status}, and not as Tidemark does.`, status, options);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message !== "" ? error.cause.message : error.message;
}
