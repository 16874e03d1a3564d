import { Refusal, toResponse } from "../answers.ts";
import { randomBytes } from "node:crypto";
import type { Asked } from "../fault-kinds.ts";
import { bearerOf, type VendorRequest } from "../vendor-request.ts";
import { badRequest, errorAnswer, textAnswer } from "./answers.ts";
import type { Call, DropboxTools } from "./context.ts";
import { download, exportFile } from "./downloads.ts";
import type { Grant } from "./grants.ts";
import { API_HOST, CONTENT_HOST } from "./hosts.ts";
import { getMetadata } from "./items.ts";
import { latestCursor, listFolder, listFolderContinue } from "./list-folder.ts";
import { namespaceOf } from "./namespaces.ts";
import { currentAccount, spaceUsage } from "./users.ts";

type Route = {
  host: string;
  scope: string | undefined;
  style: "rpc" | "void" | "download";
  answer: (tools: DropboxTools, call: Call) => Response | Promise<Response>;
};

const METADATA = "files.metadata.read";
const CONTENT = "files.content.read";
const ACCOUNT = "account_info.read";

const ROUTES = new Map<string, Route>([
  ["auth/token/revoke", { host: API_HOST, scope: undefined, style: "void", answer: revoke }],
  ["users/get_current_account", { host: API_HOST, scope: ACCOUNT, style: "void", answer: currentAccount }],
  ["users/get_space_usage", { host: API_HOST, scope: ACCOUNT, style: "void", answer: spaceUsage }],
  ["files/list_folder", { host: API_HOST, scope: METADATA, style: "rpc", answer: listFolder }],
  ["files/list_folder/continue", { host: API_HOST, scope: METADATA, style: "rpc", answer: listFolderContinue }],
  ["files/list_folder/get_latest_cursor", { host: API_HOST, scope: METADATA, style: "rpc", answer: latestCursor }],
  ["files/get_metadata", { host: API_HOST, scope: METADATA, style: "rpc", answer: getMetadata }],
  ["files/download", { host: CONTENT_HOST, scope: CONTENT, style: "download", answer: download }],
  ["files/export", { host: CONTENT_HOST, scope: CONTENT, style: "download", answer: exportFile }],
]);

/** A path of the API by its route; undefined where there is none. */
export function routeOf(path: string): string | undefined {
  const route = path.startsWith("/2/") ? path.slice("/2/".length) : "";
  return ROUTES.has(route) ? route : undefined;
}

export const isDownload = (path: string): boolean => ROUTES.get(routeOf(path) ?? "")?.style === "download";

/** The API, v2: RPC with JSON, and downloads whose argument stands in a header. */
export async function api(tools: DropboxTools, request: VendorRequest, asked: Asked): Promise<Response> {
  const name = routeOf(request.path);
  const route = ROUTES.get(name ?? "");
  if (name === undefined || route === undefined || route.host !== request.host)
    return toResponse(textAnswer(404, `Unknown API function: "${request.path.slice("/2/".length)}"`));
  if (request.method !== "POST" && !(route.style === "download" && request.method === "GET"))
    throw badRequest(
      name,
      `Your request's HTTP request method is "${request.method}". This function only accepts the HTTP request method "POST".`,
    );
  const grant = authenticate(tools, request, name);
  const argument = await argumentOf(request, name, route.style);
  if (route.scope !== undefined && !grant.scope.split(" ").includes(route.scope))
    throw new Refusal(errorAnswer(401, { ".tag": "missing_scope", required_scope: route.scope }));
  const namespace = namespaceOf(tools, grant.account, request.headers.get("dropbox-api-path-root"));
  return route.answer(tools, { request, asked, grant, route: name, argument, namespace });
}

/** The headers that every answer of the API has. */
export function stampApi(response: Response): void {
  response.headers.set("X-Dropbox-Request-Id", randomBytes(16).toString("hex"));
  response.headers.set("X-Server-Response-Time", "12");
}

function authenticate(tools: DropboxTools, request: VendorRequest, route: string): Grant {
  const token = bearerOf(request);
  if (token === undefined) throw badRequest(route, 'Must provide HTTP header "Authorization" or URL parameter "authorization".');
  const grant = tools.grants.openAccessToken(token);
  if (typeof grant !== "string") return grant;
  throw new Refusal(errorAnswer(401, { ".tag": grant === "expired" ? "expired_access_token" : "invalid_access_token" }));
}

async function argumentOf(request: VendorRequest, route: string, style: Route["style"]): Promise<Record<string, unknown>> {
  const type = request.headers.get("content-type");
  const body = await request.text();
  if (style === "download") {
    if (type !== null && !/^(text\/plain|application\/octet-stream)\b/.test(type))
      throw badRequest(route, `Bad HTTP "Content-Type" header: "${type}". Expecting one of "application/octet-stream", "text/plain".`);
    const header = request.headers.get("dropbox-api-arg") ?? request.query.get("arg");
    if (header === null) throw badRequest(route, 'Must provide HTTP header "Dropbox-API-Arg" or URL parameter "arg".');
    return parse(header, route, 'HTTP header "Dropbox-API-Arg"');
  }
  if (style === "void") {
    if (body !== "" && body !== "null") throw badRequest(route, "request body: expected null, got value");
    return {};
  }
  if (type === null || !/^(application\/json|text\/plain; charset=dropbox-cors-hack)\b/.test(type))
    throw badRequest(
      route,
      `Bad HTTP "Content-Type" header: "${type ?? ""}". Expecting one of "application/json", "text/plain; charset=dropbox-cors-hack".`,
    );
  return parse(body, route, "request body");
}

function parse(text: string, route: string, where: string): Record<string, unknown> {
  let value: unknown;
  // Bytes beyond the basic ones cannot be told apart in a header.
  if (where !== "request body" && /[^ -~]/.test(text)) throw badRequest(route, `${where}: could not decode input as JSON`);
  try {
    value = JSON.parse(text);
  } catch {
    throw badRequest(route, `${where}: could not decode input as JSON`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw badRequest(route, `${where}: expected object`);
  return value as Record<string, unknown>;
}

function revoke(tools: DropboxTools, { grant }: Call): Response {
  tools.grants.end(grant);
  return Response.json(null);
}
