import { ProviderError } from "../errors.ts";
import type { ByteRange, ContentRef, OpenedContent } from "../provider.ts";
import { openedContent } from "../stream.ts";
import { addressOf } from "../atlassian/atlassian-api.ts";
import type { Comment, CommentPage, Issue } from "./api.ts";
import { documentOf } from "./document.ts";
import { readItemId } from "./ids.ts";
import { API, asList, asObject, type Jira } from "./search.ts";

const COMMENTS_A_PAGE = 100;
/** Jira takes five thousand comments an issue. */
const COMMENT_PAGES_MAX = 100;
/** What the text does not show, and can be long. */
const FIELDS = "*all,-comment,-worklog,-subtasks,-watches,-votes";

type Options = { range?: ByteRange; signal?: AbortSignal };

/** An attachment's bytes; or an issue as a text, which is made now and always whole. Addresses are made of the id: a stored one is no use. */
export async function open(jira: Jira, { id }: ContentRef, options: Options): Promise<OpenedContent> {
  const item = readItemId(id);
  if (item?.kind === "attachment") return openAttachment(jira, item, options);
  if (item?.kind === "document") return openDocument(jira, item);
  throw new ProviderError("not_found", "There is no such file.");
}

/** Without a redirect where that can be: then ranges are promised. */
async function openAttachment(
  { api }: Jira,
  { siteId, attachmentId }: { siteId: string; attachmentId: string },
  options: Options,
): Promise<OpenedContent> {
  const { root } = await api.site(siteId);
  const url = addressOf(`${root}${API}/attachment/content/${attachmentId}`, { redirect: false });
  return openedContent(await api.download(url, options), options.range);
}

async function openDocument(jira: Jira, { siteId, issueId }: { siteId: string; issueId: string }): Promise<OpenedContent> {
  const site = await jira.api.site(siteId);
  const issue = asObject<Issue>(await jira.api.json(site, `${API}/issue/${issueId}`, { fields: FIELDS, expand: "names" }));
  const text = documentOf(issue, await commentsOf(jira, site, issueId));
  const bytes = new TextEncoder().encode(text);
  return { body: new Blob([bytes]).stream(), size: bytes.byteLength, partial: false, contentType: "text/markdown; charset=utf-8" };
}

async function commentsOf({ api }: Jira, site: { root: string }, issueId: string): Promise<Comment[]> {
  const comments = new Map<string, Comment>();
  let startAt = 0;
  for (let pages = 0; pages < COMMENT_PAGES_MAX; pages++) {
    const query = { startAt, maxResults: COMMENTS_A_PAGE, orderBy: "created" };
    const page = asObject<CommentPage>(await api.json(site, `${API}/issue/${issueId}/comment`, query));
    const found = asList(page.comments);
    // One that is removed meanwhile moves the others on: none is told twice.
    for (const comment of found) comments.set(comment.id ?? "", comment);
    startAt += found.length;
    if (found.length === 0 || startAt >= (page.total ?? 0)) return [...comments.values()];
  }
  throw new ProviderError("fatal", `The issue has more than ${COMMENT_PAGES_MAX * COMMENTS_A_PAGE} comments.`);
}
