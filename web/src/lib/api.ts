// The typed client of the Worker's API. Every failure is an ApiError, in words that can be shown.
import type {
  Connection,
  ConnectionTest,
  Dashboard,
  ErrorBody,
  Item,
  ItemState,
  Me,
  Page,
  Run,
  Status,
  Sync,
  SyncPatch,
} from "./wire.ts";

export const PAGE_ITEMS_MAX = 1000;

export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  readonly requestId: string | null;

  constructor(code: string, message: string, status: number, requestId: string | null) {
    super(message);
    this.name = "ApiError";
    this.code = code;
    this.status = status;
    this.requestId = requestId;
  }

  /** Nobody is signed in, or not any more. */
  get signedOut(): boolean {
    return this.status === 401;
  }

  get missing(): boolean {
    return this.status === 404;
  }
}

export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof TypeError) {
    const online = typeof navigator === "undefined" || navigator.onLine;
    const message = online ? "Tidemark did not answer." : "This device is offline.";
    return new ApiError("client.unreachable", message, 0, null);
  }
  return new ApiError("client.unexpected", error instanceof Error ? error.message : String(error), 0, null);
}

type Query = Record<string, string | number | undefined>;

async function request<T>(method: string, path: string, options: { query?: Query; body?: unknown } = {}): Promise<T> {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(options.query ?? {})) {
    if (value !== undefined) search.set(name, String(value));
  }
  const url = search.size > 0 ? `${path}?${search}` : path;
  const init: RequestInit = { method, headers: { accept: "application/json" } };
  if (options.body !== undefined) {
    init.headers = { accept: "application/json", "content-type": "application/json" };
    init.body = JSON.stringify(options.body);
  }
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch (error) {
    throw asApiError(error);
  }
  if (!response.ok) throw await toApiError(response);
  return (response.status === 204 ? null : await response.json()) as T;
}

async function toApiError(response: Response): Promise<ApiError> {
  try {
    const { error } = (await response.json()) as ErrorBody;
    return new ApiError(error.code, error.message, response.status, error.requestId);
  } catch {
    return new ApiError("client.unreadable", `The server answered with status ${response.status}.`, response.status, null);
  }
}

const v1 = "/api/v1";
const segment = encodeURIComponent;

interface PageQuery {
  cursor?: string | null;
  limit?: number;
}

function pageQuery({ cursor, limit }: PageQuery): Query {
  return { cursor: cursor ?? undefined, limit };
}

export const api = {
  me: () => request<Me>("GET", `${v1}/me`),
  status: () => request<Status>("GET", `${v1}/status`),
  dashboard: () => request<Dashboard>("GET", `${v1}/dashboard`),

  connections: () => request<Page<Connection>>("GET", `${v1}/connections`),
  connect: (body: { provider: string; connectionId?: string; returnTo?: string }) =>
    request<{ authorizeUrl: string }>("POST", `${v1}/connections`, { body }),
  renameConnection: (id: string, label: string) => request<Connection>("PATCH", `${v1}/connections/${segment(id)}`, { body: { label } }),
  testConnection: (id: string) => request<ConnectionTest>("POST", `${v1}/connections/${segment(id)}/test`),
  disconnect: (id: string) => request<Connection | null>("DELETE", `${v1}/connections/${segment(id)}`),

  createSync: (body: { connectionId: string }) => request<Sync>("POST", `${v1}/syncs`, { body }),
  sync: (id: string) => request<Sync>("GET", `${v1}/syncs/${segment(id)}`),
  updateSync: (id: string, patch: SyncPatch) => request<Sync>("PATCH", `${v1}/syncs/${segment(id)}`, { body: patch }),
  deleteSync: (id: string) => request<null>("DELETE", `${v1}/syncs/${segment(id)}`),
  run: (id: string, full: boolean) => request<Run>("POST", `${v1}/syncs/${segment(id)}/run`, { body: { full } }),
  pause: (id: string) => request<Sync>("POST", `${v1}/syncs/${segment(id)}/pause`),
  resume: (id: string) => request<Sync>("POST", `${v1}/syncs/${segment(id)}/resume`),
  cancel: (id: string) => request<Run>("POST", `${v1}/syncs/${segment(id)}/cancel`),
  runs: (syncId: string, page: PageQuery = {}) =>
    request<Page<Run>>("GET", `${v1}/syncs/${segment(syncId)}/runs`, { query: pageQuery(page) }),
  items: (syncId: string, query: PageQuery & { parent?: string | undefined; state?: ItemState | undefined }) =>
    request<Page<Item>>("GET", `${v1}/syncs/${segment(syncId)}/items`, {
      query: { ...pageQuery(query), parent: query.parent, state: query.state },
    }),
  item: (id: string) => request<Item>("GET", `${v1}/items/${segment(id)}`),

  runDetail: (id: string) => request<Run>("GET", `${v1}/runs/${segment(id)}`),
  runFiles: (id: string, query: PageQuery & { state?: ItemState | undefined }) =>
    request<Page<Item>>("GET", `${v1}/runs/${segment(id)}/files`, { query: { ...pageQuery(query), state: query.state } }),
  retry: (runId: string) => request<Run>("POST", `${v1}/runs/${segment(runId)}/retry`),

  signOut: (everywhere: boolean) => request<null>("POST", "/auth/logout", { query: { everywhere: everywhere ? "true" : undefined } }),
};

/** Where an item's stored content is downloaded from. */
export function contentUrl(itemId: string): string {
  return `${v1}/items/${segment(itemId)}/content`;
}

export const EVENTS_URL = `${v1}/events`;

export function logsUrl(runId: string): string {
  return `${v1}/runs/${segment(runId)}/logs`;
}
