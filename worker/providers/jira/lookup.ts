import { ProviderError } from "../errors.ts";
import type { Entry, Lookup } from "../provider.ts";
import type { BulkIssues, Project } from "./api.ts";
import { LISTED_FIELDS } from "./api.ts";
import {
  attachmentEntries,
  documentEntry,
  folderEntry,
  hundredEntry,
  readIssue,
  type ReadIssue,
  rootEntry,
  tellsAttachments,
  type Viewpoint,
} from "./entry.ts";
import { hundredOf, type ItemId, keysOf, readFeedId, readItemId } from "./ids.ts";
import { API, asObject, type Jira, matching, post } from "./search.ts";

/** Jira fetches a hundred issues at once; an id that is not among them is a request of its own. */
export const LOOKUP_MAX = 50;

type Answer = "gone" | "refused" | "unknown";

/**
 * What a project has under these ids now. Jira says the same of what is not there and of what is not shown to us: where the whole project
 * is no longer shown, nothing of it is gone. An id without a clear answer is left out.
 */
export async function lookup(jira: Jira, feedId: string, ids: readonly string[]): Promise<Lookup[]> {
  if (ids.length > LOOKUP_MAX) throw new ProviderError("fatal", `A lookup takes ${LOOKUP_MAX} ids at most.`);
  const feed = readFeedId(feedId);
  if (!feed) throw new ProviderError("not_found", "There is no such project.");
  const site = await jira.api.site(feed.siteId);
  const view: Viewpoint = { site, feed, web: undefined, now: jira.api.context.now() };
  const asked = ids.map((id) => ({ id, item: readItemId(id) }));
  const issueIds = [...new Set(asked.flatMap(({ item }) => (item && "issueId" in item ? item.issueId : [])))];
  const issues = await issuesOf(jira, view, issueIds);
  const answers = await jira.api.each(asked, async ({ id, item }) => ({ id, answer: await answerOf(jira, view, item, issues, id) }));
  // Asked only where something seems to be gone, or where its key is needed.
  const isShown = answers.some(({ answer }) => answer === "gone") ? (await projectOf(jira, view)) !== null : true;
  return answers.flatMap(({ id, answer }): Lookup[] => {
    if (answer === "unknown") return [];
    if (typeof answer === "object") return [{ id, status: "found", entry: answer }];
    return [{ id, status: answer === "refused" || !isShown ? "refused" : "gone" }];
  });
}

async function answerOf(
  jira: Jira,
  view: Viewpoint,
  item: ItemId | undefined,
  issues: ReadonlyMap<string, ReadIssue | Answer>,
  id: string,
): Promise<Entry | Answer> {
  if (item?.siteId !== view.site.id) return "gone";
  if (item.kind === "root" || item.kind === "hundred") return folderAnswer(jira, view, item);
  const issue = issues.get(item.issueId) ?? "unknown";
  if (typeof issue === "string") return issue;
  if (item.kind === "issue") return folderEntry(view, issue);
  if (item.kind === "document") return documentEntry(view, issue);
  return attachmentEntries(view, issue).find((entry) => entry.id === id) ?? (tellsAttachments(issue) ? "gone" : "unknown");
}

/** The project's own folder, or one of a hundred of its issues, which is there as long as one of those is. */
async function folderAnswer(jira: Jira, view: Viewpoint, item: Extract<ItemId, { projectId: string }>): Promise<Entry | Answer> {
  if (item.projectId !== view.feed.projectId) return "gone";
  const project = await projectOf(jira, view);
  if (typeof project?.key !== "string") return "refused";
  if (item.kind === "root") return rootEntry(view, project);
  const { hundred } = item;
  const found = (await fetched(jira, view, keysOf(project.key, hundred))).issues;
  // A key that an issue once had leads to it, too.
  const isThere = found.some((issue) => issue.projectId === item.projectId && hundredOf(issue.number) === hundred);
  return isThere ? hundredEntry(view, project.key, hundred) : "gone";
}

/** The issues, as far as they are in the project, and meet the sync's condition. */
async function issuesOf(jira: Jira, view: Viewpoint, ids: readonly string[]): Promise<Map<string, ReadIssue | Answer>> {
  const found = new Map<string, ReadIssue | Answer>();
  if (ids.length === 0) return found;
  const { issues, doubtful } = await fetched(jira, view, ids);
  const here = issues.filter(({ projectId }) => projectId === view.feed.projectId);
  const kept = await matching(jira, view.site, view.feed.projectId, here.map(({ id }) => id)); // prettier-ignore
  for (const issue of issues) found.set(issue.id, kept.has(issue.id) ? issue : "gone");
  for (const id of doubtful) found.set(id, "unknown");
  const missing = ids.filter((id) => !found.has(id));
  const answers = await jira.api.each(missing, (id) => missingAnswer(jira, view, id));
  missing.forEach((id, index) => found.set(id, answers[index] ?? "unknown"));
  return found;
}

/** Of an issue that was left out of a list: only its own address is believed. */
async function missingAnswer({ api }: Jira, { site }: Viewpoint, id: string): Promise<Answer> {
  try {
    await api.json(site, `${API}/issue/${id}`, { fields: "id" });
    return "unknown";
  } catch (error) {
    if (error instanceof ProviderError && error.kind === "not_found") return "gone";
    if (error instanceof ProviderError && error.kind === "forbidden") return "refused";
    throw error;
  }
}

async function fetched(
  { api }: Jira,
  { site }: Viewpoint,
  idsOrKeys: readonly string[],
): Promise<{ issues: ReadIssue[]; doubtful: string[] }> {
  const query = { issueIdsOrKeys: idsOrKeys, fields: LISTED_FIELDS };
  const answer = asObject<BulkIssues>(await post(api, site, "/issue/bulkfetch", query));
  const read = (answer.issues ?? []).map(readIssue);
  return {
    issues: read.filter((issue) => "updatedAt" in issue),
    doubtful: [...(answer.issueErrors ?? []), ...read].flatMap((each) => ("updatedAt" in each ? [] : (each.id ?? []))),
  };
}

/** Null where the project is not shown to us. */
async function projectOf({ api }: Jira, { site, feed }: Viewpoint): Promise<Project | null> {
  try {
    return asObject<Project>(await api.json(site, `${API}/project/${feed.projectId}`));
  } catch (error) {
    if (error instanceof ProviderError && (error.kind === "not_found" || error.kind === "forbidden")) return null;
    throw error;
  }
}
