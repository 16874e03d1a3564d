import { setTimeout as pause } from "node:timers/promises";
import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../clock.ts";
import type { Meta } from "../database.ts";
import type { DriveStore } from "../drives/store.ts";
import type { RequestLog } from "../request-log.ts";
import type { VendorRequest } from "../vendor-request.ts";
import type { Accounts } from "./accounts.ts";
import { parseAddress } from "./address.ts";
import { toResponse } from "./answers.ts";
import { download, downloadOwner } from "./downloads.ts";
import type { Asked, Faults } from "./faults.ts";
import { bearerOf, graph, stampGraph } from "./graph.ts";
import type { GraphTools } from "./graph-context.ts";
import { createGrants } from "./grants.ts";
import { GRAPH_HOST, isFilesHost, LOGIN_HOST } from "./hosts.ts";
import { identity, identityRoute } from "./identity.ts";
import { ConnectionDropped, interfere } from "./interfere.ts";
import { loadKeys } from "./keys.ts";
import type { Notifier } from "./notifications.ts";
import { createSubscriptions } from "./subscriptions.ts";
import { createThrottle } from "./throttle.ts";

const NO_INTERCEPTION = { answer: undefined, headers: {}, delayMs: 0, truncate: false, corrupt: false, drop: false } as const;

export type MicrosoftTools = {
  db: DatabaseSync;
  meta: Meta;
  drives: DriveStore;
  accounts: Accounts;
  faults: Faults;
  notifier: Notifier;
  log: RequestLog;
  deliver: typeof fetch;
  now: Clock;
};

/** Answers requests to all of Microsoft's hosts. Throws ConnectionDropped where a fault wants no answer at all. */
export function createMicrosoft(parts: MicrosoftTools): (request: VendorRequest) => Promise<Response> {
  const keys = loadKeys(parts.meta);
  const grants = createGrants(keys, parts.accounts, parts.now);
  const tools: GraphTools = {
    ...parts,
    keys,
    grants,
    throttle: createThrottle(parts.faults, parts.now),
    subscriptions: createSubscriptions(parts),
  };

  const answerAsVendor = (request: VendorRequest, asked: Asked): Promise<Response> => {
    if (request.host === LOGIN_HOST) return identity(tools, request, asked);
    if (request.host === GRAPH_HOST) return graph(tools, request, asked, (one) => answer(one, true));
    return download(tools, request, asked);
  };

  async function answer(request: VendorRequest, batched: boolean): Promise<Response> {
    const asked = await describe(tools, request);
    const interception = parts.faults.intercept(asked, request.site(GRAPH_HOST)) ?? NO_INTERCEPTION;
    if (interception.delayMs > 0) await pause(interception.delayMs);
    const real = interception.answer === undefined ? await answerAsVendor(request, asked) : toResponse(interception.answer);
    if (request.host === GRAPH_HOST) stampGraph(request, real);
    const note = {
      host: request.host,
      method: request.method,
      route: routeOf(request),
      status: real.status,
      account: asked.account,
      batched,
    };
    const onBytes = parts.log.note(note);
    if (interception.drop) throw new ConnectionDropped("A fault dropped the connection.");
    const downloaded = isFilesHost(request) && (real.status === 200 || real.status === 206);
    const struck = (name: "truncated-body" | "short-body" | "corrupt-body"): boolean =>
      downloaded && parts.faults.strike(name, asked) !== undefined;
    const response = isFilesHost(request) ? real : await buffered(real);
    return interfere(
      response,
      {
        headers: interception.headers,
        truncate: interception.truncate || struck("truncated-body"),
        corrupt: interception.corrupt || struck("corrupt-body"),
      },
      struck("short-body"),
      onBytes,
    );
  }
  return (request) => answer(request, false);
}

// With its length known, as the service's answers are.
async function buffered(response: Response): Promise<Response> {
  if (response.body === null) return response;
  const bytes = new Uint8Array(await response.arrayBuffer());
  response.headers.set("Content-Length", String(bytes.length));
  return new Response(bytes.length === 0 ? null : bytes, { status: response.status, headers: response.headers });
}

async function describe(tools: GraphTools, request: VendorRequest): Promise<Asked> {
  const { host, method, path, search } = request;
  return { host, method, path, search, ranged: request.headers.has("range"), account: await accountOf(tools, request) };
}

// Whom a request is about, as far as it says.
async function accountOf(tools: GraphTools, request: VendorRequest): Promise<string | undefined> {
  if (request.host === GRAPH_HOST) {
    const grant = tools.grants.openAccessToken(bearerOf(request) ?? "");
    return typeof grant === "string" ? undefined : grant.account.name;
  }
  if (request.host !== LOGIN_HOST) return downloadOwner(tools, request);
  if (!request.path.endsWith("/token")) return (request.query.get("account") ?? request.query.get("login_hint"))?.toLowerCase();
  const form = new URLSearchParams(await request.text());
  const refresh = tools.grants.openRefreshToken(form.get("refresh_token") ?? "");
  if (typeof refresh !== "string") return refresh.grant.account.name;
  const row = tools.db.prepare("SELECT account FROM codes WHERE code = ?").get(form.get("code") ?? "");
  return row === undefined ? undefined : tools.accounts.numbered(Number(row["account"]))?.name;
}

function routeOf(request: VendorRequest): string {
  if (request.host === GRAPH_HOST) return parseAddress(request.path)?.route ?? "(unknown)";
  if (request.host === LOGIN_HOST) return identityRoute(request.path) ?? "(unknown)";
  if (request.path.startsWith("/y4m")) return "/{download}";
  return request.path.endsWith("/download.aspx") ? "/personal/{user}/_layouts/15/download.aspx" : "(page)";
}
