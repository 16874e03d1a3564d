import { Refusal, toResponse } from "../answers.ts";
import type { Asked } from "../fault-kinds.ts";
import { bearerOf, decodeSegment, type VendorRequest } from "../vendor-request.ts";
import { listChanges, logsOf, startPageToken } from "./changes.ts";
import type { DriveCall, GoogleTools } from "./context.ts";
import { driveAnswer, scopeInsufficient, tokenMissing, tokenRefused } from "./drive-error.ts";
import { about, getDrive, listDrives } from "./drives.ts";
import { exportFile, getFile, listFiles } from "./files.ts";
import type { Grant } from "./grants.ts";

const SCOPE = "https://www.googleapis.com/auth/";
const READS = ["drive", "drive.readonly"];
const READS_METADATA = [...READS, "drive.metadata", "drive.metadata.readonly"];

type Route = {
  template: string;
  pattern: RegExp;
  method: "GET" | "POST";
  scopes: readonly string[];
  units: "list" | "content" | "other";
  answer: (tools: GoogleTools, call: DriveCall, id: string) => Promise<Response> | Response;
};

const ROUTES: readonly Route[] = [
  route("GET", "/about", about, { scopes: [...READS_METADATA, "drive.file"] }),
  route("GET", "/files", (tools, call) => listFiles(tools, call), { units: "list" }),
  route("GET", "/files/{fileId}/export", exportFile, { units: "content", scopes: READS }),
  route("GET", "/files/{fileId}", getFile, { units: "content" }),
  route("GET", "/changes/startPageToken", startPageToken),
  route("GET", "/changes", listChanges),
  route("POST", "/changes/watch", (tools, call) => tools.channels.watch(call, logsOf(tools, call)[0] ?? call.grant.account)),
  route("POST", "/channels/stop", (tools, call) => tools.channels.stop(call)),
  route("GET", "/drives", listDrives, { scopes: READS }),
  route("GET", "/drives/{driveId}", getDrive, { scopes: READS }),
];

function route(method: Route["method"], template: string, answer: Route["answer"], more: Partial<Route> = {}): Route {
  const pattern = new RegExp(`^/drive/v3${template.replace(/\{\w+\}/g, "([^/]+)")}$`);
  return { template: `/drive/v3${template}`, pattern, method, answer, scopes: READS_METADATA, units: "other", ...more };
}

export const driveRoute = (path: string): string | undefined => ROUTES.find(({ pattern }) => pattern.test(path))?.template;

export const isContentRequest = ({ path, query }: VendorRequest): boolean =>
  query.get("alt") === "media" || (path.startsWith("/drive/v3/") && path.endsWith("/export"));

/** Google Drive v3, as far as a copy of drives needs it. */
export async function driveApi(tools: GoogleTools, request: VendorRequest, asked: Asked): Promise<Response> {
  const call: DriveCall = { request, asked, grant: authenticate(tools, request) };
  const found = ROUTES.find(({ pattern, method }) => pattern.test(request.path) && method === request.method);
  if (found === undefined) return toResponse(driveAnswer(404, "notFound", "Not Found"));
  const media = request.query.get("alt") === "media";
  const needed = media ? READS : found.scopes;
  const granted = call.grant.scope.split(" ");
  if (!needed.some((scope) => granted.includes(`${SCOPE}${scope}`))) throw new Refusal(scopeInsufficient());
  tools.quota.charge(call.grant, asked, found.units === "content" && !media && !request.path.endsWith("/export") ? "other" : found.units);
  const [, id = ""] = found.pattern.exec(request.path) ?? [];
  return found.answer(tools, call, decodeSegment(id));
}

export function authenticate(tools: GoogleTools, request: VendorRequest): Grant {
  const token = bearerOf(request);
  if (token === undefined) throw new Refusal(tokenMissing());
  const grant = tools.grants.openAccessToken(token);
  if (typeof grant === "string") throw new Refusal(tokenRefused());
  return grant;
}
