import { createHash } from "node:crypto";
import { refuse } from "./answers.ts";
import type { Faults } from "./fault-table.ts";
import { FIELD_NAMES } from "./fields.ts";
import { understand, type Asker, type Matcher } from "./jql.ts";
import { JqlError } from "./jql-parse.ts";
import type { Issue } from "./store.ts";
import { issueJson, type JiraCall, type JiraTools } from "./wire.ts";

// Searches: bounded queries, pages by tokens, no totals.

const PAGE_ISSUES = 50;
const PAGE_ISSUES_MAX = 100;
/** Where only ids are asked for. */
const PAGE_IDS_MAX = 5_000;
const TOKEN_LIFE_MS = 7 * 86_400_000;
/** How far an index that is behind is behind. */
const LAG_MS = 5 * 60_000;

export type SearchRequest = {
  jql: string;
  nextPageToken?: string | undefined;
  maxResults?: number | undefined;
  fields?: readonly string[] | undefined;
  expand?: string | undefined;
};
type Token = { query: string; epoch: string; after: string; until: number };

export function search(tools: JiraTools & { faults: Faults }, call: JiraCall, request: SearchRequest): Response {
  const { jql, fields = ["id"] } = request;
  const matcher = understood(tools, call, jql);
  if (!matcher.bounded) throw refuse(400, "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.");
  const struck = (name: Parameters<Faults["strike"]>[0]): boolean => tools.faults.strike(name, call.asked) !== undefined;
  const query = createHash("sha256").update(jql).digest("base64url").slice(0, 12);
  const { epoch } = tools.accounts.state(call.account);
  const token = request.nextPageToken === undefined ? undefined : read(request.nextPageToken);
  if (request.nextPageToken !== undefined && (token?.query !== query || token.epoch !== epoch || token.until < tools.now()))
    throw refuse(400, "The provided nextPageToken is invalid or has expired.");
  const seen = visible(tools, call).filter(matcher.matches).toSorted(matcher.compare);
  const lagging = struck("atlassian-jira-index-behind");
  const all = lagging ? seen.filter(({ updated }) => updated < tools.now() - LAG_MS) : seen;
  const from = token === undefined ? 0 : 1 + lastIndex(all, token.after, tools, call, matcher);
  if (struck("atlassian-jira-empty-page") && from < all.length) {
    const nextPageToken = request.nextPageToken ?? write({ query, epoch, after: "", until: tools.now() + TOKEN_LIFE_MS });
    return Response.json({ issues: [], nextPageToken, isLast: false });
  }
  const onlyIds = fields.every((field) => field === "id" || field === "key");
  const size = struck("atlassian-jira-small-pages")
    ? 2
    : Math.min(request.maxResults ?? PAGE_ISSUES, onlyIds ? PAGE_IDS_MAX : PAGE_ISSUES_MAX);
  const page = all.slice(from, from + size);
  const last = page.at(-1);
  const more = last !== undefined && from + size < all.length;
  return Response.json({
    issues: page.map((issue) => toJson(tools, call, issue, fields, onlyIds)),
    ...(more && { nextPageToken: write({ query, epoch, after: String(last.id), until: tools.now() + TOKEN_LIFE_MS }) }),
    ...(request.expand?.split(",").includes("names") === true && { names: FIELD_NAMES }),
    isLast: !more,
  });
}

export function understood(tools: JiraTools, call: JiraCall, jql: string): Matcher {
  try {
    return understand(jql, askerOf(tools, call));
  } catch (error) {
    if (error instanceof JqlError) throw refuse(400, error.message);
    throw error;
  }
}

export function askerOf({ store, now }: JiraTools, { site, account, zone }: JiraCall): Asker {
  return { store, site, account, zone, now: now() };
}

export function visible({ store }: JiraTools, { site, account }: JiraCall): Issue[] {
  return store.issues(site.key).filter(({ project }) => store.mayBrowse(project, account));
}

/** Where the last page ended: after that issue, or, should it have gone since, after those that would stand before it. */
function lastIndex(all: readonly Issue[], after: string, { store }: JiraTools, { site }: JiraCall, { compare }: Matcher): number {
  if (after === "") return -1;
  const index = all.findIndex(({ id }) => String(id) === after);
  const gone = index < 0 ? store.issue(site, after) : undefined;
  return gone === undefined ? index : all.findLastIndex((one) => compare(one, gone) < 0);
}

function toJson(tools: JiraTools, call: JiraCall, issue: Issue, fields: readonly string[], onlyIds: boolean) {
  if (onlyIds) return { id: String(issue.id), ...(fields.includes("key") && { key: issue.key }) };
  return issueJson(tools, call, issue, fields, true);
}

const write = (token: Token): string => Buffer.from(JSON.stringify(token)).toString("base64url");

function read(text: string): Token | undefined {
  try {
    return JSON.parse(Buffer.from(text, "base64url").toString()) as Token;
  } catch {
    return undefined;
  }
}
