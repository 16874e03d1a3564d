// The typed client of the Worker's API. Every failure is an ApiError, in words that can be shown.
import { hc, type ClientResponse } from "hono/client";
import type { AppType } from "../../.api-types/worker/app.ts";
import { m } from "./messages.ts";
import type {
  Change,
  ConnectionCreate,
  ErrorBody,
  ItemState,
  NotificationsPatch,
  PreviewRequest,
  SyncCreate,
  SyncPatch,
  TokenCreate,
  WebhookCreate,
  WebhookPatch,
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
    const message = online ? m.ui.noAnswer : m.ui.offline;
    return new ApiError("client.unreachable", message, 0, null);
  }
  return new ApiError("client.unexpected", error instanceof Error ? error.message : String(error), 0, null);
}

const client = hc<AppType>("/");
const { v1 } = client.api;

/** The answer's body, as its route declares it. */
async function read<T>(call: Promise<ClientResponse<T>>): Promise<T> {
  let response: ClientResponse<T>;
  try {
    response = await call;
  } catch (error) {
    throw asApiError(error);
  }
  if (!response.ok) throw await toApiError(response);
  return response.status === 204 ? (null as T) : ((await response.json()) as T);
}

/** What an answer that is no success says. */
export async function toApiError(response: Pick<Response, "json" | "status">): Promise<ApiError> {
  try {
    const { error } = (await response.json()) as ErrorBody;
    return new ApiError(error.code, error.message, response.status, error.requestId);
  } catch {
    return new ApiError("client.unreadable", m.ui.unreadable(response.status), response.status, null);
  }
}

interface PageQuery {
  /** Null begins at the beginning. */
  cursor: string | null;
  /** At most `PAGE_ITEMS_MAX`. */
  limit: number;
}

interface ItemsQuery {
  parent?: string | undefined;
  state?: ItemState | undefined;
  sort?: "name" | "size" | "modified" | undefined;
  order?: "asc" | "desc" | undefined;
  /** Begins after so many, where there is no cursor. */
  skip?: number | undefined;
}

function pageQuery({ cursor, limit }: PageQuery) {
  return { limit: String(limit), ...(cursor === null ? {} : { cursor }) };
}

/** What is asked of the API, by the names that pages use. Shapes come from the Worker's routes. */
export const api = {
  /** What one can sign in with here, the usual first. */
  me: () => read(v1.me.$get()),
  status: () => read(v1.status.$get()),
  dashboard: () => read(v1.dashboard.$get()),
  /** Who runs this installation; asks for no session. */
  operator: () => read(client.api.operator.$get()),
  storage: ({ days, sync }: { days: number; sync?: string | undefined }) =>
    read(v1.storage.$get({ query: { days: String(days), ...(sync === undefined ? {} : { sync }) } })),
  recentChanges: ({ sync, type, ...page }: PageQuery & { sync?: string | undefined; type?: Change["type"] | undefined }) =>
    read(
      v1.changes.recent.$get({
        query: { ...pageQuery(page), ...(sync === undefined ? {} : { sync }), ...(type === undefined ? {} : { type }) },
      }),
    ),

  providers: () => read(v1.providers.$get()),
  connections: () => read(v1.connections.$get()),
  connection: (id: string) => read(v1.connections[":id"].$get({ param: { id } })),
  connect: (json: ConnectionCreate) => read(v1.connections.$post({ json })),
  browse: (id: string, query: { parent?: string; feed?: string; search?: string; cursor?: string }) =>
    read(v1.connections[":id"].browse.$get({ param: { id }, query })),
  renameConnection: (id: string, label: string) => read(v1.connections[":id"].$patch({ param: { id }, json: { label } })),
  testConnection: (id: string) => read(v1.connections[":id"].test.$post({ param: { id } })),
  disconnect: (id: string) => read(v1.connections[":id"].$delete({ param: { id } })),

  syncs: () => read(v1.syncs.$get()),
  createSync: (json: SyncCreate) => read(v1.syncs.$post({ json })),
  sync: (id: string) => read(v1.syncs[":id"].$get({ param: { id } })),
  updateSync: (id: string, json: SyncPatch) => read(v1.syncs[":id"].$patch({ param: { id }, json })),
  deleteSync: (id: string) => read(v1.syncs[":id"].$delete({ param: { id } })),
  run: (id: string, full: boolean) => read(v1.syncs[":id"].run.$post({ param: { id }, json: { full } })),
  verify: (id: string, content: "sample" | "all") => read(v1.syncs[":id"].verify.$post({ param: { id }, json: { content } })),
  pause: (id: string) => read(v1.syncs[":id"].pause.$post({ param: { id } })),
  resume: (id: string) => read(v1.syncs[":id"].resume.$post({ param: { id } })),
  cancel: (id: string) => read(v1.syncs[":id"].cancel.$post({ param: { id } })),
  confirmChanges: (id: string) => read(v1.syncs[":id"]["confirm-changes"].$post({ param: { id } })),
  retryFailures: (id: string, reason: string | null) => read(v1.syncs[":id"].failures.retry.$post({ param: { id }, json: { reason } })),
  failures: (id: string) => read(v1.syncs[":id"].failures.$get({ param: { id } })),
  selection: (id: string) => read(v1.syncs[":id"].selection.$get({ param: { id } })),
  preview: (id: string, json: PreviewRequest) => read(v1.syncs[":id"].preview.$post({ param: { id }, json })),
  previewNew: (json: PreviewRequest & { connectionId: string }) => read(v1.syncs.preview.$post({ json })),
  runs: (id: string, page: PageQuery) => read(v1.syncs[":id"].runs.$get({ param: { id }, query: pageQuery(page) })),
  items: (id: string, { parent, state, sort, order, skip, ...page }: PageQuery & ItemsQuery) =>
    read(
      v1.syncs[":id"].items.$get({
        param: { id },
        query: {
          ...pageQuery(page),
          ...(parent === undefined ? {} : { parent }),
          ...(state === undefined ? {} : { state }),
          ...(sort === undefined ? {} : { sort }),
          ...(order === undefined ? {} : { order }),
          ...(skip === undefined ? {} : { skip }),
        },
      }),
    ),
  countItems: (id: string, { parent, state }: Pick<ItemsQuery, "parent" | "state">) =>
    read(
      v1.syncs[":id"].items.count.$get({
        param: { id },
        query: { ...(parent === undefined ? {} : { parent }), ...(state === undefined ? {} : { state }) },
      }),
    ),
  /** What was removed from a sync, newest first. */
  trash: (id: string, page: PageQuery) => read(v1.syncs[":id"].trash.$get({ param: { id }, query: pageQuery(page) })),
  /** Items by name. A page may be empty and still not be the last. */
  search: ({ q, sync, state, ...page }: PageQuery & { q: string; sync?: string | undefined; state?: ItemState | undefined }) =>
    read(
      v1.search.$get({
        query: { q, ...pageQuery(page), ...(sync === undefined ? {} : { sync }), ...(state === undefined ? {} : { state }) },
      }),
    ),
  retryItems: (ids: string[]) => read(v1.items.retry.$post({ json: { ids } })),
  restoreItems: (ids: string[]) => read(v1.items.restore.$post({ json: { ids } })),
  item: (id: string) => read(v1.items[":id"].$get({ param: { id } })),
  explain: (id: string) => read(v1.items[":id"].explain.$get({ param: { id } })),
  versions: (id: string, page: PageQuery) => read(v1.items[":id"].versions.$get({ param: { id }, query: pageQuery(page) })),
  restoreVersion: (id: string, number: number) =>
    read(v1.items[":id"].versions[":number"].restore.$post({ param: { id, number: String(number) } })),
  /** A removed file with its newest version, or a folder with everything that was removed with it. */
  restoreItem: (id: string) => read(v1.items[":id"].restore.$post({ param: { id } })),

  runDetail: (id: string) => read(v1.runs[":id"].$get({ param: { id } })),
  receipt: (id: string) => read(v1.runs[":id"].receipt.$get({ param: { id } })),
  runFiles: (id: string, { state, ...page }: PageQuery & { state?: ItemState | undefined }) =>
    read(v1.runs[":id"].files.$get({ param: { id }, query: { ...pageQuery(page), ...(state === undefined ? {} : { state }) } })),
  held: (id: string, page: PageQuery) => read(v1.runs[":id"].held.$get({ param: { id }, query: pageQuery(page) })),
  /** Without folders, everything that is held. */
  approve: (id: string, folders?: string[]) =>
    read(v1.runs[":id"].approve.$post({ param: { id }, json: folders === undefined ? {} : { folders } })),
  discard: (id: string, folders?: string[]) =>
    read(v1.runs[":id"].discard.$post({ param: { id }, json: folders === undefined ? {} : { folders } })),
  retry: (id: string) => read(v1.runs[":id"].retry.$post({ param: { id } })),

  notifications: () => read(v1.notifications.$get()),
  changeNotifications: (json: NotificationsPatch) => read(v1.notifications.$patch({ json })),
  webhooks: () => read(v1.webhooks.$get()),
  createWebhook: (json: WebhookCreate) => read(v1.webhooks.$post({ json })),
  updateWebhook: (id: string, json: WebhookPatch) => read(v1.webhooks[":id"].$patch({ param: { id }, json })),
  deleteWebhook: (id: string) => read(v1.webhooks[":id"].$delete({ param: { id } })),
  testWebhook: (id: string) => read(v1.webhooks[":id"].test.$post({ param: { id } })),
  rotateWebhookSecret: (id: string) => read(v1.webhooks[":id"]["rotate-secret"].$post({ param: { id }, json: {} })),
  deliveries: (id: string, page: PageQuery) => read(v1.webhooks[":id"].deliveries.$get({ param: { id }, query: pageQuery(page) })),
  redeliver: (id: string, deliveryId: string) =>
    read(v1.webhooks[":id"].deliveries[":deliveryId"].redeliver.$post({ param: { id, deliveryId } })),

  adminStatus: () => read(v1.admin.status.$get()),
  adminUsers: ({ search, ...page }: PageQuery & { search: string }) => read(v1.admin.users.$get({ query: { ...pageQuery(page), search } })),
  adminUser: (id: string) => read(v1.admin.users[":id"].$get({ param: { id } })),
  /** Null is the operator's limit, 0 is none. */
  adminQuota: (id: string, quota: { bytes: number | null; items: number | null; syncs: number | null }) =>
    read(v1.admin.users[":id"].$patch({ param: { id }, json: { quota } })),
  adminRun: (id: string) => read(v1.admin.users[":id"].run.$post({ param: { id } })),
  deadLetters: (page: PageQuery) => read(v1.admin["dead-letters"].$get({ query: pageQuery(page) })),
  /** Without ids, all that wait. */
  redrive: (ids?: string[]) => read(v1.admin["dead-letters"].redrive.$post({ json: ids === undefined ? {} : { ids } })),

  sessions: () => read(v1.sessions.$get()),
  endSession: (id: string) => read(v1.sessions[":id"].$delete({ param: { id } })),
  endOtherSessions: () => read(v1.sessions.$delete()),
  identities: () => read(v1.identities.$get()),
  unlinkIdentity: (id: string) => read(v1.identities[":id"].$delete({ param: { id } })),
  audit: (page: PageQuery) => read(v1.audit.$get({ query: pageQuery(page) })),
  tokens: (page: PageQuery) => read(v1.tokens.$get({ query: pageQuery(page) })),
  makeToken: (json: TokenCreate) => read(v1.tokens.$post({ json })),
  revokeToken: (id: string) => read(v1.tokens[":id"].$delete({ param: { id } })),
  eraseAccount: (confirm: string) => read(v1.me.$delete({ json: { confirm } })),

  signOut,
};

export type Api = typeof api;

async function signOut(everywhere: boolean): Promise<void> {
  let response: Response;
  try {
    response = await fetch(everywhere ? "/auth/logout?everywhere=true" : "/auth/logout", { method: "POST" });
  } catch (error) {
    throw asApiError(error);
  }
  if (!response.ok) throw await toApiError(response);
}

/** Where an item's stored content is downloaded from. */
export function contentUrl(itemId: string): string {
  return `/api/v1/items/${encodeURIComponent(itemId)}/content`;
}

export function versionUrl(itemId: string, number: number): string {
  return `/api/v1/items/${encodeURIComponent(itemId)}/versions/${number}/content`;
}

/** What a frame shows of an item; `version`: of an earlier content. */
export function previewUrl(itemId: string, options: { version?: number | undefined; theme?: "light" | "dark" | undefined }): string {
  const query = new URLSearchParams();
  if (options.theme !== undefined) query.set("theme", options.theme);
  if (options.version !== undefined) query.set("version", String(options.version));
  return `/api/v1/items/${encodeURIComponent(itemId)}/preview?${query}`;
}

export function zipUrl(itemId: string): string {
  return `/api/v1/items/${encodeURIComponent(itemId)}/zip`;
}

/** Everything that is kept of the person but their files, as one download. */
export const EXPORT_URL = "/api/v1/me/export";

export const EVENTS_URL = "/api/v1/events";

/** What changes from a place of the stream on, as server-sent events; without one, from now on. */
export function changesUrl(cursor: string | null): string {
  return `/api/v1/changes/stream?${cursor === null ? "from=now" : `cursor=${encodeURIComponent(cursor)}`}`;
}

/** A run's receipt, as a file. */
export function receiptUrl(runId: string): string {
  return `/api/v1/runs/${encodeURIComponent(runId)}/receipt`;
}

export function logsUrl(runId: string): string {
  return `/api/v1/runs/${encodeURIComponent(runId)}/logs`;
}
