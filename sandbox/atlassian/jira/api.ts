import { Refusal } from "../../answers.ts";
import { decodeSegment } from "../../vendor-request.ts";
import { allow } from "../product.ts";
import { noIssue, refuse } from "./answers.ts";
import type { Faults } from "./fault-table.ts";
import { FIELD_NAMES } from "./fields.ts";
import { askerOf, search, type SearchRequest, understood, visible } from "./search.ts";
import { understand } from "./jql.ts";
import { JqlError } from "./jql-parse.ts";
import type { Issue } from "./store.ts";
import type { Webhooks } from "./webhooks.ts";
import { attachmentJson, commentsOf, issueJson, type JiraCall, type JiraTools, projectJson, userJson } from "./wire.ts";

export type ApiTools = JiraTools & { faults: Faults; webhooks: Webhooks };
type Body = Record<string, unknown>;
type Route = {
  method: string;
  /** Below `/rest/api/3`; `{id}` stands for one segment. */
  path: string;
  scope: "work" | "user" | "webhook" | null;
  answer: (tools: ApiTools, call: JiraCall, id: string, body: Body) => Response | Promise<Response>;
};

const SCOPES = {
  work: ["read:jira-work"],
  user: ["read:jira-user", "read:jira-work"],
  webhook: ["manage:jira-webhook"],
} as const;
const COMMENTS_A_PAGE = 100;
const PROJECTS_A_PAGE = 50;
const BULK_ISSUES_MAX = 100;

const ROUTES: readonly Route[] = [
  { method: "GET", path: "/myself", scope: "user", answer: myself },
  { method: "GET", path: "/serverInfo", scope: null, answer: serverInfo },
  { method: "GET", path: "/field", scope: "work", answer: fieldList },
  { method: "GET", path: "/project/search", scope: "work", answer: projectSearch },
  { method: "GET", path: "/project/{id}", scope: "work", answer: project },
  { method: "GET", path: "/search/jql", scope: "work", answer: (tools, call) => search(tools, call, fromQuery(call)) },
  { method: "POST", path: "/search/jql", scope: "work", answer: (tools, call, _, body) => search(tools, call, body as SearchRequest) },
  { method: "POST", path: "/search/approximate-count", scope: "work", answer: count },
  { method: "POST", path: "/jql/match", scope: "work", answer: match },
  { method: "POST", path: "/jql/parse", scope: "work", answer: parse },
  { method: "POST", path: "/issue/bulkfetch", scope: "work", answer: bulkFetch },
  { method: "GET", path: "/issue/{id}", scope: "work", answer: oneIssue },
  { method: "GET", path: "/issue/{id}/comment", scope: "work", answer: comments },
  { method: "GET", path: "/attachment/{id}", scope: "work", answer: attachment },
  { method: "GET", path: "/attachment/content/{id}", scope: "work", answer: attachmentContent },
  { method: "GET", path: "/webhook", scope: "webhook", answer: ({ webhooks }, call) => webhooks.list(call) },
  { method: "POST", path: "/webhook", scope: "webhook", answer: ({ webhooks }, call, _, body) => webhooks.register(call, body) },
  { method: "PUT", path: "/webhook/refresh", scope: "webhook", answer: ({ webhooks }, call, _, body) => webhooks.refresh(call, body) },
  { method: "DELETE", path: "/webhook", scope: "webhook", answer: ({ webhooks }, call, _, body) => webhooks.remove(call, body) },
];

const BASE = "/rest/api/3";
const OLD_SEARCH = /^\/rest\/api\/[23]\/search$/;

export function routeOf(path: string): string {
  return OLD_SEARCH.test(path) ? path : (ROUTES.find((route) => matching(route, path) !== undefined)?.path ?? "(unknown)");
}

export async function api(tools: ApiTools, call: JiraCall): Promise<Response> {
  const { method } = call.request;
  if (OLD_SEARCH.test(call.path))
    throw refuse(
      410,
      "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. A full migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046",
    );
  const here = ROUTES.filter((route) => matching(route, call.path) !== undefined);
  const route = here.find((one) => one.method === method);
  if (route === undefined) throw here.length > 0 ? refuse(405, "Method Not Allowed") : new Refusal({ status: 404, headers: {}, body: "" });
  if (route.scope !== null) allow(call, ...SCOPES[route.scope]);
  return route.answer(tools, call, matching(route, call.path) ?? "", await bodyOf(call));
}

/** What stands for `{id}`; undefined where the path is another. The more specific routes stand first. */
function matching({ path }: Route, asked: string): string | undefined {
  const [before = "", after] = `${BASE}${path}`.split("{id}");
  if (after === undefined) return asked === before ? "" : undefined;
  if (!asked.startsWith(before) || !asked.endsWith(after) || asked.length <= before.length + after.length) return undefined;
  const id = asked.slice(before.length, asked.length - after.length);
  return id.includes("/") || id === "search" ? undefined : decodeSegment(id);
}

async function bodyOf({ request }: JiraCall): Promise<Body> {
  const text = await request.text();
  if (text === "") return {};
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === "object" && body !== null) return body as Body;
  } catch {
    throw refuse(400, "Invalid request payload. Refer to the REST API documentation and try again.");
  }
  throw refuse(400, "Invalid request payload. Refer to the REST API documentation and try again.");
}

function fromQuery({ request: { query } }: JiraCall): SearchRequest {
  return {
    jql: query.get("jql") ?? "",
    nextPageToken: query.get("nextPageToken") ?? undefined,
    ...(query.has("maxResults") && { maxResults: Number(query.get("maxResults")) }),
    ...(query.has("fields") && { fields: query.getAll("fields").flatMap((field) => field.split(",")) }),
    expand: query.get("expand") ?? undefined,
  };
}

function myself(_tools: ApiTools, call: JiraCall): Response {
  return Response.json({ ...userJson(call, call.account), emailAddress: call.account.name, locale: "en_US" });
}

function serverInfo(_tools: ApiTools, call: JiraCall): Response {
  const baseUrl = call.request.site(call.site.host);
  return Response.json({
    baseUrl,
    displayUrl: baseUrl,
    version: "1001.0.0-SNAPSHOT",
    versionNumbers: [1001, 0, 0],
    deploymentType: "Cloud",
    buildNumber: 100_276,
    serverTitle: "Jira",
  });
}

function fieldList(): Response {
  return Response.json(
    Object.entries(FIELD_NAMES).map(([id, name]) => ({ id, key: id, name, custom: id.startsWith("customfield_"), navigable: true })),
  );
}

function projectSearch({ store }: ApiTools, call: JiraCall): Response {
  const { query } = call.request;
  const text = (query.get("query") ?? "").toLowerCase();
  const ids = query.getAll("id");
  const all = store
    .projects(call.site)
    .filter((one) => store.mayBrowse(one, call.account))
    .filter(({ key, name }) => key.toLowerCase().includes(text) || name.toLowerCase().includes(text))
    .filter(({ id }) => ids.length === 0 || ids.includes(String(id)));
  const startAt = Number(query.get("startAt") ?? 0);
  const maxResults = Math.min(100, Number(query.get("maxResults") ?? PROJECTS_A_PAGE));
  const values = all.slice(startAt, startAt + maxResults).map((one) => projectJson(call, one));
  const isLast = startAt + values.length >= all.length;
  return Response.json({ self: `${call.root}${BASE}/project/search`, maxResults, startAt, total: all.length, isLast, values });
}

function project({ store }: ApiTools, call: JiraCall, id: string): Response {
  const found = store.project(call.site, id);
  if (found === undefined || !store.mayBrowse(found, call.account)) throw refuse(404, `No project could be found with key '${id}'.`);
  return Response.json(projectJson(call, found));
}

function count(tools: ApiTools, call: JiraCall, _: string, { jql }: Body): Response {
  const matcher = understood(tools, call, String(jql ?? ""));
  return Response.json({ count: visible(tools, call).filter(matcher.matches).length });
}

/** Whether issues match queries. What a query has wrong is told with it. */
function match(tools: ApiTools, call: JiraCall, _: string, { issueIds, jqls }: Body): Response {
  const ids = new Set((Array.isArray(issueIds) ? issueIds : []).map(Number));
  const among = visible(tools, call).filter(({ id }) => ids.has(id));
  const matches = (Array.isArray(jqls) ? jqls : []).map((jql) => {
    try {
      const matcher = understand(String(jql), askerOf(tools, call));
      return { matchedIssues: among.filter(matcher.matches).map(({ id }) => id), errors: [] };
    } catch (error) {
      if (error instanceof JqlError) return { matchedIssues: [], errors: [error.message] };
      throw error;
    }
  });
  return Response.json({ matches });
}

function parse(tools: ApiTools, call: JiraCall, _: string, { queries }: Body): Response {
  const parsed = (Array.isArray(queries) ? queries : []).map((query) => {
    try {
      understand(String(query), askerOf(tools, call));
      return { query: String(query) };
    } catch (error) {
      if (error instanceof JqlError) return { query: String(query), errors: [error.message] };
      throw error;
    }
  });
  return Response.json({ queries: parsed });
}

/** What is not there, or not for who asks, is left out without a word. */
function bulkFetch(tools: ApiTools, call: JiraCall, _: string, { issueIdsOrKeys, fields }: Body): Response {
  const given = Array.isArray(issueIdsOrKeys) ? issueIdsOrKeys.map(String) : [];
  if (given.length === 0 || given.length > BULK_ISSUES_MAX) throw refuse(400, `Between 1 and ${BULK_ISSUES_MAX} issues can be requested.`);
  const asked = Array.isArray(fields) ? fields.map(String) : ["*navigable"];
  const found = new Map(given.flatMap((one) => { const issue = find(tools, call, one); return issue === undefined ? [] : [[issue.id, issue] as const]; })); // prettier-ignore
  const failing = tools.faults.strike("atlassian-jira-bulk-errors", call.asked) !== undefined;
  const issues = failing
    ? []
    : [...found.values()].toSorted((one, other) => one.id - other.id).map((one) => issueJson(tools, call, one, asked));
  const issueErrors = failing
    ? [...found.keys()].map((id) => ({ id: String(id), errorMessage: "The issue could not be fetched. Try again." }))
    : [];
  return Response.json({ issues, issueErrors });
}

function oneIssue(tools: ApiTools, call: JiraCall, id: string): Response {
  const issue = expectIssue(tools, call, id);
  const { query } = call.request;
  const fields = query.has("fields") ? query.getAll("fields").flatMap((field) => field.split(",")) : ["*all"];
  const names = query.getAll("expand").some((expand) => expand.split(",").includes("names"));
  return Response.json({ ...issueJson(tools, call, issue, fields), ...(names && { names: FIELD_NAMES }) });
}

function comments(tools: ApiTools, call: JiraCall, id: string): Response {
  const { query } = call.request;
  const all = commentsOf(tools, call, expectIssue(tools, call, id));
  const startAt = Number(query.get("startAt") ?? 0);
  const maxResults = Math.min(COMMENTS_A_PAGE, Number(query.get("maxResults") ?? COMMENTS_A_PAGE));
  return Response.json({ startAt, maxResults, total: all.length, comments: all.slice(startAt, startAt + maxResults) });
}

function attachment(tools: ApiTools, call: JiraCall, id: string): Response {
  const found = visibleAttachment(tools, call, id);
  return Response.json({ ...attachmentJson(tools, call, found), id: found.id });
}

/** By a signed address of the store of files; or, where no redirect is wanted, itself. */
async function attachmentContent(tools: ApiTools, call: JiraCall, id: string): Promise<Response> {
  const { media: mediaId, name, type } = visibleAttachment(tools, call, id);
  const { request, asked, account } = call;
  const struck = (fault: "atlassian-jira-redirects" | "atlassian-jira-redirects-astray") => tools.faults.strike(fault, asked) !== undefined;
  if (struck("atlassian-jira-redirects-astray"))
    return new Response(null, { status: 303, headers: { Location: "https://elsewhere.example/file" } });
  const location = tools.media.address(request, { id: mediaId, name, mediaType: type }, account);
  if (request.query.get("redirect") !== "false" || struck("atlassian-jira-redirects"))
    return new Response(null, { status: 303, headers: { Location: location } });
  const range = request.headers.get("range");
  if (range !== null && !/^bytes=(\d+-\d*|-\d+)$/.test(range)) throw refuse(400, "The range is malformed.");
  const url = new URL(location);
  const headers = new Headers(request.headers);
  headers.delete("authorization");
  const { pathname } = url;
  const path = pathname.slice(pathname.indexOf("/file/"));
  return tools.media.serve({ ...request, headers, path, search: url.search, query: url.searchParams }, asked);
}

function find({ store }: JiraTools, call: JiraCall, id: string): Issue | undefined {
  const issue = store.issue(call.site, id);
  return issue !== undefined && store.mayBrowse(issue.project, call.account) ? issue : undefined;
}

function expectIssue(tools: JiraTools, call: JiraCall, id: string): Issue {
  const issue = find(tools, call, id);
  if (issue === undefined) throw noIssue();
  return issue;
}

function visibleAttachment(tools: JiraTools, call: JiraCall, id: string) {
  const found = tools.store.attachment(Number(id));
  if (found === undefined || find(tools, call, String(found.issue)) === undefined)
    throw refuse(404, `The attachment with id '${id}' does not exist`);
  return found;
}
