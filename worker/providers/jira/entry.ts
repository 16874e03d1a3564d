import type { Change, Entry } from "../provider.ts";
import type { Issue, Project } from "./api.ts";
import { FORM } from "./document.ts";
import { attachmentItemId, documentId, type FeedId, hundredId, hundredName, hundredOf, issueFolderId, numberOf, rootId } from "./ids.ts";
import { documentName, namesOf, titleOf } from "./names.ts";
import type { Site } from "../atlassian/sites.ts";
import { timeOf } from "./times.ts";

// An issue is a folder: the issue itself as a text, and the files that are attached to it. The issues of a project are in folders of a
// hundred.

/** What an issue is looked at with. */
export interface Viewpoint {
  site: Pick<Site, "id" | "root">;
  feed: FeedId;
  /** Where people find the site; undefined where that was not asked. */
  web: string | undefined;
  now: number;
}

/** An issue that makes sense. */
export interface ReadIssue {
  id: string;
  key: string;
  number: number;
  projectId: string;
  projectKey: string;
  updatedAt: number;
  issue: Issue;
}

/** Never throws: of what makes no sense it says why. */
export function readIssue(row: unknown): ReadIssue | { id?: string; fault: string } {
  if (typeof row !== "object" || row === null) return { fault: "The issue is not an object." };
  const issue = row as Issue;
  const { id, key, fields } = issue;
  if (typeof id !== "string" || !/^\d+$/.test(id)) return { fault: "The issue has no usable id." };
  const number = typeof key === "string" ? numberOf(key) : undefined;
  if (typeof key !== "string" || number === undefined) return { id, fault: "The issue's key makes no sense." };
  const updatedAt = timeOf(fields?.updated);
  if (updatedAt === undefined) return { id, fault: "The issue does not say when it was changed." };
  const { id: projectId, key: projectKey } = fields?.project ?? {};
  if (typeof projectId !== "string" || typeof projectKey !== "string")
    return { id, fault: "The issue does not say which project it is in." };
  return { id, key, number, projectId, projectKey, updatedAt, issue };
}

export function rootEntry(view: Viewpoint, { key, name }: Project): Entry {
  return {
    id: rootId(view.feed),
    root: true,
    kind: "folder",
    name: name ?? key ?? view.feed.projectId,
    ...webUrlOf(view, key ?? undefined),
  };
}

export function hundredEntry({ feed }: Viewpoint, projectKey: string, hundred: number): Entry {
  return { id: hundredId(feed, hundred), kind: "folder", parentId: rootId(feed), name: hundredName(projectKey, hundred) };
}

/** The mark of an issue's state, and of the text that is made of it. A project that is called otherwise changes keys, and no issue. */
export const tagOf = ({ key, updatedAt }: Pick<ReadIssue, "key" | "updatedAt">): string =>
  `${FORM} ${new Date(updatedAt).toISOString()} ${key}`;

export function folderEntry(view: Viewpoint, read: ReadIssue): Entry {
  return {
    id: issueFolderId(view.site.id, read.id),
    kind: "folder",
    parentId: hundredId(view.feed, hundredOf(read.number)),
    name: titleOf(read.key, read.issue.fields?.summary),
    ...webUrlOf(view, read.key),
  };
}

/** The issue itself. Its length is known when it is made. */
export function documentEntry(view: Viewpoint, read: ReadIssue): Entry {
  const { id, key, updatedAt, issue } = read;
  const createdAt = timeOf(issue.fields?.created);
  return {
    id: documentId(view.site.id, id),
    kind: "file",
    parentId: issueFolderId(view.site.id, id),
    name: documentName(key, issue.fields?.summary),
    mimeType: "text/markdown",
    ...webUrlOf(view, key),
    modifiedAt: atSecond(updatedAt),
    ...(createdAt !== undefined && { createdAt: atSecond(createdAt) }),
    contentTag: tagOf(read),
    download: { url: `${view.site.root}/rest/api/3/issue/${id}`, at: view.now },
  };
}

/** Attachments never change: another upload is another one. */
export function attachmentEntries(view: Viewpoint, { id: issueId, key, issue }: ReadIssue): Entry[] {
  const { attachment: attached, summary } = issue.fields ?? {};
  return namesOf(attached ?? [], documentName(key, summary)).map(({ id, name, attachment: { size, mimeType, created } }) => {
    const createdAt = timeOf(created);
    return {
      id: attachmentItemId(view.site.id, issueId, id),
      kind: "file",
      parentId: issueFolderId(view.site.id, issueId),
      name,
      ...(typeof size === "number" && { size }),
      ...(typeof mimeType === "string" && { mimeType }),
      ...(createdAt !== undefined && { createdAt: atSecond(createdAt), modifiedAt: atSecond(createdAt) }),
      contentTag: id,
      download: { url: `${view.site.root}/rest/api/3/attachment/content/${id}`, at: view.now },
    };
  });
}

/** Whether an issue tells all its attachments: where they are switched off, or the field is hidden, none is gone. */
export function tellsAttachments({ issue: { fields } }: ReadIssue): boolean {
  const { attachment } = fields ?? {};
  return Array.isArray(attachment) && attachment.every(({ id }) => id !== undefined && id !== null);
}

/** All that is to be told of an issue: its folder, what is in it, and, where that is all, that nothing else is. */
export function changesOf(view: Viewpoint, read: ReadIssue): Change[] {
  const folder = folderEntry(view, read);
  const files = [documentEntry(view, read), ...attachmentEntries(view, read)];
  const told = files.map((entry) => ({ type: "upsert" as const, entry }));
  if (!tellsAttachments(read)) return [{ type: "upsert", entry: folder }, ...told];
  return [
    { type: "upsert", entry: { ...folder, treeTag: tagOf(read) } },
    ...told,
    { type: "children", folderId: folder.id, ids: files.map(({ id }) => id) },
  ];
}

function atSecond(at: number): number {
  return Math.floor(at / 1000) * 1000;
}

function webUrlOf({ web }: Viewpoint, key: string | undefined): { webUrl?: string } {
  return web === undefined || key === undefined ? {} : { webUrl: `${web}/browse/${key}` };
}
