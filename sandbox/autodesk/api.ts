import { Refusal } from "../answers.ts";
import type { Asked } from "../fault-kinds.ts";
import { bearerOf, decodeSegment, type VendorRequest } from "../vendor-request.ts";
import { errorAnswer, gatewayAnswer } from "./answers.ts";
import type { AutodeskTools, Call } from "./context.ts";
import { contents, folder } from "./folders.ts";
import { item, itemParent, tip, versions } from "./items.ts";
import { hub, hubs, project, projects, topFolders } from "./projects.ts";
import { signedDownload } from "./storage.ts";

type Answer = (tools: AutodeskTools, call: Call, ...ids: string[]) => Response | Promise<Response>;
type Route = { method: string; template: string; pattern: RegExp; scopes: readonly string[]; answer: Answer };

const READ = ["data:read"];
const WRITE = ["data:read", "data:write"];
const DATA = "/data/v1/projects/{project_id}";
const HOOKS = "/webhooks/v1/systems/data/events/{event}/hooks";

const ROUTES = (secret: Buffer): readonly Route[] => [
  route("GET", "/project/v1/hubs", READ, hubs),
  route("GET", "/project/v1/hubs/{hub_id}", READ, hub as Answer),
  route("GET", "/project/v1/hubs/{hub_id}/projects", READ, projects as Answer),
  route("GET", "/project/v1/hubs/{hub_id}/projects/{project_id}", READ, project as Answer),
  route("GET", "/project/v1/hubs/{hub_id}/projects/{project_id}/topFolders", READ, topFolders as Answer),
  route("GET", `${DATA}/folders/{folder_id}`, READ, folder as Answer),
  route("GET", `${DATA}/folders/{folder_id}/contents`, READ, contents as Answer),
  route("GET", `${DATA}/items/{item_id}`, READ, item as Answer),
  route("GET", `${DATA}/items/{item_id}/tip`, READ, tip as Answer),
  route("GET", `${DATA}/items/{item_id}/versions`, READ, versions as Answer),
  route("GET", `${DATA}/items/{item_id}/parent`, READ, itemParent as Answer),
  route("GET", "/oss/v2/buckets/{bucket}/objects/{key}/signeds3download", READ, (tools, call, bucket = "", key = "") =>
    signedDownload(tools, call, bucket, key, secret),
  ),
  route("POST", HOOKS, WRITE, (tools, call, event = "") => tools.hooks.create(call, event)),
  route("GET", HOOKS, READ, (tools, call, event = "") => tools.hooks.list(call, event)),
  route("GET", "/webhooks/v1/systems/data/hooks", READ, (tools, call) => tools.hooks.list(call, undefined)),
  route("GET", `${HOOKS}/{hook_id}`, READ, (tools, call, event = "", id = "") => tools.hooks.get(call, event, id)),
  route("PATCH", `${HOOKS}/{hook_id}`, WRITE, (tools, call, event = "", id = "") => tools.hooks.patch(call, event, id)),
  route("DELETE", `${HOOKS}/{hook_id}`, WRITE, (tools, call, event = "", id = "") => tools.hooks.remove(call, event, id)),
  route("POST", "/webhooks/v1/tokens", WRITE, (tools, call) => tools.hooks.setToken(call, false)),
  route("PUT", "/webhooks/v1/tokens/@me", WRITE, (tools, call) => tools.hooks.setToken(call, true)),
];

function route(method: string, template: string, scopes: readonly string[], answer: Answer): Route {
  const pattern = new RegExp(`^${template.replaceAll(/\{\w+\}/g, "([^/]+)")}$`);
  return { method, template, pattern, scopes, answer };
}

export type Api = {
  answer: (tools: AutodeskTools, request: VendorRequest, asked: Asked) => Promise<Response>;
  /** The template of a path, for the request log. */
  template: (path: string) => string;
};

/** What a token opens: hubs and projects, their files, addresses of objects, webhooks. */
export function createApi(secret: Buffer): Api {
  const routes = ROUTES(secret);
  return {
    template: (path) => routes.find(({ pattern }) => pattern.test(path))?.template ?? "(unknown)",
    answer: async (tools, request, asked) => {
      const found = routes.filter(({ pattern }) => pattern.test(request.path));
      const one = found.find(({ method }) => method === request.method);
      if (one === undefined) throw new Refusal(errorAnswer(found.length === 0 ? 404 : 405, "NOT_FOUND", "The requested URL is not valid."));
      const grant = tools.grants.openAccessToken(bearerOf(request) ?? "");
      if (typeof grant === "string")
        throw new Refusal(gatewayAnswer(401, "AUTH-006", "The access token provided is invalid or has expired."));
      if (one.scopes.some((scope) => !grant.scope.split(" ").includes(scope)))
        throw new Refusal(gatewayAnswer(403, "AUTH-010", "Token does not have the privilege for this request."));
      const [, ...ids] = one.pattern.exec(request.path) ?? [];
      return one.answer(tools, { request, asked, grant }, ...ids.map(decodeSegment));
    },
  };
}
