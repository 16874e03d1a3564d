import { ProviderError } from "../errors.ts";
import type { Change, ChangePage, KnownItems } from "../provider.ts";
import { LISTED_FIELDS, type Project } from "./api.ts";
import { type Cursor, type Listing, readCursor, writeCursor } from "./cursor.ts";
import { changesOf, hundredEntry, readIssue, type ReadIssue, rootEntry, tagOf, tellsAttachments, type Viewpoint } from "./entry.ts";
import { documentId, hundredOf, issueFolderId, readFeedId } from "./ids.ts";
import { changedSince, listing, ofProject, searchedFrom } from "./jql.ts";
import { API, asObject, type Jira, matching, search } from "./search.ts";

/** A page is one step, held in memory and done again whole after a crash; each issue is several entries of it. */
const PAGE_ISSUES = 100;
/** How far our clock may be off where the source's own is not known. */
const CLOCK_MILLISECONDS = 86_400_000;

/** One page of a project: of its listing, or of what was changed since. */
export async function changes(jira: Jira, feedId: string, text: string | null, known?: KnownItems): Promise<ChangePage> {
  const feed = readFeedId(feedId);
  if (!feed) throw new ProviderError("not_found", "There is no such project.");
  const site = await jira.api.site(feed.siteId);
  const view: Viewpoint = { site, feed, web: undefined, now: jira.api.context.now() };
  if (text === null) return begin(jira, view);
  const cursor = readCursor(text);
  const seen = { ...view, web: cursor.web };
  return cursor.phase === "listing" ? list(jira, seen, cursor, []) : read(jira, seen, cursor, known);
}

/** The newest change first: what is changed during the listing is told afterwards. */
async function begin(jira: Jira, view: Viewpoint): Promise<ChangePage> {
  const { api } = jira;
  const { projectId, siteId } = view.feed;
  const project = asObject<Project>(await api.json(view.site, `${API}/project/${projectId}`));
  if (typeof project.key !== "string") throw new ProviderError("fatal", "The project has no key.");
  const url = (await api.sites()).find(({ id }) => id === siteId)?.url;
  const web = url === "" ? undefined : url;
  const newest = `${ofProject(projectId, "")} ORDER BY updated DESC`;
  const { issues } = await search(jira, view.site, { projectId, jql: newest, fields: LISTED_FIELDS, maxResults: 1 });
  const [first] = issues.map(readIssue);
  const since = first !== undefined && "updatedAt" in first ? Math.min(first.updatedAt, view.now) : view.now - CLOCK_MILLISECONDS;
  const seen = { ...view, web };
  const root: Change = { type: "upsert", entry: rootEntry(seen, project) };
  return list(jira, seen, { phase: "listing", key: project.key, ...(web !== undefined && { web }), since }, [root]);
}

async function list(
  jira: Jira,
  view: Viewpoint,
  cursor: Omit<Listing, "token"> & { token?: string },
  before: Change[],
): Promise<ChangePage> {
  const { projectId } = view.feed;
  const jql = listing(projectId, jira.jql);
  const page = await search(jira, view.site, { projectId, jql, fields: LISTED_FIELDS, token: cursor.token, maxResults: PAGE_ISSUES });
  const { issues, malformed } = sorted(page.issues, view, cursor.key);
  const { key, web, since } = cursor;
  const place = { key, ...(web !== undefined && { web }), since };
  return {
    changes: [...before, ...malformed, ...told(view, issues)],
    cursor: writeCursor(page.token === undefined ? { phase: "idle", ...place } : { phase: "listing", ...place, token: page.token }),
    more: page.token !== undefined,
  };
}

async function read(jira: Jira, view: Viewpoint, cursor: Exclude<Cursor, Listing>, known: KnownItems | undefined): Promise<ChangePage> {
  const { key, web, since, passed = {} } = cursor;
  const place = { key, ...(web !== undefined && { web }) };
  const token = cursor.phase === "reading" ? cursor.token : undefined;
  const page = await changed(jira, view, since, token);
  // A token that was forgotten begins the round anew: only what is new since is read, not the project.
  if (page === null) return { changes: [], cursor: writeCursor({ phase: "idle", ...place, since, passed }), more: true };
  const { issues, malformed } = sorted(page.issues, view, key);
  const folder = ({ id }: ReadIssue) => issueFolderId(view.site.id, id);
  const tags = (await known?.treeTags(issues.map(folder))) ?? new Map<string, string>();
  const fresh = issues.filter((issue) => tags.get(folder(issue)) !== tagOf(issue) && passed[issue.id] !== issue.updatedAt);
  const kept = await matching(jira, view.site, view.feed.projectId, fresh.map(({ id }) => id)); // prettier-ignore
  const left = fresh.filter(({ id }) => !kept.has(id));
  // A page that is read again after it was cut short is told no tags: then each of these may have been here.
  const gone = left.filter((issue) => tags.size === 0 || tags.has(folder(issue)) || !tellsAttachments(issue));
  const newest = Math.max(since, cursor.phase === "reading" ? cursor.next : 0, ...issues.map(({ updatedAt }) => updatedAt));
  // A time to come, as of an import, would hide all that is changed until then.
  const next = Math.min(newest, Math.max(since, view.now));
  const passedNow = { ...passed, ...Object.fromEntries(left.map(({ id, updatedAt }) => [id, updatedAt])) };
  return {
    changes: [
      ...malformed,
      ...told(view, fresh.filter(({ id }) => kept.has(id))), // prettier-ignore
      ...gone.map((issue) => ({ type: "removal" as const, id: folder(issue) })),
    ],
    cursor: writeCursor(
      page.token === undefined
        ? { phase: "idle", ...place, since: next, passed: lately(passedNow, next) }
        : { phase: "reading", ...place, since, next, token: page.token, passed: passedNow },
    ),
    more: page.token !== undefined,
  };
}

/** Those that the next search finds again. */
function lately(passed: Readonly<Record<string, number>>, since: number): Record<string, number> {
  return Object.fromEntries(Object.entries(passed).filter(([, updatedAt]) => updatedAt >= searchedFrom(since)));
}

/** Null where the token is no longer taken. */
async function changed(jira: Jira, view: Viewpoint, since: number, token: string | undefined) {
  const { projectId } = view.feed;
  const jql = changedSince(projectId, since);
  try {
    return await search(jira, view.site, { projectId, jql, fields: LISTED_FIELDS, token, maxResults: PAGE_ISSUES });
  } catch (error) {
    if (error instanceof ProviderError && error.kind === "cursor_expired") return null;
    throw error;
  }
}

/** The project's own issues, and what cannot be read. Throws `cursor_expired` where the project has another key by now. */
function sorted(rows: readonly unknown[], { site, feed }: Viewpoint, key: string): { issues: ReadIssue[]; malformed: Change[] } {
  const issues: ReadIssue[] = [];
  const malformed: Change[] = [];
  for (const row of rows) {
    const issue = readIssue(row);
    if ("fault" in issue)
      malformed.push({ type: "malformed", ...(issue.id !== undefined && { id: documentId(site.id, issue.id) }), reason: issue.fault });
    else if (issue.projectId === feed.projectId) issues.push(issue);
  }
  if (issues.some(({ projectKey }) => projectKey !== key))
    throw new ProviderError("cursor_expired", "The project's key has changed: every issue has another one by now.");
  return { issues, malformed };
}

function told(view: Viewpoint, issues: readonly ReadIssue[]): Change[] {
  const hundreds = new Map(issues.map(({ projectKey, number }) => [hundredOf(number), projectKey]));
  return [
    ...[...hundreds].map(([hundred, key]) => ({ type: "upsert" as const, entry: hundredEntry(view, key, hundred) })),
    ...issues.flatMap((issue) => changesOf(view, issue)),
  ];
}
