import type { AtlassianApi } from "../atlassian/atlassian-api.ts";
import { toProviderError } from "../atlassian/errors.ts";
import type { Site } from "../atlassian/sites.ts";
import { ProviderError } from "../errors.ts";
import { readJson } from "../http.ts";
import type { JqlMatches, ParsedQueries, SearchPage } from "./api.ts";
import { ofProject } from "./jql.ts";

export const API = "/rest/api/3";

/** What is asked of Jira, by whom, and under which condition. */
export interface Jira {
  api: AtlassianApi;
  /** The sync's own condition; empty where it has none. */
  jql: string;
}

type SiteRoot = Pick<Site, "root">;

export interface SearchRequest {
  projectId: string;
  jql: string;
  fields: readonly string[];
  token?: string | undefined;
  maxResults: number;
}

/**
 * One page of a search. Throws `not_found` where the project is not shown to us, `cursor_expired` where the token is no longer taken, and
 * `unsupported` where the sync's own condition is not.
 */
export async function search(
  { api, jql: own }: Jira,
  site: SiteRoot,
  request: SearchRequest,
): Promise<{ issues: readonly unknown[]; token: string | undefined }> {
  const { projectId, jql, fields, maxResults } = request;
  const ask = async (nextPageToken: string | undefined) => {
    const query = { jql, fields, maxResults, ...(nextPageToken !== undefined && { nextPageToken }) };
    try {
      const page = asObject<SearchPage>(await post(api, site, "/search/jql", query));
      return { issues: asList(page.issues), token: page.nextPageToken ?? undefined };
    } catch (error) {
      throw understood(error, { projectId, own: jql.includes(own) ? own : "", token: nextPageToken });
    }
  };
  const page = await ask(request.token);
  // A page without issues ends a search, whatever token it has; but one may be empty by chance.
  if (page.issues.length > 0 || page.token === undefined) return page;
  const next = await ask(page.token);
  return next.issues.length > 0 ? next : { issues: [], token: undefined };
}

/** Of these issues, those that meet the sync's own condition. */
export async function matching({ api, jql }: Jira, site: SiteRoot, projectId: string, issueIds: readonly string[]): Promise<Set<string>> {
  if (jql === "" || issueIds.length === 0) return new Set(issueIds);
  const query = { issueIds: issueIds.map(Number), jqls: [ofProject(projectId, jql)] };
  const { matches } = asObject<JqlMatches>(await post(api, site, "/jql/match", query));
  const [found] = matches ?? [];
  const [problem] = found?.errors ?? [];
  if (!Array.isArray(found?.matchedIssues) || problem !== undefined)
    throw conditionError(problem ?? "Jira does not say which issues match.");
  return new Set(found.matchedIssues.map(String));
}

/** Throws `unsupported` where Jira does not take the condition. */
export async function checkCondition({ api, jql }: Jira, site: SiteRoot): Promise<void> {
  if (jql === "") return;
  const { queries } = asObject<ParsedQueries>(await post(api, site, "/jql/parse?validation=strict", { queries: [jql] }));
  const [problem] = queries?.[0]?.errors ?? [];
  if (problem !== undefined) throw conditionError(problem);
}

/** The JSON of a success; any other answer is thrown. */
export async function post(
  api: AtlassianApi,
  { root }: SiteRoot,
  path: string,
  json: unknown,
  method: "POST" | "PUT" = "POST",
): Promise<unknown> {
  const response = await api.request(`${root}${API}${path}`, { method, json });
  if (!response.ok) throw await toProviderError(response, api.context.now());
  return readJson(response);
}

/** An answer that must be an object. */
export function asObject<T extends object>(answer: unknown): T {
  if (typeof answer !== "object" || answer === null) throw new ProviderError("fatal", "Jira's answer makes no sense.");
  return answer as T;
}

/** A list that must be there: that it is missing does not mean that there is nothing. */
export function asList<T>(list: readonly T[] | null | undefined): readonly T[] {
  if (!Array.isArray(list)) throw new ProviderError("transient", "Jira's answer lacks its list.");
  return list as readonly T[];
}

function understood(error: unknown, asked: { projectId: string; own: string; token: string | undefined }): unknown {
  if (!(error instanceof ProviderError) || error.status !== 400) return error;
  const details = { status: 400, cause: error };
  if (error.message.includes(`'${asked.projectId}'`) && /'project'/i.test(error.message))
    return new ProviderError("not_found", "The project is no longer there, or no longer shown to us.", details);
  // Without its token the question was taken.
  if (asked.token !== undefined) return new ProviderError("cursor_expired", "Jira has forgotten how far its list was read.", details);
  return asked.own === "" ? error : conditionError(error.message);
}

function conditionError(said: string): ProviderError {
  const words = said.replace(/^Atlassian answered 400: /, "").replace(/[.\s]*$/, "");
  return new ProviderError("unsupported", `Jira does not take the JQL of this sync: ${words}.`);
}
